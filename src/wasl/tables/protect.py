"""Protects one table, or several linked ones: builds the cells, finds unsafe ones, protects them, audits the result."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.errors import InputError, PolicyError
from wasl.registers.exchange.bound_randomness import bound_generator, bound_secret
from wasl.tables.build import Built, build_table
from wasl.tables.cell_keys.magnitudes import decimals_of, magnitude_noise
from wasl.tables.cell_keys.perturb import cell_noise
from wasl.tables.cell_keys.records import add_record_keys
from wasl.tables.cells import Floats, Ints, join_tables
from wasl.tables.coalitions import Coalition, attack_together, coalitions_of
from wasl.tables.earlier import EarlierTable
from wasl.tables.earlier_file import EarlierFile
from wasl.tables.interval_audit import Audit, audit_intervals
from wasl.tables.lone import guarded_alike, lone_contributors
from wasl.tables.medians import require_lowest
from wasl.tables.primary import PrimaryResult, find_primary
from wasl.tables.protected import STATUSES, ProtectedTable, ProtectedTables
from wasl.tables.protection import limits
from wasl.tables.ratios import figures_of, linked_parts, with_parts
from wasl.tables.rounding import adjust, round_controlled, round_conventional, round_random
from wasl.tables.specification import MeasureKind, ProtectionMethod, TableSpec, TablesSpec
from wasl.tables.suppression.infeasible import InfeasibleDemandError
from wasl.tables.suppression.modular import suppress_in_parts
from wasl.tables.suppression.problem import Problem, Suppression
from wasl.tables.suppression.search import SearchProgress, suppress
from wasl.tables.system import System, label_of, make_system, quantity_of, sub_tables

__all__ = ["STATUSES", "ProtectedTable", "ProtectedTables", "protect_tables"]

WHOLE = 10_000
"""Cells up to which the search takes all tables as one problem from the beginning."""


def protect_tables(
    spec: TablesSpec,
    data: Sequence[pa.Table],
    hierarchies: Mapping[str, pa.Table],
    *,
    earlier: Sequence[EarlierTable | EarlierFile] = (),
    secret: bytes = b"",
    seed: int = 0,
    progress: SearchProgress | None = None,
    stop: Callable[[], bool] | None = None,
) -> ProtectedTables:
    """Build, protect and audit the tables of a specification.

    Args:
        spec: The tables.
        data: The data of each table, in the specification's order; one entry serves all.
        hierarchies: The levels of each hierarchy file named.
        earlier: Tables and microdata files published before, with what the office knows of them.
        secret: Secret of the record keys (cell-key method).
        seed: Seed of random rounding.
        progress: Told about bound and cost of the search.
        stop: Asked now and then whether to end with the best answer so far.

    Raises:
        InputError: The data do not fit the specification.
        PolicyError: An unsafe cell cannot be protected, or is public already; names the cells.
    """
    began = time.monotonic()
    method = spec.protection.method
    sources = list(data) * len(spec.tables) if len(data) == 1 else list(data)
    if len(sources) != len(spec.tables):
        raise InputError(f"the specification has {len(spec.tables)} tables, but {len(sources)} data sets were given.")
    for table, source in zip(spec.tables, sources, strict=True):
        if table.input.shown is MeasureKind.MEDIAN_BAND:
            require_lowest(table, source)
    asked, (spec, origin) = spec, with_parts(guarded_alike(spec), earlier)
    sources = [sources[number] for number in origin]
    built = [
        replace(
            build_table(
                _keyed(source, table, secret) if method is ProtectionMethod.CELL_KEY else source, table, hierarchies
            ),
            data=next(number for number, one in enumerate(sources) if one is source),
        )
        for source, table in zip(sources, spec.tables, strict=True)
    ]
    spec = linked_parts(spec, sources)
    judged = method in (ProtectionMethod.SUPPRESSION, ProtectionMethod.NONE)
    primary = [
        find_primary(item.table, table.primary, table.protection)
        for item, table in zip(built, spec.tables, strict=True)
        if judged
    ]
    if method is ProtectionMethod.SUPPRESSION:
        tables, details = _by_suppression(spec, built, primary, earlier, progress, stop)
    elif method is ProtectionMethod.CELL_KEY:
        tables, details = _by_cell_keys(spec, built)
    elif method is ProtectionMethod.ROUNDING:
        tables, details = _by_rounding(spec, built, seed)
    else:
        tables = [_finished(t, b, b.table.value, None, None) for t, b in zip(spec.tables, built, strict=True)]
        details = {"primary": 0, "secondary": 0, "cost": 0.0, "bound": 0.0, "proven": True, "audit": None}
        unsafe = sum(int(item.unsafe.sum()) for item in primary)
        details["unsafe_cells_published"] = unsafe
    rules = [item.counts for item in primary]
    if len(spec.tables) > len(asked.tables) or any(t.input.bands for t in asked.tables):
        whole = not details["audit"]["intervals_at_least"]
        tables = figures_of(asked, origin, tables, whole=whole)
        rules = [table.counts_by_rule() for table in tables]
        details |= {name: sum(table.counts()[name] for table in tables) for name in ("primary", "secondary")}
    details["seconds"] = round(time.monotonic() - began, 3)
    report = {
        "name": asked.name,
        "specification_digest": asked.digest,
        "method": method.value,
        **details,
        "tables": [_described(table, rules[i] if rules else {}) for i, table in enumerate(tables)],
    }
    return ProtectedTables(asked, tuple(tables), report)


def _keyed(source: pa.Table, table: TableSpec, secret: bytes) -> pa.Table:
    return add_record_keys(source, table.input.record, secret, table.protection.cell_key.modulus)


def _described(table: ProtectedTable, by_rule: Mapping[str, int]) -> dict[str, Any]:
    return {
        "name": table.spec.name,
        "quantity": quantity_of(table.spec),
        "measure": table.spec.input.shown.value,
        "decimals": table.spec.decimals,
        "perturbed": table.spec.protection.method in (ProtectionMethod.CELL_KEY, ProtectionMethod.ROUNDING),
        "rows": table.rows,
        "rows_without_value": table.valueless,
        "rows_without_code": dict(table.unknown),
        "cells": table.cells.size,
        "status": table.counts(),
        "primary_by_rule": dict(by_rule),
        "dimensions": _axes(table),
        **({"distribution": _axes(table.parts[0])} if table.spec.input.bands else {}),
    }


def _axes(table: ProtectedTable) -> list[dict[str, Any]]:
    return [
        {
            "name": d.name,
            "column": given.source,
            "bands": list(given.bands),
            "total": d.total,
            "codes": list(d.codes),
            "parents": d.parents.tolist(),
        }
        for given, d in zip(table.spec.dimensions, table.cells.dimensions, strict=True)
    ]


def _by_suppression(
    spec: TablesSpec,
    built: Sequence[Built],
    primary: Sequence[PrimaryResult],
    earlier: Sequence[EarlierTable | EarlierFile],
    progress: SearchProgress | None,
    stop: Callable[[], bool] | None,
) -> tuple[list[ProtectedTable], dict[str, Any]]:
    system, used, left_out = make_system(spec, built, primary, earlier)
    coalitions = coalitions_of(spec, built, system)
    answer = _search(spec, built, system, coalitions, progress, stop)
    hidden = answer.suppressed
    audit = audit_intervals(
        system.relations,
        system.value,
        hidden,
        system.down,
        system.up,
        unsafe=system.unsafe & ~system.outside,
        lower=system.lower,
        upper=system.upper,
    )
    if not audit.passed:
        worst = [label_of(built, system, int(c)) for c in [*audit.exact, *audit.within][:10]]
        raise PolicyError(
            f"the audit refuses the tables: {len(audit.exact)} cells can be computed exactly, {len(audit.within)} "
            f"within their protection levels: {'; '.join(worst)}.",
            remedy="Report this as a defect, with the specification.",
        )
    together, computed = attack_together(coalitions, system, hidden)
    if computed:
        worst = [label_of(built, system, cell) for cell in computed[:10]]
        raise PolicyError(
            f"the audit refuses the tables: coalitions compute {len(computed)} cells exactly: {'; '.join(worst)}.",
            remedy="Report this as a defect, with the specification.",
        )
    tables = []
    own = np.zeros(system.relations.cells, dtype=np.bool_)
    for table, item, found, member in zip(spec.tables, built, primary, system.members, strict=False):
        own[member] = True
        status = np.where(item.table.value == 0, 3, 0).astype(np.int8)
        status[hidden[member]] = 2
        status[system.unsafe[member] & ~system.outside[member]] = 1
        tables.append(_finished(table, item, item.table.value, status, found, audit, member))
    unsafe = system.unsafe & ~system.outside & own
    details: dict[str, Any] = {
        "primary": int(unsafe.sum()),
        "secondary": int((hidden & own & ~unsafe).sum()),
        "cost": answer.cost,
        "bound": answer.bound,
        "gap": answer.gap,
        "proven": answer.proven,
        "search": answer.method,
        "interrupted": answer.interrupted,
        "steps": answer.steps,
        "zeros_that_stay_computable": int(system.nudged.sum()) - int((system.nudged & (system.upper > 0)).sum()),
        "audit": _audit_report(audit, hidden[: system.cells], spec.protection.singletons, used, left_out)
        | {"coalitions": together},
    }
    return tables, details


def _audit_report(
    audit: Audit,
    hidden: NDArray[np.bool_],
    singletons: bool,
    used: list[str],
    left_out: list[str],
) -> dict[str, Any]:
    return {
        "passed": audit.passed,
        "cells_attacked": int(hidden.sum()),
        "exact": len(audit.exact),
        "within_level": len(audit.within),
        "groups": audit.groups,
        "intervals_at_least": audit.inner,
        "lone_contributors_considered": singletons,
        "earlier_tables": used,
        "earlier_tables_left_out": left_out,
    }


def _search(
    spec: TablesSpec,
    built: Sequence[Built],
    system: System,
    coalitions: Sequence[Coalition],
    progress: SearchProgress | None,
    stop: Callable[[], bool] | None,
) -> Suppression:
    shared = spec.protection
    singletons = lone_contributors(built, system) if spec.protection.singletons else ()
    singletons += tuple(np.flatnonzero(item.known) for item in coalitions if item.known.any())
    seconds, work = limits([table.protection for table in spec.tables])
    limited: dict[str, Any] = {"seconds": seconds, "work": work, "stop": stop, "progress": progress}
    while True:
        problem = Problem(
            system.relations,
            system.down,
            system.up,
            system.unsafe,
            system.lower,
            system.upper,
            system.cost,
            system.fixed,
            singletons,
        )
        try:
            if shared.search == "modular" or (shared.search == "auto" and problem.cells > WHOLE):
                parts = sub_tables([item.table for item in built], system.members)
                return suppress_in_parts(problem, parts, gap=shared.gap, **limited)
            return suppress(problem, gap=shared.gap, fast=shared.search == "fast", **limited)
        except InfeasibleDemandError as error:
            if system.nudged[error.cell] and system.upper[error.cell] > 0 and system.value[error.cell] == 0:
                system.upper[error.cell] = 0.0  # nothing but zeros around it: everybody can compute it
                continue
            raise _named(error, built, system) from error


def _named(error: InfeasibleDemandError, built: Sequence[Built], system: System) -> PolicyError:
    label = label_of(built, system, error.cell)
    others = [label_of(built, system, cell) for cell in error.cells if cell != error.cell]
    whom = f" from who alone contributes to {label_of(built, system, error.known)}" if error.known >= 0 else ""
    held = (
        f"It is held by {len(error.sums)} sums over these cells: {'; '.join(others[:40])}."
        if others
        else ("Its own attacker bounds are narrower than its protection level.")
    )
    named = PolicyError(
        f"cell {label} cannot be protected{whom}: with everything suppressed that may be, it can move by "
        f"{error.reach:g} where {error.level:g} are needed. {held}",
        remedy=error.remedy,
    )
    named.__dict__["cells"] = [label, *others]
    return named


def _finished(
    spec: TableSpec,
    built: Built,
    value: Floats,
    status: NDArray[np.int8] | None,
    primary: PrimaryResult | None,
    audit: Audit | None = None,
    member: Ints | None = None,
) -> ProtectedTable:
    cells = built.table
    n = cells.size
    if status is None:
        status = np.where(value == 0, 3, 0).astype(np.int8)
    shown = value if cells.shown is None else cells.shown
    if cells.shown is not None and value is not cells.value:
        shown = value
    hidden = np.isin(status, (1, 2))
    return ProtectedTable(
        spec,
        cells,
        np.where(hidden, np.nan, shown if spec.decimals is None else np.round(shown, spec.decimals)),
        status,
        np.zeros(n, np.int8) if primary is None else primary.rule,
        np.zeros(n) if primary is None else primary.lower,
        np.zeros(n) if primary is None else primary.upper,
        value if audit is None else audit.low[member],
        value if audit is None else audit.high[member],
        built.rows,
        built.valueless,
        built.unknown,
    )


def _blurred(figures: Floats) -> NDArray[np.int8]:
    """The status of figures with noise or rounded: it follows from the figure that is published, and from nothing else.

    Readers could otherwise tell a true zero from a small count that became zero.
    """
    return np.where(figures == 0, 3, 4).astype(np.int8)


def _by_cell_keys(spec: TablesSpec, built: Sequence[Built]) -> tuple[list[ProtectedTable], dict[str, Any]]:
    tables = []
    for table, item in zip(spec.tables, built, strict=True):
        cells, options = item.table, table.protection.cell_key
        assert cells.keys is not None  # noqa: S101 - record keys were added before
        if table.perturbs_sums:
            noisy = cells.value + magnitude_noise(cells.largest, cells.keys, options)
            value = np.round(noisy, decimals_of(cells.value))
            tables.append(_finished(table, item, value, _blurred(value), None))
            continue
        counts = cells.value if cells.counts is None else cells.counts
        noise = cell_noise(counts, cells.keys, options).astype(np.float64)
        scale = np.divide(cells.value, counts, out=np.ones_like(counts), where=counts > 0)
        value = cells.value + noise * scale
        if options.additive:
            _, relations, _ = join_tables([cells], [""])
            room = np.where(counts > 0, options.maximum, 0)
            low = np.maximum(counts - room, 0)
            found = adjust(relations, counts + noise, low, counts + room, seconds=limits([table.protection])[0])
            if found is None:
                raise PolicyError(
                    "no additive table lies within the largest noise.",
                    remedy="Raise cell_key.maximum, or set cell_key.additive = false.",
                )
            value = found * scale
        tables.append(_finished(table, item, value, _blurred(value), None))
    details = {"primary": 0, "secondary": 0, "cost": 0.0, "bound": 0.0, "proven": True, "audit": None}
    return tables, details


def _by_rounding(spec: TablesSpec, built: Sequence[Built], seed: int) -> tuple[list[ProtectedTable], dict[str, Any]]:
    options = spec.protection.rounding
    details: dict[str, Any] = {"primary": 0, "secondary": 0, "cost": 0.0, "bound": 0.0, "proven": True, "audit": None}
    if any(table.input.shown in (MeasureKind.MEAN, MeasureKind.RATIO) for table in spec.tables):
        raise InputError("means and ratios are not rounded for protection; use suppression.")
    if options.kind == "controlled":
        quantities = [quantity_of(table) for table in spec.tables]
        members, relations, value = join_tables([item.table for item in built], quantities)
        seconds = limits([spec.protection])[0]
        rounded, details["multiples_allowed"] = round_controlled(relations, value, options.base, seconds=seconds)
        results = [rounded[member] for member in members]
    elif options.kind == "random":
        true = b"".join(np.ascontiguousarray(item.table.value, np.float64).tobytes() for item in built)
        rng = bound_generator(bound_secret(seed, true, "random rounding"))
        results = [round_random(item.table.value, options.base, rng) for item in built]
    else:
        results = [round_conventional(item.table.value, options.base) for item in built]
    tables = [
        _finished(table, item, value, _blurred(value), None)
        for table, item, value in zip(spec.tables, built, results, strict=True)
    ]
    return tables, details
