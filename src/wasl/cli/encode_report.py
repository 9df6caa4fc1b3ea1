"""What ``wasl encode`` says of an encoded register: as JSON, or in words with tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from wasl.cli.language import said, spoken
from wasl.cli.output import say, say_of, show_table
from wasl.locale import N_
from wasl.registers.known_names import in_words, known_as

if TYPE_CHECKING:
    from wasl.holder.encode import Encoded
    from wasl.registers.exchange.delivery_header import DeliveryHeader
    from wasl.registers.reading.reader import RegisterTable

__all__ = ["encoded_json", "say_how_read", "show_encoded"]

FILES = {
    "delivery": N_("delivery"),
    "join_map": N_("join map"),
    "payload": N_("payload"),
    "keep_map": N_("keep map"),
    "rejects": N_("rejects"),
    "merged": N_("records taken as one person"),
    "explain": N_("plot of blocks"),
}
"""Words for the files that are written."""
COMPANIONS = {"join_map": "--join", "payload": "--payload", "keep_map": "--keep-map"}
"""Files that are made with a delivery or never, and the options that write them."""


def encoded_json(encoded: Encoded, table: RegisterTable, files: Mapping[str, str]) -> dict[str, Any]:
    """For a program: the counts, what was left out, and the files."""
    header = encoded.delivery.header
    return {
        "register": header.register,
        "profile": header.profile,
        "key_id": header.key_id,
        "profile_digest": header.profile_digest,
        "weaknesses": list(header.weaknesses),
        "round": header.round,
        "digest": encoded.delivery.digest,
        "rows_read": table.rows_read,
        "records": header.records,
        "rejects": header.rejects,
        "invalid_cells": table.rejects.num_rows - header.rejects,
        "leak": header.leak,
        "records_taken_as_one": encoded.merged.num_rows,
        "passes": [
            {
                "pass": step.name,
                "rows": step.rows,
                "blocks": step.blocks,
                "largest_block": step.largest_block,
                "leak": step.leak,
                "fill": step.fill,
                "dropped": step.dropped,
            }
            for step in header.passes
        ],
        "passes_left_out": list(encoded.passes_left_out),
        "warnings": [asdict(note) for note in encoded.notes],
        "left_out": [asdict(item) for item in encoded.left_out],
        "coverage": {
            one.standard: round(one.harmonized.coverage, 4) for one in encoded.harmonized if one.harmonized is not None
        },
        "files": dict(files),
    }


def show_encoded(encoded: Encoded, table: RegisterTable, files: Mapping[str, str], *, explain: bool) -> None:
    """Say what was encoded, what is doubtful in it, and where the files are.

    Args:
        encoded: The encoded register.
        table: The register's counts and rejects.
        files: By what they are, as :data:`FILES` names them.
        explain: Show passes and what was left out, too.
    """
    header = encoded.delivery.header
    say(
        f"{header.register}: {header.records:,} records encoded, {header.rejects:,} rows rejected; "
        f"profile {header.profile}, key {header.key_id}, round {header.round or 'not named'}, "
        f"largest T {header.leak:.2f}."
    )
    _warn_of_records(encoded)
    _warn_of_promises(header, files)
    _warn_of_cells(encoded, table)
    if explain:
        _show_passes(encoded)
    for what, place in files.items():
        say_of(FILES[what], str(place))


def _warn_of_records(encoded: Encoded) -> None:
    """Say which records were taken as one, and which groups and passes are lacking against expectation."""
    if encoded.merged.num_rows:
        groups = len(encoded.merged["group"].unique())
        say(f"{encoded.merged.num_rows:,} records were taken as {groups:,} persons; the file `merged` lists them.")
    for item in encoded.left_out:
        if not item.expected:
            what = in_words(item.name)
            say(f"Warning: the {item.kind} {what} is left out: {item.reason}.")


def _warn_of_promises(header: DeliveryHeader, files: Mapping[str, str]) -> None:
    """Say where the encoding promises less than it could: a weak profile, no round, companions not written."""
    if header.weaknesses:
        say(f"Warning: profile {header.profile} is weak: {'; '.join(header.weaknesses)}.")
    if not header.round:
        say(
            "Warning: no round was named. Deliveries of this register made without a round share row ids and block "
            "labels, so who appears in which of them can identify persons. Name a new round with --round each period."
        )
    if lacking := [option for name, option in COMPANIONS.items() if name not in files]:
        say(
            f"Warning: {', '.join(lacking)} not given. These files belong to this delivery alone and cannot be made "
            "later: without the join map its links find no person, without the keep map no return can be opened."
        )


def say_how_read(table: RegisterTable, file: str = "") -> None:
    """Say where a file's columns were found, under which headings, and which columns were not read.

    Args:
        table: The register as read.
        file: Its name, where several are read.
    """
    if file and (table.layout or table.renamed or table.surplus or table.absent):
        say(f"How {file} was read:")
    if table.layout:
        say(f"Read from {table.layout}.")
    for column, heading in table.renamed.items():
        say(f"Column {column!r} was read from the heading {heading!r}.")
    if table.surplus:
        say(f"Not read, because the schema does not name them: {', '.join(map(repr, table.surplus))}.")


def _warn_of_cells(encoded: Encoded, table: RegisterTable) -> None:
    """Say what was assumed or lost, and which columns stood under another heading."""
    from wasl.holder.quality.finding_texts import CHECKS

    say_how_read(table)
    if encoded.notes:
        rows = [[CHECKS[note.check][spoken().language][0], note.column, note.count] for note in encoded.notes]
        show_table("Warnings (`wasl check` shows rows and values)", ["what", "column", "cells"], rows)


def _show_passes(encoded: Encoded) -> None:
    """Each pass with its blocks, T and fill, then what was left out and why."""
    columns = ["pass", "rows", "blocks", "largest block", "T", "fill", "left out"]
    rows: list[list[Any]] = [
        [
            known_as(step.name, spoken()),
            step.rows,
            step.blocks,
            step.largest_block,
            f"{step.leak:.2f}",
            _fill(step.fill),
            step.dropped,
        ]
        for step in encoded.delivery.header.passes
    ]
    show_table("Passes", columns, rows)
    if encoded.left_out:
        left_out = [[said(item.kind), known_as(item.name, spoken()), item.reason] for item in encoded.left_out]
        show_table("Left out", ["what", "name", "why"], left_out)


def _fill(fill: Mapping[str, float]) -> str:
    """The fill of each group of a pass, in words."""
    words = spoken()
    return words.parts(f"{known_as(group, words)} {words.number(value, 3)}" for group, value in fill.items())
