"""Deliveries, join maps and payloads of a register."""

from __future__ import annotations

from typing import Any

from anyio.to_thread import run_sync
from fastapi import Request, Response

from wasl.service import submissions
from wasl.service.access import Action
from wasl.service.fetched import asked_for_delivery
from wasl.service.ports import Caller, Office
from wasl.service.projects import register_id
from wasl.service.records import Register, Submission, SubmissionKind
from wasl.web.api.pagination import Page, Paging
from wasl.web.api.parameters import Identifier, ProjectName, RegisterName
from wasl.web.api.versions import IF_MATCH, SeenVersion, tag
from wasl.web.api.views import SubmissionView
from wasl.web.authorization import AnyCaller, Routes, office_of
from wasl.web.downloads import FILE_RESPONSES, send_file
from wasl.web.idempotency import once, replayed_later
from wasl.web.uploads import UPLOAD_OPENAPI, receive_body

routes = Routes("submissions")

PLURALS = {
    SubmissionKind.DELIVERY: "deliveries",
    SubmissionKind.JOIN_MAP: "join-maps",
    SubmissionKind.PAYLOAD: "payloads",
}


def _add_routes(kind: SubmissionKind, plural: str) -> None:
    """The same routes for each kind of submission."""
    word = kind.value.replace("-", "_")
    base = f"/projects/{{project}}/registers/{{register}}/{plural}"
    send, read = submissions.SEND_ACTIONS[kind], submissions.READ_ACTIONS[kind]

    @routes(
        "POST",
        base,
        send,
        streams=True,
        status=201,
        openapi_extra=UPLOAD_OPENAPI,
        operation_id=f"send_{word}",
        description=f"Send a {kind}; the same content sent again is the same {kind}.",
    )
    async def send_submission(
        request: Request, response: Response, caller: AnyCaller, project: ProjectName, register: RegisterName
    ) -> SubmissionView:
        office = office_of(request)
        name = await replayed_later(request, caller)
        if name is None:
            with await receive_body(request, submissions.AREAS[kind]) as incoming:
                name = await run_sync(lambda: _receive(office, caller, project, register, kind, incoming))
        view = await run_sync(_read, office, response, project, register, name)
        response.headers["Location"] = f"{request.url.path}/{name}"
        return view

    @routes("GET", base, read, operation_id=f"list_{plural.replace('-', '_')}", description=f"The register's {plural}.")
    def list_submissions(
        request: Request, project: ProjectName, register: RegisterName, paging: Paging
    ) -> Page[SubmissionView]:
        with office_of(request).ledger.reading() as state:
            state.get(Register, register_id(project, register))
            found = state.select(
                Submission,
                after=paging.after,
                limit=paging.limit + 1,
                project=project,
                register=register,
                kind=kind,
            )
        return paging.page(SubmissionView, found)

    @routes(
        "GET",
        f"{base}/{{submission}}",
        read,
        operation_id=f"read_{word}",
        description=f"A {kind}, by what its header says.",
    )
    def read_submission(
        request: Request, response: Response, project: ProjectName, register: RegisterName, submission: Identifier
    ) -> SubmissionView:
        return _read(office_of(request), response, project, register, submission, kind)

    @routes(
        "POST",
        f"{base}/{{submission}}/withdraw",
        Action.DELIVERY_WITHDRAW,
        openapi_extra=IF_MATCH,
        operation_id=f"withdraw_{word}",
        description=f"Take a {kind} back, so that later runs do not use it.",
    )
    def withdraw_submission(
        request: Request,
        response: Response,
        caller: AnyCaller,
        project: ProjectName,
        register: RegisterName,
        submission: Identifier,
        version: SeenVersion,
    ) -> SubmissionView:
        office = office_of(request)
        _read(office, response, project, register, submission, kind)
        once(
            request,
            caller,
            lambda: submissions.withdraw(
                office, caller, project=project, register=register, submission=submission, version=version
            ),
        )
        return _read(office, response, project, register, submission, kind)


@routes(
    "GET",
    "/projects/{project}/registers/{register}/deliveries/{submission}/file",
    Action.DELIVERY_DOWNLOAD,
    responses=FILE_RESPONSES,
    response_class=Response,
)
def download_delivery(
    request: Request, caller: AnyCaller, project: ProjectName, register: RegisterName, submission: Identifier
) -> Any:
    """A delivery's file: for its holder and for the linkage unit."""
    with office_of(request).ledger.reading() as state:
        found = submissions.find_submission(state, project, register, submission, SubmissionKind.DELIVERY)
    return send_file(
        request,
        caller,
        project=project,
        subject=found.id,
        area=submissions.AREAS[SubmissionKind.DELIVERY],
        digest=found.file,
        name=f"{register}.parquet",
        asked=asked_for_delivery(caller, found),
    )


def _receive(office: Office, caller: Caller, project: str, register: str, kind: SubmissionKind, incoming: Any) -> str:
    return submissions.receive(office, caller, project=project, register=register, kind=kind, incoming=incoming).id


def _read(
    office: Office, response: Response, project: str, register: str, name: str, kind: SubmissionKind | None = None
) -> SubmissionView:
    with office.ledger.reading() as state:
        found = submissions.find_submission(state, project, register, name, kind)
    tag(response, found)
    return SubmissionView.of(found)


for _kind, _plural in PLURALS.items():
    _add_routes(_kind, _plural)
