"""What a published microdata file tells about the cells of tables of the same population."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasl.errors import InputError, PolicyError
from wasl.tables.build import build_table
from wasl.tables.earlier_file import Axis, Measured, known_from_file, read_earlier_file
from wasl.tables.protect import protect_tables
from wasl.tables.specification import TablesSpec

REGIONS = {"N1": "N", "N2": "N", "S1": "S", "S2": "S"}
LEVELS = {"parts.csv": pa.table({"part": list(REGIONS.values()), "region": list(REGIONS)})}


def spec_of(**changes):
    document = {
        "name": "persons",
        "dimensions": [{"name": "region", "hierarchy": "parts.csv"}, {"name": "sex"}],
        "primary": {"minimum_contributors": 3},
    }
    return TablesSpec.model_validate(document | changes)


def cells_of(data, spec=None):
    table = (spec or spec_of()).tables[0]
    cells = build_table(data, table, LEVELS).table
    axes = [Axis(h, d.source, d.bands) for d, h in zip(table.dimensions, cells.dimensions, strict=True)]
    return cells, axes


@st.composite
def population(draw):
    """True rows, and the same with blanks and coarser codes."""
    rows = draw(st.lists(st.tuples(st.sampled_from(sorted(REGIONS)), st.sampled_from("FM")), min_size=1, max_size=7))
    shown = []
    for region, sex in rows:
        place = draw(st.sampled_from([region, region, REGIONS[region], None]))
        shown.append((place, draw(st.sampled_from([sex, sex, None]))))
    return rows, shown


@settings(max_examples=60, deadline=None)
@given(population())
def test_bounds_are_the_least_and_most_over_all_rows_that_the_file_may_stand_for(case):
    rows, shown = case
    every = [(region, sex) for region in REGIONS for sex in "FM"]
    data = pa.table({"region": [r for r, _ in [*rows, *every]], "sex": [s for _, s in [*rows, *every]]})
    published = [*shown, *every]
    file = read_earlier_file("file", pa.table({"region": [r for r, _ in published], "sex": [s for _, s in published]}))
    cells, axes = cells_of(data)
    known = known_from_file(file, axes, cells, Measured())
    assert not known.contradicts(cells.value).any()
    possible = [
        [(r, s) for r in REGIONS for s in "FM" if region in (None, r, REGIONS[r]) and sex in (None, s)]
        for region, sex in published
    ]
    for cell in range(cells.size):
        wanted = {d.name: d.codes[p] for d, p in zip(cells.dimensions, cells.places[cell], strict=True) if p}

        def inside(row, wanted=wanted):
            return all({"region": (row[0], REGIONS[row[0]]), "sex": (row[1],)}[k].count(v) for k, v in wanted.items())

        assert known.low[cell] == sum(all(map(inside, options)) for options in possible)
        assert known.high[cell] == sum(any(map(inside, options)) for options in possible)


def people(seed=0, rows=120):
    rng = np.random.default_rng(seed)
    return pa.table(
        {
            "region": rng.choice(list(REGIONS), rows, p=[0.45, 0.3, 0.23, 0.02]),
            "sex": rng.choice(["F", "M"], rows),
            "age": rng.integers(15, 80, rows),
            "wage": np.round(rng.lognormal(3, 1, rows), 1),
        }
    )


def with_unsafe_cell():
    """One woman in S2, everybody else in large cells."""
    regions = ["S2"] + ["S2"] * 9 + ["N1"] * 30 + ["N2"] * 30 + ["S1"] * 30
    sexes = ["F"] + ["M"] * 9 + ["F", "M"] * 45
    return pa.table({"region": regions, "sex": sexes, "wage": [float(10 + i % 7) for i in range(100)]})


def blanked(data, column, row):
    values = data.column(column).to_pylist()
    values[row] = None
    return data.set_column(data.column_names.index(column), column, pa.array(values))


REPORT = {"changes": [{"method": "recode", "variables": ["region"], "counts": {"region": 3}}], "rows_removed": 0}


@pytest.mark.parametrize("columns", [["region", "sex"], ["sex", "wage", "region"]])
@pytest.mark.parametrize("report", [None, REPORT])
def test_file_that_shows_an_unsafe_cell_makes_the_table_impossible(columns, report):
    data = with_unsafe_cell()
    file = read_earlier_file("puf", data.select(columns), report)
    with pytest.raises(PolicyError, match="rows that can be counted"):
        protect_tables(spec_of(), [data], LEVELS, earlier=[file])


@pytest.mark.parametrize("quantity", [{}, {"input": {"value": "wage"}}])
def test_file_with_blanks_narrows_intervals_and_the_answer_keeps_what_it_shows(quantity):
    data = with_unsafe_cell()
    rows = data
    for row in (0, 1, 2, 3, 41, 43):
        rows = blanked(rows, "region", row)
    for row in (0, 4, 5, 40):
        rows = blanked(rows, "sex", row)
    spec = spec_of(protection={"lower": 0.1, "upper": 0.1}, **quantity)
    file = read_earlier_file("puf", rows)
    alone = protect_tables(spec, [data], LEVELS)
    both = protect_tables(spec, [data], LEVELS, earlier=[file])
    assert both.report["audit"]["earlier_tables"] == ["puf"]
    assert both.report["audit"]["passed"]
    cells, axes = cells_of(data, spec)
    known = known_from_file(file, axes, cells, Measured("wage" if quantity else ""))
    table = both.tables[0]
    hidden = np.isnan(table.published)
    assert hidden.any()
    assert not (hidden & known.exact()).any()  # what the file shows stays published
    slack = 1e-6 * np.abs(cells.value) + 1e-6
    assert (table.low >= known.low - slack).all()
    assert (table.high <= known.high + slack).all()
    width = (table.high - table.low)[hidden].sum()
    assert width < (alone.tables[0].high - alone.tables[0].low)[hidden].sum() or both.report["cost"] > 0


def changed(method, *columns, **parameters):
    change = {"method": method, "variables": list(columns), "counts": {"x": 1}, "parameters": parameters}
    return {"changes": [change], "rows_removed": 0}


@pytest.mark.parametrize("method", ["pram", "noise", "microaggregate", "a method of a later version"])
def test_perturbed_column_is_taken_as_unknown(method):
    data = with_unsafe_cell()
    file = read_earlier_file("puf", data.select(["region", "sex"]), changed(method, "sex"))
    report = protect_tables(spec_of(), [data], LEVELS, earlier=[file]).report
    assert report["audit"]["earlier_tables"] == ["puf"]
    cells, axes = cells_of(data)
    known = known_from_file(file, axes, cells, Measured())
    both = (cells.places > 0).all(axis=1)
    assert not known.exact()[both & (cells.value > 0)].any()
    assert known.exact()[cells.places[:, 1] == 0].all()  # regions are true, and can be counted


@pytest.mark.parametrize("method", ["swap_records", "rank_swap", "shuffle"])
def test_moved_values_leave_the_counts_of_their_own_column_true(method):
    data = people()
    order = np.random.default_rng(1).permutation(data.num_rows)
    rows = data.set_column(0, "region", data.column("region").take(order))
    file = read_earlier_file("puf", rows, changed(method, "region"))
    cells, axes = cells_of(data)
    known = known_from_file(file, axes, cells, Measured())
    assert not known.contradicts(cells.value).any()
    margins = (cells.places == 0).any(axis=1)
    assert known.exact()[margins].all()
    assert not known.exact()[~margins & (cells.value > 2)].any()


def test_rounded_amounts_bound_a_sum_and_removed_records_open_it():
    data = people(3)
    rounded = data.set_column(3, "wage", pa.array(np.round(data.column("wage").to_numpy() / 5) * 5))
    spec = spec_of(input={"value": "wage"})
    cells, axes = cells_of(data, spec)
    known = known_from_file(
        read_earlier_file("puf", rounded, changed("round", "wage", base=5.0)), axes, cells, Measured("wage")
    )
    assert not known.contradicts(cells.value).any()
    assert np.allclose((known.high - known.low), 5.0 * cells.contributors)
    fewer = read_earlier_file("puf", data.slice(2), {"changes": [], "rows_removed": 2})
    counts, axes = cells_of(data)
    known = known_from_file(fewer, axes, counts, Measured())
    assert not known.contradicts(counts.value).any()
    assert np.array_equal(known.high - known.low, np.full(counts.size, 2.0))
    assert np.isinf(known_from_file(fewer, axes, counts, Measured("wage")).high).all()


def test_classes_of_the_file_within_and_across_the_bands_of_the_table():
    data = people(5)
    bands = {"name": "age", "bands": [15, 25, 45, 65]}
    spec = spec_of(dimensions=[bands])
    cells, axes = cells_of(data, spec)
    for width in (5, 10, 20):
        low = (data.column("age").to_numpy() - 5) // width * width + 5
        classes = pa.table({"age": [f"{a}-{a + width - 1}" for a in low]})
        known = known_from_file(read_earlier_file("puf", classes), axes, cells, Measured())
        assert not known.contradicts(cells.value).any()
        unsure = [d.codes[p] for d in cells.dimensions for p in cells.places[~known.exact(), 0]]
        assert unsure == (["<15", "15-24"] if width == 20 else [])  # 5-24 reaches into two bands, and into no third
    coded = pa.table({"age": [f"{a}" if a < 65 else "65+" for a in data.column("age").to_pylist()]})
    assert known_from_file(read_earlier_file("puf", coded), axes, cells, Measured()).exact().all()


def test_joined_areas_count_as_their_common_part_and_strange_codes_are_said():
    data = people(7)
    joined = ["N1+N2" if r in ("N1", "N2") else "elsewhere" for r in data.column("region").to_pylist()]
    file = read_earlier_file("puf", pa.table({"region": joined, "sex": data.column("sex")}))
    spec = spec_of(primary={"minimum_contributors": 0})
    report = protect_tables(spec, [data], LEVELS, earlier=[file]).report
    assert any("that the table lacks" in reason for reason in report["audit"]["earlier_tables_left_out"])
    cells, axes = cells_of(data)
    known = known_from_file(file, axes, cells, Measured())
    north = cells.dimensions[0].index()["N"]
    assert (known.low[cells.places[:, 0] == north] == cells.value[cells.places[:, 0] == north]).all()


def test_file_of_other_persons_is_left_out_and_said():
    data = with_unsafe_cell()
    report = protect_tables(spec_of(), [data], LEVELS, earlier=[read_earlier_file("puf", people())]).report
    assert report["audit"]["earlier_tables"] == []
    assert "have other values in its rows" in report["audit"]["earlier_tables_left_out"][0]
    lacking = read_earlier_file("puf", data.select(["sex"]))
    spec = spec_of(input={"value": "wage"})
    reasons = protect_tables(spec, [data], LEVELS, earlier=[lacking]).report["audit"]["earlier_tables_left_out"]
    assert "lacks the column wage" in reasons[0]


def test_report_of_something_else_is_refused():
    with pytest.raises(InputError, match="does not list what was changed"):
        read_earlier_file("puf", people(), {"tables": []})


def test_table_without_records_learns_nothing_and_says_so():
    data = people(9)
    cells, _ = cells_of(data)
    codes = [[d.codes[p] for p in cells.places[:, i]] for i, d in enumerate(cells.dimensions)]
    aggregate = pa.table({"region": codes[0], "sex": codes[1], "n": cells.value})
    spec = spec_of(input={"kind": "aggregate", "value": "n", "contributors": "n"})
    report = protect_tables(spec, [aggregate], LEVELS, earlier=[read_earlier_file("puf", data)]).report
    assert "are not known" in report["audit"]["earlier_tables_left_out"][0]
    assert list(itertools.chain(report["audit"]["earlier_tables"])) == []
