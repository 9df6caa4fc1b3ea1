"""Design variances and calibrated weights are those of samplics where it does the same (tests/vectors/estimation)."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from wasl.estimation.calibration import calibrate
from wasl.estimation.linked_totals import corrected_total, design_variance, replicate_weights

VECTORS = Path(__file__).parents[2] / "vectors" / "estimation"


@pytest.fixture(scope="module")
def sample():
    with (VECTORS / "sample.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


@pytest.fixture(scope="module")
def expected():
    return json.loads((VECTORS / "samplics.json").read_text())["results"]


def linearized(sample, statistic, inside):
    """The estimate, and the weighted values whose sum has its variance (Woodruff 1971)."""
    y, x, weight = sample["wage"] * inside, sample["hours"] * inside, sample["weight"]
    if statistic == "total":
        return weight @ y, weight * y
    below = x if statistic == "ratio" else inside
    estimate = (weight @ y) / (weight @ below)
    return estimate, weight * (y - estimate * below) / (weight @ below)


@pytest.mark.parametrize("statistic", ["total", "mean", "ratio"])
@pytest.mark.parametrize("region", [None, 0, 1, 2])
def test_standard_errors_of_totals_means_and_ratios_in_domains(sample, expected, statistic, region):
    inside = np.ones(len(sample["wage"])) if region is None else (sample["region"] == region).astype(float)
    estimate, part = linearized(sample, statistic, inside)
    strata, clusters = sample["stratum"].astype(np.int64), sample["cluster"].astype(np.int64)
    found = expected[statistic if region is None else f"{statistic} by region"]
    value, error = found["estimate"], found["standard_error"]
    if region is not None:
        value, error = value[str(region)], error[str(region)]
    assert estimate == pytest.approx(value, rel=1e-9)
    assert np.sqrt(design_variance(part, strata, clusters)) == pytest.approx(error, rel=1e-9)


def test_total_of_a_survey_with_perfect_links_is_the_survey_total(sample, expected):
    strata, clusters = sample["stratum"].astype(np.int64), sample["cluster"].astype(np.int64)
    sure = np.ones(len(strata))
    found = corrected_total(
        sample["wage"], sure, sample["weight"], recall=1.0, pool_mean=0.0, strata=strata, clusters=clusters
    )
    assert found.value == pytest.approx(expected["total"]["estimate"], rel=1e-9)
    assert found.error == pytest.approx(expected["total"]["standard_error"], rel=1e-9)


def test_jackknife_weights_give_the_taylor_error_but_for_the_grouping(sample, expected):
    strata, clusters = sample["stratum"].astype(np.int64), sample["cluster"].astype(np.int64)
    columns = replicate_weights(sample["weight"], strata, clusters, groups=24)
    draws = sample["wage"] @ columns / columns.sum(axis=0)
    error = np.sqrt(23 / 24 * ((draws - expected["mean"]["estimate"]) ** 2).sum())
    assert error == pytest.approx(expected["mean"]["standard_error"], rel=0.15)


def test_linear_calibration(sample, expected):
    found = expected["linear calibration"]
    auxiliary = np.stack([sample["hours"], np.ones(len(sample["hours"]))], axis=1)
    totals = np.array([found["totals"]["hours"], found["totals"]["rows"]])
    ours = calibrate(sample["weight"], auxiliary, totals, distance="linear")
    assert ours.weights == pytest.approx(np.array(found["weights"]), rel=1e-8)


def test_raking(sample, expected):
    found = expected["raking"]
    columns, totals = [], []
    for variable, known in found["totals"].items():
        for code, total in known.items():
            columns.append((sample[variable] == float(code)).astype(float))
            totals.append(total)
    ours = calibrate(sample["weight"], np.stack(columns, axis=1), np.array(totals), distance="raking")
    assert ours.weights == pytest.approx(np.array(found["weights"]), rel=1e-6)
