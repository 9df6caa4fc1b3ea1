"""Returns: what each holder fetches after a linkage, about its own records only."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel, Field

from wasl.service import returns
from wasl.service.access import Action
from wasl.service.ports import Area
from wasl.service.records import Job
from wasl.web.api.parameters import Digest, Id, Identifier, ProjectName, RegisterName, RegisterWord
from wasl.web.api.versions import tag
from wasl.web.api.views import JobView
from wasl.web.authorization import AnyCaller, Routes, office_of
from wasl.web.downloads import FILE_RESPONSES, send_file
from wasl.web.idempotency import once

routes = Routes("returns")

RETURN = "/projects/{project}/linkage-runs/{run}/returns/{register}"


class ReturnView(BaseModel):
    """The summary of a return. Counts and rates of other registers are in steps, and withheld where they are small."""

    register_name: RegisterWord = Field(serialization_alias="register")
    run: Id
    round: str = Field(examples=["2025"])
    spine_digest: Digest
    told: list[RegisterWord] = Field(
        description="registers of which the file says, record by record, whether it is linked"
    )
    file: Digest = Field(description="SHA-256 of the file")
    summary: dict[str, Any]


@routes("POST", RETURN, Action.RETURN_REQUEST, status=202)
def request_return(
    request: Request,
    response: Response,
    caller: AnyCaller,
    project: ProjectName,
    run: Identifier,
    register: RegisterName,
) -> JobView:
    """Ask for the return of a register; its job prepares it."""
    office = office_of(request)
    given = {"project": project, "run": run, "register": register}
    name = once(request, caller, lambda: returns.request_return(office, caller, **given))
    with office.ledger.reading() as state:
        job = state.get(Job, name)
    tag(response, job, at=f"/v1/jobs/{job.id}")
    return JobView.of(job)


@routes("GET", RETURN, Action.RETURN_READ, logged_as="return")
def read_return(request: Request, project: ProjectName, run: Identifier, register: RegisterName) -> ReturnView:
    """The summary: linked records per register, rates of agreement, duplicates, missing values, earlier rounds."""
    found, digest = returns.find_return(office_of(request), project, run, register)
    return ReturnView(
        register_name=found.register,
        run=found.run,
        round=found.round,
        spine_digest=found.spine_digest,
        told=list(found.told),
        file=digest,
        summary=dict(found.summary),
    )


@routes("GET", RETURN + "/file", Action.RETURN_READ, responses=FILE_RESPONSES, response_class=Response)
def download_return(
    request: Request, caller: AnyCaller, project: ProjectName, run: Identifier, register: RegisterName
) -> Any:
    """The return as a file; `wasl open` turns it into a workbook with the holder's own record numbers."""
    _, digest = returns.find_return(office_of(request), project, run, register)
    return send_file(
        request,
        caller,
        project=project,
        subject=f"return of {register} in {run}",
        area=Area.SPINE,
        digest=digest,
        name=f"{register}.return",
        asked=returns.asked_for_return(office_of(request), project, run, register),
    )
