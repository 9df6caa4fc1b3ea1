"""The release gate: conditions of a release beside the risk thresholds, each failing one named."""

from __future__ import annotations

from datetime import date

import numpy as np

from wasl.disclosure.keys.working_file import WorkingFile
from wasl.errors import InputError

__all__ = ["release_failures"]


def release_failures(file: WorkingFile, *, today: date | None) -> list[str]:
    """The release rules of the policy that the file does not meet, as sentences.

    Args:
        file: The protected file.
        today: The day of release; needed where the policy asks for an age.

    Raises:
        InputError: The policy asks for an age, but the day of release or the reference date is not known.
    """
    rules = file.policy.release
    failures = []
    if rules.min_age_days is not None:
        if rules.reference_date is None or today is None:
            raise InputError(
                "the policy asks for a least age of the data, but the reference date or the day of release is unknown.",
                remedy="Set release.reference_date in the policy.",
            )
        age = (today - rules.reference_date).days
        if age < rules.min_age_days:
            failures.append(
                f"release.min_age_days: the data are {age} days old where {rules.min_age_days} are required"
            )
    if rules.max_keys is not None and len(file.keys) > rules.max_keys:
        failures.append(f"release.max_keys: {len(file.keys)} identifying variables where {rules.max_keys} are allowed")
    present = [name for name in rules.forbidden if name in file.table.column_names]
    if present:
        failures.append(f"release.forbidden: the file still has {', '.join(present)}")
    weights = file.weights
    for rule, limits, sums in (
        ("min_category_rows", rules.min_category_rows, None),
        ("min_category_population", rules.min_category_population, weights),
    ):
        for name in file.present(list(limits)):
            column = file.coded([name])[0]
            known = column.codes >= 0
            counts = np.bincount(
                column.codes[known], weights=None if sums is None else sums[known], minlength=len(column.labels)
            )
            small = int(np.count_nonzero((counts > 0) & (counts < limits[name])))
            if small:
                least = float(counts[counts > 0].min())
                failures.append(
                    f"release.{rule}.{name}: {small} categories below {limits[name]:g}, the smallest has {least:g}"
                )
    return failures
