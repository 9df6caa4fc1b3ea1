"""Sums with noise: what a specification may ask for, and what readers are told."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from wasl.tables.pages import method_page
from wasl.tables.protect import protect_tables


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"input": {"value": "wages", "measure": "mean"}}, "counts and sums"),
        ({"protection": {"method": "cell-key", "cell_key": {"additive": True}}}, "additive"),
        ({"protection": {"method": "cell-key", "cell_key": {"shares": [0.1, 0.2]}}}, "shares"),
    ],
)
def test_what_noise_of_sums_cannot_do_is_refused(specify, given, named):
    with pytest.raises(ValidationError, match=named):
        specify(**({"protection": {"method": "cell-key"}} | given))


def test_a_sum_hides_its_largest_contributor(specify):
    data = pa.table(
        {"region": ["N1"] * 4, "sector": ["A", "A", "A", "B"], "wages": [900.5, 20, 10, 0], "id": [*"abcd"]}
    )
    spec = specify(
        input={"value": "wages", "record": "id"},
        dimensions=[{"name": "region"}, {"name": "sector"}],
        primary={},
        protection={"method": "cell-key"},
    )
    result = protect_tables(spec, [data], {}, secret=b"a secret of tests")
    (table,) = result.tables
    noise = np.abs(table.published - table.cells.value)
    assert noise[table.cells.value > 0].min() >= 0.05 * 900.5
    assert (noise[table.cells.value == 0] == 0).all()
    assert np.array_equal(np.round(table.published, 1), table.published)  # as many decimals as the wages
    page = method_page(result)
    assert "added to or taken from every sum" in page
    assert "every count" not in page
