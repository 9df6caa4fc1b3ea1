"""Tables on demand: menus offered and opened, tables ordered, their answers with intervals for those who decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from wasl.compliance.acts import Asked
from wasl.errors import WaslError
from wasl.service import fetched, table_menus, table_orders
from wasl.service.access import Action, Role
from wasl.service.ports import Area
from wasl.service.records import Job, JobStatus, Run, TableMenu, TableOrder
from wasl.service.release_steps import require_other_eyes
from wasl.service.states import MENU_STEPS, RELEASE_STEPS, MenuStatus, ReleaseStep, RunStatus
from wasl.web.console.documents import NOUNS, read_document
from wasl.web.console.order_cells import answer_cells, code_meanings, column_headings, internal_cells, table_titles
from wasl.web.console.pages import AnyPage, Page, Pages
from wasl.web.console.sayings import say_error
from wasl.web.console.shipped import shipped_text
from wasl.web.downloads import ZIP, send_file
from wasl.web.problems import status_of

__all__ = ["pages"]

pages = Pages()

BASE = "/console/projects/{project}/tables"
MENU = BASE + "/menus/{menu}"
ORDER = BASE + "/orders/{order}"
SHOWN = 50

ACTIVE = (JobStatus.QUEUED, JobStatus.RUNNING)
DOCUMENTS = ("specification", "menu")
SAID = {"approve": "tables-approved", "refuse": "tables-refused", "revoke": "revoked", "withdraw": "tables-withdrawn"}


@pages("GET", BASE, Action.TABLES_READ)
def show_tables(page: AnyPage, project: str) -> Response:
    """Menus and orders; an analyst sees the own orders."""
    own: dict[str, Any] = {"created_by": page.actor.name} if page.actor.role is Role.ANALYST else {}
    with page.office.ledger.reading() as state:
        menus = state.select(TableMenu, project=project, descending=True, limit=SHOWN)
        orders = state.select(TableOrder, project=project, descending=True, limit=SHOWN, **own)
    return page.render("tables.html", menus=menus, orders=orders)


@pages("GET", BASE + "/menus/new", Action.MENU_OFFER)
def show_new_menu(page: AnyPage, project: str) -> Response:
    """The page where a menu is prepared."""
    asked = page.request.query_params
    texts = {
        "specification": shipped_text("microdata", asked.get("specification", "foreign-workers")),
        "menu": shipped_text("menus", asked.get("menu", "foreign-workers")),
    }
    return _new_menu(page, project, "", texts)


@pages("POST", BASE + "/menus/new", Action.MENU_OFFER)
def offer(page: AnyPage, project: str) -> Response:
    """Prepare a menu; another person must open it before anybody can order."""
    form = page.form
    title, run = form.text("title", most=300), form.text("run", most=80)
    try:
        documents = {name: read_document(form, name, NOUNS[name]) for name in DOCUMENTS}
        menu = page.once(
            lambda caller: table_menus.offer_menu(
                page.office, caller, project=project, run=run, title=title or run, hierarchies={}, **documents
            )
        )
    except WaslError as error:
        texts = {name: form.text(name, most=300_000) for name in DOCUMENTS}
        return _new_menu(page, project, title, texts, say_error(error, status_of(error), page.language))
    return page.go(f"/console/projects/{project}/tables/menus/{menu}", said="menu-offered")


@pages("GET", MENU, Action.MENU_READ)
def show_menu(page: AnyPage, project: str, menu: str) -> Response:
    """A menu: its tables, its dimensions and its rules; the form to order."""
    return _menu_page(page, project, menu)


@pages("POST", MENU + "/open", Action.MENU_OPEN, confirms=True)
def open_menu(page: AnyPage, project: str, menu: str) -> Response:
    """Open a menu for orders, and approve its rules of approval, as another person than its maker."""
    version = page.form.version
    page.once(lambda caller: table_menus.open_menu(page.office, caller, project=project, menu=menu, version=version))
    return page.go(f"/console/projects/{project}/tables/menus/{menu}", said="menu-opened")


@pages("POST", MENU + "/close", Action.MENU_CLOSE)
def close_menu(page: AnyPage, project: str, menu: str) -> Response:
    """Close a menu, with the reason."""
    version, reason = page.form.version, page.form.text("reason", most=2000)
    page.once(
        lambda caller: table_menus.close_menu(
            page.office, caller, project=project, menu=menu, version=version, reason=reason
        )
    )
    return page.go(f"/console/projects/{project}/tables/menus/{menu}", said="menu-closed")


@pages("POST", MENU + "/orders", Action.TABLES_ORDER)
def order(page: AnyPage, project: str, menu: str) -> Response:
    """Order tables; the job protects them, and the rule of the menu says who approves the answer."""
    form = page.form
    table = form.text("table", most=100)
    wanted: dict[str, Any] = {"table": table}
    if not table:
        wanted = {"dimensions": form.every("dimension"), "measure": form.text("measure", most=100)}
    title = form.text("title", most=300)
    try:
        made = page.once(
            lambda caller: table_orders.order(
                page.office,
                caller,
                project=project,
                menu=menu,
                request=wanted,
                title=title,
                purpose=form.text("purpose", most=60),
            )
        )
    except WaslError as error:
        return _menu_page(page, project, menu, say_error(error, status_of(error), page.language))
    return page.go(f"/console/projects/{project}/tables/orders/{made}", said="tables-ordered")


@pages("GET", ORDER, Action.TABLES_READ, logged_as="order of tables")
def show_order(page: AnyPage, project: str, order: str) -> Response:
    """An order: its answer for those who may read it, true figures and intervals for those who decide."""
    with page.office.ledger.reading() as state:
        found = table_orders.find_order(state, page.caller, project, order)
        menu = table_menus.find_menu(state, project, found.menu)
        job = state.find(Job, found.job) if found.job else None
    return page.render(
        "order.html",
        order=found,
        of_menu=menu,
        job=job,
        working=job is not None and job.status in ACTIVE,
        source=f"/console/projects/{project}/tables/orders/{order}",
        steps=_steps(page, found),
        mine=_first_eyes(page, found),
        answer=answer_cells(page, found),
        internal=internal_cells(page, found),
        inspects=page.can(Action.TABLES_INSPECT, project=project),
        headings=column_headings(page, found),
        meanings=code_meanings(page, found),
        titles=table_titles(page, found),
    )


@pages("GET", ORDER + "/progress", Action.TABLES_READ)
def show_progress(page: AnyPage, project: str, order: str) -> Response:
    """How far the order's job is."""
    with page.office.ledger.reading() as state:
        found = table_orders.find_order(state, page.caller, project, order)
        job = state.find(Job, found.job) if found.job else None
    working = job is not None and job.status in ACTIVE
    source = f"/console/projects/{project}/tables/orders/{order}"
    response = page.fragment("progress.html", job=job, working=working, source=source)
    if not working:
        response.headers["HX-Refresh"] = "true"
    return response


