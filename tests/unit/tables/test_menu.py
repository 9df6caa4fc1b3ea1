from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from wasl.errors import SchemaError
from wasl.registers.exchange.digests import digest_json
from wasl.tables.menu import MenuSpec, TableRequest, order_tables

MEASURES: dict[str, dict[str, Any]] = {
    "persons": {},
    "pay": {"value": "wage", "measure": "median_band", "bands": [0, 3000, 5000]},
    "mean": {"value": "wage", "measure": "mean", "decimals": 1},
    "hourly": {"value": "wage", "denominator": "hours", "measure": "ratio", "decimals": 2},
}


def menu(**changes):
    document = {
        "name": "m",
        "dimensions": [{"name": "sex"}, {"name": "wage", "bands": [2000, 4000]}],
        "measures": [{"name": name, **what} for name, what in MEASURES.items()],
        "crossings": {"max_dimensions": 2},
    }
    return MenuSpec.model_validate(document | changes)


@pytest.mark.parametrize("measure", MEASURES)
def test_an_order_has_all_that_its_measure_says(measure):
    table = order_tables(menu(), TableRequest(dimensions=("sex",), measure=measure)).tables[0]
    expected = {"value": "count", "denominator": "", "bands": [], **MEASURES[measure]}
    decimals = expected.pop("decimals", None)
    shown = table.input.model_dump(mode="json")
    assert {name: shown[name] for name in expected} == expected
    assert table.decimals == decimals


def test_columns_of_a_menu_are_all_amounts_that_it_shows():
    assert menu().columns == ("hours", "sex", "wage")


def test_a_median_is_not_crossed_with_its_own_column():
    with pytest.raises(SchemaError, match="cannot have this column as a dimension"):
        order_tables(menu(), TableRequest(dimensions=("sex", "wage"), measure="pay"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"measures": [{"name": "pay", "value": "wage", "measure": "median_band"}]}, "gives the classes"),
        ({"measures": [{"name": "hourly", "value": "wage", "measure": "ratio"}]}, "below the fraction line"),
        ({"measures": [{"name": "persons", "decimals": 1}]}, "decimals belong to"),
        ({"protection": {"method": "cell-key"}}, "protected by suppression"),
        ({"dimensions": [{"name": "wage", "bands": [2000]}]}, "no dimension can be crossed with it"),
    ],
)
def test_a_measure_that_nobody_can_order_is_refused_with_the_menu(changes, said):
    with pytest.raises(ValidationError, match=said):
        menu(**changes)


def test_a_menu_of_before_keeps_its_digest():
    plain = menu(measures=[{"name": "persons"}, {"name": "pay", "value": "wage"}])
    before = plain.model_dump(mode="json")
    before["measures"] = [
        {name: one[name] for name in ("name", "value", "measure", "weight", "unit")} for one in before["measures"]
    ]
    assert plain.digest == digest_json(before)
    assert menu().digest != digest_json(before)
