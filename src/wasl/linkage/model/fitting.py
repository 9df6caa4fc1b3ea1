"""The model of one pass: several fits of Fellegi and Sunter's model, of which the sound one that fits best is taken.

A pair belongs to one of the classes *match*, *match with errors*, *relatives* (persons who share a household, a
surname, an address) or *rest*. One record can hold several errors, so two classes of matches are tried: one class with
independent comparisons would call pairs with several errors something else. Relatives differ from matches with errors
on the *personal* comparisons: there they agree as seldom as unrelated people do.

Twins agree on all but what the plan calls `unshared`, the given name: there they are like strangers. The class of
twins is added to every set of classes where a personal and an unshared comparison are made. A single pair of twins
shows in no count of pairs, so the class has a least share. Between registers that hold a person once the class has no
more than this share. There a given name that differs altogether is mostly another name of the same person, and a twin
has a partner.

A mixture of two classes is determined by three comparisons or more. With one or two, many mixtures describe the same
pairs equally well, among them "names agree, birth dates do not". Then u-probabilities are taken from the pairs of wide
blocks, nearly all of which are non-matches, and held. The looks of matches belong to the registers and not to
the pass. m-probabilities follow those of passes with more comparisons, or a weak prior opinion where there are none.
In every case a fit is rejected if its matches do not agree better than the rest on every comparison.

Source: I. Fellegi, A. Sunter (1969); W. Winkler (1988/2000); the number of classes by the Bayesian information
criterion, G. Schwarz, Annals of Statistics 6 (1978). The class of relatives is a contribution of this project.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.comparison.patterns import MISSING, Comparison, PatternCounts
from wasl.linkage.model.borrowing import ENOUGH_COMPARISONS, lenders_of, may_borrow, with_opinion
from wasl.linkage.model.em import Parameters, maximize_likelihood
from wasl.linkage.model.evidence import PSEUDO_PAIRS, Decided, Evidence, Setup
from wasl.linkage.model.expectation import FLOOR
from wasl.linkage.model.known_nonmatches import Strangers
from wasl.linkage.model.match_model import ERRORS, MATCH, RELATIVES, REST, TWINS, Fit, PassModel
from wasl.linkage.model.opinions import disagreeing
from wasl.linkage.model.soundness import (
    LEAST_AGREEMENT,
    agrees,
    agrees_elsewhere,
    is_sound,
    least_of_class,
    sorted_out,
)
from wasl.linkage.model.trust_in_counts import are_matches
from wasl.linkage.plan import ModelOptions

__all__ = ["fit_pass"]

SHAPES = ((MATCH, REST), (MATCH, ERRORS, REST), (MATCH, RELATIVES, REST), (MATCH, ERRORS, RELATIVES, REST))
"""Sets of classes that are tried; matches come first, the rest last."""
WIDE_SHARE = 0.02
"""Blocks in which at most this share of the pairs can be matches are wide: u is estimated from them."""
WIDE_PAIRS = 2_000.0
"""Fewer pairs of wide blocks do not determine u-probabilities."""
KEYS_MATCH = 0.9
"""Share of pairs with equal match keys that are taken for matches, where nothing is compared and nothing counted."""
OPINION_SHARE = 0.1
"""With too few comparisons and narrow blocks, this share of the possible matches stands behind m-probabilities."""
LENT_SHARE = 0.1
"""Where other passes lend m-probabilities, this share of the possible matches stands behind them. The pass of all names
compares births only: without this opinion it took 500 people of one name, born years apart, for matches."""
FEW_PAIRS = 20.0
"""Pairs of opinion behind m-probabilities with few comparisons and wide blocks. With 3 the model took chance
resemblances among 10,000 distinct persons for 45 matches in one of five draws."""
FEW_MATCHES = 100.0
"""So many pairs beyond the counted non-matches leave the whole of this opinion; it weighs less where there are more.
A match or two with errors made strangers of that look likely. Of six draws where 20 of 4,000 persons are in both
registers 21 pairs were wrong with an opinion of 3 pairs, and 13 with 20."""
REFINEMENTS = 2
"""Rounds in which the matches found are taken out of the pairs that u is estimated from."""

MOSTLY_MATCHES = 0.5
"""Where at least this share of the pairs can be matches, a pass may hold hardly anything else."""

START_ITERATIONS = 100
"""Iterations after which the fits are compared."""
CONTINUED = 3
"""So many of the best fits are continued to the end."""


def fit_pass(
    name: str,
    patterns: PatternCounts,
    comparisons: tuple[Comparison, ...],
    strata: tuple[tuple[str, str, int], ...],
    capacity: NDArray[np.float64],
    options: ModelOptions,
    earlier: PassModel | None = None,
    strangers: Strangers | None = None,
    borrowed: Sequence[PassModel] = (),
    decided: Decided | None = None,
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
        borrowed: Models of passes with more comparisons, whose m-probabilities are the opinion of a pass with few.
        decided: Pairs that reviewers decided.

    Returns:
        The sound fit that the Bayesian information criterion prefers.
    """
    if strangers is None and not comparisons:
        most = np.minimum(capacity, patterns.per_stratum)
        none = np.zeros(len(strata), np.bool_)
        strangers = Strangers(none, patterns.per_stratum - KEYS_MATCH * most, 1.0)
    evidence = Evidence.of(patterns, comparisons, capacity, strangers, strata)
    finished = _Finisher(name, strata, evidence, options)
    if earlier is not None:
        setup = Setup(earlier.classes, options, fixed=earlier.probabilities)
        return finished(setup, maximize_likelihood(evidence, setup))
    started = _start_fits(evidence, strata, options, borrowed, decided)
    ranked = sorted(started, key=lambda fit: finished.model(*fit).fit.bic)
    sound = [fit for fit in ranked if is_sound(finished.model(*fit), options)]
    fits = []
    for setup, fitted in (sound or ranked)[:CONTINUED]:
        whole = maximize_likelihood(evidence, setup, (fitted.tables, fitted.prior))
        model = finished(setup, whole if not fitted.converged else fitted)
        if is_sound(model, options):
            fits.append(model)
    if not fits:
        bare = Setup((MATCH, REST), options, bound=True, decided=decided)
        setup = with_opinion(bare, evidence, borrowed if may_borrow(evidence, borrowed) else (), OPINION_SHARE)
        fits = [finished(setup, maximize_likelihood(evidence, setup))]
        if len(comparisons) < ENOUGH_COMPARISONS:
            hardly_others = _hardly_others(evidence, setup, finished)
            fits = fits if hardly_others is None else [hardly_others]
    return min(fits, key=lambda model: model.fit.bic)


