"""Control sets: records of the same population that a file was not made from, and what an attack gains over them."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from wasl.disclosure.attacks.evaluate import attack_protected
from wasl.disclosure.keys.coding import Frame, as_arrow, code_columns
from wasl.disclosure.policy import DisclosurePolicy
from wasl.disclosure.protect import Protection, protect
from wasl.errors import InputError, PolicyError
from wasl.locale import N_

__all__ = ["CONTROL_SHARE", "held_out", "trial_excess"]

CONTROL_SHARE = 0.2
"""Share of the records held out as a control set, as is usual for evaluating synthetic data (Giomi et al. 2023)."""

LEAST_CONTROL = 30
"""With fewer control records the interval of the risk is wider than 0.3, so no control set is held out."""

TRIAL_ROWS = 200_000
"""Largest file of which a trial is made: a trial takes as long as the protection itself."""


def held_out(
    table: Frame, policy: DisclosurePolicy, *, seed: int, share: float = CONTROL_SHARE
) -> tuple[pa.Table, pa.Table | None]:
    """Split microdata into the records a model is fitted to and a control set it never sees.

    Attacks succeed on the control set by knowledge of the population alone. The risk of the synthetic file is the
    excess of their success on the fitted records. Households stay together.

    Args:
        table: The microdata.
        policy: Its household variable, if any.
        seed: Seed of the draw.
        share: Share of the records (or households) held out.

    Returns:
        The records to fit, and the control set; None where there are fewer than ``LEAST_CONTROL`` of them.

    Raises:
        InputError: The share is not between 0 and 1.
    """
    if not 0.0 <= share < 1.0:
        raise InputError(f"the share held out is {share}, but must be at least 0 and below 1.")
    rows = as_arrow(table)
    units = np.arange(rows.num_rows)
    if policy.household is not None and policy.household in rows.column_names:
        codes = code_columns(rows, [policy.household])[0].codes.astype(np.int64)
        units = np.where(codes < 0, codes.max(initial=-1) + 1 + np.arange(len(codes)), codes)
    count = int(units.max(initial=-1)) + 1
    rng = np.random.Generator(np.random.PCG64([seed, 3]))
    drawn = np.zeros(count, np.bool_)
    drawn[rng.permutation(count)[: round(share * count)]] = True
    control = drawn[units]
    if control.sum() < LEAST_CONTROL:
        return rows, None
    return rows.take(pa.array(np.flatnonzero(~control))), rows.take(pa.array(np.flatnonzero(control)))


def trial_excess(
    table: Frame, protection: Protection, *, population: Frame | None = None, today: date | None = None
) -> dict[str, Any]:
    """Measure on a trial file how much attacks gain from a file made under a policy.

    Every record of the data is in the protected file, so none can be its control set. A trial file is made under the
    same policy from four fifths of the records (whole households); the others are its control set.

    Args:
        table: The microdata before protection.
        protection: The protected file.
        population: Population table for k-map.
        today: The day of release.

    Returns:
        ``source``: ``trial`` with the share and number of records held out and the attacks, or ``unknown`` with the
        reason.

    *Does not protect against* an intruder who knows more than the attacks assume; and the trial file has fewer records
    than the release, so its persons have a little less company.
    """
    policy, seed = protection.policy, protection.seed
    rows = as_arrow(table)
    if rows.num_rows > TRIAL_ROWS:
        return {"source": "unknown", "reason": N_("the file is too large for a trial")}
    fitted, control = held_out(rows, policy, seed=seed)
    if control is None:
        return {"source": "unknown", "reason": N_("the file has too few records to hold some out")}
    try:
        trial = protect(fitted, policy, seed=seed, population=population, today=today)
        rng = np.random.Generator(np.random.PCG64([seed, 4]))
        found = attack_protected(fitted, trial, rng, control=control)
    except (InputError, PolicyError):
        return {"source": "unknown", "reason": N_("the policy is not met when some records are held out")}
    return {
        "source": "trial",
        "share": CONTROL_SHARE,
        "held_out": control.num_rows,
        "attacks": [attack.to_json() for attack in found.attacks if attack.control is not None],
    }
