"""Tables on demand: menus offered and opened, tables ordered, decided on, fetched, published, withdrawn."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Request, Response
from pydantic import BaseModel, Field

from wasl.service import fetched, table_menus, table_orders
from wasl.service.access import Action, Role
from wasl.service.ports import Area, Caller, Office
from wasl.service.records import Project, TableMenu, TableOrder
from wasl.service.states import ReleaseStep
from wasl.tables.menu import TableRequest
from wasl.web.api.catalogue import send_package
from wasl.web.api.pagination import Page, Paging
from wasl.web.api.parameters import Document, Identifier, ProjectName
from wasl.web.api.release_views import MenuView, OrderReportView, OrderView
from wasl.web.api.versions import IF_MATCH, SeenVersion, tag
from wasl.web.authorization import AnyCaller, Routes, office_of
from wasl.web.downloads import ZIP, ZIP_RESPONSES, send_file
from wasl.web.idempotency import once

routes = Routes("tables")

MENUS = "/projects/{project}/table-menus"
MENU = MENUS + "/{menu}"
ORDERS = "/projects/{project}/tables"
ORDER = ORDERS + "/{order}"
LARGEST_HIERARCHY = 1 << 20


class NewMenu(BaseModel):
    """A menu of tables to offer."""

    run: str = Field(
        max_length=80,
        description="the resolved run the tables are made from",
        examples=["0192f0c1d2e3f4a5b6c7d8e9f0a1b2c3"],
    )
    title: str = Field(min_length=1, max_length=300, examples=["Foreign workers: tables"])
    specification: Annotated[
        Document,
        Field(
            description="the microdata specification; nobody downloads these data",
            examples=[{"name": "foreign-workers"}],
        ),
    ]
    menu: Annotated[
        Document,
        Field(description="the menu, or the name of one that ships with wasl", examples=[{"name": "foreign-workers"}]),
    ]
    hierarchies: dict[str, Annotated[str, Field(max_length=LARGEST_HIERARCHY)]] = Field(
        default={}, max_length=40, description="text of hierarchy files that do not ship with wasl, by name"
    )


class NewOrder(BaseModel):
    """Tables to order: either a table of the menu, or dimensions to be crossed."""

    menu: str = Field(max_length=80, description="an open menu", examples=["0192f0c1d2e3f4a5b6c7d8e9f0a1b2c3"])
    table: str = Field(default="", max_length=100, description="a table of the menu", examples=["sex-by-province"])
    dimensions: list[Annotated[str, Field(max_length=100)]] = Field(
        default=[], max_length=12, description="dimensions to be crossed, where the menu allows it"
    )
    measure: str = Field(default="", max_length=100, description="of a crossing; default: the first of the menu")
    title: str = Field(default="", max_length=300)
    purpose: str = Field(default="", max_length=60, description="what for; needed where several are authorized")


class Reason(BaseModel):
    """Why."""

    reason: str = Field(default="", max_length=2000, examples=["k holds in every region"])


@routes("GET", MENUS, Action.MENU_READ)
def list_menus(request: Request, project: ProjectName, paging: Paging) -> Page[MenuView]:
    """The project's menus of tables."""
    with office_of(request).ledger.reading() as state:
        state.get(Project, project)
        found = state.select(TableMenu, after=paging.after, limit=paging.limit + 1, project=project)
    return paging.page(MenuView, found)


@routes("POST", MENUS, Action.MENU_OFFER, status=201, toml="")
def offer_menu(
    request: Request, response: Response, caller: AnyCaller, project: ProjectName, body: NewMenu
) -> MenuView:
    """Prepare a menu; another person must open it before anybody can order."""
    office = office_of(request)
    given = body.model_dump()
    name = once(request, caller, lambda: table_menus.offer_menu(office, caller, project=project, **given))
    view = _menu(office, response, project, name)
    response.headers["Location"] = f"/v1/projects/{project}/table-menus/{name}"
    return view


@routes("GET", MENU, Action.MENU_READ)
def read_menu(request: Request, response: Response, project: ProjectName, menu: Identifier) -> MenuView:
    """A menu: its tables, its dimensions, and the limits of free crossings."""
    return _menu(office_of(request), response, project, menu)


