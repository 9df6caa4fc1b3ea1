"""The linkage benchmark measures what it says: best thresholds, planted relatives, one table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from wasl.lab.benchmarks.linkage import run
from wasl.lab.benchmarks.linkage_data import made_up_register, with_relatives
from wasl.lab.benchmarks.linkage_peers import best_f1, components, f1_at, pair_scores
from wasl.lab.benchmarks.linkage_registers import cleartext_rows, plant_relatives
from wasl.population.generate import generate


@pytest.fixture(scope="module")
def population():
    return generate(400, 3)


def test_best_f1_finds_the_threshold_and_the_closure():
    person = np.array([0, 0, 0, 1, 2])
    left, right = np.array([0, 1, 3]), np.array([1, 2, 4])
    # Two true pairs scored above a wrong one; the third true pair is only in the components.
    assert best_f1(left, right, np.array([0.9, 0.8, 0.1]), person) == 1.0
    assert best_f1(left, right, np.array([0.1, 0.1, 0.9]), person) == pytest.approx(2 * 3 / (4 + 3))
    assert best_f1(left[:0], right[:0], np.empty(0), person) == 0.0
    score = np.array([0.9, 0.4, 0.6])
    assert f1_at(left, right, score, person, 0.5) == pytest.approx(2 * 1 / (2 + 3))
    assert f1_at(left, right, score, person, 0.95) == 0.0


def test_pair_scores_of_components():
    cluster = components(4, np.array([0]), np.array([1]))
    assert len(set(cluster.tolist())) == 3
    assert pair_scores(cluster, np.array([0, 0, 0, 1])) == (1.0, pytest.approx(1 / 3), 0.5)


def test_planted_relatives_share_surname_and_nationality_and_are_nobody_else(population):
    planted = plant_relatives(population, 0.5, 1)
    for register in ("dgsn-permits", "taechir-contracts"):
        before, after = population.registers[register].to_pandas(), planted.registers[register].to_pandas()
        kin = after.iloc[len(before) :]
        pd.testing.assert_frame_equal(after.iloc[: len(before)], before)
        other = "taechir-contracts" if register == "dgsn-permits" else "dgsn-permits"
        theirs = population.registers[other].to_pandas()
        assert set(zip(kin["nom"], kin["nationalite"], strict=True)) <= set(
            zip(theirs["nom"], theirs["nationalite"], strict=True)
        )
        assert len(kin) > 10
    truth = planted.truth.to_pandas()
    new = truth.iloc[len(population.truth) :]
    assert new["person"].is_unique
    assert not set(new["person"]) & set(population.truth.to_pandas()["person"])


def test_relatives_in_febrl_files_share_surname_and_address():
    left = made_up_register(500, 0, 1)
    right = left.assign(rec_id=left["rec_id"].str.replace("org", "dup-0"))
    files = with_relatives(left, right, seed=2)
    assert [len(frame) for frame in files.values()] == [390, 390]
    kin = files["a"].iloc[300:]
    homes = set(zip(right["surname"], right["address_1"], right["postcode"], strict=True))
    assert set(zip(kin["surname"], kin["address_1"], kin["postcode"], strict=True)) <= homes
    assert not set(kin["rec_id"]) & set(left["rec_id"])


def test_peers_get_one_table_in_one_coding(population):
    rows = cleartext_rows(population)
    assert len(rows) == sum(map(len, population.registers.values()))
    assert rows["person"].notna().all()
    assert rows["birth"].str.fullmatch(r"(\d{4}-\d\d-\d\d)?").all()
    assert set(rows["nationality"].dropna().str.len()) == {3}
    assert (rows["surname"].str.upper() == rows["surname"]).all()
    assert set(rows["single"]) == {"yes", "no"}


@pytest.mark.slow
def test_one_run_measures_everything():
    rows = run(None, 1, True)
    what = " | ".join(row["what"] for row in rows)
    for part in ("Dice", "FEBRL 3", "FEBRL 4", "a third in common", "relatives", "hard", "six registers", "dedup"):
        assert part in what
    for row in rows:
        assert "million pairs/s" in row or 0.5 < row["F1"] <= 1
        assert not any("splink" in name for name in row)
