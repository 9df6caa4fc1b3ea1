"""Expectation maximization of Fellegi and Sunter's model with latent classes, on the pattern counts of one pass.

Given its class, the comparisons of a pair are independent; a missing comparison has likelihood 1 in every class. The
share of each class depends on the stratum: the pair of registers and the size class of the block.

    E step:  P(class | pattern, stratum) ∝ prior(stratum, class) · ∏_c P(state_c | class)
    M step:  P(state_c | class) ∝ expected pairs of the class in the state + pairs of prior opinion

Source: I. Fellegi, A. Sunter, A Theory for Record Linkage, JASA 64 (1969); W. Winkler, Using the EM Algorithm for
Weight Computation (1988/2000); A. Dempster, N. Laird, D. Rubin, JRSS B 39 (1977).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.comparison.patterns import MISSING
from wasl.linkage.model.evidence import PSEUDO_PAIRS, Evidence, Setup
from wasl.linkage.model.expectation import Expected, expect
from wasl.linkage.model.match_model import ERRORS, MATCH, RELATIVES, REST, TWINS
from wasl.linkage.model.opinions import agreeing, agreement, disagreeing, falling, raised
from wasl.linkage.model.trust_in_counts import is_faint, trust_in

__all__ = ["SAME_PERSON", "Parameters", "first_guess", "maximize_likelihood"]

NARROW = 1.0
"""With more matches than other pairs a pass is narrow: the rest is then fitted with non-rising probabilities."""
SAME_PERSON = 0.5
"""A class of matches lies at least this share of the way from the rest to full agreement on personal comparisons."""
LEAST_REST = 0.003
"""Share of the pairs of a stratum added to the rest: two people of one name, birth date and block do occur."""
REST_SHARE, REST_PAIRS = 0.3, 1000.0
"""Pairs of prior opinion behind u-probabilities: this share of all pairs, at most so many. Narrow blocks hold few
pairs to estimate u from; wide ones hold millions, which outweigh the opinion."""
ENOUGH_SEEN = 50.0
"""So many counted non-matches show what strangers look like in a pass, and no opinion is held. With names, sex and town
the opinion held against 397 of them that strangers seldom have one sex, and 300 namesakes were linked."""
SURPRISE = 5.0
"""Fewer counted non-matches also outweigh the opinion if so many standard deviations, and one pair, more of them agree
entirely. Seven of seven persons with one birth date and a word of the name had one sex; the opinion said .03."""
DISAGREEING_LEVELS = 2
"""Pairs at the lowest levels of all other comparisons are taken for strangers when a comparison is looked at. Matches
often disagree on one of several: where other passes make three comparisons F1 on FEBRL 3 fell from .98 to .95."""
FEW_STRANGERS = 20.0
"""Pairs of prior opinion behind what such strangers look like."""
NO_TWINS = 1e-9
"""Twins expected between registers that hold a person once: each has a partner there, and rivals decide."""
TWIN_SHARE = 0.01
"""Twins among the possible matches: one birth in 80 is of twins (UN, Demographic Yearbook), and not all twins are in
the registers together. Where a record can have several matches more twins are found if the pairs are there."""
PRIOR_PAIRS = 0.01
"""Pairs of prior opinion behind the class shares of a stratum."""
LEAST_ITERATIONS = 5
SETTLED = 1e-3
"""EM also goes on while the expected matches change by more than this share. A hundred matches among 50 million pairs
move the likelihood per pair by less than any tolerance."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """A fitted model.

    Attributes:
        tables: Per comparison (classes, states) probabilities.
        prior: (strata, classes) shares.
        posterior: (patterns, classes) expected pairs.
        log_likelihood: Of the counted pairs, natural logarithm.
        iterations: Done.
        converged: Whether the tolerance was reached.
    """

    tables: tuple[NDArray[np.float64], ...] = field(repr=False)
    prior: NDArray[np.float64] = field(repr=False)
    posterior: NDArray[np.float64] = field(repr=False)
    log_likelihood: float
    iterations: int
    converged: bool


def first_guess(evidence: Evidence, setup: Setup) -> tuple[list[NDArray[np.float64]], NDArray[np.float64]]:
    """Tables and class shares to begin with: matches agree, the rest is like all pairs, half of the possible match."""
    own = frozenset(setup.options.personal) | frozenset(setup.options.unshared)
    tables = []
    for c, comparison in enumerate(evidence.comparisons):
        rest = 0.5 * (disagreeing(comparison) + evidence.marginal(c))
        matches = agreeing(comparison, 2.0)
        shared = comparison.name not in own and comparison.kind == "filter"
        relatives = 0.5 * (agreeing(comparison, 1.5) + rest) if shared else rest
        if setup.decided is not None:
            matches, relatives = (
                (PSEUDO_PAIRS * thought + told) / (PSEUDO_PAIRS + told.sum())
                for thought, told in zip(
                    (matches, relatives),
                    (setup.decided.table_of(comparison, c, match) for match in (True, False)),
                    strict=True,
                )
            )
        shapes = {
            MATCH: matches,
            ERRORS: agreeing(comparison, 1.1),
            RELATIVES: relatives,
            TWINS: rest if comparison.name in setup.options.unshared else agreeing(comparison, 2.0),
            REST: rest,
        }
        tables.append(np.array([shapes[name] for name in setup.classes]))
    share = _first_share(evidence)
    prior = np.empty((len(share), len(setup.classes)))
    prior[:, : setup.matching] = share[:, None] / setup.matching
    prior[:, setup.matching : -1] = 0.05 * (1 - share)[:, None]
    if setup.twins is not None:
        prior[:, setup.twins] = _twin_share(evidence)
    prior[:, -1] = 1 - prior[:, :-1].sum(axis=1)
    return tables, prior


def _twin_share(evidence: Evidence) -> NDArray[np.float64]:
    """(strata) share of the pairs that are twins, as far as it is known without looking at them."""
    share: NDArray[np.float64] = TWIN_SHARE * evidence.rows_per_pair
    return share


def _first_share(evidence: Evidence) -> NDArray[np.float64]:
    share: NDArray[np.float64] = np.clip(0.5 * evidence.capacity / np.maximum(evidence.per_stratum, 1.0), 1e-9, 0.5)
    return share


def maximize_likelihood(
    evidence: Evidence,
    setup: Setup,
    start: tuple[Sequence[NDArray[np.float64]], NDArray[np.float64]] | None = None,
    iterations: int = 1_000_000,
) -> Parameters:
    """Fit tables and class shares by EM.

    Args:
        evidence: Pattern counts.
        setup: Classes, opinions and constraints.
        start: Tables and class shares to begin with; default :func:`first_guess`.
        iterations: Most iterations, if fewer than the plan's.
    """
    first_tables, first_prior = first_guess(evidence, setup) if start is None else start
    tables, prior = [table.copy() for table in first_tables], first_prior.copy()
    if setup.fixed is not None:
        tables = [table.copy() for table in setup.fixed]
    for table, u in zip(tables, setup.pinned or (), strict=False):
        table[-1] = u
    last, likelihood, matches, converged, iteration = -np.inf, -np.inf, 0.0, False, 0
    posterior = np.zeros((len(evidence.counts), len(setup.classes)))
    held, pairs = _Held.of(evidence, setup), evidence.pairs
    for iteration in range(1, min(setup.options.iterations, iterations) + 1):
        expected = expect(evidence, tables, prior)
        likelihood, posterior = expected.log_likelihood, expected.posterior
        before, matches = matches, float(expected.shares[:, : setup.matching].sum())
        settled = abs(matches - before) <= SETTLED * max(matches, 1.0)
        gained = likelihood - last >= setup.options.tolerance * pairs
        if settled and not gained and iteration > LEAST_ITERATIONS:
            converged = True
            break
        last = likelihood
        if setup.fixed is None:
            tables = _fit_tables(evidence, setup, expected, held)
        prior = _fit_prior(evidence, setup, expected.shares, held)
    return Parameters(tuple(tables), prior, posterior, likelihood, iteration, converged)


@dataclass(frozen=True, slots=True)
class _Told:
    """What does not change in the M step of a comparison.

    Attributes:
        liked: (states) what is thought beforehand of the states of matches.
        unliked: (states) the same of other pairs.
        own: Whether relatives agree on it as seldom as strangers.
        least: Share of the way from the rest to full agreement at which matches lie.
        contradicted: Whether counted non-matches agree far more often than is thought of them.
        same: (states) weight of the decided matches; None where nothing was decided.
        different: (states) weight of the decided others.
    """

    liked: NDArray[np.float64] = field(repr=False)
    unliked: NDArray[np.float64] = field(repr=False)
    own: bool
    least: float
    contradicted: bool
    same: NDArray[np.float64] | None = field(repr=False)
    different: NDArray[np.float64] | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Held:
    """What does not change from one iteration to the next.

    Attributes:
        comparisons: Of each comparison.
        others: Classes of other pairs, twins apart.
        seen: Pairs of counted non-matches.
        share: (strata) first share of matches.
        twins: (strata) pairs of twins at least.
        trust: How many times the pairs at hand counted non-matches weigh.
        faint: Whether few comparisons and many counted non-matches leave the errors of matches uncertain.
    """

    comparisons: tuple[_Told, ...]
    others: list[int]
    seen: float
    share: NDArray[np.float64] = field(repr=False)
    twins: NDArray[np.float64] = field(repr=False)
    trust: float
    faint: bool

    @classmethod
    def of(cls, evidence: Evidence, setup: Setup) -> _Held:
        """Read the evidence and the assumptions of a fit once."""
        known, told = evidence.strangers, []
        faint = known is not None and is_faint(known, evidence.per_stratum, len(evidence.comparisons))
        matches = setup.opinion or [agreeing(comparison, 2.0) for comparison in evidence.comparisons]
        for c, (liked, comparison) in enumerate(zip(matches, evidence.comparisons, strict=True)):
            personal = comparison.name in setup.options.personal
            same = different = None
            if setup.decided is not None:
                same = setup.decided.table_of(comparison, c, match=True)
                different = setup.decided.table_of(comparison, c, match=False)
            own = personal or comparison.name in setup.options.unshared
            least = SAME_PERSON if personal else LEAST_ABOVE
            unliked = disagreeing(comparison)
            told.append(_Told(liked, unliked, own, least, _is_contradicted(evidence, c, unliked), same, different))
        return cls(
            tuple(told),
            [k for k in range(setup.matching, len(setup.classes)) if k != setup.twins],
            float(evidence.per_stratum[known.known].sum()) if known is not None else 0.0,
            _first_share(evidence),
            _twin_share(evidence) * evidence.per_stratum,
            trust_in(known, evidence.per_stratum, faint) if known is not None else 0.0,
            faint,
        )


def _fit_tables(evidence: Evidence, setup: Setup, expected: Expected, held: _Held) -> list[NDArray[np.float64]]:
    """The M step of the tables: expected counts and opinions, constrained, with the plan's manual values kept."""
    options, matching, others = setup.options, setup.matching, held.others
    pairs = expected.shares.sum(axis=0)
    most_match = pairs[:matching].sum() > NARROW * pairs[matching:].sum()
    opinion = PSEUDO_PAIRS + max(min(REST_SHARE * float(pairs.sum()), REST_PAIRS) - held.seen, 0.0)
    tables = []
    for c, (comparison, told) in enumerate(zip(evidence.comparisons, held.comparisons, strict=True)):
        measured = held.seen >= ENOUGH_SEEN or told.contradicted
        narrow, behind = (False, PSEUDO_PAIRS) if measured else (most_match, opinion)
        strangers, met = np.zeros(comparison.states), 0.0
        if setup.elsewhere:
            strangers = _strangers_elsewhere(evidence, expected.posterior[:, others].sum(axis=1), c)
            met = float(strangers.sum())
        unliked = (FEW_STRANGERS * told.unliked + strangers) / (FEW_STRANGERS + met)
        table = expected.tables[c, :, : comparison.states].copy()
        table[:, MISSING] = 0.0
        if told.own:  # relatives agree on it as seldom as strangers
            table[others] = table[others].sum(axis=0)
        table[:matching] += setup.weight * told.liked
        if told.same is not None and told.different is not None:
            share = pairs[:matching] / max(pairs[:matching].sum(), 1e-300)
            table[:matching] += np.outer(share, told.same)
            if RELATIVES in setup.classes:
                table[others if told.own else [setup.classes.index(RELATIVES)]] += told.different
        if held.faint:
            table[:matching] = _discounted(table[:matching], setup.weight * told.liked)
        # Relatives share what is not personal, so nothing is assumed of it.
        table[matching:-1] += (behind if told.own else PSEUDO_PAIRS) * unliked
        table[-1] += behind * unliked
        table /= table.sum(axis=1, keepdims=True)
        if narrow and met < FEW_STRANGERS:
            table[-1, 1:] = falling(table[-1, 1:])
        if setup.pinned is not None:
            table[-1] = setup.pinned[c]
            if told.own:
                table[matching:] = table[-1]
        if setup.bound and comparison.kind == "filter" and comparison.states > 2:
            rest = float(agreement(table[-1]))
            for k in range(matching):
                table[k] = raised(table[k], rest + told.least * (1.0 - rest))
        if comparison.name in options.m:
            table[:matching, 1:] = options.m[comparison.name]
        if comparison.name in options.u:
            table[-1, 1:] = options.u[comparison.name]
        if setup.twins is not None:
            table[setup.twins] = table[-1] if comparison.name in options.unshared else _mixed(table, pairs[:matching])
        tables.append(table)
    return tables


