"""Menus of tables: offered by the release desk, opened by an approver, closed by either."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from wasl.audit.events import Happening, TableMenuClosed, TableMenuOffered, TableMenuOpened
from wasl.errors import AccessError, InputError, NotFoundError, StateError
from wasl.service.access import Action
from wasl.service.documents import accept_menu, accept_specification
from wasl.service.held_acts import held_options, recorded_excess, require_in_force
from wasl.service.linkages import find_run
from wasl.service.pins import pin_payloads, pinned_payloads
from wasl.service.ports import Caller, Office, Part, Reader
from wasl.service.projects import open_project
from wasl.service.records import Run, TableMenu
from wasl.service.states import MENU_STEPS, MenuStatus
from wasl.tables.menu import MenuSpec
from wasl.workflow.act import RunOptions
from wasl.workflow.authorized import hold_output
from wasl.workflow.microdata_spec import MicrodataSpec

__all__ = ["close_menu", "find_menu", "menu_of", "offer_menu", "open_menu"]


def offer_menu(
    office: Office,
    caller: Caller,
    *,
    project: str,
    run: str,
    title: str,
    specification: Mapping[str, Any],
    menu: Mapping[str, Any],
    hierarchies: Mapping[str, str],
) -> TableMenu:
    """Prepare a menu of tables from the linked data of a run. Nobody can order before an approver opens it.

    Raises:
        SchemaError: A document does not hold together.
        StateError: The run has no spine, or no payloads.
        InputError: A dimension or measure is no variable of the microdata.
        AuthorizationError: No decision of the authority covers tables of these variables for analysts.
    """
    caller.check(Action.MENU_OFFER, project=project)
    if office.part is Part.LINKAGE:
        raise StateError("this installation links and makes no tables.")
    microdata = accept_specification(specification)
    accepted, texts = accept_menu(menu, hierarchies)
    _require_variables(accepted, microdata)
    with recorded_excess(office, caller, project=project, subject=title), office.ledger.writing(caller) as ledger:
        open_project(ledger, project)
        require_in_force(office, ledger, project, "tables")
        found = find_run(ledger, project, run)
        _require_authorized(office, ledger, found, accepted)
        if not found.spine:
            raise StateError(f"run {run} has no spine yet.", remedy="Resolve it first.")
        pinned = replace(found, payloads=pin_payloads(ledger, found))
        pinned_payloads(ledger, pinned)
        offered = TableMenu(
            id=office.new_id(),
            created_at=caller.stamp,
            created_by=caller.actor.name,
            project=project,
            run=run,
            title=title,
            specification=microdata,
            menu=accepted.model_dump(mode="json"),
            menu_digest=accepted.digest,
            hierarchies=texts,
        )
        happening = TableMenuOffered(
            run=run,
            menu_digest=accepted.digest,
            tables=len(accepted.tables),
            max_dimensions=accepted.crossings.max_dimensions,
            approval=accepted.approval.value,
            approval_of_crossings=accepted.crossings.approval.value,
        )
        runs = (pinned,) if pinned.payloads != found.payloads else ()
        ledger.save(offered, *runs, event=caller.event(happening, project=project, subject=offered.id))
        return ledger.get(TableMenu, offered.id)


def open_menu(office: Office, caller: Caller, *, project: str, menu: str, version: int) -> TableMenu:
    """Open a menu for orders, and with it approve its rules of approval; by another person than its maker.

    Raises:
        AccessError: The caller prepared it, or was given the token by whoever did.
        StateError: It is not waiting for that.
        AuthorizationError: No decision of the authority covers tables of these variables for analysts.
    """
    caller.check(Action.MENU_OPEN, project=project)
    with recorded_excess(office, caller, project=project, subject=menu), office.ledger.reading() as state:
        require_in_force(office, state, project, "tables")
        found = find_menu(state, project, menu)
        accepted = menu_of(found)
        _require_authorized(office, state, find_run(state, project, found.run), accepted)
    happening = TableMenuOpened(
        menu_digest=accepted.digest,
        approval=accepted.approval.value,
        approval_of_crossings=accepted.crossings.approval.value,
    )
    return _move(office, caller, project, menu, version, "open", happening, decided_by=caller.actor.name)


def close_menu(office: Office, caller: Caller, *, project: str, menu: str, version: int, reason: str) -> TableMenu:
    """Close a menu, with the reason: nobody can order from it any more; what was answered stays.

    Raises:
        InputError: There is no reason.
    """
    caller.check(Action.MENU_CLOSE, project=project)
    if not reason.strip():
        raise InputError("give a reason for closing the menu.")
    return _move(office, caller, project, menu, version, "close", TableMenuClosed(reason=reason), reason=reason)


def find_menu(ledger: Reader, project: str, menu: str) -> TableMenu:
    """The menu, if it is one of this project.

    Raises:
        NotFoundError: It is not.
    """
    found = ledger.select(TableMenu, id=menu, project=project)
    if not found:
        raise NotFoundError(f"there is no menu {menu!r} in this project.")
    return found[0]


def menu_of(menu: TableMenu) -> MenuSpec:
    """The document of a menu."""
    return MenuSpec.model_validate(menu.menu)


def _move(
    office: Office,
    caller: Caller,
    project: str,
    menu: str,
    version: int,
    step: str,
    happening: Happening,
    **changes: Any,
) -> TableMenu:
    with office.ledger.writing(caller) as ledger:
        if step == "open":
            open_project(ledger, project)
        found = find_menu(ledger, project, menu)
        status = MENU_STEPS.get((found.status, step))
        if status is None:
            raise StateError(f"a menu that is {found.status} cannot take the step '{step}'.")
        if status is MenuStatus.OPEN and found.created_by in (caller.actor.name, caller.actor.issued_by):
            raise AccessError("whoever prepared a menu cannot open it.", remedy="Another person must decide.")
        event = caller.event(happening, project=project, subject=menu)
        ledger.save(replace(found, version=version, status=status, **changes), event=event)
        return ledger.get(TableMenu, menu)


def _require_authorized(office: Office, state: Reader, run: Run, menu: MenuSpec) -> None:
    """Refuse a menu that is not covered; its purpose is that of its run."""
    options = held_options(office, state, run.project, RunOptions(), purpose=run.purpose)
    hold_output("tables", options, output="tables", variables=menu.columns, recipient="analysts")


def _require_variables(menu: MenuSpec, microdata: Mapping[str, Any]) -> None:
    """Check that the microdata will have every column the menu names.

    Raises:
        InputError: Names the columns that are missing.
    """
    wanted = {one.source for one in menu.dimensions}
    wanted |= {name for one in menu.measures for name in one.columns}
    wanted |= {one.weight for one in menu.measures if one.weight}
    missing = sorted(wanted - set(MicrodataSpec.model_validate(microdata).columns))
    if missing:
        raise InputError(
            f"the menu names columns that the microdata will not have: {', '.join(missing)}.",
            remedy="Add them to the variables of the microdata specification, or to its derived ones.",
        )
