"""The SDMX files of a microdata release, read back by a library that did not write them; totals equal."""

from __future__ import annotations

import datetime as dt
import io
import re

import pyarrow as pa
import pytest
import sdmx
import sdmx.reader.xml.v30
from lxml import etree
from pysdmx.io import read_sdmx
from sdmx.reader.csv import Reader as CsvReader

from wasl.errors import VerificationError
from wasl.publication.columns import typed_columns
from wasl.publication.description import DatasetDescription, Period
from wasl.publication.sdmx import frequency_files, sdmx_period
from wasl.publication.summary import summarize
from wasl.publication.table_formats.validation import require_readable

XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@pytest.fixture
def files(table, description, created):
    return frequency_files(description, summarize(typed_columns(table, description)), created=created)


def observations(files, form):
    """The observations as sdmx1 reads them; version 2.28 gives up on an optional element of a 3.0 structure."""
    version = "3.0" if "3.0" in form else "2.1"
    structure = re.sub(
        rb"(?s)<str:MeasureRelationship>.*?</str:MeasureRelationship>", b"", files[f"structure.sdmx-{version}.xml"]
    )
    structures = sdmx.read_sdmx(io.BytesIO(structure))
    (dsd,) = structures.structure.values()
    reader = CsvReader().convert if form.endswith(".csv") else sdmx.read_sdmx
    message = reader(io.BytesIO(files[form]), structure=dsd)
    return structures, message.data[0].obs


def test_the_structure_names_every_coded_variable_and_its_codes(files):
    structures = sdmx.read_sdmx(io.BytesIO(files["structure.sdmx-2.1.xml"]))
    (dsd,) = structures.structure.values()
    assert [d.id for d in dsd.dimensions.components] == ["FREQ", "SEX", "STATUS", "AGE", "TIME_PERIOD"]
    codes = structures.codelist["CL_STATUS"].items
    assert list(codes) == ["_T", "1", "2", "9", "_U"]
    assert str(codes["1"].name.localizations["fr"]) == "Salarié"
    assert structures.codelist["CL_SEX"].items["F"].name.localizations["ar"] == "أنثى"


def test_codes_that_sdmx_cannot_spell_are_spelled_otherwise_and_the_list_states_them(files):
    structures = sdmx.read_sdmx(io.BytesIO(files["structure.sdmx-2.1.xml"]))
    codes = structures.codelist["CL_AGE"].items
    assert list(codes)[1:3] == ["20_30", "30_40"]
    assert "[20,30)" in str(codes["20_30"].description)


@pytest.mark.parametrize("form", ["data.sdmx-2.1.xml", "data.sdmx-3.0.xml", "data.sdmx.csv"])
def test_another_library_reads_the_same_totals(files, form, table):
    _, found = observations(files, form)
    values = {
        tuple(str(found_at.key[name].value) for name in ("SEX", "STATUS", "AGE")): float(found_at.value)
        for found_at in found
    }
    weights = table.column("weight").to_pylist()
    assert values[("_T", "_T", "_T")] == sum(weights) == 8.0
    sexes = table.column("sex").to_pylist()
    for sex in ("F", "M"):
        assert values[(sex, "_T", "_T")] == sum(w for s, w in zip(sexes, weights, strict=True) if s == sex)
    assert values[("_U", "_T", "_T")] == 3.5
    for place in range(3):
        one_way = [v for key, v in values.items() if key[place] != "_T"]
        assert sum(one_way) == pytest.approx(8.0)


STRANGE = ["*", "-", "سوس", "_T", "_U", "a b", "a_b", "9", "**", "", "URN", "<&>", "Total"]


