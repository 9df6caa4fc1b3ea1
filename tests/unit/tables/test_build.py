from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from wasl.errors import InputError
from wasl.tables.build import build_table
from wasl.tables.cells import relations_of
from wasl.tables.hierarchy import Hierarchy


def _cells(table):
    return {table.label(i): i for i in range(table.size)}


def test_totals_of_every_level_equal_those_of_pandas(enterprises, specify):
    data, hierarchies = enterprises(500, 4)
    table = build_table(data, specify().tables[0], hierarchies).table
    frame = data.to_pandas().assign(part=lambda f: f.region.str[0])
    at = _cells(table)
    assert table.value[at["total"]] == pytest.approx(frame.wages.sum())
    for (part, sector), rows in frame.groupby(["part", "sector"]):
        cell = at[f"region={part}, sector={sector}"]
        assert table.value[cell] == pytest.approx(rows.wages.sum())
        assert table.contributors[cell] == len(rows)
        assert table.largest[cell, 0] == rows.wages.max()
    assert not np.abs(relations_of(table).sums(table.value)).max() > 1e-6


def test_holdings_and_weights_count_as_the_rules_ask(enterprises, specify):
    data, hierarchies = enterprises(500, 4)
    owned = {"value": "wages", "contributor": "firm", "holding": "group"}
    table = build_table(data, specify(input=owned).tables[0], hierarchies).table
    frame = data.to_pandas().assign(part=lambda f: f.region.str[0], who=lambda f: f.group.fillna(f.firm))
    at = _cells(table)
    for part, rows in frame.groupby("part"):
        by_owner = rows.groupby("who").wages.sum().sort_values(ascending=False)
        cell = at[f"region={part}"]
        assert table.contributors[cell] == len(by_owner)
        assert table.largest[cell, 0] == pytest.approx(by_owner.iloc[0])
    weighted = {"value": "wages", "weight": "weight"}
    primary = {"minimum_contributors": 3, "p_percent": 10}
    table = build_table(data, specify(input=weighted, primary=primary).tables[0], hierarchies).table
    for (region, sector), rows in frame.groupby(["region", "sector"]):
        cell = at[f"region={region}, sector={sector}"]
        replicated = np.sort(np.repeat(rows.wages.to_numpy(), rows.weight.to_numpy()))[::-1]
        assert table.value[cell] == pytest.approx(replicated.sum())
        assert table.largest[cell] == pytest.approx(replicated[:2])
        assert table.contributors[cell] == len(rows)


def test_missing_codes_and_values_are_counted(enterprises, specify):
    data, hierarchies = enterprises(50, 4)
    frame = data.to_pandas()
    frame.loc[:3, "sector"] = None
    frame.loc[10:11, "wages"] = np.nan
    built = build_table(pa.Table.from_pandas(frame), specify().tables[0], hierarchies)
    assert built.unknown == {"region": 0, "sector": 4}
    assert built.valueless == 2
    at = _cells(built.table)
    assert built.table.contributors[at["sector=_U"]] == 4
    assert built.table.contributors[at["total"]] == 48


def test_bands_and_leading_zeros(specify):
    data = pa.table({"age": [3, 15, 24, 25, 70, None], "code": ["01", "01", "2", "02", "1", "2"]})
    dimensions = [{"name": "age", "bands": [15, 25, 65]}, {"name": "code"}]
    table = build_table(data, specify(input={"value": "count"}, dimensions=dimensions).tables[0], {}).table
    at = _cells(table)
    assert [table.value[at[f"age={band}"]] for band in ("<15", "15-24", "25-64", "65+", "_U")] == [1, 2, 1, 1, 1]
    assert table.dimensions[1].codes == ("Total", "01", "1", "02", "2")


def test_codes_equal_on_two_levels_are_one_cell():
    tree = Hierarchy.of_paths("activity", "Total", [("AZ", "A", "01"), ("AZ", "X", "X"), ("BZ", "BZ", "BZ")])
    assert tree.codes == ("Total", "AZ", "A", "01", "X", "BZ")
    assert tree.depths.tolist() == [0, 1, 2, 3, 2, 1]
    with pytest.raises(InputError, match="stands below"):
        Hierarchy.of_paths("activity", "Total", [("AZ", "A"), ("BZ", "A")])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dimensions": [{"name": "nowhere"}]}, "lack the columns nowhere"),
        ({"dimensions": [{"name": "region", "total": "N1"}]}, "contains the code of the total"),
        ({"dimensions": [{"name": "sector", "hierarchy": "parts.csv"}]}, "codes of 'sector' that its hierarchy lacks"),
    ],
)
def test_data_that_do_not_fit_are_refused_by_name(enterprises, specify, change, message):
    data, hierarchies = enterprises(50, 4)
    with pytest.raises(InputError, match=message):
        build_table(data, specify(**change).tables[0], hierarchies)


def test_waiver_frees_the_one_who_waives_and_nobody_else(specify):
    from wasl.tables.primary import find_primary

    frame = pd.DataFrame({"sector": ["A"] * 3 + ["B"] * 3, "wages": [90.0, 5, 5] * 2, "yes": [True, False, False] * 2})
    frame.loc[3, "yes"] = False
    own = {"value": "wages", "waiver": "yes"}
    spec = specify(input=own, dimensions=[{"name": "sector"}], primary={"minimum_contributors": 0, "p_percent": 10})
    table = build_table(pa.Table.from_pandas(frame), spec.tables[0], {}).table
    found = find_primary(table, spec.tables[0].primary, spec.tables[0].protection)
    at = _cells(table)
    assert found.unsafe[at["sector=B"]]
    assert found.upper[at["sector=B"]] == pytest.approx(0.1 * 90 - 5)
    assert not found.unsafe[at["sector=A"]] or found.upper[at["sector=A"]] < 1


@pytest.mark.parametrize(
    "consents",
    [
        [True, False, None],
        ["true", " False ", ""],
        ["1", "0", None],
        [1, 0, None],
        [1.0, 0.0, None],
        pa.array(["True", "false", None]).dictionary_encode(),
    ],
)
def test_a_waiver_is_read_from_every_way_to_write_it(specify, consents):
    data = pa.table({"sector": ["A", "B", "C"], "wages": [1.0, 1.0, 1.0], "yes": consents})
    spec = specify(input={"value": "wages", "waiver": "yes"}, dimensions=[{"name": "sector"}])
    waived = build_table(data, spec.tables[0], {}).table.waived
    assert waived is not None
    assert waived.tolist() == [False, True, False, False]


@pytest.mark.parametrize("consents", [["oui", "non", ""], [2, 0, 1], [0.5, 0.0, 1.0], ["true", "false", "Fatima"]])
def test_another_waiver_is_refused_without_its_value(specify, consents):
    data = pa.table({"sector": ["A", "B", "C"], "wages": [1.0, 1.0, 1.0], "yes": consents})
    spec = specify(input={"value": "wages", "waiver": "yes"}, dimensions=[{"name": "sector"}])
    with pytest.raises(InputError, match=r"'yes' \(input\.waiver\) has [12] values other than") as refused:
        build_table(data, spec.tables[0], {})
    assert not any(str(value) in str(refused.value) for value in ("oui", "non", 0.5, "Fatima"))
