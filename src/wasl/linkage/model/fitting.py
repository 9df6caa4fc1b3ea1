"""Fellegi and Sunter's model with latent classes, fitted by EM on pattern counts.

A pair belongs to one of the classes *match*, *match with errors*, *relatives* (persons who share a household, a
surname, an address) or *rest*. Given its class, its comparisons are independent; a missing comparison says nothing. How
common each class is depends on the stratum: the pair of registers, and the size of the block the pair was met in.

Errors come together: a record spelled carelessly once is spelled careless throughout. Two classes of matches hold what
one class, with independent comparisons, would have to call something else. Relatives are told from matches with
errors by what relatives do not share: on the *personal* comparisons they agree as seldom as unrelated people do.
Narrow blocks can hold hardly any pair but matches. So that the rest is not fitted to matches there, it keeps to what
unrelated records do: the better a level of agreement, the rarer.

Source: I. Fellegi, A. Sunter, A Theory for Record Linkage, JASA 64 (1969); W. Winkler, Using the EM Algorithm for
Weight Computation, 1988/2000; the class of relatives is ours.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.comparison.patterns import MISSING, Comparison, PatternCounts
from wasl.linkage.model.known_nonmatches import Strangers
from wasl.linkage.model.match_model import ERRORS, MATCH, RELATIVES, REST, Fit, PassModel
from wasl.linkage.plan import ModelOptions

__all__ = ["falling", "fit_pass"]

SHAPES = ((MATCH, REST), (MATCH, ERRORS, REST), (MATCH, RELATIVES, REST), (MATCH, ERRORS, RELATIVES, REST))
"""Sets of classes that are tried; matches come first, the rest last."""
FLOOR = 1e-7
"""No state is impossible in any class."""
PSEUDO_PAIRS = 3.0
"""Pairs of prior opinion behind each m- and u-probability: matches mostly agree, others mostly do not."""
NARROW = 1.0
"""Above so many matches to a pair that is none, a pass is narrow: it teaches too little about the rest."""
SAME_PERSON = 0.5
"""A class of matches lies at least so far from the rest towards full agreement on every personal comparison."""
LEAST_REST = 0.003
"""However narrow the blocks, this share of the pairs of a stratum besides is taken to be no matches."""
KEYS_MATCH = 0.9
"""Share of pairs with equal match keys that are taken for matches, where nothing is compared and nothing counted."""
TRUST = 3.0
"""Strangers counted at home are worth up to so many times the pairs at hand."""
LEAST_AGREEMENT = 0.3
"""Share of filters on which a class of matches must be above the lowest level, on average."""
REST_SHARE, REST_PAIRS = 0.3, 1000.0
"""Behind u-probabilities besides: this share of the pairs, up to so many; narrow blocks hold few to learn u from."""


def _marginals(patterns: PatternCounts, comparisons: Sequence[Comparison]) -> list[NDArray[np.float64]]:
    tables = []
    for c, comparison in enumerate(comparisons):
        met = np.bincount(patterns.states[:, c], weights=patterns.counts, minlength=comparison.states)
        table = met.astype(np.float64) + 1e-3
        table[MISSING] = 0
        tables.append(table / table.sum())
    return tables


def _agreeing(comparison: Comparison, strength: float) -> NDArray[np.float64]:
    """A distribution that favours good levels: each level ``strength`` times as likely as the one below."""
    if comparison.kind == "token":
        return np.array([0.0, 0.2, 0.8])
    table: NDArray[np.float64] = np.power(strength, np.arange(comparison.states, dtype=np.float64))
    table[MISSING] = 0
    share: NDArray[np.float64] = table / table.sum()
    return share


def _disagreeing(comparison: Comparison) -> NDArray[np.float64]:
    """A distribution that favours bad levels: each level a quarter as likely as the one below."""
    if comparison.kind == "token":
        return np.array([0.0, 0.99, 0.01])
    table: NDArray[np.float64] = np.power(0.25, np.arange(comparison.states, dtype=np.float64))
    table[MISSING] = 0
    share: NDArray[np.float64] = table / table.sum()
    return share


def _start(
    comparisons: Sequence[Comparison],
    marginals: Sequence[NDArray[np.float64]],
    classes: Sequence[str],
    personal: frozenset[str],
) -> list[NDArray[np.float64]]:
    start = []
    for comparison, marginal in zip(comparisons, marginals, strict=True):
        rest = 0.5 * (_disagreeing(comparison) + marginal)
        shapes = {
            MATCH: _agreeing(comparison, 2.0),
            ERRORS: _agreeing(comparison, 1.1),
            RELATIVES: rest
            if comparison.name in personal or comparison.kind == "token"
            else 0.5 * (_agreeing(comparison, 1.5) + rest),
            REST: rest,
        }
        start.append(np.array([shapes[name] for name in classes]))
    return start


def fit_pass(
    name: str,
    patterns: PatternCounts,
    comparisons: tuple[Comparison, ...],
    strata: tuple[tuple[str, str, int], ...],
    capacity: NDArray[np.float64],
    options: ModelOptions,
    earlier: PassModel | None = None,
    strangers: Strangers | None = None,
) -> PassModel:
    """Fit the model of one pass.

    Args:
        name: The pass.
        patterns: Counted patterns.
        comparisons: Their comparisons.
        strata: What the strata stand for.
        capacity: (strata) most matches possible: the smaller side of each block, summed.
        options: Classes, iterations, tolerance, manual probabilities.
        earlier: A model of an earlier period: its probabilities are kept and only the priors are fitted.
        strangers: Pairs of different people to be expected, where that is known.

    Returns:
        The fit with the number of classes that the Bayesian information criterion prefers.
    """
    if strangers is None and not comparisons:
        most = np.minimum(capacity, patterns.per_stratum)
        none = np.zeros(len(strata), np.bool_)
        strangers = Strangers(none, patterns.per_stratum - KEYS_MATCH * most, 1.0)
    if earlier is not None:
        return _fit(name, patterns, comparisons, strata, capacity, strangers, options, earlier.classes, earlier)
    told = any(comparison.name in options.personal for comparison in comparisons)
    fits = []
    for shape in SHAPES:
        if len(shape) <= options.classes and (told or RELATIVES not in shape):
            model = _fit(name, patterns, comparisons, strata, capacity, strangers, options, shape)
            if model.classes != shape:  # relatives turned up where errors were looked for: now with what holds of them
                again = _fit(
                    name, patterns, comparisons, strata, capacity, strangers, options, model.classes, start=model
                )
                if _agrees(comparisons, again.probabilities, frozenset(options.personal), 0):
                    model = again
            fits.append(model)
    sound = [model for model in fits if _matches_agree(model)]
    return min(sound or fits[:1], key=lambda model: model.fit.bic)


def _matches_agree(model: PassModel) -> bool:
    """Whether every class of matches agrees on its filters more than by chance.

    Among many pairs a second class can settle on chance resemblances of strangers; it describes the data well, but what
    it describes are no matches.
    """
    filters = [table for table, c in zip(model.probabilities, model.comparisons, strict=True) if c.kind != "token"]
    if not filters or ERRORS not in model.classes:
        return True
    above_lowest = np.mean([table[: model.matching, 2:].sum(axis=1) for table in filters], axis=0)
    return bool((above_lowest >= LEAST_AGREEMENT).all())


def _fit(
    name: str,
    patterns: PatternCounts,
    comparisons: tuple[Comparison, ...],
    strata: tuple[tuple[str, str, int], ...],
    capacity: NDArray[np.float64],
    strangers: Strangers | None,
    options: ModelOptions,
    names: tuple[str, ...],
    earlier: PassModel | None = None,
    start: PassModel | None = None,
) -> PassModel:
    counts = patterns.counts.astype(np.float64)
    total = max(counts.sum(), 1.0)
    marginals = _marginals(patterns, comparisons)
    personal = frozenset(options.personal)
    classes = len(names)
    matching = 2 if ERRORS in names else 1
    given = earlier or start
    tables = _start(comparisons, marginals, names, personal) if given is None else list(given.probabilities)
    per_stratum = patterns.per_stratum
    seen = float(per_stratum[strangers.known].sum()) if strangers is not None else 0.0
    trust = TRUST * strangers.weight if strangers is not None else 0.0
    share = np.clip(0.5 * capacity / np.maximum(per_stratum, 1.0), 1e-9, 0.5)
    prior = np.empty((len(strata), classes))
    prior[:, :matching] = share[:, None] / matching
    prior[:, matching:-1] = 0.05 * (1 - share)[:, None]
    prior[:, -1] = 1 - prior[:, :-1].sum(axis=1)
    if start is not None:
        prior = start.prior.copy()

    last = -np.inf
    converged = False
    iteration = 0
    posterior = np.zeros((len(counts), classes))
    for iteration in range(1, options.iterations + 1):
        joint = np.log(np.maximum(prior, 1e-300))[patterns.stratum]
        for c, table in enumerate(tables):
            logs = np.log(np.maximum(table, FLOOR))
            logs[:, MISSING] = 0.0
            joint += logs.T[patterns.states[:, c]]
        norm = np.logaddexp.reduce(joint, axis=1)
        likelihood = float(counts @ norm)
        posterior = np.exp(joint - norm[:, None]) * counts[:, None]
        if likelihood - last < options.tolerance * total and iteration > 5:
            converged = True
            break
        last = likelihood
        if earlier is None:
            tables = _maximize(patterns, comparisons, posterior, names, options, seen)
        for k in range(classes):
            expected = np.bincount(patterns.stratum, weights=posterior[:, k], minlength=len(strata))
            prior[:, k] = expected
        matches = prior[:, :matching].sum(axis=1)
        prior[:, :matching] *= (np.minimum(matches, capacity) / np.maximum(matches, 1e-300))[:, None]
        prior[:, :matching] += 0.01 * share[:, None] / matching
        prior[:, matching:] += 0.01 * (1 - share)[:, None] / (classes - matching)
        if strangers is not None:
            known = per_stratum - strangers.pairs, strangers.pairs
            for part, pairs in zip((slice(0, matching), slice(matching, classes)), known, strict=True):
                found = np.maximum(prior[:, part].sum(axis=1), 1e-9)
                prior[:, part] *= (1.0 + trust * pairs / found)[:, None]
        prior[:, -1] += LEAST_REST * per_stratum
        if strangers is not None:
            prior[strangers.known, :matching] = 1e-12
        prior /= prior.sum(axis=1, keepdims=True)
    order = _sorted_out(comparisons, tables, names, personal)
    if order is not None:
        tables, prior, posterior = [t[order] for t in tables], prior[:, order], posterior[:, order]
        names = tuple(
            RELATIVES if names[k] in (MATCH, ERRORS) and place > 0 else names[k] for place, k in enumerate(order)
        )
        names, matching = (MATCH, *names[1:]), 1
    parameters = len(strata) * (classes - 1) + sum((c.states - 2) * classes for c in comparisons)
    final = []
    for table in tables:
        floored = np.maximum(table, FLOOR)
        floored[:, MISSING] = 1.0
        final.append(floored)
    return PassModel(
        name,
        comparisons,
        names,
        tuple(final),
        prior,
        strata,
        Fit(iteration, converged, likelihood, parameters * float(np.log(total)) - 2 * likelihood),
        float(posterior[:, :matching].sum()),
        int(total),
    )


def _sorted_out(
    comparisons: Sequence[Comparison],
    tables: Sequence[NDArray[np.float64]],
    names: tuple[str, ...],
    personal: frozenset[str],
) -> list[int] | None:
    """A new order of the classes, where one of two classes of matches turned out to hold relatives; else None.

    Relatives were found when a class agrees on a personal comparison hardly better than the rest does.
    """
    if ERRORS not in names:
        return None

    good = [k for k in (0, 1) if _agrees(comparisons, tables, personal, k)]
    if len(good) != 1:
        return None
    return [good[0], 1 - good[0], *range(2, len(names))]


def _agrees(
    comparisons: Sequence[Comparison], tables: Sequence[NDArray[np.float64]], personal: frozenset[str], k: int
) -> bool:
    """Whether a class agrees on every personal comparison as one person's records do, not as relatives'."""
    for comparison, table in zip(comparisons, tables, strict=True):
        if comparison.name in personal and comparison.kind == "filter" and comparison.states > 2:
            level = np.arange(comparison.states) / (comparison.states - 1)
            rest = float(level @ table[-1])
            if float(level @ table[k]) - rest < SAME_PERSON * (1.0 - rest):
                return False
    return True


def _maximize(
    patterns: PatternCounts,
    comparisons: tuple[Comparison, ...],
    posterior: NDArray[np.float64],
    names: tuple[str, ...],
    options: ModelOptions,
    seen: float,
) -> list[NDArray[np.float64]]:
    """The tables that make the expected counts likeliest, with a little prior opinion and manual values kept.

    The opinion on the rest gives way to the strangers ``seen``, pairs known to be of different people.
    """
    matching = 2 if ERRORS in names else 1
    narrow = posterior[:, :matching].sum() > NARROW * posterior[:, matching:].sum()
    opinion = PSEUDO_PAIRS + max(min(REST_SHARE * float(posterior.sum()), REST_PAIRS) - seen, 0.0)
    tables = []
    for c, comparison in enumerate(comparisons):
        table = np.empty((len(names), comparison.states))
        for k in range(len(names)):
            table[k] = np.bincount(patterns.states[:, c], weights=posterior[:, k], minlength=comparison.states)
        table[:, MISSING] = 0
        if comparison.name in options.personal:
            table[matching:] = table[matching:].sum(axis=0)
        table[:matching] += PSEUDO_PAIRS * _agreeing(comparison, 2.0)
        # What relatives share there is no opinion on: only the rest is known to be unlike.
        held = opinion if comparison.name in options.personal else PSEUDO_PAIRS
        table[matching:-1] += held * _disagreeing(comparison)
        table[-1] += opinion * _disagreeing(comparison)
        table /= table.sum(axis=1, keepdims=True)
        if narrow:
            table[-1, 1:] = falling(table[-1, 1:])
        if comparison.name in options.m:
            table[:matching, 1:] = options.m[comparison.name]
        if comparison.name in options.u:
            table[-1, 1:] = options.u[comparison.name]
        tables.append(table)
    return tables


def falling(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The closest values that never rise: pools adjacent violators (R. Barlow et al., 1972)."""
    means: list[float] = []
    sizes: list[int] = []
    for value in values.tolist():
        means.append(value)
        sizes.append(1)
        while len(means) > 1 and means[-1] > means[-2]:
            size = sizes[-2] + sizes[-1]
            means[-2] = (means[-2] * sizes[-2] + means[-1] * sizes[-1]) / size
            sizes[-2] = size
            del means[-1], sizes[-1]
    return np.repeat(means, sizes)
