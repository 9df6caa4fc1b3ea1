"""Orders of tables: ordered, protected again, decided on and published.

An analyst sees neither microdata nor true figures. The jobs that make and package the tables are in
`wasl.service.table_jobs`.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from wasl.audit.events import TablesOrdered
from wasl.errors import NotFoundError, StateError
from wasl.locale import N_
from wasl.registers.documents import validate_document
from wasl.service.access import Action, Role
from wasl.service.held_acts import held_options, kept_purpose, recorded_excess, require_in_force
from wasl.service.jobs import queue_job
from wasl.service.known_outside import require_nothing_new
from wasl.service.packages import ask_publication
from wasl.service.pins import pinned_payloads
from wasl.service.ports import Caller, Office, Reader
from wasl.service.projects import open_project
from wasl.service.records import JobKind, Run, TableMenu, TableOrder
from wasl.service.release_steps import find_in_project, take_step
from wasl.service.states import MenuStatus, ReleaseStatus, ReleaseStep, next_status
from wasl.service.table_menus import find_menu, menu_of
from wasl.tables.menu import TableRequest, order_tables
from wasl.tables.specification import TablesSpec
from wasl.workflow.act import RunOptions
from wasl.workflow.authorized import hold_output

__all__ = [
    "decide_on_tables",
    "find_order",
    "internal_files",
    "order",
    "protect_order_again",
    "publish_order",
    "readable_answer",
]

SEED_BITS = 62

INTERNAL = "internal.zip"
"""Name of the artifact that holds everything that must not leave the office."""

MOST_WAITING = 20
"""Orders of one person that may wait or be under way at once: each takes up to its menu's time limit of a worker."""

WAITING = (ReleaseStatus.PROTECTING, ReleaseStatus.REQUESTED)

ORDERABLE = N_("Choose a table of the menu, or the dimensions to cross and a measure.")


def order(
    office: Office,
    caller: Caller,
    *,
    project: str,
    menu: str,
    request: Mapping[str, Any],
    title: str = "",
    purpose: str = "",
) -> TableOrder:
    """Order tables from an open menu. The order is also the request to approve the answer.

    Raises:
        StateError: The menu is not open, or too many orders of this person wait.
        InputError: The menu does not offer what is ordered.
        AuthorizationError: No decision of the authority covers it.
    """
    caller.check(Action.TABLES_ORDER, project=project)
    wanted = validate_document(TableRequest, dict(request), "the order", remedy=ORDERABLE)
    with recorded_excess(office, caller, project=project, subject="tables"), office.ledger.writing(caller) as ledger:
        open_project(ledger, project)
        require_in_force(office, ledger, project, "tables")
        found = _open(ledger, project, menu)
        spec = order_tables(menu_of(found), wanted)
        stated = purpose or ledger.get(Run, found.run).purpose
        options = held_options(office, ledger, project, RunOptions(), purpose=stated)
        standing = hold_output("tables", options, output="tables", variables=spec.columns, recipient="analysts")
        mine = ledger.select(TableOrder, project=project, created_by=caller.actor.name, status=WAITING)
        if len(mine) >= MOST_WAITING:
            raise StateError(f"{len(mine)} of your orders wait already.", remedy="Wait until some are decided on.")
        pinned_payloads(ledger, ledger.get(Run, found.run))
        name = office.new_id()
        job = queue_job(office, caller, JobKind.TABULATE, project=project, subject=name)
        made = TableOrder(
            id=name,
            created_at=caller.stamp,
            created_by=caller.actor.name,
            project=project,
            menu=menu,
            run=found.run,
            title=title or spec.tables[0].title or ", ".join(one.name for one in spec.tables[0].dimensions),
            request=wanted.model_dump(mode="json"),
            specification=spec.model_dump(mode="json"),
            seed=secrets.randbits(SEED_BITS),
            job=job.id,
            protected_by=caller.actor.name,
            purpose=kept_purpose(standing, stated),
        )
        ledger.save(made, job, event=caller.event(_ordered(found, wanted, spec), project=project, subject=name))
        return ledger.get(TableOrder, name)


