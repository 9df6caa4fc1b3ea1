"""The spine keeper's half: scored pairs of rows and join maps to links between records and to persons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.linkage.model.doubles import most_doubles
from wasl.linkage.model.pairs import ScoredPairs
from wasl.linkage.model.unfound import counted_once
from wasl.linkage.persons.assignment import assign_one_to_one
from wasl.linkage.persons.clustering import chance_of_meeting, cluster_records
from wasl.linkage.persons.competition import compete
from wasl.linkage.persons.merging import Meetings, MergedPairs, averaged, group_meetings, log_odds, merge_meetings
from wasl.linkage.persons.opened_pairs import open_pairs
from wasl.linkage.persons.pair_columns import PAIR_FIELDS, TEXT, coded_names, pair_table, pattern_column
from wasl.linkage.persons.records import Records
from wasl.linkage.persons.spine import name_persons, spine_table
from wasl.linkage.persons.sums import counts_by, parts_of
from wasl.linkage.persons.twins import LIKE_TWINS, NOT_TWINS, bound_twins, given_apart, twin_like, twin_votes
from wasl.linkage.plan import LinkagePlan
from wasl.linkage.quality.block_matches import believed_by_pass, check_blocks
from wasl.linkage.quality.breakdown import by_group
from wasl.linkage.quality.checks import check_few_links, check_precision, check_twins, resolution_checks
from wasl.linkage.quality.doubt import check_one_kind, describe_doubt
from wasl.linkage.quality.estimates import estimate_quality
from wasl.linkage.quality.least_precision import least_probability, mostly_faint
from wasl.linkage.quality.occasions import share_with_few_occasions
from wasl.linkage.quality.renumbered import check_record_numbers, count_renumbered
from wasl.linkage.quality.review import REVIEW_FIELDS, draw_sample
from wasl.linkage.quality.torn_records import check_torn, count_torn
from wasl.linkage.quality.unknown_recall import check_unknown_recall, compares_all_pairs, why_recall_is_unknown
from wasl.linkage.quality.unmet import unmet_by_source
from wasl.locale import N_
from wasl.registers.exchange.join_map import JoinMap

__all__ = ["CONFLICTS_SCHEMA", "LINKS_SCHEMA", "REVIEW_SCHEMA", "Resolution", "resolve"]

LINKS_SCHEMA = pa.schema([*PAIR_FIELDS, ("grade", TEXT), ("pattern", TEXT), ("caution", TEXT)])
CONFLICTS_SCHEMA = pa.schema([*PAIR_FIELDS, ("reason", TEXT)])
REVIEW_SCHEMA = pa.schema([*REVIEW_FIELDS, *PAIR_FIELDS, ("pass", TEXT), ("pattern", TEXT)])
GRADES = ("link", "review", "non-link", "single")
LINK, REVIEW, NON_LINK, SINGLE = range(4)
REASONS = (
    "",
    N_("the person would be in a duplicate-free register twice"),
    N_("the other records of the two persons do not fit together"),
    N_("another record fits better"),
)
RIVAL = 3
SURE = 0.99
"""Pairs of this probability are taken for matches when asking how often records of one person meet at all."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """Persons and the links they rest on.

    Attributes:
        spine: Table of ``SPINE_SCHEMA``; every record of every join map, singletons included.
        links: Table of ``LINKS_SCHEMA``: pairs of records worth a look, each with its grade.
        conflicts: Table of ``CONFLICTS_SCHEMA``: likely pairs that could not be linked, and why.
        changes: What happened to the persons of an earlier spine.
        review: Table of ``REVIEW_SCHEMA``: pairs drawn for reviewers.
        report: Counts and quality as a JSON value; the linkage unit's report is within it.
    """

    spine: pa.Table = field(repr=False)
    links: pa.Table = field(repr=False)
    conflicts: pa.Table = field(repr=False)
    changes: pa.Table = field(repr=False)
    review: pa.Table = field(repr=False)
    report: dict[str, Any]


def resolve(
    plan: LinkagePlan,
    scored: ScoredPairs,
    joins: Sequence[JoinMap],
    *,
    run: str,
    onto: pa.Table | None = None,
    look: Callable[[MergedPairs, Records], NDArray[np.float64]] | None = None,
) -> Resolution:
    """Resolve scored pairs into persons.

    Args:
        plan: Costs, assignment and constraints.
        scored: Pairs of rows with probabilities, as scored or as read back.
        joins: One join map per linked delivery.
        run: Name of this run, kept with the records it places.
        onto: The spine to build onto: its persons keep their ids.
        look: A second measurement of the pairs, by whoever holds more than encodings: (pairs) log-odds, NaN for none.

    Raises:
        MismatchError: A join map is missing or belongs to another delivery.
        DeliveryError: A pair names a row that is in no join map.
    """
    records, meetings, patterns = _meetings(plan, scored, joins)
    duplicate_free = _duplicate_free(plan, scored, records)
    before = merge_meetings(meetings, records, duplicate_free, plan.model.own_numbers)
    like_twins, few = twin_like(before, meetings.alike), share_with_few_occasions(before, meetings, records)
    believed = believed_by_pass(meetings, before.probability, records)
    del meetings
    if look is not None and len(before):
        before = averaged(before, look(before, records))
    faint = mostly_faint(scored.report["passes"])
    found = _find_persons(plan, before, records, duplicate_free, like_twins if look is None else None, faint)
    at = records.roster.place
    persons = name_persons(records.roster, found.cluster[at], onto)
    grade_code, probability = _membership(plan, records, found.pairs, found.together)
    spine = spine_table(records.roster, persons, list(GRADES), grade_code[at], probability[at], run, onto)
    links, conflicts = _links(plan, patterns, records, found, like_twins), _conflicts(plan, records, found)
    report = _report(plan, scored, records, found, run, persons.changes, conflicts)
    doubles = most_doubles(scored.report["passes"])
    checks = resolution_checks(
        before, found.pairs, found.together, records, duplicate_free, found.cluster, scored.model, patterns,
        plan.model.personal, plan.model.unshared, doubles,
    )  # fmt: skip
    checks.append(check_blocks(scored.report["passes"], believed, records))
    twice = bool(doubles) or any(check.name == "held-once" and not check.passed for check in checks)
    report["quality"] = _quality(scored, records, found, duplicate_free, grade_code == SINGLE, probability, few, twice)
    links_made, alike = int(found.together.sum()), int((found.together & like_twins).sum())
    checks.append(
        check_precision(report["quality"], links_made, plan.resolution, found.least, len(records.passes), faint)
    )
    checks.append(check_unknown_recall(report["quality"], links_made))
    checks.append(check_one_kind(found.pairs, len(patterns)))
    checks.append(check_torn(count_torn(before, found.together, like_twins, records), links_made))
    checks.append(check_twins(alike, links_made, given_apart(scored.model, plan.model)))
    apart = records.source[found.pairs.left] != records.source[found.pairs.right]
    checks.append(check_few_links(int((found.together & apart).sum()), records))
    if onto is not None:
        checks.append(check_record_numbers(count_renumbered(records.roster, persons.person_id, onto)))
    report["checks"] = [*scored.report.get("checks", []), *(check.to_json() for check in checks)]
    review = _review(plan, patterns, records, found.pairs, found.together)
    return Resolution(spine, links, conflicts, persons.changes, review, report)


def _meetings(
    plan: LinkagePlan, scored: ScoredPairs, joins: Sequence[JoinMap]
) -> tuple[Records, Meetings, tuple[str, ...]]:
    """The records, the meetings of their pairs, and the spelled patterns; nothing else is left in memory."""
    records, opened = open_pairs(scored, joins)
    votes = twin_votes(opened, records.passes, scored.model, plan.model)
    return records, group_meetings(opened, len(records), votes), opened.patterns


@dataclass(frozen=True, slots=True)
class _Found:
    """The persons found.

    Attributes:
        pairs: Candidate pairs with probabilities after competition.
        cluster: (records) person of each, the smallest record of it.
        together: (pairs) whether both records are one person's.
        grades: (pairs) into ``GRADES``.
        reasons: (pairs) into ``REASONS``: why a likely pair was not linked.
        least: The probability from which pairs were linked.
    """

    pairs: MergedPairs
    cluster: NDArray[np.int32] = field(repr=False)
    together: NDArray[np.bool_] = field(repr=False)
    grades: NDArray[np.int8] = field(repr=False)
    reasons: NDArray[np.int8] = field(repr=False)
    least: float


def _find_persons(
    plan: LinkagePlan,
    before: MergedPairs,
    records: Records,
    duplicate_free: NDArray[np.bool_],
    like_twins: NDArray[np.bool_] | None,
    faint: bool = False,
) -> _Found:
    """Competition, twins, and persons of links that have the precision the plan asks for."""
    pairs = compete(before, records, duplicate_free)
    if like_twins is not None:
        pairs = bound_twins(pairs, like_twins, records)
    least = plan.resolution.accept
    while True:
        found = _link_from(plan, pairs, records, duplicate_free, least)
        linked = pairs.probability[found.together]
        least = least_probability(linked, plan.resolution.minimum_precision, found.least, len(records.passes), faint)
        if least <= found.least:
            return found


def _link_from(
    plan: LinkagePlan, pairs: MergedPairs, records: Records, duplicate_free: NDArray[np.bool_], least: float
) -> _Found:
    """Assignment and clusters of the pairs from a probability on."""
    accepted, rivals = _accept(plan, pairs, records, duplicate_free, least)
    met = chance_of_meeting(len(records), pairs.left, pairs.right, pairs.probability >= SURE)
    cluster, refused = cluster_records(
        len(records), pairs.left, pairs.right, pairs.probability, accepted,
        records.source, duplicate_free, plan.resolution.chain * float(np.log1p(-min(met, SURE))),
    )  # fmt: skip
    reasons = np.where(refused > 0, refused, rivals).astype(np.int8)
    together: NDArray[np.bool_] = cluster[pairs.left] == cluster[pairs.right]
    return _Found(pairs, cluster, together, _grades(plan, pairs, together, reasons), reasons, least)


def _links(
    plan: LinkagePlan, patterns: Sequence[str], records: Records, found: _Found, like_twins: NDArray[np.bool_]
) -> pa.Table:
    """The pairs worth a look, with their grades and what to be careful about."""
    least = 0.0 if plan.resolution.keep_all else plan.resolution.possible
    shown = (found.pairs.probability >= least) | found.together
    links = pair_table(records, found.pairs, shown)
    links = links.append_column(LINKS_SCHEMA.field("grade"), coded_names(found.grades[shown], GRADES))
    links = links.append_column(LINKS_SCHEMA.field("pattern"), pattern_column(patterns, found.pairs, shown))
    caution = (like_twins & found.together)[shown].astype(np.int32)
    return links.append_column(LINKS_SCHEMA.field("caution"), coded_names(caution, (NOT_TWINS, LIKE_TWINS)))


def _conflicts(plan: LinkagePlan, records: Records, found: _Found) -> pa.Table:
    """Likely pairs that could not be linked, and why."""
    clashing = (found.reasons > 0) & ~found.together & (found.pairs.probability >= plan.resolution.possible)
    reasons = coded_names(found.reasons[clashing], REASONS)
    return pair_table(records, found.pairs, clashing).append_column(CONFLICTS_SCHEMA.field("reason"), reasons)


def _quality(
    scored: ScoredPairs,
    records: Records,
    found: _Found,
    duplicate_free: NDArray[np.bool_],
    single: NDArray[np.bool_],
    probability: NDArray[np.float64],
    few_occasions: float,
    twice: bool,
) -> dict[str, Any]:
    """Estimates without truth, for all pairs and by register."""
    flow = scored.report["passes"]
    missed, room = counted_once([row for part in flow for row in part.get("unfound", [])])
    below = max((part["expected_below"] for part in flow), default=0.0) + missed
    pairs, together = found.pairs, found.together
    reason = why_recall_is_unknown(flow, scored.model, records, few_occasions, twice)
    quality = estimate_quality(
        pairs, together, records, below, duplicate_free, found.cluster, reason, room, compares_all_pairs(flow, records)
    )
    unmet = unmet_by_source(pairs, together, records, single, quality["by_registers"])
    never = np.array([unmet[label] for label in records.sources])[records.source]
    by_register = by_group(single, probability, never, records.source.astype(np.int64), records.sources)
    doubt = describe_doubt(pairs.probability)
    return quality | {"probabilities": doubt, "unmet": unmet, "by_register": [group.to_json() for group in by_register]}


def _review(
    plan: LinkagePlan, patterns: Sequence[str], records: Records, pairs: MergedPairs, together: NDArray[np.bool_]
) -> pa.Table:
    """The pairs drawn for reviewers, in the order they are shown."""
    rng = np.random.default_rng(plan.model.seed)
    sample = draw_sample(pairs.probability, together, plan.resolution.review_sample, rng)
    drawn = pair_table(records, pairs, sample.chosen)
    columns = [*sample.columns(together), *drawn.columns, coded_names(pairs.in_pass[sample.chosen], records.passes)]
    return pa.table([*columns, pattern_column(patterns, pairs, sample.chosen)], schema=REVIEW_SCHEMA)


def _duplicate_free(plan: LinkagePlan, scored: ScoredPairs, records: Records) -> NDArray[np.bool_]:
    alone = len(records.sources) == 1
    once = {
        source["label"]: plan.is_duplicate_free(source["register"], bool(source.get("duplicate_free", False)))
        for source in scored.report["sources"]
    }
    return np.array([not alone and once[label] for label in records.sources], np.bool_)


def _accept(
    plan: LinkagePlan, pairs: MergedPairs, records: Records, duplicate_free: NDArray[np.bool_], least: float
) -> tuple[NDArray[np.bool_], NDArray[np.int8]]:
    """Mark the pairs worth linking, after assignment between the registers that hold a person once.

    Args:
        plan: Kind of assignment.
        pairs: Candidates with probabilities.
        records: Their records.
        duplicate_free: (sources) whether a person is in it at most once.
        least: Probability from which a pair is worth linking.
    """
    threshold = log_odds(np.array([least]))[0]
    gain = log_odds(pairs.probability) - threshold
    likely = gain >= 0
    accepted = likely.copy()
    if plan.resolution.assignment == "many_to_many":
        return accepted, np.zeros(len(pairs), np.int8)
    if duplicate_free.sum() < 2:
        return accepted, np.zeros(len(pairs), np.int8)
    sides = records.source[pairs.left], records.source[pairs.right]
    for a in range(len(records.sources)):
        for b in range(a + 1, len(records.sources)):
            if not (duplicate_free[a] and duplicate_free[b]):
                continue
            between = np.flatnonzero(((sides[0] == a) & (sides[1] == b)) | ((sides[0] == b) & (sides[1] == a)))
            if len(between) == 0:
                continue
            if plan.resolution.assignment == "one_to_one":
                accepted[between] = assign_one_to_one(pairs.left[between], pairs.right[between], gain[between] + 1e-9)
            else:
                accepted[between] = _best_of_right(pairs.right[between], gain[between])
    return accepted, np.where(likely & ~accepted, RIVAL, 0).astype(np.int8)


def _best_of_right(right: NDArray[np.integer], gain: NDArray[np.float64]) -> NDArray[np.bool_]:
    """One-to-many: every right record follows its best left record; ties go to the first."""
    order = np.lexsort((np.arange(len(right)), -gain, right))
    first = np.ones(len(right), np.bool_)
    first[1:] = right[order][1:] != right[order][:-1]
    chosen = np.zeros(len(right), np.bool_)
    chosen[order[first]] = True
    return chosen & (gain >= 0)


def _grades(
    plan: LinkagePlan, pairs: MergedPairs, together: NDArray[np.bool_], reasons: NDArray[np.int8]
) -> NDArray[np.int8]:
    grades = np.full(len(pairs), NON_LINK, np.int8)
    grades[together | (pairs.probability >= plan.resolution.possible) & (reasons == 0)] = REVIEW
    grades[together & (pairs.probability >= plan.resolution.certain)] = LINK
    return grades


def _membership(
    plan: LinkagePlan, records: Records, pairs: MergedPairs, together: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Probability per record that its person is right: that of its best link; alone, that it has no match."""
    best = np.zeros(len(records))
    linked = np.zeros(len(records))
    alone = np.ones(len(records), np.bool_)
    for side in (pairs.left, pairs.right):
        for part in parts_of(len(pairs)):
            mine = side[part][together[part]]
            np.maximum.at(best, side[part], pairs.probability[part])
            np.maximum.at(linked, mine, pairs.probability[part][together[part]])
            alone[mine] = False
    grade = np.where(alone, SINGLE, np.where(linked >= plan.resolution.certain, LINK, REVIEW)).astype(np.int32)
    return grade, np.where(alone, 1.0 - best, linked)


