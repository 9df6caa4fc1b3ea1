"""Whether the persons found hold the matches that the blocks of each pass show by their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.model.checks import UNFOUND_SHARE, Check
from wasl.linkage.persons.merging import Meetings
from wasl.linkage.persons.records import Records
from wasl.linkage.persons.sums import parts_of, sums_by
from wasl.linkage.quality.least_precision import LEAST_LINKS
from wasl.registers.known_names import in_words

__all__ = ["believed_by_pass", "check_blocks"]

CERTAIN = 3.0
"""Standard deviations by which the matches in a block must exceed those that are believed."""


def believed_by_pass(meetings: Meetings, probability: NDArray[np.float64], records: Records) -> NDArray[np.float64]:
    """(passes, sources, sources) expected matches among the pairs that met in a pass, the smaller source first.

    Args:
        meetings: Of the pairs.
        probability: (pairs) that they are matches.
        records: Their records.
    """
    passes, sources = len(records.passes), len(records.sources)
    total = np.zeros(passes * sources**2)
    for part in parts_of(len(meetings.group)):
        pair = meetings.group[part]
        a, b = records.source[meetings.left[pair]], records.source[meetings.right[pair]]
        low, high = np.minimum(a, b).astype(np.int64), np.maximum(a, b)
        code = (meetings.in_pass[part] * np.int64(sources) + low) * sources + high
        sums_by(code, probability[pair], len(total), total)
    return total.reshape(passes, sources, sources)


def check_blocks(passes: Sequence[Mapping[str, Any]], believed: NDArray[np.float64], records: Records) -> Check:
    """Whether many more pairs share a block than strangers and believed matches make.

    Args:
        passes: Their reports, each with the rows of ``BlockExcess.to_json`` under ``excess``.
        believed: Of :func:`believed_by_pass`.
        records: Of all registers.
    """
    place = {label: number for number, label in enumerate(records.sources)}
    worst, share = None, UNFOUND_SHARE
    for flow in passes:
        for row in flow.get("excess", []):
            low, high = sorted((place[row["left"]], place[row["right"]]))
            expected = float(believed[records.passes.index(flow["pass"]), low, high])
            missed = row["excess"] - expected - CERTAIN * row["error"]
            if missed >= LEAST_LINKS and missed / (missed + expected) > share:
                worst, share = (flow["pass"], row, expected), missed / (missed + expected)
    if worst is None:
        return Check("block-matches", True, "blocks hold no more pairs than strangers and expected matches make.")
    name, row, expected = worst
    return Check(
        "block-matches",
        False,
        f"{row['excess']:,.0f} more pairs of {row['left']} and {row['right']} share a block of pass {in_words(name)} "
        f"than strangers make. {expected:,.0f} matches are expected among them. The others differ in what is compared. "
        "Perhaps a column slipped by a row in one register, or its values are written in another way.",
    )
