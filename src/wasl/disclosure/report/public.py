"""What may be published about a protected file: the only place where that is decided.

Anyone who has the file and the report must not be able to compute a masked value. So no figure of the original file is
published as a number. No figure depends on a masked cell of a variable whose other cells are released as they are:

- Suppressed cells enter no figure. Their effect on distributions and two-way tables is stated as the greatest that the
  released file allows ("under 0.05").
- Where a number is top or bottom coded, the shift of its mean is stated only if there is none, and that of its spread
  never.
- Where a method may change any cell of a variable (PRAM, noise, rank swapping), losses are published in wide bands. A
  band is published only if it stays the same for any other value of each single cell within a protection interval (the
  inversion check). Otherwise the figure is listed under ``not_stated``.

So what is withheld does not depend on a masked cell either. Figures that follow from the released file alone are exact.

*Does not protect against* an intruder who knows all but one of the original values of a perturbed variable.

Source: Hundepool et al. (2012), Statistical Disclosure Control, section 4.2 (interval protection of single
contributors); the release of summary statistics is treated like the release of a table. Kenthapadi, Mishra, Nissim
(2005), Simulatable auditing, PODS: a decision to withhold must not depend on what is withheld.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wasl.disclosure.keys.coding import CodedColumn, code_column, numeric_column
from wasl.disclosure.policy import DisclosurePolicy, Role
from wasl.disclosure.report.areas import published_areas
from wasl.disclosure.report.bands import DISTANCES, SHARES, Band, band_at_most, banded, stable_band
from wasl.disclosure.report.published_losses import category_losses, number_losses
from wasl.disclosure.report.sentences import LANGUAGES, sentence
from wasl.disclosure.utility.measures import UtilityReport, crosstabs, recoded_alike
from wasl.registers.exchange.digests import digest_table

if TYPE_CHECKING:
    from wasl.disclosure.protect import Protection
    from wasl.disclosure.synthesize import Synthesis

__all__ = ["public_facts", "synthetic_facts"]

ROUNDED_ROWS = 10
"""Removed records are published rounded to tens, below ten as "fewer than ten"."""


def public_facts(protection: Protection) -> dict[str, Any]:
    """Everything that is published about a protected file, in French, Arabic and English.

    Args:
        protection: The protected file with its original; neither is in the result.

    Returns:
        A JSON value: policy, rows, variables, methods with what they did, suppressed cells and losses in bands.
    """
    table, policy = protection.table, protection.policy
    withheld: list[str] = []
    variables, numbers = _measured(protection, withheld)
    pairs = _two_way(protection)
    if pairs is None and len(protection.utility.variables) > 1:
        withheld.append("two-way tables")
    return {
        "policy": _policy(policy),
        "rows": table.num_rows,
        "rows_removed": _removed(protection.removed).to_json(),
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
            if change.took_effect
        ],
        "suppressed_cells": {
            name: {"share": banded(item.suppressed, SHARES).to_json()}
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
    variables = {}
    for name, item in utility.variables.items():
        distance = stable_band(item.hellinger, float(np.sqrt(step)), DISTANCES)
        if distance is None:
            withheld.append(f"{name}: distance")
        variables[name] = {
            "categories": item.categories_after,
            "distance": None if distance is None else distance.to_json(),
        }
    pairs = stable_band(utility.crosstabs, 2.0 * step, DISTANCES)
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


def _removed(rows: int) -> Band:
    if rows < ROUNDED_ROWS:
        return Band(0.0, 0.0 if rows == 0 else float(ROUNDED_ROWS))
    low = rows // ROUNDED_ROWS * ROUNDED_ROWS
    return Band(float(low), float(low + ROUNDED_ROWS))


def _measured(protection: Protection, withheld: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The losses of each variable in bands; what does not pass the inversion check is added to ``withheld``."""
    original, released = protection.prepared, protection.table
    utility: UtilityReport = protection.utility
    variables: dict[str, Any] = {}
    numbers: dict[str, Any] = {}
    if original is None:
        withheld += [*utility.variables, *utility.numbers]
        return variables, numbers
    for name, before, after in _aligned(protection):
        facts = category_losses(before, after)
        withheld += [f"{name}: {figure}" for figure, band in facts.items() if band is None]
        variables[name] = {
            "categories": utility.variables[name].categories_after,
            **{figure: None if band is None else band.to_json() for figure, band in facts.items()},
        }
    coded = {name for change in protection.changes if change.method == "top_bottom" for name in change.variables}
    for name in utility.numbers:
        before_values = numeric_column(original.table.select([name]), name)[protection.origin]
        facts = number_losses(before_values, numeric_column(released.select([name]), name), some_masked=name in coded)
        withheld += [f"{name}: {figure}" for figure, band in facts.items() if band is None]
        numbers[name] = {figure: None if band is None else band.to_json() for figure, band in facts.items()}
    return variables, numbers


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


def _two_way(protection: Protection) -> Band | None:
    """The greatest mean distance of two-way tables that the suppressed cells allow, beside what perturbation changed.

    A table over the rows known in both variables differs from that over all rows by at most the share of the others.
    """
    rows = protection.table.num_rows
    columns = [(recoded_alike(before, after), after) for _, before, after in _aligned(protection)]
    if len(columns) < 2 or not rows:
        return None
    changed = crosstabs([mapped for mapped, _ in columns], [after for _, after in columns])
    lost = []
    for (_, a), (_, b) in list(combinations(columns, 2))[: len(changed)]:
        lost.append(np.count_nonzero((a.codes < 0) | (b.codes < 0)) / rows)
    distance = float(np.mean([item[2] for item in changed]))
    bound = float(np.mean(lost))
    if distance == 0.0:
        return band_at_most(bound, DISTANCES)
    stable = stable_band(distance, 2.0 / rows, DISTANCES)
    return None if stable is None else band_at_most(min(1.0, stable.high + bound), DISTANCES)
