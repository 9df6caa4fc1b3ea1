"""Evaluation: pairs counted from cluster sizes, keep maps, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from wasl.errors import InputError
from wasl.linkage.quality.counted_pairs import _met
from wasl.linkage.quality.evaluate import _calibration, _Links, evaluate

SPINE = pa.table(
    {
        "person_id": ["p", "p", "p", "q", "q", "r"],
        "register": ["a", "a", "b", "b", "a", "b"],
        "record_id": [bytes([n]) * 16 for n in range(6)],
    }
)
TRUTH = pd.DataFrame(
    {
        "register": list("aabbab"),
        "record": [f"{n:02x}" * 16 for n in range(6)],
        "person": list("112233"),
        "sex": list("FFMMFF"),
    }
)


def test_pairs_and_persons_are_counted():
    result = evaluate(SPINE, TRUTH)
    # Found: (0,1), (0,2), (1,2), (3,4). True: (0,1), (2,3), (4,5).
    assert (result.pairwise.found, result.pairwise.true, result.pairwise.right) == (4, 3, 1)
    assert result.pairwise.precision == pytest.approx(1 / 4)
    assert result.pairwise.recall == pytest.approx(1 / 3)
    assert result.pairwise.f1 == pytest.approx(2 / 7)
    assert (result.cluster.found, result.cluster.true, result.cluster.right) == (2, 3, 0)
    between = result.by_registers["a – b"]
    assert (between.found, between.true, between.right) == (3, 1, 0)
    assert result.by_group["sex"]["F"].right == 1
    assert set(result.to_json()) >= {"pairwise", "cluster", "f1", "calibration"}


def test_record_numbers_need_a_keep_map():
    truth = TRUTH.assign(record=[f"no-{n}" for n in range(6)])
    with pytest.raises(InputError, match="none of the records of the spine"):
        evaluate(SPINE, truth)
    keep = pd.DataFrame(
        {"register": TRUTH["register"], "record": truth["record"], "record_id": TRUTH["record"].str.upper()}
    )
    assert evaluate(SPINE, truth, [keep]).pairwise.right == 1


@pytest.mark.parametrize("renamed", [False, True])
def test_keep_maps_and_links_may_come_in_parts(renamed):
    """A keep map is what reads it, links are batches: what is said does not depend on it."""
    truth = TRUTH.assign(record=[f"no-{n}" for n in range(6)])
    if renamed:
        truth["register"] = "x" + truth["register"]
    keeps = [
        pd.DataFrame({"register": register, "record": rows["record"], "record_id": TRUTH["record"][rows.index]})
        for register, rows in truth.assign(register=TRUTH["register"]).groupby("register")
    ]
    ids = SPINE.column("record_id").to_pylist()
    links = pa.table(
        {
            "left_register": SPINE.column("register").take([0, 1, 2, 3]),
            "left_record_id": [ids[n] for n in (0, 1, 2, 3)],
            "right_register": SPINE.column("register").take([1, 2, 3, 4]),
            "right_record_id": [ids[n] for n in (1, 2, 3, 4)],
            "probability": [0.9, 0.4, 0.7, 0.6],
        }
    )
    whole = evaluate(SPINE, truth, keeps, links).to_json()
    readers = [lambda keep=keep: pa.Table.from_pandas(keep, preserve_index=False) for keep in keeps]
    table = pa.Table.from_pandas(truth, preserve_index=False)
    assert evaluate(SPINE, table, readers, iter(links.to_batches(max_chunksize=1))).to_json() == whole
    assert evaluate(SPINE, lambda: table, readers, iter(links.to_batches())).to_json() == whole
    assert whole["pairwise"]["right"] == 1


def test_pairs_of_many_persons_and_registers_are_counted_without_overflow():
    """Combinations of numbers too large for one number are counted by their places."""
    rng = np.random.default_rng(0)
    keys = [rng.integers(0, 40, 500) for _ in range(3)]
    large = [key * (2**40 // 7) for key in keys]
    _, counts = _met(*keys)
    assert sorted(_met(*large)[1].tolist()) == sorted(counts.tolist())


def test_rows_of_the_truth_that_name_no_linked_record_are_counted_by_register():
    more = pd.DataFrame(
        {
            "register": ["a", "c", "c"],
            "record": ["ff" * 16, "aa" * 16, "bb" * 16],
            "person": list("789"),
            "sex": list("FMF"),
        }
    )
    result = evaluate(SPINE, pd.concat([TRUTH, more]))
    assert result.pairwise == evaluate(SPINE, TRUTH).pairwise
    assert result.strange == {"a": 1, "c": 2}
    assert result.to_json()["strange_rows"] == {"a": 1, "c": 2}
    assert evaluate(SPINE, TRUTH).strange == {}


@pytest.mark.parametrize("keep_map", [False, True])
@pytest.mark.parametrize("other", ["B", "b ", "c", "register b", "السجل"])
def test_a_register_under_another_name_is_refused(other, keep_map):
    """Judged without it, the other registers would stand for the whole."""
    truth = TRUTH.assign(register=TRUTH["register"].replace({"b": other}))
    keep = TRUTH[["register", "record"]].assign(record_id=TRUTH["record"])
    maps = [keep] if keep_map else []
    if other.strip() == "b":  # spaces are trimmed
        assert evaluate(SPINE, truth, maps).strange == {}
        return
    with pytest.raises(InputError) as refused:
        evaluate(SPINE, truth, maps)
    assert other in str(refused.value)
    assert "no person for any record of b" in str(refused.value)


def test_a_register_nobody_knows_the_truth_of_is_counted_and_not_refused():
    result = evaluate(SPINE, TRUTH[TRUTH["register"] == "a"])
    assert (result.unknown_records, result.strange) == (3, {})


def test_registers_that_were_all_renamed_for_delivery_are_found_by_their_record_numbers():
    truth = TRUTH.assign(register=TRUTH["register"].map({"a": "x", "b": "y"}), record=[f"no-{n}" for n in range(6)])
    keep = pd.DataFrame({"register": TRUTH["register"], "record": truth["record"], "record_id": TRUTH["record"]})
    assert evaluate(SPINE, truth, [keep]).strange == {}


def test_a_missing_column_is_named():
    with pytest.raises(InputError, match="lacks the column person"):
        evaluate(SPINE, TRUTH.drop(columns="person"))


def test_calibration_compares_probabilities_with_truth():
    ids = [bytes([n]) * 16 for n in range(6)]
    links = pa.table(
        {
            "left_register": ["a", "a", "b"],
            "left_record_id": [ids[0], ids[0], ids[2]],
            "right_register": ["a", "b", "b"],
            "right_record_id": [ids[1], ids[2], ids[3]],
            "probability": [0.95, 0.95, 0.25],
        }
    )
    calibration = evaluate(SPINE, TRUTH, links=links).calibration
    assert calibration.precision_at_half == pytest.approx(0.5)
    assert calibration.error == pytest.approx((2 * 0.45 + 0.75) / 3)


@pytest.mark.parametrize("pairs", [40, 400, 4_000])
def test_the_error_by_chance_is_the_error_of_probabilities_that_are_right(pairs):
    rng = np.random.default_rng(pairs)
    errors, expected = [], []
    for _ in range(60):
        probability = rng.beta(0.6, 0.4, pairs)
        persons = np.arange(pairs), np.where(rng.random(pairs) < probability, np.arange(pairs), -1)
        sides = np.zeros(pairs, np.int64), np.ones(pairs, np.int64)
        found = _calibration(_Links(probability, persons, sides))
        errors.append(found.error)
        expected.append(found.by_chance)
    assert np.mean(errors) == pytest.approx(np.mean(expected), rel=0.15)
