"""What may be published about a protected file: the only place where that is decided.

A reader who has the file and the report must not be able to compute a masked value, not even one who knows all other
rows of the original. So each published figure is one of three kinds:

- It follows from the released file and the policy alone. Suppressed cells enter no figure: their effect on
  distributions and two-way tables is stated as the greatest that the released file allows ("under 0.05"). Of numbers
  only that is told which the method itself guarantees, whatever the values are.
- It depends on masked cells, and has random noise before it is put in a band (`wasl.disclosure.report.bands.Blur`): the
  detail that recoding leaves, cells changed by PRAM or swapping, removed rows. One record changes how likely a band is
  by a small factor, and never what is certain.
- It is listed under ``not_stated``. The choice follows from the policy and the file's size, or from noise.

The same holds for what is not a number: a method whose effect cannot be seen in the file is named whether or not it
changed anything.

*Does not protect against* what the released file itself shows: a method that leaves a value as it is, or two files with
different noise on the same values. The secret of the noise follows from seed and data; whoever knows both has the
original anyway.

Source: Hundepool et al. (2012), Statistical Disclosure Control, section 4.2. Kenthapadi, Mishra, Nissim (2005),
Simulatable auditing, PODS: a decision to withhold must not depend on what is withheld. Dwork, McSherry, Nissim, Smith
(2006), Calibrating noise to sensitivity, TCC.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wasl.disclosure.keys.coding import CodedColumn, code_column, numeric_column
from wasl.disclosure.policy import DisclosurePolicy, Role
from wasl.disclosure.report.areas import published_areas
from wasl.disclosure.report.bands import DISTANCES, SHARES, Band, Blur, band_at_most
from wasl.disclosure.report.published_losses import (
    REMOVING,
    Touched,
    category_losses,
    number_losses,
    on_released,
    touched_by,
)
from wasl.disclosure.report.sentences import LANGUAGES, sentence
from wasl.disclosure.utility.measures import UtilityReport, crosstabs
from wasl.registers.exchange.bound_randomness import bound_generator
from wasl.registers.exchange.digests import digest_table

if TYPE_CHECKING:
    from wasl.disclosure.protect import Protection
    from wasl.disclosure.synthesize import Synthesis

__all__ = ["public_facts", "synthetic_facts"]

ROUNDED_ROWS = 10
"""Removed records are published as a band of twenty around a multiple of ten, below ten as "fewer than ten"."""

ROWS_EPSILON = math.log(2.0)
"""Privacy loss of the number of removed records: whether one was removed makes no band more than twice as likely."""

NAMED_ALWAYS = frozenset({
    "microaggregate", "noise", "pram", "rank_swap", "round", "shuffle", "suppress_records", "swap_records",
})  # fmt: skip
"""Methods whose effect cannot be seen in the file. That one changed nothing would tell that all values are exact."""


def public_facts(protection: Protection) -> dict[str, Any]:
    """Everything that is published about a protected file, in French, Arabic and English.

    Args:
        protection: The protected file with its original; neither is in the result.

    Returns:
        A JSON value: policy, rows, variables, methods with what they did, suppressed cells and losses in bands.
    """
    table, policy = protection.table, protection.policy
    withheld: list[str] = []
    blur = Blur(protection.secret)
    variables, numbers = _measured(protection, blur, withheld)
    pairs = _two_way(protection, blur)
    if pairs is None and len(protection.utility.variables) > 1:
        withheld.append("two-way tables")
    return {
        "policy": _policy(policy),
        "rows": table.num_rows,
        "rows_removed": _removed(protection, blur).to_json(),
        "table_digest": digest_table(table),
        "variables": _variables(table, policy),
        "methods": [
            {
                "method": change.method,
                "variables": list(change.variables),
                "description": sentence(change, "en"),
                "description_fr": sentence(change, "fr"),
                "description_ar": sentence(change, "ar"),
            }
            for change in protection.changes
            if change.took_effect or change.method in NAMED_ALWAYS
        ],
        "suppressed_cells": {
            name: {"share": _suppressed(name, item.suppressed, table.num_rows, blur).to_json()}
            for name, item in protection.utility.variables.items()
        },
        "areas": published_areas(protection),
        "information_loss": {
            "variables": variables,
            "numbers": numbers,
            "two_way_tables": None if pairs is None else pairs.to_json(),
            "not_stated": withheld,
        },
        "languages": list(LANGUAGES),
    }


def synthetic_facts(synthesis: Synthesis) -> dict[str, Any]:
    """Everything that is published about a synthetic file: no record is a person's, so margins protect one record."""
    table, policy, utility = synthesis.table, synthesis.policy, synthesis.utility
    step = 1.0 / max(min(utility.rows_before, utility.rows_after), 1)
    withheld: list[str] = []
    blur = Blur(synthesis.secret)
    variables = {}
    for name, item in utility.variables.items():
        distance = blur.band(f"{name}: distance", item.hellinger, float(np.sqrt(step)), DISTANCES)
        if distance is None:
            withheld.append(f"{name}: distance")
        variables[name] = {
            "categories": item.categories_after,
            "distance": None if distance is None else distance.to_json(),
        }
    mean = utility.crosstabs
    pairs = None if mean is None else blur.band("two-way tables", mean, step, DISTANCES)
    return {
        "policy": _policy(policy),
        "rows": table.num_rows,
        "synthetic": True,
        "model": synthesis.model,
        "table_digest": digest_table(table),
        "variables": _variables(table, policy),
        "methods": [
            {
                "method": "synthesis",
                "variables": table.column_names,
                "description": "Every record is synthetic: drawn from a statistical model of the data.",
                "description_fr": "Chaque enregistrement est synthétique : tiré d'un modèle statistique des données.",
                "description_ar": "كل تسجيل اصطناعي: مسحوب من نموذج إحصائي للبيانات.",
            }
        ],
        "information_loss": {
            "variables": variables,
            "numbers": {},
            "two_way_tables": None if pairs is None else pairs.to_json(),
            "not_stated": withheld,
        },
        "languages": list(LANGUAGES),
    }


