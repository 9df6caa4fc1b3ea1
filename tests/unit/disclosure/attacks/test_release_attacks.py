import numpy as np
import pandas as pd
import pytest

from wasl.disclosure.attacks.differencing import differencing
from wasl.disclosure.attacks.downcoding import downcoding
from wasl.disclosure.attacks.intruders import (
    inference_attack,
    linkability_attack,
    linkage_attack,
    singling_out_attack,
)
from wasl.disclosure.attacks.rates import attack_risk, rate
from wasl.disclosure.attacks.records import comparable_records, nearest_rows
from wasl.disclosure.keys.hierarchy import Hierarchy, covers
from wasl.disclosure.policy import DisclosurePolicy
from wasl.errors import InputError
from wasl.workflow.act import RunOptions
from wasl.workflow.protect import protect as protect_act

AGE = Hierarchy(
    "age",
    tuple(str(a) for a in range(20, 40)),
    (
        tuple(f"{a - a % 5}-{a - a % 5 + 4}" for a in range(20, 40)),
        tuple(f"{a - a % 10}-{a - a % 10 + 9}" for a in range(20, 40)),
        ("*",) * 20,
    ),
)
SEX = Hierarchy("sex", ("F", "M"), (("*", "*"),))


@pytest.fixture
def rng():
    return np.random.default_rng(8)


def people(rng, rows):
    age = rng.integers(20, 40, rows)
    return pd.DataFrame(
        {
            "sex": rng.choice(["F", "M"], rows),
            "age": age.astype(float),
            "town": rng.choice(list("abcdefghij"), rows),
            "wage": rng.lognormal(8, 0.6, rows) + 50 * age,
            "job": rng.choice(["x", "y", "z"], rows),
        }
    )


def test_rates_by_hand():
    found = rate(8, 10)
    assert found.value == 0.8
    assert (found.low, found.high) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))
    assert rate(0, 0).high == 1.0
    risk = attack_risk("a", rate(80, 100), rate(50, 100))
    assert risk.risk == pytest.approx(0.6)
    assert risk.low < 0.6 < risk.high
    assert attack_risk("a", rate(10, 100), rate(50, 100)).risk == 0.0


def test_nearest_rows_are_those_of_a_scan(rng):
    a, b = people(rng, 20), people(rng, 50)
    b.loc[::7, "town"] = None
    b.loc[::5, "wage"] = np.nan
    left, right = comparable_records([a, b], ["sex", "town", "wage", "age"])
    found, distance = nearest_rows(left, right, 3)
    for i in range(20):
        gaps = []
        for j in range(50):
            gap = 0.0
            for c in range(left.codes.shape[1]):
                missing = left.codes[i, c] < 0 or right.codes[j, c] < 0
                gap += 0.5 if missing else float(left.codes[i, c] != right.codes[j, c])
            for c in range(left.numbers.shape[1]):
                step = abs(left.numbers[i, c] - right.numbers[j, c])
                gap += 0.5 if np.isnan(step) else step
            gaps.append(gap)
        order = np.argsort(gaps, kind="stable")[:3]
        np.testing.assert_allclose(distance[i], np.array(gaps)[order])
        assert found[i].tolist() == order.tolist()


def test_an_unprotected_file_falls_and_an_unrelated_one_does_not(rng):
    original, other, control = people(rng, 400), people(rng, 400), people(rng, 400)
    keys = ["sex", "age", "town", "wage"]
    truth = np.arange(400)
    assert linkage_attack(original, original, keys, truth=truth, rng=rng).risk > 0.99
    assert linkage_attack(original, other, keys, truth=truth, rng=rng).risk < 0.05
    for released, low, high in ((original, 0.8, 1.0), (other, 0.0, 0.1)):
        link = linkability_attack(original, released, ["wage"], ["age", "town", "job"], rng, control=control)
        infer = inference_attack(original, released, ["wage", "age", "town"], "job", rng, control=control)
        single = singling_out_attack(
            original, released, ["wage", "age", "town", "job"], rng, control=control, attempts=200
        )
        assert low <= infer.risk <= high
        assert low <= single.risk <= high or (low > 0 and single.risk > 0.5)
        assert link.risk <= high
        for risk in (link, infer, single):
            assert risk.low <= risk.risk <= risk.high
            assert risk.to_json()["control"] is not None
    assert linkability_attack(original, original, ["wage"], ["age", "town", "job"], rng).risk > 0.3


