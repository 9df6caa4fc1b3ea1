"""Protection: the methods of a policy applied in order. If its thresholds then do not hold, the file is refused."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.disclosure.keys.coding import Frame, as_arrow, beyond_exact
from wasl.disclosure.keys.variable_types import is_number_type
from wasl.disclosure.keys.working_file import WorkingFile, prepare
from wasl.disclosure.methods.steps.apply import apply_method, recode_alike
from wasl.disclosure.methods.steps.step import Change
from wasl.disclosure.methods.steps.told_records import without_told_records
from wasl.disclosure.policy import DisclosurePolicy, Role, require_thresholds
from wasl.disclosure.policy import method_documents as m
from wasl.disclosure.policy.gate import release_failures
from wasl.disclosure.policy.told_areas import told_areas
from wasl.disclosure.risk.assess import assess_file
from wasl.disclosure.risk.continuous_risk import interval_risk, linkage_risk
from wasl.disclosure.risk.followed_cells import FollowedCells
from wasl.disclosure.risk.risk_report import Failure, RiskReport
from wasl.disclosure.risk.told_numbers import told_numbers
from wasl.disclosure.utility.measures import UtilityReport, compare
from wasl.errors import PolicyError
from wasl.registers.exchange.bound_randomness import bound_generator, bound_secret, table_secret

__all__ = ["Protection", "protect"]

NUMERIC_RISK_ROWS = 20_000
"""Rows on which the risk of numbers is measured: the standard error of a share is then at most 0.4 %."""


@dataclass(frozen=True, slots=True)
class Protection:
    """A protected file and how it came about.

    Attributes:
        table: The protected microdata.
        policy: The policy it meets.
        before, after: Risk; confidential.
        utility: How original and protected file differ; confidential, because masked values follow from it.
        numeric_risk: Interval and record-linkage risk of the numbers as released, against their originals.
        changes: What was done, in order.
        removed: Rows removed.
        origin: For each row of ``table``, the original row it was made from; confidential, for attacks on the release.
        search: The lattice search's result, if there was one.
        beyond: How much local suppression aimed above the policy's k, because the policy was not met otherwise.
        follows: For each key, suppressed cells that a reader can fill in from other released columns; the thresholds
            hold with these cells filled in; confidential.
        seed: Seed of everything random; confidential (with the data it would undo swapping and order).
        attacks: Results of attacks on the file, as JSON values, where the caller made them; confidential.
        prepared: The original as the policy reads it, so that attacks need not read it again; confidential.
        secret: Source of the random edges of published bands; it follows from seed, data and policy; confidential.
    """

    table: pa.Table = field(repr=False)
    policy: DisclosurePolicy = field(repr=False)
    before: RiskReport = field(repr=False)
    after: RiskReport = field(repr=False)
    utility: UtilityReport = field(repr=False)
    numeric_risk: dict[str, Any]
    changes: tuple[Change, ...]
    removed: int
    origin: NDArray[np.int64] = field(repr=False)
    search: dict[str, Any] | None = None
    beyond: int = 0
    follows: dict[str, Any] = field(default_factory=dict, repr=False)
    seed: int = field(default=0, repr=False)
    attacks: dict[str, Any] | None = None
    prepared: WorkingFile | None = field(default=None, repr=False)
    secret: bytes = field(default=b"", repr=False)

    def public_report(self) -> dict[str, Any]:
        """What users may know, as ``report.public`` decides: no risk, no seed, no figure a value follows from."""
        from wasl.disclosure.report.public import public_facts

        return public_facts(self)

    def internal_report(self) -> dict[str, Any]:
        """Everything the release desk and the approver need; confidential."""
        from wasl.disclosure.report.areas import internal_areas

        return {
            "policy": {"name": self.policy.name, "digest": self.policy.digest},
            "seed": self.seed,
            "rows": self.table.num_rows,
            "rows_removed": self.removed,
            "changes": [change.internal() for change in self.changes],
            "search": self.search,
            **({"local_suppression_beyond_k": self.beyond} if self.beyond else {}),
            "cells_that_follow": self.follows,
            "risk_before": self.before.to_json(),
            "risk_after": self.after.to_json(),
            "utility": self.utility.to_json(),
            "numeric_risk": self.numeric_risk,
            "areas": internal_areas(self),
            "attacks": self.attacks,
        }


def protect(
    table: Frame,
    policy: DisclosurePolicy,
    *,
    seed: int,
    population: Frame | None = None,
    today: date | None = None,
) -> Protection:
    """Microdata changed until the policy's thresholds hold.

    Args:
        table: The microdata.
        policy: What is done and what must hold.
        seed: Seed of everything random: the same data, policy and seed give the same file. Without the data a seed
            tells nothing (`wasl.registers.exchange.bound_randomness`).
        population: Population table for k-map.
        today: The day of release, for the rule on the age of the data.

    Raises:
        InputError: The data do not fit the policy, or the policy limits no risk.
        PolicyError: The thresholds or release rules do not hold in the end; names each failing rule.
    """
    require_thresholds(policy)
    original = prepare(table, policy)
    secret = bound_secret(seed, table_secret(original.table), policy.digest)
    before = assess_file(original, population=population)
    first: PolicyError | None = None
    for beyond in (0, *_aims_beyond(policy, original.rows)):
        try:
            made = _protect_once(original, policy, before, population, secret=secret, today=today, beyond=beyond)
            return replace(made, seed=seed)
        except _MissedError as missed:
            first = first or missed.error
            if not missed.by_suppression:
                break
        except PolicyError as error:
            first = first or error
    assert first is not None  # noqa: S101 - the loop ends with a file or an error
    raise first


AIMS = (*range(2, 21), 25, 30, 40)
FEW_AIMS = (3, 5, 10, 20, 40)
"""Frequencies that local suppression aims at where the policy is not met at its own k: those above k, in their order.
They are the same for every k, so that an answer for a higher k is found for a lower one, too."""

ALL_AIMS_ROWS = 5_000
"""Rows up to which all aims are tried; a protection of 5,000 rows takes about 0.5 s, so a refusal about 10 s."""


def _aims_beyond(policy: DisclosurePolicy, rows: int) -> tuple[int, ...]:
    """How much above the policy's k local suppression may aim where the policy is not met at k itself.

    A file that is safe for a higher k is safe for k. With larger classes other rules can hold (diversity, a limit of
    records removed) that do not hold at k.
    """
    asked = [method.k or policy.thresholds.k for method in policy.methods if isinstance(method, m.LocalSuppression)]
    if not asked:
        return ()
    limits = policy.thresholds
    every = [limits.all_combinations.k] if limits.all_combinations else []
    k = max([one for one in asked if one] + [rule.k for rule in limits.combinations] + every, default=0)
    aims = AIMS if rows <= ALL_AIMS_ROWS else FEW_AIMS
    return tuple(aim - k for aim in aims if aim > k)


class _MissedError(Exception):
    """The policy is not met; says whether other suppression may help."""

    def __init__(self, error: PolicyError, *, by_suppression: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self.by_suppression = by_suppression


def _protect_once(
    original: WorkingFile,
    policy: DisclosurePolicy,
    before: RiskReport,
    population: Frame | None,
    *,
    secret: bytes,
    today: date | None,
    beyond: int,
) -> Protection:
    """Microdata protected with local suppression that aims ``beyond`` above each k; see `protect`.

    Raises:
        PolicyError: A method cannot reach its goal.
        _MissedError: A threshold or a release rule does not hold in the end.
    """
    rng = bound_generator(secret, "methods")
    file, kept = original, np.arange(original.rows)
    changes: list[Change] = []
    search = None
    others = None if population is None else WorkingFile(as_arrow(population).select(list(file.keys)), policy)
    if policy.search is not None:
        from wasl.disclosure.lattice.policy_search import generalize_to, search_policy

        found = search_policy(file, population)
        others = None if others is None else generalize_to(others, found.levels)
        file, kept, search = found.file, kept[found.kept], found.to_json()
        changes.extend(found.changes)
    for method in policy.methods:
        table_of = None if others is None else others.table
        removed = original.rows - file.rows
        file, rows, change = apply_method(file, method, rng, removed=removed, population=table_of, beyond=beyond)
        others = None if others is None else recode_alike(others, method, file, rng)
        kept = kept[rows] if rows is not None else kept
        if change is not None:
            changes.append(change)
    table_of = None if others is None else others.table
    _require_rows(original, file)
    file, kept, follows, change = without_told_records(original, file, kept, rng, table_of)
    _require_rows(original, file)
    if change is not None:
        changes.append(change)
    removed = original.rows - file.rows
    utility = _utility(original, file, kept)
    numbers = _numeric_risk(original, file, kept, tuple(utility.numbers))
    limits = _limits_of_numbers(numbers)
    after = assess_file(file, population=table_of, removed=removed, numeric=limits)
    undone: list[str] = []
    if follows.cells:
        filled = assess_file(follows.file, population=table_of, removed=removed, numeric=limits, depth=False)
        undone = _undone(follows, filled, after)
    failures = [*map(str, after.failures), *undone, *release_failures(file, today=today)]
    failures += [*told_areas(original, file, kept), *told_numbers(original, file, kept)]
    if failures:
        error = PolicyError(
            f"the policy {policy.name!r} is not met: {'; '.join(failures)}.",
            remedy=_REMEDY_UNDONE if undone else _REMEDY,
        )
        raise _MissedError(error, by_suppression=bool(after.failures) and not undone)
    released, renumbered = _renumber_households(file, rng)
    changes.extend(renumbered)
    order = rng.permutation(released.rows)
    released, kept = released.with_rows(pa.array(order)), kept[order]
    changes.append(Change("shuffle_rows", (), {}, {}, "Rows are in random order."))
    return Protection(
        table=_only_used(released.table.combine_chunks()),
        policy=policy,
        before=before,
        after=after,
        utility=utility,
        numeric_risk=numbers,
        changes=tuple(changes),
        removed=removed,
        origin=kept,
        search=search,
        beyond=beyond,
        follows=follows.to_json(),
        prepared=original,
        secret=secret,
    )


def _require_rows(original: WorkingFile, file: WorkingFile) -> None:
    """Refuse a file of which no row is left.

    Raises:
        PolicyError: It is.
    """
    if file.rows == 0:
        raise PolicyError(
            f"the policy {file.policy.name!r} leaves no row of {original.rows}.",
            remedy="Recode the keys further before removing records.",
        )


_REMEDY = "Recode further or suppress more in the policy's methods; thresholds are never weakened."
_REMEDY_UNDONE = (
    "Drop or recode the columns that tell these cells, or give them the role key. "
    "What a weight tells can stay instead: set never_suppress."
)


def _undone(follows: FollowedCells, filled: RiskReport, after: RiskReport) -> list[str]:
    """The thresholds that hold only while suppressed cells stay unknown that a reader can fill in, as sentences."""
    met = {failure.rule for failure in after.failures}
    missed: list[Failure] = [failure for failure in filled.failures if failure.rule not in met]
    if not missed:
        return []
    cells = "; ".join(
        f"{count} suppressed cells of {name} follow from {', '.join(follows.sources[name])}"
        for name, count in follows.cells.items()
    )
    return [f"{cells}, and filled in: {'; '.join(map(str, missed))}"]


def _only_used(table: pa.Table) -> pa.Table:
    """The table with dictionaries of the categories that its rows have, in their order.

    A file keeps the dictionary of a column. Categories of suppressed cells and removed rows could be read in it.
    """
    for place, name in enumerate(table.column_names):
        column = table.column(name)
        if not pa.types.is_dictionary(column.type):
            continue
        array = column.unify_dictionaries().combine_chunks()
        used = np.unique(np.asarray(array.indices.drop_null(), np.int64))
        lookup = np.zeros(len(array.dictionary) + 1, np.int64)
        lookup[used] = np.arange(len(used))
        codes = np.asarray(array.indices.fill_null(len(array.dictionary)).cast(pa.int64()))
        indices = pa.array(lookup[codes], column.type.index_type, mask=np.asarray(array.is_null()))
        fresh = pa.DictionaryArray.from_arrays(
            indices, array.dictionary.take(pa.array(used)), ordered=column.type.ordered
        )
        table = table.set_column(place, name, fresh)
    return table


def _limits_of_numbers(measured: dict[str, Any]) -> dict[str, float]:
    """Interval and linkage risk under their names in the policy; no numbers left are no risk."""
    if not measured:
        return {"interval_risk": 0.0, "linkage_risk": 0.0}
    return {"interval_risk": measured["interval_1_percent"], "linkage_risk": measured["linkage"]}


def _utility(original: WorkingFile, protected: WorkingFile, kept: NDArray[np.int64]) -> UtilityReport:
    """Compare what is left with the same rows as they were."""
    rows = original.with_rows(pa.array(kept)).table
    policy = original.policy
    skip = {policy.weight, policy.household}
    categorical: list[str] = []
    numeric: list[str] = []
    for name in protected.table.column_names:
        if name in skip:
            continue
        columns = (rows.column(name), protected.table.column(name))
        is_number = all(is_number_type(column.type) for column in columns) and not any(
            pa.types.is_integer(column.type) and beyond_exact(column) for column in columns
        )
        is_key = policy.by_name[name].role is Role.KEY if name in policy.by_name else False
        (numeric if is_number and not is_key else categorical).append(name)
    return compare(rows, protected.table, categorical=categorical, numeric=numeric, rows_before=original.rows)


def _numeric_risk(
    original: WorkingFile, protected: WorkingFile, kept: NDArray[np.int64], names: tuple[str, ...]
) -> dict[str, Any]:
    """Closeness of released numbers to their originals, all variables together; on at most 20,000 rows."""
    if not names:
        return {}
    rows = np.linspace(0, len(kept) - 1, min(len(kept), NUMERIC_RISK_ROWS)).astype(np.int64)
    before = np.column_stack([original.numbers(name)[kept][rows] for name in names])
    after = np.column_stack([protected.numbers(name)[rows] for name in names])
    linkage = linkage_risk(before, after)
    return {
        "variables": list(names),
        "rows": len(rows),
        "interval_1_percent": interval_risk(before, after, 0.01),
        "interval_5_percent": interval_risk(before, after, 0.05),
        "linkage": linkage.share,
        "linkage_among_nearest": {"neighbours": linkage.neighbours, "share": linkage.within},
    }


def _renumber_households(file: WorkingFile, rng: np.random.Generator) -> tuple[WorkingFile, list[Change]]:
    """Household numbers replaced by random ones, so that they lead back to nothing."""
    name = file.policy.household
    numbers = file.households
    if name is None or numbers is None:
        return file, []
    fresh = rng.permutation(int(numbers.max()) + 1) + 1
    renumbered = file.with_column(name, pa.array(fresh[numbers]))
    return renumbered, [Change("renumber", (name,), {}, {}, "Household numbers are replaced by random ones.")]
