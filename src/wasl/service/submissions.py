"""Taking in what holders send: deliveries, join maps and payloads, each checked before it counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

import pyarrow as pa
from pydantic import TypeAdapter, ValidationError

from wasl.audit.events import DeliveryReceived, DeliveryRejected, JoinMapReceived, PayloadReceived, SubmissionWithdrawn
from wasl.errors import DeliveryError, MismatchError, NotFoundError, StateError, WaslError
from wasl.locale import N_
from wasl.registers.documents import validate_document
from wasl.registers.exchange.delivery_header import HEADER_KEY, DeliveryHeader, require_comparable
from wasl.registers.exchange.digests import digest_json
from wasl.registers.exchange.join_map import JOIN_MAP_FIELDS
from wasl.registers.exchange.join_map import METADATA_KEY as JOIN_MAP_KEY
from wasl.registers.exchange.join_rows import JOIN_MAP_SCHEMA
from wasl.registers.exchange.payload import METADATA_KEY as PAYLOAD_KEY
from wasl.registers.exchange.payload import PAYLOAD_FIELDS, Payload
from wasl.registers.exchange.signatures import SentKind, check_signature, require_signer
from wasl.registers.profiles import require_known_profiles
from wasl.registers.schema import RegisterSchema
from wasl.service.access import Action
from wasl.service.arrival import arrival_time, is_part_of, require_not_older
from wasl.service.intake import ParquetFile, is_text, require_content, require_rows
from wasl.service.payload_check import declared_columns, require_declared_rows, require_unique_ids
from wasl.service.ports import Area, Caller, Incoming, Office, Part, Reader
from wasl.service.projects import open_project, register_id
from wasl.service.records import Register, Submission, SubmissionKind

__all__ = ["AREAS", "READ_ACTIONS", "SEND_ACTIONS", "find_submission", "receive", "withdraw"]

AREAS = {
    SubmissionKind.DELIVERY: Area.LINKAGE,
    SubmissionKind.JOIN_MAP: Area.SPINE,
    SubmissionKind.PAYLOAD: Area.RELEASE,
}
"""Where each kind lies: the linkage unit, the spine keeper and the release desk have folders of their own."""

SEND_ACTIONS = {
    SubmissionKind.DELIVERY: Action.DELIVERY_SEND,
    SubmissionKind.JOIN_MAP: Action.JOIN_MAP_SEND,
    SubmissionKind.PAYLOAD: Action.PAYLOAD_SEND,
}
READ_ACTIONS = {
    SubmissionKind.DELIVERY: Action.DELIVERY_READ,
    SubmissionKind.JOIN_MAP: Action.JOIN_MAP_READ,
    SubmissionKind.PAYLOAD: Action.PAYLOAD_READ,
}

_RECEIVED = {
    SubmissionKind.DELIVERY: DeliveryReceived,
    SubmissionKind.JOIN_MAP: JoinMapReceived,
    SubmissionKind.PAYLOAD: PayloadReceived,
}
_TAKEN_BY = {
    Part.BOTH: frozenset(SubmissionKind),
    Part.LINKAGE: frozenset({SubmissionKind.DELIVERY}),
    Part.SPINE: frozenset({SubmissionKind.JOIN_MAP, SubmissionKind.PAYLOAD}),
}
_HEADER = TypeAdapter(DeliveryHeader)
MAX_FILTER_BITS = 1 << 16


def receive(
    office: Office, caller: Caller, *, project: str, register: str, kind: SubmissionKind, incoming: Incoming
) -> Submission:
    """Check a received file and keep it; the same content sent again is the same submission.

    A refusal is logged too, and nothing of the file is kept.

    Raises:
        DeliveryError: It is not what it should be.
        MismatchError: It was made for another project or register, or with another schema, key or profile.
        StateError: The project is closed, this installation does not take this kind, or the file is older than the last
            one accepted or was withdrawn.
    """
    caller.check(SEND_ACTIONS[kind], project=project, register=register)
    _require_taken(office.part, kind)
    with office.ledger.reading() as state:
        open_project(state, project)
        declared = state.get(Register, register_id(project, register))
    try:
        submission = _examine(office, caller, declared, kind, incoming)
        with office.ledger.reading() as state:
            require_not_older(state, submission, caller.stamp)
            if kind is SubmissionKind.DELIVERY:
                _require_agreement(state, submission)
    except WaslError as error:
        _reject(office, caller, declared, kind, incoming, error)
    incoming.keep()
    with office.ledger.writing(caller) as ledger:
        open_project(ledger, project)  # somebody may have closed it meanwhile
        require_not_older(ledger, submission, caller.stamp)
        if kind is SubmissionKind.DELIVERY:
            _require_agreement(ledger, submission)
        arrived = arrival_time(ledger, submission, caller)
        same = ledger.select(Submission, project=project, register=register, kind=kind, digest=submission.digest)
        kept = replace(same[0] if same else submission, purged=False, sent_at=arrived)
        event = caller.event(
            _RECEIVED[kind](register=register, digest=kept.digest, file=kept.file, rows=kept.rows, repeated=bool(same)),
            project=project,
            subject=kept.id,
        )
        ledger.save(kept, event=event)
        return ledger.get(Submission, kept.id)


def withdraw(
    office: Office, caller: Caller, *, project: str, register: str, submission: str, version: int
) -> Submission:
    """Take a submission back, so that later runs do not use it; with a delivery, its join map and its payload.

    Raises:
        StateError: Somebody changed it meanwhile, or it is withdrawn already.
    """
    caller.check(Action.DELIVERY_WITHDRAW, project=project, register=register)
    with office.ledger.writing(caller) as ledger:
        found = find_submission(ledger, project, register, submission)
        if found.withdrawn:
            raise StateError(f"submission {submission} is withdrawn already.")
        event = caller.event(SubmissionWithdrawn(), project=project, subject=submission)
        ledger.save(replace(found, version=version, withdrawn=True), event=event)
        for other in _made_with(ledger, found):
            event = caller.event(SubmissionWithdrawn(), project=project, subject=other.id)
            ledger.save(replace(other, withdrawn=True), event=event)
        return ledger.get(Submission, submission)


def _made_with(ledger: Reader, delivery: Submission) -> list[Submission]:
    """The join maps and payloads of a withdrawn delivery that are of no other one."""
    if delivery.kind is not SubmissionKind.DELIVERY:
        return []
    sent = ledger.select(Submission, project=delivery.project, register=delivery.register, withdrawn=False)
    return [
        one
        for one in sent
        if one.kind is not SubmissionKind.DELIVERY
        and is_part_of(one, delivery)
        and not any(is_part_of(one, other) for other in sent if other.kind is SubmissionKind.DELIVERY)
    ]


def find_submission(
    ledger: Reader, project: str, register: str, submission: str, kind: SubmissionKind | None = None
) -> Submission:
    """The submission, if it is one of this register of this project (and of this kind).

    Raises:
        NotFoundError: It is not.
    """
    only: dict[str, Any] = {} if kind is None else {"kind": kind}
    found = ledger.select(Submission, id=submission, project=project, register=register, **only)
    if not found:
        raise NotFoundError(f"there is no {kind or 'submission'} {submission!r} of register {register!r}.")
    return found[0]


def _require_taken(part: Part, kind: SubmissionKind) -> None:
    if kind not in _TAKEN_BY[part]:
        raise StateError(
            f"this installation plays the part '{part}' and takes no {kind}.",
            remedy="Send it to the installation of the other part.",
        )


def _reject(
    office: Office, caller: Caller, register: Register, kind: SubmissionKind, incoming: Incoming, error: WaslError
) -> NoReturn:
    event = caller.event(
        DeliveryRejected(register=register.name, submission_kind=kind.value, reason=type(error).__name__),
        project=register.project,
        subject=incoming.stored.digest,
    )
    with office.ledger.writing(replace(caller, receipt=None)) as ledger:
        ledger.save(event=event)
    raise error


def _examine(
    office: Office, caller: Caller, register: Register, kind: SubmissionKind, incoming: Incoming
) -> Submission:
    """The submission a file makes, its contents checked against the register's schema."""
    file = ParquetFile(incoming.path, kind.value.replace("-", " "), office.limits)
    stored = incoming.stored
    if kind is SubmissionKind.DELIVERY:
        header, digest = _examine_delivery(file, register)
    elif kind is SubmissionKind.JOIN_MAP:
        header, digest = _examine_join_map(file, register), stored.digest
    else:
        header, digest = _examine_payload(file, register), stored.digest
    return Submission(
        id=office.new_id(),
        created_at=caller.stamp,
        created_by=caller.actor.name,
        kind=kind,
        project=register.project,
        register=register.name,
        digest=digest,
        file=stored.digest,
        size_bytes=stored.size_bytes,
        rows=file.rows,
        header=header,
        sent_at=caller.stamp,
    )


