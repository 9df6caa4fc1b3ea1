"""Why nothing is known of the matches that met in no pass, if nothing is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wasl.linkage.model.borrowing import ENOUGH_COMPARISONS
from wasl.linkage.model.checks import Check
from wasl.linkage.model.match_model import MatchModel
from wasl.linkage.persons.records import Records
from wasl.linkage.quality.least_precision import LEAST_LINKS
from wasl.linkage.quality.occasions import INDEPENDENT_PASSES
from wasl.locale import N_

__all__ = ["check_unknown_recall", "compares_all_pairs", "why_recall_is_unknown"]

FEW = N_("cannot be estimated: fewer than three comparisons do not show how many matches disagree on one of them")
FEW_OCCASIONS = 0.2
"""Share of the likely matches that at most two independent passes could have shown, above which recall is unknown.
Without sex in one of two registers it was 1, recall was .92 and its interval began at .96."""
NESTED = N_(
    "cannot be estimated: many pairs have two independent passes or fewer, as others lie within them or are missed "
    "together"
)
TWICE = N_("cannot be estimated: a register holds persons several times, against what the plan says")

LEAST_RECALL = 0.25
"""Where recall is unknown, the value that independent passes would give, below which the check fails. In the kinds of
the laboratory it was .967 and more. It was .02 where names were cut to ten letters and recall was .38, and .44 where
births were coarse and recall was .98."""


def check_unknown_recall(quality: Mapping[str, Any], links: int) -> Check:
    """Whether passes find so different matches that many must be missed, where recall cannot be estimated.

    Passes that need the same thing miss the same matches, so their agreement proves nothing. If they do not even agree,
    most matches met in one pass only, and whoever has an error there is missed.

    Args:
        quality: The report's estimates.
        links: Linked pairs.
    """
    value = quality["recall"].get("if_independent")
    failed = value is not None and links >= LEAST_LINKS and value < LEAST_RECALL
    return Check(
        "unknown-recall",
        not failed,
        "recall cannot be estimated, and most matches were found by one pass alone, so many others can be missed. "
        "Encode under a profile with more passes (--profile generic), or write names and dates alike in both registers."
        if failed
        else "recall is estimated, or the passes find mostly the same matches.",
    )


def compares_all_pairs(passes: Sequence[Mapping[str, Any]], records: Records) -> bool:
    """Whether a pass has all records in one block.

    Args:
        passes: Their reports.
        records: Of all deliveries.
    """
    return any(flow["blocks"] == 1 and flow["rows"] >= len(records) for flow in passes)


def why_recall_is_unknown(
    passes: Sequence[Mapping[str, Any]],
    model: MatchModel,
    records: Records,
    few_occasions: float = 0.0,
    twice: bool = False,
) -> str:
    """Why nothing is known of the matches that met in no pass; empty where capture-recapture can estimate them.

    Capture-recapture takes the passes for independent. Of two passes that cannot be tested, and where every pass blocks
    on the same field, a record with an error in it meets its match in none.

    Args:
        passes: Their reports.
        model: Their models.
        records: Of all deliveries.
        few_occasions: Share of the likely matches that at most two independent passes could have shown.
        twice: Whether a register holds persons several times, against what the plan says.
    """
    if twice:
        return TWICE
    if compares_all_pairs(passes, records):
        few = all(len(part.comparisons) < ENOUGH_COMPARISONS for part in model.passes)
        return FEW if few else ""  # every pair was compared
    if len(passes) <= INDEPENDENT_PASSES:
        if len(passes) == 1:
            return N_("cannot be estimated: one pass cannot show how many matches met in none")
        told = N_("cannot be estimated: {count} passes cannot show how many matches met in none")
        return told.format(count=len(passes))
    if few_occasions > FEW_OCCASIONS:
        return NESTED
    compared = [
        set(flow.get("compared", [comparison.name for comparison in part.comparisons]))
        for flow, part in zip(passes, model.passes, strict=True)
    ]
    if len(set().union(*compared)) <= 1:
        return N_("cannot be estimated: all passes compare the same field, so they block on the others")
    return ""