def _hardly_others(evidence: Evidence, setup: Setup, finished: _Finisher) -> PassModel | None:
    """The fit of a pass whose pairs are nearly all matches that do not agree as well as is thought of matches.

    Blocks that fix a birth date and a word of the name hold hardly any strangers. If every surname lacks its second
    part, the names agree in part. The rest then describes all pairs, and no match is expected. So the fit starts with
    matches that look like all pairs.

    Returns:
        The fit; None where blocks are not narrow, or matches do not agree better than the rest.
    """
    possible = float(np.minimum(evidence.capacity, evidence.per_stratum).sum())
    if possible < MOSTLY_MATCHES * evidence.pairs:
        return None
    start = [
        np.array([*[evidence.marginal(c)] * setup.matching, disagreeing(comparison)])
        for c, comparison in enumerate(evidence.comparisons)
    ]
    share = possible / evidence.pairs * MOSTLY_MATCHES
    prior = np.full((len(evidence.per_stratum), 2), (share, 1.0 - share))
    fit = finished(setup, maximize_likelihood(evidence, replace(setup, opinion=None), (start, prior)))
    above = [table[0, 2:].sum() for table in fit.probabilities]
    return fit if is_sound(fit, setup.options) and np.mean(above) >= LEAST_AGREEMENT else None


