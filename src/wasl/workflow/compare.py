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

from wasl.disclosure.attacks.scenario_linkage import LinkageSuccess, linkage_success, origin_of, row_ids
from wasl.disclosure.keys.coding import Frame
from wasl.disclosure.keys.working_file import WorkingFile, prepare
from wasl.disclosure.policy import DisclosurePolicy
from wasl.disclosure.protect import protect as protect_table
from wasl.disclosure.risk.assess import assess_file
from wasl.disclosure.utility.scenarios import MEANINGS, GroupKept, Kept, groups_kept, what_is_kept
from wasl.errors import InputError, ThresholdError
from wasl.workflow.act import RunOptions
from wasl.workflow.assess import without_person_id

__all__ = ["Comparison", "LinkageSuccess", "Scenario", "compare"]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One policy or protected file.

    Attributes:
        name: What it is called.
        refusal: Why the policy gives no file; empty where there is one.
        passed: Whether the thresholds of its policy hold.
        k, risk, largest_risk: Smallest frequency, expected re-identifications as a share, largest individual risk.
        linkage: Success of linkage by the keys and by numbers; None where there is nothing to link by.
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
    row_id: str | None = None,
) -> Comparison:
    """Measure scenarios side by side.

    Args:
        data: The original microdata.
        scenarios: Name and policy (it is applied to the data) or protected file (it is measured as it is).
        options: The seed, and the day of release.
        roles: The policy that says what the variables of protected files are; default: the first policy among the
            scenarios.
        groups: Variables whose categories are followed, such as the region.
        row_id: A column of the data and of every protected file that says which rows belong together. Without it the
            success of linkage to a protected file is an expectation.

    Raises:
        InputError: Fewer than one scenario, two of the same name, a protected file without ``roles``, a group variable
            that the data lack, or row ids that do not fit.
    """
    names = [name for name, _ in scenarios]
    if not scenarios or len(set(names)) != len(names):
        raise InputError("a comparison needs scenarios with names of their own.")
    reference = roles or next((value for _, value in scenarios if isinstance(value, DisclosurePolicy)), None)
    if reference is None:
        raise InputError("protected files alone do not say what their variables are.", remedy="Give --policy.")
    table = without_person_id(data)
    ids = None
    if row_id is not None:
        ids, table = row_ids(table, row_id, "the data"), table.drop_columns([row_id])
    original = prepare(table, reference)
    absent = [name for name in groups if name not in original.table.column_names]
    if absent:
        raise InputError(f"the data have no variable {', '.join(absent)} to follow.")
    results = []
    for name, value in scenarios:
        if isinstance(value, DisclosurePolicy):
            results.append(_of_policy(name, table, value, options, groups))
        else:
            shown, origin = without_person_id(value), None
            if ids is not None and row_id is not None:
                origin, shown = origin_of(shown, row_id, ids, name), shown.drop_columns([row_id])
            released = prepare(shown, _tolerant(reference))
            results.append(_measured(name, original, released, origin, groups, options))
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
    report, seed = assess_file(released, depth=False), options.require_seed()
    return Scenario(
        name=name,
        passed=report.passed,
        k=report.k,
        risk=report.individual.share,
        largest_risk=report.individual.maximum,
        linkage=linkage_success(original, released, origin, np.random.Generator(np.random.PCG64([seed, 2]))),
        kept=what_is_kept(original, released),
        groups={group: groups_kept(original, released, group, origin=origin) for group in groups},
    )
