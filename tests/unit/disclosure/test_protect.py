import json

import numpy as np
import pandas as pd
import pytest

from wasl.disclosure.policy import DisclosurePolicy, Role
from wasl.disclosure.protect import protect
from wasl.disclosure.report.pages import assessment_page, internal_page, public_page
from wasl.disclosure.risk.assess import assess
from wasl.errors import InputError, PolicyError, SchemaError
from wasl.registers.documents import validate_document


def policy_of(**changes):
    document = {
        "name": "test",
        "variables": [
            {"name": "sex", "role": "key", "importance": 1},
            {
                "name": "age",
                "role": "key",
                "hierarchy": {"levels": [{"width": 10, "bottom": 20, "top": 60}, {"to_all": True}]},
            },
            {
                "name": "region",
                "role": "key",
                "hierarchy": {"levels": [{"groups": {"north": ["r0", "r1"], "south": ["r2", "r3"]}}, {"to_all": True}]},
            },
            {"name": "wage", "role": "sensitive"},
            {"name": "id", "role": "drop"},
        ],
        "thresholds": {"k": 4},
        "methods": [{"kind": "recode", "variable": "age", "level": 1}, {"kind": "local_suppression"}],
    }
    return validate_document(DisclosurePolicy, {**document, **changes}, "test")


@pytest.fixture
def micro(rng):
    n = 300
    return pd.DataFrame(
        {
            "id": [f"PERSON{i}" for i in range(n)],
            "sex": rng.choice(["F", "M"], n),
            "age": rng.integers(15, 80, n),
            "region": rng.choice(["r0", "r1", "r2", "r3"], n, p=[0.5, 0.3, 0.15, 0.05]),
            "wage": rng.lognormal(8, 0.5, n).round(2),
        }
    )


def test_protection_reaches_the_thresholds_and_is_reproducible(micro):
    policy = policy_of(release={"random_order": True})
    first, second = protect(micro, policy, seed=5), protect(micro, policy, seed=5)
    assert first.after.passed
    assert first.after.k >= 4 > first.before.k
    assert first.table.equals(second.table)
    assert not first.table.equals(protect(micro, policy, seed=6).table)
    assert "id" not in first.table.column_names
    assert assess(first.table, policy_of(variables=[v.model_dump() for v in policy.variables if v.name != "id"])).passed


def test_refusal_names_every_failing_rule(micro):
    policy = policy_of(methods=[], thresholds={"k": 4, "individual_risk": 0.3}, release={"max_keys": 2})
    with pytest.raises(PolicyError) as caught:
        protect(micro, policy, seed=1)
    message = str(caught.value)
    assert caught.value.exit_code == 3
    for rule in ("thresholds.k", "thresholds.individual_risk", "release.max_keys"):
        assert rule in message
    assert "PERSON" not in message


def test_sensitive_rules_are_reached_by_removing_records(micro):
    thresholds = {"k": 3, "sensitive": [{"variable": "wage", "bands": [2500, 4000], "l_distinct": 2}]}
    methods = [
        {"kind": "recode", "variable": "age", "level": 1},
        {"kind": "local_suppression"},
        {"kind": "suppress_records", "max_share": 0.5},
    ]
    done = protect(micro, policy_of(thresholds=thresholds, methods=methods), seed=1)
    assert done.after.passed
    assert min(m.l_distinct for m in done.after.sensitive) >= 2
    assert done.removed == 300 - done.table.num_rows
    capped = [*methods[:2], {"kind": "suppress_records", "max_share": 0.0}]
    # Three bands: three different ones in each class can be had by suppression beyond k, four cannot.
    strict = {"k": 3, "sensitive": [{"variable": "wage", "bands": [2500, 4000], "l_distinct": 3}]}
    assert protect(micro, policy_of(thresholds=strict, methods=capped), seed=1).removed == 0
    strict["sensitive"][0]["l_distinct"] = 4
    with pytest.raises(PolicyError, match="would have to be removed"):
        protect(micro, policy_of(thresholds=strict, methods=capped), seed=1)