def _start_fits(
    evidence: Evidence,
    strata: Sequence[tuple[str, str, int]],
    options: ModelOptions,
    borrowed: Sequence[PassModel],
    decided: Decided | None,
) -> list[tuple[Setup, Parameters]]:
    """Fits of every set of classes from every start, not yet at the end; see the head of this module."""
    few = 0 < len(evidence.comparisons) < ENOUGH_COMPARISONS
    if not may_borrow(evidence, borrowed):
        borrowed = ()
    counted = evidence.strangers is not None and bool(evidence.strangers.known.any())
    wide = _wide(evidence, strata, evidence.matched_once)
    lent = (
        few
        and bool(evidence.matched_once.any())
        and all(lenders_of(comparison, borrowed) for comparison in evidence.comparisons)
    )
    fits = []
    for shape in _shapes(evidence.comparisons, options, decided is not None):
        setup = Setup(shape, options, decided=decided, elsewhere=len(evidence.comparisons) == 2 and not borrowed)
        if lent:
            setup = with_opinion(setup, evidence, borrowed, LENT_SHARE)
        if wide is not None:
            weight = setup.weight if lent else FEW_PAIRS if few else PSEUDO_PAIRS
            held, fitted = _fit_pinned(evidence, replace(setup, bound=True, weight=weight), wide, few)
            if few:
                fits.append((held, fitted))
                continue
            start = fitted.tables, fitted.prior
            fits.append((setup, maximize_likelihood(evidence, setup, start, START_ITERATIONS)))
        elif few and not counted and not lent:
            setup = with_opinion(setup, evidence, borrowed, OPINION_SHARE)
        elif few and counted:
            setup = replace(setup, weight=max(_opinion_of_few(evidence), setup.weight))
        fits.append((setup, maximize_likelihood(evidence, setup, None, START_ITERATIONS)))
    return fits


def _opinion_of_few(evidence: Evidence) -> float:
    """Pairs of opinion behind m-probabilities where non-matches are counted: more where fewer matches can be."""
    strangers = evidence.strangers
    if strangers is None:
        return PSEUDO_PAIRS
    beyond = float(np.maximum(evidence.per_stratum - strangers.pairs, 0.0)[~strangers.known].sum())
    return float(np.clip(FEW_PAIRS * FEW_MATCHES / max(beyond, 1.0), PSEUDO_PAIRS, FEW_PAIRS))


def _shapes(comparisons: Sequence[Comparison], options: ModelOptions, decided: bool) -> list[tuple[str, ...]]:
    """The sets of classes to try: relatives only where something personal is compared, or pairs are decided."""
    told = any(comparison.name in options.personal for comparison in comparisons)
    if len(comparisons) < ENOUGH_COMPARISONS and not told:
        return [SHAPES[0], SHAPES[1]][: max(options.classes - 1, 1)]
    shapes: list[tuple[str, ...]] = [
        shape for shape in SHAPES if len(shape) <= options.classes and (told or decided or RELATIVES not in shape)
    ]
    apart = any(comparison.name in options.unshared and comparison.states > 2 for comparison in comparisons)
    return [(*shape[:-1], TWINS, REST) for shape in shapes] if told and apart else shapes


def _wide(
    evidence: Evidence, strata: Sequence[tuple[str, str, int]], one_to_one: NDArray[np.bool_]
) -> NDArray[np.bool_] | None:
    """(strata) whether nearly all pairs of the stratum are non-matches; None where such pairs are too few."""
    pairs = np.maximum(evidence.per_stratum, 1.0)
    # In a block of n rows of one register a person with c rows has c (c - 1) / 2 pairs; c = 5 gives 2 n at most.
    rows = np.array([2.0 ** (size - 1) for _, _, size in strata])
    share = np.where(one_to_one, evidence.capacity / pairs, np.minimum(4.0 / rows, 1.0))
    if evidence.strangers is not None and evidence.strangers.known.any():
        return None  # counted non-matches are in the fit already
    wide = share <= WIDE_SHARE
    return wide if float(evidence.per_stratum[wide].sum()) >= WIDE_PAIRS else None


