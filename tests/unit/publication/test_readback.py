"""A package that a reader refuses, or reads otherwise, is not signed; the message names file, column and remedy."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasl.errors import VerificationError
from wasl.publication.columns import Column
from wasl.publication.description import Variable
from wasl.publication.formats import csv_bytes, parquet_bytes
from wasl.publication.package import build_package
from wasl.publication.readback import require_readable_files
from wasl.publication.spss import spss_file
from wasl.publication.stata import stata_file

CREATED = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def files_of(columns):
    return {
        "data/x.csv": csv_bytes(columns),
        "data/x.parquet": parquet_bytes(columns),
        "data/x.sav": spss_file(columns, title="t", created=CREATED).data,
        "data/x.dta": stata_file(columns, title="t", created=CREATED).data,
    }


def of(kind, values, **more):
    types = {"integer": pa.int64(), "decimal": pa.float64(), "date": pa.date32(), "text": pa.string()}
    variable = Variable.model_validate({"name": "v", "label": "V", "kind": kind, **more})
    return [Column(variable, pa.array(values, types[kind]))]


@pytest.mark.parametrize(
    ("columns", "file"),
    [
        (of("integer", [1, 2**53 + 1]), "data/x.sav"),
        (of("integer", [-(2**60) - 1, None]), "data/x.dta"),
        (of("text", ["a", "a  "]), "data/x.sav"),
        (of("text", ["before\x00after"]), "data/x.sav"),
    ],
)
def test_values_that_a_format_cannot_keep_are_refused_by_name(columns, file):
    data = files_of(columns)[file]
    with pytest.raises(VerificationError, match=file) as caught:
        require_readable_files({file: data}, columns)
    assert "'v'" in str(caught.value)
    assert caught.value.remedy
    assert "9007199254740993" not in str(caught.value)


@pytest.mark.parametrize(
    "columns",
    [
        of("integer", [2**53, -(2**53), None, 0]),
        of("decimal", [0.1, -1e-300, 1e300, None]),
        of("date", [dt.date(1900, 1, 1), dt.date(2999, 12, 31), None, dt.date(1583, 1, 1)]),
        of("text", ["=1+1", "-5", 'q"uo,te', "line\nbreak", "سوس ماسة", "", None, "x" * 3000]),
        of("text", [None, None]),
        of("integer", []),
    ],
)
def test_values_at_the_edges_are_read_back(columns):
    require_readable_files(files_of(columns), columns)


@pytest.mark.parametrize("value", [1e308, float("inf")])
def test_values_that_a_writer_refuses_are_refused_by_name(value):
    good = Column(Variable.model_validate({"name": "g", "label": "G", "kind": "integer"}), pa.array([1]))
    with pytest.raises(VerificationError, match="Stata file, column 'v'"):
        files_of([good, *of("decimal", [value])])


@pytest.mark.parametrize("suffix", ["csv", "parquet", "sav", "dta"])
def test_another_file_is_refused(suffix):
    first, second = of("integer", [1, 2, 3]), of("integer", [1, 2, 4])
    path = f"data/x.{suffix}"
    with pytest.raises(VerificationError, match="'v'"):
        require_readable_files({path: files_of(second)[path]}, first)
    with pytest.raises(VerificationError, match=path):
        require_readable_files({path: b"not a file of this kind"}, first)


def test_a_release_with_a_refused_file_is_not_signed(table, description, report, signer, created):
    wide = table.set_column(4, "months", pa.array([1, None, 2**53 + 1, 2]))
    with pytest.raises(VerificationError, match=r"\.sav, column 'months'"):
        build_package(wide, description, report, signer=signer, created=created)


texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.none() | texts, min_size=1, max_size=6), st.lists(texts, min_size=1, max_size=5, unique=True))
def test_whatever_texts_and_codes_the_files_are_right_or_refused(values, codes):
    """Never a wrong file: either every reader reads the values, or the column is named."""
    coded = Variable.model_validate(
        {"name": "c", "label": "C", "kind": "code", "codes": [{"code": c, "label": f"l{c}"} for c in codes]}
    )
    text = Variable.model_validate({"name": "v", "label": "V", "kind": "text"})
    length = max(len(values), len(codes))
    columns = [
        Column(coded, pa.array([*codes, *[None] * (length - len(codes))], pa.string())),
        Column(text, pa.array([*values, *[None] * (length - len(values))], pa.string())),
    ]
    try:
        require_readable_files(files_of(columns), columns)
    except VerificationError as error:
        assert "'c'" in str(error) or "'v'" in str(error) or "its reader refuses" in str(error)  # noqa: PT017
