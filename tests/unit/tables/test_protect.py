from __future__ import annotations

import dataclasses
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from wasl.errors import InputError, PolicyError
from wasl.tables.earlier import read_earlier
from wasl.tables.protect import protect_tables
from wasl.tables.specification import TablesSpec


def test_reference_optimum_is_found_and_proven(turnover, require_protected):
    spec, data, hierarchies = turnover
    result = protect_tables(TablesSpec.model_validate(spec), [data], hierarchies)
    report = result.report
    assert (report["primary"], report["secondary"]) == (77, 64)
    assert report["tables"][0]["primary_by_rule"] == {"frequency": 52, "dominance": 25}
    assert report["cost"] == pytest.approx(49_861_122.25, abs=0.01)
    assert report["proven"]
    assert report["bound"] == pytest.approx(report["cost"])
    assert report["audit"]["passed"]
    assert report["steps"]["ended_by"] == "proof"
    assert require_protected(result.tables) == 75  # two unsafe cells are zero: their interval is given by the bounds


def test_heuristic_protects_and_states_its_gap(turnover, require_protected):
    spec, data, hierarchies = turnover
    spec["protection"] |= {"search": "fast"}
    result = protect_tables(TablesSpec.model_validate(spec), [data], hierarchies)
    assert require_protected(result.tables)
    assert result.report["bound"] - 0.01 <= 49_861_122.25 <= result.report["cost"] + 0.01  # the answer is the optimum
    assert result.report["gap"] < 0.15
    assert result.report["steps"]["ended_by"] in ("programs", "proof")


def test_search_that_is_stopped_at_once_still_protects(turnover, require_protected):
    spec, data, hierarchies = turnover
    result = protect_tables(TablesSpec.model_validate(spec), [data], hierarchies, stop=lambda: True)
    assert result.report["interrupted"]
    assert result.report["steps"]["ended_by"] == "user"
    assert not result.report["steps"]["demand_checked_first"]  # the check that the demand can be met was ended, too
    assert not result.report["proven"]
    assert require_protected(result.tables)


def test_without_time_for_a_first_answer_everything_is_suppressed(turnover, require_protected, monkeypatch):
    from wasl.tables.suppression import search

    monkeypatch.setattr(search, "GRACE", 0.0)
    monkeypatch.setattr(search, "LEAST_GRACE", 0.0)
    spec, data, hierarchies = turnover
    result = protect_tables(TablesSpec.model_validate(spec), [data], hierarchies, stop=lambda: True)
    assert result.report["steps"]["first_answer"] == "everything"
    assert result.report["interrupted"]
    assert require_protected(result.tables)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"primary": {"minimum_contributors": 5, "dominance": [{"n": 2, "k": 75}]}},
        {"primary": {"minimum_contributors": 0, "p_percent": 15}},
        {"primary": {"minimum_contributors": 3, "pq": [10, 60]}},
        {"input": {"value": "wages", "weight": "weight"}, "primary": {"minimum_contributors": 3, "p_percent": 25}},
        {"input": {"value": "wages", "contributor": "firm", "holding": "group"}},
        {"input": {"value": "count"}, "primary": {"minimum_contributors": 12}},
        {"protection": {"cost": "one", "lower": 0.2, "upper": 0.3}},
        {"protection": {"cost": "contributors", "attacker_bounds": [0.5, 1.5]}},
    ],
)
def test_whatever_the_rules_an_outsider_stays_outside_the_levels(enterprises, specify, require_protected, changes):
    data, hierarchies = enterprises(300, 7)
    spec = specify(**changes)
    result = protect_tables(spec, [data], hierarchies)
    bounds = spec.protection.attacker_bounds
    assert result.report["proven"]
    assert require_protected(result.tables, bounds=bounds) == result.report["primary"] > 0


def test_linked_tables_are_protected_together(enterprises, specify, require_protected):
    data, hierarchies = enterprises(500, 3)
    data = data.append_column("size", pa.array(np.where(np.arange(500) % 7 == 0, "large", "small")))
    region = {"name": "region", "hierarchy": "parts.csv"}
    spec = specify(
        tables=[
            {"name": "by-sector", "dimensions": [region, {"name": "sector"}]},
            {"name": "by-size", "dimensions": [region, {"name": "size"}]},
        ]
    )
    result = protect_tables(spec, [data], hierarchies)
    assert require_protected(result.tables)
    one, two = result.tables
    status = {code: one.status[i] for i, code in enumerate(one.cells.column(0)) if one.cells.places[i, 1] == 0}
    for i, code in enumerate(two.cells.column(0)):
        if two.cells.places[i, 1] == 0:
            assert status[code] == two.status[i]


