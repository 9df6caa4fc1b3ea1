"""Releases and orders that are not public yet: their files, and the same without them when they become void."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from wasl.service.records import Release, TableOrder
from wasl.service.states import ReleaseStatus, ReleaseStep, next_status

__all__ = [
    "files_of_order",
    "files_of_release",
    "voided_orders",
    "voided_releases",
    "without_files",
]

UNRELEASED = (
    ReleaseStatus.UNSAFE,
    ReleaseStatus.PROTECTED,
    ReleaseStatus.REQUESTED,
    ReleaseStatus.REFUSED,
    ReleaseStatus.APPROVED,
)

NOT_PUBLIC = (*UNRELEASED, ReleaseStatus.PUBLISHING)
"""States in which an objection makes a release void; a job that packages it then has nothing to publish."""


def files_of_release(release: Release) -> set[str]:
    """The digests of the files of a release, its package left out."""
    return {release.microdata, release.protected, *map(str, release.artifacts.values())} - {""}


def files_of_order(order: TableOrder) -> set[str]:
    """The digests of the files of an order, its package left out."""
    return {order.protected, *map(str, order.artifacts.values())} - {""}


def voided_orders(orders: Iterable[TableOrder], reason: str) -> list[TableOrder]:
    """The orders without their answers.

    The desk keeps the intervals of those that were answered once: whoever ordered them may know their figures, and
    later tables are audited against them.
    """
    void = []
    for one in orders:
        kept = replace(
            one,
            status=next_status(one.status, ReleaseStep.VOID),
            failure=f"{reason}; order the tables anew.",
            requested_by="",
            decided_by="",
        )
        if not one.answered:
            kept = replace(kept, protected="", artifacts={}, report={}, public_report={}, earlier=[])
        void.append(kept)
    return void


def voided_releases(releases: Iterable[Release], reason: str) -> list[Release]:
    """The releases without their files: to be protected anew, requested and approved anew."""
    return [
        replace(
            without_files(one),
            status=next_status(one.status, ReleaseStep.VOID),
            failure=f"{reason}; protect the file again.",
            requested_by="",
            decided_by="",
        )
        for one in releases
    ]


def without_files(release: Release) -> Release:
    """A release of which nothing is kept that was made from persons' data."""
    return replace(release, microdata="", protected="", artifacts={}, risk={}, public_report={})
