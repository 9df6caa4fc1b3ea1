"""Spine and payloads to microdata: one row per person, each variable from the register that knows it best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wasl.errors import InputError, MismatchError
from wasl.registers.codes.icls import Evidence, decide, evidence_of, of_persons, with_nationals
from wasl.registers.exchange.payload import Payload
from wasl.workflow.concordance import Concordance, compare_registers, recoded
from wasl.workflow.derived import DerivedSpec, derived_values
from wasl.workflow.microdata_spec import MicrodataSpec, VariableSpec, flag_name, probability_name
from wasl.workflow.values import IntArray, Resolved, factorize, resolve_variable

__all__ = ["Microdata", "MicrodataSpec", "VariableSpec", "assemble_microdata", "with_texts_of_persons"]


@dataclass(frozen=True, slots=True)
class Microdata:
    """The joined microdata.

    Attributes:
        table: ``person_id``, ``registers`` (how many know the person), flags, variables, derived variables; one row per
            person, in order of person id.
        coverage: Share of rows with a value, by variable.
        conflicts: Persons whose registers disagree, by variable.
        unmatched_records: Payload rows whose record id is not in the spine.
        left_out: Optional variables that no payload has.
        totals: For each variable that is summed: its sum over the payloads' rows, and over the microdata.
        concordance: Agreement of each pair of registers on each variable, among the persons of the microdata.
    """

    table: pa.Table = field(repr=False)
    coverage: dict[str, float]
    conflicts: dict[str, int]
    unmatched_records: int
    left_out: tuple[str, ...] = ()
    totals: dict[str, tuple[float, float]] = field(default_factory=dict)
    concordance: tuple[Concordance, ...] = field(default=(), repr=False)


def with_texts_of_persons(table: pa.Table) -> pa.Table:
    """Microdata whose person ids are texts: hexadecimal digits, as record keys of tables are derived from them."""
    texts = pa.array([bytes(one).hex() for one in table.column("person_id").to_pylist()])
    return table.set_column(table.column_names.index("person_id"), "person_id", texts)


def assemble_microdata(spine: pa.Table, payloads: Sequence[Payload], spec: MicrodataSpec) -> Microdata:
    """Join payloads to the spine: the persons the specification asks for, with their variables.

    Args:
        spine: ``person_id``, ``register``, ``record_id`` (and more), one row per record.
        payloads: One or more per register; later ones of a register follow earlier ones.
        spec: Who is in, and which register is trusted for what.

    Raises:
        MismatchError: A payload's register is not in the spine.
        InputError: A variable that is not optional is in no payload of its sources.
    """
    codes, persons = factorize(spine.column("person_id"))
    n = len(persons)
    registers = spine.column("register").cast(pa.string()).to_numpy(zero_copy_only=False)
    known = set(registers)
    members = {name: _membership(codes, registers == name, n) for name in sorted(known)}
    for payload in payloads:
        if payload.register not in known:
            raise MismatchError(
                f"the payload of {payload.register!r} has no record in the spine.",
                remedy="Link that register's delivery first, or leave its payload out.",
            )

    located = [_locate(spine, registers, codes, payload) for payload in payloads]
    unmatched = sum(int(np.count_nonzero(rows < 0)) for rows in located)
    keep = _selection(members, spec, n)
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        "person_id": persons,
        "registers": pa.array(sum(members.values(), np.zeros(n, np.int8)), pa.int8()),
    }
    for name in spec.flags:
        columns[flag_name(name)] = pa.array(members.get(name, np.zeros(n, bool)))
    for name in spec.link_probabilities:
        columns[probability_name(name)] = _least_probability(spine, codes, registers == name, n)
    resolved: dict[str, Resolved] = {}
    left_out: list[str] = []
    for variable in spec.variables:
        one = resolve_variable(variable, payloads, located, n, keep)
        if one is None:
            left_out.append(variable.name)
            continue
        resolved[variable.name] = one
        if variable.keep:
            columns[variable.name] = one.values
    made = _derive(spec, resolved, payloads, located, n)
    left_out += [derived.name for derived in spec.derived if derived.name not in made]
    columns |= made
    table = pa.table(columns).filter(pa.array(keep)).sort_by("person_id")
    rows = max(table.num_rows, 1)
    reported = [*resolved, *made]
    coverage = {name: 1.0 - table.column(name).null_count / rows for name in reported if name in table.column_names}
    conflicts = {name: one.conflicts for name, one in resolved.items()}
    totals = {name: one.totals for name, one in resolved.items() if one.totals is not None}
    found = _concordance(spec, resolved, keep)
    return Microdata(table, coverage, conflicts, unmatched, tuple(left_out), totals, tuple(found))


def _membership(codes: IntArray, where: npt.NDArray[np.bool_], n: int) -> npt.NDArray[np.bool_]:
    present = np.zeros(n, bool)
    present[codes[where]] = True
    return present


def _least_probability(spine: pa.Table, codes: IntArray, where: npt.NDArray[np.bool_], n: int) -> pa.Array:
    """The least link probability among the marked records of each person; missing where there is none.

    Raises:
        InputError: The spine has no probabilities.
    """
    if "probability" not in spine.column_names:
        raise InputError(
            "the spine has no columns 'grade' and 'probability'.", remedy="Give spine.parquet of `wasl link`."
        )
    least = np.full(n, np.inf)
    np.minimum.at(least, codes[where], spine.column("probability").to_numpy()[where])
    return pa.array(least, mask=np.isinf(least))


def _selection(members: dict[str, npt.NDArray[np.bool_]], spec: MicrodataSpec, n: int) -> npt.NDArray[np.bool_]:
    """Mark the persons that the specification asks for."""
    keep = np.ones(n, bool)
    for wanted in (spec.include, *spec.and_include):
        known = [members[name] for name in wanted if name in members]
        keep &= np.logical_or.reduce(known) if known else np.full(n, not wanted)
    several = sum(members.values(), np.zeros(n, np.int16)) >= spec.minimum_registers
    return np.asarray(keep & several)


def _locate(spine: pa.Table, registers: npt.NDArray[np.object_], codes: IntArray, payload: Payload) -> IntArray:
    """For each payload row the code of its person, or -1."""
    where = np.flatnonzero(registers == payload.register)
    ids = spine.column("record_id").combine_chunks().take(pa.array(where))
    found = pc.index_in(payload.rows.column("record_id").combine_chunks(), value_set=ids)
    position = found.fill_null(-1).to_numpy(zero_copy_only=False)
    persons = np.full(len(position), -1, np.int64)
    persons[position >= 0] = codes[where[position[position >= 0]]]
    return persons


def _derive(
    spec: MicrodataSpec, resolved: dict[str, Resolved], payloads: Sequence[Payload], located: Sequence[IntArray], n: int
) -> dict[str, pa.Array]:
    """The derived variables of each person; optional ones whose source is not there are left out.

    Raises:
        InputError: The source of a variable that is not optional is in no payload.
    """
    made: dict[str, pa.Array] = {}
    evidence: Evidence | None = None
    for derived in spec.derived:
        if derived.of_a_value:
            source = resolved.get(derived.source)
            column = None if source is None else derived_values(derived, source.values, spec.reference_date)
        elif derived.rule == "records":
            column = _count_records(derived, payloads, located, n)
        elif derived.rule == "any":
            column = _any_record(derived, payloads, located, n)
        else:
            evidence = evidence or _evidence(spec, resolved, payloads, located, n)
            table = decide(evidence, months=derived.months)
            name = {"icls-category": "category", "icls-rule": "rule"}.get(derived.rule, f"resident_{derived.months}")
            column = table.column(name).combine_chunks()
        if column is not None:
            made[derived.name] = column
        elif not derived.optional:
            raise InputError(
                f"derived variable {derived.name!r}: none of the payloads has what it is made from.",
                remedy="Add the payload, or set optional = true.",
            )
    return made


def _evidence(
    spec: MicrodataSpec, resolved: dict[str, Resolved], payloads: Sequence[Payload], located: Sequence[IntArray], n: int
) -> Evidence:
    """What all records of each person tell about work and stay; the resolved nationality says who is a citizen."""
    assert spec.reference_date is not None  # noqa: S101 - the specification was validated
    parts = [
        (evidence_of(payload.rows, on=spec.reference_date, register=payload.register), rows)
        for payload, rows in zip(payloads, located, strict=True)
    ]
    evidence = of_persons(parts, n)
    nationality = resolved.get("nationality")
    if nationality is None:
        return evidence
    return with_nationals(evidence, np.asarray(pc.fill_null(pc.equal(nationality.values, "MAR"), False)))


def _count_records(
    derived: DerivedSpec, payloads: Sequence[Payload], located: Sequence[IntArray], n: int
) -> pa.Array | None:
    """How many records of a register each person has."""
    rows = [place for payload, place in zip(payloads, located, strict=True) if payload.register == derived.of_register]
    if not rows:
        return None
    placed = np.concatenate(rows)
    return pa.array(np.bincount(placed[placed >= 0], minlength=n), pa.int64())


def _any_record(
    derived: DerivedSpec, payloads: Sequence[Payload], located: Sequence[IntArray], n: int
) -> pa.Array | None:
    """Whether any record of each person has one of the values; missing where no record has a value."""
    known, holds = np.zeros(n, bool), np.zeros(n, bool)
    found = False
    for payload, place in zip(payloads, located, strict=True):
        wanted = not derived.of_register or payload.register == derived.of_register
        if not wanted or derived.source not in payload.rows.column_names:
            continue
        found = True
        values = payload.rows.column(derived.source).cast(pa.string())
        there = np.asarray(values.is_valid()) & (place >= 0)
        is_one = np.asarray(pc.is_in(values, pa.array(derived.values))) & there
        known[place[there]] = True
        holds[place[is_one]] = True
    return pa.array(holds, mask=~known) if found else None


def _concordance(spec: MicrodataSpec, resolved: dict[str, Resolved], keep: npt.NDArray[np.bool_]) -> list[Concordance]:
    """Every variable, and what follows from its value, in every pair of registers that know a person in common."""
    found = []
    for name, one in resolved.items():
        said = {register: codes[keep] for register, codes in one.said.items()}
        if len(said) < 2:
            continue
        found += compare_registers(name, said, one.labels)
        for derived in spec.derived:
            if derived.of_a_value and derived.source == name:
                values = derived_values(derived, one.labels, spec.reference_date)
                found += compare_registers(derived.name, *recoded(said, values))
    return [one for one in found if one.persons]