def _policy(policy: DisclosurePolicy) -> dict[str, str]:
    return {"name": policy.name, "title": policy.title, "source": policy.source}


def _variables(table: pa.Table, policy: DisclosurePolicy) -> list[dict[str, str]]:
    """Every released column, whether the policy names it or not."""
    result = []
    for name in table.column_names:
        spec = policy.by_name.get(name)
        label = name if spec is None else spec.label or name
        result.append(
            {
                "name": name,
                "label": label,
                "label_fr": label if spec is None else spec.label_fr or label,
                "label_ar": label if spec is None else spec.label_ar or label,
                "role": "identifying" if spec is not None and spec.role is Role.KEY else "other",
            }
        )
    return result


def _removed(protection: Protection, blur: Blur) -> Band:
    """How many records were removed, about; the record that was or was not removed cannot be told from it."""
    policy = protection.policy
    searched = policy.search is not None and policy.search.suppression_limit > 0
    if not protection.removed and not searched and not any(isinstance(one, REMOVING) for one in policy.methods):
        return Band(0.0, 0.0)
    noise = float(bound_generator(blur.secret, "removed").laplace(0.0, 1.0 / ROWS_EPSILON))
    near = ROUNDED_ROWS * max(0, round((protection.removed + noise) / ROUNDED_ROWS))
    return Band(float(max(0, near - ROUNDED_ROWS)), float(near + ROUNDED_ROWS))


def _suppressed(name: str, share: float, rows: int, blur: Blur) -> Band:
    """The share of a variable's cells that are suppressed; other missing cells were missing before."""
    if share <= 0.0:
        return Band(0.0, 0.0)
    return blur.band(f"{name}: suppressed", share, 1.0 / max(rows, 1), SHARES) or Band(0.0, 1.0)


def _measured(protection: Protection, blur: Blur, withheld: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The losses of each variable in bands; what is not stated is added to ``withheld``."""
    original, released, policy = protection.prepared, protection.table, protection.policy
    utility: UtilityReport = protection.utility
    variables: dict[str, Any] = {}
    numbers: dict[str, Any] = {}
    if original is None:
        withheld += [*utility.variables, *utility.numbers]
        return variables, numbers
    for name, before, after in _aligned(protection):
        facts = category_losses(before, after, _touched(protection, name), blur)
        withheld += [f"{name}: {figure}" for figure, band in facts.items() if band is None]
        variables[name] = {
            "categories": utility.variables[name].categories_after,
            **{figure: None if band is None else band.to_json() for figure, band in facts.items()},
        }
    for name in utility.numbers:
        before_values = numeric_column(original.table.select([name]), name)[protection.origin]
        after_values = numeric_column(released.select([name]), name)
        methods = _touched(protection, name).methods
        facts = number_losses(before_values, after_values, methods, by_household=policy.household is not None)
        withheld += [f"{name}: {figure}" for figure, band in facts.items() if band is None]
        numbers[name] = {figure: None if band is None else band.to_json() for figure, band in facts.items()}
    return variables, numbers


def _touched(protection: Protection, name: str) -> Touched:
    return touched_by(protection.policy, name)


def _aligned(protection: Protection) -> Iterator[tuple[str, CodedColumn, CodedColumn]]:
    """Each categorical variable before and after, row by row; a cell suppressed after is missing before, too.

    So the value of a suppressed cell reaches no figure.
    """
    if protection.prepared is None:
        return
    rows = pa.array(protection.origin)
    for name in protection.utility.variables:
        after = code_column(name, protection.table.column(name))
        known = pc.is_valid(protection.table.column(name))
        column = protection.prepared.table.column(name).take(rows)
        yield name, code_column(name, pc.if_else(known, column, pa.scalar(None, column.type))), after


def _two_way(protection: Protection, blur: Blur) -> Band | None:
    """The greatest mean distance of two-way tables that the suppressed cells allow, beside what perturbation changed.

    A table over the rows known in both variables differs from that over all rows by at most the share of the others. A
    variable that is only recoded has the released categories before and after. None where a variable is both recoded
    and perturbed.
    """
    rows = protection.table.num_rows
    mapped, columns, perturbed = [], [], False
    for name, before, after in _aligned(protection):
        touched = _touched(protection, name)
        if touched.perturbed and touched.coarsened:
            return None
        perturbed |= touched.perturbed
        mapped.append(on_released(before, after) if touched.perturbed else after.codes)
        columns.append(after)
    if len(columns) < 2 or not rows:
        return None
    changed = crosstabs(mapped, columns)
    tables = list(combinations(columns, 2))[: len(changed)]
    known = [int(np.count_nonzero((a.codes >= 0) & (b.codes >= 0))) for a, b in tables]
    bound = float(np.mean([1.0 - count / rows for count in known]))
    if not perturbed:
        return band_at_most(bound, DISTANCES)
    distance = float(np.mean([item[2] for item in changed]))
    stable = blur.band("two-way tables", distance, 1.0 / max(min(known), 1), DISTANCES)
    return None if stable is None else band_at_most(min(1.0, stable.high + bound), DISTANCES)
