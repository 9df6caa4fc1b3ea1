"""Twins: the same birth date, one surname, another given name, and a record of each in one of two registers.

Two such records look like one person whose given name was replaced. Where given names are compared apart, such a pair
agrees on the birth date and not on the given name. Where one filter holds all words of a name, it agrees on the birth
date and on a part of the names. One of two words is another altogether. That lies further apart than misspelled words.

How many pairs of this kind are twins follows from how many twins there are. One birth in 80 is of twins. Between two
registers that hold a person once, a twin whose own record is in the other register has that one as a rival, and rivals
decide. So only twins are left of which each register has another one:

    twins = share of twins · matches · (1 - share of A's persons in B) · (1 - share of B's persons in A)

The other pairs of the kind that the model takes for matches are matches. Their share bounds the probability of each.

*Does not hold for:*

- pairs within one register. Whether a register has twins at all cannot be told from names that were replaced. With a
  bound there, F1 of 10,000 rows of names and birth dates without any twins fell from .935 to .930 under `guarded`, of
  the 19th century from .975 to .972. Links of this kind are only counted and marked;
- pairs that share a number which a person has one of. Twins do not, and such pairs are left alone;
- a woman under her husband's surname, where one filter holds all words: she looks like a twin;
- registers in which many linked pairs are of the kind. Only a look at them tells twins from names that were replaced.

Source: one birth in 80 is of twins, UN, Demographic Yearbook.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.comparison.levels import SHARES
from wasl.linkage.comparison.patterns import MISSING, Comparison, read_pattern
from wasl.linkage.model.match_model import MatchModel
from wasl.linkage.persons.merging import MergedPairs
from wasl.linkage.persons.opened_pairs import RecordPairs
from wasl.linkage.persons.records import Records
from wasl.linkage.persons.sums import codes_of, sums_by
from wasl.linkage.plan import ModelOptions

__all__ = ["LIKE_TWINS", "NOT_TWINS", "bound_twins", "given_apart", "twin_like", "twin_votes"]

NOT_TWINS, LIKE_TWINS = "", "possible twins"
"""What `links.parquet` says of a linked pair in column `caution`."""
IN_PART, STRANGE = 0.75, 0.88
"""Shares of the chance distance. Names of which one of two words is another lie beyond the first, names with a typing
error within it. Given names of two people lie beyond the second. Among 600 matches with a typing error in a tenth of
the names one lay beyond the first, and 39 of 40 twins did (`febrl/guarded` and a composed profile)."""
TWIN_SHARE = 0.005
"""Pairs of twins for each match and side of a pair of registers, if both were registered independently. One birth in
80 is of twins, and twins live and register together. With .01 the calibration error of FEBRL 4 with relatives planted,
which has no twins, rose from .009 to .019; with this it is .008 to .015."""
LIKE_OTHERS = 20.0
"""Matches of all registers behind the share of two of them that looks like twins."""
LEAST_MATCHES = 0.1
"""Least share of the pairs of the kind that is taken for matches, however many twins are expected."""


def twin_votes(
    meetings: RecordPairs, passes: Sequence[str], model: MatchModel, options: ModelOptions
) -> NDArray[np.int8]:
    """(meetings) 1 where a pair looks like twins in a pass, -1 where it does not, 0 where the pass does not show it.

    Each pass measures the same names through its own keys. The likeliest pass alone is the one whose names came out
    nearest by chance.

    A pass does not show it where nothing tells given names apart: they are not compared, or the block is a number.

    Args:
        meetings: Pairs met in passes.
        passes: Their names, as `meetings.in_pass` numbers them.
        model: The models of the passes.
        options: Names of the comparisons.
    """
    votes = np.zeros(len(meetings.left), np.int8)
    if not any(c.name in options.personal for part in model.passes for c in part.comparisons):
        return votes
    by_name = {part.name: part for part in model.passes}
    size = max(len(meetings.patterns), 1)
    seen, place = codes_of(meetings.in_pass.astype(np.int32) * size + meetings.pattern, len(passes) * size)
    told = np.zeros(len(seen), np.int8)
    for k, code in enumerate(seen.tolist()):
        part = by_name.get(passes[code // size])
        if part is not None and part.name not in options.own_numbers:
            states = read_pattern(meetings.patterns[code % size], part.comparisons)
            told[k] = _vote(part.comparisons, states, options)
    votes[:] = told[place]
    return votes


def twin_like(pairs: MergedPairs, alike: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(pairs) whether a pair agrees on the birth date and differs in the given name, as far as that is compared.

    Args:
        pairs: Candidates.
        alike: (pairs) whether half of the passes or more say so; see :func:`twin_votes`.
    """
    found = alike.copy()
    for shared in (pairs.numbered, pairs.same_given):
        if shared is not None:
            found &= ~shared
    return found


