from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from wasl.errors import InputError
from wasl.tables.cell_keys.perturb import cell_noise
from wasl.tables.cell_keys.records import add_record_keys
from wasl.tables.cell_keys.transition import transition_table
from wasl.tables.specification import CellKeyOptions


@pytest.mark.parametrize(
    ("variance", "row", "expected"),
    [
        (1.0, 2, [0.063827, 0.244691, 0.382963, 0.244691, 0.063827]),
        (0.9, 2, [0.051546, 0.243816, 0.409277, 0.243816, 0.051546]),
        (1.0, 1, [0, 0.3665, 0.3665, 0.1676, 0.0995]),
        (1.0, 0, [0, 0, 1, 0, 0]),
    ],
)
def test_rows_equal_the_documented_ones(variance, row, expected):
    table = transition_table(CellKeyOptions(maximum=2, variance=variance))
    assert table.probability[row] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("small", [0, 2, 4])
@pytest.mark.parametrize(("maximum", "variance"), [(2, 0.5), (5, 3.0), (8, 6.0), (10, 2.0)])
def test_no_row_is_biased_negative_or_forbidden(maximum, variance, small):
    if small >= maximum:
        return
    table = transition_table(CellKeyOptions(maximum=maximum, variance=variance, small=small))
    assert table.probability.sum(axis=1) == pytest.approx(1)
    assert table.probability @ table.noise == pytest.approx(0, abs=1e-9)
    for count, row in enumerate(table.probability[:-1]):
        to = count + table.noise[row > 0]
        assert (to >= 0).all()
        assert not ((to > 0) & (to <= small)).any()
    assert table.variance[-1] == pytest.approx(min(variance, maximum * (maximum + 1) / 3), abs=1e-6)


def test_a_given_probability_to_stay_is_kept():
    table = transition_table(CellKeyOptions(maximum=5, variance=3.0, stay=0.3))
    assert table.probability[1:, 5] == pytest.approx(0.3)


def test_parameters_without_an_unbiased_table_are_refused():
    with pytest.raises(InputError, match="cannot be perturbed without bias"):
        transition_table(CellKeyOptions(maximum=2, variance=1.0, small=5))


def test_noise_has_the_distribution_of_its_row():
    options = CellKeyOptions(maximum=2, variance=1.0)
    keys = np.random.default_rng(3).integers(0, 2**32, 200_000, dtype=np.uint64)
    noise = cell_noise(np.full(len(keys), 1.0), keys, options)
    shares = np.array([(noise == d).mean() for d in range(-2, 3)])
    assert shares == pytest.approx([0, 0.3665, 0.3665, 0.1676, 0.0995], abs=0.004)


def test_record_keys_depend_on_identifier_and_secret_alone():
    data = pa.table({"id": ["a", "bb", "été", "12345"]})
    keys = add_record_keys(data, "id", b"k" * 16, 2**32).column("record_key").to_pylist()
    for identifier, key in zip(data.column("id").to_pylist(), keys, strict=True):
        raw = identifier.encode()
        message = b"k" * 16 + len(raw).to_bytes(4, "little") + raw.ljust(5, b"\0")
        assert key == int.from_bytes(hashlib.sha256(message).digest()[:8], "little") % 2**32


@pytest.mark.parametrize(
    ("data", "column", "message"),
    [
        ({"id": ["a", "a"]}, "id", "same in several records"),
        ({"id": ["a", None]}, "id", "no identifier"),
        ({"id": ["a", "b"]}, "", "needs a stable key"),
        ({"record_key": [1, 2**33]}, "", "between 0 and"),
    ],
)
def test_records_without_a_key_of_their_own_are_refused(data, column, message):
    with pytest.raises(InputError, match=message):
        add_record_keys(pa.table(data), column, b"k" * 16, 2**32)


SQUARES = {maximum: np.mean(np.arange(1, maximum + 1) ** 2.0) for maximum in range(1, 8)}


@settings(max_examples=40, deadline=None)
@given(
    maximum=st.integers(1, 7),
    share=st.floats(0.02, 1.0),
    stay=st.none() | st.floats(0.05, 0.95),
)
def test_the_variance_that_is_asked_is_reached_far_from_zero(maximum, share, stay):
    moved = 2 * maximum / (2 * maximum + 1) if stay is None else 1 - stay
    least, most = (0.0 if stay is None else moved), moved * SQUARES[maximum]
    variance = least + share * (most - least)
    table = transition_table(CellKeyOptions(maximum=maximum, variance=variance, stay=stay))
    assert table.variance[-1] == pytest.approx(variance, rel=1e-5)
    assert (table.probability @ table.noise)[1:] == pytest.approx(0.0, abs=1e-8)
    if stay is not None:
        assert table.probability[-1, maximum] == pytest.approx(stay)


@pytest.mark.parametrize(
    ("maximum", "variance", "stay"), [(5, 30.0, None), (2, 3.0, None), (3, 2.0, 0.9), (1, 0.28, 0.54), (3, 0.26, 0.49)]
)
def test_a_variance_that_no_noise_has_is_refused(maximum, variance, stay):
    with pytest.raises(ValidationError, match="the variance of the noise lies between"):
        CellKeyOptions(maximum=maximum, variance=variance, stay=stay)