def test_attacks_refuse_nonsense(rng):
    frame = people(rng, 10)
    with pytest.raises(InputError, match="disjoint"):
        linkability_attack(frame, frame, ["age"], ["age"], rng)
    with pytest.raises(InputError, match="among the known"):
        inference_attack(frame, frame, ["job"], "job", rng)


def recode(frame, level):
    column = [AGE.leaves, *AGE.levels][level]
    place = dict(zip(AGE.leaves, column, strict=True))
    return frame.assign(age=[place[a] for a in frame["age"]])


def test_categories_cover_leaves_at_any_level():
    found = covers(AGE, ["23", "20-24", "30-39", "*"])
    assert found.sum(axis=1).tolist() == [1, 5, 10, 20]
    with pytest.raises(InputError, match="stands nowhere"):
        covers(AGE, ["99"])


def test_downcoding_sees_mixed_levels():
    ages = ["20-24"] * 3 + ["20-29"] * 3
    mixed = pd.DataFrame({"age": ages, "sex": ["F"] * 6})
    found = downcoding(mixed, {"age": AGE, "sex": SEX}, k=3)
    assert found.mixed == ("age",)
    assert found.levels["age"] == {1: 3, 2: 3}
    assert found.narrowed_rows == 3
    uniform = pd.DataFrame({"age": ["20-29"] * 6, "sex": ["F"] * 6})
    assert downcoding(uniform, {"age": AGE, "sex": SEX}, k=3).mixed == ()


def test_subtracting_a_finer_release_isolates_the_remainder():
    # One woman of 25-29: the five-year release dropped her class, the ten-year release counts her.
    frame = pd.DataFrame({"sex": ["F"] * 6, "age": ["20", "21", "22", "23", "24", "27"]})
    coarse, fine = recode(frame, 2), recode(frame.iloc[:5], 1)
    found = differencing(frame, [coarse, fine], {"sex": SEX, "age": AGE}, k=3)
    assert [(e.rows, e.larger, e.smaller) for e in found.exposures] == [(1, 0, 1)]
    assert not found.safe
    assert found.smallest_joint == 1
    alone = differencing(frame, [coarse, coarse], {"sex": SEX, "age": AGE}, k=3)
    assert alone.safe
    assert alone.smallest_joint == 6


def test_intersecting_releases_narrows_the_sensitive_value():
    frame = pd.DataFrame(
        {"sex": ["F", "F", "M", "M"], "age": ["20", "30", "20", "30"], "ill": ["flu", "flu", "flu", "cold"]}
    )
    by_age = frame.assign(sex="*")
    by_sex = recode(frame, 3)
    found = differencing(frame, [by_age, by_sex], {"sex": SEX, "age": AGE}, k=2, sensitive="ill")
    # age 20: {flu}; age 30: {flu, cold}; women: {flu}; men: {flu, cold}: nobody is narrowed beyond one release
    assert found.narrowed == 0
    frame.loc[0, "ill"] = "cold"
    found = differencing(
        frame, [frame.assign(sex="*"), recode(frame, 3)], {"sex": SEX, "age": AGE}, k=2, sensitive="ill"
    )
    # age 20: {cold, flu}; women: {cold, flu}: still nothing; joint classes are single persons
    assert found.narrowed == 0
    assert found.joint_rows_below_k == 4
    three = pd.DataFrame(
        {"sex": ["F", "F", "M", "M"], "age": ["20", "30", "20", "30"], "ill": ["flu", "cold", "pox", "cold"]}
    )
    found = differencing(
        three, [three.assign(sex="*"), recode(three, 3)], {"sex": SEX, "age": AGE}, k=2, sensitive="ill"
    )
    # a woman of 20: {flu, pox} and {flu, cold} leave flu; a man of 20 pox
    assert found.narrowed == 2


