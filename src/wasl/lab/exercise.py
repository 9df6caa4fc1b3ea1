"""A course pack: synthetic registers for students, tasks in three languages, and answers for the teacher.

The answers are computed from the registers of the pack, so every seed gives a pack of its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from wasl.disclosure.policy import DisclosurePolicy
from wasl.errors import PolicyError
from wasl.facade import assemble, assess, encode, evaluate, link, new_key, protect
from wasl.facade.given import quietly
from wasl.holder.quality.examine import examine
from wasl.lab.exercise_texts import AFTER, ANSWERS, INSIDE, TASKS
from wasl.locale import Language, messages
from wasl.population.generate import generate
from wasl.registers.reading.frames import register_from_table
from wasl.registers.schema import RegisterSchema

__all__ = ["CoursePack", "make_pack"]

REGISTERS = ("dgsn-permits", "cnss-employees")
POLICY = "public-use"
TASK_FILES: dict[Language, str] = {"fr": "exercices.fr.md", "ar": "exercises.ar.md", "en": "exercises.en.md"}
ANSWER_FILES: dict[Language, str] = {
    "fr": "teacher/corriges.fr.md",
    "ar": "teacher/answers.ar.md",
    "en": "teacher/answers.en.md",
}


@dataclass(frozen=True, slots=True)
class CoursePack:
    """The files of a course.

    Attributes:
        tables: Registers and, for the teacher, the truth: path in the pack to table.
        texts: Tasks and answers: path in the pack to text.
    """

    tables: Mapping[str, pa.Table]
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Answers:
    """Figures of the teacher's answers, computed from the registers."""

    records: Mapping[str, int]
    both: int
    births: int
    precision: float
    recall: float
    estimated: Mapping[str, Any]
    persons: int
    k: float
    below: int
    level: int
    failing: str
    protected_k: float
    protected_rows: int
    suppressed: int


def make_pack(persons: int, seed: int) -> CoursePack:
    """The course pack of a seed.

    Args:
        persons: Size of the synthetic population; 1,500 suits a course.
        seed: The same seed gives the same registers. The linkage key is drawn anew, so linkage figures vary a little.

    Raises:
        InputError: The population is too small.
    """
    made = generate(persons, seed)
    answers = _solve(made.registers, made.truth, seed)
    tables = {f"registers/{name}.csv": made.registers[name] for name in REGISTERS}
    truth = made.truth.to_pandas()
    kept = truth[truth["register"].isin(REGISTERS)].reset_index(drop=True)
    tables["teacher/truth.csv"] = pa.Table.from_pandas(kept, preserve_index=False)
    texts = {TASK_FILES[language]: TASKS[language].format(**_commands(seed)) for language in TASK_FILES}
    texts |= {ANSWER_FILES[language]: _fill(ANSWERS[language], answers, seed, language) for language in ANSWER_FILES}
    return CoursePack(tables, texts)


def _solve(registers: Mapping[str, pa.Table], truth: pa.Table, seed: int) -> _Answers:
    """Do every task of the pack."""
    key = new_key("exercise")
    with quietly():
        encoded = [
            encode(registers[name].to_pandas().replace({"": None}), name, key, period="2025") for name in REGISTERS
        ]
        linked = link([one.delivery for one in encoded], "morocco", joins=[one.join_map for one in encoded])
    people = truth.to_pandas()
    people = people[people["register"].isin(REGISTERS)].astype({"record": str})
    score = evaluate(linked, people, keep_maps=[one.keep_map for one in encoded]).result
    microdata = assemble(linked, [one.payload for one in encoded], "foreign-workers").table
    policy = DisclosurePolicy.load(POLICY)
    risk = assess(microdata, policy)
    members = {name: set(people.loc[people["register"] == name, "person"]) for name in REGISTERS}
    try:
        safe = protect(microdata, policy, seed=seed).result
        after, rows = safe.after.k, safe.table.num_rows
        columns = {one["name"] for one in safe.public_report()["variables"]}
        suppressed = sum(safe.table[name].null_count for name in columns if name in safe.table.column_names)
    except PolicyError:
        after, rows, suppressed = float("nan"), 0, 0
    return _Answers(
        records={name: registers[name].num_rows for name in REGISTERS},
        both=len(members[REGISTERS[0]] & members[REGISTERS[1]]),
        births=_births_on_first_january(registers["dgsn-permits"]),
        precision=score.pairwise.precision,
        recall=score.pairwise.recall,
        estimated=linked.report["quality"],
        persons=linked.report["persons"],
        k=risk.result.k,
        below=int(next(iter(risk.result.violating.values()))),
        level=int(next(iter(risk.result.violating))),
        failing=", ".join(failure.rule for failure in risk.result.failures) or "–",
        protected_k=after,
        protected_rows=rows,
        suppressed=suppressed,
    )