def test_lattice_search_through_a_policy(micro):
    policy = policy_of(methods=[], search={"objective": "loss", "suppression_limit": 0.05})
    done = protect(micro, policy, seed=1)
    assert done.after.k >= 4
    assert done.removed <= 15
    assert done.search["nodes"] == 9
    assert done.internal_report()["search"]["levels"].keys() == {"sex", "age", "region"}


def test_weights_households_and_combinations(rng, micro):
    micro["household"] = rng.integers(0, 120, len(micro))
    micro["weight"] = 50.0
    document = policy_of().model_dump(mode="json")
    document["variables"] += [{"name": "household", "role": "household"}, {"name": "weight", "role": "weight"}]
    document["thresholds"] = {
        "combinations": [{"name": "place", "keys": ["sex", "region"], "k": 10}],
        "household_risk": 0.5,
    }
    policy = validate_document(DisclosurePolicy, document, "test")
    report = assess(micro, policy)
    assert report.weighted
    assert report.household.expected > report.individual.expected
    assert report.combinations["place"]["required"] == 10
    assert report.uniqueness["sample_uniques"] == report.violating["2"]
    done = protect(micro, policy, seed=2)
    old, new = micro["household"].iloc[done.origin], done.table.column("household").to_pandas()
    assert (old.groupby(new.to_numpy()).nunique() == 1).all()
    assert not (old.to_numpy() == new.to_numpy()).all()


def test_public_report_tells_methods_and_loss_but_no_risk(micro):
    done = protect(micro, policy_of(), seed=5)
    public = json.dumps(done.public_report()).lower()
    page = public_page(done)
    for word in ("risk", "threshold", "seed", "unique", "re-identifications"):
        assert word not in public
        assert word not in page.lower().replace("pointer-events", "")
    assert done.public_report()["suppressed_cells"].keys() == {"sex", "age", "region"}
    assert "values are grouped" in page
    assert "<svg" in page
    for text in (page, internal_page(done), assessment_page(done.before, done.policy)):
        assert "http" not in text.replace("http://www.w3.org", "").replace("http://purl", "").replace(
            "https://matplotlib", ""
        ).replace("http://creativecommons", "")
        assert "PERSON" not in text
        assert "<script" not in text
    assert "Confidential" in internal_page(done)


def test_internal_report_is_json_and_names_rows(micro):
    report = assess(micro, policy_of())
    value = json.loads(json.dumps(report.to_json()))
    assert value["passed"] is False
    assert value["riskiest_rows"][0]["row"] == int(np.argmax(report.risk)) + 1
    assert sum(value["risk_distribution"]["rows"]) == 300
    assert report.table().num_rows == 300
    region = value["categories"]["region"]
    assert sum(item["rows"] for item in region) == 300
    assert {item["category"] for item in region} == {"r0", "r1", "r2", "r3"}


def test_data_that_do_not_fit_the_policy(micro):
    with pytest.raises(InputError, match="does not say what these columns are: surplus"):
        assess(micro.assign(surplus=1), policy_of())
    with pytest.raises(InputError, match=r"lack columns .*: wage"):
        assess(micro.drop(columns="wage"), policy_of())
    assert assess(micro.assign(surplus=1), policy_of(unlisted="drop")).rows == 300
    with pytest.raises(InputError, match="no rows"):
        assess(micro.iloc[:0], policy_of())
    with pytest.raises(InputError, match=r"outside its hierarchy|are in no group"):
        protect(
            micro.assign(region="r9"), policy_of(methods=[{"kind": "recode", "variable": "region", "level": 1}]), seed=1
        )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"methods": [{"kind": "recode", "variable": "age"}]}, "level"),
        ({"methods": [{"kind": "magic"}]}, "magic|tag"),
        ({"thresholds": {"k": 1}}, "greater than or equal to 2"),
        ({"thresholds": {"sensitive": [{"variable": "height"}]}}, "not among the variables: height"),
        ({"thresholds": {"combinations": [{"name": "x", "keys": ["wage"], "k": 2}]}}, "not of role 'key': wage"),
    ],
)
def test_a_policy_that_does_not_hold_together(changes, message):
    with pytest.raises(SchemaError, match=message):
        policy_of(**changes)