@pages("GET", ORDER + "/answer.zip", Action.TABLES_READ)
def download_answer(page: AnyPage, project: str, order: str) -> Any:
    """The answer: a ZIP file of the protected tables."""
    with page.office.ledger.reading() as state:
        found = table_orders.find_order(state, page.caller, project, order)
    return _send(
        page,
        found,
        table_orders.readable_answer(page.caller, found),
        "answer to",
        f"{order}.zip",
        fetched.asked_for_protected(page.caller, found),
    )


@pages("GET", ORDER + "/internal.zip", Action.TABLES_INTERNAL)
def download_internal(page: AnyPage, project: str, order: str) -> Any:
    """True figures and intervals, for the desk and the approver."""
    with page.office.ledger.reading() as state:
        found = table_orders.find_order(state, page.caller, project, order)
    return _send(
        page,
        found,
        table_orders.internal_files(found),
        "internal tables of",
        f"{order}-internal.zip",
        fetched.asked_for_internal(page.caller, found),
    )


@pages("POST", ORDER + "/protect", Action.TABLES_ORDER)
def protect_again(page: AnyPage, project: str, order: str) -> Response:
    """Protect the tables anew beside what was answered since."""
    version = page.form.version
    page.once(
        lambda caller: table_orders.protect_order_again(
            page.office, caller, project=project, order=order, version=version
        )
    )
    return page.go(f"/console/projects/{project}/tables/orders/{order}", said="tables-ordered")


