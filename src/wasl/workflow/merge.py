"""The act by which one office compares two registers of its own and gets the result by its own record numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from wasl.audit.events import RegistersMerged
from wasl.errors import InputError
from wasl.linkage.plan import LinkagePlan
from wasl.locale import Language
from wasl.publication.merge_workbook import Disagreement, MergeSheets, grade_in, workbook_bytes
from wasl.registers.exchange.plain_json import plain_json
from wasl.workflow.act import Act, Artifact, RunOptions
from wasl.workflow.link import link
from wasl.workflow.merge_decisions import decided_rows, standing_decisions
from wasl.workflow.merge_look import Clear, look_of_merge
from wasl.workflow.overlaps import date_overlaps
from wasl.workflow.own_registers import Decision, OwnRegister, Variable, first_rows, rows_of_ids, rows_of_numbers
from wasl.workflow.resolve import resolve

__all__ = ["Decision", "Merge", "OwnRegister", "Variable", "merge"]

INDIRECT = "indirect"
"""Grade of two records of one person that were not compared with each other but each with a third."""


@dataclass(frozen=True, slots=True)
class Merge:
    """The merged registers.

    Attributes:
        pairs: ``register_a, record_a, register_b, record_b, probability, grade``: records of one person.
        doubtful: The same columns: pairs a clerk should decide.
        disagreements: Pairs of one person whose registers differ, variable by variable.
        overlaps: ``register_a, record_a, register_b, record_b, relation, from, until``: when the two records of one
            person hold, for registers that date their records.
        shown: For each doubtful pair, both values of every variable the two records share, by variable.
    """

    pairs: pd.DataFrame = field(repr=False)
    doubtful: pd.DataFrame = field(repr=False)
    disagreements: tuple[Disagreement, ...] = field(repr=False)
    overlaps: pd.DataFrame = field(repr=False)
    shown: tuple[dict[str, tuple[str, str]], ...] = field(repr=False)


PAIR_COLUMNS = ("register_a", "record_a", "register_b", "record_b", "probability", "grade")


def merge(
    plan: LinkagePlan,
    registers: Sequence[OwnRegister],
    options: RunOptions,
    *,
    clear: Clear | None = None,
    decisions: Sequence[Decision] = (),
) -> Act[Merge, RegistersMerged]:
    """Compare two registers of one office.

    Args:
        plan: How pairs are compared and resolved.
        registers: The two registers.
        options: Threads, progress, and the language of the workbook and the report.
        clear: The records of both registers in their order, so that candidates are looked at in the clear.
        decisions: What clerks decided on doubtful pairs of an earlier merge; it replaces the model's probability. A
            decision on a record that has left its register is set aside: counted, and kept in the workbook.

    Returns:
        Artifacts ``merged.csv``, ``merged.xlsx``, ``report.json``, ``report.html``, and ``overlaps.csv`` where both
        registers date their records. The workbook and the table hold
        the office's own values; the report and the event hold counts.

    Raises:
        InputError: There are not two registers, or the decisions belong to other registers.
    """
    if len(registers) != 2:
        raise InputError("a merge compares two registers.", remedy="Give two files and two schemas.")
    decisions, gone = standing_decisions(registers, decisions)
    linked = link(plan, [one.delivery for one in registers], options)
    rows, unmet = decided_rows(linked.result, registers, decisions)
    look = None if clear is None else look_of_merge(clear, registers, decisions, plan.model.seed)
    resolved = resolve(
        plan,
        linked.result,
        [one.join_map for one in registers],
        RunOptions(language=options.language),
        run="merge",
        decisions=rows,
        look=look,
    )
    direct = _direct(resolved.result.links, registers)
    same = _same_person(resolved.result.spine, direct, registers)
    doubtful = _doubtful(direct)
    disagreements = tuple(_disagreements(same, registers))
    spine = resolved.result.spine
    counts = _counts(spine, same, doubtful, disagreements, registers)
    counts |= {"decided": len(decisions), "decisions_without_pair": unmet, "decisions_set_aside": len(gone)}
    overlaps = date_overlaps(same, {one.name: one.spells for one in registers})
    counts["relations"] = overlaps["relation"].value_counts().sort_index().to_dict()
    report = {**resolved.report, "merge": counts}
    shown = tuple(_shown(doubtful, registers))
    listed = _with_decisions(doubtful, decisions)
    sheets = MergeSheets(
        titles={one.name: one.title for one in registers},
        same=list(same.itertuples(index=False, name=None)),
        doubtful=list(listed.itertuples(index=False, name=None)),
        shown=_shown(listed, registers),
        labels={name: column.label for one in reversed(registers) for name, column in one.variables.items()},
        disagreements=disagreements,
        counts=counts,
        overlaps=list(overlaps.itertuples(index=False, name=None)),
        set_aside=[astuple(one) for one in gone],
    )
    artifacts: dict[str, Artifact] = {
        "merged.csv": _csv(same, options.language),
        **({"overlaps.csv": overlaps.to_csv(index=False, lineterminator="\n").encode()} if len(overlaps) else {}),
        "merged.xlsx": workbook_bytes(sheets, options.language),
        "report.json": resolved.artifacts["report.json"],
        "report.html": resolved.artifacts["report.html"],
    }
    event = RegistersMerged(
        records=spine.num_rows,
        persons=counts["persons"],
        in_both=counts["in_both"],
        duplicates=sum(counts["duplicates"].values()),
        doubtful=len(doubtful),
        disagreements=len(disagreements),
        decided=len(decisions),
        set_aside=len(gone) or None,
        overlaps=int(counts["relations"].get("both", 0)),
    )
    return Act(artifacts, event, plain_json(report), Merge(same, doubtful, disagreements, overlaps, shown))


def _numbers(registers: Sequence[OwnRegister], table: pa.Table, side: str = "") -> pa.ChunkedArray:
    """The record number of each row of a table that names records by register and record id."""
    of = table[f"{side}register"].cast(pa.dictionary(pa.int32(), pa.string())).unify_dictionaries().combine_chunks()
    ids = table[f"{side}record_id"].combine_chunks()
    rows = rows_of_ids(registers, of, ids)
    return pa.chunked_array([one.record for one in registers], pa.string()).take(pa.array(rows))


def _direct(links: pa.Table, registers: Sequence[OwnRegister]) -> pd.DataFrame:
    """Links between records, by record number."""
    frame: pd.DataFrame = pa.table(
        {
            "register_a": links["left_register"].cast(pa.string()),
            "record_a": _numbers(registers, links, "left_"),
            "register_b": links["right_register"].cast(pa.string()),
            "record_b": _numbers(registers, links, "right_"),
            "probability": links["probability"],
            "grade": links["grade"].cast(pa.string()),
        }
    ).to_pandas()
    return frame


def _same_person(spine: pa.Table, direct: pd.DataFrame, registers: Sequence[OwnRegister]) -> pd.DataFrame:
    """Every pair of records of one person, across the registers and within one, with its probability and grade."""
    frame = spine.select(["person_id", "register"]).append_column("record", _numbers(registers, spine)).to_pandas()
    order = {one.name: place for place, one in enumerate(registers)}
    frame["place"] = frame["register"].astype(str).map(order)
    several = frame[frame.duplicated("person_id", keep=False)].sort_values(["person_id", "place", "record"])
    several = several.assign(rank=np.arange(len(several)))[["person_id", "register", "record", "rank"]]
    both = several.merge(several, on="person_id", suffixes=("_a", "_b"))
    both = both[both["rank_a"] < both["rank_b"]]
    known = pd.concat([direct, direct.rename(columns=_SWAPPED)], ignore_index=True)
    keys = ["register_a", "record_a", "register_b", "record_b"]
    known = known.astype(dict.fromkeys(keys, str))  # of no pairs at all the columns have no kind
    both = both[keys].astype(str).merge(known.drop_duplicates(keys), on=keys, how="left")
    both["grade"] = both["grade"].fillna(INDIRECT)
    pairs: pd.DataFrame = both[list(PAIR_COLUMNS)].sort_values(keys, ignore_index=True)
    return pairs


_SWAPPED = {"register_a": "register_b", "record_a": "record_b", "register_b": "register_a", "record_b": "record_a"}


def _doubtful(direct: pd.DataFrame) -> pd.DataFrame:
    """Pairs graded for review, whether they were linked or not, the least certain first."""
    grey = direct[direct["grade"] == "review"]
    order = (grey["probability"] - 0.5).abs().sort_values(kind="stable").index
    return grey.loc[order, list(PAIR_COLUMNS)].reset_index(drop=True)


def _with_decisions(doubtful: pd.DataFrame, decisions: Sequence[Decision]) -> pd.DataFrame:
    """The doubtful pairs, then the decided ones, with a column ``decision``: the workbook keeps what was decided."""
    keys = ["register_a", "record_a", "register_b", "record_b"]
    decided = pd.DataFrame([astuple(one) for one in decisions], columns=[*keys, "decision"]).drop_duplicates(keys)
    listed = pd.concat([doubtful.assign(decision=""), decided.assign(probability=np.nan, grade="")], ignore_index=True)
    return listed.drop_duplicates(keys, keep="last")[[*PAIR_COLUMNS, "decision"]]


def _disagreements(same: pd.DataFrame, registers: Sequence[OwnRegister]) -> Iterator[Disagreement]:
    """Where two records of one person in different registers differ, variable by variable."""
    across = same[same["register_a"] != same["register_b"]]
    first, second = registers
    a, b = _rows_of_sides(across, registers)
    for name in [name for name in first.variables if name in second.variables]:
        left, right = first.variables[name], second.variables[name]
        for place in np.flatnonzero(left.differs(right, pa.array(a), pa.array(b))):
            yield Disagreement(
                str(across["record_a"].iloc[place]),
                str(across["record_b"].iloc[place]),
                left.label,
                str(left.shown[int(a[place])].as_py()),
                str(right.shown[int(b[place])].as_py()),
                name,
            )


def _rows_of_sides(
    pairs: pd.DataFrame, registers: Sequence[OwnRegister]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows of the two records of pairs, each within its register."""
    first, place = first_rows(registers), {one.name: place for place, one in enumerate(registers)}
    rows: list[NDArray[np.int64]] = []
    for side in ("a", "b"):
        of = pa.array(pairs[f"register_{side}"], pa.string()).dictionary_encode()
        row = rows_of_numbers(registers, of, pa.array(pairs[f"record_{side}"], pa.string()))
        rows.append(row - first[pairs[f"register_{side}"].map(place).to_numpy(np.int64)])
    return rows[0], rows[1]


