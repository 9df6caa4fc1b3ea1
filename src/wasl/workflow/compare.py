"""Scenarios side by side: what each policy, or each protected file, leaves at risk and what it keeps.

A scenario that its policy refuses stays in the comparison, with the reason. The risk–utility map follows Duncan,
Keller-McNulty, Stokes (2001), "Disclosure risk vs. data utility: the R-U confidentiality map".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.disclosure.attacks.intruders import linkage_attack
from wasl.disclosure.attacks.rates import Rate
from wasl.disclosure.keys.coding import Frame
from wasl.disclosure.keys.working_file import WorkingFile, prepare
from wasl.disclosure.policy import DisclosurePolicy
from wasl.disclosure.protect import protect as protect_table
from wasl.disclosure.risk.assess import assess_file
from wasl.disclosure.utility.measures import category_map
from wasl.disclosure.utility.scenarios import MEANINGS, GroupKept, Kept, groups_kept, what_is_kept
from wasl.errors import InputError, ThresholdError
from wasl.workflow.act import RunOptions
from wasl.workflow.assess import without_person_id

__all__ = ["Comparison", "LinkageSuccess", "Scenario", "compare"]

TARGETS = 1_000
"""Persons attacked in each scenario: the standard error of a share is then at most 1.6 %."""


@dataclass(frozen=True, slots=True)
class LinkageSuccess:
    """Success of an intruder who knows a person's keys exactly and names a record.

    Attributes:
        in_file: The intruder knows that the person is in the file.
        in_population: The intruder knows only that the person is in the population: success in the file times the
            chance that the person is in it (records over the sum of weights).
        sampling_fraction: That chance.
    """

    in_file: Rate
    in_population: float
    sampling_fraction: float

    def to_json(self) -> dict[str, Any]:
        """The success as a JSON value."""
        return {
            "in_file": {"value": self.in_file.value, "low": self.in_file.low, "high": self.in_file.high},
            "in_population": self.in_population,
            "sampling_fraction": self.sampling_fraction,
        }


@dataclass(frozen=True, slots=True)
class Scenario:
    """One policy or protected file.

    Attributes:
        name: What it is called.
        refusal: Why the policy gives no file; empty where there is one.
        passed: Whether the thresholds of its policy hold.
        k, risk, largest_risk: Smallest frequency, expected re-identifications as a share, largest individual risk.
        linkage: Success of the linkage attack; None where rows cannot be matched to the original.
        kept: What is left for users.
        groups: For each group variable, what each group keeps.
    """

    name: str
    refusal: str = ""
    passed: bool = False
    k: float | None = None
    risk: float | None = None
    largest_risk: float | None = None
    linkage: LinkageSuccess | None = None
    kept: Kept | None = None
    groups: Mapping[str, tuple[GroupKept, ...]] = field(default_factory=dict)

    @property
    def utility(self) -> float | None:
        """The utility axis of the map: detail kept in the cells that are left, times the share of records kept."""
        if self.kept is None:
            return None
        return self.kept.detail_kept * (1.0 - self.kept.suppressed) * min(1.0, self.kept.rows_kept)

    def to_json(self) -> dict[str, Any]:
        """The scenario as a JSON value."""
        return {
            "name": self.name,
            "refusal": self.refusal,
            "passed": self.passed,
            "k": self.k,
            "risk": self.risk,
            "largest_risk": self.largest_risk,
            "linkage": None if self.linkage is None else self.linkage.to_json(),
            "utility": self.utility,
            "kept": None if self.kept is None else self.kept.to_json(),
            "groups": {name: [group.to_json() for group in groups] for name, groups in self.groups.items()},
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """All scenarios and the original. Confidential: it shows where files are weak.

    Attributes:
        original: The original file as a scenario: full utility, full risk.
        scenarios: In the order given.
    """

    original: Scenario
    scenarios: tuple[Scenario, ...]

    def dominated(self) -> tuple[str, ...]:
        """Scenarios that another one beats in risk and utility, and does not lose to in either."""
        made = [s for s in self.scenarios if s.risk is not None and s.utility is not None]
        return tuple(
            s.name
            for s in made
            if any(
                o.risk <= s.risk and o.utility >= s.utility and (o.risk, o.utility) != (s.risk, s.utility)  # type: ignore[operator]
                for o in made
            )
        )

    def to_json(self) -> dict[str, Any]:
        """The comparison as a JSON value, with the meaning of each measure."""
        return {
            "original": self.original.to_json(),
            "scenarios": [scenario.to_json() for scenario in self.scenarios],
            "dominated": list(self.dominated()),
            "meanings": dict(MEANINGS),
        }


def compare(
    data: Frame,
    scenarios: Sequence[tuple[str, DisclosurePolicy | Frame]],
    options: RunOptions,
    *,
    roles: DisclosurePolicy | None = None,
    groups: Sequence[str] = (),
) -> Comparison:
    """Measure scenarios side by side.

    Args:
        data: The original microdata.
        scenarios: Name and policy (it is applied to the data) or protected file (it is measured as it is).
        options: The seed, and the day of release.
        roles: The policy that says what the variables of protected files are; default: the first policy among the
            scenarios.
        groups: Variables whose categories are followed, such as the region.

    Raises:
        InputError: Fewer than one scenario, two of the same name, a protected file without ``roles``, or a group
            variable that the data lack.
    """
    names = [name for name, _ in scenarios]
    if not scenarios or len(set(names)) != len(names):
        raise InputError("a comparison needs scenarios with names of their own.")
    reference = roles or next((value for _, value in scenarios if isinstance(value, DisclosurePolicy)), None)
    if reference is None:
        raise InputError("protected files alone do not say what their variables are.", remedy="Give --policy.")
    table = without_person_id(data)
    original = prepare(table, reference)
    absent = [name for name in groups if name not in original.table.column_names]
    if absent:
        raise InputError(f"the data have no variable {', '.join(absent)} to follow.")
    results = []
    for name, value in scenarios:
        if isinstance(value, DisclosurePolicy):
            results.append(_of_policy(name, table, value, options, groups))
        else:
            released = prepare(without_person_id(value), _tolerant(reference))
            results.append(_measured(name, original, released, None, groups, options))
    return Comparison(
        _measured("original", original, original, np.arange(original.rows), groups, options), tuple(results)
    )


def _of_policy(
    name: str, table: pa.Table, policy: DisclosurePolicy, options: RunOptions, groups: Sequence[str]
) -> Scenario:
    """A policy applied; a refusal is a result."""
    try:
        made = protect_table(table, policy, seed=options.require_seed(), today=options.today)
    except ThresholdError as error:
        return Scenario(name, refusal=error.message)
    if made.prepared is None:
        raise InputError(f"scenario {name!r} does not carry its original.")
    released = prepare(made.table, _tolerant(policy))
    return _measured(name, made.prepared, released, made.origin, groups, options)


def _tolerant(policy: DisclosurePolicy) -> DisclosurePolicy:
    """The policy for a file that may lack variables and have others: what it lacks is lost detail, not an error."""
    variables = tuple(variable.model_copy(update={"optional": True}) for variable in policy.variables)
    return policy.model_copy(update={"variables": variables, "unlisted": "free"})


def _measured(
    name: str,
    original: WorkingFile,
    released: WorkingFile,
    origin: NDArray[np.int64] | None,
    groups: Sequence[str],
    options: RunOptions,
) -> Scenario:
    report = assess_file(released, depth=False)
    return Scenario(
        name=name,
        passed=report.passed,
        k=report.k,
        risk=report.individual.share,
        largest_risk=report.individual.maximum,
        linkage=None if origin is None else _linkage(original, released, origin, options),
        kept=what_is_kept(original, released),
        groups={group: groups_kept(original, released, group, origin=origin) for group in groups},
    )


def _linkage(
    original: WorkingFile, released: WorkingFile, origin: NDArray[np.int64], options: RunOptions
) -> LinkageSuccess | None:
    """The linkage attack on the keys, by someone who knows the originals in the release's categories."""
    names = [name for name in released.keys if name in original.table.column_names]
    if not names:
        return None
    columns = {}
    for name in names:
        before = original.coded([name])[0]
        before = before.with_codes(before.codes[origin])
        after = released.coded([name])[0]
        codes = np.asarray(category_map(before, after)[before.codes], np.int32)
        columns[name] = after.with_codes(codes).decode()
    text = {name: released.coded([name])[0].decode() for name in names}
    rng = np.random.Generator(np.random.PCG64([options.require_seed(), 2]))
    truth = np.arange(released.rows)
    found = linkage_attack(pa.table(columns), pa.table(text), names, truth=truth, rng=rng, targets=TARGETS)
    weights = released.weights
    fraction = 1.0 if weights is None else min(1.0, released.rows / float(weights.sum()))
    return LinkageSuccess(found.main, found.main.value * fraction, fraction)