@pages("POST", ORDER + "/publish", Action.RELEASE_PUBLISH, confirms=True)
def publish(page: AnyPage, project: str, order: str) -> Response:
    """Package, sign and publish approved tables; the job does the work."""
    version = page.form.version
    page.once(
        lambda caller: table_orders.publish_order(page.office, caller, project=project, order=order, version=version)
    )
    return page.go(f"/console/projects/{project}/tables/orders/{order}", said="tables-publishing")


def _add_decision(step: ReleaseStep, *, confirms: bool = False) -> Callable[..., Response]:
    """The button of one decision on an answer."""
    action = step.action
    assert action is not None  # noqa: S101 - the steps below are those that people take

    @pages("POST", f"{ORDER}/{step}", action, confirms=confirms)
    def decide(page: AnyPage, project: str, order: str) -> Response:
        given: dict[str, Any] = {"version": page.form.version, "reason": page.form.text("reason", most=2000)}
        page.once(
            lambda caller: table_orders.decide_on_tables(
                page.office, caller, project=project, order=order, step=step, **given
            )
        )
        return page.go(f"/console/projects/{project}/tables/orders/{order}", said=SAID[step.value])

    return decide


_add_decision(ReleaseStep.APPROVE, confirms=True)
_add_decision(ReleaseStep.REFUSE)
_add_decision(ReleaseStep.REVOKE)
_add_decision(ReleaseStep.WITHDRAW)


def _send(page: Page, found: TableOrder, digest: str, what: str, name: str, asked: Asked | None) -> Response:
    return send_file(
        page.request,
        page.caller,
        project=found.project,
        subject=f"{what} {found.id}",
        area=Area.RELEASE,
        digest=digest,
        name=name,
        asked=asked,
        media_type=ZIP,
    )


def _steps(page: Page, order: TableOrder) -> set[str]:
    """The steps that are possible now and that the caller may take."""
    possible = {
        step.value
        for (status, step) in RELEASE_STEPS
        if status is order.status and step.action is not None and page.can(step.action, project=order.project)
    }
    again = (order.status, ReleaseStep.PROTECT_AGAIN) in RELEASE_STEPS and not order.answered
    possible.discard("protect-again")
    if again and page.can(Action.TABLES_ORDER, project=order.project):
        possible.add("protect-again")
    return possible


def _first_eyes(page: Page, order: TableOrder) -> bool:
    try:
        require_other_eyes(order, page.caller)
    except WaslError:
        return True
    return False


def _new_menu(page: Page, project: str, title: str, texts: dict[str, str], fault: Any = None) -> Response:
    with page.office.ledger.reading() as state:
        runs = state.select(Run, project=project, status=RunStatus.RESOLVED, descending=True, limit=SHOWN)
    return page.render(
        "new_menu.html",
        status=fault.status if fault else 200,
        fault=fault,
        runs=runs,
        title=title,
        texts=texts,
    )


def _menu_page(page: Page, project: str, menu: str, fault: Any = None) -> Response:
    with page.office.ledger.reading() as state:
        found = table_menus.find_menu(state, project, menu)
    document = table_menus.menu_of(found)
    language = page.language.language

    def label(one: Any) -> str:
        for attribute in (f"label_{language}", f"title_{language}", "label", "title"):
            text = getattr(one, attribute, "")
            if text:
                return str(text)
        return str(one.name)

    return page.render(
        "menu.html",
        status=fault.status if fault else 200,
        fault=fault,
        found=found,
        document=document,
        label=label,
        can_open=(found.status, "open") in MENU_STEPS,
        can_close=(found.status, "close") in MENU_STEPS,
        orders_open=found.status is MenuStatus.OPEN,
        mine=page.actor.name == found.created_by,
    )
