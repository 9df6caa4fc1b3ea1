"""The attacks on one set of deliveries, from each view, scored where the truth is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wasl.attack.block_likelihood import match_blocks
from wasl.attack.blocks import match_pass
from wasl.attack.claims import Claims
from wasl.attack.codewords import find_codewords
from wasl.attack.equality import match_colours, match_frequencies
from wasl.attack.joined_graph import match_joined
from wasl.attack.knowledge import Knowledge
from wasl.attack.known_pairs import match_known
from wasl.attack.observation import Joined, PassView
from wasl.attack.order import trace_order
from wasl.attack.outcomes import Outcome
from wasl.attack.patterns import match_patterns
from wasl.attack.payload import ENTRY, PERSONAL, column_values, match_payload
from wasl.attack.tally import Tally

__all__ = ["ATTACKS", "Target", "attack_joined", "attack_linkage", "attack_order", "attack_payload", "known_share"]

Ints = npt.NDArray[np.int64]

ATTACKS = (
    "equality",
    "frequencies",
    "patterns",
    "graph matching",
    "likelihood",
    "known pairs 10 %",
    "known pairs 20 %",
    "codewords",
)
"""Attacks from the linkage unit's view."""


@dataclass(frozen=True, slots=True)
class Target:
    """The deliveries under attack.

    Attributes:
        profile: Name of the encoding profile.
        registers: Names of the registers delivered.
        leak: Largest T of the deliveries.
        records: Records in the deliveries.
        passes: Their passes.
        truth: Record of the population behind each row, by pass, −1 where it is not in the population; None if unknown.
        joined: The records behind the rows, if the adversary holds the join maps.
        joined_truth: Record of the population behind each of them.
        payload: Payload of each of them, in the same order.
        overlap: Share of the delivered records that are in the population.
        files: By file, the place in its source of each of its records, in the order of the file.
        largest_graph: Larger blocks are attacked on a sample of so many records.
        starts: Starts of graph matching.
        view: ``linkage``, or ``told`` if the adversary is told who shares a block.
    """

    profile: str
    registers: str
    leak: float
    records: int
    passes: dict[str, PassView] = field(repr=False)
    truth: dict[str, Ints] | None = field(repr=False, default=None)
    joined: Joined | None = field(repr=False, default=None)
    joined_truth: Ints | None = field(repr=False, default=None)
    payload: pa.Table | None = field(repr=False, default=None)
    overlap: float | None = None
    files: dict[str, Ints] = field(repr=False, default_factory=dict)
    largest_graph: int = 2500
    starts: int = 6
    view: str = "linkage"

    def exposed(self, knowledge: Knowledge) -> Ints | None:
        """Persons of the population that are in the deliveries."""
        if self.truth is None:
            return None
        found = np.unique(np.concatenate(list(self.truth.values())))
        return np.unique(knowledge.person[found[found >= 0]])


def known_share(attack: str) -> float:
    """The share of pairs that an attack of ``ATTACKS`` is given."""
    return float(attack.split()[2]) / 100 if attack.startswith("known pairs") else 0.0


def attack_linkage(
    target: Target,
    knowledge: Knowledge,
    rng: np.random.Generator,
    attacks: tuple[str, ...] = ATTACKS,
    report: Callable[[int, int], None] | None = None,
) -> list[Outcome]:
    """Outcomes of the attacks by the linkage unit, which holds deliveries and a population, no key and no join map."""
    outcomes = []
    # Every attack draws from a stream of its own: leaving one out changes no other.
    streams = dict(zip(ATTACKS, rng.spawn(len(ATTACKS)), strict=True))
    for done, attack in enumerate(attacks, 1):
        if attack == "codewords":
            outcomes.append(_codewords(target, knowledge, streams[attack]))
        else:
            outcomes.append(_by_pass(target, knowledge, attack, streams[attack]))
        if report is not None:
            report(done, len(attacks))
    return outcomes


def attack_joined(target: Target, knowledge: Knowledge) -> list[Outcome]:
    """Outcomes of the attacks by linkage unit and spine keeper together: without payloads, then with them if given.

    They can run the attacks of the linkage view as well; those are not repeated here.
    """
    if target.joined is None:
        return []
    cases: list[tuple[str, str, tuple[list[tuple[object, ...]], list[tuple[object, ...]]] | None]] = [
        ("joined", "embedding", None)
    ]
    if target.payload is not None and knowledge.payload is not None:
        sides = column_values(target.payload, PERSONAL), column_values(knowledge.payload, PERSONAL)
        cases.append(("joined, payload", "embedding with " + ", ".join(PERSONAL), sides))
    structure = Tally(knowledge.person)
    structure.add(Claims.guesses(*match_colours(target.joined.view, knowledge.joined, rounds=6)), target.joined_truth)
    outcomes = [_outcome(target, knowledge, "joined", "equality", structure, target.exposed(knowledge))]
    for view, attack, labels in cases:
        claims = match_joined(
            target.joined, target.passes, knowledge, labels=labels, largest=max(target.largest_graph, 1)
        )
        tally = Tally(knowledge.person)
        tally.add(claims, target.joined_truth)
        limit = target.largest_graph
        detail = f"the {limit} records of the largest connected parts" if len(target.joined.view) > limit else ""
        outcomes.append(_outcome(target, knowledge, view, attack, tally, target.exposed(knowledge), detail))
    return outcomes


