"""Months of declarations: one row per person and month, stocks by a stated rule, spells, control totals per month.

Wages and days are of one month. Within a month they are added over employers; they are never added over months.

*Source:* stock rules are those of statistics on wage earners from monthly declarations: persons declared in any month,
the average of the months, persons declared in December.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.errors import RegisterError
from wasl.registers.reading.cnss_lines import amount_of, missing_months, refuse_copies, unread_amounts
from wasl.registers.reading.cnss_monthly import MOST_DAYS, is_monthly_declaration, read_monthly
from wasl.registers.reading.headers import Wanted
from wasl.registers.reading.sources import read_source
from wasl.registers.schema import FileLayout

__all__ = [
    "AMOUNTS",
    "EMPLOYER",
    "IN_SEVERAL_FILES",
    "MONTH_RULES",
    "Declarations",
    "MonthRule",
    "declaration_files",
    "monthly_rows",
    "read_declarations",
    "spells_of",
    "stock_of",
    "stock_rows",
    "totals_of",
]

MonthRule = Literal["any", "average", "december"]
MONTH_RULES: tuple[MonthRule, ...] = get_args(MonthRule)

NUMBER, PERIOD, EMPLOYER = "num_immatriculation", "periode", "num_affilie"
IN_SEVERAL_FILES = "declared-in-several-files"
"""The check that counts who is declared by one employer in several files of a month."""
AMOUNTS = ("jours_declares", "salaire_reel", "salaire_plafonne")


@dataclass(frozen=True, slots=True)
class Declarations:
    """Declared lines of one or more months.

    Attributes:
        lines: Text columns of the register, one row per declared line; `PERIOD` is YYYYMM.
        row: Row of each line in its file.
        months: The months that occur, in order, as YYYYMM.
        files: Names of the files, in the order they were read.
        broken: Lines that could not be read: (row, reason with the file).
        mismatches: Totals that do not add up: (row, column, reason with the file).
        fixed_width: Whether the files are of the fixed layout, without birth dates and nationalities.
        notes: What was repaired or could not be read in tables: (check, column, cells).
        unread: Cells that are no amount: (row, column, reason with the file and the count).
    """

    lines: pa.Table = field(repr=False)
    row: NDArray[np.int64] = field(repr=False)
    months: tuple[int, ...]
    files: tuple[str, ...]
    broken: tuple[tuple[int, str], ...]
    mismatches: tuple[tuple[int, str, str], ...]
    fixed_width: bool
    notes: tuple[tuple[str, str, int], ...]
    unread: tuple[tuple[int, str, str], ...] = ()

    @property
    def missing_months(self) -> tuple[str, ...]:
        """Months between the first and the last without a declaration, as YYYY-MM."""
        return missing_months(self.months)


SYSTEM_FILES = frozenset(("thumbs.db", "desktop.ini", "icon\r"))
"""Files that Windows and macOS put into folders; others of theirs begin with a dot or with ``~``."""


def declaration_files(place: Path) -> list[Path]:
    """The files of a folder of declarations, by name; a file stands for itself. Files of the system are left out.

    Raises:
        RegisterError: The folder has no file, or has folders inside.
    """
    if not place.is_dir():
        return [place]
    entries = [
        entry
        for entry in sorted(place.iterdir())
        if entry.name[0] not in ".~" and entry.name.lower() not in SYSTEM_FILES
    ]
    folders = [entry.name for entry in entries if not entry.is_file()]
    if folders:
        raise RegisterError(
            f"{place}: there are folders in it ({folders[0]}).", remedy="Put all files into one folder."
        )
    if not entries:
        raise RegisterError(f"{place}: no file in this folder.", remedy="Put the declarations there.")
    return entries


def read_declarations(files: Sequence[Path], wanted: Wanted, layout: FileLayout | None = None) -> Declarations:
    """Read files of declarations, of the fixed layout or as tables with the register's columns.

    Args:
        files: One or more; a file may have several months and employers.
        wanted: The register's columns.
        layout: How tables are written, where it is known.

    Raises:
        RegisterError: A file cannot be read, has a line without a month or amounts with decimals; two files have the
            same lines; or fixed and tabular files are mixed.
    """
    tables: list[pa.Table] = []
    rows: list[NDArray[np.int64]] = []
    broken: list[tuple[int, str]] = []
    mismatches: list[tuple[int, str, str]] = []
    notes: list[tuple[str, str, int]] = []
    unread: list[tuple[int, str, str]] = []
    fixed: set[bool] = set()
    names = (*wanted.names, *(name for name in (EMPLOYER, *AMOUNTS) if name not in wanted.names))
    asked = replace(wanted, names=names, optional=wanted.optional | {EMPLOYER, "salaire_plafonne"})
    several = len(files) > 1
    for path in files:
        where = f"{path.name}: " if several else ""
        of_lines = is_monthly_declaration(path)
        fixed.add(of_lines)
        if of_lines:
            read = read_monthly(path)
            table, place = read.table, np.asarray(read.rows)
            broken += [(row, where + reason) for row, reason in read.broken]
            mismatches += [(row, column, where + reason) for row, column, reason in read.mismatches]
        else:
            source = read_source(path, asked, layout=layout)
            table, place = source.table, np.asarray(source.rows)
            broken += [(row, where + reason) for row, reason in source.broken]
            notes += source.notes
        unread += unread_amounts(table, place, AMOUNTS, path.name)
        tables.append(_with_period(table, place, path))
        rows.append(place)
    if len(fixed) > 1:
        raise RegisterError(
            "the folder mixes declarations of the fixed layout with tables.", remedy="Put them into two folders."
        )
    lines = pa.concat_tables(tables, promote_options="default")
    months = sorted(int(value) for value in pc.unique(lines[PERIOD]).to_pylist())
    of_file = np.repeat(np.arange(len(tables)), [table.num_rows for table in tables])
    compared = [name for name in (NUMBER, PERIOD, EMPLOYER, *AMOUNTS) if name in lines.column_names]
    again = refuse_copies(lines.select(compared), of_file, [path.name for path in files], AMOUNTS)
    notes.append((IN_SEVERAL_FILES, EMPLOYER, again))
    return Declarations(
        lines,
        np.concatenate(rows),
        tuple(months),
        tuple(path.name for path in files),
        tuple(broken),
        tuple(mismatches),
        fixed == {True},
        tuple(note for note in notes if note[2]),
        tuple(unread),
    )


def _with_period(table: pa.Table, rows: NDArray[np.int64], path: Path) -> pa.Table:
    """The table with its month as YYYYMM.

    Raises:
        RegisterError: A line has no month, or one that is none.
    """
    text = pc.replace_substring_regex(pc.fill_null(table[PERIOD], ""), r"[^0-9]", "")
    month_first = pc.match_substring_regex(text, r"^(0[1-9]|1[0-2])(19|20)\d\d$")
    text = pc.if_else(month_first, pc.replace_substring_regex(text, r"^(\d\d)(\d{4})$", r"\2\1"), text)
    text = pc.utf8_slice_codeunits(text, 0, 6)
    fits = np.asarray(pc.match_substring_regex(text, r"^(19|20)\d\d(0[1-9]|1[0-2])$"))
    if not fits.all():
        row = int(rows[np.flatnonzero(~fits)[0]])
        raise RegisterError(
            f"{path}: row {row}, column {PERIOD}: not a month.", remedy="Write the month as 202503 or 2025-03."
        )
    return table.set_column(table.column_names.index(PERIOD), PERIOD, text)


def monthly_rows(declared: Declarations) -> pa.Table:
    """One row per person and month: days (at most 26) and wages added over the employers of the month.

    Returns:
        The columns of the lines, the amounts as numbers, ``employers`` and ``lines``; sorted by number and month.
        Insured numbers match without their leading zeros; the first line of a person and month gives the other columns.
    """
    lines = declared.lines
    key = pc.ascii_ltrim(pc.utf8_trim_whitespace(pc.fill_null(lines[NUMBER], "")), "0")
    nameless = np.asarray(pc.equal(key, ""))
    # A line without a number stays a row of its own; the schema then rejects it.
    unique = pa.array([f"\x00{place}" for place in np.flatnonzero(nameless)], pa.string())
    if nameless.any():
        key = pc.replace_with_mask(key.combine_chunks(), pa.array(nameless), unique)
    numbers = {name: amount_of(lines[name]) for name in AMOUNTS if name in lines.column_names}
    others = [name for name in lines.column_names if name not in (*numbers, PERIOD)]
    employer = lines[EMPLOYER] if EMPLOYER in lines.column_names else pa.nulls(lines.num_rows, pa.string())
    table = pa.table(
        {"key": key, PERIOD: lines[PERIOD], "row": declared.row, "employer": employer}
        | {f"first:{name}": lines[name] for name in others}
        | numbers
    )
    grouped = table.group_by(["key", PERIOD], use_threads=False).aggregate(
        [("row", "min"), ("row", "count"), ("employer", "count_distinct")]
        + [(f"first:{name}", "first") for name in others]
        + [(name, "sum") for name in numbers]
    )
    columns = {"key": grouped["key"], PERIOD: grouped[PERIOD], "row": grouped["row_min"], "lines": grouped["row_count"]}
    columns["employers"] = grouped["employer_count_distinct"]
    columns |= {name: grouped[f"first:{name}_first"] for name in others}
    columns |= {name: grouped[f"{name}_sum"] for name in numbers}
    if "jours_declares" in columns:
        columns["jours_declares"] = pc.min_element_wise(columns["jours_declares"], MOST_DAYS)
    return pa.table(columns).sort_by([("key", "ascending"), (PERIOD, "ascending")])


def _month_number(periods: pa.ChunkedArray) -> NDArray[np.int64]:
    value = pc.cast(periods, pa.int64()).to_numpy()
    return np.asarray(value // 100 * 12 + value % 100 - 1, np.int64)


def _month_text(months: NDArray[np.int64]) -> NDArray[np.object_]:
    return np.array([f"{month // 12:04d}-{month % 12 + 1:02d}" for month in months.tolist()], object)


def spells_of(monthly: pa.Table) -> pa.Table:
    """Employment spells: consecutive months in which a person was declared; one month without ends a spell.

    Returns:
        ``num_immatriculation, from, to, months, days, mean_wage_centimes, mean_capped_wage_centimes``: months as
        YYYY-MM, wages as in the declaration, means of the months whose declaration states them. A declared month counts
        whatever its days are.
    """
    _, person = np.unique(monthly["key"].to_numpy(zero_copy_only=False).astype(str), return_inverse=True)
    month = _month_number(monthly[PERIOD])
    if not len(month):
        first = np.empty(0, np.int64)
    else:
        starts = np.ones(len(month), bool)
        starts[1:] = (person[1:] != person[:-1]) | (month[1:] != month[:-1] + 1)
        first = np.flatnonzero(starts)
    last = np.append(first[1:], len(month)) - 1 if len(first) else first
    count = last - first + 1

    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.add.reduceat(values, first) if len(first) else np.empty(0)

    def mean(name: str) -> pa.Array:
        known = total(np.asarray(pc.is_valid(monthly[name])).astype(np.float64))
        values = total(pc.fill_null(monthly[name], 0).to_numpy().astype(np.float64))
        return pa.array(np.round(values / np.maximum(known, 1), 2), mask=known == 0)

    days = total(pc.fill_null(monthly["jours_declares"], 0).to_numpy().astype(np.float64))
    columns = {
        NUMBER: monthly[NUMBER].take(pa.array(first)),
        "from": pa.array(_month_text(month[first]), pa.string()),
        "to": pa.array(_month_text(month[last]), pa.string()),
        "months": pa.array(count, pa.int64()),
        "days": pa.array(days.astype(np.int64)),
        "mean_wage_centimes": mean("salaire_reel"),
    }
    if "salaire_plafonne" in monthly.column_names:
        columns["mean_capped_wage_centimes"] = mean("salaire_plafonne")
    return pa.table(columns)


def stock_rows(monthly: pa.Table, months: Sequence[int], rule: MonthRule) -> tuple[pa.Table, NDArray[np.int64]]:
    """One row per person by a rule.

    Args:
        monthly: As `monthly_rows` gives it.
        months: The months read, as YYYYMM.
        rule: ``any``: declared in at least one month. ``average``: the same persons, each with the weight of its months
            in the average stock. ``december``: declared in December.

    Returns:
        The table of text, and the row of each person in its file. The row is that of the last declared month. Wages and
        days are means per declared month; under ``december`` those of December.

    Raises:
        RegisterError: December is missing or occurs in several years, or a month between the first and the last is
            missing, so that an average would be wrong.
    """
    key = monthly["key"].to_numpy(zero_copy_only=False).astype(str)
    month = _month_number(monthly[PERIOD])
    first = np.flatnonzero(np.append(True, key[1:] != key[:-1])) if len(key) else np.empty(0, np.int64)
    last = np.append(first[1:], len(key)) - 1 if len(first) else first
    count = last - first + 1
    span = _require_months(months, rule)
    amounts = [name for name in AMOUNTS if name in monthly.column_names]
    if rule == "december":
        december = max(value for value in months if value % 100 == 12)
        chosen = np.flatnonzero(month == december // 100 * 12 + 11)
        person = np.searchsorted(first, chosen, side="right") - 1
        means = {name: monthly[name].take(pa.array(chosen)) for name in amounts}
    else:
        chosen, person = last, np.arange(len(first))
        means = {name: _means(monthly[name], first) for name in amounts}
    table = monthly.take(pa.array(chosen))
    columns = {
        name: table[name] for name in table.column_names if name not in ("key", "row", "lines", "employers", *amounts)
    }
    columns |= {name: values.cast(pa.string()) for name, values in means.items()}
    columns |= {
        "mois_declares": pa.array(count[person].astype(str).tolist(), pa.string()),
        "premier_mois": pa.array(_month_text(month[first[person]]), pa.string()),
        "dernier_mois": pa.array(_month_text(month[last[person]]), pa.string()),
        "poids_stock": pa.array([f"{value:.6f}" for value in (count[person] / span).tolist()], pa.string()),
    }
    return pa.table(columns), table["row"].to_numpy()


def _means(values: pa.ChunkedArray, first: NDArray[np.int64]) -> pa.Array:
    """Means per declared month, rounded to whole numbers as the declaration writes them."""
    known = np.asarray(pc.is_valid(values)).astype(np.int64)
    number = pc.fill_null(values, 0).to_numpy().astype(np.int64)
    if not len(first):
        return pa.array([], pa.int64())
    count = np.add.reduceat(known, first)
    total = np.add.reduceat(number, first)
    return pa.array((2 * total + count) // np.maximum(2 * count, 1), pa.int64(), mask=count == 0)


def _require_months(months: Sequence[int], rule: MonthRule) -> int:
    """How many months the stock is about.

    Raises:
        RegisterError: The months do not allow the rule.
    """
    numbers = sorted(value // 100 * 12 + value % 100 - 1 for value in months)
    span = numbers[-1] - numbers[0] + 1
    decembers = [value for value in months if value % 100 == 12]
    if rule == "december" and len(decembers) != 1:
        raise RegisterError(
            f"the rule december needs one December; there are {len(decembers)} among the months.",
            remedy="Give the declarations of one year, or another rule.",
        )
    if rule == "average" and span != len(numbers):
        raise RegisterError(
            f"{span - len(numbers)} months between the first and the last are missing: an average would be too low.",
            remedy="Add the missing months, or choose another rule.",
        )
    return span


def totals_of(declared: Declarations, monthly: pa.Table) -> list[dict[str, Any]]:
    """Control totals of each month: lines, employees, employers, days, wages and capped wages, all as declared.

    The lines of a month add up to its totals; no total is a sum over months. A total is None where no line of
    the month states the amount, because its file lacks the column.
    """
    lines = declared.lines
    table = pa.table(
        {PERIOD: lines[PERIOD], "employer": lines[EMPLOYER] if EMPLOYER in lines.column_names else lines[PERIOD]}
        | {name: amount_of(lines[name]) for name in AMOUNTS if name in lines.column_names}
    )
    summed = [name for name in AMOUNTS if name in table.column_names]
    grouped = table.group_by(PERIOD, use_threads=False).aggregate(
        [("employer", "count"), ("employer", "count_distinct"), *((name, "sum") for name in summed)]
    )
    persons = monthly.group_by(PERIOD, use_threads=False).aggregate([("key", "count")])
    employees = dict(zip(persons[PERIOD].to_pylist(), persons["key_count"].to_pylist(), strict=True))
    rows = []
    for row in grouped.sort_by(PERIOD).to_pylist():
        label = f"{row[PERIOD][:4]}-{row[PERIOD][4:]}"
        found: dict[str, Any] = {"month": label, "employees": employees[row[PERIOD]], "lines": row["employer_count"]}
        if EMPLOYER in lines.column_names:
            found["employers"] = row["employer_count_distinct"]
        rows.append(found | {name: row[f"{name}_sum"] for name in summed})
    return rows


def stock_of(monthly: pa.Table, months: Sequence[int]) -> dict[str, Any]:
    """The stock by each rule: ``any``, ``average`` (None where a month is missing), ``december`` (None without one)."""
    by_month = dict.fromkeys(months, 0)
    for value in pc.value_counts(monthly[PERIOD]).to_pylist():
        by_month[int(value["values"])] = int(value["counts"])
    numbers = sorted(value // 100 * 12 + value % 100 for value in months)
    whole = numbers[-1] - numbers[0] + 1 == len(numbers)
    decembers = [value for value in months if value % 100 == 12]
    return {
        "any": int(pc.count_distinct(monthly["key"]).as_py()),
        "average": round(sum(by_month.values()) / len(by_month), 2) if whole else None,
        "december": by_month[decembers[0]] if len(decembers) == 1 else None,
    }
