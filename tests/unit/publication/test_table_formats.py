from __future__ import annotations

import datetime as dt
import io
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasl.errors import InputError, VerificationError
from wasl.publication.table_formats.cube import Cube, CubeDimension
from wasl.publication.table_formats.identifiers import TAKEN_COMPONENTS, code_ids, component_ids
from wasl.publication.table_formats.json_stat import json_stat_bytes
from wasl.publication.table_formats.px import px_bytes, read_px
from wasl.publication.table_formats.sdmx import sdmx_files
from wasl.publication.table_formats.validation import require_readable

CREATED = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
STRANGE = ("Total", "*", "-", "سوس ماسة", "_T", "a b", "a_b", "", 'x"y;z', "09.001")


@pytest.fixture
def cube():
    region = CubeDimension("TIME_PERIOD", {"en": "Region", "fr": "Région"}, STRANGE, (-1, *[0] * (len(STRANGE) - 1)))
    sex = CubeDimension("sexe", {}, ("T", "M", "F"), (-1, 0, 0), "SEX", {"fr": {"M": "Hommes", "F": "Femmes"}})
    size = len(STRANGE) * 3
    places = np.stack(np.unravel_index(np.arange(size), (len(STRANGE), 3)), axis=1).astype(np.int32)
    values = np.arange(size, dtype=float) * 7
    statuses = np.array(["published"] * size, dtype="U10")
    statuses[[4, 7]], statuses[8] = "primary", "secondary"
    values[[4, 7, 8]] = np.nan
    titles = {"en": 'Stock "by" region', "fr": "Effectif"}
    return Cube("stock", titles, (region, sex), places, values, statuses, period="2024")


def test_px_is_read_by_pyaxis(cube, tmp_path):
    from pyaxis import pyaxis

    (tmp_path / "t.px").write_bytes(px_bytes(cube, created=CREATED))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyaxis itself uses what pandas gives up
        frame = pyaxis.parse(str(tmp_path / "t.px"), encoding="utf-8")["DATA"]
    figures = np.array([np.nan if v in (".", "..") else float(v) for v in frame["DATA"].fillna("..").astype(str)])
    np.testing.assert_array_equal(figures, cube.values)
    assert list(frame["sexe"].unique()) == ["T", "Hommes", "Femmes"]


FIGURES = {
    "shares": ([0.0375, 0.5, -0.1234], 4),
    "amounts": ([12.5, 1e9 + 0.25, 0.1 + 0.2], 2),
    "whole": ([3.0, 1e15, -7.0], 0),
    "three": ([-16.381, 4.0, 0.001], 3),
    "tiny": ([1.25e-7, 0.0, 3e-9], 9),
    "without end": ([5 / 7, 1e4 / 3, 0.125], 9),
}


@pytest.mark.parametrize("kind", FIGURES)
def test_px_has_as_many_decimals_as_the_figures(kind, tmp_path):
    figures, decimals = FIGURES[kind]
    codes = CubeDimension("x", {}, ("Total", "a", "b"), (-1, 0, 0))
    places = np.arange(3, dtype=np.int32)[:, None]
    own = Cube("t", {}, (codes,), places, np.array(figures), np.array(["published"] * 3))
    data = px_bytes(own, created=CREATED)
    require_readable({"t.px": data}, own)
    keywords = read_px(data).keywords
    assert keywords["DECIMALS"] == (str(decimals),)
    assert keywords["SHOWDECIMALS"] == (str(min(decimals, 6)),)
    read = [float(figure) for figure in read_with_pyaxis(data, tmp_path, "fr")["DATA"]]
    np.testing.assert_allclose(read, figures, rtol=1e-9)


