"""Missing codes and labels in SPSS and Stata: what the formats take is declared, what they do not take is said."""

from __future__ import annotations

import datetime as dt
import io
import json
import tomllib
from functools import partial
from types import SimpleNamespace

import pandas as pd
import pyarrow as pa
import pyreadstat
import pytest
from pydantic import ValidationError

from wasl.errors import VerificationError
from wasl.publication import columns as columns_module
from wasl.publication.columns import Column, typed_columns
from wasl.publication.description import DatasetDescription, Variable
from wasl.publication.draft import draft_description
from wasl.publication.readback import require_readable_files
from wasl.publication.spss import spss_file, user_missing
from wasl.publication.stata import stata_file

CREATED = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
FILES = {"data/x.sav": spss_file, "data/x.dta": stata_file}


def column(valid, missing, *, name="m", label="A question"):
    codes = [{"code": code, "label": f"valid {code}"} for code in valid]
    codes += [{"code": code, "label": f"missing {code}", "missing": True} for code in missing]
    variable = Variable.model_validate({"name": name, "label": label, "kind": "code", "codes": codes})
    return Column(variable, pa.array([*valid, *missing, None], pa.string()))


def read(reader, data, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(data)
    return reader(path)


@pytest.mark.parametrize(
    ("valid", "missing", "declared"),
    [
        (["1", "2"], ["9"], [9]),
        (["1", "2"], ["97", "98", "99"], [97, 98, 99]),
        (["1", "2"], ["96", "97", "98", "99"], [{"lo": 96, "hi": 99}]),
        (["1", "2"], ["-9", "96", "97", "98", "99"], [{"lo": 96, "hi": 99}, -9]),
        (["5"], ["1", "2", "3", "9"], [{"lo": 1, "hi": 3}, 9]),
        (["yes", "no"], ["dk", "refus", "12345678"], ["dk", "refus", "12345678"]),
        (["oui"], ["é" * 4], ["é" * 4]),
    ],
)
def test_spss_declares_what_it_can(valid, missing, declared, tmp_path):
    assert user_missing(column(valid, missing)) == (declared, "")
    file = spss_file([column(valid, missing)], title="", created=CREATED)
    assert file.notices == ()
    frame, meta = read(pyreadstat.read_sav, file.data, tmp_path)
    empty = [value is None or value != value or value == "" for value in frame["m"].tolist()]
    assert empty == [False] * len(valid) + [True] * len(missing) + [True]
    assert set(meta.missing_ranges or {}) <= {"m"}


@pytest.mark.parametrize(
    ("valid", "missing", "reason"),
    [
        (["1", "97"], ["-9", "-8", "96", "99"], "only in a range without other codes"),
        (["1", "2", "50"], ["-1", "10", "60", "99"], "only in a range without other codes"),
        (["oui", "non"], ["ne sait pas", "refus"], "longer than 8 bytes"),
        (["oui"], ["é" * 5], "longer than 8 bytes"),
        (["oui", "non"], ["a", "b", "c", "d"], "the format takes 3"),
    ],
)
def test_spss_says_what_it_cannot_declare_and_names_the_variable(valid, missing, reason, tmp_path):
    file = spss_file([column(valid, missing, name="answer")], title="", created=CREATED)
    (notice,) = file.notices
    assert "'answer'" in notice
    assert reason in notice
    _, meta = read(partial(pyreadstat.read_sav, user_missing=True), file.data, tmp_path)
    assert not (meta.missing_ranges or {}).get("answer")
    require_readable_files({"data/x.sav": file.data}, [column(valid, missing, name="answer")])


@pytest.mark.parametrize("valid", [["1", "2"], ["oui", "non"], ["00", "0", "01"]])
@pytest.mark.parametrize("missing", [["96", "97", "98", "99"], ["ne sait pas", "refus"], ["*"]])
def test_stata_marks_every_missing_code(valid, missing, tmp_path):
    own = column(valid, missing)
    file = stata_file([own], title="", created=CREATED)
    assert file.notices == ()
    frame, meta = read(partial(pyreadstat.read_dta, user_missing=True), file.data, tmp_path)
    labels = meta.variable_value_labels["m"]
    letters = frame["m"].tolist()[len(valid) : -1]
    assert letters == list("abcd"[: len(missing)])
    assert [labels[letter] for letter in letters] == [f"{code} missing {code}" for code in missing]
    plain, _ = read(pyreadstat.read_dta, file.data, tmp_path)
    assert plain["m"].isna().tolist() == [False] * len(valid) + [True] * (len(missing) + 1)
    require_readable_files({"data/x.dta": file.data}, [own])


def test_stata_has_26_marks_and_says_when_they_are_used_up():
    own = column(["1"], [str(code) for code in range(70, 100)], name="many")
    (notice,) = stata_file([own], title="", created=CREATED).notices
    assert "'many'" in notice
    assert "4 missing codes" in notice


@pytest.mark.parametrize("letter", ["x", "é", "ع", "😀"])
def test_labels_are_cut_at_the_limit_of_each_format_in_its_unit(letter, tmp_path):
    width = len(letter.encode())
    own = column([f"{letter}1"], [], label=letter * 300)
    long = own.variable.codes[0].model_copy(update={"label": letter * 9000})
    own = Column(own.variable.model_copy(update={"codes": (long,)}), own.values)
    spss = spss_file([own], title=letter * 100, created=CREATED)
    _, meta = read(pyreadstat.read_sav, spss.data, tmp_path)
    assert meta.column_names_to_labels["m"] == letter * (256 // width)
    assert meta.variable_value_labels["m"] == {f"{letter}1": letter * (120 // width)}
    assert meta.file_label == letter * (64 // width)
    assert any("SPSS" in notice and "'m'" in notice for notice in spss.notices)
    stata = stata_file([own], title=letter * 100, created=CREATED)
    _, meta = read(pyreadstat.read_dta, stata.data, tmp_path)
    assert meta.column_names_to_labels["m"] == letter * 80
    assert meta.file_label == letter * min(80, 256 // width)
    full = f"{letter}1 " + letter * 9000
    assert meta.variable_value_labels["m"] == {1.0: full.encode()[:32_000].decode(errors="ignore")}
    assert any("Stata" in notice and "'m'" in notice for notice in stata.notices)
    require_readable_files({"data/x.sav": spss.data, "data/x.dta": stata.data}, [own])


def test_labels_within_the_limits_bring_no_notice():
    own = column(["1"], [], label="ع" * 80)
    for make in (spss_file, stata_file):
        assert make([own], title="", created=CREATED).notices == ()


def test_the_description_of_a_survey_with_many_missing_codes_is_published_in_all_formats(description):
    variables = [
        column(["1", "2"], ["96", "97", "98", "99"]).variable,
        column(["oui"], ["ne sait pas"], name="t").variable,
    ]
    document = description.model_dump(by_alias=True) | {"variables": [v.model_dump() for v in variables]}
    described = DatasetDescription.model_validate(document)
    columns = typed_columns(pa.table({"m": [1, 97, 99], "t": ["oui", "ne sait pas", None]}), described)
    spss, stata = (make(columns, title="t", created=CREATED) for make in (spss_file, stata_file))
    assert len(spss.notices) == 1
    assert stata.notices == ()
    require_readable_files({"data/x.sav": spss.data, "data/x.dta": stata.data}, columns)


@pytest.mark.parametrize("length", range(70, 130))
def test_a_cut_never_ends_in_a_space(length):
    """Labels that are cut to the limits of SPSS (120 bytes) and Stata (80 characters) are read as they were written."""
    label = ("région " * 40)[: length - 1].rstrip() + " fin"
    codes = [{"code": "1", "label": f"x{label} {label}"}, {"code": "2", "label": "non"}]
    variable = Variable.model_validate({"name": "m", "label": f"{label} {label}", "kind": "code", "codes": codes})
    own = [Column(variable, pa.array(["1", "2"], pa.string()))]
    files = {
        "data/x.sav": spss_file(own, title=label, created=CREATED).data,
        "data/x.dta": stata_file(own, title=label, created=CREATED).data,
    }
    require_readable_files(files, own)


def coded(*codes, missing=""):
    entries = [{"code": code, "label": "x"} for code in codes]
    return {"codes": [*entries, *([{"code": missing, "label": "x", "missing": True}] if missing else [])]}


ANYTHING = {
    "date": ({}, [dt.date(1956, 3, 2), dt.date(9999, 12, 31)], pa.date32()),
    "integer": ({}, [0, -7], pa.int64()),
    "decimal": ({}, [0.5, -1e300], pa.float64()),
    "text": ({}, ["نص", 'a "b"\nc'], pa.string()),
    "code": (coded("*", "ذكر"), ["*", "ذكر"], pa.string()),
    "code with missing": (coded("1", missing="9"), ["1", "9"], pa.string()),
    "text code with missing": (coded("a", missing="z"), ["a", "z"], pa.string()),
}


@pytest.mark.parametrize("kind", ANYTHING)
@pytest.mark.parametrize("form", ["sav", "dta"])
def test_columns_of_which_nothing_is_known_keep_their_type(kind, form, tmp_path):
    own, values, stored = ANYTHING[kind]
    variable = Variable.model_validate({"name": "m", "label": "L", "kind": "code" if own else kind, **own})
    make, reader = (spss_file, pyreadstat.read_sav) if form == "sav" else (stata_file, pyreadstat.read_dta)
    types = []
    for rows in (values, [values[0], None], [None], [None, None], []):
        column = Column(variable, pa.array(rows, stored))
        file = make([column], title="", created=CREATED)
        require_readable_files({f"data/x.{form}": file.data}, [column])
        frame, meta = read(reader, file.data, tmp_path)
        assert len(frame) == len(rows)
        types.append(
            (meta.readstat_variable_types["m"] == "string", kind == "date" and meta.original_variable_types["m"])
        )
    assert len(set(types)) == 1


@pytest.mark.parametrize(
    ("codes", "labels"),
    [
        (["1", "2", "3"], ["Other", "Other", "Own"]),
        (["1", "2"], ["x" * 32_010, "x" * 32_020]),
        (["-1", "999999999"], ["same", "same"]),
        (["a", "b"], ["same", "same"]),
    ],
)
def test_two_codes_never_have_one_label_in_stata(codes, labels, tmp_path):
    """Readers that make categories of labels refuse such a file."""
    entries = [{"code": code, "label": label} for code, label in zip(codes, labels, strict=True)]
    variable = Variable.model_validate({"name": "m", "label": "L", "kind": "code", "codes": entries})
    own = Column(variable, pa.array(codes, pa.string()))
    data = stata_file([own], title="", created=CREATED).data
    require_readable_files({"data/x.dta": data}, [own])
    shown = pd.read_stata(io.BytesIO(data))["m"].tolist()
    assert len(set(shown)) == len(codes)
    assert all(label.startswith(code) or label == "Own" for code, label in zip(codes, shown, strict=True))


def test_labels_of_many_codes_take_one_look_at_each_code(monkeypatch):
    """Each code was compared with all others for each label: 5,000 codes took more than ten minutes."""
    looks = 0

    def fullmatch(text):
        nonlocal looks
        looks += 1
        return text.lstrip("-").isdigit() and text

    monkeypatch.setattr(columns_module, "INTEGER_CODE", SimpleNamespace(fullmatch=fullmatch))
    own = column([str(code) for code in range(1000)], ["1000", "1001"])
    files = {path: make([own], title="", created=CREATED).data for path, make in FILES.items()}
    require_readable_files(files, [own])
    assert looks <= 40 * len(own.variable.codes)


@pytest.mark.parametrize("value", [7, -7, 123_456_789, -(2**53)])
@pytest.mark.parametrize("kind", ["integer", "code"])
def test_whole_numbers_are_shown_whole(value, kind, tmp_path):
    codes = {"codes": [{"code": str(value), "label": "L"}]} if kind == "code" else {}
    variable = Variable.model_validate({"name": "m", "label": "L", "kind": kind, **codes})
    stored = [str(value), None] if kind == "code" else [value, None]
    own = Column(variable, pa.array(stored))
    width = max(8, len(str(value)))
    formats = {"data/x.sav": (pyreadstat.read_sav, f"F{width}.0"), "data/x.dta": (pyreadstat.read_dta, f"%{width}.0f")}
    for path, (reader, form) in formats.items():
        _, meta = read(reader, FILES[path]([own], title="", created=CREATED).data, tmp_path)
        if kind == "integer" or own.integer_codes:
            assert meta.original_variable_types["m"] == form


@pytest.mark.parametrize("letter", ["x", "é", "ع", "😀"])
def test_texts_longer_than_spss_takes_are_cut_and_said(letter, tmp_path):
    variable = Variable.model_validate({"name": "m", "label": "L", "kind": "text"})
    own = Column(variable, pa.array(["short", letter * 40_000, None]))
    file = spss_file([own], title="", created=CREATED)
    assert [("'m'" in notice, "1 texts" in notice) for notice in file.notices] == [(True, True)]
    frame, _ = read(pyreadstat.read_sav, file.data, tmp_path)
    assert frame["m"].tolist() == ["short", letter * (32_767 // len(letter.encode())), ""]
    require_readable_files({"data/x.sav": file.data}, [own])
    two = Column(variable, pa.array([letter * 40_000, letter * 40_001]))
    with pytest.raises(VerificationError, match="rows are missing"):
        require_readable_files({"data/x.sav": file.data}, [two])


@pytest.mark.parametrize("label", ["", " ", "\t\n"])
def test_a_code_without_meaning_is_refused_by_its_name(label):
    coded_variable = {"name": "m", "label": "L", "kind": "code", "codes": [{"code": "1", "label": label}]}
    with pytest.raises(ValidationError, match="code '1' has no meaning"):
        Variable.model_validate(coded_variable)


@pytest.mark.parametrize("blank", ["", "x"])
def test_codes_of_nothing_have_a_label_where_the_description_has_none(blank, description):
    entry = {"name": "m", "label": "L", "kind": "code", "other_codes": True}
    described = DatasetDescription.model_validate(description.model_dump(by_alias=True) | {"variables": [entry]})
    (own,) = typed_columns(pa.table({"m": [blank, "y", None]}), described)
    assert {code.code: code.label for code in own.variable.codes} == {blank: blank or "(blank)", "y": "y"}
    files = {path: make([own], title="", created=CREATED).data for path, make in FILES.items()}
    require_readable_files(files, [own])


@pytest.mark.parametrize("label", ["", " ", "Yes"])
@pytest.mark.parametrize("code", ["1", "", " "])
def test_a_draft_gives_every_code_a_label_that_a_description_takes(label, code):
    field = pa.field("m", pa.string(), metadata={"value_labels": json.dumps({code: label, "x": "X"})})
    table = pa.table([pa.array([code, "x"])], schema=pa.schema([field]))
    (drafted,) = tomllib.loads(draft_description(table, "d", {}, {}))["variables"]
    wanted = {code: label.strip() or code.strip() or "(blank)", "x": "X"}
    assert {one["code"]: one["label"] for one in drafted["codes"]} == wanted
    Variable.model_validate(drafted)
