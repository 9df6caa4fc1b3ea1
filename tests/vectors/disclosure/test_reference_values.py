"""Reference values of other implementations, read where they lie; skipped where they do not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from wasl.disclosure.keys.coding import code_columns
from wasl.disclosure.keys.frequencies import Missing, frequencies, violations
from wasl.disclosure.keys.hierarchy import Hierarchy
from wasl.disclosure.lattice.goals import k_goal
from wasl.disclosure.lattice.search import search_lattice
from wasl.disclosure.methods.local_suppression import local_suppression
from wasl.disclosure.methods.microaggregation import microaggregate
from wasl.disclosure.risk.continuous_risk import interval_risk
from wasl.disclosure.risk.diversity import l_diversity
from wasl.disclosure.risk.reidentification import (
    global_risk,
    household_risk,
    individual_risk,
    individual_risk_approximate,
    outlying_risks,
    risk_threshold,
)
from wasl.disclosure.risk.suda2 import category_contributions, suda2
from wasl.disclosure.utility.information_loss import eigenvalue_drift, il1, il1s, within_groups

FOLDER = Path(__file__).resolve().parents[3].parent / "shared" / "reference" / "sdc"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="reference values are not here")


def cases(name: str) -> list:
    path = FOLDER / f"{name}.json"
    if not path.is_file():
        return []
    value = json.loads(path.read_text())
    return list(value.items()) if isinstance(value, dict) else [(str(i), item) for i, item in enumerate(value)]


def data(case: dict) -> pd.DataFrame:
    return pd.read_csv(FOLDER / "inputs" / case["input"])


@pytest.mark.parametrize(("name", "case"), cases("risk"))
def test_risk(name, case):
    frame = data(case)
    rows = pd.read_csv(FOLDER / case["rows"])
    found = frequencies(frame, case["keyVars"], weight=case["w"], missing=Missing.wildcard(case["alpha"]))
    np.testing.assert_array_equal(found.sample, rows["fk"])
    np.testing.assert_allclose(found.population, rows["Fk"], rtol=1e-12)
    for level, count in case["violations"].items():
        assert violations(found.sample, int(level.removeprefix("fk_lt_"))) == count
    if case["n_equivalence_classes"] is not None:
        assert len(found.classes) == case["n_equivalence_classes"]
    approximate = individual_risk_approximate(found.sample, found.population)
    covered = ~((rows["fk"] > 1) & (rows["fk"] < 2)).to_numpy()  # where the customary formulas give 0
    np.testing.assert_allclose(approximate[covered], rows["risk_approx"][covered], rtol=1e-9)
    exact = individual_risk(found.sample, found.population)
    known = rows["risk_exact"].notna().to_numpy() & covered & (rows["fk"] % 1 == 0).to_numpy()
    np.testing.assert_allclose(exact[known], rows["risk_exact"][known], rtol=1e-9)
    expected = json.loads((FOLDER / "risk_exact.json").read_text())[name]
    assert global_risk(exact).expected == pytest.approx(expected["ER_exact"], rel=1e-9)
    assert exact.max() == pytest.approx(expected["max"], rel=1e-9)
    assert np.all((exact > 0) & (exact <= 1))
    if covered.all():
        assert int(outlying_risks(approximate).sum()) == case["n_obs_higher_risk_than_main_part"]
    for item in case.get("thresholds", []):
        found_threshold = risk_threshold(approximate, item["max_global_risk"])
        if item["threshold"] is None:
            assert found_threshold is None
        else:
            assert found_threshold == pytest.approx(item["threshold"], rel=1e-9)
    if case["hid"]:
        household = household_risk(approximate, pd.factorize(frame[case["hid"]])[0])
        assert household.sum() == pytest.approx(case["hier_check"]["corrected_hier_risk_ER"], rel=1e-9)


@pytest.mark.parametrize(("name", "case"), cases("suda2"))
def test_suda2(name, case):
    columns = code_columns(data(case), case["variables"])
    scoring = "elliot" if case["original_scores"] else "ihsn"
    scores = suda2(columns, scoring=scoring, fraction=case["DisFraction"])
    rows = pd.read_csv(FOLDER / case["rows"])
    np.testing.assert_allclose(scores.scores, rows["score"], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(scores.dis, rows["disScore"], rtol=1e-9, atol=1e-15)
    names = [f"{variable}_contribution" for variable in case["variables"]]
    np.testing.assert_allclose(scores.row_contributions, rows[names].to_numpy(), atol=1e-9)
    assert int(np.count_nonzero(scores.scores)) == case["n_score_gt0"]
    for position, item in enumerate(case["attribute_contributions"]):
        assert scores.contributions[position] == pytest.approx(item["contribution"], abs=1e-9)
    for item in case["attribute_level_contributions"]:
        column = columns[case["variables"].index(item["variable"])]
        value = category_contributions(scores, column)[column.texts.index(str(item["attribute"]))]
        if item["contribution"] is None:
            assert np.isnan(value)
        else:
            assert value == pytest.approx(item["contribution"], abs=1e-9)


@pytest.mark.parametrize(("name", "case"), cases("ldiversity"))
def test_l_diversity(name, case):
    frame = data(case)
    rows = pd.read_csv(FOLDER / case["rows"])
    sensitive = case["sensitive"] if isinstance(case["sensitive"], list) else [case["sensitive"]]
    for variable in sensitive:
        distinct, entropy, recursive = l_diversity(frame, case["keyVars"], variable, c=case["l_recurs_c"])
        np.testing.assert_array_equal(distinct, rows[f"{variable}_Distinct_Ldiversity"])
        np.testing.assert_allclose(entropy, rows[f"{variable}_Entropy_Ldiversity"], rtol=1e-9)
        np.testing.assert_array_equal(recursive, rows[f"{variable}_Recursive_Ldiversity"])


@pytest.mark.parametrize(("name", "case"), cases("local_suppression"))
def test_local_suppression_is_no_worse(name, case):
    columns = code_columns(data(case), case["keyVars"])
    done = local_suppression(columns, case["k"], importance=case["importance_used"])
    assert done.total <= case["total_new"]
    assert frequencies(done.columns).sample.min() >= case["k"]
    certain = frequencies(done.columns, missing=Missing.wildcard(0.0)).sample
    assert violations(certain, case["k"]) <= case["violations_after_alpha0"]


@pytest.mark.parametrize(("name", "case"), cases("microaggregation"))
def test_mdav(name, case):
    values = data(case)[case["variables"]].to_numpy(np.float64)
    done = microaggregate(values, case["aggr"])
    assert (len(done.sizes), done.sizes.min(), done.sizes.max()) == (
        case["n_groups"],
        case["min_group"],
        case["max_group"],
    )
    assert ((values - done.values) ** 2).sum() == pytest.approx(case["SSE"], rel=1e-9)
    assert within_groups(values, done.values) == pytest.approx(case["SSE_over_SST_standardised"], rel=1e-9)
    assert il1(values, done.values) == pytest.approx(case["IL1"], rel=1e-9)
    assert il1s(values, done.values).total == pytest.approx(case["IL1s"], rel=1e-9)
    assert il1s(values, done.values).mean == pytest.approx(case["IL1old"], rel=1e-9)
    assert interval_risk(values, done.values, 0.05) == pytest.approx(case["dRisk_k0.05"], rel=1e-9)
    assert interval_risk(values, done.values, 0.01) == pytest.approx(case["dRisk_k0.01"], rel=1e-9)
    if len(case["variables"]) == 3:  # the 13 variables are linearly dependent: their ratio is rounding noise
        assert eigenvalue_drift(values, done.values) == pytest.approx(case["eigen"], rel=1e-6)


@pytest.mark.parametrize(("name", "case"), cases("lattice_optimum"))
def test_lattice_optimum(name, case):
    frame = pd.read_csv(FOLDER / "inputs" / "adult.csv", sep=";", dtype=str)
    hierarchies = [
        Hierarchy.from_csv(variable, (FOLDER / "inputs" / f"adult_hierarchy_{variable}.csv").read_text())
        for variable in case["attrs"]
    ]
    columns = code_columns(frame, case["attrs"])
    found = search_lattice(columns, hierarchies, [k_goal(len(frame), case["k"])], suppression_limit=case["supp"])
    assert list(found.best.levels) == case["transformation"]
    assert found.best.score == pytest.approx(float(case["score_low"]), rel=1e-9)
    assert found.best.suppressed == case["suppressed_rows"] == int(found.suppressed_rows.sum())
    assert found.nodes == case["lattice"]
    assert found.checked + found.pruned_by_monotonicity + found.pruned_by_bound == found.nodes