@routes("POST", MENU + "/open", Action.MENU_OPEN, openapi_extra=IF_MATCH)
def open_menu(
    request: Request,
    response: Response,
    caller: AnyCaller,
    project: ProjectName,
    menu: Identifier,
    version: SeenVersion,
) -> MenuView:
    """Open a menu for orders, and approve its rules of approval, as another person than its maker."""
    office = office_of(request)
    once(request, caller, lambda: table_menus.open_menu(office, caller, project=project, menu=menu, version=version))
    return _menu(office, response, project, menu)


@routes("POST", MENU + "/close", Action.MENU_CLOSE, openapi_extra=IF_MATCH)
def close_menu(
    request: Request,
    response: Response,
    caller: AnyCaller,
    project: ProjectName,
    menu: Identifier,
    version: SeenVersion,
    body: Reason,
) -> MenuView:
    """Close a menu, with the reason: nobody can order from it any more."""
    office = office_of(request)
    once(
        request,
        caller,
        lambda: table_menus.close_menu(office, caller, project=project, menu=menu, version=version, reason=body.reason),
    )
    return _menu(office, response, project, menu)


@routes("GET", ORDERS, Action.TABLES_READ)
def list_orders(request: Request, caller: AnyCaller, project: ProjectName, paging: Paging) -> Page[OrderView]:
    """The orders of tables; an analyst sees the own ones."""
    own: dict[str, Any] = {"created_by": caller.actor.name} if caller.actor.role is Role.ANALYST else {}
    with office_of(request).ledger.reading() as state:
        state.get(Project, project)
        found = state.select(TableOrder, after=paging.after, limit=paging.limit + 1, project=project, **own)
    page = paging.page(OrderView, found)
    page.items = [OrderView.to(caller.actor, one) for one in found[: paging.limit]]
    return page


@routes("POST", ORDERS, Action.TABLES_ORDER, status=202)
def order_tables(
    request: Request, response: Response, caller: AnyCaller, project: ProjectName, body: NewOrder
) -> OrderView:
    """Order tables; the job protects them, and the rule of the menu says who approves the answer."""
    office = office_of(request)
    wanted = body.model_dump(include=set(TableRequest.model_fields) - {"kind"})
    name = once(
        request,
        caller,
        lambda: table_orders.order(
            office,
            caller,
            project=project,
            menu=body.menu,
            request=wanted,
            title=body.title,
            purpose=body.purpose,
        ),
    )
    return _order(office, caller, response, project, name, working=True)


@routes("GET", ORDER, Action.TABLES_READ)
def read_order(
    request: Request, response: Response, caller: AnyCaller, project: ProjectName, order: Identifier
) -> OrderView:
    """An order."""
    return _order(office_of(request), caller, response, project, order)


@routes("GET", ORDER + "/file", Action.TABLES_READ, responses=ZIP_RESPONSES, response_class=Response)
def download_answer(request: Request, caller: AnyCaller, project: ProjectName, order: Identifier) -> Any:
    """The answer: a ZIP file of the protected tables. An analyst gets it once it is approved."""
    with office_of(request).ledger.reading() as state:
        found = table_orders.find_order(state, caller, project, order)
    return send_file(
        request,
        caller,
        project=project,
        subject=f"answer to {order}",
        area=Area.RELEASE,
        digest=table_orders.readable_answer(caller, found),
        name=f"{order}.zip",
        asked=fetched.asked_for_protected(caller, found),
        media_type=ZIP,
    )


@routes("GET", ORDER + "/report", Action.TABLES_INSPECT, logged_as="report on tables")
def read_order_report(request: Request, caller: AnyCaller, project: ProjectName, order: Identifier) -> OrderReportView:
    """The confidential report: rules broken, cells withheld, audit against earlier answers."""
    with office_of(request).ledger.reading() as state:
        found = table_orders.find_order(state, caller, project, order)
    return OrderReportView(
        order=found.id,
        status=found.status,
        report=dict(found.report),
        specification=dict(found.specification),
        earlier=found.earlier,
        failure=found.failure,
    )


