"""All attacks on one delivery, from the linkage unit's view or with the join map, scored where the truth is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from wasl.attack.blocks import match_pass
from wasl.attack.codewords import find_codewords
from wasl.attack.equality import match_colours, match_frequencies
from wasl.attack.extension import extend
from wasl.attack.knowledge import Knowledge
from wasl.attack.membership import match_membership
from wasl.attack.observation import PassView
from wasl.attack.outcomes import Outcome
from wasl.attack.patterns import match_patterns

__all__ = ["ATTACKS", "Target", "attack_joined", "attack_linkage"]

Ints = npt.NDArray[np.int64]

ATTACKS = (
    "equality",
    "frequencies",
    "patterns",
    "graph matching",
    "extension 10 %",
    "extension 20 %",
    "codewords",
)
"""Attacks from the linkage unit's view; the joined view adds ``membership``."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is attacked.

    Attributes:
        profile: Name of the encoding profile.
        registers: Names of the registers delivered.
        leak: Largest T of the delivery.
        records: Records in the delivery.
        passes: Its passes.
        truth: Record of the population behind each row, −1 where it is not in it, by pass; None if not known.
        joined: The records behind the rows, where the adversary holds the join map.
        joined_truth: Record of the population behind each of them.
        overlap: Share of the delivery's records in the population.
        largest_graph: Blocks above this size are attacked on a sample of so many records.
        starts: Starts of graph matching.
        view: ``linkage``, or ``told`` where the adversary is told who shares a block.
    """

    profile: str
    registers: str
    leak: float
    records: int
    passes: dict[str, PassView] = field(repr=False)
    truth: dict[str, Ints] | None = field(repr=False, default=None)
    joined: PassView | None = field(repr=False, default=None)
    joined_truth: Ints | None = field(repr=False, default=None)
    overlap: float | None = None
    largest_graph: int = 2500
    starts: int = 6
    view: str = "linkage"

    def exposed(self, knowledge: Knowledge) -> Ints | None:
        """Persons of the population that are in the delivery."""
        if self.truth is None:
            return None
        found = np.unique(np.concatenate(list(self.truth.values())))
        return np.unique(knowledge.person[found[found >= 0]])


@dataclass(slots=True)
class _Tally:
    """Claims of one attack, pass by pass. A person is named rightly by any of its records."""

    person: Ints
    claimed: int = 0
    named: list[Ints] = field(default_factory=list)

    def add(self, rows: Ints, records: Ints, truth: Ints | None) -> None:
        """Add the claims of a pass: rows and the records they are taken for."""
        self.claimed += len(rows)
        if truth is not None:
            real, own = truth[rows], self.person[records]
            self.named.append(np.unique(own[(real >= 0) & (records >= 0) & (self.person[real] == own)]))

    def best(self, exposed: Ints) -> int:
        """Exposed persons named rightly in the pass where most were."""
        return max((int(np.isin(named, exposed).sum()) for named in self.named), default=0)

    def anywhere(self, exposed: Ints) -> int:
        """Exposed persons named rightly in any pass."""
        whole = np.concatenate(self.named) if self.named else np.zeros(0, np.int64)
        return len(np.intersect1d(whole, exposed))


def attack_linkage(
    target: Target,
    knowledge: Knowledge,
    rng: np.random.Generator,
    attacks: tuple[str, ...] = ATTACKS,
    report: Callable[[int, int], None] | None = None,
) -> list[Outcome]:
    """What whoever holds the delivery and a population, but neither key nor join map, gets out of it."""
    outcomes = []
    # Every attack draws from its own stream, so that leaving one out changes no other.
    streams = dict(zip(ATTACKS, rng.spawn(len(ATTACKS)), strict=True))
    for done, attack in enumerate(attacks, 1):
        if attack == "codewords":
            outcomes.append(_codewords(target, knowledge, streams[attack]))
        else:
            outcomes.append(_by_pass(target, knowledge, attack, streams[attack]))
        if report is not None:
            report(done, len(attacks))
    return outcomes


def attack_joined(target: Target, knowledge: Knowledge, rng: np.random.Generator) -> list[Outcome]:
    """What the linkage unit and the spine keeper get out of it together: the pattern of passes of each record."""
    if target.joined is None:
        return []
    rows, records = match_membership(target.joined, knowledge.joined, rng, target.largest_graph)
    tally = _Tally(knowledge.person)
    tally.add(rows, records, target.joined_truth)
    return [_outcome(target, knowledge, "joined", "membership", tally, target.exposed(knowledge))]


def _by_pass(target: Target, knowledge: Knowledge, attack: str, rng: np.random.Generator) -> Outcome:
    tally = _Tally(knowledge.person)
    exposed = target.exposed(knowledge)
    seeds = np.zeros(0, np.int64)
    if attack.startswith("extension"):
        if exposed is None:
            return _outcome(target, knowledge, target.view, attack, tally, None, "needs the truth to draw known pairs")
        share = float(attack.split()[1]) / 100
        seeds = rng.permutation(exposed)[: round(share * len(exposed))]
        exposed = np.setdiff1d(exposed, seeds)
    for name, view in target.passes.items():
        known = knowledge.passes.get(name)
        if known is None:
            continue
        truth = None if target.truth is None else target.truth[name]
        if attack == "equality":
            rows, own = match_colours(view, known.view)
        elif attack == "frequencies":
            rows, own = match_frequencies(view, known.view)
        elif attack == "patterns":
            rows, own = _patterns(view, known.view, target.largest_graph)
        elif attack == "graph matching":
            rows, own = match_pass(view, known, knowledge.taps, rng, target.starts, target.largest_graph)
        else:
            assert truth is not None  # noqa: S101 - exposed is None without it
            seeded = np.flatnonzero((truth >= 0) & np.isin(knowledge.person[truth], seeds))
            rows, own = extend(view, known, knowledge.taps, seeded, truth[seeded], rng, target.largest_graph)
        tally.add(rows, known.record[own], truth)
    return _outcome(target, knowledge, target.view, attack, tally, exposed)


def _patterns(view: PassView, known: PassView, largest: int) -> tuple[Ints, Ints]:
    """Pattern mining on the group whose patterns match most rows, in passes with one block."""
    best = np.zeros(0, np.int64), np.zeros(0, np.int64)
    if view.block.max(initial=0) > 0 or known.block.max(initial=0) > 0 or not view.filters:
        return best
    groups = sorted(set(view.filters) & set(known.filters))
    # All groups side by side: a pattern never spans two, but records are compared by all of them.
    left = np.concatenate([view.filters[group] for group in groups], axis=1)[:largest]
    right = np.concatenate([known.filters[group] for group in groups], axis=1)[:largest]
    return match_patterns(left, right)


def _codewords(target: Target, knowledge: Knowledge, rng: np.random.Generator) -> Outcome:
    """Secret columns found in the largest block; they are not names yet, so nobody counts as named."""
    words, searched, rank = 0, 0, 0
    for view in target.passes.values():
        if not view.filters:
            continue
        block = np.flatnonzero(view.block == np.argmax(np.bincount(view.block)))[:6000]
        for group, data in view.filters.items():
            if knowledge.taps == 0 or len(block) <= data.shape[1] * 8:
                continue  # undiffused columns need no search; few records span everything
            found = find_codewords(np.unpackbits(data[block], axis=1, bitorder="little"), rng, permutations=3)
            words, searched, rank = words + len(found.found), searched + 1, max(rank, found.rank)
            del group
    detail = f"{words} low-weight words in {searched} filters" + (
        f" (rank {rank})" if searched else ": none large enough"
    )
    if knowledge.taps == 0:
        detail = "undiffused: every column is already in the clear"
    return _outcome(
        target, knowledge, target.view, "codewords", _Tally(knowledge.person), target.exposed(knowledge), detail
    )


def _outcome(
    target: Target,
    knowledge: Knowledge,
    view: str,
    attack: str,
    tally: _Tally,
    exposed: Ints | None,
    detail: str = "",
) -> Outcome:
    return Outcome(
        profile=target.profile,
        view=view,
        attack=attack,
        registers=target.registers,
        population=knowledge.records,
        records=target.records,
        overlap=target.overlap,
        claimed=tally.claimed,
        exposed=None if exposed is None else len(exposed),
        correct=None if exposed is None else tally.best(exposed),
        anywhere=None if exposed is None else tally.anywhere(exposed),
        leak=target.leak,
        detail=detail,
    )
