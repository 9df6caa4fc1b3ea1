"""The joined view: linkage unit and spine keeper together, by embedding one graph in the other.

With the join maps, the rows of all passes become records. Two records are related by the passes in which they share a
block and by how similar their filters are there. The adversary computes the relations to expect among its own records:
how often two share a block over the arrangements of its keys, and their mean similarity. It then looks for the
correspondence under which observed and expected relations agree best. The payload, where it has it, rules out most
candidates.

*Source:* graduated assignment, Gold, Rangarajan, IEEE PAMI 18(4), 1996, on the log-likelihood of relations; the threat
is that of Vidanage, Christen, Ranbaduge, Schnell, CIKM 2020.

*Does not find:* what needs more than ``largest`` records at once; above, the largest connected parts are attacked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import sparse

from wasl.attack.claims import Claims
from wasl.attack.knowledge import Knowledge, KnownPass
from wasl.attack.observation import Joined, PassView
from wasl.attack.similarity import expected_pairs, pair_agreement

__all__ = ["match_joined"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

LARGEST_BLOCK = 400
"""Larger blocks relate nearly everybody to everybody and are left out of the graph."""

UNLIKELY = 0.02
"""Probability that two records share a block in which no arrangement put them together."""

HEATS = (0.05, 0.1, 0.2, 0.4, 0.7, 1.0)
TURNS = 4
"""Number of improvements at each heat."""

STRUCTURE = 0.3
"""Weight of the log-likelihood of degrees and neighbourhoods; their parts depend on each other, so less than 1."""


@dataclass(frozen=True, slots=True)
class _Relations:
    """Relations between records of one side.

    Attributes:
        shared: By pass: in what share of arrangements two records share a block (observed: 1).
        similar: By group: mean similarity of pairs that meet anywhere.
        met: 1 for pairs that meet anywhere.
        times: In how many passes they meet.
        traits: Degrees and sizes of neighbourhoods, (records, traits), and their variances.
    """

    shared: dict[str, sparse.csr_matrix] = field(repr=False)
    similar: dict[str, sparse.csr_matrix] = field(repr=False)
    met: sparse.csr_matrix = field(repr=False)
    times: sparse.csr_matrix = field(repr=False)
    traits: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] = field(repr=False)


def match_joined(
    joined: Joined,
    views: dict[str, PassView],
    knowledge: Knowledge,
    *,
    labels: tuple[Sequence[object], Sequence[object]] | None = None,
    largest: int = 2500,
) -> Claims:
    """Observed records and own records taken for the same person, with posteriors.

    Args:
        joined: The records behind the rows.
        views: The passes as observed.
        knowledge: What the adversary owns.
        labels: What the payload says of each observed and of each own record; only equal ones are candidates.
        largest: Records matched at most.
    """
    names = [name for name in views if name in knowledge.passes and _usable(views[name], knowledge.passes[name])]
    left = _observed(joined, views, names)
    right = _expected(knowledge, views, names)
    left_label, right_label = _labels(joined, knowledge, labels)
    rows, own = _largest_parts(left.met, largest), _largest_parts(right.met, largest)
    return _embed(left, right, rows, own, left_label[rows], right_label[own])


def _usable(view: PassView, known: KnownPass) -> bool:
    return len(view) > 0 and max(np.bincount(view.block).max(), np.bincount(known.view.block).max()) <= LARGEST_BLOCK


def _labels(
    joined: Joined, knowledge: Knowledge, payload: tuple[Sequence[object], Sequence[object]] | None
) -> tuple[Ints, Ints]:
    """A number for what a record shows by itself: its register, the passes it is in, and its payload if given."""
    names = sorted(set(joined.rows) & set(knowledge.passes))
    sides = []
    for source, rows in (
        (joined.view.source, [joined.rows[name] for name in names]),
        (knowledge.joined.source, [knowledge.passes[name].row for name in names]),
    ):
        code = source.copy()
        for row in rows:
            code = 2 * code + (row >= 0)
        sides.append(code)
    if payload is None:
        return sides[0], sides[1]
    number: dict[tuple[int, object], int] = {}
    left, right = (
        np.array(
            [number.setdefault((int(c), v), len(number)) for c, v in zip(code, values, strict=True)],
            np.int64,
        )
        for code, values in zip(sides, payload, strict=True)
    )
    return left, right


def _observed(joined: Joined, views: dict[str, PassView], names: list[str]) -> _Relations:
    n = len(joined.view)
    times = sparse.csr_matrix((n, n), dtype=np.float32)
    shared: dict[str, sparse.csr_matrix] = {}
    sums: dict[str, sparse.csr_matrix] = {}
    counts: dict[str, sparse.csr_matrix] = {}
    for name in names:
        row = joined.rows[name]
        block = np.where(row >= 0, views[name].block[row], -1)
        pairs = _together(block)
        shared[name] = pairs
        times = times + pairs
        i, j = pairs.nonzero()
        for group, filters in views[name].filters.items():
            there = views[name].present[group]
            both = there[row[i]] & there[row[j]]
            a, b = i[both], j[both]
            value = pair_agreement(filters, row[a], row[b])
            _add(sums, group, value, a, b, n)
            _add(counts, group, np.ones(len(a), np.float32), a, b, n)
    similar = {group: _divide(total, counts[group]) for group, total in sums.items()}
    degrees = _traits([shared[name] for name in names], n)
    return _Relations(shared, similar, _pattern(times), times, (degrees, np.zeros_like(degrees)))


def _expected(knowledge: Knowledge, views: dict[str, PassView], names: list[str]) -> _Relations:
    n = knowledge.records
    times = sparse.csr_matrix((n, n), dtype=np.float32)
    shared: dict[str, sparse.csr_matrix] = {}
    sums: dict[str, sparse.csr_matrix] = {}
    counts: dict[str, sparse.csr_matrix] = {}
    most = max((len(knowledge.passes[name].arrangements) for name in names), default=1)
    by_arrangement: list[list[sparse.csr_matrix]] = [[] for _ in range(most)]
    for name in names:
        known = knowledge.passes[name]
        versions = [_together(np.where(known.row >= 0, codes[known.row], -1)) for codes in known.arrangements]
        for place in range(most):
            by_arrangement[place].append(versions[place % len(versions)])
        mean = (sum(versions[1:], versions[0]) / len(versions)).tocsr()
        shared[name] = mean
        times = times + mean
        pairs = mean.tocoo()
        i, j, weight = pairs.row, pairs.col, pairs.data.astype(np.float32)
        for group in set(known.view.filters) & set(views[name].filters):
            there = known.view.present[group]
            both = there[known.row[i]] & there[known.row[j]]
            a, b = i[both], j[both]
            bits = 8 * views[name].filters[group].shape[1]
            value, _ = expected_pairs(known, group, known.row[a], known.row[b], knowledge.taps, bits)
            _add(sums, group, value * weight[both], a, b, n)
            _add(counts, group, weight[both], a, b, n)
    similar = {group: _divide(total, counts[group]) for group, total in sums.items()}
    samples = np.stack([_traits(each, n) for each in by_arrangement])
    traits = samples.mean(axis=0), samples.var(axis=0)
    return _Relations(shared, similar, _pattern(times), times, traits)


def _together(codes: Ints) -> sparse.csr_matrix:
    """1 for two records that share a block, without the diagonal."""
    has = np.flatnonzero(codes >= 0)
    width = int(codes.max(initial=-1)) + 1
    ones = np.ones(len(has), np.float32)
    incidence = sparse.csr_matrix((ones, (has, codes[has])), shape=(len(codes), max(width, 1)))
    found = (incidence @ incidence.T).tolil() if len(codes) < 3 else incidence @ incidence.T
    found = sparse.csr_matrix(found)
    found.setdiag(0)
    found.eliminate_zeros()
    return found


def _add(
    sums: dict[str, sparse.csr_matrix],
    group: str,
    value: npt.NDArray[np.float32],
    i: npt.NDArray[np.int32],
    j: npt.NDArray[np.int32],
    n: int,
) -> None:
    matrix = sparse.csr_matrix((value, (i, j)), shape=(n, n), dtype=np.float32)
    sums[group] = sums[group] + matrix if group in sums else matrix


def _divide(total: sparse.csr_matrix, count: sparse.csr_matrix) -> sparse.csr_matrix:
    """Means of pairs; pairs without a count stay out."""
    inverse = count.copy()
    inverse.data = 1 / inverse.data
    return total.multiply(inverse).tocsr()


def _pattern(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    found = matrix.copy().tocsr()
    found.data = np.ones_like(found.data)
    return found


def _traits(passes: list[sparse.csr_matrix], n: int) -> npt.NDArray[np.float64]:
    """Logarithms of each record's block sizes, of walks from it, and of the size of its connected part."""
    degrees = [np.asarray(each.sum(axis=1)).ravel() for each in passes]
    whole = sum(passes[1:], passes[0]) if passes else sparse.csr_matrix((n, n))
    walks, reach = [], np.ones(n)
    for _ in range(4):
        reach = whole @ reach
        walks.append(reach)
    _, part = sparse.csgraph.connected_components(whole, directed=False)
    size = np.bincount(part)[part].astype(np.float64)
    return np.log1p(np.stack([*degrees, *walks, size], axis=1).astype(np.float64))


