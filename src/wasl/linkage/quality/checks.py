"""Self-checks of a resolution: what a run can see of its own being wrong, without truth.

A failed check does not change the result. The report shows it in red, and the command line ends with exit code 3 unless
the user accepts it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.comparison.patterns import MISSING, read_pattern
from wasl.linkage.model.checks import Check
from wasl.linkage.model.match_model import MatchModel
from wasl.linkage.persons.merging import MergedPairs
from wasl.linkage.persons.records import Records
from wasl.linkage.persons.sums import counts_by
from wasl.linkage.plan import ResolutionOptions
from wasl.linkage.quality.held_once import check_held_once
from wasl.linkage.quality.least_precision import FALSE_LINKS_OF_FAINT, LEAST_LINKS, cautious_precision

__all__ = ["check_few_links", "check_precision", "check_twins", "resolution_checks"]

POSSIBLE = 1.2
"""Expected matches may exceed the smaller register by this factor before the check fails. Pairs that compete for one
record are counted in full here. In clean registers their sum exceeds the matches by up to a tenth.
"""
LARGE_CLUSTER = 12
"""A person of more records is implausible in a register; the largest of FEBRL 3 has 6."""
LARGE_SHARE = 0.01
"""Share of the records that may be in larger clusters."""
DISAGREEING = 0.25
"""Share of the linked pairs that may be at the worst level of a personal comparison. It is .02 to .06 in the
laboratory's kinds when they are linked well, and .8 where namesakes were taken for one person."""
UNSHARED_DISAGREEING = 0.5
"""The same of a comparison that can be written in very different ways. It was 0 and .02 in two kinds of the laboratory,
and .36 where a third of the names are others altogether. With 300 twins split over two registers it was .66."""
ALIKE = 0.9
"""Share of the linked pairs that may look like twins where all names are compared at once. It is .003 to .05 in kinds
of the laboratory whose names are mostly written alike, and .71 among foreigners whose names are damaged. It is 1 where
twins are split over two registers that have nobody in common."""
WITHOUT_EVIDENCE = 0.2
"""Share of the linked pairs that may rest on a shared block alone, with nothing compared."""
LEAST_PRECISION = 0.85
"""Estimated precision below which the result is not to be used unseen, whatever the plan asks for. The kinds of the
laboratory are estimated at .90 and more, and are truly at .88 and more."""
FEW_LINKS, RARE, LARGE_REGISTER = 50, 0.02, 500
"""Fewer links than the first that are rarer than the second, in a register of so many records, are looked at. Between
registers of 3,000 persons that have nobody in common one to five pairs were linked in most draws under `guarded`. They
agree on the birth date and a name, or on all names, and nothing tells the few matches of such registers from them."""
REACHED = 0.005
"""Clusters add pairs below the probability from which pairs are linked; so much precision may be missing."""


