"""Synthetic registers in the benchmark: standard, hard, with relatives planted; linked, and clustered otherwise."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from wasl.lab.benchmarks.linkage_peers import cleartext_peers, components, pair_scores
from wasl.population.spelling import without_accents

if TYPE_CHECKING:
    from wasl.linkage.persons.records import Records
    from wasl.linkage.resolve import Resolution
    from wasl.population.generate import Difficulty, Population

__all__ = ["cleartext_rows", "measure_registers", "plant_relatives", "register_sets"]

PLANS = {"guarded": "morocco", "open": "morocco-open"}
IDENTIFIERS = ("passport", "permit", "cnss", "certificate")
GIVEN_FIRST = frozenset({"anapec-certificates"})
"""Registers that write the given name first where both names are in one field."""
KIN = {"dgsn-permits": "Z", "taechir-contracts": "TZ"}
"""Registers with surname and given name apart, where relatives can be planted; what their new numbers begin with."""
OWN = ["nom_arabe", "prenom_arabe", "num_passeport", "num_attestation_anapec"]
"""Columns left empty for planted relatives: the numbers and spellings would be those of another person."""


def register_sets(quick: bool) -> dict[str, Population]:
    """The registers to link: title to population."""
    from wasl.population.generate import generate

    persons, hard = (400, 400) if quick else (10_000, 4_000)
    kinds: tuple[tuple[str, int, int, Difficulty], ...] = (
        ("six registers", persons, 1, "standard"),
        ("hard registers", hard, 1, "hard"),
        ("hard registers, another draw", hard, 2, "hard"),
    )
    sets = {title: generate(size, seed, difficulty) for title, size, seed, difficulty in kinds}
    return {**sets, "six registers with relatives": plant_relatives(generate(persons, 2), 0.2, 1)}


def plant_relatives(population: Population, share: float, seed: int) -> Population:
    """Give persons of one register a relative in another: same surname and nationality, all else other people's.

    Given name and birth date come from two different people, so that a relative is nobody's twin.

    Args:
        population: Registers and truth.
        share: Relatives planted, as a share of the smaller of the two registers.
        seed: Of the draw.
    """
    from dataclasses import replace

    rng = np.random.default_rng(seed)
    frames = {name: population.registers[name].to_pandas() for name in KIN}
    planted = int(share * min(map(len, frames.values())))
    registers, truth = dict(population.registers), [population.truth.to_pandas()]
    (first, _), (second, _) = KIN.items()
    for number, (mine, theirs) in enumerate(((first, second), (second, first))):
        key = frames[mine].columns[0]
        kin = frames[mine].iloc[rng.integers(0, len(frames[mine]), planted)].reset_index(drop=True)
        heads = frames[theirs].iloc[rng.permutation(len(frames[theirs]))[:planted]]
        kin[key] = [f"{KIN[mine]}{k:07}" for k in range(planted)]
        for column in ("nom", "nationalite"):
            kin[column] = heads[column].to_numpy()
        kin["date_naissance"] = frames[mine]["date_naissance"].iloc[rng.integers(0, len(frames[mine]), planted)].array
        for column in kin.columns.intersection(
            ["nom_arabe", "prenom_arabe", "num_passeport", "num_attestation_anapec"]
        ):
            kin[column] = ""
        whole = pd.concat([frames[mine], kin], ignore_index=True)
        registers[mine] = pa.Table.from_pandas(whole, schema=population.registers[mine].schema, preserve_index=False)
        person = 10_000_000 * (number + 1) + np.arange(planted)
        truth.append(pd.DataFrame({"register": mine, "record": kin[key], "person": person}))
    whole_truth = pd.concat(truth, ignore_index=True).astype({"person": population.truth.to_pandas()["person"].dtype})
    return replace(population, registers=registers, truth=pa.Table.from_pandas(whole_truth, preserve_index=False))


def measure_registers(place: Path, peers: Path | None, quick: bool) -> list[dict[str, Any]]:
    """Link every set under both profiles, beside peers on the cleartext and beside connected components."""
    rows: list[dict[str, Any]] = []
    for title, population in register_sets(quick).items():
        clear = cleartext_rows(population)
        person = pd.factorize(clear["person"])[0].astype(np.int64)
        plain = cleartext_peers(
            clear.drop(columns="person"), person, "registers", place, peers, ("splink", "recordlinkage")
        )
        for profile, plan in PLANS.items():
            rows.append(_linked(title, population, profile, plan) | plain)
    return rows


def _linked(title: str, population: Population, profile: str, plan: str) -> dict[str, Any]:
    from wasl.holder.encode import encode
    from wasl.holder.keys import LinkageKey
    from wasl.holder.profile import EncodingProfile
    from wasl.linkage.persons.records import records_of
    from wasl.linkage.plan import LinkagePlan
    from wasl.linkage.quality.evaluate import evaluate
    from wasl.linkage.resolve import resolve
    from wasl.linkage.score import score_pairs
    from wasl.registers.schema import RegisterSchema

    key = LinkageKey.new("benchmark", bytes(range(32)))
    document = LinkagePlan.load(plan)
    start = perf_counter()
    encoded = []
    for name, table in population.registers.items():
        schema = RegisterSchema.load(name)
        options = EncodingProfile.load(profile, family=schema.profiles)
        rng = np.random.default_rng(0)
        made = encode(
            table, schema, key, options, created="2026-01-01T00:00:00Z", rng=rng, threads=2, consent_weak_profile=True
        )
        encoded.append(made)
    scored = score_pairs(document, [part.delivery for part in encoded])
    resolution = resolve(document, scored, [part.join_map for part in encoded], run="benchmark")
    seconds = perf_counter() - start
    records = records_of(scored, [part.join_map for part in encoded])
    keep = [part.keep_map.to_pandas() for part in encoded]
    truth = population.truth.to_pandas()
    found = evaluate(resolution.spine, truth, keep, resolution.links)
    return {
        "what": f"{title}, {profile}",
        "rows": f"{sum(map(len, population.registers.values())):,}",
        "s": seconds,
        "F1": found.pairwise.f1,
        "components F1": _components_f1(resolution, records, truth, keep, document.resolution.accept),
        "calibration error": found.calibration.error if found.calibration else None,
        "precision at .5": found.calibration.precision_at_half if found.calibration else None,
    }


def _components_f1(
    resolution: Resolution, records: Records, truth: pd.DataFrame, keep: list[pd.DataFrame], accept: float
) -> float:
    """F1 of the connected components of the same scored pairs at the same threshold."""
    record_id = [bytes(value).hex() for value in records.roster.record_id]
    unit = pd.Series(records.roster.place, index=record_id)
    owner = truth.astype(str).merge(pd.concat(keep).astype(str), on=["register", "record"])
    person = pd.Series(pd.factorize(owner["person"])[0], index=owner["record_id"]).reindex(record_id)
    links = resolution.links.filter(pc.greater_equal(resolution.links.column("probability"), accept))
    ends = [
        unit.reindex([value.hex() for value in links.column(f"{side}_record_id").to_pylist()]).to_numpy(np.int64)
        for side in ("left", "right")
    ]
    known = person.notna().to_numpy()
    cluster = components(len(records), *ends)[records.roster.place][known]
    return pair_scores(cluster, person[known].to_numpy(np.int64))[2]


def cleartext_rows(population: Population) -> pd.DataFrame:
    """The registers as a careful user of a cleartext linker would prepare them: one table, one coding, one date format.

    Returns:
        ``register, single, surname, given, birth, sex, nationality`` and identifiers, and ``person``; names are as
        written, without accents and in capitals.
    """
    from wasl.holder.normalize import NO_DATE, describe_persons
    from wasl.registers.reading.frames import register_from_table
    from wasl.registers.schema import RegisterSchema

    owner = population.truth.to_pandas().set_index(["register", "record"])["person"]
    parts = []
    for name, table in population.registers.items():
        schema = RegisterSchema.load(name)
        read = register_from_table(table, schema).table
        known = describe_persons(read, schema, set())
        part = _names(read.to_pandas(), schema, name)
        part["register"], part["single"] = name, "yes" if schema.duplicate_free else "no"
        if known.birth is not None:
            days = pd.Series(np.where(known.birth == NO_DATE, 0, known.birth).astype("datetime64[D]").astype(str))
            part["birth"] = days.where(known.birth != NO_DATE, "")
        for column in ("sex", "nationality", *IDENTIFIERS):
            part[column] = known.codes[column].to_pandas() if column in known.codes else None
        keys = pd.MultiIndex.from_arrays([[name] * len(part), read.column(schema.record).to_pandas().astype(str)])
        part["person"] = owner.reindex(keys).to_numpy()
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _names(frame: pd.DataFrame, schema: Any, register: str) -> pd.DataFrame:
    from wasl.registers.schema import Feature

    def column(feature: Feature) -> pd.Series:
        texts = frame[schema.by_feature[feature].name].fillna("").astype(str)
        plain: pd.Series = texts.map(lambda text: without_accents(text).upper().strip())
        return plain

    if Feature.FULL_NAME not in schema.by_feature:
        return pd.DataFrame({"surname": column(Feature.SURNAME), "given": column(Feature.GIVEN)})
    surnames, givens = [], []
    for text in column(Feature.FULL_NAME):
        words = text.split()
        last = words[1:] + words[:1] if register in GIVEN_FIRST else words  # the given name comes last
        surnames.append(" ".join(last[:-1] or last))
        givens.append(last[-1] if len(last) > 1 else "")
    return pd.DataFrame({"surname": surnames, "given": givens})