def test_ids_are_valid_and_unique_whatever_names_and_codes(description, created):
    coded = [{"code": code, "label": f"label of {code}"} for code in STRANGE]
    names = {"one": "SEX", "two": "SEX", "TIME_PERIOD": "", "obs_value": "", "three": "OBS_STATUS", "journal": "FREQ"}
    variables = [
        {"name": name, "label": name, "kind": "code", "codes": coded, "sdmx": concept}
        for name, concept in names.items()
    ]
    document = description.model_dump(by_alias=True, exclude={"variables"}) | {"variables": variables}
    strange = DatasetDescription.model_validate(document)
    table = pa.table(dict.fromkeys(names, STRANGE))
    files = frequency_files(strange, summarize(typed_columns(table, strange)), created=created)
    for version in ("2.1", "3.0"):
        message = read_sdmx(io.BytesIO(files[f"structure.sdmx-{version}.xml"]), validate=True)
        own = [c for c in message.get_codelists() if c.id not in ("CL_FREQ", "CL_OBS_STATUS", "CL_CONF_STATUS")]
        assert len({codelist.id for codelist in own}) == len(own) == len(names)
        for codelist in own:
            ids = [code.id for code in codelist.items]
            assert len(set(ids)) == len(ids) == len(STRANGE) + 1
            assert all(re.fullmatch(r"[A-Za-z0-9_@$-]+", identifier) for identifier in ids)
    structures, found = observations(files, "data.sdmx-2.1.xml")
    assert len(found) == 1 + len(names) * len(STRANGE)
    assert sum(float(one.value) for one in found) == len(STRANGE) * (1 + len(names))
    texts = [str(code.description) for code in structures.codelist["CL_FREQ_DIM"].items.values()]
    assert sum(any(f": {code}" in text for text in texts) for code in ("*", "سوس", "_T", "<&>")) == 4


def test_a_producer_or_dataset_of_any_name_is_readable(description, table, created):
    for agency, name in (("NURN", "saturn-journal"), ("هيئة", "1-2"), ("3 x", "a")):
        producer = description.producer.model_copy(update={"abbreviation": agency})
        named = description.model_copy(update={"producer": producer, "dataset_id": name})
        frequency_files(named, summarize(typed_columns(table, named)), created=created)


def test_a_release_without_codes_has_no_sdmx_files(description, created):
    numbers = description.model_copy(update={"variables": (description.variables[4],)})
    columns = typed_columns(pa.table({"months": [1, 2]}), numbers)
    assert frequency_files(numbers, summarize(columns), created=created) == {}


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ((2024, 1, 1), (2024, 12, 31), "2024"),
        ((2024, 7, 1), (2024, 12, 31), "2024-S2"),
        ((2024, 10, 1), (2024, 12, 31), "2024-Q4"),
        ((2024, 2, 1), (2024, 2, 29), "2024-02"),
        ((2024, 2, 1), (2024, 6, 30), "2024-02-01/P5M"),
        ((2020, 1, 1), (2024, 12, 31), "2020-01-01/P5Y"),
        ((2019, 9, 1), (2020, 8, 31), "2019-09-01/P1Y"),
        ((2024, 9, 1), (2024, 9, 1), "2024-09-01"),
        ((2024, 9, 2), (2024, 9, 11), "2024-09-02/P10D"),
    ],
)
def test_any_period_has_a_notation_that_readers_accept(description, table, created, start, end, expected):
    period = Period(start=dt.date(*start), end=dt.date(*end))
    assert sdmx_period(period) == expected
    changed = description.model_copy(update={"period": period})
    files = frequency_files(changed, summarize(typed_columns(table, changed)), created=created)
    _, found = observations(files, "data.sdmx-2.1.xml")
    assert {str(one.key["TIME_PERIOD"].value) for one in found} == {expected}


def test_every_name_stands_in_the_languages_it_was_given_in(files):
    root = etree.fromstring(files["structure.sdmx-3.0.xml"])
    flow = next(root.iter("{*}Dataflow"))
    assert [name.get(XML_LANG) for name in flow.iterchildren("{*}Name")] == ["en", "fr"]


def test_a_message_with_other_figures_is_refused(files, description, table):
    from wasl.publication.sdmx import frequency_cube

    cube = frequency_cube(description, summarize(typed_columns(table, description)))
    assert cube is not None
    broken = {"data.sdmx.csv": files["data.sdmx.csv"].replace(b",8,", b",9,", 1)}
    with pytest.raises(VerificationError, match=r"data\.sdmx\.csv"):
        require_readable(broken, cube)
