"""A register in Parquet is read in memory that its rows account for, however its texts are stored."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasl.errors import RegisterError
from wasl.registers.documents import validate_document
from wasl.registers.reading import bounded_parquet
from wasl.registers.reading.bounded_parquet import bounded_batches
from wasl.registers.reading.reader import read_register
from wasl.registers.schema import RegisterSchema

SCHEMA = validate_document(
    RegisterSchema,
    {
        "id": "ours",
        "holder": "Us",
        "record": "number",
        "fields": [
            {"name": "number", "role": "identifier", "required": True},
            {"name": "name", "role": "name", "feature": "full_name", "required": True},
        ],
    },
    "test",
)
ROWS = 200_000


def bomb(path, length, *, stored=False, kind=None):
    text = pa.array(["x" * length], kind or pa.string())
    codes = pa.DictionaryArray.from_arrays(pa.array(np.zeros(ROWS, np.int32)), text)
    numbers = pa.array(np.arange(ROWS)).cast(pa.string())
    pq.write_table(pa.table({"number": numbers, "name": codes}), path, compression="zstd", store_schema=stored)
    return path


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary()])
@pytest.mark.parametrize(
    ("length", "said"), [(1_000_000, "more than 32,767 bytes"), (30_000, "at most"), (9_000, "at most 204,800,000 are")]
)
def test_a_text_that_stands_once_in_the_file_and_in_each_row_is_refused(tmp_path, length, said, kind, stored):
    path = bomb(tmp_path / "bomb.parquet", length, stored=stored, kind=kind)
    with pytest.raises(RegisterError, match=said) as refused:
        read_register(path, SCHEMA)
    assert "xxx" not in str(refused.value)
    assert "name" in str(refused.value)


def test_what_is_refused_was_not_unpacked(tmp_path):
    path = bomb(tmp_path / "bomb.parquet", 30_000)
    code = (
        "import resource, sys\n"
        "from wasl.registers.reading.bounded_parquet import bounded_batches\n"
        "from wasl.errors import RegisterError\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n"
        "    list(bounded_batches(sys.argv[1], ['number', 'name'], RegisterError))\n"
        "except RegisterError:\n"
        "    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    told = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True).stdout
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(told) * unit < 300_000_000 < 30_000 * ROWS


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.text(max_size=6)), min_size=1, max_size=40),
    st.integers(1, 9),
    st.integers(1, 40),
    st.sampled_from([pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())]),
)
def test_batches_are_the_rows_of_the_file(tmp_path_factory, cells, rows, size, kind):
    path = tmp_path_factory.mktemp("rows") / "file.parquet"
    column = pa.array(cells, pa.string())
    column = column.dictionary_encode() if pa.types.is_dictionary(kind) else column.cast(kind)
    pq.write_table(pa.table({"n": np.arange(len(cells)), "text": column}), path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bounded_parquet, "ROWS_AT_A_TIME", rows)
        patch.setattr(bounded_parquet, "BYTES_AT_A_TIME", size)
        batches = list(bounded_batches(path, ["text", "n"], RegisterError))
    assert [cell for texts, _ in batches for cell in texts.to_pylist()] == cells
    assert [number for _, numbers in batches for number in numbers.to_pylist()] == list(range(len(cells)))
    lengths = [sum(len((cell or "").encode()) for cell in texts.to_pylist()) for texts, _ in batches]
    longest = max(len((cell or "").encode()) for cell in cells)
    assert all(length <= size + longest * rows for length in lengths)