def _fit_pinned(
    evidence: Evidence, setup: Setup, wide: NDArray[np.bool_], to_the_end: bool
) -> tuple[Setup, Parameters]:
    """Fit with the u-probabilities of wide blocks held.

    Args:
        evidence: Pattern counts.
        setup: Classes and options.
        wide: (strata) whether u is estimated from it.
        to_the_end: Whether the fit is a result: then the matches found are taken out of the pairs u is estimated from,
            and the fit is repeated. Otherwise it is only the start of another fit.
    """
    mine = wide[evidence.stratum]
    others = np.zeros(len(evidence.counts))
    fitted: Parameters | None = None
    for _ in range(1 + REFINEMENTS if to_the_end else 1):
        tables = []
        for c in range(len(evidence.comparisons)):
            table = evidence.table_of(np.maximum(evidence.counts - others, 0.0) * mine, c) + FLOOR
            table[MISSING] = 0.0
            tables.append(table / table.sum())
        setup = replace(setup, pinned=tuple(tables))
        start = None if fitted is None else (fitted.tables, fitted.prior)
        fitted = maximize_likelihood(
            evidence, setup, start, setup.options.iterations if to_the_end else START_ITERATIONS
        )
        others = fitted.posterior[:, :-1].sum(axis=1)
    assert fitted is not None  # noqa: S101 - the loop runs at least once
    return setup, fitted


class _Finisher:
    """Turns fitted parameters into the model of the pass."""

    def __init__(
        self, name: str, strata: tuple[tuple[str, str, int], ...], evidence: Evidence, options: ModelOptions
    ) -> None:
        self._name, self._strata, self._evidence, self._options = name, strata, evidence, options

    def __call__(self, setup: Setup, fitted: Parameters) -> PassModel:
        """The model of a fit.

        Where one of two classes of matches turned out to hold relatives, the fit is continued with what holds of them.
        """
        model = self.model(setup, fitted)
        if model.classes == setup.classes:
            return model
        related = replace(setup, classes=model.classes)
        again = self.model(related, maximize_likelihood(self._evidence, related, (model.probabilities, model.prior)))
        return again if agrees(again.comparisons, again.probabilities, least_of_class(self._options), 0) else model

    def model(self, setup: Setup, fitted: Parameters) -> PassModel:
        """The model of a fit as it is."""
        evidence, names, matching = self._evidence, setup.classes, setup.matching
        tables, prior, posterior = list(fitted.tables), fitted.prior, fitted.posterior
        least_of = least_of_class(self._options)
        order = sorted_out(evidence.comparisons, tables, names, least_of)
        if (
            order is not None
            and agrees_elsewhere(evidence.comparisons, tables, least_of, *order[:2])
            and are_matches(evidence.strangers, evidence.per_stratum, float(posterior[:, order[0]].sum()))
        ):
            order = None
        if order is not None:
            tables, prior, posterior = [t[order] for t in tables], prior[:, order], posterior[:, order]
            names = (MATCH, RELATIVES, *names[2:])
            matching = 1
        parameters = len(self._strata) * (len(names) - 1) + sum(
            (c.states - 2) * len(names) for c in evidence.comparisons
        )
        final = []
        for table in tables:
            floored = np.maximum(table, FLOOR)
            floored[:, MISSING] = 1.0
            final.append(floored)
        model = PassModel(
            self._name,
            evidence.comparisons,
            names,
            tuple(final),
            prior,
            self._strata,
            Fit(
                fitted.iterations,
                fitted.converged,
                fitted.log_likelihood,
                parameters * float(np.log(evidence.pairs)) - 2 * fitted.log_likelihood,
            ),
            float(posterior[:, :matching].sum()),
            int(evidence.pairs),
        )
        if setup.decided is None:
            return model
        told = replace(model.fit, bic=model.fit.bic - 2 * _likelihood_of_decisions(model, setup.decided))
        return replace(model, fit=told)


def _likelihood_of_decisions(model: PassModel, decided: Decided) -> float:
    """Weighted log-likelihood of reviewers' decisions, in the stratum with the largest share of matches."""
    stratum = np.full(len(decided.match), int(np.argmax(model.prior[:, : model.matching].sum(axis=1))), np.int64)
    _, probability = model.score(decided.states, stratum)
    right = np.where(decided.match, probability, 1.0 - probability)
    return float(decided.weight @ np.log(np.maximum(right, FLOOR)))