def _births_on_first_january(register: pa.Table) -> int:
    """As `wasl check` counts them, which also knows dates of other calendars."""
    schema = RegisterSchema.load("dgsn-permits")
    read = register_from_table(register, schema, with_dropped=True)
    found = examine(read, schema, file="dgsn-permits.csv", today=dt.datetime.now(dt.UTC).date()).findings
    return sum(one.count for one in found if one.check == "births-first-january")


def _estimate(answers: _Answers, name: str, true: float, language: Language) -> str:
    """A figure that the report estimates, with its interval, and whether the truth lies in it."""
    words, (inside, outside, unknown) = messages(language), INSIDE[language]
    told = answers.estimated[name]
    if told.get("value") is None or told.get("low") is None:
        return unknown
    numbers = {part: words.number(told[part], 3) for part in ("value", "low", "high")}
    return (inside if told["low"] <= true <= told["high"] else outside).format(**numbers)


def _fill(text: str, answers: _Answers, seed: int, language: Language) -> str:
    """A text with the figures of the registers, as its language writes them."""
    permits, employees = answers.records.values()
    number = messages(language).number
    done, refused = AFTER[language]
    rows, cells = number(answers.protected_rows), number(answers.suppressed)
    after = done.format(k=number(answers.protected_k, 0), rows=rows, cells=cells) if answers.protected_rows else refused
    return text.format(
        seed=seed,
        permits=number(permits),
        employees=number(employees),
        both=number(answers.both),
        births=number(answers.births),
        precision=number(answers.precision, 3),
        recall=number(answers.recall, 3),
        estimated_precision=_estimate(answers, "precision", answers.precision, language),
        estimated_recall=_estimate(answers, "recall", answers.recall, language),
        persons=number(answers.persons),
        k=number(answers.k, 0),
        below=number(answers.below),
        level=answers.level,
        failing=answers.failing,
        after=after,
    )


COMMANDS = {
    "check": ("wasl check registers/dgsn-permits.csv --register dgsn-permits --out quality",),
    "key": ("wasl key new --project course --out course.key",),
    "encode": tuple(
        f"wasl encode registers/{name}.csv --register {name} --key course.key --round 2025 --out {name}.delivery "
        f"--join {name}.join --payload {name}.payload --keep-map {name}.keep.csv"
        for name in REGISTERS
    ),
    "link": (
        f"wasl link morocco {' '.join(f'{name}.delivery' for name in REGISTERS)} "
        + " ".join(f"--join {name}.join" for name in REGISTERS)
        + " --out linked",
    ),
    "evaluate": (
        "wasl evaluate linked --truth truth.csv --keep-map dgsn-permits.keep.csv --keep-map cnss-employees.keep.csv",
    ),
    "assemble": (
        "wasl assemble linked --payload dgsn-permits.payload --payload cnss-employees.payload --out microdata.parquet",
    ),
    "assess": ("wasl assess microdata.parquet --policy public-use",),
    "protect": ("wasl protect microdata.parquet --policy public-use --seed {seed} --out safe",),
    "export": ("wasl audit export --out log.jsonl", "wasl audit key --out log.vkey"),
    "verify": ("wasl audit verify log.jsonl --public-key log.vkey",),
}
"""The commands of each task; students run them as they stand, in this order."""


def _commands(seed: int) -> dict[str, str]:
    """The commands of each task as a block of Markdown."""
    return {
        f"do_{name}": "\n   ```sh\n" + "".join(f"   {line.format(seed=seed)}\n" for line in lines) + "   ```"
        for name, lines in COMMANDS.items()
    }