def _shown(doubtful: pd.DataFrame, registers: Sequence[OwnRegister]) -> list[dict[str, tuple[str, str]]]:
    """For each doubtful pair, both values of every variable the two records share."""
    by_name = {one.name: one for one in registers}
    sheets: list[dict[str, tuple[str, str]]] = []
    sides = (doubtful["register_a"], doubtful["register_b"], *_rows_of_sides(doubtful, registers))
    for register_a, register_b, i, j in zip(*(side.tolist() for side in sides), strict=True):
        left, right = by_name[register_a], by_name[register_b]
        shared = [name for name in left.variables if name in right.variables]
        sheets.append(
            {
                name: (
                    _text(left.variables[name].shown[i].as_py()),
                    _text(right.variables[name].shown[j].as_py()),
                )
                for name in shared
            }
        )
    return sheets


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _counts(
    spine: pa.Table,
    same: pd.DataFrame,
    doubtful: pd.DataFrame,
    disagreements: Iterable[Disagreement],
    registers: Sequence[OwnRegister],
) -> dict[str, Any]:
    members = spine.select(["person_id", "register"]).to_pandas().drop_duplicates()
    by_variable: dict[str, int] = {}
    for one in disagreements:
        by_variable[one.variable] = by_variable.get(one.variable, 0) + 1
    within = same[same["register_a"] == same["register_b"]]
    return {
        "records": {one.name: len(one.record) for one in registers},
        "persons": int(members["person_id"].nunique()),
        "in_both": int(members["person_id"].duplicated().sum()),
        "pairs": int((same["register_a"] != same["register_b"]).sum()),
        "duplicates": {one.name: int((within["register_a"] == one.name).sum()) for one in registers},
        "doubtful": len(doubtful),
        "disagreements": by_variable,
    }


def _csv(pairs: pd.DataFrame, language: Language) -> bytes:
    """The pairs as CSV: grades as the words that programs read, and in words of the language."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*PAIR_COLUMNS, "grade_in_words"])
    for row in pairs.itertuples(index=False, name=None):
        *keys, probability, grade = row
        share = "" if probability != probability else f"{probability:.4f}"  # noqa: PLR0124
        writer.writerow([*keys, share, grade, grade_in(language, grade)])
    return text.getvalue().encode()
