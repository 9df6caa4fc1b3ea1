"""The codebook follows DDI Codebook 2.5, and says what the data say."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from wasl.publication.columns import typed_columns
from wasl.publication.ddi import DDI_NAMESPACE, codebook_xml
from wasl.publication.summary import summarize

SCHEMA = Path(__file__).parents[2] / "vectors" / "publication" / "ddi" / "codebook.xsd"
NS = {"d": DDI_NAMESPACE}
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

# Order of children as the schema fixes it, for the elements this codebook uses.
ORDER = {
    "codeBook": ["docDscr", "stdyDscr", "fileDscr", "dataDscr", "otherMat"],
    "citation": ["titlStmt", "rspStmt", "prodStmt", "distStmt", "serStmt", "verStmt", "biblCit"],
    "titlStmt": ["titl", "subTitl", "altTitl", "parTitl", "IDNo"],
    "prodStmt": ["producer", "copyright", "prodDate", "prodPlac", "software"],
    "distStmt": ["distrbtr", "contact", "depositr", "depDate", "distDate"],
    "stdyDscr": ["citation", "studyAuthorization", "stdyInfo", "studyDevelopment", "method", "dataAccs"],
    "stdyInfo": ["studyBudget", "subject", "abstract", "sumDscr"],
    "sumDscr": ["timePrd", "collDate", "nation", "geogCover", "geogUnit", "anlyUnit", "universe", "dataKind"],
    "method": ["dataColl", "notes", "anlyInfo", "stdyClas", "dataProcessing"],
    "useStmt": ["confDec", "specPerm", "restrctn", "contact", "citReq", "deposReq", "conditions", "disclaimer"],
    "fileTxt": ["fileName", "fileCitation", "fileCont", "fileStrc", "dimensns", "fileType"],
    "dimensns": ["caseQnty", "varQnty"],
    "var": ["labl", "valrng", "universe", "sumStat", "txt", "catgry", "concept", "varFormat"],
    "catgry": ["catValu", "labl", "txt", "catStat"],
}


@pytest.fixture
def xml(table, description, created):
    return codebook_xml(
        description,
        summarize(typed_columns(table, description)),
        {"workers-puf.csv": "text/csv", "workers-puf.sav": "application/x-spss-sav"},
        {"metadata/dictionary.html": "Dictionary"},
        rows=table.num_rows,
        created=created,
        software="wasl",
    )


@pytest.fixture
def root(xml):
    return etree.fromstring(xml)


def test_children_stand_in_the_order_of_the_schema(root):
    for element in root.iter(etree.Element):
        order = ORDER.get(etree.QName(element).localname)
        if order:
            places = [order.index(etree.QName(child).localname) for child in element]
            assert places == sorted(places), element.tag


def test_the_codebook_is_valid_against_the_published_schema(root):
    schema = etree.XMLSchema(etree.parse(SCHEMA))
    assert schema.validate(root), schema.error_log


def test_the_published_schema_refuses_a_codebook_without_its_title(root):
    """The schema really checks: a required element taken out is an error."""
    title = root.find("d:stdyDscr/d:citation/d:titlStmt", NS)
    title.getparent().remove(title)
    assert not etree.XMLSchema(etree.parse(SCHEMA)).validate(root)


def test_texts_stand_in_all_three_languages_and_the_codebook_stays_valid(table, description, created):
    """Parallel elements with xml:lang for study, variables and codes."""
    names = ("title", "abstract", "geography", "universe", "method", "conditions")
    texts = {f"{name}_{language}": f"{name} {language}" for name in names for language in ("fr", "ar")}
    texts |= {name: f"{name} en" for name in names}
    variables = [v.model_copy(update={"label_fr": "étiquette", "label_ar": "وسم"}) for v in description.variables]
    codes = tuple(code.model_copy(update={"label_fr": "f", "label_ar": "ع"}) for code in variables[1].codes)
    variables[1] = variables[1].model_copy(update={"codes": codes})
    spoken = description.model_copy(update={**texts, "variables": tuple(variables)})
    summaries = summarize(typed_columns(table, spoken))
    data = codebook_xml(spoken, summaries, {"x.csv": "text/csv"}, {}, rows=4, created=created, software="wasl")
    root = etree.fromstring(data)
    schema = etree.XMLSchema(etree.parse(SCHEMA))
    assert schema.validate(root), schema.error_log
    for tag in ("abstract", "geogUnit", "dataProcessing", "useStmt"):
        assert [element.get(XML_LANG) for element in root.iterfind(f".//d:{tag}", NS)] == ["en", "fr", "ar"], tag
    assert [e.get(XML_LANG) for e in root.iterfind(".//d:stdyInfo/d:sumDscr/d:universe", NS)] == ["en", "fr", "ar"]
    titles = root.find("d:stdyDscr/d:citation/d:titlStmt", NS)
    assert [(e.text, e.get(XML_LANG)) for e in titles][:3] == [
        ("title en", "en"),
        ("title fr", "fr"),
        ("title ar", "ar"),
    ]
    for variable in root.iterfind(".//d:var", NS):
        assert [e.get(XML_LANG) for e in variable.iterfind("d:labl", NS)] == ["en", "fr", "ar"]
    for category in root.iterfind(".//d:var[@name='status']/d:catgry", NS):
        assert [e.text for e in category.iterfind("d:labl", NS)][1:] == ["f", "ع"]
    sexes = root.find(".//d:var[@name='sex']", NS)
    assert [e.text for e in sexes.findall("d:catgry/d:labl", NS)] == [
        "Male",
        "Masculin",
        "ذكر",
        "Female",
        "Féminin",
        "أنثى",
    ]


def test_the_study_is_described_in_both_languages(root):
    assert root.findtext("d:stdyDscr/d:citation/d:titlStmt/d:titl", namespaces=NS) == "Foreign workers <public use>"
    languages = [element.get(XML_LANG) for element in root.iterfind(".//d:abstract", NS)]
    assert languages == ["en", "fr"]
    assert [element.text for element in root.iterfind(".//d:timePrd", NS)] == ["2024-01-01", "2024-12-31"]
    assert root.find(".//d:nation", NS).get("abbr") == "MAR"


def test_every_file_and_variable_is_there(root):
    assert [element.text for element in root.iterfind(".//d:fileName", NS)] == ["workers-puf.csv", "workers-puf.sav"]
    assert {element.text for element in root.iterfind(".//d:caseQnty", NS)} == {"4"}
    names = [element.get("name") for element in root.iterfind(".//d:var", NS)]
    assert names == ["sex", "status", "age", "wage", "months", "entry", "remark", "weight"]
    assert root.find(".//d:var[@name='weight']", NS).get("wgt") == "wgt"


def test_codes_carry_meanings_and_frequencies(root):
    status = root.find(".//d:var[@name='status']", NS)
    found = {
        category.findtext("d:catValu", namespaces=NS): (
            category.findtext("d:labl", namespaces=NS),
            [stat.text for stat in category.iterfind("d:catStat", NS)],
            category.get("missing"),
        )
        for category in status.iterfind("d:catgry", NS)
    }
    assert found == {
        "1": ("Employee", ["2", "4.5"], "N"),
        "2": ("Self-employed", ["0", "0"], "N"),
        "9": ("Not stated", ["1", "2"], "Y"),
    }
    assert status.findtext("d:sumStat[@type='invd']", namespaces=NS) == "2"  # one empty, one not stated


def test_numbers_carry_range_and_moments(root):
    wage = root.find(".//d:var[@name='wage']", NS)
    assert dict(wage.find("d:valrng/d:range", NS).attrib) == {"UNITS": "REAL", "min": "10.0", "max": "3000.0"}
    assert float(wage.findtext("d:sumStat[@type='mean']", namespaces=NS)) == pytest.approx(
        (1500.5 + 3000 + 10) / 3, rel=1e-5
    )


def test_characters_that_xml_cannot_hold_do_not_break_it(table, description, created):
    strange = description.model_copy(update={"abstract": "a\x00b\x0bc"})
    data = codebook_xml(
        strange, summarize(typed_columns(table, strange)), {}, {}, rows=4, created=created, software="wasl"
    )
    assert etree.fromstring(data).findtext(".//d:abstract", namespaces=NS) == "a\ufffdb\ufffdc"
