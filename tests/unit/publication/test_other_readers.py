"""Odd tables, read back by software that shares no code with the writer: pyaxis, pyjstat, sdmx1 (2.1, 3.0, CSV)."""

from __future__ import annotations

import datetime as dt
import io
import re
import warnings

import numpy as np
import pytest
import sdmx
import sdmx.reader.xml.v30
from sdmx.reader.csv import Reader

from wasl.publication.table_formats.cube import Cube, CubeDimension
from wasl.publication.table_formats.json_stat import json_stat_bytes
from wasl.publication.table_formats.px import px_bytes
from wasl.publication.table_formats.sdmx import sdmx_files

CREATED = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
UNREAD = re.compile(rb"<str:MeasureRelationship>.*?</str:MeasureRelationship>", re.DOTALL)
"""An element of SDMX-ML 3.0 that may be left out, and on which sdmx1 2.28 gives up."""

ODD = {
    "stars and dashes": (("T", "*", "-", "--", "."), {}),
    "Arabic codes": (("T", "سوس ماسة", "الشرق"), {"ar": {"الشرق": "جهة الشرق"}}),
    "reserved names as codes": (("T", "TIME_PERIOD", "OBS_VALUE", "null", "NaN"), {}),
    "numbers as codes": (("T", "1", "01", "1.0", "1e0"), {}),
    "quotation marks": (("T", 'a"b', "c'd", "«e»"), {"fr": {"c'd": "l\"un d'eux"}}),
    "separators": (("T", "a;b", "a,b", "a=b", "a(b)"), {}),
    "newlines in labels": (("T", "a", "b"), {"en": {"a": "one\ntwo", "b": "three\r\nfour"}}),
    "labels of 300 letters": (("T", "a", "b"), {"fr": {"a": "é" * 300, "b": "mot " * 75 + "."}}),
    "right to left inside": (("T", "a", "b"), {"en": {"a": "permit (إقامة) 2024", "b": "\u200fنص\u200e text"}}),
    "labels that are equal": (("T", "a", "b"), {"en": {"a": "same", "b": "same"}}),
    "spaces": (("T", " a", "a ", "a"), {}),
    "formulas": (("T", "=1+1", "+2", "@x"), {}),
    "markup": (("T", "<b>", "&amp;", "]]>"), {"en": {"<b>": "<i>x</i> & y"}}),
    "beyond the first plane": (("T", "😀", "𐤀"), {}),
    "one cell": (("T",), {}),
}


def cube_of(codes, meanings):
    first = CubeDimension("code", {"en": "Code", "fr": "Code"}, codes, (-1, *[0] * (len(codes) - 1)), "", meanings)
    second = CubeDimension("sexe", {}, ("T", "M"), (-1, 0), "SEX")
    single = len(codes) == 1
    dimensions = (first,) if single else (first, second)
    shape = [len(d.codes) for d in dimensions]
    size = int(np.prod(shape))
    places = np.stack(np.unravel_index(np.arange(size), shape), axis=1).astype(np.int32)
    values = np.arange(size, dtype=float) * 3 + 0.5
    statuses = np.full(size, "published", dtype="U10")
    if size > 3:
        statuses[-1], statuses[-2] = "primary", "secondary"
        values[[-1, -2]] = np.nan
    return Cube("odd", {"en": 'Odd "table"', "ar": "جدول"}, dimensions, places, values, statuses, period="2024")


@pytest.fixture(params=ODD.values(), ids=ODD)
def odd(request):
    return cube_of(*request.param)


def figures(values):
    return np.array([np.nan if str(v) in (".", "..", "", "nan", "None") else float(v) for v in values])


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_pyaxis_reads_the_figures_in_each_language(odd, tmp_path, language):
    from pyaxis import pyaxis

    (tmp_path / "t.px").write_bytes(px_bytes(odd, created=CREATED))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyaxis itself uses what pandas gives up
        frame = pyaxis.parse(str(tmp_path / "t.px"), encoding="utf-8", lang=language)["DATA"]
    np.testing.assert_array_equal(figures(frame["DATA"]), odd.values)


def test_pyjstat_reads_the_figures(odd):
    from pyjstat import pyjstat

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = pyjstat.Dataset.read(json_stat_bytes(odd, created=CREATED).decode()).write("dataframe", naming="id")
    np.testing.assert_array_equal(figures(frame["value"]), odd.values)


@pytest.mark.parametrize("form", ["2.1.xml", "3.0.xml", "csv"])
def test_sdmx1_reads_every_code_and_figure(odd, form):
    files = sdmx_files(odd, created=CREATED)
    version = "2.1.xml" if form == "csv" else form
    structure = UNREAD.sub(b"", files[f"structure.sdmx-{version}"])
    message = sdmx.read_sdmx(io.BytesIO(structure))
    (dsd,) = message.structure.values()
    coded = {str(d.id): d.local_representation.enumerated for d in dsd.dimensions.components if d.id != "TIME_PERIOD"}
    assert [len(coded[name]) for name in list(coded)[1:]] == [len(d.codes) for d in odd.dimensions]
    name = "data.sdmx.csv" if form == "csv" else f"data.sdmx-{form}"
    reader = Reader().convert if form == "csv" else sdmx.read_sdmx
    found = reader(io.BytesIO(files[name]), structure=dsd).data[0].obs
    np.testing.assert_array_equal(figures([o.value for o in found]), odd.values)
    for observation in found:
        for dimension, codes in coded.items():
            assert str(observation.key[dimension].value) in {str(code) for code in codes.items}