def _largest_parts(graph: sparse.csr_matrix, at_most: int) -> Ints:
    """Records of the largest connected parts, up to so many; all if there are no more."""
    n = graph.shape[0]
    if n <= at_most:
        return np.arange(n)
    _, part = sparse.csgraph.connected_components(graph, directed=False)
    size = np.bincount(part)
    order = np.lexsort((part, -size[part]))
    return np.sort(order[:at_most])


def _embed(left: _Relations, right: _Relations, rows: Ints, own: Ints, left_label: Ints, right_label: Ints) -> Claims:
    """The correspondence of some records that fits the relations best."""
    allowed = left_label[:, None] == right_label[None, :]
    mean, variance = right.traits[0][own], right.traits[1][own]
    unary = np.zeros(allowed.shape, np.float32)
    for trait in range(mean.shape[1]):
        # A tenth of log size: the least spread, as nobody's register is exactly what was delivered.
        spread = variance[:, trait] + 0.01
        gap = (left.traits[0][rows, trait, None] - mean[None, :, trait]) ** 2
        unary -= (STRUCTURE * (gap / (2 * spread) + 0.5 * np.log(spread))).astype(np.float32)
    layers = _layers(left, right, rows, own)
    found = _balanced(unary, allowed)
    for heat in HEATS:
        for _ in range(TURNS):
            support = np.zeros(allowed.shape, np.float32)
            for a, b in layers:
                support += (b @ (a @ found).T).T
            found = _balanced(unary + np.float32(heat) * support, allowed)
    best = found.argmax(axis=1)
    posterior = found[np.arange(len(rows)), best].astype(np.float64)
    named = posterior > 0
    return Claims(rows[named], own[best[named]], posterior[named])