def test_a_tiny_figure_lost_in_a_file_is_refused():
    codes = CubeDimension("x", {}, ("Total",), (-1,))
    one = Cube("t", {}, (codes,), np.zeros((1, 1), np.int32), np.array([1e-10]), np.array(["published"]))
    none = Cube("t", {}, (codes,), np.zeros((1, 1), np.int32), np.array([0.0]), np.array(["published"]))
    for name, data in {"t.px": px_bytes, "t.json": json_stat_bytes}.items():
        with pytest.raises(VerificationError):
            require_readable({name: data(none, created=CREATED)}, one)


def read_with_pyaxis(data, tmp_path, language):
    from pyaxis import pyaxis

    (tmp_path / "t.px").write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyaxis itself uses what pandas gives up
        return pyaxis.parse(str(tmp_path / "t.px"), encoding="utf-8", lang=language)["DATA"]


@pytest.mark.parametrize(
    ("language", "column", "first"),
    [("fr", "sexe", "Hommes"), ("ar", "الجنس", "ذكور"), ("en", "Sex", "Men")],
)
def test_px_is_read_by_pyaxis_in_each_language(cube, tmp_path, language, column, first):
    from dataclasses import replace

    labels = {"en": "Sex", "fr": "sexe", "ar": "الجنس"}
    meanings = {"en": {"M": "Men"}, "fr": {"M": "Hommes"}, "ar": {"M": "ذكور"}}
    sex = replace(cube.dimensions[1], labels=labels, meanings=meanings)
    named = replace(cube, dimensions=(cube.dimensions[0], sex), notes={"en": "Note", "ar": "ملاحظة"})
    frame = read_with_pyaxis(px_bytes(named, created=CREATED), tmp_path, language)
    assert list(frame[column].unique())[1] == first
    figures = np.array([np.nan if v in (".", "..") else float(v) for v in frame["DATA"].fillna("..").astype(str)])
    np.testing.assert_array_equal(figures, cube.values)


def test_px_says_its_charset_and_is_read_back(cube):
    data = px_bytes(cube, created=CREATED)
    file = read_px(data)
    assert file.keywords["CODEPAGE"] == ("utf-8",)
    assert file.keywords["CHARSET"] == ("ANSI",)
    assert file.keywords["LANGUAGES"] == ("fr", "ar", "en")
    assert file.keywords['CODES("Région")'][3] == "سوس ماسة"
    np.testing.assert_array_equal(file.values, cube.values)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.floats(-1e12, 1e12, allow_nan=False) | st.integers(-(10**9), 10**9), min_size=4, max_size=4))
def test_whatever_the_figures_every_format_is_read_back(figures):
    dimensions = (CubeDimension("a", {}, ("T", "x"), (-1, 0)), CubeDimension("b", {}, ("T", "y"), (-1, 0)))
    places = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.int32)
    cube = Cube("t", {}, dimensions, places, np.array(figures, dtype=float), np.full(4, "published"), period="2024")
    files = {"px": px_bytes(cube, created=CREATED), "json-stat.json": json_stat_bytes(cube, created=CREATED)}
    require_readable(files | sdmx_files(cube, created=CREATED), cube)
    wrong = Cube(
        "t", {}, dimensions, places, np.array(figures) + 1 + np.abs(figures), np.full(4, "published"), period="2024"
    )
    with pytest.raises(VerificationError):
        require_readable({"px": px_bytes(wrong, created=CREATED)}, cube)


any_text = st.text(min_size=0, max_size=14)


