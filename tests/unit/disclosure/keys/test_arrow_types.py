"""Whatever type a column has: it is protected exactly, or refused by its name."""

import datetime as dt
import decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from wasl.disclosure.keys.coding import as_arrow, code_column
from wasl.disclosure.policy import DisclosurePolicy
from wasl.disclosure.protect import protect
from wasl.errors import InputError
from wasl.registers.exchange.digests import digest_table
from wasl.workflow.act import RunOptions
from wasl.workflow.protect import protect as protect_act

ROWS = 60
THREE = [row % 3 for row in range(ROWS)]
DAYS = [dt.date(2020, 1 + row, 1) for row in THREE]
TIMES = [dt.datetime(2020, 1 + row, 1) for row in THREE]  # noqa: DTZ001 - a column without a zone is meant
TEXTS = [f"a{row}" for row in THREE]
BYTES = [text.encode() for text in TEXTS]


def extension(kind, storage):
    return pa.ExtensionArray.from_storage(kind, storage)


TAKEN = {
    "bool": pa.array([row == 0 for row in THREE]),
    "uint64": pa.array([2**64 - 1 - row for row in THREE], pa.uint64()),
    "half float": pa.array(np.array(THREE, np.float16)),
    "decimal": pa.array([decimal.Decimal(row) / 4 for row in THREE], pa.decimal128(10, 2)),
    "wide decimal": pa.array([decimal.Decimal(row) / 4 for row in THREE], pa.decimal256(50, 2)),
    "days": pa.array(DAYS, pa.date32()),
    "milliseconds of days": pa.array(DAYS, pa.date64()),
    "times": pa.array(TIMES, pa.timestamp("us")),
    "times with a zone": pa.array(TIMES, pa.timestamp("ns", "Africa/Casablanca")),
    "hours": pa.array([dt.time(row) for row in THREE], pa.time32("s")),
    "durations": pa.array(THREE, pa.duration("s")),
    "large text": pa.array(TEXTS, pa.large_string()),
    "text view": pa.array(TEXTS, pa.string_view()),
    "nothing": pa.nulls(ROWS),
    "runs": pa.RunEndEncodedArray.from_arrays(pa.array([20, 40, 60], pa.int32()), pa.array(["a", "b", "c"])),
    "dictionary of text": pa.array(TEXTS).dictionary_encode(),
    "dictionary of numbers": pa.array(THREE).dictionary_encode(),
    "dictionary of days": pa.array(DAYS).dictionary_encode(),
    "ordered": pa.DictionaryArray.from_arrays(pa.array(THREE, pa.int8()), pa.array(["x", "y", "z"]), ordered=True),
}
REFUSED = {
    "bytes": pa.array(BYTES),
    "bytes view": pa.array(BYTES, pa.binary_view()),
    "bytes of one width": pa.array(BYTES, pa.binary(2)),
    "dictionary of bytes": pa.array(BYTES).dictionary_encode(),
    "months, days, nanoseconds": pa.array([pa.MonthDayNano([1, row, 0]) for row in THREE]),
    "lists": pa.array([[row] for row in THREE]),
    "list view": pa.array([[row] for row in THREE], pa.list_view(pa.int64())),
    "pairs": pa.array([[row, 1] for row in THREE], pa.list_(pa.int64(), 2)),
    "records": pa.array([{"a": row} for row in THREE]),
    "maps": pa.array([[("a", row)] for row in THREE], pa.map_(pa.string(), pa.int64())),
    "dictionary of lists": pa.DictionaryArray.from_arrays(pa.array([row % 2 for row in THREE]), pa.array([[1], [2]])),
    "UUIDs": extension(pa.uuid(), pa.array([bytes([row] * 16) for row in THREE], pa.binary(16))),
    "JSON": extension(pa.json_(), pa.array(["1"] * ROWS)),
    "bool8": extension(pa.bool8(), pa.array([row % 2 for row in THREE], pa.int8())),
    "periods of pandas": pa.array(pd.PeriodIndex(["2020-01", "2020-02", "2020-03"] * 20, freq="M")),
}


def policy_of(role):
    return DisclosurePolicy.model_validate(
        {
            "name": "p",
            "thresholds": {"k": 2},
            "variables": [{"name": "sex", "role": "key"}, {"name": "x", "role": role}],
            "methods": [{"kind": "local_suppression"}],
        }
    )


def table_of(column):
    return pa.table({"sex": ["F", "M"] * (ROWS // 2), "x": column})


@pytest.mark.parametrize("role", ["key", "sensitive", "free"])
@pytest.mark.parametrize("name", TAKEN)
def test_columns_of_single_values_are_protected(name, role):
    digest_table(as_arrow(table_of(TAKEN[name])))  # what the log says about the data
    done = protect(table_of(TAKEN[name]), policy_of(role), seed=1)
    assert done.table.num_rows == ROWS
    if role == "key" and name != "nothing":
        assert done.before.k == 10
        assert done.table.column("x").null_count == 0


@pytest.mark.parametrize("role", ["key", "sensitive", "free"])
@pytest.mark.parametrize("name", REFUSED)
def test_other_columns_are_refused_by_name(name, role):
    with pytest.raises(InputError, match="column 'x' holds"):
        protect_act(table_of(REFUSED[name]), policy_of(role), RunOptions(seed=1), attack=False)


@pytest.mark.parametrize("name", REFUSED)
def test_a_column_that_is_dropped_may_be_of_any_type(name):
    rules = policy_of("drop")
    digest_table(as_arrow(table_of(REFUSED[name])))
    assert protect(table_of(REFUSED[name]), rules, seed=1).table.column_names == ["sex"]


def test_zero_is_one_category_whatever_its_sign():
    zeros = pa.array([0.0, -0.0, 1.0, -0.0])
    for column in (zeros, zeros.dictionary_encode(), pa.array([0.0, -0.0, 1.0, -0.0], pa.float32())):
        coded = code_column("x", column)
        assert coded.codes.tolist() == [0, 0, 1, 0]
    rules = policy_of("key").model_dump(mode="json")
    rules["variables"][1]["hierarchy"] = {"levels": [{"width": 0.5, "closed": "right"}]}
    rules["methods"] = [{"kind": "recode", "variable": "x", "level": 1}]
    values = pa.array([-0.0, 0.0, 0.3, -0.4] * 15)
    done = protect(table_of(values), DisclosurePolicy.model_validate(rules), seed=1)
    assert set(done.table["x"].to_pylist()) == {"(-0.5, 0]", "(0, 0.5]"}


def test_a_dictionary_may_name_a_category_twice_or_hold_the_missing_value():
    doubled = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, None]), pa.array(["F", "M", "F"]))
    assert code_column("x", doubled).codes.tolist() == [0, 1, 0, -1]
    empty = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, None]), pa.array(["F", None, "M"]))
    assert code_column("x", empty).codes.tolist() == [0, -1, 1, -1]
    ordered = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2]), pa.array(["F", "M", "F"]), ordered=True)
    with pytest.raises(InputError, match="names a category twice"):
        code_column("x", ordered)