def _is_contradicted(evidence: Evidence, c: int, thought: NDArray[np.float64]) -> bool:
    """Whether more counted non-matches agree entirely than an opinion on non-matches lets chance bring.

    Source: G. Box, Sampling and Bayes' Inference, JRSS A 143 (1980): a prior opinion is checked by its prediction.

    Args:
        evidence: Pattern counts.
        c: The comparison.
        thought: (states) what is thought beforehand of other pairs.
    """
    if evidence.strangers is None:
        return False
    counted = evidence.table_of(evidence.counts * evidence.strangers.known[evidence.stratum], c)
    mean, best = float(counted.sum()) * thought[-1], float(counted[-1])
    return bool(best > mean + SURPRISE * float(np.sqrt(mean * (1.0 - thought[-1]))) + 1.0)


def _discounted(expected: NDArray[np.float64], thought: NDArray[np.float64]) -> NDArray[np.float64]:
    """Expected matches by level, less what such counts overstate on the average of logarithms.

    A count that chance can have made is nearly lost, and one of many pairs loses half a pair.

    Args:
        expected: (classes, states) expected pairs, with those of the opinion.
        thought: (states) pairs of the opinion: no level has fewer.

    Source: M. Beal, Variational Algorithms for Approximate Bayesian Inference (2003), section 3.4: exp(digamma(n))
    stands for n where the probabilities have a Dirichlet prior.
    """
    from scipy.special import digamma  # not imported where every pass has enough comparisons

    counted: NDArray[np.float64] = np.exp(digamma(np.maximum(expected, 1e-9)))
    return np.maximum(counted, thought)