def _examine_delivery(file: ParquetFile, register: Register) -> tuple[Mapping[str, Any], str]:
    header = _delivery_header(file)
    for kind, found, expected in (
        ("project", header.project, register.project),
        ("register", header.register, register.name),
        (N_("schema"), header.schema_digest, register.schema_digest),
    ):
        if found != expected:
            raise MismatchError(
                f"the delivery was made for another {kind}.",
                remedy=f"Encode it anew for the {kind} declared here ({expected}).",
            )
    expected_columns = {"row_id": pa.binary(16), "block": pa.binary(16)}
    expected_columns |= {f"token_{name}": pa.binary(16) for name in header.token_names}
    expected_columns |= {f"filter_{name}": pa.binary(bits // 8) for name, bits in header.filter_bits.items()}
    if "pass" not in file.schema.names or set(file.schema.names) != {"pass", *expected_columns}:
        raise DeliveryError("the delivery's columns are not those its header names.")
    _require_types(file, expected_columns)
    _require_text(file, "pass")
    require_known_profiles([header])
    header.require_consent(
        given=bool(register.definition.get("consent_weak_profiles", False)),
        who="the register as it is declared here",
        remedy="Encode it under `guarded`, or declare the register with consent_weak_profiles = true in its schema.",
    )
    require_rows(file, header.content_digest)
    value = header.to_json()
    _require_signature("delivery", value, register)
    return value, digest_json(value)


def _delivery_header(file: ParquetFile) -> DeliveryHeader:
    """The header, with the type of every value checked: the file comes from outside."""
    try:
        header = _HEADER.validate_python(DeliveryHeader.from_json(file.header(HEADER_KEY)).to_json())
        digest_json(header.to_json())
    except (ValidationError, ValueError) as error:
        raise DeliveryError("the delivery's header is incomplete or of another version.") from error
    if any(bits % 8 or not 8 <= bits <= MAX_FILTER_BITS for bits in header.filter_bits.values()):
        raise DeliveryError("the delivery's header gives filters an impossible length.")
    return header


def _examine_join_map(file: ParquetFile, register: Register) -> Mapping[str, Any]:
    header = file.header(JOIN_MAP_KEY)
    if file.schema.names != JOIN_MAP_SCHEMA.names:
        raise DeliveryError("the join map's columns are not record_id, pass, row_id.")
    _require_types(file, {"record_id": pa.binary(16), "row_id": pa.binary(16)})
    _require_text(file, "pass")
    value = _sent_header(file, header, JOIN_MAP_FIELDS)
    _require_made_for(value, register, file.what)
    _require_signature("join map", value, register)
    require_content(file, value["content_digest"])
    return value


def _examine_payload(file: ParquetFile, register: Register) -> Mapping[str, Any]:
    header = file.header(PAYLOAD_KEY)
    value = _sent_header(file, header, PAYLOAD_FIELDS)
    _require_made_for(value, register, file.what)
    if value["schema_digest"] != register.schema_digest:
        raise MismatchError("the payload was made with another schema.")
    _require_signature("payload", value, register)
    schema = validate_document(RegisterSchema, dict(register.definition), "the register schema")
    named = {name: value[name] for name in PAYLOAD_FIELDS}
    Payload(**named, rows=file.schema.empty_table()).refuse_identifiers(schema)
    _require_types(file, {"record_id": pa.binary(16)})
    require_declared_rows(file, declared_columns(schema))
    require_unique_ids(file)
    require_content(file, value["content_digest"])
    return value


def _sent_header(file: ParquetFile, header: Mapping[str, Any], names: Sequence[str]) -> dict[str, str]:
    """The header of a join map or payload: the named texts, the digest of the rows, signer and signature."""
    return {name: _text(header, name, file.what) for name in (*names, "content_digest", "signer", "signature")}


def _require_made_for(header: Mapping[str, str], register: Register, what: str) -> None:
    """Refuse a join map or payload of another register or project."""
    for kind, expected in (("register", register.name), ("project", register.project)):
        if header[kind] != expected:
            raise MismatchError(
                f"the {what} was made for another {kind}.",
                remedy=f"Encode it anew for the {kind} declared here ({expected}).",
            )


def _require_signature(kind: SentKind, header: Mapping[str, Any], register: Register) -> None:
    """Check the signature, which must be there if the register demands one."""
    if register.signer:
        require_signer(kind, header, register.signer)
    else:
        check_signature(kind, header)


def _require_text(file: ParquetFile, name: str) -> None:
    """Check that a column holds short text, by reading it as a dictionary."""
    if not is_text(file.schema.field(name).type):
        raise DeliveryError(f"column {name!r} of the {file.what} is not of the type it should have.")
    for _ in file.column(name):
        pass


def _require_types(file: ParquetFile, columns: Mapping[str, pa.DataType]) -> None:
    for name, kind in columns.items():
        if name not in file.schema.names or file.schema.field(name).type != kind:
            raise DeliveryError(f"column {name!r} of the {file.what} is not of the type it should have.")


def _require_agreement(ledger: Reader, delivery: Submission) -> None:
    """Refuse a delivery that cannot be compared with those other registers of the project have sent for its round."""
    others = ledger.select(Submission, project=delivery.project, kind=SubmissionKind.DELIVERY, withdrawn=False)
    ours = DeliveryHeader.from_json(dict(delivery.header))
    for other in others:
        if other.register != delivery.register and other.header.get("round", "") == ours.round:
            require_comparable([DeliveryHeader.from_json(dict(other.header)), ours])


def _text(header: Mapping[str, Any], name: str, what: str) -> str:
    value = header.get(name)
    if not isinstance(value, str) or len(value) > 500:
        raise DeliveryError(f"the header of the {what} lacks {name!r}.")
    return value
