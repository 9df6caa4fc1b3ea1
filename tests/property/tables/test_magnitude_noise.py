"""Noise of sums: a function of the set of records, never small, without bias."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from wasl.tables.cell_keys.magnitudes import LARGEST_FACTOR, LEAST_FACTOR, magnitude_noise
from wasl.tables.protect import protect_tables
from wasl.tables.protection import CellKeyOptions
from wasl.tables.specification import TablesSpec

CODES = st.sampled_from(["a", "b", "c"])
RECORDS = st.lists(st.tuples(CODES, CODES, CODES, st.integers(-500, 900)), min_size=1, max_size=12)
SECRET = b"a secret of tests"


def noise_by_records(rows: list[tuple[str, str, str, int]], columns: list[str]) -> dict[frozenset[int], float]:
    """The noise of each cell that is not zero, by the set of its records."""
    data = pa.table(
        {
            **{name: [row[i] for row in rows] for i, name in enumerate("xyz")},
            "wage": [row[3] for row in rows],
            "id": [f"r{number}" for number in range(len(rows))],
        }
    )
    spec = TablesSpec.model_validate(
        {
            "name": "wages",
            "input": {"value": "wage", "record": "id"},
            "dimensions": [{"name": name} for name in columns],
            "protection": {"method": "cell-key"},
        }
    )
    (table,) = protect_tables(spec, [data], {}, secret=SECRET).tables
    cells = table.cells
    found: dict[frozenset[int], float] = {}
    for cell in range(cells.size):
        codes = {
            name: d.codes[place]
            for name, d, place in zip(columns, cells.dimensions, cells.places[cell], strict=True)
            if place
        }
        members = frozenset(
            number for number, row in enumerate(rows) if all(row["xyz".index(n)] == code for n, code in codes.items())
        )
        noise = float(table.published[cell] - cells.value[cell])
        assert found.setdefault(members, noise) == noise  # two cells of one table with the same records
    return found


@settings(max_examples=25, deadline=None)
@given(RECORDS)
def test_the_same_records_have_the_same_noise_in_every_table(rows):
    tables = [noise_by_records(rows, columns) for columns in (["x", "y"], ["z"], ["y", "z"])]
    for one in tables:
        for other in tables:
            for members in one.keys() & other.keys():
                assert one[members] == other[members]
    assert all(table.get(frozenset(), 0.0) == 0.0 for table in tables)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1e9), min_size=3, max_size=3), st.integers(0, 2**64 - 1))
def test_noise_lies_between_half_and_one_and_a_half_of_the_shares(amounts, key):
    options = CellKeyOptions(shares=(0.2, 0.1, 0.1))
    largest = np.sort(np.array([amounts]))[:, ::-1]
    (noise,) = magnitude_noise(largest, np.array([key], dtype=np.uint64), options)
    mean = float(np.array(options.shares) @ largest[0])
    assert LEAST_FACTOR * mean * (1 - 1e-12) <= abs(noise) <= LARGEST_FACTOR * mean * (1 + 1e-12)


def test_noise_has_no_bias_over_keys():
    count = 1 << 16
    noise = magnitude_noise(np.ones((count, 1)), np.arange(count, dtype=np.uint64), CellKeyOptions(shares=(0.5,)))
    spread = noise.std() / np.sqrt(count)
    assert abs(noise.mean()) < 4 * spread
    assert abs(np.abs(noise).mean() - 0.5) < 4 * np.abs(noise).std() / np.sqrt(count)