def test_lone_contributor_cannot_compute_another_unsafe_cell(enterprises, specify, cell_of, published):
    from wasl.tables.attacker import attack_tables

    data, hierarchies = enterprises(60, 5)
    primary = {"minimum_contributors": 3}
    spec = specify(primary=primary, protection={"singletons": True})
    table = protect_tables(spec, [data], hierarchies).tables[0]
    lone = np.flatnonzero((table.status == 1) & (table.cells.contributors == 1))
    assert len(lone)
    for number in lone:
        own = {cell_of(table, number): float(table.cells.value[number])}
        intervals = attack_tables([published(table)], known=own)
        for other in np.flatnonzero((table.status == 1) & (table.cells.contributors > 0)):
            place = cell_of(table, other)
            same = table.cells.contributors[other] == 1 and table.cells.value[other] == table.cells.value[number]
            if place in intervals and not same:
                low, high = intervals[place]
                assert high - low > 1e-6 * table.cells.value[other]


def test_infeasible_demand_names_the_cells_that_make_it_so(specify):
    data = pa.table({"region": ["N1"] * 2 + ["S1"] * 9, "sector": ["A"] * 11, "wages": [5.0] * 11})
    spec = specify(
        dimensions=[{"name": "region"}, {"name": "sector"}],
        primary={"minimum_contributors": 3},
        protection={"attacker_bounds": [0.99, 1.01], "lower": 0.1, "upper": 0.1},
    )
    with pytest.raises(PolicyError, match=r"region=N1.* cannot be protected"):
        protect_tables(spec, [data], {})


def test_earlier_table_is_part_of_the_problem(enterprises, specify, require_protected):
    data, hierarchies = enterprises(400, 11)
    first = protect_tables(specify(), [data], hierarchies)
    before = read_earlier("first", first.report["tables"][0], first.tables[0].internal())
    finer = specify(dimensions=[{"name": "region"}, {"name": "sector"}])
    together = protect_tables(finer, [data], hierarchies, earlier=[before])
    assert together.report["audit"]["earlier_tables"] == ["first/wages"]
    assert require_protected([first.tables[0], *together.tables])
    shown = {first.tables[0].cells.label(i) for i in np.flatnonzero(~np.isnan(first.tables[0].published))}
    hidden = {together.tables[0].cells.label(i) for i in np.flatnonzero(np.isnan(together.tables[0].published))}
    assert hidden
    assert not shown & hidden


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("measure", ["sum", "mean"])
def test_earlier_tables_with_negative_contributions_keep_their_bounds(seed, measure, enterprises, specify):
    # An attacker considers a cell as far away as its contributions are large; a table that was read back told the sum.
    data, hierarchies = enterprises(300, seed)
    size = np.random.default_rng(seed).normal(0.2, 0.6, data.num_rows)
    result = pa.array(np.round(np.asarray(data["wages"]) * size, 2))
    data = data.set_column(data.column_names.index("wages"), "wages", result)
    changes = {"input": {"value": "wages", "measure": measure}, "protection": {"lower": 0.2, "upper": 0.2}}
    first = protect_tables(specify(**changes), [data], hierarchies)
    before = read_earlier("first", first.report["tables"][0], first.tables[0].internal())
    np.testing.assert_array_equal(before.table.magnitude, first.tables[0].cells.magnitude)
    again = protect_tables(specify(**changes), [data], hierarchies, earlier=[before])
    assert again.report["audit"]["earlier_tables"] == ["first/wages"]


def test_a_cell_of_an_earlier_table_is_named_where_it_cannot_be_protected(enterprises, specify):
    data, hierarchies = enterprises(400, 11)
    first = protect_tables(specify(), [data], hierarchies)
    before = read_earlier("first", first.report["tables"][0], first.tables[0].internal())
    hidden = int(np.flatnonzero(before.lower > 0)[0])
    lower = np.where(np.arange(len(before.lower)) == hidden, 100 * before.table.value, before.lower)
    spec = specify(dimensions=[{"name": "sector"}])
    with pytest.raises(PolicyError, match=f"cell first/wages: {before.table.label(hidden)} cannot be protected"):
        protect_tables(spec, [data], {}, earlier=[replace(before, lower=lower)])


def test_cell_that_was_published_earlier_cannot_become_unsafe_unnoticed(enterprises, specify):
    data, hierarchies = enterprises(400, 11)
    first = protect_tables(specify(primary={"minimum_contributors": 0}), [data], hierarchies)
    before = read_earlier("first", first.report["tables"][0], first.tables[0].internal())
    with pytest.raises(PolicyError, match="were published earlier"):
        protect_tables(specify(), [data], hierarchies, earlier=[before])


