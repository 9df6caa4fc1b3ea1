"""One register at the desk: its columns are recognized, it is checked, encoded, and sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from wasl.audit.events import AuditEvent, Happening, RegisterChecked, RegisterEncoded
from wasl.client import Client
from wasl.desk.own_register import Column, Wishes, own_columns, propose
from wasl.desk.remembered_columns import recall, remember
from wasl.errors import InputError, RegisterError, WaslError
from wasl.holder.composition import load_profile
from wasl.holder.encode import Encoded
from wasl.holder.encode import encode as encode_register
from wasl.holder.keyfile import open_key_file
from wasl.holder.quality.examine import examine
from wasl.holder.quality.findings import QualityReport
from wasl.holder.quality.report import render_report
from wasl.locale import LANGUAGES, Messages
from wasl.registers.documents import validate_document
from wasl.registers.exchange.delivery import delivery_writer
from wasl.registers.exchange.spilled_arrays import arrays_in_file
from wasl.registers.exchange.whole_files import whole_file, write_whole
from wasl.registers.reading.draft import column_headings
from wasl.registers.reading.headers import match_header, wanted_columns
from wasl.registers.reading.reader import RegisterTable, read_register
from wasl.registers.reading.refusals import written_in
from wasl.registers.schema import RegisterSchema
from wasl.storage.local_log import LocalLog, actor, now

__all__ = [
    "Column",
    "EncodingOrder",
    "RegisterCase",
    "check",
    "choose_columns",
    "columns_of",
    "encode",
    "labels_of",
    "map_columns",
    "record",
    "send",
]

Report = Callable[[int, int], None]


@dataclass(slots=True)
class RegisterCase:
    """One register on its way through the desk.

    Attributes:
        folder, file: Where it lies.
        schema: What its columns are, with the aliases that the user chose; None until it is proposed from the file.
        proposed: Whether the description is proposed from the file, and what the user said of it.
        headings: The headings of the file.
        table: The register as read, or None.
        quality: Its report, or None.
        encoded: The header's figures of what was encoded, or None.
        files: Files to download, by what they are.
        receipts: What the service answered.
        reading_fault: Why the file cannot be read under this schema yet.
        chosen: Headings that the user chose and the schema did not recognize, by column.
        recalled: Those that were chosen for an earlier file; None before the first check.
    """

    folder: Path
    file: Path
    schema: RegisterSchema | None
    wishes: Wishes = field(default_factory=Wishes)
    headings: tuple[str, ...] = ()
    table: RegisterTable | None = field(default=None, repr=False)
    quality: QualityReport | None = field(default=None, repr=False)
    encoded: Mapping[str, Any] | None = None
    files: dict[str, Path] = field(default_factory=dict)
    receipts: list[Mapping[str, Any]] = field(default_factory=list)
    reading_fault: WaslError | None = None
    proposed: bool = False
    chosen: Mapping[str, str] = field(default_factory=dict)
    recalled: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        self.proposed = self.schema is None

    def described(self) -> RegisterSchema:
        """The description.

        Raises:
            InputError: None was proposed yet.
        """
        if self.schema is None:
            raise InputError("the file is not described yet.", remedy="Say which column is which, and check again.")
        return self.schema


@dataclass(frozen=True, slots=True)
class EncodingOrder:
    """Key, round and period that the user gave for an encoding.

    Attributes:
        key: Content of the project's key file.
        passphrase: Its passphrase, or empty.
        identity: The holder's identity, for a wrapped key, or empty.
        round_name, period: The round the delivery is made for, and the period it describes.
    """

    key: bytes = field(repr=False)
    passphrase: str = field(repr=False)
    identity: str = field(repr=False)
    round_name: str
    period: str


def labels_of(case: RegisterCase, language: str) -> dict[str, str]:
    """The label of each column of the description, by its name; empty without a description."""
    return {} if case.schema is None else {one.name: one.label_in(language) for one in case.schema.fields}


def columns_of(case: RegisterCase, language: str) -> list[Column]:
    """The schema's columns, with the heading each was recognized by; of a proposed description the file's columns."""
    if case.proposed:
        return own_columns(case.headings, case.schema, case.wishes)
    if case.schema is None:
        return []
    wanted = wanted_columns(case.schema)
    places = match_header([(heading,) for heading in case.headings], wanted).places
    renamed = {} if case.table is None else case.table.renamed  # a header of several rows is known once it was read
    found = []
    for one in case.schema.fields:
        if one.name not in wanted.names:
            continue
        heading = renamed.get(one.name) or (case.headings[places[one.name]] if one.name in places else "")
        needed = one.name in wanted.required or one.name not in wanted.optional  # reading refuses a file without it
        found.append(Column(one.name, one.label_in(language), needed, heading))
    return found


def map_columns(schema: RegisterSchema, chosen: Mapping[str, str]) -> RegisterSchema:
    """The schema with a heading as the first alias of each column it was chosen for.

    Raises:
        InputError: One heading was chosen for two columns.
    """
    headings = [heading for heading in chosen.values() if heading]
    doubled = sorted({heading for heading in headings if headings.count(heading) > 1})
    if doubled:
        raise InputError(f"the column {doubled[0]!r} was chosen twice.", remedy="Choose each column of the file once.")
    document = schema.model_dump(mode="json", by_alias=True)
    for one in document["fields"]:
        heading = chosen.get(one["name"], "")
        if heading and heading != one["name"]:
            one["aliases"] = [heading, *(alias for alias in one["aliases"] if alias != heading)]
    return validate_document(RegisterSchema, document, "the schema with your columns")


def choose_columns(case: RegisterCase, chosen: Mapping[str, str]) -> None:
    """Take the headings that the user chose into the schema; those that it did not recognize are kept for later.

    Raises:
        InputError: One heading was chosen for two columns.
    """
    recognized = {one.name: one.heading for one in columns_of(case, "en")}
    case.schema = map_columns(case.described(), chosen)
    new = {name: heading for name, heading in chosen.items() if heading and heading != recognized.get(name)}
    case.chosen = {**case.chosen, **new}


def _recall(case: RegisterCase, home: Path) -> None:
    """Use the headings that were chosen for an earlier file of this kind, where the file has them."""
    schema = case.described()
    names = {one.name for one in schema.fields}
    kept = {} if case.proposed else recall(home, schema.register_id)
    case.recalled = {name: one for name, one in kept.items() if name in names and one in case.headings}
    if len(set(case.recalled.values())) < len(case.recalled):
        case.recalled = {}
    case.schema = map_columns(schema, case.recalled) if case.recalled else schema


def check(case: RegisterCase, home: Path, report: Report, words: Messages) -> None:
    """Read and examine the register; what was found is in the case, and in the log as counts."""
    case.table, case.quality, case.encoded = None, None, None
    case.files.clear()
    try:
        case.headings = case.headings or column_headings(case.file)
        if case.proposed and case.schema is None:
            case.schema, case.files["description.toml"] = propose(case.folder, case.file, case.wishes, words)
        if case.recalled is None:
            _recall(case, home)
        table = read_register(case.file, case.described(), with_dropped=True, progress=report)
    except (RegisterError, InputError) as error:
        case.reading_fault = error
        return
    schema = case.described()
    quality = examine(table, schema, file=case.file.name, today=datetime.now(UTC).date())
    case.table, case.quality, case.reading_fault = table, quality, None
    remember(home, schema.register_id, case.chosen)
    for language in LANGUAGES:
        case.files[f"quality.{language}.html"] = case.folder / f"quality.{language}.html"
        write_whole(case.files[f"quality.{language}.html"], render_report(quality, language), mode=0o600)
    if table.rejects.num_rows:
        case.files["rejects.csv"] = _csv(written_in(table.rejects, words), case.folder / "rejects.csv")
    happening = RegisterChecked(
        schema=schema.digest, rows=quality.rows_read, rejects=quality.rejected, findings=len(quality.findings)
    )
    record(home, happening, subject=schema.register_id)


def encode(
    case: RegisterCase,
    home: Path,
    report: Report,
    *,
    order: EncodingOrder,
) -> None:
    """Encode the register under the profile ``guarded``; the files are in the case.

    Raises:
        KeyFileError: The key cannot be opened.
        LeakError: The encoding would leak more than the profile allows.
    """
    opened = open_key_file(order.key, passphrase=order.passphrase or None, identity=order.identity or None)
    schema = case.described()
    table = read_register(case.file, schema, coded=True)
    out = case.folder / "delivery.parquet"
    with delivery_writer(out) as writer, arrays_in_file(case.folder) as store:
        encoded = encode_register(
            table,
            schema,
            opened,
            load_profile("guarded", schema, ()),
            period=order.period,
            round_name=order.round_name,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            rng=np.random.default_rng(),
            progress=report,
            into=writer.open,
            store=store,
        )
        _write(case, encoded)
        writer.finish(encoded.delivery.header)
    case.files["delivery.parquet"] = out
    header = encoded.delivery.header
    case.encoded = {
        "project": header.project,
        "register": header.register,
        "key_id": header.key_id,
        "round": header.round,
        "profile": header.profile,
        "records": header.records,
        "rejects": header.rejects,
        "leak": header.leak,
        "merged": encoded.merged.num_rows,
        "passes": [(one.name, one.rows, one.dropped) for one in header.passes],
        "left_out": [f"{one.name}: {one.reason}" for one in encoded.left_out if not one.expected],
    }
    happening = RegisterEncoded.of(header, encoded.delivery.digest)
    record(home, happening, project=header.project, subject=header.register)


def send(case: RegisterCase, address: str, token: str) -> None:
    """Send delivery, join map and payload to the service; the receipts are in the case.

    Raises:
        InputError: Nothing was encoded, or the token is not one of a holder.
        WaslError: As the service says.
    """
    if case.encoded is None:
        raise InputError("nothing was encoded yet.", remedy="Encode the register first.")
    with Client(address, token) as client:
        who = client.whoami()
        if not who.project or not who.register:
            raise InputError("this token is not one of a holder.", remedy="Ask the administrator for your own.")
        case.receipts = []
        for name, act in (
            ("delivery.parquet", client.send_delivery),
            ("join-map.parquet", client.send_join_map),
            ("payload.parquet", client.send_payload),
        ):
            sent = act(who.project, who.register, case.files[name])
            case.receipts.append({"kind": sent.kind, "rows": sent.rows, "digest": sent.digest})


def record(home: Path, happening: Happening, *, project: str = "", subject: str) -> None:
    """Append an event to the log of this installation, as the command line does."""
    LocalLog(home).append(AuditEvent(happening, now(), actor(), project, subject))


def _write(case: RegisterCase, encoded: Encoded) -> None:
    for name, part in (("join-map.parquet", encoded.join_map), ("payload.parquet", encoded.payload)):
        case.files[name] = case.folder / name
        part.write(case.files[name])
    case.files["keep-map.csv"] = _csv(encoded.keep_map, case.folder / "keep-map.csv")
    if encoded.merged.num_rows:
        case.files["merged.csv"] = _csv(encoded.merged, case.folder / "merged.csv")


def _csv(table: pa.Table, path: Path) -> Path:
    with whole_file(path, mode=0o600) as partial:
        pacsv.write_csv(table, partial)
    return path