def test_missing_codes_and_meaning(micro):
    micro.loc[:20, "region"] = "unknown"
    report = assess(micro, policy_of(missing={"semantics": "wildcard", "alpha": 0.5, "codes": ["unknown"]}))
    assert report.contributions["region"]["missing"] == 21
    assert report.missing == "wildcard, alpha = 0.5"
    assert assess(micro, policy_of(missing={"semantics": "category"})).missing == "category"


@pytest.mark.parametrize("name", ["public-use", "scientific-use", "census-sample"])
def test_shipped_policies_load(name):
    policy = DisclosurePolicy.load(name)
    assert policy.named(Role.KEY)
    assert policy.source


def test_the_age_of_the_data_is_a_release_rule(micro):
    from datetime import date

    rules = {"min_age_days": 365, "reference_date": "2026-01-01"}
    with pytest.raises(PolicyError, match=r"release.min_age_days: the data are 31 days old"):
        protect(micro, policy_of(release=rules), seed=1, today=date(2026, 2, 1))
    assert protect(micro, policy_of(release=rules), seed=1, today=date(2027, 2, 1)).after.passed
    with pytest.raises(InputError, match="day of release"):
        protect(micro, policy_of(release=rules), seed=1)


def test_k_map_needs_and_uses_a_population(micro):
    policy = policy_of(thresholds={"k_map": 3}, methods=[{"kind": "recode", "variable": "age", "level": 2}])
    with pytest.raises(InputError, match="--population"):
        assess(micro, policy)
    people = pd.concat([micro] * 3, ignore_index=True)
    assert assess(micro, policy, population=people).k_map >= 3
    few = people.sample(600, random_state=1)
    assert assess(micro, policy, population=few).k_map < 3
    searched = policy_of(thresholds={"k_map": 4}, methods=[], search={"suppression_limit": 0.0})
    done = protect(micro, searched, seed=1, population=few)
    assert done.after.k_map >= 4
    methods = [
        {"kind": "recode", "variable": "age", "level": 1},
        {"kind": "recode", "variable": "region", "level": 1},
        {"kind": "suppress_records", "max_share": 0.2},
    ]
    recoded = policy_of(thresholds={"k_map": 4}, methods=methods)
    assert protect(micro, recoded, seed=1, population=people).after.k_map >= 4


def test_every_failing_row_is_marked(micro):
    report = assess(micro, policy_of())
    np.testing.assert_array_equal(report.violating_rows, report.frequency < 4)
    assert report.failures[0].rows == int((report.frequency < 4).sum())


PERTURBATIONS = [
    {"kind": "microaggregate", "variables": ["wage"], "size": 4},
    {"kind": "microaggregate", "variables": ["wage", "hours"], "size": 3, "method": "pca"},
    {"kind": "pram", "variables": ["sex"], "retain": 0.7},
    {"kind": "pram", "variables": ["sex"], "categories": ["M", "F"], "matrix": [[0.9, 0.1], [0.4, 0.6]]},
    {"kind": "pram", "variables": ["region"], "strata": "sex"},
    {"kind": "noise", "variables": ["wage"], "amount": 0.2},
    {"kind": "noise", "variables": ["wage", "hours"], "amount": 0.2, "correlated": True},
    {"kind": "rank_swap", "variables": ["wage"], "window": 0.1},
    {"kind": "shuffle", "variables": ["wage"], "given": ["hours", "sex"]},
    {"kind": "swap_records", "areas": ["region"], "risk_variables": ["sex", "age"], "rate": 0.05},
    {"kind": "round", "variable": "wage", "base": 100},
    {"kind": "top_bottom", "variable": "wage", "top": 4000},
    {"kind": "group", "variable": "region", "groups": {"n": ["r0", "r1"]}, "other": "s"},
    {"kind": "group_rare", "variable": "region", "below": 60, "into": "elsewhere"},
    {"kind": "risk_suppression", "threshold": 0.3},
    {"kind": "drop", "variables": ["hours"]},
]  # fmt: skip