def test_persons_dropped_between_two_releases_are_seen(rng):
    """Complete classes that lose 1 … k-1 persons give them away, whatever else is suppressed alike in both."""
    frame = pd.DataFrame({"sex": rng.choice(["F", "M"], 400), "age": rng.integers(20, 40, 400).astype(str)})
    first = recode(frame, 2)
    first.loc[:30, "sex"] = None
    first.loc[20:60, "age"] = None
    assert differencing(frame, [first, first], {"sex": SEX, "age": AGE}, k=5).safe
    complete = np.flatnonzero((first["sex"] == "F") & (first["age"] == "20-29"))
    for dropped in (1, 4):
        found = differencing(frame, [first, first.drop(index=complete[:dropped])], {"sex": SEX, "age": AGE}, k=5)
        assert [(e.rows, e.least, e.larger, e.smaller) for e in found.exposures] == [(dropped, dropped, 0, 1)]
        back = differencing(frame, [first.drop(index=complete[:dropped]), first], {"sex": SEX, "age": AGE}, k=5)
        assert [(e.rows, e.larger, e.smaller) for e in back.exposures] == [(dropped, 1, 0)]
    assert differencing(frame, [first, first.drop(index=complete[:9])], {"sex": SEX, "age": AGE}, k=5).safe


def test_thirty_persons_in_three_classes_of_many(rng):
    frame = pd.DataFrame({"sex": rng.choice(["F", "M"], 900), "age": rng.integers(20, 40, 900).astype(str)})
    fine = recode(frame, 1)
    rows = [np.flatnonzero((fine["sex"] == s) & (fine["age"] == a)) for s, a in (("F", "20-24"), ("M", "35-39"))]
    large = np.flatnonzero((fine["sex"] == "M") & (fine["age"] == "20-24"))
    gone = [*rows[0][:3], *rows[1][:2], *large[:25]]
    found = differencing(frame, [fine, fine.drop(index=gone)], {"sex": SEX, "age": AGE}, k=5)
    assert sorted(e.rows for e in found.exposures) == [2, 3]
    assert not found.safe


def test_a_suppressed_cell_is_a_range():
    """The persons that a coarse class has more may be those whose age the finer release suppressed."""
    frame = pd.DataFrame({"sex": ["F"] * 8, "age": ["20", "21", "22", "23", "24", "27", "35", "36"]})
    coarse, fine = recode(frame, 2), recode(frame, 1)
    hidden = fine.copy()
    hidden.loc[5, "age"] = None
    hidden.loc[6:, "age"] = None
    # Ages 20-29: six in the coarse file; five, and up to three suppressed, in the fine one.
    assert differencing(frame, [coarse, hidden], {"sex": SEX, "age": AGE}, k=3).exposures == ()
    # Only one row is suppressed: it may be anywhere, so between nought and one person is left over.
    hidden.loc[6:, "age"] = "35-39"
    assert differencing(frame, [coarse, hidden], {"sex": SEX, "age": AGE}, k=3).exposures == ()
    # Nothing is suppressed, the person of 27 is missing: one person for certain.
    found = differencing(frame, [coarse, fine.drop(index=5)], {"sex": SEX, "age": AGE}, k=3)
    assert (1, 1, 0, 1) in [(e.rows, e.least, e.larger, e.smaller) for e in found.exposures]


