"""Proposes a microdata specification from payloads, with the evidence for each variable.

The evidence is counts and shares. No cell of a payload is written into the draft, so it can be shown to others.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from wasl.errors import InputError
from wasl.locale import Messages, messages
from wasl.registers.documents import validate_document
from wasl.registers.exchange.payload import Payload
from wasl.registers.published_names import names_to_change, unpublishable
from wasl.workflow.microdata_spec import MicrodataSpec

__all__ = ["draft_specification"]

ENGLISH = messages("en")
WEIGHTS = ("weight", "sampling_weight")
"""Names of sampling weights, which are summed over a person's records."""
FOR_OTHERS = {"birth_year", "entry_date", "education", "arrival_year"}
"""Variables that a release seldom shows, but that others are made from."""
HARMONIZED: tuple[tuple[str, str, str, str], ...] = (
    ("age_group", "age-group", "birth_year", ""),
    ("arrival_cohort", "arrival-cohort", "entry_date", ""),
    ("arrival_cohort", "arrival-cohort", "arrival_year", ""),
    ("stay_duration", "stay", "entry_date", ""),
    ("region", "parent", "province", "province"),
    ("region", "parent", "work_province", "city"),
    ("education_level", "code", "education", "education-level"),
    ("skill_level", "code", "occupation_group", "skill-level"),
    ("activity_broad", "code", "activity_section", "activity-broad"),
)
"""Name, rule, source and code list of the harmonized variables, the first of each name that has its source."""
WORK = ("wage", "contract_type", "certificate_date", "labour_status", "permit_motive", "pension_type")
"""Variables of which one at least is needed to tell the category of international labour migration."""
DATED = ("request_date", "visa_date", "certificate_date", "training_start", "permit_start", "declared_month")
"""Variables that tell the latest of a person's records, in this order."""


@dataclass(slots=True)
class _Variable:
    """A variable and the registers that have it.

    Attributes:
        name: Its standard name.
        registers: For each register: rows, rows with a value, different values.
        kind: Its type in the first register.
    """

    name: str
    kind: pa.DataType
    registers: dict[str, tuple[int, int, int]] = field(default_factory=dict)

    @property
    def by_coverage(self) -> list[str]:
        """The registers, the most complete first."""
        return sorted(self.registers, key=lambda name: (-self._share(name), name))

    def _share(self, register: str) -> float:
        rows, known, _ = self.registers[register]
        return known / max(rows, 1)

    def evidence(self, words: Messages) -> list[str]:
        """One comment per register."""
        _ = words.text
        return [
            "# "
            + _(
                "{register}: {share} of {rows} records have a value, {distinct} different",
                register=register,
                share=words.percent(self._share(register)),
                rows=rows,
                distinct=distinct,
            )
            for register, (rows, _known, distinct) in self.registers.items()
        ]


def draft_specification(payloads: Sequence[Payload], name: str = "draft", words: Messages = ENGLISH) -> str:
    """A microdata specification in TOML: registers, variables with their sources by coverage, harmonized variables.

    Args:
        payloads: One or more per register.
        name: The specification's name.
        words: The language of the comments.

    Raises:
        InputError: No payload, or payloads without variables.
    """
    variables: dict[str, _Variable] = {}
    registers = list(dict.fromkeys(payload.register for payload in payloads))
    for payload in payloads:
        for column in payload.rows.column_names:
            if column != "record_id":
                _add(variables, payload, column)
    if not variables:
        raise InputError("the payloads have no variable.", remedy="`wasl encode --payload` makes payloads.")
    _, _n = words.text, words.plural
    year = _last_year(payloads)
    lines = [
        "# "
        + _n(
            "Proposed from {count} payload. Check every line; the comments say what was found.",
            "Proposed from {count} payloads. Check every line; the comments say what was found.",
            len(payloads),
        ),
        f'name = "{name}"',
        'title = "?"',
        f"include = {_list(registers)}  # " + _("a person is in who stands in one of these"),
        f"flags = {_list(registers)}",
        f"reference_date = {year}-12-31  # "
        + _("the day ages and stays refer to: the end of the last year in the data"),
        "",
    ]
    changed = names_to_change(list(variables))
    for variable in variables.values():
        if variable.name in changed:
            lines.append(unpublishable(changed[variable.name], words))
        lines += [*variable.evidence(words), *_variable(variable, payloads, words), ""]
    made = _derived(set(variables))
    if made:
        lines += ["# " + _("Harmonized variables that these payloads allow."), *made]
    text = "\n".join(lines)
    validate_document(MicrodataSpec, tomllib.loads(text), "the draft")
    return text


def _add(variables: dict[str, _Variable], payload: Payload, column: str) -> None:
    values = payload.rows.column(column)
    variable = variables.setdefault(column, _Variable(column, values.type))
    rows, known, distinct = variable.registers.get(payload.register, (0, 0, 0))
    found = len(pc.unique(values.drop_null()))
    variable.registers[payload.register] = (
        rows + len(values),
        known + len(values) - values.null_count,
        max(distinct, found),
    )


def _variable(variable: _Variable, payloads: Sequence[Payload], words: Messages) -> list[str]:
    _ = words.text
    lines = ["[[variables]]", f'name = "{variable.name}"', f"sources = {_list(variable.by_coverage)}"]
    if variable.name in WEIGHTS:
        lines.append('pick = "sum"  # ' + _("weights of a person's records add up, so that totals stay"))
    else:
        names = {n for p in payloads if p.register in variable.registers for n in p.rows.column_names}
        by = next((one for one in DATED if one in names and one != variable.name), None)
        if by is not None:
            lines += ['pick = "last"', f'by = "{by}"  # ' + _("where a person has several records, the latest counts")]
    lines.append("optional = true")
    if variable.name in FOR_OTHERS:
        lines.append("keep = false  # " + _("others are made from it; set true to have it in the file"))
    return lines


def _derived(names: set[str]) -> list[str]:
    lines: list[str] = []
    made: set[str] = set(names)
    for name, rule, source, classification in HARMONIZED:
        if source in names and name not in made:
            made.add(name)
            lines += ["[[derived]]", f'name = "{name}"', f'rule = "{rule}"', f'source = "{source}"']
            lines += [f'classification = "{classification}"'] if classification else []
            lines += ["optional = true", ""]
    if names & set(WORK):
        for months in (6, 12):
            lines += ["[[derived]]", f'name = "resident_{months}"', 'rule = "resident"', f"months = {months}", ""]
        for name, rule in (("icls_category", "icls-category"), ("icls_rule", "icls-rule")):
            lines += ["[[derived]]", f'name = "{name}"', f'rule = "{rule}"', ""]
    return lines


def _last_year(payloads: Sequence[Payload]) -> int:
    """The last year of a past-looking date in the data; of none, that of the payloads' period or creation."""
    years = [
        int(pc.max(pc.year(payload.rows.column(name))).as_py() or 0)
        for payload in payloads
        for name in (*DATED, "entry_date")
        if name in payload.rows.column_names and pa.types.is_date(payload.rows.column(name).type)
    ]
    stated = [payload.period or payload.created for payload in payloads]
    years += [int(text[:4]) for text in stated if text[:4].isdigit()] if not any(years) else []
    return max((year for year in years if year), default=2000)


def _list(names: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"
