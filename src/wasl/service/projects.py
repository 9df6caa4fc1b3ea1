"""Opening a project, declaring the registers that take part in it."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from wasl.audit.events import ProjectChanged, ProjectCreated, RegisterDeclared, SignatureDemandDropped
from wasl.errors import InputError, StateError
from wasl.registers.exchange.digests import digest_json
from wasl.registers.schema import RegisterSchema
from wasl.service.access import Action
from wasl.service.documents import accept_register
from wasl.service.ports import Caller, Office, Reader
from wasl.service.records import Project, Register

__all__ = ["change_project", "create_project", "declare_register", "open_project", "register_id"]

PROJECT_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
ED25519_BYTES = 32


def create_project(office: Office, caller: Caller, *, name: str, title: str) -> Project:
    """Open a project.

    Raises:
        InputError: The name is not a short name.
        StateError: There is one of this name.
    """
    caller.check(Action.PROJECT_CREATE, project=name)
    if PROJECT_NAME.fullmatch(name) is None:
        raise InputError("a project's name is made of a-z, 0-9 and '-', 63 characters at most.")
    project = Project(id=name, created_at=caller.stamp, created_by=caller.actor.name, title=title)
    event = caller.event(ProjectCreated(), project=name, subject=name)
    with office.ledger.writing(caller) as ledger:
        ledger.save(project, event=event)
        return ledger.get(Project, name)


def change_project(
    office: Office, caller: Caller, *, name: str, version: int, title: str | None = None, closed: bool | None = None
) -> Project:
    """Change a project's title, close it or open it again; ``version`` is the one the caller has seen.

    Raises:
        StateError: Somebody changed it meanwhile.
    """
    caller.check(Action.PROJECT_CHANGE, project=name)
    with office.ledger.writing(caller) as ledger:
        project = ledger.get(Project, name)
        changed = replace(
            project,
            version=version,
            title=project.title if title is None else title,
            closed=project.closed if closed is None else closed,
        )
        event = caller.event(ProjectChanged(closed=changed.closed), project=name, subject=name)
        ledger.save(changed, event=event)
        return ledger.get(Project, name)


def declare_register(
    office: Office, caller: Caller, *, project: str, definition: Mapping[str, Any], signer: str = ""
) -> Register:
    """Declare a register by its schema; a new declaration of the same register replaces the schema.

    Args:
        office: Surroundings.
        caller: Who asks.
        project: In which project.
        definition: The register schema as a document.
        signer: The holder's Ed25519 public key (base64) its deliveries must be signed with, or empty.

    Raises:
        SchemaError: The schema does not hold together.
        InputError: The signer is not a public key.
    """
    caller.check(Action.REGISTER_DECLARE, project=project)
    schema = accept_register(definition)
    _require_key(signer)
    identifier = register_id(project, schema.register_id)
    with office.ledger.writing(caller) as ledger:
        open_project(ledger, project)
        known = ledger.find(Register, identifier)
        register = Register(
            id=identifier,
            version=0 if known is None else known.version,
            created_at=caller.stamp if known is None else known.created_at,
            created_by=caller.actor.name if known is None else known.created_by,
            project=project,
            name=schema.register_id,
            holder=schema.holder,
            definition=schema.model_dump(mode="json", by_alias=True),
            schema_digest=schema.digest,
            signer=signer,
        )
        event = caller.event(
            _declared(schema, signer, known),
            project=project,
            subject=schema.register_id,
        )
        ledger.save(register, event=event)
        return ledger.get(Register, identifier)


def _declared(schema: RegisterSchema, signer: str, known: Register | None) -> RegisterDeclared | SignatureDemandDropped:
    """The event of a declaration; dropping the demand for a signature is an event of its own.

    Where another key is demanded than before, the event names both.
    """
    if known is not None and known.signer and not signer:
        return SignatureDemandDropped(
            schema_digest=schema.digest, holder=schema.holder, former_signer=digest_json(known.signer)
        )
    replaced = known is not None and known.signer and known.signer != signer
    return RegisterDeclared(
        schema_digest=schema.digest,
        holder=schema.holder,
        signer=digest_json(signer) if signer else None,
        former_signer=digest_json(known.signer) if known is not None and replaced else None,
    )


def register_id(project: str, name: str) -> str:
    """The identifier of a register of a project."""
    return f"{project}/{name}"


def open_project(ledger: Reader, name: str) -> Project:
    """The project, which must be open.

    Raises:
        NotFoundError: There is none.
        StateError: It is closed.
    """
    project = ledger.get(Project, name)
    if project.closed:
        raise StateError(f"the project {name!r} is closed.", remedy="An administrator can open it again.")
    return project


def _require_key(signer: str) -> None:
    try:
        raw = base64.b64decode(signer, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError("the signer is not base64.") from error
    if signer and len(raw) != ED25519_BYTES:
        raise InputError(f"the signer is not an Ed25519 public key of {ED25519_BYTES} bytes.")
