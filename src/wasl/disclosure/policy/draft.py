"""Proposes a disclosure policy from microdata, with the evidence for each column.

The evidence is counts and shares. No cell of the file is written into the draft, so it can be shown to others. The
draft is a beginning: data do not show which facts an intruder has.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wasl.disclosure.keys.hierarchy import Hierarchy
from wasl.disclosure.policy.document import DisclosurePolicy
from wasl.errors import InputError
from wasl.locale import N_, Messages, messages
from wasl.registers.documents import validate_document
from wasl.registers.published_names import names_to_change, unpublishable
from wasl.registers.reading.headers import is_free_text, known_features, speaks_of_another, words_key
from wasl.registers.reading.headings import PAYLOAD_HEADINGS
from wasl.registers.reading.numbers import read_numbers

__all__ = ["FILES", "KnownLabels", "draft_policy"]

ENGLISH = messages("en")
KnownLabels = Mapping[str, tuple[str, str, str]]
"""English, French and Arabic label of variables by their standard name."""

ALWAYS_DROPPED = ("person_id", "record_id", "registers")
KEYS = (
    "region", "sex", "age", "age_group", "birth_year", "nationality", "province", "work_province", "city", "area",
    "activity_section", "activity_broad", "occupation_group", "skill_level", "education", "education_level",
    "labour_status", "marital_status", "legal_status", "contract_type", "pension_type", "arrival_cohort",
    "residence_country", "campaign",
)  # fmt: skip
"""Variables that acquaintances, employers or offices know, in order of importance."""
AMOUNTS = ("wage", "amount", "income", "salary", "revenu", "salaire", "montant", "remittances")
"""Words in the names of amounts of money, which an intruder wants to learn."""
WEIGHTS = ("weight", "ponderation", "pondération", "coefficient", "poids", "wgt", "coef_", "coeff", "الترجيح")
HOUSEHOLDS = ("household", "menage", "ménage", "hh_id", "hhid", "foyer", "الأسرة")
"""Words in the names of numbers of households."""
NUMBERS_OF = ("id", "num", "no", "numero", "identifiant", "code")
CONCEPTS = {"sex": "sex", "nationality": "nationality", "region": "region", "locality": "city"}
"""Variables that a heading may name in another language, by feature."""
AREA_CODE = r"^(0[1-9]|1[0-2])$"
"""Codes of the twelve regions, whose neighbours ship."""
FILES = {
    "nationality": ("nationality-continents.csv", 2), "residence_country": ("nationality-continents.csv", 2),
    "activity_section": ("activity-sections.csv", 2), "occupation_group": ("occupation-groups.csv", 2),
}  # fmt: skip
"""Shipped hierarchies, and the level proposed for public use."""
REGION_ROWS = 30
"""Rows from which a region is shown by itself: six times the proposed k."""
FEW = 60
"""Different values up to which a text is a category."""
CODE = r"^-?0[0-9]"
"""A text of digits that is a code and no number."""
LEAST = 10
"""Rows that a category must have in the proposed release."""
CODES = 12
"""Different numbers up to which a number is a code: classes of ten would make one of them."""


@dataclass(slots=True)
class _Column:
    """A column and what is proposed for it.

    Attributes:
        name: Its name.
        role: Role in the policy.
        reason: Why, in words.
        counts: What was found, in words.
        number: Whether the policy reads it as a number.
        hierarchy: Its hierarchy as TOML, or empty.
        distinct: Different values.
        concept: The standard name of what it says, or its own name.
        areas: Whether its values are codes of regions.
        rare: Whether it is a text with categories in few rows, and no hierarchy makes them coarser.
    """

    name: str
    role: str
    reason: str
    counts: str
    number: bool = False
    hierarchy: str = ""
    distinct: int = 0
    concept: str = ""
    areas: bool = False
    rare: bool = False


def draft_policy(
    table: pa.Table,
    name: str,
    known: KnownLabels,
    words: Messages = ENGLISH,
    *,
    hierarchies: Mapping[str, str] | None = None,
) -> str:
    """A policy for public use in TOML: roles, hierarchies, thresholds and methods.

    Args:
        table: The microdata.
        name: The policy's name.
        known: Labels of variables that register schemas describe.
        words: The language of the comments.
        hierarchies: Texts of the shipped hierarchies in `FILES`. One is proposed only where it has every value.

    Raises:
        InputError: The data have no rows, or no column that could be a key.
    """
    if table.num_rows == 0:
        raise InputError("the data have no rows.")
    _ = words.text
    columns = [_column(one, table.column(one), words, hierarchies or {}) for one in table.column_names]
    keys = sorted((c for c in columns if c.role == "key"), key=_importance)
    if not keys:
        raise InputError(
            "no column looks like something an intruder knows (sex, age, nationality, region, occupation, …).",
            remedy="Name the columns by their standard names, or write the policy by hand.",
        )
    lines = [
        "# "
        + _(
            "Proposed from {rows} rows for public use. Check every line; the comments say what was found.",
            rows=table.num_rows,
        ),
        "# " + _("Nobody can see from data what an intruder knows: decide on each role."),
        f"name = {_quoted(name)}",
        'title = "?"',
        'unlisted = "refuse"',
        "",
        "[missing]",
        'semantics = "wildcard"',
        "",
        "[thresholds]",
        "k = 5  # " + _("IHSN practice guide: 5 for public use, 3 for scientific use"),
        "individual_risk = 0.2",
        "removed_rows = 0.1",
        "",
        "[release]",
        "max_keys = 15",
        "random_order = true",
        'forbidden = ["person_id", "record_id"]',
        "",
    ]
    changed = names_to_change(table.column_names)
    for column in columns:
        lines += [
            *([unpublishable(changed[column.name], words)] if column.name in changed and column.role != "drop" else []),
            f"# {words.parts((column.counts, _(column.reason)))}",
            *_variable(column, keys, known),
            "",
        ]
    lines += _methods(columns, words)
    text = "\n".join(lines)
    validate_document(DisclosurePolicy, tomllib.loads(text), "the draft")
    return text


def _concept(name: str) -> str:
    """The standard name of what a column says, where its name or its heading in another language tells."""
    if name in KEYS:
        return name
    if speaks_of_another(name):
        return name
    for feature in known_features(name):
        if feature in CONCEPTS:
            return CONCEPTS[feature]
    own = words_key(name)
    return next(
        (one for one, texts in PAYLOAD_HEADINGS.items() if one in KEYS and own in {words_key(text) for text in texts}),
        name,
    )


def _column(name: str, values: pa.ChunkedArray, words: Messages, hierarchies: Mapping[str, str]) -> _Column:
    _ = words.text
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    plain = _as_number(values.cast(kind) if pa.types.is_dictionary(values.type) else values)
    kind = plain.type
    counts = pc.value_counts(plain.drop_null())
    distinct, rows = len(counts), len(values)
    least = int(pc.min(counts.field("counts")).as_py()) if distinct else 0
    counted = {"known": rows - values.null_count, "missing": values.null_count, "distinct": distinct}
    found = (
        _("{known} values, {missing} missing, {distinct} different, the rarest in {least} rows", **counted, least=least)
        if distinct
        else _("{known} values, {missing} missing, {distinct} different", **counted)
    )
    concept = _concept(name)
    role, reason = _role(name, concept, kind, distinct, rows - values.null_count)
    column = _Column(name, role, reason, found, distinct=distinct, concept=concept)
    numeric = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    column.number = role in ("weight", "sensitive") or (role == "key" and numeric and distinct > CODES)
    if role == "key":
        texts = [str(one) for one in values.drop_null().unique().to_pylist()]
        column.areas = concept == "region" and all(re.match(AREA_CODE, text) for text in texts)
        column.hierarchy = _hierarchy(column, plain, kind, texts, hierarchies)
        column.rare = (
            (pa.types.is_string(kind) or pa.types.is_large_string(kind))
            and least < LEAST
            and not column.hierarchy
            and not column.areas
        )
        if concept in FILES and not column.hierarchy:
            column.reason = N_("others may know it of a person; no shipped hierarchy has its categories")
    return column


def _as_number(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Texts that are all numbers, as the cells of a CSV file are; codes with leading zeros stay text."""
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)) or not len(values.drop_null()):
        return values
    if pc.any(pc.match_substring_regex(values.drop_null(), CODE)).as_py():
        return values
    numbers = read_numbers(values.cast(pa.string())).values
    return numbers if numbers.null_count == values.null_count else values


