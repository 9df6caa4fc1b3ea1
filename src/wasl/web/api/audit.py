"""The auditor's routes: entries in three languages, checkpoints, proofs, export."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import PlainTextResponse, StreamingResponse
from pydantic import BaseModel, Field

from wasl.audit.events import KINDS
from wasl.errors import InputError, NotFoundError
from wasl.service import log
from wasl.service.access import Action
from wasl.web.api.parameters import NO_NUL, Id, Moment, ProjectWord, UserWord
from wasl.web.authorization import AnyCaller, Routes, office_of
from wasl.web.idempotency import replayed

routes = Routes("audit")

LARGEST_PAGE = 500
Number = Annotated[int, Query(ge=0, le=1 << 53, description="number of an entry; the first is 0", examples=[0])]
Word = Annotated[str, Query(max_length=200, pattern=NO_NUL, description="only entries with this; empty: all")]
NOTE = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "A signed note (C2SP)"}}
LINES = {200: {"content": {"application/jsonl": {"schema": {"type": "string"}}}, "description": "JSON Lines"}}


class EntryView(BaseModel):
    """An entry of the log, as a sentence in French, Arabic and English, and as it was hashed."""

    index: int
    at: Moment
    kind: str = Field(examples=["ProjectCreated"])
    actor: UserWord
    project: ProjectWord
    subject: Id
    detail: dict[str, Any]
    request: str = Field(description="id of the request", examples=["a1b2c3d4e5f6"])
    role: str = Field(examples=["admin"])
    fr: str = Field(examples=["amina a créé le projet simimo."])
    ar: str = Field(examples=["أنشأت amina المشروع simimo."])
    en: str = Field(examples=["amina created the project simimo."])


class EntryPage(BaseModel):
    """Some of the log; ``next`` is the ``first`` of what follows, or null at the end."""

    items: list[EntryView]
    next: int | None = Field(description="`first` of what follows; null at the end of the log", examples=[100])


class KeyView(BaseModel):
    """The log's name and the public key that verifies its checkpoints."""

    origin: str = Field(examples=["wasl.example.ma/log"])
    verifier: str = Field(examples=["wasl.example.ma/log+1a2b3c4d+AbCd…"])


@routes("GET", "/audit/entries", Action.AUDIT_READ, logged_as="log")
def list_entries(
    request: Request,
    caller: AnyCaller,
    first: Number = 0,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="how many at most")] = 100,
    kind: Word = "",
    actor: Word = "",
    project: Word = "",
    subject: Word = "",
    after: Annotated[
        str,
        Query(max_length=40, pattern=NO_NUL, description="ISO 8601 UTC, included", examples=["2026-01-01T00:00:00Z"]),
    ] = "",
    before: Annotated[
        str,
        Query(
            max_length=40, pattern=NO_NUL, description="ISO 8601 UTC, not included", examples=["2027-01-01T00:00:00Z"]
        ),
    ] = "",
) -> EntryPage:
    """Entries from a number on, chosen by kind, actor, project, subject and time."""
    if kind and kind not in KINDS:
        raise InputError(f"no kind of event {kind!r}.", remedy="docs/events.md lists the kinds.")
    where = {"kind": kind, "actor": actor, "project": project, "subject": subject}
    found = log.read_entries(
        office_of(request), caller, first=first, limit=limit + 1, after=after, before=before, **where
    )
    items = [_entry(said) for said in found[:limit]]
    return EntryPage(items=items, next=found[limit].index if len(found) > limit else None)


@routes("GET", "/audit/checkpoint", Action.AUDIT_READ, responses=NOTE, response_class=PlainTextResponse)
def read_checkpoint(request: Request) -> PlainTextResponse:
    """The latest signed checkpoint; an auditor keeps it."""
    return _latest(request)


@routes("POST", "/audit/checkpoint", Action.CHECKPOINT_SIGN, responses=NOTE, response_class=PlainTextResponse)
def sign_checkpoint(request: Request, caller: AnyCaller) -> PlainTextResponse:
    """Sign the state of the log now."""
    office = office_of(request)
    if replayed(office, caller) is None:  # what a signing makes is no thing with an id, but the latest checkpoint
        log.sign_checkpoint(office, caller)
    return _latest(request)


@routes("GET", "/audit/key", Action.STATUS_READ)
def read_key(request: Request) -> KeyView:
    """The public key of the log; get it once, from more than one place, and keep it."""
    verifier = office_of(request).signer.verifier
    return KeyView(origin=verifier.name, verifier=str(verifier))


@routes("GET", "/audit/proofs/inclusion", Action.AUDIT_READ)
def prove_inclusion(request: Request, caller: AnyCaller, index: Number) -> dict[str, Any]:
    """An entry, with the proof that it is in the log."""
    return log.prove_inclusion(office_of(request), caller, index)


@routes("GET", "/audit/proofs/consistency", Action.AUDIT_READ)
def prove_consistency(request: Request, caller: AnyCaller, old_size: Number) -> dict[str, Any]:
    """The proof that the log only grew since a checkpoint of so many entries."""
    return log.prove_consistency(office_of(request), caller, old_size)


@routes("GET", "/audit/export", Action.AUDIT_EXPORT, responses=LINES, response_class=StreamingResponse)
def export_log(request: Request, caller: AnyCaller) -> StreamingResponse:
    """The whole log, for `wasl audit verify`."""
    lines: Iterator[bytes] = log.export_log(office_of(request), caller)
    headers = {"Content-Disposition": 'attachment; filename="log.jsonl"'}
    return StreamingResponse(lines, media_type="application/jsonl", headers=headers)


def _latest(request: Request) -> PlainTextResponse:
    with office_of(request).ledger.reading() as state:
        note = state.latest_checkpoint()
    if note is None:
        raise NotFoundError("the log has not been signed yet.", remedy="POST /v1/audit/checkpoint signs it.")
    return PlainTextResponse(note)


def _entry(said: log.SaidEntry) -> EntryView:
    event = said.event
    return EntryView(
        index=said.index,
        at=event.at,
        kind=event.kind,
        actor=event.actor,
        project=event.project,
        subject=event.subject,
        detail=event.detail,
        request=event.request,
        role=event.role,
        fr=said.sentences["fr"],
        ar=said.sentences["ar"],
        en=said.sentences["en"],
    )