def protect_order_again(office: Office, caller: Caller, *, project: str, order: str, version: int) -> TableOrder:
    """Protect the tables of an order anew, beside what has been answered since; an earlier request is void.

    Raises:
        NotFoundError: It is another analyst's order.
        StateError: It was answered once, so its figures may be known: order it anew.
        AuthorizationError: No decision of the authority covers it.
    """
    caller.check(Action.TABLES_ORDER, project=project)
    with recorded_excess(office, caller, project=project, subject=order), office.ledger.writing(caller) as ledger:
        open_project(ledger, project)
        require_in_force(office, ledger, project, "tables")
        found = find_order(ledger, caller, project, order)
        spec = TablesSpec.model_validate(found.specification)
        options = held_options(office, ledger, project, RunOptions(), purpose=found.purpose)
        hold_output("tables", options, output="tables", variables=spec.columns, recipient="analysts")
        status = next_status(found.status, ReleaseStep.PROTECT_AGAIN)
        if found.answered:
            raise StateError("this order was answered once, and its figures may be known.", remedy="Order it anew.")
        menu = _open(ledger, project, found.menu)
        job = queue_job(office, caller, JobKind.TABULATE, project=project, subject=order)
        changed = replace(
            found,
            version=version,
            status=status,
            job=job.id,
            protected="",
            artifacts={},
            report={},
            public_report={},
            earlier=[],
            failure="",
            requested_by="",
            decided_by="",
            reason="",
            protected_by=caller.actor.name,
        )
        wanted = TableRequest.model_validate(found.request)
        ledger.save(changed, job, event=caller.event(_ordered(menu, wanted, spec), project=project, subject=order))
        return ledger.get(TableOrder, order)


def _ordered(menu: TableMenu, request: TableRequest, spec: TablesSpec) -> TablesOrdered:
    return TablesOrdered(
        menu=menu.id,
        menu_digest=menu.menu_digest,
        specification_digest=spec.digest,
        approval=menu_of(menu).approval_of(request).value,
    )


def find_order(ledger: Reader, caller: Caller, project: str, order: str) -> TableOrder:
    """The order, if it is one of this project that the caller may see: an analyst sees the own ones.

    Raises:
        NotFoundError: It is not, or is another analyst's.
    """
    found = find_in_project(ledger, TableOrder, project, order)
    if caller.actor.role is Role.ANALYST and found.created_by != caller.actor.name:
        raise NotFoundError(f"there is no order of tables {order!r} in this project.")
    return found


def readable_answer(caller: Caller, order: TableOrder) -> str:
    """The digest of the answer's file, if there is one and the caller may see it: an analyst, once it is approved.

    Raises:
        NotFoundError: There is none yet.
    """
    answered = (ReleaseStatus.APPROVED, ReleaseStatus.PUBLISHING, ReleaseStatus.PUBLISHED)
    hidden = caller.actor.role is Role.ANALYST and order.status not in answered
    if not order.protected or hidden:
        raise NotFoundError(f"order {order.id} is {order.status} and has no answer yet.")
    return order.protected


def internal_files(order: TableOrder) -> str:
    """The digest of the ZIP file of what must not leave the office: true figures and intervals.

    Raises:
        NotFoundError: There is none yet.
    """
    if INTERNAL not in order.artifacts:
        raise NotFoundError(f"order {order.id} is {order.status} and has no tables yet.")
    return str(order.artifacts[INTERNAL])


def decide_on_tables(
    office: Office,
    caller: Caller,
    *,
    project: str,
    order: str,
    version: int,
    step: ReleaseStep,
    reason: str = "",
) -> TableOrder:
    """Approve, refuse or withdraw the answer to an order, or take its approval back.

    Raises:
        StateError: The order cannot take this step, or other tables were answered since it was protected.
    """

    def check(ledger: Reader, after: TableOrder) -> None:
        if step is ReleaseStep.APPROVE:
            require_nothing_new(ledger, project, order, after.earlier)

    return take_step(office, caller, TableOrder, project, order, version, step, reason, check=check)


def publish_order(office: Office, caller: Caller, *, project: str, order: str, version: int) -> TableOrder:
    """Ask for the packaging and publication of approved tables."""
    return ask_publication(
        office, caller, TableOrder, JobKind.PACKAGE_TABLES, project=project, name=order, version=version
    )


def _open(ledger: Reader, project: str, menu: str) -> TableMenu:
    found = find_menu(ledger, project, menu)
    if found.status is not MenuStatus.OPEN:
        raise StateError(f"the menu is {found.status}, and nothing can be ordered from it.")
    return found