def given_apart(model: MatchModel, options: ModelOptions) -> bool:
    """Whether given names are compared apart wherever names are compared."""
    apart = [
        {c.name for c in part.comparisons} & set(options.unshared)
        for part in model.passes
        if any(c.name in (*options.unshared, *options.all_names) for c in part.comparisons)
    ]
    return bool(apart) and all(apart)


def _vote(comparisons: Sequence[Comparison], states: Sequence[int], options: ModelOptions) -> int:
    """1 for a pattern of twins: birth the same or not compared, given name another or names the same in part.

    -1 for another pattern, 0 where no names are compared.
    """
    state = {c.name: (c, s) for c, s in zip(comparisons, states, strict=True) if c.kind == "filter"}
    for name in options.personal:
        if name in state and state[name][1] != state[name][0].states - 1:
            return -1
    given = [state[name] for name in options.unshared if name in state and state[name][1] != MISSING]
    if given:
        return 1 if all(_beyond(c, s, STRANGE) for c, s in given) else -1
    whole = [state[name] for name in options.all_names if name in state and state[name][1] != MISSING]
    if not whole:
        return 0
    return 1 if all(_beyond(c, s, IN_PART) for c, s in whole) else -1


def _beyond(comparison: Comparison, state: int, share: float) -> bool:
    """Whether the pairs in a state are at least this share of the chance distance apart."""
    if not comparison.limits:
        return state == 1
    chance = comparison.limits[-1] / SHARES[-1]
    closer = comparison.states - 1 - state  # limits of better levels
    return closer > 0 and comparison.limits[closer - 1] >= share * chance - 1.0


def bound_twins(pairs: MergedPairs, like: NDArray[np.bool_], records: Records) -> MergedPairs:
    """The pairs with probabilities that allow for twins.

    Args:
        pairs: Pairs as rivals left them.
        like: (pairs) whether a pair looks like twins.
        records: Their records.
    """
    sources = len(records.sources)
    if not like.any() or sources == 1:
        return pairs
    a, b = records.source[pairs.left], records.source[pairs.right]
    between = (np.minimum(a, b) * sources + np.maximum(a, b)).astype(np.min_scalar_type(sources**2))
    apart = np.where(a != b, pairs.probability, 0.0)
    matches = sums_by(between, apart, sources**2)
    kind = sums_by(between, np.where(like, apart, 0.0), sources**2)
    pooled = kind.sum() / max(matches.sum(), 1e-9)
    kind = matches * (kind + LIKE_OTHERS * pooled) / (matches + LIKE_OTHERS)
    twins = _expected_twins(matches, np.bincount(records.source, minlength=sources))
    found = np.maximum(kind - twins, LEAST_MATCHES * kind)
    bound = found / np.maximum(found + twins, 1e-12)
    probability = np.where(like & (a != b), np.minimum(pairs.probability, bound[between]), pairs.probability)
    return replace(pairs, probability=probability)


def _expected_twins(matches: NDArray[np.float64], held: NDArray[np.int64]) -> NDArray[np.float64]:
    """(sources²) pairs of twins without a record of their own in the other register."""
    sources = len(held)
    first, second = np.divmod(np.arange(sources**2), sources)
    alone = np.ones(sources**2)
    for here in (first, second):
        alone *= 1.0 - np.minimum(matches / np.maximum(held[here], 1), 1.0)
    expected: NDArray[np.float64] = 2.0 * TWIN_SHARE * matches * alone
    return expected