@pytest.mark.parametrize("trial", range(30))
def test_what_is_reported_is_true_of_every_way_to_fill_the_suppressed_cells(trial):
    """Brute force: two releases of one file, rows dropped and cells suppressed; every fill has 1 … k-1 persons more."""
    from itertools import product

    rng = np.random.default_rng(trial)
    frame = pd.DataFrame({"sex": rng.choice(["F", "M"], 9), "age": rng.choice(["20", "26", "31"], 9)})
    releases = []
    for level, kept in ((2, 9), (1, int(rng.integers(5, 10)))):
        release = recode(frame, level).iloc[:kept].copy()
        release.loc[release.index[rng.random(kept) < 0.15], "sex"] = None
        releases.append(release)
    found = differencing(frame, releases, {"sex": SEX, "age": AGE}, k=4)
    differences = set()
    for region, release in ((r, x) for x in releases for r in set(map(tuple, x.dropna().to_numpy()))):
        del release
        possible = set()
        fills = [
            [count_in(region, release, fill) for fill in product("FM", repeat=int(release["sex"].isna().sum()))]
            for release in releases
        ]
        possible = {a - b for a in fills[0] for b in fills[1]}
        if min(possible) >= 1 and max(possible) < 4:
            differences.add((min(possible), max(possible)))
    # Whatever certainly differs by 1 … 3 persons is found.
    reported = [(e.least, e.rows) for e in found.exposures if e.larger == 0]
    for low, high in differences:
        assert any(a >= low and b <= high for a, b in reported)


def count_in(region, release, fill):
    """Rows certainly in a region (sex and age class) once the suppressed sexes are filled in."""
    sex = release["sex"].to_numpy(object).copy()
    sex[pd.isna(sex)] = list(fill)
    inside = covers(AGE, [region[1]])[0]
    ages = [not (covers(AGE, [age])[0] & ~inside).any() for age in release["age"]]
    return int(np.sum((sex == region[0]) & ages))


def test_one_release_has_nothing_to_difference():
    frame = pd.DataFrame({"sex": ["F"], "age": ["20"]})
    with pytest.raises(InputError, match="at least two"):
        differencing(frame, [frame], {"sex": SEX, "age": AGE}, k=2)


def test_a_group_of_rare_categories_stands_at_no_level_and_is_no_local_recoding():
    ages = pd.DataFrame({"age": ["20", "21", "20", "Other", "Other", None] * 5, "sex": ["F", "M"] * 15})
    found = downcoding(ages, {"age": AGE, "sex": SEX}, k=3)
    assert found.grouped == {"age": 10}
    assert found.levels["age"] == {0: 15}
    assert found.mixed == ()
    assert found.to_json()["grouped"] == {"age": 10}


HIERARCHY = {"levels": [{"groups": {"A": list("abcd"), "B": list("efgh")}}, {"to_all": True}]}


@pytest.mark.parametrize("hierarchy", [None, HIERARCHY])
@pytest.mark.parametrize("order", [("local_suppression", "group_rare"), ("group_rare", "local_suppression")])
@pytest.mark.parametrize("into", ["Other", "a"])
def test_a_policy_that_groups_rare_categories_is_met(hierarchy: object, order: tuple[str, str], into: str) -> None:
    """Without a hierarchy or with one, before or after suppression: the attacks on the file know its groups."""
    rng = np.random.default_rng(1)
    shares = [0.4, 0.3, 0.2, 0.06, 0.01, 0.01, 0.01, 0.01]
    frame = pd.DataFrame({"x": rng.choice(list("abcdefgh"), 400, p=shares), "s": rng.choice(["F", "M"], 400)})
    steps = {
        "local_suppression": {"kind": "local_suppression"},
        "group_rare": {"kind": "group_rare", "variable": "x", "below": 10, "into": into},
    }
    key = {"name": "x", "role": "key"} | ({} if hierarchy is None else {"hierarchy": hierarchy})
    policy = DisclosurePolicy.model_validate(
        {
            "name": "p",
            "variables": [key, {"name": "s", "role": "key"}],
            "thresholds": {"k": 3},
            "methods": [steps[name] for name in order],
        }
    )
    safe = protect_act(frame, policy, RunOptions(seed=1))
    released = safe.result.table.column("x").to_pandas()
    assert into in set(released.dropna())
    assert not set(released.dropna()) & set("efgh")