def _mixed(table: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """(states) probabilities over all classes of matches."""
    share = (weights + 1e-12) / (weights + 1e-12).sum()
    mixed: NDArray[np.float64] = share @ table[: len(weights)]
    return mixed


def _strangers_elsewhere(evidence: Evidence, others: NDArray[np.float64], c: int) -> NDArray[np.float64]:
    """(states) pairs by state of a comparison, of those that disagree on every other one: how strangers agree.

    Args:
        evidence: Pattern counts.
        others: (patterns) expected pairs that are no matches.
        c: The comparison.
    """
    apart, compared = np.ones(len(others), np.bool_), np.zeros(len(others), np.bool_)
    for k, comparison in enumerate(evidence.comparisons):
        if k != c and comparison.kind == "filter" and comparison.states > DISAGREEING_LEVELS + 2:
            apart &= evidence.states[:, k] <= DISAGREEING_LEVELS
            compared |= evidence.states[:, k] > MISSING
    return evidence.table_of(np.where(apart & compared, others, 0.0), c)


LEAST_ABOVE = 0.1
"""The same for other comparisons: foreigners whose names are transliterated agree on few of their letters, but on more
than strangers do."""


def _fit_prior(evidence: Evidence, setup: Setup, shares: NDArray[np.float64], held: _Held) -> NDArray[np.float64]:
    """The M step of the class shares: bounded by what one-to-one allows and by counted non-matches."""
    matching, classes = setup.matching, len(setup.classes)
    known, per_stratum, capacity = evidence.strangers, evidence.per_stratum, evidence.capacity
    share = held.share
    prior = shares.copy()
    matches = prior[:, :matching].sum(axis=1)
    prior[:, :matching] *= (np.minimum(matches, capacity) / np.maximum(matches, 1e-300))[:, None]
    prior[:, :matching] += PRIOR_PAIRS * share[:, None] / matching
    prior[:, matching:] += PRIOR_PAIRS * (1 - share)[:, None] / (classes - matching)
    if known is not None:
        sides, trust = (per_stratum - known.pairs, known.pairs), held.trust
        for part, pairs in zip((slice(0, matching), slice(matching, classes)), sides, strict=True):
            found = np.maximum(prior[:, part].sum(axis=1), 1e-9)
            prior[:, part] *= (1.0 + trust * pairs / found)[:, None]
    if setup.twins is not None:
        found = np.maximum(prior[:, setup.twins], held.twins)
        prior[:, setup.twins] = np.where(evidence.matched_once, NO_TWINS, found)
    prior[:, -1] += LEAST_REST * per_stratum
    if known is not None:
        prior[known.known, :matching] = 1e-12
    prior /= prior.sum(axis=1, keepdims=True)
    return prior