def _role(name: str, concept: str, kind: pa.DataType, distinct: int, known: int) -> tuple[str, str]:
    """The proposed role of a column and why."""
    low = name.lower()
    parts = set(re.findall(r"[^\W_]+", low))
    texts = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    numeric = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    if name in ALWAYS_DROPPED:
        return "drop", N_("an internal number")
    if any(word in low for word in WEIGHTS) and numeric:
        return "weight", N_("a sampling weight")
    if low in HOUSEHOLDS or (any(one in low for one in HOUSEHOLDS) and (parts & {*NUMBERS_OF} or distinct > FEW)):
        return "household", N_("numbers of households; they are drawn anew")
    if not known:
        return "drop", N_("never has a value")
    if any(word in low for word in AMOUNTS) and numeric:
        return "sensitive", N_("an amount of money: what an intruder wants to learn")
    if name not in KEYS and set(known_features(name)) - set(CONCEPTS):
        return "drop", N_("a name, a number, a birth date or an address of a person")
    if texts and is_free_text(name):
        return "drop", N_("people write what they like: it may name anybody")
    if texts and speaks_of_another(name) and concept not in KEYS:
        return "drop", N_("it speaks of another person: check")
    if concept in KEYS and (name in KEYS or distinct <= FEW):
        return "key", N_("others may know it of a person")
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind) or pa.types.is_time(kind):
        return "drop", N_("an exact date can identify; recode it if users need it")
    if pa.types.is_boolean(kind) or low.startswith(("in_", "ever_", "resident_", "icls_")):
        return "free", N_("follows from the registers; not known to acquaintances: check")
    if distinct > FEW:
        return "drop", N_("many different values: may identify")
    if numeric:
        return "key", N_("a number with few values that others may know: check")
    return "free", N_("few categories: say whether others may know it")