@pytest.mark.parametrize("method", PERTURBATIONS, ids=lambda method: "-".join(map(str, list(method.values())[:2])))
def test_every_method_works_through_a_policy(rng, micro, method):
    micro["hours"] = rng.integers(10, 60, len(micro))
    document = policy_of(methods=[], thresholds={}, no_thresholds="methods alone").model_dump(mode="json")
    document["variables"].append({"name": "hours", "role": "free"})
    document["methods"] = [method]
    policy = validate_document(DisclosurePolicy, document, "test")
    done = protect(micro, policy, seed=9)
    change = done.changes[0]
    assert change.method == method["kind"]
    assert sum(change.counts.values()) > 0
    assert change.sentence.endswith(".")
    assert done.table.num_rows == 300
    assert done.table.equals(protect(micro, policy, seed=9).table)
    touched = [name for name in change.variables if name in done.table.column_names]
    if method["kind"] not in ("drop", "risk_suppression"):
        original = micro[touched].to_numpy(object)[done.origin]
        assert (done.table.select(touched).to_pandas().to_numpy(object) != original).any()
    untouched = [n for n in ("sex", "age", "region", "wage") if n not in change.variables]
    for name in untouched:
        assert done.table.column(name).to_pylist() == micro[name].iloc[done.origin].tolist()


def test_the_risk_of_numbers_is_measured_on_what_is_released(micro):
    plain = protect(micro, policy_of(thresholds={}, no_thresholds="numbers alone", methods=[]), seed=1).numeric_risk
    assert (plain["variables"], plain["interval_1_percent"]) == (["wage"], 1.0)
    assert plain["linkage"] > 0.99
    method = {"kind": "microaggregate", "variables": ["wage"], "size": 10}
    masked = protect(micro, policy_of(thresholds={}, no_thresholds="numbers alone", methods=[method]), seed=1)
    assert masked.numeric_risk["linkage"] < 0.2
    assert "Risk of the numbers as released: wage" in internal_page(masked)
    assert "numeric_risk" not in masked.public_report()


def test_a_policy_that_leaves_nothing_is_refused(micro):
    methods = [{"kind": "suppress_records", "max_share": 1.0}]
    with pytest.raises(PolicyError, match="leaves no row of 300"):
        protect(micro, policy_of(thresholds={"k": 250}, methods=methods), seed=1)


def test_tiny_and_degenerate_files():
    one = pd.DataFrame({"id": ["PERSON1"], "sex": ["F"], "age": [30], "region": ["r0"], "wage": [1.0]})
    assert assess(one, policy_of()).k == 1
    empty_key = pd.concat([one] * 6, ignore_index=True).assign(region=None)
    done = protect(empty_key, policy_of(), seed=1)
    assert done.after.k == 6
    assert internal_page(done)
    assert public_page(done)


def test_the_census_sample_policy_protects_a_sample(rng):
    n = 8000
    household = np.repeat(np.arange(n // 4), 4)
    region = rng.integers(1, 4, n // 4)[household]
    frame = pd.DataFrame(
        {
            "household": household,
            "weight": 10.0,
            "region": [f"{r:02d}" for r in region],
            "sex": rng.choice(["M", "F"], n),
            "age": np.minimum(rng.gamma(2, 12, n).astype(int), 100),
            "marital_status": rng.choice(list("SMDW"), n, p=[0.45, 0.45, 0.04, 0.06]),
            "nationality": rng.choice(["MAR", "FRA", "SEN"], n, p=[0.99, 0.006, 0.004]),
            "address": "never released",
        }
    )
    done = protect(frame, DisclosurePolicy.load("census-sample"), seed=1)
    assert done.after.passed
    assert done.after.individual.maximum <= 0.1
    assert set(done.table.column("nationality").to_pylist()) <= {"Moroccan", "Foreign", None}
    assert done.table.column("region").null_count == 0
    assert "address" not in done.table.column_names
    assert all(item["k"] >= 5 for item in done.after.combinations.values())
