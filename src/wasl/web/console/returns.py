"""The return of a register: its holder reads it here, and downloads the file."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from wasl.service import returns
from wasl.service.access import Action
from wasl.service.ports import Area
from wasl.service.records import Register
from wasl.web.console.pages import AnyPage, Pages
from wasl.web.console.titles import schema_labels
from wasl.web.downloads import send_file

__all__ = ["pages"]

pages = Pages()

RETURN = "/console/projects/{project}/files/{register}/returns/{run}"


@pages("POST", RETURN, Action.RETURN_REQUEST)
def request_return(page: AnyPage, project: str, register: str, run: str) -> Response:
    """Ask that the return be prepared, or prepared anew."""
    job = page.once(
        lambda caller: returns.request_return(page.office, caller, project=project, run=run, register=register)
    )
    return page.go(f"/console/jobs/{job}", said="return-asked")


@pages("GET", RETURN, Action.RETURN_READ, logged_as="return")
def show_return(page: AnyPage, project: str, register: str, run: str) -> Response:
    """Linked records by register, rates of agreement, missing values and earlier rounds."""
    found, digest = returns.find_return(page.office, project, run, register)
    place = f"/console/projects/{project}/files/{register}"
    with page.office.ledger.reading() as state:
        declared = state.select(Register, project=project, name=register)
    return page.render(
        "return.html",
        returned=found,
        summary=found.summary,
        labels=schema_labels(declared[0].definition, page.language.language) if declared else {},
        digest=digest,
        place=place,
        file=f"{place}/returns/{run}/file",
    )


@pages("GET", RETURN + "/file", Action.RETURN_READ)
def download_return(page: AnyPage, project: str, register: str, run: str) -> Any:
    """The file that `wasl open` turns into a workbook with the holder's own record numbers."""
    _, digest = returns.find_return(page.office, project, run, register)
    return send_file(
        page.request,
        page.caller,
        project=project,
        subject=f"return of {register} in {run}",
        area=Area.SPINE,
        digest=digest,
        name=f"{register}.return",
        asked=returns.asked_for_return(page.office, project, run, register),
    )
