"""Every word of a policy has an effect, or is refused."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from wasl.disclosure.policy.document import DisclosurePolicy
from wasl.disclosure.protect import protect
from wasl.disclosure.risk.assess import assess
from wasl.errors import InputError, PolicyError, SchemaError
from wasl.registers.documents import validate_document


def policy_of(variables, **changes):
    document = {"name": "words", "variables": variables, "thresholds": {"k": 2}, **changes}
    return validate_document(DisclosurePolicy, document, "test")


def in_source_order(done, name):
    """A released column with its rows where they stood in the original."""
    return done.table.column(name).take(pa.array(np.argsort(done.origin))).to_pylist()


KEYS = [{"name": "sex", "role": "key"}, {"name": "town", "role": "key"}]
WAGE = {"name": "wage", "role": "free"}


@pytest.fixture
def micro(rng):
    n = 200
    return pd.DataFrame(
        {
            "sex": rng.choice(["F", "M"], n),
            "town": rng.choice(["a", "b", "c"], n, p=[0.6, 0.38, 0.02]),
            "wage": rng.integers(1, 4, n) * 1000,
        }
    )


@pytest.mark.parametrize("role", ["free", "sensitive", "key"])
def test_a_rule_binds_a_variable_of_any_role(micro, role):
    rules = [{"variable": "wage", "l_distinct": 3}, {"variable": "wage", "alpha": 0.05}]
    report = assess(micro, policy_of([*KEYS, {**WAGE, "role": role}], thresholds={"sensitive": rules}))
    assert "thresholds.sensitive.wage.alpha" in {failure.rule for failure in report.failures}
    assert len(report.sensitive) == 2


def test_several_rules_for_one_variable_are_all_checked(micro):
    rules = [{"variable": "wage", "l_distinct": 9}, {"variable": "wage", "bands": [1500], "l_distinct": 3}]
    report = assess(micro, policy_of([*KEYS, WAGE], thresholds={"sensitive": rules}))
    assert [failure.required for failure in report.failures] == [9.0, 3.0]


def test_a_policy_without_thresholds_is_refused(micro):
    for thresholds in ({}, {"removed_rows": 0.1}, {"suppressed_cells": 0.5}):
        policy = policy_of([*KEYS, WAGE], thresholds=thresholds)
        with pytest.raises(SchemaError, match="has no thresholds"):
            assess(micro, policy)
        with pytest.raises(SchemaError, match="has no thresholds"):
            protect(micro, policy, seed=1)
    reasoned = policy_of([*KEYS, WAGE], thresholds={}, no_thresholds="for the safe centre")
    assert assess(micro, reasoned).to_json()["no_thresholds"] == "for the safe centre"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"release": {"min_category_rows": {"twon": 3}}}, "not among the variables: twon"),
        ({"release": {"min_category_population": {"town": 3}}}, "needs a variable of role 'weight'"),
        ({"methods": [{"kind": "local_suppression", "strata": "twon"}]}, "not among the variables: twon"),
        ({"thresholds": {"household_risk": 0.1}}, "needs a variable of role 'household'"),
        ({"thresholds": {"sensitive": [{"variable": "wage"}]}}, "states no limit"),
        ({"thresholds": {"combinations": [{"name": "c", "keys": ["sex", "sex"], "k": 2}]}}, "names a key twice"),
        ({"methods": [{"kind": "noise", "variables": ["wage", "wage"]}]}, "named twice"),
        ({"methods": [{"kind": "shuffle", "variables": ["wage"], "given": ["wage"]}]}, "named twice"),
        ({"methods": [{"kind": "recode", "variable": "sex", "level": 1}]}, "has no hierarchy"),
        ({"methods": [{"kind": "top_bottom", "variable": "wage"}]}, "needs bottom or top"),
        ({"methods": [{"kind": "microaggregate", "variables": ["w"]}]}, "would change the weight"),
        ({"methods": [{"kind": "pram", "variables": ["h"]}]}, "would change the household number"),
        (
            {"methods": [{"kind": "recode", "variable": "town", "level": level} for level in (1, 2)]},
            "recoded twice",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(changes, message):
    town = {**KEYS[1], "hierarchy": {"levels": [{"groups": {"x": ["a"]}, "other": "y"}, {"to_all": True}]}}
    extra = [{"name": "w", "role": "weight"}] if "weight'" not in message else []
    extra += [{"name": "h", "role": "household"}] if "role 'household'" not in message else []
    with pytest.raises(SchemaError, match=message):
        policy_of([KEYS[0], town, WAGE, *extra], **changes)


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        ({"type": "ordinal"}, "needs order"),
        ({"type": "number", "order": ["a"]}, "belongs to the type 'ordinal'"),
        ({"type": "ordinal", "order": ["a", "a"]}, "twice"),
        ({"type": "nominal", "hierarchy": {"levels": [{"width": 5}]}}, "need the type 'number'"),
        ({"hierarchy": {"levels": [{"breaks": [3, 2]}]}}, "must ascend"),
        ({"hierarchy": {"levels": [{"breaks": [3], "width": 2}]}}, "exactly one"),
    ],
)
def test_types_that_do_not_hold_together(variable, message):
    with pytest.raises(SchemaError, match=message):
        policy_of([{"name": "v", "role": "key", **variable}])


def test_the_sampling_fraction_comes_from_the_policy_or_the_weights(micro):
    weighted = [*KEYS, WAGE, {"name": "w", "role": "weight"}]
    micro["town"] = [f"t{i // 2}" if i < 40 else "a" for i in range(len(micro))]
    stated = assess(micro, policy_of([*KEYS, WAGE], sampling_fraction=0.3)).suda
    assert (stated["sampling_fraction"], stated["sampling_fraction_from"]) == (0.3, "stated in the policy")
    from_weights = assess(micro.assign(w=4.0), policy_of(weighted)).suda
    assert from_weights["sampling_fraction"] == pytest.approx(0.25)
    assumed = assess(micro, policy_of([*KEYS, WAGE])).suda
    assert "assumed" in assumed["sampling_fraction_from"]
    assert assumed["largest_dis"] < from_weights["largest_dis"] < stated["largest_dis"]
    assert assess(micro, policy_of([*KEYS, WAGE], sampling_fraction=1.0)).suda["largest_dis"] == pytest.approx(1.0)


def test_text_is_read_as_the_policy_says():
    frame = pd.DataFrame({"code": ["06.141", "6.141"] * 3, "country": ["NA", "nan"] * 3, "age": ["07", "8"] * 3})
    table = pa.table({**{n: frame[n] for n in frame}, "day": ["2024-02-29", "2023-12-31"] * 3})
    variables = [
        {"name": "code", "role": "key"},
        {"name": "country", "role": "key"},
        {"name": "age", "role": "free", "type": "number"},
        {"name": "day", "role": "key", "hierarchy": {"levels": [{"date": "quarter"}, {"date": "year"}]}},
    ]
    done = protect(table, policy_of(variables, methods=[{"kind": "recode", "variable": "day", "level": 1}]), seed=1)
    assert in_source_order(done, "code")[:2] == ["06.141", "6.141"]
    assert in_source_order(done, "country")[:2] == ["NA", "nan"]
    assert in_source_order(done, "age")[:2] == [7, 8]
    assert in_source_order(done, "day")[:2] == ["2024-Q1", "2023-Q4"]


def test_cells_that_are_no_numbers_are_counted_and_not_shown():
    frame = pd.DataFrame({"sex": ["F"] * 4, "age": ["1", "SECRET", "3", "SECRET"]})
    variables = [{"name": "sex", "role": "key"}, {"name": "age", "role": "free", "type": "number"}]
    with pytest.raises(InputError, match="2 of 4 cells are not, first in row 2") as caught:
        assess(frame, policy_of(variables))
    assert "SECRET" not in str(caught.value)
    assert assess(frame, policy_of([variables[0], {**variables[1], "missing": ["SECRET"]}])).rows == 4
    comma = pd.DataFrame({"sex": ["F"] * 4, "age": ["1,5", "2", "", None]})
    assert in_source_order(protect(comma, policy_of(variables), seed=1), "age") == [1.5, 2.0, None, None]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (pa.array([[1], [2], [3], [4]]), "not single values"),
        (pa.array([1.0, float("inf"), 2.0, -float("inf")]), "infinite in 2 rows"),
        (pa.array([b"a", b"b", b"c", b"d"]), "not single values"),
        (pa.array([{"a": 1}] * 4), "not single values"),
    ],
)
def test_columns_that_cannot_be_exact_are_refused(column, message):
    table = pa.table({"sex": ["F", "F", "M", "M"], "x": column})
    with pytest.raises(InputError, match=message):
        assess(table, policy_of([{"name": "sex", "role": "key"}, {"name": "x", "role": "free"}]))
    doubled = pa.Table.from_arrays([pa.array(["F", "M"])] * 2, names=["sex", "sex"])
    with pytest.raises(InputError, match="same name: sex"):
        assess(doubled, policy_of([{"name": "sex", "role": "key"}]))


@pytest.mark.parametrize("kind", [pa.int64(), pa.uint64()])
def test_whole_numbers_beyond_2_53_are_exact_keys(kind):
    big = 2**53
    table = pa.table({"id": pa.array([big, big, big + 1, big + 1, 99], kind), "x": pa.array([big + 1] * 5, kind)})
    variables = [{"name": "id", "role": "key"}, {"name": "x", "role": "free"}]
    policy = policy_of(variables, missing={"codes": ["99", "x"]}, methods=[])
    done = protect(table, policy, seed=1)
    assert done.before.classes == 3
    assert in_source_order(done, "id") == [big, big, big + 1, big + 1, None]
    with pytest.raises(InputError, match="beyond 2\\^53"):
        protect(table, policy_of(variables, methods=[{"kind": "round", "variable": "x", "base": 10}]), seed=1)


def test_missing_codes_of_the_file_and_of_a_variable():
    frame = pd.DataFrame({"a": [1, 99, 99, 1], "b": [99, 1, 1, 99], "c": ["x", "x", "dk", "x"]})
    variables = [
        {"name": "a", "role": "key", "missing": ["99"]},
        {"name": "b", "role": "key"},
        {"name": "c", "role": "key"},
    ]
    found = assess(frame, policy_of(variables, missing={"codes": ["dk"]})).contributions
    assert [found[name]["missing"] for name in "abc"] == [2, 0, 1]


def test_an_order_is_kept_from_the_policy_and_from_pandas():
    order = ["none", "primary", "university"]
    values = ["university", "none", "primary", "none"] * 5
    rule = {"sensitive": [{"variable": "school", "t": 0.9, "distance": "ordered"}]}
    sex = ["F", "F", "M", "M"] * 5
    stated = policy_of(
        [KEYS[0], {"name": "school", "role": "sensitive", "type": "ordinal", "order": order}], thresholds=rule
    )
    plain = policy_of([KEYS[0], {"name": "school", "role": "sensitive"}], thresholds=rule)
    by_policy = assess(pd.DataFrame({"sex": sex, "school": values}), stated)
    categorical = pd.Categorical(values, categories=order, ordered=True)
    by_frame = assess(pd.DataFrame({"sex": sex, "school": categorical}), plain)
    # Women: half university, half none. The file: .5, .25, .25. Cumulative gaps 0 and .25 over two steps.
    assert by_policy.sensitive[0].t == pytest.approx(0.125)
    assert by_frame.sensitive[0].t == pytest.approx(0.125)
    reversed_ = pd.Categorical(values, categories=["primary", "none", "university"], ordered=True)
    other = assess(pd.DataFrame({"sex": sex, "school": reversed_}), plain)
    assert other.sensitive[0].t == pytest.approx(0.25)
    with pytest.raises(InputError, match="1 of 4 categories are not in its order"):
        assess(pd.DataFrame({"sex": sex, "school": ["other", *values[1:]]}), stated)


def test_all_combinations_up_to_a_size(rng):
    frame = pd.DataFrame({f"k{j}": rng.integers(0, 4, 300) for j in range(5)})
    variables = [{"name": name, "role": "key"} for name in frame]
    limits = {"all_combinations": {"size": 3, "k": 3}}
    before = assess(frame, policy_of(variables, thresholds=limits))
    least = min(
        frame.groupby(list(chosen)).size().min()
        for size in (1, 2, 3)
        for chosen in __import__("itertools").combinations(frame, size)
    )
    assert before.combinations["all combinations of up to 3 keys"]["k"] == least
    done = protect(frame, policy_of(variables, thresholds=limits, methods=[{"kind": "local_suppression"}]), seed=1)
    assert done.after.passed
    assert done.after.k < 3  # the full combination is not bound


def test_a_file_of_numbers_alone(rng):
    frame = pd.DataFrame({"turnover": rng.lognormal(10, 1, 300), "staff": rng.lognormal(3, 1, 300)})
    variables = [{"name": name, "role": "sensitive", "type": "number"} for name in frame]
    limits = {"interval_risk": 0.3, "linkage_risk": 0.3}
    assert {f.rule for f in assess(frame, policy_of(variables, thresholds=limits)).failures} == {
        "thresholds.interval_risk",
        "thresholds.linkage_risk",
    }
    masked = [{"kind": "microaggregate", "variables": list(frame), "size": 5}]
    done = protect(frame, policy_of(variables, thresholds=limits, methods=masked), seed=1)
    assert done.after.passed
    assert done.public_report()["information_loss"]["numbers"].keys() == {"turnover", "staff"}
    with pytest.raises(PolicyError, match=r"thresholds\.linkage_risk"):
        protect(frame, policy_of(variables, thresholds=limits), seed=1)
    with pytest.raises(InputError, match="names no key variable"):
        assess(frame, policy_of(variables))


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        (range(15, 80), {"width": 10}),
        ([f"2024-{month:02d}-11" for month in range(1, 13)], {"date": "quarter"}),
        (["aa1", "aa2", "bb1"], {"prefix": 2}),
        (["x", "y", "z"], {"groups": {"first": ["x", "y"], "last": ["z"]}}),
    ],
)
@pytest.mark.parametrize("role", ["key", "sensitive", "free"])
def test_a_file_with_one_class_for_everything_is_read_again(rng, values, rule, role):
    frame = pd.DataFrame({"what": rng.choice(list(values), 90), "sex": rng.choice(["F", "M"], 90)})
    frame.loc[:3, "what"] = None
    variables = [
        {"name": "what", "role": role, "hierarchy": {"levels": [rule, {"to_all": True}]}},
        {"name": "sex", "role": "key"},
    ]
    methods = [{"kind": "recode", "variable": "what", "level": 2}, {"kind": "local_suppression"}]
    policy = policy_of(variables, thresholds={"k": 3}, methods=methods)
    once = protect(frame, policy, seed=1)
    again = protect(once.table, policy, seed=2)
    assert set(again.table.column("what").to_pylist()) == {"*", None}
    assert assess(once.table, policy).passed
    with pytest.raises(InputError):
        assess(frame.assign(what=["*"] * 89 + ["?!"]), policy_of([{**variables[0], "type": "number"}, variables[1]]))


@pytest.mark.parametrize(
    "hierarchy",
    [
        {"levels": [{"width": 5, "bottom": 20, "top": 60}, {"width": 10, "bottom": 20, "top": 60}]},
        {"levels": [{"width": 5, "closed": "right", "bottom": 20, "top": 60}, {"breaks": [20, 40], "closed": "right"}]},
        {"levels": [{"breaks": [18, 30, 45, 60]}, {"breaks": [30, 60]}]},
        {"levels": [{"width": 0.5}, {"width": 10}]},
        {"levels": [{"width": 5}, {"to_all": True}]},
        {"levels": [{"breaks": [30, 60]}, {"to_all": True}]},
    ],
)
@pytest.mark.parametrize("level", [1, 2])
def test_a_protected_file_can_be_protected_again(rng, hierarchy, level):
    frame = pd.DataFrame(
        {
            "age": rng.integers(15, 80, 400),
            "town": rng.choice(["aa1", "aa2", "bb1", "bb2"], 400),
            "gone": 1,
            "wage": rng.lognormal(8, 1, 400),
            "day": pd.date_range("2020-01-01", periods=400).strftime("%Y-%m-%d"),
        }
    )
    variables = [
        {"name": "age", "role": "key", "type": "number", "hierarchy": hierarchy},
        {
            "name": "town",
            "role": "key",
            "hierarchy": {"levels": [{"prefix": 2}, {"groups": {"A": ["aa"]}, "other": "B"}]},
        },
        {"name": "day", "role": "key", "hierarchy": {"levels": [{"date": "month"}, {"date": "half-year"}]}},
        {"name": "gone", "role": "drop"},
        {"name": "wage", "role": "sensitive"},
    ]
    methods = [{"kind": "recode", "variable": name, "level": level} for name in ("age", "town", "day")]
    methods += [
        {"kind": "top_bottom", "variable": "wage", "top": 9000},
        {"kind": "round", "variable": "wage", "base": 100},
        {"kind": "local_suppression"},
    ]
    policy = policy_of(variables, methods=methods)
    once = protect(frame, policy, seed=1)
    twice = protect(once.table, policy, seed=2)
    assert twice.after.passed
    for name in ("age", "town", "day"):
        assert in_source_order(twice, name) == once.table.column(name).to_pylist()


def test_a_class_that_cuts_across_is_refused():
    frame = pd.DataFrame({"age": ["17-22", "20-24"] * 3})
    variables = [{"name": "age", "role": "key", "hierarchy": {"levels": [{"width": 5}]}}]
    with pytest.raises(InputError, match="cuts across"):
        protect(frame, policy_of(variables, methods=[{"kind": "recode", "variable": "age", "level": 1}]), seed=1)


def test_cells_that_must_stay_stay(rng):
    frame = pd.DataFrame({"region": rng.choice(list("ab"), 60), "job": [f"j{i % 12}" for i in range(60)]})
    variables = [{"name": "region", "role": "key", "never_suppress": True}, {"name": "job", "role": "key"}]
    for method in ({"kind": "local_suppression"}, {"kind": "risk_suppression", "threshold": 0.1}):
        done = protect(frame, policy_of(variables, methods=[method], thresholds={"k": 2}), seed=1)
        assert done.table.column("region").null_count == 0
    rare = frame.assign(region=["z", *frame["region"][1:]])
    with pytest.raises(PolicyError, match="must not be suppressed"):
        protect(rare, policy_of(variables, methods=[{"kind": "group_rare", "variable": "region", "below": 2}]), seed=1)


def test_optional_variables_that_are_absent_are_named(micro):
    optional = {"name": "hours", "role": "sensitive", "optional": True}
    limits = {"k": 2, "sensitive": [{"variable": "hours", "l_distinct": 2}]}
    report = assess(micro, policy_of([*KEYS, WAGE, optional], thresholds=limits))
    assert report.to_json()["rules_left_out"] == ["hours"]


LEVELS_THAT_CROSS = {
    "levels": [{"width": 10}, {"width": 20, "closed": "right"}, {"breaks": [30, 60]}, {"to_all": True}]
}


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_protected_file_can_be_protected_again_where_levels_cross(rng, level):
    """Classes of one level cut across those of another, such as 1-20 across 10-19 and 20-29."""
    frame = pd.DataFrame({"sex": rng.choice(["F", "M"], 300), "age": rng.integers(0, 95, 300)})
    methods = [{"kind": "recode", "variable": "age", "level": level}, {"kind": "local_suppression"}]
    variables = [{"name": "sex", "role": "key"}, {"name": "age", "role": "key", "hierarchy": LEVELS_THAT_CROSS}]
    policy = policy_of(variables, methods=methods)
    once = protect(frame, policy, seed=1)
    again = protect(once.table, policy, seed=2)
    assert sorted(map(str, once.table.column("age").to_pylist())) == sorted(
        map(str, again.table.column("age").to_pylist())
    )


def test_a_finer_class_that_cuts_across_is_not_passed_off_as_a_coarser_one():
    frame = pd.DataFrame({"sex": ["F"] * 40, "age": ["10-19", "20-29"] * 20})
    variables = [{"name": "sex", "role": "key"}, {"name": "age", "role": "key", "hierarchy": LEVELS_THAT_CROSS}]
    policy = policy_of(variables, methods=[{"kind": "recode", "variable": "age", "level": 2}])
    with pytest.raises(InputError, match="cuts across"):
        protect(frame, policy, seed=1)


def test_the_distance_of_ordered_categories_needs_an_order(micro):
    rule = {"sensitive": [{"variable": "town", "t": 0.9, "distance": "ordered"}]}
    with pytest.raises(InputError, match="has no order"):
        assess(micro, policy_of(KEYS, thresholds=rule, unlisted="free"))
    ordered = [KEYS[0], {"name": "town", "role": "sensitive", "type": "ordinal", "order": ["c", "a", "b"]}]
    assert assess(micro, policy_of(ordered, thresholds=rule, unlisted="free")).sensitive


@pytest.mark.parametrize(("end", "value"), [("top", 10), ("bottom", 9_000)])
def test_a_replacement_inside_the_bounds_is_refused(end, value):
    method = {"kind": "top_bottom", "variable": "wage", end: 1_000, f"{end}_value": value}
    with pytest.raises(SchemaError, match=f"{end}_value is"):
        policy_of([*KEYS, WAGE], methods=[method])


def test_whole_numbers_beyond_64_bits_are_refused(micro):
    with pytest.raises(InputError, match="beyond 64 bits"):
        assess(micro.assign(town=[2**70 + i % 3 for i in range(len(micro))]), policy_of([*KEYS, WAGE]))


@pytest.mark.parametrize("levels", [[{"width": 10}], [{"breaks": [20, 40, 60]}], [{"width": 5, "closed": "left"}]])
def test_bands_of_a_number_that_a_method_made_classes_of(levels):
    """A class counts as the band that holds all of its values; a class across bands is refused."""
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"sex": rng.choice(["F", "M"], 300), "age": rng.integers(0, 90, 300)})
    document = {
        "name": "p",
        "thresholds": {"k": 2, "sensitive": [{"variable": "age", "bands": [20, 40, 60], "l_distinct": 4}]},
        "variables": [{"name": "sex", "role": "key"}, {"name": "age", "role": "key", "hierarchy": {"levels": levels}}],
        "methods": [{"kind": "recode", "variable": "age", "level": 1}, {"kind": "local_suppression"}],
    }
    done = protect(frame, DisclosurePolicy.model_validate(document), seed=1)
    (measure,) = done.after.sensitive
    assert measure.l_distinct == 4
    document["thresholds"]["sensitive"][0]["bands"] = [18, 40]
    with pytest.raises(InputError, match="released categories do not lie in one"):
        protect(frame, DisclosurePolicy.model_validate(document), seed=1)


def test_a_variable_may_put_households_at_risk_and_have_to_agree():
    frame = pd.DataFrame({"area": ["N", "S"] * 50, "size": [1, 1, 2, 2] * 25, "job": list("abcde") * 20})
    document = {
        "name": "p",
        "no_thresholds": "a test",
        "variables": [{"name": name, "role": "key"} for name in frame],
        "methods": [
            {"kind": "swap_records", "areas": ["area"], "similar": ["size"], "risk_variables": ["size", "job"]}
        ],
    }
    assert protect(frame, DisclosurePolicy.model_validate(document), seed=1).changes[0].counts["swapped"] > 0
    document["methods"][0]["similar"] = ["area"]
    with pytest.raises(ValueError, match="named twice"):
        DisclosurePolicy.model_validate(document)