@routes("GET", ORDER + "/internal", Action.TABLES_INTERNAL, responses=ZIP_RESPONSES, response_class=Response)
def download_internal(request: Request, caller: AnyCaller, project: ProjectName, order: Identifier) -> Any:
    """True figures and intervals of the tables, for the desk and the approver: a ZIP file."""
    with office_of(request).ledger.reading() as state:
        found = table_orders.find_order(state, caller, project, order)
    return send_file(
        request,
        caller,
        project=project,
        subject=f"internal tables of {order}",
        area=Area.RELEASE,
        digest=table_orders.internal_files(found),
        name=f"{order}-internal.zip",
        asked=fetched.asked_for_internal(caller, found),
        media_type=ZIP,
    )


@routes("POST", ORDER + "/protect", Action.TABLES_ORDER, status=202, openapi_extra=IF_MATCH)
def protect_order_again(
    request: Request,
    response: Response,
    caller: AnyCaller,
    project: ProjectName,
    order: Identifier,
    version: SeenVersion,
) -> OrderView:
    """Protect the tables anew beside what was answered since; an earlier request is void."""
    office = office_of(request)
    once(
        request,
        caller,
        lambda: table_orders.protect_order_again(office, caller, project=project, order=order, version=version),
    )
    return _order(office, caller, response, project, order, working=True)


def _add_decision(step: ReleaseStep, description: str) -> None:
    """One route for each decision on an answer."""
    action = step.action
    assert action is not None  # noqa: S101 - the steps below are those that people take

    @routes(
        "POST",
        f"{ORDER}/{step}",
        action,
        openapi_extra=IF_MATCH,
        operation_id=f"{step}_tables",
        description=description,
    )
    def decide(
        request: Request,
        response: Response,
        caller: AnyCaller,
        project: ProjectName,
        order: Identifier,
        version: SeenVersion,
        body: Reason,
    ) -> OrderView:
        office = office_of(request)
        given: dict[str, Any] = {"project": project, "order": order, "version": version, "reason": body.reason}
        once(request, caller, lambda: table_orders.decide_on_tables(office, caller, step=step, **given))
        return _order(office, caller, response, project, order)


_add_decision(ReleaseStep.APPROVE, "Approve the answer to an order, as another person than those who ordered it.")
_add_decision(ReleaseStep.REFUSE, "Refuse the answer to an order, with the reason.")
_add_decision(
    ReleaseStep.REVOKE, "Take an approval back, with the reason. What was fetched before may be known all the same."
)
_add_decision(ReleaseStep.WITHDRAW, "Take published tables out of the catalogue, with the reason. A tombstone stays.")


@routes("POST", ORDER + "/publish", Action.RELEASE_PUBLISH, status=202, openapi_extra=IF_MATCH)
def publish_tables(
    request: Request,
    response: Response,
    caller: AnyCaller,
    project: ProjectName,
    order: Identifier,
    version: SeenVersion,
) -> OrderView:
    """Package, sign and publish approved tables; the job does the work."""
    office = office_of(request)
    once(
        request,
        caller,
        lambda: table_orders.publish_order(office, caller, project=project, order=order, version=version),
    )
    return _order(office, caller, response, project, order, working=True)


@routes("GET", ORDER + "/package", Action.PACKAGE_READ, responses=ZIP_RESPONSES, response_class=Response)
def download_tables_package(request: Request, caller: AnyCaller, project: ProjectName, order: Identifier) -> Any:
    """The package of published tables."""
    with office_of(request).ledger.reading() as state:
        found = table_orders.find_order(state, caller, project, order)
    return send_package(request, caller, found)


def _menu(office: Office, response: Response, project: str, name: str) -> MenuView:
    with office.ledger.reading() as state:
        found = table_menus.find_menu(state, project, name)
    tag(response, found)
    return MenuView.of(found)


def _order(
    office: Office, caller: Caller, response: Response, project: str, name: str, *, working: bool = False
) -> OrderView:
    with office.ledger.reading() as state:
        found = table_orders.find_order(state, caller, project, name)
    tag(response, found, at=f"/v1/jobs/{found.job}" if working else "")
    return OrderView.to(caller.actor, found)