def _report(
    plan: LinkagePlan,
    scored: ScoredPairs,
    records: Records,
    found: _Found,
    run: str,
    changes: pa.Table,
    conflicts: pa.Table,
) -> dict[str, Any]:
    pairs, together, grades, cluster = found.pairs, found.together, found.grades, found.cluster
    held = counts_by(cluster[records.roster.place], len(records))
    sizes = np.unique(held[held > 0], return_counts=True)
    between: list[dict[str, Any]] = []
    a, b = records.source[pairs.left], records.source[pairs.right]
    for x in range(len(records.sources)):
        for y in range(x, len(records.sources)):
            here = ((a == x) & (b == y)) | ((a == y) & (b == x)) if len(records.sources) > 1 else np.ones_like(together)
            if here.any():
                between.append(
                    {
                        "left": records.sources[x],
                        "right": records.sources[y],
                        "candidates": int(here.sum()),
                        "linked": int((here & together).sum()),
                        "review": int((here & (grades == REVIEW)).sum()),
                    }
                )
    kinds = changes.column("change").to_pylist()
    return {
        **scored.report,
        "run": run,
        "records": len(records.roster),
        "taken_as_one": len(records.roster) - len(records),
        "persons": int((held > 0).sum()),
        "candidates": len(pairs),
        "linked_pairs": int(together.sum()),
        "grades": {name: int((grades == code).sum()) for code, name in enumerate(GRADES[:3])},
        "conflicts": conflicts.num_rows,
        "cluster_sizes": {str(size): int(count) for size, count in zip(*sizes, strict=True)},
        "between": between,
        "changes": {kind: kinds.count(kind) for kind in sorted(set(kinds))},
        "model": scored.model.to_json(),
        "thresholds": {
            "accept": found.least,
            "certain": plan.resolution.certain,
            "possible": plan.resolution.possible,
        },
    }
