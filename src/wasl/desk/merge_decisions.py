"""Reads a clerk's decisions on doubtful pairs: from the workbook of a merge, or from CSV."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from wasl.errors import InputError
from wasl.linkage.quality.truth import HEADER_ROWS, readings_of
from wasl.publication.merge_workbook import DECISION_COLUMNS, DECISION_WORDS, in_every_language
from wasl.registers.reading.headers import column_key
from wasl.registers.reading.sources import check_file
from wasl.registers.reading.workbooks import sheet_rows
from wasl.workflow.merge import Decision

__all__ = ["read_decisions"]

NEEDED = ("register_a", "record_a", "register_b", "record_b", "decision")
HEADS = {column_key(text): name for name, head in DECISION_COLUMNS.items() for text in (name, *in_every_language(head))}
"""The column by each heading that a workbook of a merge has in one of the languages."""
ALSO = {"same": ("match", "oui", "yes", "نعم"), "different": ("non-match", "non", "no", "لا")}
WORDS = {
    column_key(text): word
    for word, said in DECISION_WORDS.items()
    for text in (word, said, *ALSO[word], *in_every_language(said))
}
"""The decision by each word for it, without case and accents."""


def read_decisions(path: Path) -> list[Decision]:
    """The decisions in a workbook of a merge, in any of its languages, or in a CSV file with the same columns.

    A CSV file may have commas or semicolons and any encoding that can be told. Rows without a decision are left out.
    All sheets of a workbook that have the columns are read: decisions set aside by an earlier merge stand apart.

    Raises:
        InputError: The file or a column is missing, a decision is none of the words for ``same`` and ``different``, or
            one pair is decided both ways.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file.")
    workbook = path.stat().st_size and check_file(path) == "excel"
    if workbook:
        sheets = sheet_rows(path, None, None)
        readings = [[[cell or "" for cell in row] for row in rows] for rows in sheets.values()]
    else:
        readings = [[list(row) for row in rows] for rows in readings_of(path.read_bytes(), str(path))]
    found: list[str] = []
    read: list[list[Decision]] = []
    for rows in readings:
        for place, row in enumerate(islice(rows, HEADER_ROWS)):
            names = [HEADS.get(column_key(cell), "") for cell in row]
            if set(NEEDED) <= set(names):
                read.append(_decisions(path, names, enumerate(rows[place + 1 :], place + 2)))
                break
            found = max(found, [name for name in names if name in NEEDED], key=len)
        if read and not workbook:  # the readings of a CSV file are of the same rows
            break
    if read:
        return _of_one_mind(path, [one for part in read for one in part])
    if workbook and not found:
        raise InputError(f"{path}: the workbook has no sheet of decisions.")
    missing = [name for name in NEEDED if name not in found]
    raise InputError(
        f"{path}: the decisions lack the columns {', '.join(missing)}.",
        remedy="Give the workbook that `wasl merge` wrote, with its decisions filled in.",
    )


def _of_one_mind(path: Path, decisions: list[Decision]) -> list[Decision]:
    """The decisions, unless a pair is decided both ways.

    Raises:
        InputError: It is; says how many pairs are.
    """
    answers: dict[frozenset[tuple[str, str]], set[str]] = {}
    for one in decisions:
        pair = frozenset(((one.register_a, one.record_a), (one.register_b, one.record_b)))
        answers.setdefault(pair, set()).add(one.decision)
    both = sum(len(said) > 1 for said in answers.values())
    if both:
        raise InputError(
            f"{path}: column decision: {both} pairs stand twice, once as the same person and once as different ones.",
            remedy="Leave one decision for each pair.",
        )
    return decisions


def _decisions(path: Path, names: Sequence[str], rows: Iterable[tuple[int, Sequence[str]]]) -> list[Decision]:
    """The decisions of rows below the header.

    Raises:
        InputError: A row has another word than those of a decision, or lacks a record.
    """
    places = [names.index(name) for name in NEEDED]
    decisions = []
    for row, cells in rows:
        of_a, a, of_b, b, said = (cells[place].strip() if place < len(cells) else "" for place in places)
        if not said:
            continue
        word = WORDS.get(column_key(said))
        if word is None:
            raise InputError(
                f"{path}: row {row}, column decision: neither 'same' nor 'different'.",
                remedy="Leave undecided cells empty.",
            )
        if not (of_a and a and of_b and b):
            raise InputError(
                f"{path}: row {row}: a decision without the two records.",
                remedy="Keep the first four columns as the workbook has them.",
            )
        decisions.append(Decision(of_a, a, of_b, b, "same" if word == "same" else "different"))
    return decisions
