import numpy as np
import pandas as pd
import pytest

from wasl.disclosure.keys.coding import code_columns
from wasl.disclosure.keys.hierarchy import Hierarchy, generalize, group_labels, intervals, prefixes
from wasl.disclosure.methods.recode import group_categories, round_values, top_bottom_code
from wasl.errors import InputError, SchemaError


def test_a_table_becomes_levels():
    hierarchy = Hierarchy.from_csv("n", "FRA;Europe;*\nSEN;Africa;*\nMLI;Africa;*\n")
    assert hierarchy.height == 2
    column = code_columns(pd.DataFrame({"n": ["SEN", "FRA", None, "MLI"]}), ["n"])[0]
    assert generalize(column, hierarchy, 1).decode().to_pylist() == ["Africa", "Europe", None, "Africa"]
    assert generalize(column, hierarchy, 0) is column
    assert hierarchy.shares(1) == {"Europe": pytest.approx(1 / 3), "Africa": pytest.approx(2 / 3)}


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "empty"), ("a;b\nc\n", "line 2 has 1 columns"), ("a;b\na;c\n", "listed twice")],
)
def test_a_bad_table_is_refused(text, message):
    with pytest.raises(SchemaError, match=message):
        Hierarchy.from_csv("n", text)


def test_a_category_outside_is_an_error_that_names_no_value():
    column = code_columns(pd.DataFrame({"n": ["SEN", "ATLANTIS"]}), ["n"])[0]
    with pytest.raises(InputError, match="1 of 2 categories are outside") as caught:
        generalize(column, Hierarchy("n", ("SEN",), (("*",),)), 1)
    assert "ATLANTIS" not in str(caught.value)
    with pytest.raises(InputError, match="levels 0 to 1, not 3"):
        generalize(column, Hierarchy("n", ("SEN", "ATLANTIS"), (("*", "*"),)), 3)


def test_intervals_with_open_ends():
    level = intervals(["3", "17", "18", "24", "64", "65", "90"], 5, bottom=15, top=65)
    assert level == {
        "3": "<15",
        "17": "15-19",
        "18": "15-19",
        "24": "20-24",
        "64": "60-64",
        "65": "65+",
        "90": "65+",
    }
    assert intervals(["1.5"], 2) == {"1.5": "[0, 2)"}
    with pytest.raises(InputError, match="not a number"):
        intervals(["old"], 5)


def test_prefixes_and_groups():
    assert prefixes(["06.141", "04.421"], 2) == {"06.141": "06", "04.421": "04"}
    assert group_labels("r", ["a", "b", "c"], {"x": ["a", "b"]}, "rest") == {"a": "x", "b": "x", "c": "rest"}
    with pytest.raises(InputError, match="1 of 3 categories are in no group"):
        group_labels("r", ["a", "b", "c"], {"x": ["a", "b"]})
    with pytest.raises(InputError, match="two groups"):
        group_labels("r", ["a"], {"x": ["a"], "y": ["a"]})


def test_grouping_keeps_missing():
    column = code_columns(pd.DataFrame({"v": ["a", None, "b", "c"]}), ["v"])[0]
    grouped = group_categories(column, {"ab": ("a", "b")}, other="rest")
    assert grouped.decode().to_pylist() == ["ab", None, "ab", "rest"]


def test_top_and_bottom_coding_keeps_the_total_where_no_value_follows():
    values = np.array([1.0, 5.0, 9.0, 20.0, 40.0, 33.0, np.nan])
    coded = top_bottom_code(values, bottom=5, top=9)
    np.testing.assert_array_equal(coded, [5.0, 5.0, 9.0, 31.0, 31.0, 31.0, np.nan])
    np.testing.assert_array_equal(top_bottom_code(values, top=9, top_value=10)[3:6], [10, 10, 10])
    with pytest.raises(InputError, match="above top"):
        top_bottom_code(values, bottom=9, top=5)


@pytest.mark.parametrize(
    "beyond",
    [[40.0], [40.0, 50.0], [40.0, 40.0, 40.0], [30.0, 40.0, 50.0], [31.0, 31.0, 9_000.0], [np.inf, 40.0, 50.0]],
    ids=["one", "two", "equal", "one is the mean", "one dominates", "infinite"],
)
def test_a_coded_value_never_keeps_or_discloses_its_value(beyond):
    values = np.array([1.0, 2.0, *beyond])
    np.testing.assert_array_equal(top_bottom_code(values, top=20)[2:], np.full(len(beyond), 20.0))
    np.testing.assert_array_equal(top_bottom_code(-values, bottom=-20)[2:], np.full(len(beyond), -20.0))


def test_rounding():
    np.testing.assert_array_equal(round_values(np.array([149.0, 151.0, np.nan]), 100), [100, 200, np.nan])
    with pytest.raises(InputError, match="positive"):
        round_values(np.array([1.0]), 0)


@pytest.mark.parametrize("end", ["top", "bottom"])
def test_a_given_replacement_passes_no_value_through(rng, end):
    sign = 1.0 if end == "top" else -1.0
    values = sign * np.concatenate([rng.uniform(0, 100, 20), [150.0, 180.0]])
    for own in (150.0, 180.0):
        with pytest.raises(InputError, match="is the value of 1 coded cells") as caught:
            top_bottom_code(values, **{end: sign * 120.0, f"{end}_value": sign * own})
        assert "150" not in str(caught.value)
    alone = top_bottom_code(values[:-1], **{end: sign * 120.0, f"{end}_value": sign * 150.0})
    assert alone[20] == sign * 120.0
    # A file that was coded before can be coded again.
    once = top_bottom_code(values, **{end: sign * 120.0, f"{end}_value": sign * 130.0})
    again = top_bottom_code(once, **{end: sign * 120.0, f"{end}_value": sign * 130.0})
    assert set(again[20:]) == {sign * 120.0}