def _hierarchy(
    column: _Column, values: pa.ChunkedArray, kind: pa.DataType, texts: Sequence[str], hierarchies: Mapping[str, str]
) -> str:
    """The proposed hierarchy as TOML; empty where none has every value, or where numbers are few and so codes."""
    if column.concept in FILES:
        file = FILES[column.concept][0]
        found = Hierarchy.from_csv(column.name, hierarchies[file]) if file in hierarchies else None
        return f'{{ file = "{file}" }}' if found is None or set(texts) <= set(found.leaves) else ""
    if column.concept in ("province", "work_province") and all(re.match(r"^\d{3}", text) for text in texts):
        return "{ levels = [{ prefix = 2 }, { to_all = true }] }"
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind)) or column.distinct <= CODES:
        return ""
    numbers = np.asarray(values.drop_null().cast(pa.float64()), np.float64)
    low, high = (float(np.round(np.quantile(numbers, q) / 10) * 10) for q in (0.05, 0.95))
    ends = f", bottom = {low:g}, top = {high:g}" if low < high else ""
    return f"{{ levels = [{{ width = 10{ends} }}, {{ to_all = true }}] }}"


def _importance(column: _Column) -> tuple[int, int]:
    return (KEYS.index(column.concept) if column.concept in KEYS else len(KEYS)), column.distinct


def _variable(column: _Column, keys: list[_Column], known: KnownLabels) -> list[str]:
    lines = ["[[variables]]", f"name = {_quoted(column.name)}"]
    if column.number:
        lines.append('type = "number"')
    if column.role != "drop":
        labels = known.get(column.name, known.get(column.concept, ("", "", "")))
        for key, text, empty in zip(
            ("label", "label_fr", "label_ar"), labels, ("<label>", "<libellé>", "<التسمية>"), strict=True
        ):
            lines.append(f"{key} = {_quoted(text or empty)}")
    lines.append(f'role = "{column.role}"')
    if column.role == "key":
        lines.append(f"importance = {keys.index(column) + 1}")
    if column.areas:
        lines.append("never_suppress = true")
    if column.role != "weight":
        lines.append("optional = true")
    if column.hierarchy:
        lines.append(f"hierarchy = {column.hierarchy}")
    return lines


OF_AMOUNTS: dict[str, dict[str, int]] = {"top_bottom": {"top": 1_000_000}, "round": {"base": 100}}
"""Methods for amounts that a draft shows as comments, with numbers that come from no data."""


def _methods(columns: list[_Column], words: Messages) -> list[str]:
    _ = words.text
    lines: list[str] = []
    keys = [column for column in columns if column.role == "key"]
    for column in keys:
        if column.hierarchy:
            level = FILES.get(column.concept, ("", 1))[1]
            lines += _method("recode", variable=column.name, level=level)
    for area in (column for column in keys if column.areas):
        lines.append(
            "# " + _("Every region with enough rows stays by itself; the others join neighbours of similar size.")
        )
        lines += _method(
            "group_areas",
            variable=area.name,
            below=REGION_ROWS,
            neighbours="region-neighbours.csv",
            classification="region",
        )
    for column in columns:
        if column.role == "sensitive":
            lines.append(
                "# "
                + _(
                    "Give a bound above which amounts are one, and a base to round to: take away the number signs, and "
                    "write your own numbers."
                )
            )
            for kind, settings in OF_AMOUNTS.items():
                lines += ["# " + line for line in _method(kind, variable=column.name, **settings) if line]
            lines += _method("microaggregate", variables=[column.name], size=5)
    lines += _method("local_suppression")
    lines += _method("suppress_records", max_share=0.05)
    for column in keys:
        if column.concept in ("nationality", "province", "work_province") or (column.concept in KEYS and column.rare):
            lines += _method("group_rare", variable=column.name, below=LEAST, into="Other")
    return lines


def _method(kind: str, **settings: object) -> list[str]:
    values = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in settings.items()]
    return ["[[methods]]", f'kind = "{kind}"', *values, ""]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