def _layers(
    left: _Relations, right: _Relations, rows: Ints, own: Ints
) -> list[tuple[sparse.csr_matrix, sparse.csr_matrix]]:
    """Pairs of matrices whose products with a correspondence add up to the log-likelihood of the relations."""
    layers = []
    for name, shared in left.shared.items():
        chance = right.shared[name][own][:, own].copy()
        # How much more probable a shared block is than for two records that no arrangement puts together.
        chance.data = np.log1p(chance.data / UNLIKELY).astype(np.float32)
        layers.append((shared[rows][:, rows], chance))
    met = right.met[own][:, own]
    for group, seen in left.similar.items():
        if group not in right.similar:
            continue
        a, b = seen[rows][:, rows], right.similar[group][own][:, own]
        middle = float(b.data.mean()) if b.nnz else 0.0
        # Noise of 256 released bits over the passes where two meet, and spread between keys.
        variance = 1 / 256 / max(float(left.times.data.mean()) if left.times.nnz else 1.0, 1.0) + 0.01
        first, second = a.copy(), b.copy()
        first.data, second.data = (first.data - middle) / variance, second.data - middle
        layers.append((first.astype(np.float32), second.astype(np.float32)))
        square = second.copy()
        square.data = (-(square.data**2) / (2 * variance)).astype(np.float32)
        layers.append((_pattern(a), square))
        own_square = first.copy()
        own_square.data = (-(own_square.data**2) * variance / 2).astype(np.float32)
        layers.append((own_square, met.astype(np.float32)))
    return layers


def _balanced(logit: Floats, allowed: npt.NDArray[np.bool_], steps: int = 12) -> Floats:
    """Probabilities whose rows add up to 1 and whose columns add up to at most 1."""
    weight = np.where(allowed, logit, np.float32(-np.inf))
    top = weight.max(axis=1, keepdims=True)
    weight = np.exp(weight - np.where(np.isfinite(top), top, 0))
    for _ in range(steps):
        weight /= weight.sum(axis=1, keepdims=True) + np.float32(1e-30)
        weight /= np.maximum(weight.sum(axis=0, keepdims=True), 1)
    return np.asarray(weight, np.float32)
