"""Pairs of two registers beyond strangers are matches, whatever is compared in the pass."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.linkage.comparison.patterns import Comparison
from wasl.linkage.model.block_excess import count_excess
from wasl.linkage.model.known_nonmatches import Strangers
from wasl.linkage.model.soundness import agrees_elsewhere
from wasl.linkage.model.trust_in_counts import are_matches

STRATA = (("a", "a", 2), ("a", "b", 2), ("a", "b", 5), ("b", "b", 2), ("a", "c", 2))
KNOWN = np.array([True, False, False, True, False])
PAIRS = np.array([50.0, 900.0, 300.0, 60.0, 40.0])
STRANGERS = np.array([50.0, 80.0, 120.0, 60.0, 40.0])


@pytest.mark.parametrize("share", [1.0, 0.25])
def test_registers_that_both_tell_are_counted(share: float) -> None:
    found = count_excess(Strangers(KNOWN, STRANGERS, 1.0), {"a", "b"}, STRATA, PAIRS, share)
    assert [(one.left, one.right) for one in found] == [("a", "b")]
    assert found[0].excess == pytest.approx(1_000.0 / share)
    assert found[0].error == pytest.approx(np.sqrt(4.0 * 200.0) / share)


def test_nothing_is_counted_where_a_register_does_not_tell() -> None:
    assert count_excess(None, {"a", "b"}, STRATA, PAIRS, 1.0) == []
    assert count_excess(Strangers(KNOWN, STRANGERS, 1.0), {"a"}, STRATA, PAIRS, 1.0) == []


def test_blocks_that_were_cut_leave_the_count_uncertain() -> None:
    sure, unsure = (
        count_excess(Strangers(KNOWN, STRANGERS, 1.0, rows), {"a", "b"}, STRATA, PAIRS, 1.0)[0].error
        for rows in (0.0, 500.0)
    )
    assert unsure > 500.0 > sure


@pytest.mark.parametrize(("others", "expected"), [(0.0, True), (45.0, True), (900.0, False), (500.0, False)])
def test_a_second_class_holds_matches_where_the_first_has_too_few(others: float, expected: bool) -> None:
    assert are_matches(Strangers(KNOWN, STRANGERS, 1.0), PAIRS, others) is expected
    assert not are_matches(None, PAIRS, others)
    assert not are_matches(Strangers(np.zeros(5, np.bool_), STRANGERS, 1.0), PAIRS, others)


BIRTH, NAMES, ADDRESS = (Comparison(name, "filter", 4) for name in ("birth", "names", "address"))
HIGH, MIDDLE, LOW = [0.0, 0.05, 0.15, 0.8], [0.1, 0.3, 0.3, 0.3], [0.0, 0.9, 0.08, 0.02]


@pytest.mark.parametrize(
    ("names", "address", "expected"),
    [
        ((HIGH, HIGH), (HIGH, HIGH), True),
        ((HIGH, HIGH), (MIDDLE, MIDDLE), True),  # persons move: matches disagree on the address, too
        ((HIGH, LOW), (HIGH, HIGH), False),  # relatives share the address
        ((MIDDLE, LOW), (HIGH, HIGH), False),
    ],
)
def test_a_class_with_wrong_births_agrees_elsewhere_and_relatives_do_not(names, address, expected) -> None:
    tables = [np.array([first, second, LOW]) for first, second in ((HIGH, LOW), names, address)]
    assert agrees_elsewhere((BIRTH, NAMES, ADDRESS), tables, {"birth": 0.6}, 0, 1) is expected
