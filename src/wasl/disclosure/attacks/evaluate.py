"""All release-side attacks on a protected or synthetic file, and the gate against earlier releases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from wasl.disclosure.attacks.changed_rows import by_values
from wasl.disclosure.attacks.coded_means import by_coded_means
from wasl.disclosure.attacks.differencing import Differencing, by_size, differencing, together
from wasl.disclosure.attacks.downcoding import Downcoding, downcoding
from wasl.disclosure.attacks.intruders import (
    inference_attack,
    linkability_attack,
    linkage_attack,
    singling_out_attack,
)
from wasl.disclosure.attacks.rates import AttackRisk
from wasl.disclosure.attacks.records import numeric_variables
from wasl.disclosure.keys.coding import CodedColumn, Frame, as_arrow, code_column
from wasl.disclosure.keys.hierarchy import Hierarchy
from wasl.disclosure.keys.working_file import WorkingFile, prepare, resolve_hierarchy
from wasl.disclosure.policy import DisclosurePolicy, Role
from wasl.disclosure.protect import Protection
from wasl.disclosure.utility.measures import category_map
from wasl.errors import PolicyError

__all__ = ["ReleaseAttacks", "attack_protected", "attack_synthetic", "compare_releases", "require_no_exposure"]

COMPARISONS = 200_000_000
"""Row comparisons an attack may cost; more rows mean fewer targets."""


@dataclass(frozen=True, slots=True)
class ReleaseAttacks:
    """The results of all attacks.

    Attributes:
        attacks: One result per attack.
        downcoding: Traces of local recoding; None for synthetic files and files without keys.
    """

    attacks: tuple[AttackRisk, ...]
    downcoding: Downcoding | None

    def to_json(self) -> dict[str, Any]:
        """The results as a JSON value."""
        return {
            "attacks": [attack.to_json() for attack in self.attacks],
            "downcoding": None if self.downcoding is None else self.downcoding.to_json(),
        }


def attack_protected(
    original: Frame, protection: Protection, rng: np.random.Generator, *, control: Frame | None = None
) -> ReleaseAttacks:
    """Attack a protected file knowing the originals, recoded as the release recodes.

    In a file without keys an intruder knows all released variables of a person.

    Args:
        original: The microdata before protection; read again only if the protection does not carry them prepared.
        protection: The protected file; it remembers which row came from where.
        rng: Draws targets and descriptions.
        control: Persons of the same population who are not in the file.
    """
    policy = protection.policy
    file = protection.prepared if protection.prepared is not None else prepare(original, policy)
    released = protection.table
    names = [name for name in released.column_names if name not in (policy.weight, policy.household)]
    aligned = file.with_rows(pa.array(protection.origin)).table
    known = _in_release_categories(aligned, aligned, released, names)
    others = None
    if control is not None:
        others = _in_release_categories(prepare(control, policy).table, aligned, released, names)
    keys = [name for name in protection.after.keys if name in released.column_names]
    truth = np.arange(released.num_rows)
    results = [
        linkage_attack(known, released, keys or names, truth=truth, rng=rng, targets=_targets(released)),
        *_criteria(known, released, names, keys, policy, rng, others),
    ]
    if not keys:
        return ReleaseAttacks(tuple(results), None)
    hierarchies = _hierarchies(file, keys)
    k = policy.thresholds.k or 3
    return ReleaseAttacks(tuple(results), downcoding(released.select(list(hierarchies)), hierarchies, k=k))


def attack_synthetic(
    original: Frame,
    synthetic: Frame,
    policy: DisclosurePolicy,
    rng: np.random.Generator,
    *,
    control: Frame | None = None,
) -> ReleaseAttacks:
    """Attack a synthetic file, whose rows belong to nobody: singling out, linkability, inference."""
    file = prepare(original, policy)
    released = as_arrow(synthetic)
    names = [name for name in released.column_names if name in file.table.column_names]
    keys = [name for name in file.keys if name in names]
    others = None if control is None else prepare(control, policy).table.select(names)
    return ReleaseAttacks(tuple(_criteria(file.table.select(names), released, names, keys, policy, rng, others)), None)


def compare_releases(
    original: Frame | WorkingFile, released: Frame, earlier: Sequence[Frame], policy: DisclosurePolicy
) -> Differencing:
    """Check a release against every earlier one of the same population, on the keys they share.

    Each earlier release is compared on all the keys it shares with the new one, and those with the same keys together.
    Where no counts isolate anybody, the values of the other columns are compared, then the means of coded values.
    Of an earlier release without a common key only the number of rows is compared; it is counted.

    Args:
        original: The population at full detail, already prepared or not.
        released: The new release.
        earlier: The earlier ones, recoded along the policy's hierarchies.
        policy: Its hierarchies and k.

    Raises:
        InputError: A category of an earlier release stands nowhere in the policy's hierarchies.
    """
    file = original if isinstance(original, WorkingFile) else prepare(original, policy)
    keys = [name for name in file.keys if name in as_arrow(released).column_names]
    by_keys: dict[tuple[str, ...], list[Frame]] = {}
    for frame in earlier:
        shared = tuple(name for name in keys if name in as_arrow(frame).column_names)
        by_keys.setdefault(shared, []).append(frame)
    k = policy.thresholds.k or 3
    without = [as_arrow(frame).num_rows for frame in by_keys.pop((), [])]
    apart = by_size(as_arrow(released).num_rows, without, k=k)
    rare: dict[str, set[str]] = {}
    for method in policy.methods:
        if method.kind == "group_rare":
            rare.setdefault(method.variable, set()).add(method.into)
    every = tuple(name for name in keys if all(name in shared for shared in by_keys))
    if every and len(by_keys) > 1:  # all releases together, on the keys that all of them have
        by_keys[every] = [frame for frames in by_keys.values() for frame in frames]
    found = [
        differencing(file.table, [released, *frames], _hierarchies(file, shared), k=k, anywhere=rare)
        for shared, frames in by_keys.items()
    ]
    if all(one.safe for one in found) and not apart:
        skip = {*file.keys, policy.weight, policy.household}
        values = [name for name in as_arrow(released).column_names if name not in skip]
        apart = by_values(released, earlier, values, k=k) or by_coded_means(released, earlier, policy, k=k)
    return together(found, k=k, rows=file.rows, not_compared=len(without), apart=apart)


def require_no_exposure(found: Differencing) -> None:
    """Refuse a release that isolates persons together with an earlier one.

    Raises:
        PolicyError: Says how many.
    """
    if not found.safe:
        raise PolicyError(
            f"release.differencing: together with earlier releases {len(found.exposures)} groups of fewer than "
            f"{found.k} persons are isolated ({found.exposed_rows} persons).",
            remedy="Use the recoding of the earlier release, or a coarser one whose classes are unions of its classes. "
            "Release few changes together with later ones. Give top and bottom coding a replacement of its own "
            "(top_value).",
        )


def _criteria(
    known: Frame,
    released: pa.Table,
    names: Sequence[str],
    keys: Sequence[str],
    policy: DisclosurePolicy,
    rng: np.random.Generator,
    control: Frame | None,
) -> list[AttackRisk]:
    """Singling out, linkability and inference."""
    targets = _targets(released)
    results = [singling_out_attack(known, released, names, rng, control=control, attempts=min(targets, 1000))]
    if len(names) > 1:
        halves = list(names)[::2], list(names)[1::2]
        results.append(linkability_attack(known, released, *halves, rng, control=control, targets=targets))
    secrets = [name for name in names if name in policy.by_name and policy.by_name[name].role is Role.SENSITIVE]
    for secret in secrets:
        by = [name for name in keys or names if keys or name != secret]
        if by:
            results.append(inference_attack(known, released, by, secret, rng, control=control, targets=targets))
    return results


def _targets(released: pa.Table) -> int:
    return int(min(1000, max(50, COMPARISONS // max(released.num_rows, 1))))


def _in_release_categories(frame: pa.Table, aligned: pa.Table, released: pa.Table, names: Sequence[str]) -> pa.Table:
    """Rows as an intruder writes them down to compare: recoded the way the aligned originals were."""
    numeric = set(numeric_variables(aligned, names)) & set(numeric_variables(released, names))
    columns = {}
    for name in names:
        if name in numeric:
            columns[name] = frame.column(name)
            continue
        before, after = code_column(name, aligned.column(name)), code_column(name, released.column(name))
        target = category_map(before, after)
        place = {text: int(target[code]) for code, text in enumerate(before.texts)}
        own = code_column(name, frame.column(name))
        lookup = np.array([*(place.get(text, -1) for text in own.texts), -1], np.int32)
        columns[name] = CodedColumn(name, lookup[own.codes], after.labels).decode()
    return pa.table(columns)


def _hierarchies(file: WorkingFile, names: Sequence[str]) -> Mapping[str, Hierarchy]:
    """The hierarchy of each variable, or none but its own categories."""
    result = {}
    for name in names:
        column = file.coded([name])[0]
        spec = file.policy.by_name[name].hierarchy
        result[name] = (
            Hierarchy(name, tuple(column.texts), ())
            if spec is None
            else resolve_hierarchy(name, spec, file.policy, column.texts)
        )
    return result