def test_earlier_table_of_other_data_is_left_out_and_said(enterprises, specify):
    data, hierarchies = enterprises(400, 11)
    first = protect_tables(specify(), [enterprises(400, 12)[0]], hierarchies)
    before = read_earlier("first", first.report["tables"][0], first.tables[0].internal())
    report = protect_tables(specify(), [data], hierarchies, earlier=[before]).report
    assert report["audit"]["earlier_tables"] == []
    assert "common cells have other values" in report["audit"]["earlier_tables_left_out"][0]


def test_mean_is_withheld_where_its_sum_is(enterprises, specify):
    data, hierarchies = enterprises(300, 2)
    sums = protect_tables(specify(), [data], hierarchies).tables[0]
    means = protect_tables(specify(input={"value": "wages", "measure": "mean"}), [data], hierarchies).tables[0]
    assert (np.isnan(sums.published) == np.isnan(means.published)).all()
    frame = data.to_pandas()
    expected = frame[(frame.region == "N1") & (frame.sector == "G")].wages.mean()
    at = [i for i in range(means.cells.size) if means.cells.label(i) == "region=N1, sector=G"]
    assert means.published[at[0]] == pytest.approx(expected)


@pytest.mark.parametrize("kind", ["conventional", "random", "controlled"])
def test_rounding(enterprises, specify, kind):
    data, hierarchies = enterprises(300, 2)
    spec = specify(input={"value": "count"}, protection={"method": "rounding", "rounding": {"base": 5, "kind": kind}})
    table = protect_tables(spec, [data], hierarchies, seed=4).tables[0]
    assert (table.published % 5 == 0).all()
    assert np.abs(table.published - table.cells.value).max() < 5
    if kind == "controlled":
        from wasl.tables.cells import relations_of

        assert not relations_of(table.cells).sums(table.published).any()


def test_random_rounding_draws_otherwise_for_other_data(enterprises, specify):
    """Otherwise a seed that somebody tries or reads tells which figures were rounded up."""
    spec = specify(
        input={"value": "count"}, protection={"method": "rounding", "rounding": {"base": 5, "kind": "random"}}
    )
    ups = []
    for rows in (300, 301):
        data, hierarchies = enterprises(rows, 2)
        table, again = (protect_tables(spec, [data], hierarchies, seed=4).tables[0] for _ in range(2))
        assert (table.published == again.published).all()
        ups.append((table.published > table.cells.value)[table.cells.value % 5 != 0])
    length = min(map(len, ups))
    assert (ups[0][:length] != ups[1][:length]).any()


def test_noise_is_the_same_for_the_same_records_in_every_table(enterprises, specify):
    data, hierarchies = enterprises(2000, 2)
    own = {"input": {"value": "count", "record": "id"}, "protection": {"method": "cell-key"}}
    one = protect_tables(specify(**own), [data], hierarchies, secret=b"s" * 32).tables[0]
    shuffled = data.take(np.random.default_rng(0).permutation(2000))
    two = protect_tables(specify(**own, dimensions=[{"name": "sector"}]), [shuffled], {}, secret=b"s" * 32).tables[0]
    margin = {c: one.published[i] for i, c in enumerate(one.cells.column(1)) if one.cells.places[i, 0] == 0}
    assert {c: two.published[i] for i, c in enumerate(two.cells.column(0))} == margin
    other = protect_tables(specify(**own), [data], hierarchies, secret=b"t" * 32).tables[0]
    assert (one.published != other.published).any()


def test_additive_noise_adds_up(enterprises, specify):
    from wasl.tables.cells import relations_of

    data, hierarchies = enterprises(900, 2)
    options = {"method": "cell-key", "cell_key": {"additive": True, "maximum": 5}}
    spec = specify(input={"value": "count", "record": "id"}, protection=options)
    table = protect_tables(spec, [data], hierarchies, secret=b"s" * 32).tables[0]
    assert not relations_of(table.cells).sums(table.published).any()
    assert np.abs(table.published - table.cells.value).max() <= 5
    assert (table.published != table.cells.value).any()


def test_aggregate_whose_totals_differ_is_refused(turnover):
    spec, data, hierarchies = turnover
    values = data.column("TOT").to_numpy().copy()
    values[5] += 1000
    wrong = data.set_column(data.column_names.index("TOT"), "TOT", pa.array(values))
    with pytest.raises(InputError, match="totals differ from the sum of their parts"):
        protect_tables(TablesSpec.model_validate(spec), [wrong], hierarchies)


