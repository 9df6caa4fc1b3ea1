"""Makes the estimates a specification asks for."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.errors import InputError
from wasl.estimation.calibration import Calibration, calibrate
from wasl.estimation.dual_system import LinkQuality, dual_system
from wasl.estimation.flows import flows_between, stayers_of_all
from wasl.estimation.intervals import Estimate
from wasl.estimation.linked_totals import corrected_total, propensity_classes, replicate_weights
from wasl.estimation.multiple_systems import multiple_systems
from wasl.estimation.specification import CalibrationSpec, EstimateSpec, FlowsSpec, LinkedTotalSpec, QualitySpec
from wasl.estimation.whole_lists import contained_lists, require_whole_lists

__all__ = ["Estimates", "make_estimates"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimates:
    """The estimates, weights and report.

    Attributes:
        rows: One row per estimate: what, group, counts, value, standard error, interval, reason.
        weights: Calibrated and replicate weights in the order of the data; None if not asked for.
        report: The internal report.
    """

    rows: list[dict[str, Any]] = field(repr=False)
    weights: pa.Table | None = field(repr=False)
    report: dict[str, Any]


def make_estimates(data: pa.Table, spec: EstimateSpec, *, seed: int) -> Estimates:
    """The estimates.

    Args:
        data: One row per person (reconciliation, multiple systems, flows) or survey record.
        spec: What is asked for.
        seed: Of bootstrap intervals.

    Raises:
        InputError: A column is missing or holds something else.
        PolicyError: Known totals cannot be met.
    """
    if spec.reconciliation is not None or spec.multiple_systems is not None:
        require_whole_lists(data)
    rows: list[dict[str, Any]] = []
    report: dict[str, Any] = {"name": spec.name, "specification_digest": spec.digest, "rows": data.num_rows}
    if spec.reconciliation is not None:
        rows += _reconciliation(data, spec)
    if spec.multiple_systems is not None:
        rows.append(_multiple_systems(data, spec, seed, report))
    if spec.flows is not None:
        rows += _flows(data, spec.flows)
    weights, calibrated, calibration_notes = None, None, list[str]()
    if spec.calibration is not None:
        calibrated = _calibration(data, spec.calibration)
        report["calibration"] = {
            "iterations": calibrated.iterations,
            "largest_relative_error": calibrated.largest_error,
            "smallest_factor": float(calibrated.factors.min()),
            "largest_factor": float(calibrated.factors.max()),
        }
        weights = _weights_table(data, spec.calibration, calibrated)
        calibration_notes = _change_of_weights(data, spec.calibration, calibrated)
    for item in spec.linked_totals:
        rows.append(_linked_total(data, item, calibrated, report))
    report["notes"] = calibration_notes + _notes(spec) + _contained(data, spec)
    report["estimates"] = len(rows)
    report["not_estimable"] = sum(row["estimate"] is None for row in rows)
    return Estimates(rows, weights, report)


def _notes(spec: EstimateSpec) -> list[str]:
    """Notes for the reader: the source of each known total, and links that are taken as perfect."""
    notes = []
    for name, asked in (("reconciliation", spec.reconciliation), ("multiple_systems", spec.multiple_systems)):
        if asked is not None and asked.quality == QualitySpec():
            notes.append(f"{name}: links are taken as perfect, for no quality of the links is given")
    margins = spec.calibration.margins if spec.calibration is not None else ()
    return notes + [f"margin {m.variable}: {m.source or 'no source of the totals is given'}" for m in margins]


def _change_of_weights(data: pa.Table, asked: CalibrationSpec, calibrated: Calibration) -> list[str]:
    """A note on the sums and factors of the weights, which show totals of another population."""
    notes: list[str] = []
    before, after = f"{_numbers(data, asked.weight).sum():,.0f}", f"{calibrated.weights.sum():,.0f}"
    low, high = f"{calibrated.factors.min():.3g}", f"{calibrated.factors.max():.3g}"
    notes.append(f"calibration: the weights add up to {before} before and {after} after; factors from {low} to {high}")
    return notes


def _contained(data: pa.Table, spec: EstimateSpec) -> list[str]:
    """Notes on lists whose persons are all on another one: the data may have been selected by that list."""
    pairs = [] if spec.reconciliation is None else [(spec.reconciliation.first, spec.reconciliation.second)]
    lists = () if spec.multiple_systems is None else spec.multiple_systems.lists
    flags = {name: _flags(data, name) for name in {*itertools.chain(*pairs), *lists}}
    notes: list[str] = []
    for inner, outer in contained_lists(flags, [*pairs, *itertools.combinations(lists, 2)]):
        notes.append(f"{inner}: all its persons are on {outer}; if they were selected by it, the figures are too small")
    return notes


def _column(data: pa.Table, name: str) -> pa.ChunkedArray:
    if name not in data.column_names:
        raise InputError(
            f"the data lack the column {name!r}.", remedy=f"They have: {', '.join(data.column_names[:30])}."
        )
    return data.column(name)


def _flags(data: pa.Table, name: str) -> NDArray[np.bool_]:
    try:
        return np.asarray(pc.fill_null(_column(data, name).cast(pa.bool_()), fill_value=False).to_numpy(), np.bool_)
    except pa.ArrowInvalid as error:
        raise InputError(f"column {name!r} must hold true and false, or 1 and 0.") from error


def _numbers(data: pa.Table, name: str, *, missing: float | None = None) -> Floats:
    try:
        values = np.asarray(_column(data, name).cast(pa.float64()).to_numpy(), dtype=np.float64)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(f"column {name!r} contains values that are not numbers.") from error
    if np.isnan(values).any():
        if missing is None:
            raise InputError(f"column {name!r}: {int(np.isnan(values).sum())} values are missing.")
        values = np.where(np.isnan(values), missing, values)
    return values


def _quality(spec: QualitySpec) -> LinkQuality:
    return LinkQuality(spec.recall, spec.precision, spec.recall_error, spec.precision_error)


def _row(what: str, group: str, estimate: Estimate, **counts: float | None) -> dict[str, Any]:
    return {
        "what": what,
        "group": group,
        "first": counts.get("first"),
        "second": counts.get("second"),
        "linked": counts.get("linked"),
        "missed": counts.get("missed"),
        "estimate": estimate.value,
        "standard_error": estimate.error,
        "low": estimate.low,
        "high": estimate.high,
        "reason": f"cannot be estimated: {estimate.reason}" if estimate.value is None else "",
    }


def _groups(data: pa.Table, by: Sequence[str]) -> list[tuple[str, NDArray[np.bool_]]]:
    """The total, and each combination of codes that occurs, with the rows in it."""
    groups: list[tuple[str, NDArray[np.bool_]]] = [("total", np.ones(data.num_rows, np.bool_))]
    if by:
        columns = [_column(data, name).cast(pa.string()).fill_null("_U").to_numpy().astype(str) for name in by]
        levels = [np.unique(column) for column in columns]
        for codes in itertools.product(*levels):
            inside = np.logical_and.reduce([column == code for column, code in zip(columns, codes, strict=True)])
            if inside.any():
                groups.append((", ".join(f"{n}={c}" for n, c in zip(by, codes, strict=True)), inside))
    return groups


def _reconciliation(data: pa.Table, spec: EstimateSpec) -> list[dict[str, Any]]:
    asked = spec.reconciliation
    assert asked is not None  # noqa: S101
    one, two = _flags(data, asked.first), _flags(data, asked.second)
    quality = _quality(asked.quality)
    groups = _groups(data, asked.by)
    rows = []
    for label, inside in groups:
        first, second = float((one & inside).sum()), float((two & inside).sum())
        linked = float((one & two & inside).sum())
        estimate = dual_system(first, second, linked, quality)
        matches = linked * quality.precision / quality.recall
        missed = None if estimate.value is None else estimate.value - (first + second - matches)
        rows.append(_row("persons", label, estimate, first=first, second=second, linked=linked, missed=missed))
    return rows


def _flows(data: pa.Table, asked: FlowsSpec) -> list[dict[str, Any]]:
    """Stayers, exits and entries of each pair of rounds, and of more than two the stayers of all."""
    names = [one.name for one in asked.rounds]
    present = [_flags(data, one.column or one.name) for one in asked.rounds]
    own = {(step.first, step.second): _quality(step.quality) for step in asked.steps}
    shared = None if asked.quality is None else _quality(asked.quality)
    successive = list(itertools.pairwise(range(len(names))))
    pairs = successive if asked.pairs == "successive" else list(itertools.combinations(range(len(names)), 2))
    rows = []
    for label, inside in _groups(data, asked.by):
        size = [float((flags & inside).sum()) for flags in present]
        for i, j in pairs:
            linked = float((present[i] & present[j] & inside).sum())
            found = flows_between(size[i], size[j], linked, own.get((names[i], names[j]), shared))
            counts = {"first": size[i], "second": size[j], "linked": linked}
            for what, estimate in (("stayers", found.stayed), ("exits", found.left), ("entries", found.came)):
                rows.append(_row(f"{what}, {names[i]} to {names[j]}", label, estimate, **counts))
        if len(names) > 2:
            linked = float((np.logical_and.reduce(present) & inside).sum())
            qualities = [own.get((names[i], names[j]), shared) for i, j in successive]
            counts = {"first": size[0], "second": size[-1], "linked": linked}
            rows.append(_row("stayers, all rounds", label, stayers_of_all(size, linked, qualities), **counts))
    return rows


def _multiple_systems(data: pa.Table, spec: EstimateSpec, seed: int, report: dict[str, Any]) -> dict[str, Any]:
    asked = spec.multiple_systems
    assert asked is not None  # noqa: S101
    flags = np.stack([_flags(data, name) for name in asked.lists], axis=1).astype(np.int64)
    histories, counts = np.unique(flags, axis=0, return_counts=True)
    table = {tuple(h): float(n) for h, n in zip(histories.tolist(), counts.tolist(), strict=True) if any(h)}
    rng = np.random.Generator(np.random.PCG64([seed, 16]))
    result = multiple_systems(table, quality=_quality(asked.quality), rng=rng)
    report["multiple_systems"] = {
        "dependences": [f"{asked.lists[i]} × {asked.lists[j]}" for i, j in result.dependences],
        "range_of_models_that_fit_as_well": result.range_of_models,
    }
    return _row("persons, all lists", "total", result.estimate)


def _calibration(data: pa.Table, asked: CalibrationSpec) -> Calibration:
    columns, totals = [], []
    for margin in asked.margins:
        if margin.total is not None:
            columns.append(_numbers(data, margin.variable))
            totals.append(margin.total)
            continue
        codes = _column(data, margin.variable).cast(pa.string()).fill_null("_U").to_numpy().astype(str)
        unnamed = sorted(set(np.unique(codes)) - set(margin.totals))
        strange = [code for code in unnamed if code == "_U"] if margin.others is not None else unnamed
        if strange:
            raise InputError(f"margin {margin.variable!r}: no total is given for the codes {', '.join(strange[:10])}.")
        for code, total in margin.totals.items():
            columns.append((codes == code).astype(np.float64))
            totals.append(total)
        if margin.others is not None:
            columns.append(np.isin(codes, unnamed).astype(np.float64))
            totals.append(margin.others)
    return calibrate(
        _numbers(data, asked.weight),
        np.stack(columns, axis=1),
        np.array(totals),
        distance=asked.distance,
        bounds=asked.bounds,
    )


def _weights_table(data: pa.Table, asked: CalibrationSpec, calibrated: Calibration) -> pa.Table:
    columns: dict[str, Any] = {"calibrated_weight": calibrated.weights, "factor": calibrated.factors}
    if asked.replicates:
        strata, clusters = _codes(data, asked.strata), _codes(data, asked.cluster)
        replicates = replicate_weights(calibrated.weights, strata, clusters, groups=asked.replicates)
        columns |= {f"replicate_{g + 1}": replicates[:, g] for g in range(replicates.shape[1])}
    return pa.table(columns)


def _codes(data: pa.Table, name: str) -> NDArray[np.int64] | None:
    if not name:
        return None
    return np.unique(_column(data, name).cast(pa.string()).fill_null("").to_numpy().astype(str), return_inverse=True)[
        1
    ].astype(np.int64)


def _linked_total(
    data: pa.Table, asked: LinkedTotalSpec, calibrated: Calibration | None, report: dict[str, Any]
) -> dict[str, Any]:
    probability = _numbers(data, asked.probability, missing=0.0)
    if ((probability < 0) | (probability > 1)).any():
        raise InputError(f"column {asked.probability!r} holds values that are not probabilities.")
    value = _numbers(data, asked.value, missing=0.0)
    linked = probability > 0
    if calibrated is not None:
        weights = calibrated.weights
    else:
        weights = _numbers(data, asked.weight) if asked.weight else np.ones(data.num_rows)
    recall = asked.recall
    if asked.covariates and linked.any():
        known = _covariates(data, asked.covariates)
        classes = propensity_classes(linked, known, weights, classes=asked.classes, probability=probability)
        weights, recall = weights * classes.factor, 1.0
        report.setdefault("linkage_rates", {})[asked.value] = classes.rate.tolist()
        if classes.empty:
            report.setdefault("classes_without_links", {})[asked.value] = classes.empty
    pool = asked.pool_mean
    if pool is None and linked.any():
        pool = float(np.average(value[linked], weights=weights[linked]))
    estimate = (
        Estimate.impossible("neither the recall of the links nor covariates are given")
        if recall is None
        else corrected_total(
            value,
            probability,
            weights,
            recall=recall,
            recall_error=asked.recall_error,
            pool_mean=pool or 0.0,
            strata=_codes(data, asked.strata),
            clusters=_codes(data, asked.cluster),
            census=asked.census,
        )
    )
    return _row(f"total of {asked.value}", "total", estimate, linked=float(linked.sum()))


def _covariates(data: pa.Table, names: Sequence[str]) -> Floats:
    columns: list[Floats] = []
    for name in names:
        column = _column(data, name)
        if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
            columns.append(_numbers(data, name))
            continue
        codes = column.cast(pa.string()).fill_null("_U").to_numpy().astype(str)
        columns += [(codes == code).astype(np.float64) for code in np.unique(codes)[1:]]
    return np.stack(columns, axis=1)
