"""Holds an act to the authorization of its project, before anything is done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wasl.compliance.authorization import Standing, require_linkage, require_release
from wasl.compliance.scope import Output
from wasl.registers.exchange.delivery_header import DeliveryHeader
from wasl.workflow.act import RunOptions

__all__ = ["authorize_linkage", "authorize_release"]


def authorize_linkage(options: RunOptions, headers: Sequence[DeliveryHeader]) -> Standing | None:
    """Standing of a linkage of these deliveries under the authorization; None where none is stored.

    Raises:
        AuthorizationError: It is not covered. The error carries the event `AuthorizationExceeded`.
    """
    if options.authorization is None or not headers:
        return None
    standing = None
    for project, round_name in sorted({(header.project, header.round) for header in headers}):
        standing = require_linkage(
            options.authorization,
            project=project,
            registers=[header.register for header in headers],
            keys={summary.name for header in headers for summary in header.passes},
            round_name=round_name,
            today=options.require_today(),
        )
    return standing


def authorize_release(options: RunOptions, output: Output | None, variables: Iterable[str]) -> Standing | None:
    """Standing of an output with these variables under the authorization; None where none is stored.

    Raises:
        AuthorizationError: It is not covered. The error carries the event `AuthorizationExceeded`.
    """
    if options.authorization is None:
        return None
    return require_release(options.authorization, output=output, variables=variables, today=options.require_today())