@settings(max_examples=25, deadline=None)
@given(
    codes=st.lists(any_text, min_size=2, max_size=5, unique=True),
    labels=st.lists(any_text, min_size=6, max_size=6),
    names=st.lists(st.text(min_size=1, max_size=8), min_size=2, max_size=2, unique=True),
)
def test_whatever_the_codes_labels_and_names_every_format_is_read_back(codes, labels, names):
    meanings = {language: dict(zip(codes, labels, strict=False)) for language in ("en", "fr", "ar")}
    first = CubeDimension(names[0], {"fr": labels[5]}, tuple(codes), (-1, *[0] * (len(codes) - 1)), "", meanings)
    second = CubeDimension(names[1], {"fr": labels[5]}, ("T", "x"), (-1, 0))
    size = len(codes) * 2
    places = np.stack(np.unravel_index(np.arange(size), (len(codes), 2)), axis=1).astype(np.int32)
    values = np.arange(size, dtype=float) + 0.5
    values[-1] = np.nan
    statuses = np.array(["published"] * (size - 1) + ["primary"], dtype="U10")
    cube = Cube(names[0], {"en": labels[4]}, (first, second), places, values, statuses, period="2024")
    files = {"px": px_bytes(cube, created=CREATED), "json-stat.json": json_stat_bytes(cube, created=CREATED)}
    require_readable(files | sdmx_files(cube, created=CREATED), cube)


def test_json_stat_is_read_by_pyjstat(cube):
    from pyjstat import pyjstat

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = pyjstat.Dataset.read(json_stat_bytes(cube, created=CREATED).decode()).write("dataframe")
    np.testing.assert_array_equal(frame["value"].to_numpy(dtype=float), cube.values)


def test_sdmx_messages_are_valid_and_hold_the_figures(cube):
    from pysdmx.io import read_sdmx

    files = sdmx_files(cube, created=CREATED)
    assert files == sdmx_files(cube, created=CREATED)
    for name, data in files.items():
        message = read_sdmx(io.BytesIO(data), validate=name.endswith(".xml"))
        for dataset in message.data or []:
            figures = [float(v) if str(v) not in ("", "nan") else np.nan for v in dataset.data["OBS_VALUE"]]
            np.testing.assert_array_equal(figures, cube.values)
            assert (dataset.data["CONF_STATUS"] == "C").sum() == 2
            assert {"TIME_PERIOD_DIM", "SEX", "TIME_PERIOD"} <= set(dataset.data.columns)
    codes = {c.id for c in read_sdmx(io.BytesIO(files["structure.sdmx-2.1.xml"])).get_codelists()[3].items}
    assert len(codes) == len(STRANGE)


@pytest.mark.parametrize("name", ["turnover-by-sector", "a.b_c", "2024", "journal"])
def test_any_name_of_a_table_is_readable(cube, name):
    from dataclasses import replace

    named = replace(cube, name=name)
    require_readable(sdmx_files(named, created=CREATED), named)


def test_sdmx_needs_a_period(cube):
    from dataclasses import replace

    with pytest.raises(InputError, match="reference period"):
        sdmx_files(replace(cube, period=""), created=CREATED)


def test_identifiers_are_valid_and_unique():
    import re

    ids = code_ids(STRANGE, {"Total": "_T"})
    assert len(set(ids.values())) == len(STRANGE)
    assert all(re.fullmatch(r"[A-Za-z0-9_@$\-]+", identifier) for identifier in ids.values())
    assert ids["Total"] == "_T" != ids["_T"]
    names = component_ids(["sex", "SEX", "TIME_PERIOD", "9x", "جنس", "obs_value"])
    assert len(set(names.values())) == 6
    assert not TAKEN_COMPONENTS & set(names.values())
    assert all(re.fullmatch(r"[A-Z][A-Z0-9_\-]*", identifier) for identifier in names.values())


def test_file_with_other_figures_is_refused(cube):
    from dataclasses import replace

    other = replace(cube, values=cube.values + 1)
    files = sdmx_files(cube, created=CREATED) | {"json-stat.json": json_stat_bytes(cube, created=CREATED)}
    files["px"] = px_bytes(cube, created=CREATED)
    require_readable(files, cube)
    for name in files:
        if "structure" not in name:
            with pytest.raises(VerificationError, match=name):
                require_readable({name: files[name]}, other)
    broken = files["structure.sdmx-3.0.xml"].replace(b"Codelist ", b"Kodelist ")
    with pytest.raises(VerificationError, match="its reader refuses"):
        require_readable({"structure.sdmx-3.0.xml": broken}, cube)
