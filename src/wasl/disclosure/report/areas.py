"""What each area keeps in a protected file: whether it is shown by itself, its records, and their detail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wasl.disclosure.keys.coding import CodedColumn, code_column
from wasl.disclosure.keys.hierarchy import JOINED, generalize
from wasl.disclosure.policy import method_documents as m
from wasl.registers.codes.classification import CodeList

if TYPE_CHECKING:
    from wasl.disclosure.protect import Protection

__all__ = ["internal_areas", "published_areas"]


def published_areas(protection: Protection) -> list[dict[str, Any]]:
    """For each variable of areas: where every area is found in the file, and what each published area has.

    Counts are of the released file only, so whoever has the file can count them, too. An area that is not shown is not
    listed: that it stood in the original file would tell of a person there.

    Args:
        protection: The protected file.
    """
    found = []
    for method in _methods(protection):
        released = code_column(method.variable, protection.table.column(method.variable))
        rows = np.bincount(released.codes[released.codes >= 0], minlength=len(released.texts))
        shown = _shown(protection, method)
        present = {text: int(count) for text, count in zip(released.texts, rows, strict=True) if count}
        found.append(
            {
                "variable": method.variable,
                "areas": [
                    {"code": area, **_names(method, area), "shown_as": label}
                    for area, label in shown.items()
                    if label in present
                ],
                "published": [
                    {
                        "code": label,
                        **_names(method, label),
                        "rows": present[label],
                        "detail": _detail(protection, method.variable, released.codes == code),
                    }
                    for code, label in enumerate(released.texts)
                    if label in present
                ],
            }
        )
    return found


def internal_areas(protection: Protection) -> list[dict[str, Any]]:
    """For each area of the original file: rows before, rows left, and in how many of them the area is still shown."""
    found: list[dict[str, Any]] = []
    original = protection.prepared
    if original is None:
        return found
    for method in _methods(protection):
        before = original.coded([method.variable])[0]
        recoded = _recoding(protection, method)
        if recoded is not None:
            before = generalize(before, original.hierarchy(method.variable), recoded.level)
        after = code_column(method.variable, protection.table.column(method.variable))
        shown = _shown(protection, method)
        origin = before.codes[protection.origin]
        for code, area in sorted(enumerate(before.texts), key=lambda item: item[1]):
            left = origin == code
            kept = int(np.count_nonzero(left & (after.codes >= 0)))
            found.append(
                {
                    "variable": method.variable,
                    "area": area,
                    "name": _names(method, area)["label"],
                    "shown_as": shown.get(area, "") or "",
                    "rows_before": int(np.count_nonzero(before.codes == code)),
                    "rows_after": int(np.count_nonzero(left)),
                    "rows_shown": kept,
                    "detail": _detail(protection, method.variable, left),
                }
            )
    return found


def _methods(protection: Protection) -> list[m.GroupAreas]:
    """The groupings of areas that the policy has and the file has a column for."""
    names = protection.table.column_names
    return [one for one in protection.policy.methods if isinstance(one, m.GroupAreas) and one.variable in names]


def _recoding(protection: Protection, method: m.GroupAreas) -> m.Recode | None:
    """The recoding that made the areas from something finer, or None."""
    before = protection.policy.methods[: protection.policy.methods.index(method)]
    return next((one for one in before if isinstance(one, m.Recode) and one.variable == method.variable), None)


def _shown(protection: Protection, method: m.GroupAreas) -> dict[str, str]:
    """The label under which the method shows each area, empty where it does not."""
    change = next(
        (one for one in protection.changes if one.method == "group_areas" and one.variables == (method.variable,)), None
    )
    return {} if change is None else dict(change.parameters["groups"])


def _names(method: m.GroupAreas, area: str) -> dict[str, str]:
    """The name of an area, or the names of a group, in three languages."""
    known = CodeList.load(method.classification).entries if method.classification else {}
    entries = [known.get(code) for code in area.split(JOINED)]
    codes = area.split(JOINED)
    names = {}
    for key in ("label", "label_fr", "label_ar"):
        texts = [
            getattr(entry, key, "") or (entry.label if entry else code)
            for entry, code in zip(entries, codes, strict=True)
        ]
        names[key] = " + ".join(texts)
    return names


def _detail(protection: Protection, variable: str, rows: np.ndarray[Any, Any]) -> dict[str, float]:
    """For each other identifying variable, the share of these rows that have a value."""
    count = int(np.count_nonzero(rows))
    shares = {}
    for name in protection.after.keys:
        if name != variable and name in protection.table.column_names and count:
            column: CodedColumn = code_column(name, protection.table.column(name))
            shares[name] = round(float(np.count_nonzero(column.codes[rows] >= 0)) / count, 3)
    return shares
