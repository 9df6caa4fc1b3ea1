"""What ratios, means and median bands say of cells, against an attacker who uses no code of the search."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from wasl.errors import PolicyError
from wasl.tables.attacker import QUANTITY, PublishedMedians, PublishedRatio, PublishedTable, attack_tables
from wasl.tables.build import band_labels
from wasl.tables.earlier import read_earlier
from wasl.tables.protect import protect_tables
from wasl.tables.specification import TablesSpec

FEW = settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
DIMENSIONS = [{"name": "zone"}, {"name": "trade"}]
LIMITS = (0, 10, 20, 50)
SUMS = {name: f"microdata|{name}|sum||" for name in ("wages", "hours")}
COUNTS = "microdata|count|count||"
RATIO = {"value": "wages", "measure": "ratio", "denominator": "hours"}


def people(seed: int, rows: int = 90, zones: int = 3) -> pa.Table:
    rng = np.random.default_rng(seed)
    return pa.table(
        {
            "zone": rng.choice(
                [f"z{i}" for i in range(zones)], rows, p=np.arange(zones, 0, -1) / (zones * (zones + 1) / 2)
            ),
            "trade": rng.choice(["A", "C", "G"], rows, p=[0.15, 0.35, 0.5]),
            "wages": np.round(rng.lognormal(3, 1.2, rows), 1),
            "hours": np.round(rng.lognormal(2, 0.7, rows) + 1, 1),
        }
    )


def made(data: pa.Table, source: dict, *, earlier=(), minimum: int = 3, dominance: float = 80, **more):
    document = {
        "name": more.pop("name", "t"),
        "input": source,
        "dimensions": more.pop("dimensions", DIMENSIONS),
        "primary": {"minimum_contributors": minimum, "dominance": [{"n": 1, "k": dominance}]},
    }
    return protect_tables(TablesSpec.model_validate(document | more), [data], {}, earlier=earlier)


def before(result, number: int = 0):
    table = result.tables[number]
    return read_earlier(f"release-{number}", result.report["tables"][number], table.internal())


def seen(table, quantity: str = "") -> PublishedTable:
    parents = {
        d.name: {code: d.codes[d.parents[i]] for i, code in enumerate(d.codes) if i} for d in table.cells.dimensions
    }
    return PublishedTable(table.public(), parents, {d.name: d.total for d in table.cells.dimensions}, quantity)


def cells(table, quantity: str) -> dict:
    return {
        frozenset(
            [(QUANTITY, quantity)]
            + [(d.name, d.codes[at]) for d, at in zip(table.cells.dimensions, places, strict=True) if at]
        ): number
        for number, places in enumerate(table.cells.places)
    }


def prior_of(tables: list) -> dict:
    """Everybody is assumed to know each value to within its own size."""
    return {
        place: (0.0, 2 * float(values[number]))
        for table, quantity, values in tables
        for place, number in cells(table, quantity).items()
    }


def require_levels(table, quantity: str, intervals: dict) -> int:
    """Every unsafe cell keeps its levels; returns how many were withheld."""
    for place, number in cells(table, quantity).items():
        if table.status[number] != 1 or table.cells.value[number] == 0:
            continue
        value = table.cells.value[number]
        slack = 1e-5 * value + 1e-6
        low, high = intervals[place]
        assert low <= value - table.lower[number] + slack
        assert high >= value + table.upper[number] - slack
    return int(np.isin(table.status, (1, 2)).sum())


@FEW
@given(
    seed=st.integers(0, 10_000),
    decimals=st.sampled_from([None, 3, 1]),
    first=st.sampled_from(["wages", "hours"]),
    minimum=st.sampled_from([3, 5]),
    dominance=st.sampled_from([80, 65]),
    fewer=st.booleans(),
)
def test_sums_published_after_their_ratio_tell_no_unsafe_cell(seed, decimals, first, minimum, dominance, fewer):
    data = people(seed)
    ratio = made(data, RATIO, name="ratio", decimals=decimals)
    rules = {"minimum": minimum, "dominance": dominance}
    second = "hours" if first == "wages" else "wages"
    try:
        one = made(data, {"value": first}, name=first, earlier=[before(ratio)], **rules)
        # The second table has only totals in common with the first one, or the same cells.
        dimensions = DIMENSIONS[:1] if fewer else DIMENSIONS
        earlier = [before(ratio), before(one)]
        two = made(data, {"value": second}, name=second, earlier=earlier, dimensions=dimensions, **rules)
    except PolicyError as error:
        assert "cannot be protected" in str(error) or "were published earlier" in str(error)  # noqa: PT017
        return
    assert two.report["audit"]["earlier_tables"] == ["release-0/ratio", f"release-0/{first}"]
    half = 0.0 if decimals is None else 0.5 * 10.0**-decimals
    both = [(one.tables[0], SUMS[first]), (two.tables[0], SUMS[second])]
    behind = ratio.tables[0].cells
    prior = prior_of([(ratio.tables[0], SUMS["wages"], behind.value), (ratio.tables[0], SUMS["hours"], behind.below)])
    intervals = attack_tables(
        [seen(table, quantity) for table, quantity in both],
        figures=[PublishedRatio(seen(ratio.tables[0]), SUMS["wages"], SUMS["hours"], half)],
        prior=prior,
    )
    for table, quantity in both:
        require_levels(table, quantity, intervals)


def test_without_the_ratio_the_later_sums_would_tell():
    """The attack of the test above succeeds where the earlier ratio is not given: what it tests is not empty."""
    told = 0
    for seed in range(12):
        data = people(seed)
        ratio = made(data, RATIO, name="ratio")
        rules = {"minimum": 5, "dominance": 65}
        tables = {name: made(data, {"value": name}, name=name, **rules).tables[0] for name in ("wages", "hours")}
        behind = ratio.tables[0].cells
        prior = prior_of(
            [(ratio.tables[0], SUMS["wages"], behind.value), (ratio.tables[0], SUMS["hours"], behind.below)]
        )
        intervals = attack_tables(
            [seen(table, SUMS[name]) for name, table in tables.items()],
            figures=[PublishedRatio(seen(ratio.tables[0]), SUMS["wages"], SUMS["hours"])],
            prior=prior,
        )
        try:
            for name, table in tables.items():
                require_levels(table, SUMS[name], intervals)
        except (AssertionError, KeyError):
            told += 1
    assert told > 0


@FEW
@given(seed=st.integers(0, 10_000), weighted=st.booleans(), minimum=st.sampled_from([3, 5]))
def test_median_bands_follow_from_what_their_distribution_publishes(seed, weighted, minimum):
    data = people(seed, 120)
    rng = np.random.default_rng(seed)
    weight = rng.integers(1, 5, data.num_rows).astype(float) if weighted else np.ones(data.num_rows)
    data = data.append_column("weight", pa.array(weight))
    source = {"value": "wages", "measure": "median_band", "bands": LIMITS, "weight": "weight" if weighted else ""}
    table = made(data, source, minimum=minimum, dominance=99).tables[0]
    frame = data.to_pandas()
    below = table.parts[0]
    intervals = attack_tables([seen(below, COUNTS)], prior=prior_of([(below, COUNTS, below.cells.value)]))
    classes = band_labels(LIMITS)[1:]
    for number, place in enumerate(cells(table, COUNTS)):
        if table.status[number] != 0:
            assert np.isnan(table.published[number])
            continue
        there = np.ones(len(frame), bool)
        for name, code in place - {(QUANTITY, COUNTS)}:
            there &= frame[name] == code
        rows = frame[there].sort_values("wages")
        middle = rows.wages[rows.weight.cumsum() >= rows.weight.sum() / 2].iloc[0]
        assert table.published[number] == max(limit for limit in LIMITS if limit <= middle)
        # Nothing that an attacker of the distribution considers possible moves the median into another class.
        known = {frozenset({*place, ("wages", code)}): code for code in classes}
        value = {code: below.cells.value[cells(below, COUNTS)[cell]] for cell, code in known.items()}
        ends = {code: intervals.get(cell, (value[code], value[code])) for cell, code in known.items()}
        own = classes[LIMITS.index(int(table.published[number]))]
        before_it, from_it = classes[: classes.index(own)], classes[classes.index(own) :]
        assert sum(ends[code][1] for code in before_it) < sum(ends[code][0] for code in from_it) + 1e-6
        up_to = [*before_it, own]
        after = [code for code in classes if code not in up_to]
        assert sum(ends[code][0] for code in up_to) >= sum(ends[code][1] for code in after) - 1e-6


@FEW
@given(seed=st.integers(0, 10_000), minimum=st.sampled_from([3, 5, 8]), fewer=st.booleans())
def test_counts_published_after_median_bands_tell_no_unsafe_cell(seed, minimum, fewer):
    data = people(seed, 150)
    source = {"value": "wages", "measure": "median_band", "bands": LIMITS}
    medians = made(data, source, name="medians", dominance=99)
    band = {"name": "wages", "bands": LIMITS}
    dimensions = [DIMENSIONS[0], band] if fewer else [*DIMENSIONS, band]
    try:
        counts = made(
            data,
            {"value": "count"},
            name="counts",
            minimum=minimum,
            dominance=99,
            dimensions=dimensions,
            earlier=[before(medians)],
        )
    except PolicyError as error:
        assert "cannot be protected" in str(error)  # noqa: PT017
        return
    table, behind = counts.tables[0], medians.tables[0].parts[0]
    assert counts.report["audit"]["earlier_tables"] == ["release-0/medians"]
    codes = {float(limit): code for limit, code in zip(LIMITS, band_labels(LIMITS)[1:], strict=True)}
    intervals = attack_tables(
        [seen(table, COUNTS)],
        figures=[PublishedMedians(seen(medians.tables[0]), "wages", codes, COUNTS)],
        prior=prior_of([(behind, COUNTS, behind.cells.value)]),
    )
    require_levels(table, COUNTS, intervals)


@FEW
@given(seed=st.integers(0, 10_000), earlier=st.booleans())
def test_mean_and_sum_tell_no_withheld_number_of_records(seed, earlier):
    data = people(seed)
    tables = [
        {"name": "counts", "input": {"value": "count"}},
        {"name": "mean", "input": {"value": "wages", "measure": "mean"}},
        {"name": "sum", "input": {"value": "wages"}, "dimensions": DIMENSIONS[:1]},
    ]
    if earlier:
        counts = made(data, {"value": "count"}, name="counts", dominance=99)
        result = made(data, {}, name="later", earlier=[before(counts)], tables=tables[1:])
        tables = [counts.tables[0], *result.tables]
    else:
        tables = list(made(data, {}, name="all", tables=tables).tables)
    counts, mean, total = tables
    hidden = {place for place, number in cells(counts, "").items() if np.isnan(counts.published[number])}
    told = {place for place, number in cells(mean, "").items() if np.isfinite(mean.published[number])}
    assert not hidden & told
    assert np.isfinite(total.published).any()


def test_mean_published_earlier_beside_its_sum_fixes_the_number_of_records():
    data = people(7)
    mean = made(data, {"value": "wages", "measure": "mean"}, name="mean", decimals=2)
    total = made(data, {"value": "wages"}, name="sum", earlier=[before(mean)])
    earlier = [before(mean), before(total)]
    with pytest.raises(PolicyError, match="zone=z2, trade=C cannot be protected"):
        made(data, {"value": "count"}, name="counts", minimum=6, dominance=99, earlier=earlier)
    counts = made(data, {"value": "count"}, name="counts", minimum=3, dominance=99, earlier=earlier)
    assert counts.report["audit"]["earlier_tables"] == ["release-0/mean", "release-0/sum"]
    intervals = attack_tables(
        [seen(counts.tables[0], COUNTS), seen(total.tables[0], SUMS["wages"])],
        figures=[PublishedRatio(seen(mean.tables[0]), SUMS["wages"], COUNTS, 0.005)],
        prior=prior_of([(counts.tables[0], COUNTS, counts.tables[0].cells.value)]),
    )
    assert require_levels(counts.tables[0], COUNTS, intervals) > 0


def test_released_tables_without_denominators_are_left_out_and_said():
    data = people(3)
    ratio = made(data, RATIO, name="ratio")
    rows = ratio.tables[0].internal()
    older = read_earlier("old", ratio.report["tables"][0], rows.select(rows.column_names[:-3]))
    left_out = made(data, {"value": "hours"}, earlier=[older]).report["audit"]["earlier_tables_left_out"]
    assert left_out == ["old/ratio: its internal file has no denominators; an earlier version of wasl made it"]


def with_gaps(seed: int, rows: int = 90) -> pa.Table:
    """People, some of whom lack their hours, and others their wages."""
    data, rng = people(seed, rows), np.random.default_rng([seed, 1])
    for name in ("wages", "hours"):
        values = np.where(rng.random(rows) < 0.08, None, data.column(name).to_numpy())
        data = data.set_column(data.column_names.index(name), name, pa.array(values.tolist(), pa.float64()))
    return data


SOME = {"wages": "microdata|wages|sum|hours|", "hours": "microdata|hours|sum|wages|"}


@FEW
@given(
    seed=st.integers(0, 10_000),
    decimals=st.sampled_from([None, 3]),
    first=st.sampled_from(["wages", "hours"]),
    minimum=st.sampled_from([3, 5]),
)
def test_sums_published_after_a_ratio_of_fewer_records_tell_no_unsafe_cell(seed, decimals, first, minimum):
    data = with_gaps(seed)
    ratio = made(data, RATIO, name="ratio", decimals=decimals)
    second = "hours" if first == "wages" else "wages"
    try:
        one = made(data, {"value": first}, name=first, earlier=[before(ratio)], minimum=minimum)
        two = made(data, {"value": second}, name=second, earlier=[before(ratio), before(one)], minimum=minimum)
    except PolicyError as error:
        assert "cannot be protected" in str(error)  # noqa: PT017
        return
    audit = two.report["audit"]
    assert audit["earlier_tables"] == ["release-0/ratio", f"release-0/{first}"]
    assert all("what they add to a sum is not protected" in said for said in audit["earlier_tables_left_out"])
    both = [(one.tables[0], SUMS[first]), (two.tables[0], SUMS[second])]
    behind = ratio.tables[0].cells
    prior = prior_of(
        [(ratio.tables[0], SOME["wages"], behind.value), (ratio.tables[0], SOME["hours"], behind.below)]
        + [(table, quantity, table.cells.value) for table, quantity in both]
    )
    intervals = attack_tables(
        [seen(table, quantity) for table, quantity in both],
        figures=[PublishedRatio(seen(ratio.tables[0]), *SOME.values(), 0.0 if decimals is None else 0.0005)],
        fewer={SOME[name]: SUMS[name] for name in SOME},
        prior=prior,
    )
    for table, quantity in both:
        require_levels(table, quantity, intervals)


@FEW
@given(seed=st.integers(0, 10_000), minimum=st.sampled_from([3, 5]))
def test_two_ratios_of_the_same_fewer_records_are_one_quantity(seed, minimum):
    data = with_gaps(seed)
    ratio = made(data, RATIO, name="ratio", minimum=minimum)
    inverse = {"value": "hours", "measure": "ratio", "denominator": "wages"}
    try:
        later = made(data, inverse, name="later", earlier=[before(ratio)], dominance=70)
    except PolicyError as error:
        assert "cannot be protected" in str(error)  # noqa: PT017
        return
    assert later.report["audit"]["earlier_tables"] == ["release-0/ratio"]
    assert later.report["audit"]["earlier_tables_left_out"] == []


def counts_after_a_mean(seed: int, share: float, given: bool, minimum: int):
    """Numbers of all records after a mean and a sum of those with wages, and what an attacker of all three learns."""
    data, rng = people(seed), np.random.default_rng([seed, 1])
    wages = np.where(rng.random(data.num_rows) < share, None, data.column("wages").to_numpy())
    data = data.set_column(2, "wages", pa.array(wages.tolist(), pa.float64()))
    mean = made(data, {"value": "wages", "measure": "mean"}, name="mean", decimals=4)
    total = made(data, {"value": "wages"}, name="sum", earlier=[before(mean)])
    earlier = [before(mean), before(total)] if given else []
    counts = made(data, {"value": "count"}, name="counts", minimum=minimum, dominance=99, earlier=earlier).tables[0]
    some = "microdata|count|count|wages|"
    intervals = attack_tables(
        [seen(counts, COUNTS), seen(total.tables[0], SUMS["wages"])],
        figures=[PublishedRatio(seen(mean.tables[0]), SUMS["wages"], some, 0.00005)],
        fewer={some: COUNTS},
        prior=prior_of([(counts, COUNTS, counts.cells.value), (counts, some, counts.cells.value)]),
    )
    return counts, intervals


@FEW
@given(seed=st.integers(0, 10_000), share=st.sampled_from([0.01, 0.03, 0.1]), minimum=st.sampled_from([3, 6]))
def test_numbers_published_after_a_mean_of_fewer_records_tell_no_unsafe_cell(seed, share, minimum):
    try:
        counts, intervals = counts_after_a_mean(seed, share, True, minimum)
    except PolicyError as error:
        assert "cannot be protected" in str(error)  # noqa: PT017
        return
    require_levels(counts, COUNTS, intervals)


def test_without_the_mean_of_fewer_records_the_later_numbers_would_tell():
    told = 0
    for seed in range(8):
        try:
            counts, intervals = counts_after_a_mean(seed, 0.03, False, 3)
            require_levels(counts, COUNTS, intervals)
        except AssertionError:
            told += 1
    assert told > 0


def test_mean_of_fewer_records_is_compared_with_the_number_of_all():
    data = with_gaps(7)
    mean = made(data, {"value": "wages", "measure": "mean"}, name="mean")
    counts = made(data, {"value": "count"}, name="counts", dominance=99, earlier=[before(mean)])
    assert counts.report["audit"]["earlier_tables"] == ["release-0/mean"]
    lacking = data.column("wages").null_count
    said = f"release-0/mean: records that lack one of its values: {lacking}; what they add to a sum is not protected"
    assert counts.report["audit"]["earlier_tables_left_out"] == [said]


def test_negative_amounts_leave_ratios_of_fewer_records_out():
    data = with_gaps(5)
    wages = [None if one is None else one - 30 for one in data.column("wages").to_pylist()]
    data = data.set_column(2, "wages", pa.array(wages))
    ratio = made(data, RATIO, name="ratio")
    audit = made(data, {"value": "wages"}, name="later", earlier=[before(ratio)]).report["audit"]
    assert audit["earlier_tables"] == []
    assert "release-0/ratio: records that lack one of its values" in audit["earlier_tables_left_out"][0]


def test_other_values_of_more_records_are_other_data():
    data = with_gaps(5)
    ratio = before(made(data, RATIO, name="ratio"))
    less = data.set_column(2, "wages", pa.array([None if v is None else v / 2 for v in data["wages"].to_pylist()]))
    audit = made(less, {"value": "wages"}, name="later", earlier=[ratio]).report["audit"]
    assert audit["earlier_tables"] == []
    assert "common cells have other values" in audit["earlier_tables_left_out"][0]
