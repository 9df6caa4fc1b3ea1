"""Self-checks fail on results that cannot be right, and pass on plain ones."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from wasl.linkage.comparison.patterns import Comparison, PatternCounts
from wasl.linkage.model.checks import failed_checks, find_misfit, scoring_checks
from wasl.linkage.model.match_model import Fit, MatchModel, PassModel
from wasl.linkage.persons.merging import MergedPairs
from wasl.linkage.persons.records import Records, Roster
from wasl.linkage.plan import ResolutionOptions
from wasl.linkage.quality.checks import check_few_links, check_precision, resolution_checks
from wasl.linkage.quality.held_once import check_held_once
from wasl.linkage.quality.report import render_report

BIRTH, NAMES = Comparison("birth", "filter", 4, (0, 1)), Comparison("names", "filter", 4, (0, 1))
GOOD, BAD = (1.0, 0.05, 0.15, 0.8), (1.0, 0.95, 0.04, 0.01)
STRATA = (("a", "b", 14),)


def model(m_birth=GOOD, u_birth=BAD) -> PassModel:
    tables = (np.array([m_birth, u_birth]), np.array([GOOD, BAD]))
    prior = np.array([[0.001, 0.999]])
    return PassModel(
        "all", (BIRTH, NAMES), ("match", "rest"), tables, prior, STRATA, Fit(1, True, 0.0, 0.0), 1_000.0, 1
    )


def records(count: int, sources: int) -> Records:
    ids = np.array([k.to_bytes(16, "big") for k in range(count)], "V16")
    labels = tuple(f"r{k}" for k in range(sources))
    source = (np.arange(count) * sources // count).astype(np.int32)
    roster = Roster(labels, source, ids, np.arange(count))
    return Records(labels, labels, source, source, ids, ("all",), np.ones((count, 1), bool), roster)


def pairs(left, right, pattern, probability=0.95) -> MergedPairs:
    count = len(left)
    p = np.full(count, probability)
    ones = np.ones(count, np.int32)
    return MergedPairs(np.array(left), np.array(right), p, p, ones, np.full(count, pattern, np.int32), 0 * ones)


def failed(found: MergedPairs, held: Records, cluster: np.ndarray, free: bool = True) -> list[str]:
    unique = np.full(len(held.sources), free)
    together = np.ones(len(found), bool)
    patterns = ["birth:3 names:3", "birth:1 names:3", "birth:. names:."]
    checks = resolution_checks(
        found, found, together, held, unique, cluster, MatchModel((model(),)), patterns, ("birth",)
    )
    return [check.name for check in checks if not check.passed]


def linked(count: int) -> tuple[Records, np.ndarray, list[int], list[int]]:
    left, right = list(range(count)), list(range(count, 2 * count))
    return records(2 * count, 2), np.concatenate([np.arange(count)] * 2), left, right


def test_a_plain_result_passes() -> None:
    held, cluster, left, right = linked(100)
    assert failed(pairs(left, right, 0), held, cluster) == []


@pytest.mark.parametrize(("pattern", "name"), [(1, "personal-agreement"), (2, "evidence")])
def test_links_without_agreement_or_without_evidence(pattern: int, name: str) -> None:
    held, cluster, left, right = linked(100)
    assert failed(pairs(left, right, pattern), held, cluster) == [name]


def test_more_expected_matches_than_records() -> None:
    held, cluster, left, right = linked(100)
    double = pairs(left + left, right + right[1:] + right[:1], 0)
    assert failed(double, held, cluster) == ["possible-matches"]
    assert failed(double, held, cluster, free=False) == []


def test_chains_of_many_records() -> None:
    held = records(1_000, 1)
    cluster = np.concatenate([np.zeros(60, int), np.arange(60, 1_000)])
    assert failed(pairs(range(59), range(1, 60), 0), held, cluster, free=False) == ["cluster-sizes"]


@pytest.mark.parametrize("m", [(1.0, 0.96, 0.035, 0.005), BAD, (1.0, 1.0, 0.0, 0.0)])
def test_matches_that_agree_less_than_others(m) -> None:
    report = {"checks": [check.to_json() for check in scoring_checks(MatchModel((model(m_birth=m),)), [])]}
    assert [check["name"] for check in failed_checks(report)] == ["m-above-u"]


@pytest.mark.parametrize(("extra", "failing"), [(0, False), (200, False), (20_000, True)])
def test_pairs_that_agree_together_more_often_than_predicted(extra: int, failing: bool) -> None:
    fitted = model()
    states = np.array([(a, b) for a in (1, 2, 3) for b in (1, 2, 3)], np.int8)
    chance = np.array([[t[k, a] * s[k, b] for k in (0, 1)] for a, b in states for t, s in [fitted.probabilities]])
    counts = np.round(1e6 * chance @ fitted.prior[0]).astype(np.int64)
    counts[-1] += extra
    codes = np.arange(len(states), dtype=np.uint64)
    patterns = PatternCounts(codes, counts, states, np.zeros(len(states), np.int64), np.zeros(1, np.int64))
    misfit = find_misfit(fitted, patterns)
    assert bool(misfit) is failing
    checks = scoring_checks(MatchModel((fitted,)), [{"pass": "all", "misfit": misfit}])
    assert all(check.passed for check in checks) is not failing


def test_a_failed_check_is_the_first_thing_in_the_report() -> None:
    report = {
        "plan": "p", "plan_digest": "d", "sources": [], "passes": [], "model": [],
        "checks": [{"name": "evidence", "passed": False, "message": "nothing <compared>"}],
    }  # fmt: skip
    page = render_report(report)
    assert 'class="failed"' in page
    assert "nothing &lt;compared&gt;" in page
    assert page.index("Check failed: evidence") < page.index("Deliveries")
    report["checks"][0]["passed"] = True
    assert 'class="failed"' not in render_report(report)


@pytest.mark.parametrize(
    ("value", "links", "minimum", "passed"),
    [
        (0.84, 500, 0.9, False),
        (0.92, 500, 0.9, False),  # 1 - 1.5 * .08 = .88
        (0.95, 500, 0.9, True),
        (0.92, 500, 0.0, True),
        (0.84, 500, 0.0, False),
        (0.84, 5, 0.9, True),
        (None, 500, 0.9, True),
    ],
)
def test_links_of_low_estimated_precision(value: float | None, links: int, minimum: float, passed: bool) -> None:
    asked = ResolutionOptions(minimum_precision=minimum)
    check = check_precision({"precision": {"value": value}}, links, asked)
    assert (check.name, check.passed) == ("estimated-precision", passed)


def test_a_raised_threshold_is_said() -> None:
    check = check_precision({"precision": {"value": 0.94}}, 500, ResolutionOptions(), 0.71)
    assert check.passed
    assert "from a probability of 0.71 on, and not of 0.50" in check.message


@pytest.mark.parametrize(("share", "fails"), [(0.4, False), (0.6, True)])
def test_links_of_persons_with_other_given_names_fail(share: float, fails: bool) -> None:
    """Where most linked pairs have another given name altogether, twins or siblings were linked."""
    given = Comparison("given", "filter", 4, (0, 1))
    tables = (np.array([GOOD, BAD]), np.array([GOOD, BAD]))
    prior, fit = np.array([[0.001, 0.999]]), Fit(1, True, 0.0, 0.0)
    part = PassModel("all", (BIRTH, given), ("match", "rest"), tables, prior, STRATA, fit, 1_000.0, 1)
    held, cluster, left, right = linked(100)
    found = pairs(left, right, 0)
    found = dataclasses.replace(found, pattern=(np.arange(100) < 100 * share).astype(np.int32))
    checks = resolution_checks(
        found, found, np.ones(100, bool), held, np.full(2, True), cluster, MatchModel((part,)),
        ["birth:3 given:3", "birth:3 given:1"], ("birth",), ("given",),
    )  # fmt: skip
    failing = {check.name: check.message for check in checks if not check.passed}
    assert ("personal-agreement" in failing) is fails
    assert not fails or "given (60" in failing["personal-agreement"]


@pytest.mark.parametrize(("split", "found"), [(60, ["held-once"]), (3, [])])
def test_records_with_two_equally_good_partners_where_one_is_said(split: int, found: list[str]) -> None:
    held, cluster, left, right = linked(100)
    again = [(k + 1) % 100 + 100 for k in range(split)]
    before = pairs(left + left[:split], right + again, 0, 0.99)
    after = pairs(left + left[:split], right + again, 0, 0.99)
    after.probability[:split] = after.probability[100:] = 0.5
    checks = resolution_checks(
        before, after, np.ones(len(after), bool), held, np.ones(2, bool), cluster, MatchModel((model(),)),
        ["birth:3 names:3"], ("birth",),
    )  # fmt: skip
    assert [check.name for check in checks if not check.passed and check.name == "held-once"] == found


@pytest.mark.parametrize(
    ("shared", "once", "passed", "warning"),
    [(60, True, False, False), (12, True, False, False), (2, True, True, True), (0, True, True, False),
     (60, False, True, False)],
)  # fmt: skip
def test_records_that_their_holder_took_for_one_person(shared: int, once: bool, passed: bool, warning: bool) -> None:
    """The second register has 100 records and `shared` more, each a copy of one of them."""
    held = records(200, 2)
    place = np.concatenate([np.arange(200), 100 + np.arange(shared)])
    ids = np.array([k.to_bytes(16, "big") for k in range(len(place))], "V16")
    roster = Roster(held.registers, held.source[place], ids, place)
    held = dataclasses.replace(held, roster=roster)
    found = pairs(list(range(50)), list(range(100, 150)), 0, 0.99)
    check = check_held_once(found, found, held, np.array([True, once]))
    assert (check.passed, check.warning) == (passed, warning)
    assert (f"of r1 encoded {2 * shared} of its {100 + shared} records" in check.message) is (bool(shared) and once)


@pytest.mark.parametrize(
    ("links", "rows", "passed"),
    [(0, 3_000, True), (1, 3_000, False), (49, 3_000, False), (50, 3_000, True), (40, 2_000, True), (2, 400, True)],
)
def test_links_that_are_rare_among_many_records_are_looked_at(links: int, rows: int, passed: bool) -> None:
    assert check_few_links(links, records(2 * rows, 2)).passed is passed


def test_a_register_alone_may_hold_one_person_twice() -> None:
    assert check_few_links(1, records(3_000, 1)).passed


@pytest.mark.parametrize(("value", "links", "warning"), [(0.98, 500, True), (0.98, 5, False), (None, 500, False)])
def test_few_matches_among_many_strangers_are_said(value: float | None, links: int, warning: bool) -> None:
    check = check_precision({"precision": {"value": value}}, links, ResolutionOptions(), 0.5, 8, faint=True)
    assert (check.passed, check.warning) == (True, warning)
    assert ("Up to 30 of the 500 links can be false (10 are expected)" in check.message) is warning
