"""The laboratory in one command: every kind under both profiles beside peers, and how often intervals hold the truth.

``wasl benchmark laboratory`` runs it. A change of the model is judged on all kinds at once; the figures of a commit
stand in ``docs/linkage.md``.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from wasl.errors import RegisterError
from wasl.lab.benchmarks.linkage_peers import best_f1, f1_at, run_peer
from wasl.lab.quality.kinds import KINDS, Kind, Sample
from wasl.lab.quality.measure import link_prepared, plan_of, prepare
from wasl.lab.quality.unusual import UNUSUAL

if TYPE_CHECKING:
    from wasl.holder.profile import EncodingProfile

__all__ = ["DESIGNS", "measure_coverage", "measure_unusual", "run"]

PEERS = {
    "Splink": ("splink", "splink_quality.py", ()),
    "ECM": ("recordlinkage", "recordlinkage_quality.py", ("ecm",)),
    "fastLink": ("recordlinkage", "recordlinkage_quality.py", ("fastlink",)),
}
"""Column of the table to the peer's environment, script and further arguments."""
PASSES = {"one-pass": ("birth-surname",), "two-passes": ("birth-surname", "birth-given")}
"""Profiles with too few passes: the two are dependent, for both need an equal birth date."""
DESIGNS = (
    ("names-birth", "guarded", 700),
    ("names-birth", "open", 400),
    ("names-birth", "one-pass", 700),
    ("names-birth", "two-passes", 700),
    ("census", "guarded", 300),
    ("census", "open", 200),
    ("historical", "guarded", 250),
    ("historical", "open", 150),
    ("foreigners", "guarded", 400),
    ("bare-foreigners", "open", 300),
    ("small", "guarded", 60),
    ("small", "open", 60),
)
"""Kind, profile and persons of the designs whose intervals are tried: one pass, two dependent passes, deduplication,
a model of the wrong shape (relatives, damaged names), small registers."""
DRAWS = 200
"""Draws over all designs: at a coverage of .95 the share found has a standard error of .015."""


def run(peers: Path | None = None, repeats: int = 1, quick: bool = False) -> list[dict[str, Any]]:
    """Link every kind under both profiles, beside peers on the cleartext, and measure the coverage of intervals.

    Args:
        peers: Folder with the peers' environments; None measures wasl alone.
        repeats: Not used: every draw follows a seed.
        quick: Small sizes and few draws.
    """
    del repeats
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as place:
        for kind in KINDS.values():
            sample = kind.draw(min(kind.persons, 400) if quick else kind.persons, np.random.default_rng(1))
            plain = _peers(sample, Path(place), peers)
            rows += [_measured(kind, sample, profile) | plain for profile in ("open", "guarded")]
    return rows + measure_unusual(quick) + measure_coverage(len(DESIGNS) if quick else DRAWS)


def measure_unusual(quick: bool = False) -> list[dict[str, Any]]:
    """Link every unusual kind under both profiles; a profile that cannot use a register is refused, with the reason.

    Args:
        quick: Small sizes.
    """
    rows: list[dict[str, Any]] = []
    for kind in UNUSUAL.values():
        sample = kind.draw(min(kind.persons, 300) if quick else kind.persons, np.random.default_rng(1))
        for profile in ("open", "guarded"):
            try:
                rows.append(_measured(kind, sample, profile))
            except RegisterError as refused:
                rows.append({"what": f"{kind.name}, {profile}", "failed checks": f"refused: {refused.message}"})
    return rows


def _profile(kind: Kind, name: str) -> EncodingProfile:
    """A shipped profile, or one with few of the passes of `guarded`."""
    from wasl.holder.profile import EncodingProfile

    if name not in PASSES:
        return EncodingProfile.load(name, family=kind.family)
    whole = EncodingProfile.load("guarded", family=kind.family).model_dump()
    kept = tuple(step for step in whole["passes"] if step["name"] in PASSES[name])
    return EncodingProfile.model_validate({**whole, "name": name, "passes": kept})


def _measured(kind: Kind, sample: Sample, profile: str) -> dict[str, Any]:
    found = link_prepared(prepare(sample, _profile(kind, profile), kind.family), plan_of(sample))
    return {
        "what": f"{kind.name}, {profile}",
        "rows": " × ".join(f"{len(frame):,}" for frame in sample.registers.values()),
        "F1": found.f1,
        "precision": found.precision,
        "recall": found.recall,
        "false pairs": found.false_pairs,
        "calibration error": found.calibration_error,
        "by chance": found.calibration_by_chance,
        "precision at .5": found.precision_at_half,
        "intervals hold": "/".join(_holds(found.covers(measure)) for measure in ("precision", "recall")),
        "failed checks": ", ".join(found.failed),
        "CPU s": found.seconds,
    }


def _holds(covered: bool | None) -> str:
    return "none" if covered is None else ("yes" if covered else "no")


def _peers(sample: Sample, place: Path, peers: Path | None) -> dict[str, Any]:
    """F1 of each installed peer on the cleartext: the best at any threshold, and at probability one half."""
    clear = pd.concat([frame.assign(register=name) for name, frame in sample.registers.items()], ignore_index=True)
    person = pd.factorize(clear["person"])[0].astype(np.int64)
    table, pairs = place / "rows.csv", place / "pairs.npz"
    clear.drop(columns="person").to_csv(table, index=False)
    row: dict[str, Any] = {}
    for name, (environment, script, arguments) in PEERS.items():
        answer = run_peer(peers, environment, script, table, pairs, *arguments)
        if answer and "seconds" in answer:
            with np.load(pairs) as found:
                ends, score = (found["left"], found["right"]), found["score"]
                row[f"{name} F1"] = best_f1(*ends, score, person)
                row[f"{name} F1 at .5"] = f1_at(*ends, score, person, 0.5)
        elif answer:
            row[f"{name} F1"] = answer["error"]
    return row


def measure_coverage(draws: int) -> list[dict[str, Any]]:
    """Measure the share of draws in which the reported intervals of precision and recall hold the true values.

    Args:
        draws: Over all designs of `DESIGNS`, in turn.
    """
    held: dict[str, Counter[str]] = {f"{kind}, {profile}": Counter() for kind, profile, _ in DESIGNS}
    for draw in range(draws):
        name, profile, persons = DESIGNS[draw % len(DESIGNS)]
        kind = KINDS[name]
        sample = kind.draw(persons, np.random.default_rng(1_000 + draw))
        found = link_prepared(prepare(sample, _profile(kind, profile), kind.family, draw), plan_of(sample))
        counts = held[f"{name}, {profile}"]
        counts["draws"] += 1
        counts["failed checks"] += bool(found.failed)
        for measure in ("precision", "recall"):
            counts[measure] += found.covers(measure) is not False
            counts[f"{measure} not estimated"] += found.quality[measure]["value"] is None
    total = Counter[str]()
    for counts in held.values():
        total.update(counts)
    return [
        {
            "what": f"intervals: {name}",
            "draws": counts["draws"],
            "precision held": counts["precision"] / counts["draws"],
            "recall held": counts["recall"] / counts["draws"],
            "recall not estimated": counts["recall not estimated"] / counts["draws"],
            "runs with failed checks": counts["failed checks"],
        }
        for name, counts in [*held.items(), ("all designs", total)]
        if counts["draws"]
    ]