def resolution_checks(
    before: MergedPairs,
    pairs: MergedPairs,
    together: NDArray[np.bool_],
    records: Records,
    duplicate_free: NDArray[np.bool_],
    cluster: NDArray[np.integer],
    model: MatchModel,
    patterns: Sequence[str],
    personal: Sequence[str],
    unshared: Sequence[str] = (),
    doubles: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[Check]:
    """Checks of the persons found.

    Args:
        before: Pairs with probabilities that each ignore the others.
        pairs: The same pairs as resolved.
        together: (pairs) whether they were linked.
        records: Their records.
        duplicate_free: (sources) whether a person is in it at most once.
        cluster: (records) their persons.
        model: The models of the passes.
        patterns: Spelled patterns, as `pairs.pattern` numbers them.
        personal: Comparisons on which relatives agree as seldom as strangers.
        unshared: Likewise, but they can be written in very different ways.
        doubles: By register, the largest count of pairs within it that look like one person.
    """
    most = {**dict.fromkeys(unshared, UNSHARED_DISAGREEING), **dict.fromkeys(personal, DISAGREEING)}
    return [
        _possible(before, records, duplicate_free),
        check_held_once(before, pairs, records, duplicate_free, doubles),
        _cluster_sizes(cluster),
        *_evidence(pairs.in_pass[together], pairs.pattern[together], records.passes, model, patterns, most),
    ]


def check_precision(
    quality: Mapping[str, Any],
    links: int,
    resolution: ResolutionOptions,
    least: float | None = None,
    passes: int = 2,
    faint: bool = False,
) -> Check:
    """Whether the estimated precision of the links is high enough to use them unseen.

    Args:
        quality: The report's estimates.
        links: Linked pairs.
        resolution: Of the plan, with the precision it asks for.
        least: The probability from which pairs were linked; default: that of the plan's costs.
        passes: Passes whose scores were merged.
        faint: Whether chance can have made as many pairs as there are matches, in most passes.
    """
    value, minimum = quality["precision"]["value"], resolution.minimum_precision
    few = links < LEAST_LINKS or value is None
    cautious = 1.0 if few else cautious_precision(value, passes, faint)
    short = minimum > 0 and cautious < minimum - REACHED
    failed = short or (not few and value < LEAST_PRECISION)
    fewer = least is not None and least > resolution.accept
    if failed:
        message = (
            f"the estimated precision is {value:.2f}. "
            + (f"With more false links than expected it is {cautious:.2f}, and the plan asks "
               f"for {minimum:g} (minimum_precision). " if short else f"That is below {LEAST_PRECISION}. ")
            + "The fields compared do not tell these persons apart. Compare more fields, or have the links reviewed."
        )  # fmt: skip
    elif least is not None and fewer:
        message = (
            f"pairs were linked from a probability of {least:.2f} on, and not of {resolution.accept:.2f}, so that the "
            f"links have the precision the plan asks for ({minimum:g}). Persons whose pairs lie below are missed."
        )
    elif faint and not few:
        wrong = links * (1.0 - value)
        most = FALSE_LINKS_OF_FAINT * wrong
        message = (
            "chance alone can have made as many likely pairs as there are matches, so probabilities can be too high. "
            f"Up to {most:,.0f} of the {links:,} links can be false ({wrong:,.0f} are expected). "
            "Have the doubtful pairs reviewed."
        )
    else:
        message = "the estimated precision is high enough, or the links are too few to judge."
    return Check("estimated-precision", not failed, message, warning=(fewer or (faint and not few)) and not failed)


def check_few_links(links: int, records: Records) -> Check:
    """Whether links between registers are so rare that chance resemblances may be as many.

    Args:
        links: Linked pairs of records of two registers.
        records: Of all registers.
    """
    sizes = np.sort(np.bincount(records.source, minlength=len(records.sources)))
    most = int(sizes[-2]) if len(sizes) > 1 else 0
    failed = 0 < links < FEW_LINKS and links < RARE * most and most >= LARGE_REGISTER
    return Check(
        "few-links",
        not failed,
        f"{links:,} pairs were linked, and {most:,} could have been. So few matches do not show what "
        "matches look like, and among so many pairs strangers who resemble each other can be as many. "
        "Have every link reviewed."
        if failed
        else "links are not so rare that chance resemblances could be as many.",
    )


def check_twins(alike: int, links: int, apart: bool) -> Check:
    """How many linked pairs could be twins: the birth date and a part of the names agree.

    Args:
        alike: Linked pairs of this kind.
        links: Linked pairs.
        apart: Whether given names are compared apart wherever names are compared.
    """
    most = UNSHARED_DISAGREEING if apart else ALIKE
    failed = links >= LEAST_LINKS and alike > most * links
    limit = (
        "Given names are compared apart."
        if apart
        else "The profile compares all names at once, so twins of whom each register holds another one cannot be told "
        "from a person whose given name was written otherwise."
    )
    if alike:
        message = (
            f"{alike:,} of {links:,} linked pairs agree on the birth date and on a part of the names only, as twins "
            f"do. {limit} These pairs are marked in links.parquet, column caution. Have them reviewed."
        )
    else:
        message = f"no linked pair agrees on the birth date and on a part of the names only. {limit}"
    return Check("twins", not failed, message, warning=bool(alike) and not failed)


def _possible(before: MergedPairs, records: Records, duplicate_free: NDArray[np.bool_]) -> Check:
    held = np.bincount(records.source, minlength=len(records.sources))
    over: list[str] = []
    several = duplicate_free.sum() > 1
    a, b = (records.source[side] if several else records.source[:0] for side in (before.left, before.right))
    for x in range(len(records.sources)):
        for y in range(x + 1, len(records.sources)):
            if not (duplicate_free[x] and duplicate_free[y]):
                continue
            here = ((a == x) & (b == y)) | ((a == y) & (b == x))
            expected, most = float(before.probability[here].sum()), int(min(held[x], held[y]))
            if expected > POSSIBLE * most:
                over.append(
                    f"{expected:,.0f} between {records.sources[x]} and {records.sources[y]}, of {most:,} possible"
                )
    return Check(
        "possible-matches",
        not over,
        f"the model expects more matches than one-to-one allows: {'; '.join(over)}. Probabilities are too high."
        if over
        else "the expected matches fit into the duplicate-free registers.",
    )


def _cluster_sizes(cluster: NDArray[np.integer]) -> Check:
    size = counts_by(cluster, len(cluster))
    large = int(size[size > LARGE_CLUSTER].sum())
    failed = large > max(LARGE_SHARE * len(cluster), LARGE_CLUSTER)
    return Check(
        "cluster-sizes",
        not failed,
        f"{large:,} of {len(cluster):,} records are in persons of more than {LARGE_CLUSTER} records; the largest has "
        f"{int(size.max(initial=0)):,}. Different people were chained together."
        if failed
        else f"the largest person has {int(size.max(initial=0)):,} records.",
    )


def _evidence(
    in_pass: NDArray[np.integer],
    pattern: NDArray[np.integer],
    passes: Sequence[str],
    model: MatchModel,
    patterns: Sequence[str],
    most: Mapping[str, float],
) -> list[Check]:
    """Whether linked pairs agree on what is personal, and whether anything was compared at all.

    Args:
        in_pass: (linked pairs) the pass.
        pattern: (linked pairs) int32 into `patterns`.
        passes: Names of passes.
        model: The models of the passes.
        patterns: Spelled patterns.
        most: Of a comparison, the share of linked pairs that may disagree entirely.
    """
    by_name = {part.name: part for part in model.passes}
    size = max(len(patterns), 1)
    every = counts_by(in_pass.astype(np.int32) * size + pattern, len(passes) * size)
    kinds = np.flatnonzero(every)
    counts = every[kinds]
    compared: dict[str, list[int]] = {name: [0, 0] for name in most}
    bare = 0
    for kind, count in zip(kinds.tolist(), counts.tolist(), strict=True):
        comparisons = by_name[passes[kind // size]].comparisons
        states = read_pattern(patterns[kind % size], comparisons)
        if comparisons and all(state == MISSING for state in states):
            bare += count
        for comparison, state in zip(comparisons, states, strict=True):
            if comparison.name in compared and state != MISSING:
                compared[comparison.name][0] += count
                compared[comparison.name][1] += count * (state == 1)
    total = len(pattern)
    apart = {
        name: worst / held
        for name, (held, worst) in compared.items()
        if held >= LEAST_LINKS and worst > most[name] * held
    }
    shown = ", ".join(f"{name} ({share:.0%})" for name, share in apart.items())
    empty = total >= LEAST_LINKS and bare > WITHOUT_EVIDENCE * total
    return [
        Check(
            "personal-agreement",
            not apart,
            f"linked pairs disagree entirely on {shown}: namesakes or relatives were linked."
            if apart
            else "linked pairs agree on what is personal.",
        ),
        Check(
            "evidence",
            not empty,
            f"{bare:,} of {total:,} linked pairs rest on a shared block alone, because everything compared is missing. "
            "Check that dates and names were read."
            if empty
            else "linked pairs rest on comparisons.",
        ),
    ]
