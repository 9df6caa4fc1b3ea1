from __future__ import annotations

import pytest

from wasl.lab.benchmarks import suppression, tables


def test_quick_run_measures_both_tables_and_compares_no_absent_peer():
    lines = tables.run(repeats=1, quick=True)
    assert [line["what"] for line in lines] == [
        "5,000 records to 1,032 cells in 2 dimensions",
        "5,000 records to 2,160 cells in 6 dimensions",
    ]
    assert not any("ons" in line for line in lines)


@pytest.mark.slow
def test_quick_run_protects_every_shape_of_table():
    lines = suppression.run(quick=True)
    assert [line["shape"] for line in lines] == list(suppression.SHAPES)
    for line in lines:
        assert line["bound"] <= line["cost"] * (1 + 1e-9)
        assert line["primary"] > 10


def test_made_up_enterprises_are_the_same_for_a_seed():
    assert suppression.made_up_enterprises(50, 3)[0].equals(suppression.made_up_enterprises(50, 3)[0])
    assert not suppression.made_up_enterprises(50, 3)[0].equals(suppression.made_up_enterprises(50, 4)[0])