def test_ratio_is_published_only_where_both_of_its_sums_may_be(enterprises, specify):
    data, hierarchies = enterprises(300, 2)
    hours = np.round(np.random.default_rng(8).lognormal(2, 1.5, 300), 1) + 1
    data = data.append_column("hours", pa.array(hours))
    ratio = specify(input={"value": "wages", "measure": "ratio", "denominator": "hours"})
    table = protect_tables(ratio, [data], hierarchies).tables[0]
    sums = [
        protect_tables(specify(input={"value": name}), [data], hierarchies).tables[0] for name in ("wages", "hours")
    ]
    hidden = np.isnan(table.published)
    assert (hidden == np.isnan(sums[0].published) | np.isnan(sums[1].published)).all()
    assert (table.status == 1).sum() == ((sums[0].status == 1) | (sums[1].status == 1)).sum() > 0
    shown = ~hidden
    expected = sums[0].cells.value[shown] / sums[1].cells.value[shown]
    assert table.published[shown] == pytest.approx(expected)


def test_ratio_takes_only_records_with_both_values_and_counts_the_others(enterprises, specify):
    data, hierarchies = enterprises(300, 2)
    hours = [None if i % 10 == 0 else 1.0 for i in range(300)]
    data = data.append_column("hours", pa.array(hours))
    ratio = specify(input={"value": "wages", "measure": "ratio", "denominator": "hours"})
    table = protect_tables(ratio, [data], hierarchies).tables[0]
    frame = data.to_pandas().dropna(subset=["hours"])
    assert table.valueless == 30
    assert table.published[0] == pytest.approx(frame.wages.sum() / 270)


REGION = {"name": "region", "hierarchy": "parts.csv"}
RATIO = {"value": "wages", "measure": "ratio", "denominator": "hours"}


def with_hours(data, seed, *, gaps=False):
    rng = np.random.default_rng(seed)
    hours = np.round(rng.lognormal(2, 1.5, data.num_rows), 1) + 1
    data = data.append_column("size", pa.array(rng.choice(["s", "m", "l"], data.num_rows, p=[0.6, 0.3, 0.1])))
    missing = rng.random(data.num_rows) < 0.1 if gaps else np.zeros(data.num_rows, np.bool_)
    return data.append_column("hours", pa.array(hours, mask=missing))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shown", ["sum", "mean"])
def test_ratio_beside_its_parts_tells_no_unsafe_sum(enterprises, specify, require_protected, cell_of, seed, shown):
    data, hierarchies = enterprises(260, seed)
    tables = [
        {"name": "ratio", "input": RATIO, "dimensions": [REGION, {"name": "sector"}]},
        {"name": "hours", "input": {"value": "hours"}, "dimensions": [REGION, {"name": "sector"}]},
        {"name": "wages", "input": {"value": "wages", "measure": shown}, "dimensions": [REGION, {"name": "size"}]},
    ]
    ratio, hours, wages = protect_tables(specify(tables=tables), [with_hours(data, seed)], hierarchies).tables
    wages = dataclasses.replace(wages, published=np.where(np.isnan(wages.published), np.nan, wages.cells.value))
    computed = ratio.published * hours.published  # what anybody knows of the wages by sector
    there = np.flatnonzero(np.isfinite(computed))
    known = {cell_of(ratio, number): float(computed[number]) for number in there}
    hidden = {cell_of(wages, number) for number in np.flatnonzero(np.isnan(wages.published))}
    assert not hidden & known.keys()
    assert require_protected([wages], known=known) > 0


def test_ratio_beside_a_sum_of_other_records_is_refused(enterprises, specify):
    data, hierarchies = enterprises(260, 1)
    both = specify(tables=[{"name": "a", "input": RATIO}, {"name": "b", "input": {"value": "wages"}}])
    with pytest.raises(InputError, match="records have 'wages' and lack 'hours'"):
        protect_tables(both, [with_hours(data, 1, gaps=True)], hierarchies)


@pytest.mark.parametrize("seed", range(3))
def test_what_a_mean_withholds_no_sum_beside_it_shows(enterprises, specify, cell_of, seed):
    data, hierarchies = enterprises(260, seed)
    data = with_hours(data, seed)
    mean = {"name": "mean", "input": {"value": "wages", "measure": "mean"}, "dimensions": [REGION, {"name": "sector"}]}
    total = {"name": "sum", "input": {"value": "wages"}, "dimensions": [REGION, {"name": "size"}]}
    tables = protect_tables(specify(tables=[mean, total]), [data], hierarchies).tables
    hidden, shown = (
        {cell_of(t, number) for t in tables for number in np.flatnonzero(which(t.published))}
        for which in (np.isnan, np.isfinite)
    )
    assert hidden
    assert not hidden & shown
