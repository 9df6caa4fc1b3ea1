"""Whatever bytes a file holds, reading it is a table with counted rejects or one RegisterError."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wasl.errors import RegisterError
from wasl.registers.reading.cnss_monthly import LAYOUT
from wasl.registers.reading.reader import read_register
from wasl.registers.schema import RegisterSchema

SCHEMA = RegisterSchema.load("anapec-projects")
HEADER = ";".join(field.name for field in SCHEMA.fields if field.role != "drop")
CELLS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["", "01/02/1990", "31/02/1990", "99999999", "NaN", "1e400", '"', '""', "é", "Ã©", "محمد", "\x00", "-"]
    ),
)
FUZZ = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def attempt(data: bytes, suffix: str = ".csv", **options) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"register{suffix}"
        path.write_bytes(data)
        try:
            table = read_register(path, options.pop("schema", SCHEMA), **options)
        except RegisterError:
            return
        assert table.rows_read == table.table.num_rows + table.rows_rejected
        kinds = [row["kind"] for row in table.rejects.to_pylist()]
        assert set(kinds) <= {"row", "cell"}


@FUZZ
@given(st.binary(max_size=400))
@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet", ".txt"])
def test_any_bytes(suffix, data):
    attempt(data, suffix)


@FUZZ
@given(st.lists(st.lists(CELLS, min_size=9, max_size=13), max_size=8), st.sampled_from([";", ",", "\t"]))
def test_any_cells_under_the_right_header(rows, mark):
    text = "\n".join([HEADER.replace(";", mark), *(mark.join(row) for row in rows)])
    attempt(text.encode("utf-8", "surrogatepass"))


@FUZZ
@given(st.binary(max_size=300), st.integers(0, 200))
def test_a_good_file_damaged_anywhere(damage, place):
    good = (HEADER + "\n" + ";".join(["1"] * (HEADER.count(";") + 1)) + "\n").encode() * 3
    attempt(good[:place] + damage + good[place:])


@FUZZ
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(LAYOUT)), st.text(st.characters(max_codepoint=255), max_size=260)), max_size=6
    )
)
def test_any_monthly_declaration(lines):
    text = "\r\n".join(kind + body.replace("\n", " ").replace("\r", " ").ljust(257)[:257] for kind, body in lines)
    with tempfile.TemporaryDirectory() as folder:
        registration = Path(folder) / "registration.csv"
        registration.write_text("num_immatriculation\n1\n")
        attempt(
            ("B00".ljust(260) + "\r\n" + text).encode("latin-1"),
            ".txt",
            schema=RegisterSchema.load("cnss-employees"),
            registration=registration,
        )
