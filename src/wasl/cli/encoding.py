"""``wasl encode``: a register to a delivery, a join map and a payload, at the data holder, with no server."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wasl.cli.encode_report import encoded_json, show_encoded
from wasl.cli.keys import ExpectKeyOption, IdentityOption, IssuerOption, KeyOption, read_key, read_signer
from wasl.cli.memory import let_go_of_memory
from wasl.cli.output import JsonFlag, emit, progress
from wasl.cli.register_files import (
    EncodingOption,
    HeaderRowOption,
    MonthsOption,
    RegisterOption,
    RegistrationOption,
    SheetOption,
    month_rule,
    write_csv,
    write_rejects,
)
from wasl.registers.exchange.whole_files import write_whole

if TYPE_CHECKING:
    from wasl.holder.encode import Encoded
    from wasl.holder.keys import LinkageKey
    from wasl.registers.reading.reader import RegisterTable

__all__ = ["encode_file", "register"]


def register(app: typer.Typer) -> None:
    """Add the verb ``encode``."""
    app.command("encode")(encode_register)


def encode_register(
    file: Annotated[
        Path, typer.Argument(help="The register: CSV, Excel or Parquet, or a folder of monthly declarations.")
    ],
    register: RegisterOption,
    key: KeyOption,
    out: Annotated[Path, typer.Option("--out", help="Delivery to write (Parquet).")],
    join: Annotated[Path | None, typer.Option("--join", help="Join map to write, for the spine keeper.")] = None,
    payload: Annotated[Path | None, typer.Option("--payload", help="Payload to write, for the release desk.")] = None,
    keep_map: Annotated[
        Path | None, typer.Option("--keep-map", help="Map from record number to record id (CSV); never leaves you.")
    ] = None,
    profile: Annotated[
        str, typer.Option("--profile", help="guarded, open, tokens, plain, generic (composed), or a file.")
    ] = "guarded",
    with_schema: Annotated[
        list[str] | None,
        typer.Option("--with-schema", help="Schema of another register of the linkage, for a composed profile."),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="Name of the delivery, when two files of one schema are linked.")
    ] = None,
    period: Annotated[str, typer.Option("--period", help="Reference period, such as 2026-10.")] = "",
    round_name: Annotated[
        str, typer.Option("--round", help="Linkage round, as the plan names it; a new one for each period.")
    ] = "",
    consent_weak_profile: Annotated[
        bool, typer.Option("--consent-weak-profile", help="Use a profile that protects less, such as open, knowingly.")
    ] = False,
    sheet: SheetOption = None,
    encoding: EncodingOption = None,
    header_row: HeaderRowOption = None,
    registration: RegistrationOption = None,
    months: MonthsOption = None,
    identity: IdentityOption = None,
    issuer: IssuerOption = None,
    expect_key_id: ExpectKeyOption = None,
    sign: Annotated[Path | None, typer.Option("--sign", help="Your signing key (`wasl key signer`).")] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show blocks, sizes, fill and T per pass; plot in OUT.explain.svg.")
    ] = False,
    threads: Annotated[int, typer.Option("--threads", help="Threads; 0: one per processor.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """Encode a register: delivery, join map and payload, apart.

    Example: wasl encode permits.csv --register dgsn-permits --key simimo.key --out dgsn.parquet --join dgsn.join
    """
    encoded, table, files = encode_file(
        file,
        register,
        read_key(key, identity, issuer=issuer, expect_key_id=expect_key_id),
        out,
        join=join,
        payload=payload,
        keep_map=keep_map,
        profile=profile,
        with_schemas=with_schema or (),
        name=name,
        period=period,
        round_name=round_name,
        consent_weak_profile=consent_weak_profile,
        sheet=sheet,
        encoding=encoding,
        header_row=header_row,
        registration=registration,
        months=months,
        threads=threads,
        sign=sign,
    )
    if explain:
        files["explain"] = str(_write_plot(encoded, out))
    if as_json:
        emit(encoded_json(encoded, table, files))
    else:
        show_encoded(encoded, table, files, explain=explain)


def encode_file(
    file: Path,
    register: str,
    key: LinkageKey,
    out: Path,
    *,
    join: Path | None = None,
    payload: Path | None = None,
    keep_map: Path | None = None,
    profile: str = "guarded",
    with_schemas: Sequence[str] = (),
    name: str | None = None,
    period: str = "",
    round_name: str = "",
    consent_weak_profile: bool = False,
    sheet: str | None = None,
    encoding: str | None = None,
    header_row: int | None = None,
    registration: Path | None = None,
    months: str | None = None,
    threads: int = 0,
    sign: Path | None = None,
) -> tuple[Encoded, RegisterTable, dict[str, str]]:
    """Read a register, encode it, write what was asked for and record the event."""
    import numpy as np

    from wasl.audit.events import RegisterEncoded
    from wasl.cli.audit_trail import record_event
    from wasl.holder.composition import load_profile
    from wasl.holder.encode import encode
    from wasl.registers.exchange.delivery import delivery_writer
    from wasl.registers.exchange.join_map import join_map_writer
    from wasl.registers.exchange.join_rows import JoinsUnkept
    from wasl.registers.exchange.spilled_arrays import arrays_in_file
    from wasl.registers.reading.reader import read_register
    from wasl.registers.schema import RegisterSchema

    let_go_of_memory()
    schema = RegisterSchema.load(register)
    recipe = load_profile(profile, schema, [RegisterSchema.load(other) for other in with_schemas])
    recipe.require_consent(given=consent_weak_profile)
    with progress("Reading") as report:
        table = read_register(
            file,
            schema,
            sheet=sheet,
            encoding=encoding,
            header_row=header_row,
            registration=registration,
            months=month_rule(months),
            coded=True,
            progress=report,
        )
    # Only counts and rejects are kept here: encoding lets go of a register's text once its features are described.
    read, table = [table], replace(table, table=table.table.slice(0, 0))
    with (
        progress("Encoding") as report,
        delivery_writer(out) as writer,
        nullcontext() if join is None else join_map_writer(join) as join_writer,
        arrays_in_file(out.parent) as store,
    ):
        encoded = encode(
            read.pop(),
            schema,
            key,
            recipe,
            name=name,
            period=period,
            round_name=round_name,
            consent_weak_profile=consent_weak_profile,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            rng=np.random.default_rng(),
            progress=report,
            threads=threads or os.cpu_count() or 1,
            signer=read_signer(sign) if sign is not None else None,
            into=writer.open,
            joins=join_writer or JoinsUnkept(),
            store=store,
        )
        if join_writer is not None:
            join_writer.finish(encoded.join_map)
        files = _write_others(encoded, table, out, join=join, payload=payload, keep_map=keep_map)
        writer.finish(encoded.delivery.header)
    header = encoded.delivery.header
    record_event(RegisterEncoded.of(header, encoded.delivery.digest), project=header.project, subject=header.register)
    return encoded, table, files


def _write_plot(encoded: Encoded, out: Path) -> Path:
    """The plot of blocks and T beside the delivery."""
    from wasl.holder.block_plot import draw_blocks

    place = out.with_name(out.name + ".explain.svg")
    write_whole(place, draw_blocks(encoded.blocks, encoded.leak_limit))
    return place


def _write_others(
    encoded: Encoded,
    table: RegisterTable,
    out: Path,
    *,
    join: Path | None = None,
    payload: Path | None = None,
    keep_map: Path | None = None,
) -> dict[str, str]:
    """Write what was asked for besides the delivery, and rejects where there are any; all files by what they are."""
    files = {"delivery": str(out)}
    out.parent.mkdir(parents=True, exist_ok=True)
    if table.rejects.num_rows:
        rejects = out.with_name(out.name + ".rejects.csv")
        write_rejects(table.rejects, rejects)
        files["rejects"] = str(rejects)
    if encoded.merged.num_rows:
        merged = out.with_name(out.name + ".merged.csv")
        write_csv(encoded.merged, merged, secret=True)
        files["merged"] = str(merged)
    if join is not None:
        files["join_map"] = str(join)
    if payload is not None:
        encoded.payload.write(payload)
        files["payload"] = str(payload)
    if keep_map is not None:
        write_csv(encoded.keep_map, keep_map, secret=True)
        files["keep_map"] = str(keep_map)
    return files