def attack_payload(target: Target, knowledge: Knowledge, rng: np.random.Generator) -> list[Outcome]:
    """Outcomes of the attacks on payloads alone: by what acquaintances know, and by a date of entry besides."""
    if target.payload is None or knowledge.payload is None:
        return []
    names = target.payload.column_names
    entry = next((name for name in ENTRY if name in names), None)
    outcomes = []
    for columns in [PERSONAL] + ([(*PERSONAL, entry)] if entry else []):
        tally = Tally(knowledge.person)
        tally.add(match_payload(target.payload, knowledge.payload, columns, rng), target.joined_truth)
        outcomes.append(_outcome(target, knowledge, "payload", ", ".join(columns), tally, target.exposed(knowledge)))
    return outcomes


def attack_order(target: Target, knowledge: Knowledge) -> list[Outcome]:
    """Outcomes, file by file, of taking the k-th record of a file for the k-th record of its source."""
    outcomes = []
    for name, source in target.files.items():
        ranks = np.argsort(np.argsort(source, kind="stable"), kind="stable")
        trace = trace_order(source)
        right = int(np.count_nonzero(ranks == np.arange(len(ranks))))
        outcomes.append(
            Outcome(
                profile=target.profile,
                view="order",
                attack=name,
                registers=target.registers,
                population=knowledge.records,
                records=target.records,
                overlap=target.overlap,
                claimed=len(ranks),
                exposed=len(ranks),
                correct=right,
                anywhere=right,
                leak=target.leak,
                detail=f"rank correlation {trace.correlation:+.3f} ({trace.z:+.1f} standard deviations)",
            )
        )
    return outcomes


def _by_pass(target: Target, knowledge: Knowledge, attack: str, rng: np.random.Generator) -> Outcome:
    tally = Tally(knowledge.person)
    exposed = target.exposed(knowledge)
    share = known_share(attack)
    given = np.zeros(0, np.int64)
    if share:
        if exposed is None:
            return _outcome(target, knowledge, target.view, attack, tally, None, "needs the truth to draw known pairs")
        given = rng.permutation(exposed)[: round(share * len(exposed))]
        exposed = np.setdiff1d(exposed, given)
    for name, view in target.passes.items():
        known = knowledge.passes.get(name)
        if known is None:
            continue
        truth = None if target.truth is None else target.truth[name]
        if attack == "equality":
            claims = Claims.guesses(*match_colours(view, known.view))
        elif attack == "frequencies":
            claims = Claims.guesses(*match_frequencies(view, known.view))
        elif attack == "patterns":
            claims = Claims.guesses(*_patterns(view, known.view, target.largest_graph))
        elif attack == "graph matching":
            claims = Claims.guesses(*match_pass(view, known, knowledge.taps, rng, target.starts, target.largest_graph))
        elif attack == "likelihood":
            claims = match_blocks(view, known, knowledge.taps, rng)
        else:
            assert truth is not None  # noqa: S101 - exposed is None without it
            rows = np.flatnonzero((truth >= 0) & np.isin(knowledge.person[truth], given))
            own = known.row[truth[rows]]
            claims = match_known(view, known, knowledge.taps, rows[own >= 0], own[own >= 0], rng, target.largest_graph)
        tally.add(Claims(claims.rows, known.record[claims.own], claims.posterior), truth)
    view_name = "known" if share and target.view == "linkage" else target.view
    return _outcome(target, knowledge, view_name, attack, tally, exposed, known=share)


def _patterns(view: PassView, known: PassView, largest: int) -> tuple[Ints, Ints]:
    """Pattern mining in passes with a single block."""
    if view.block.max(initial=0) > 0 or known.block.max(initial=0) > 0 or not view.filters:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    groups = sorted(set(view.filters) & set(known.filters))
    # All groups side by side: a pattern never spans two, but records are compared by all of them.
    left = np.concatenate([view.filters[group] for group in groups], axis=1)[:largest]
    right = np.concatenate([known.filters[group] for group in groups], axis=1)[:largest]
    return match_patterns(left, right)


def _codewords(target: Target, knowledge: Knowledge, rng: np.random.Generator) -> Outcome:
    """Secret columns found in the largest block. They are not names yet, so nobody counts as named."""
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
        target, knowledge, target.view, "codewords", Tally(knowledge.person), target.exposed(knowledge), detail
    )


def _outcome(
    target: Target,
    knowledge: Knowledge,
    view: str,
    attack: str,
    tally: Tally,
    exposed: Ints | None,
    detail: str = "",
    known: float = 0.0,
) -> Outcome:
    certain, right = tally.certain
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
        certain=certain,
        certain_right=right if exposed is not None else None,
        certain_persons=tally.certain_persons(exposed) if exposed is not None and certain is not None else None,
        known=known,
    )
