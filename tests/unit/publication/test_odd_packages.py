"""Whole packages of odd tables: signed, read back, and valid for those who read the metadata.

The shapes of DCAT are the mandatory properties, classes and data types of DCAT-AP 3.0.1, of what is written.
"""

from __future__ import annotations

import datetime as dt
import io
import json
from pathlib import Path
from urllib.parse import unquote, urljoin

import jsonschema_rs
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
import pyreadstat
import pytest
from lxml import etree
from rdflib import DCAT, DCTERMS, FOAF, RDF, RDFS, XSD, Graph, Literal, Namespace, URIRef

from wasl.publication.description import DatasetDescription
from wasl.publication.package import build_package

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")  # rdflib's own JSON-LD reader

CODEBOOK = Path(__file__).parents[2] / "vectors" / "publication" / "ddi" / "codebook.xsd"
ODD_CODES = ["*", "-", ".", "سوس", "01", "1", "TIME_PERIOD", "OBS_VALUE", 'a"b', "a;b", "=1+1", "😀", "x" * 130]
NADA = Path(__file__).parents[2] / "vectors" / "publication" / "nada"
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
SCHEMA = Namespace("https://schema.org/")
BASE = "file:///package/"
MANY = 10**6
SHAPES = {
    DCAT.Dataset: {
        DCTERMS.title: (Literal, 1, MANY),
        DCTERMS.description: (Literal, 1, MANY),
        DCTERMS.identifier: (Literal, 0, MANY),
        DCTERMS.issued: (XSD.date, 0, 1),
        DCTERMS.publisher: (FOAF.Agent, 0, 1),
        DCAT.contactPoint: (VCARD.Kind, 0, MANY),
        DCTERMS.temporal: (DCTERMS.PeriodOfTime, 0, MANY),
        DCTERMS.spatial: (DCTERMS.Location, 0, MANY),
        DCTERMS.accessRights: (DCTERMS.RightsStatement, 0, 1),
        DCTERMS.provenance: (DCTERMS.ProvenanceStatement, 0, MANY),
        DCAT.keyword: (Literal, 0, MANY),
        URIRef(f"{DCAT}version"): (Literal, 0, 1),
        DCAT.distribution: (DCAT.Distribution, 0, MANY),
        DCTERMS.bibliographicCitation: (Literal, 0, MANY),
    },
    DCAT.Distribution: {
        DCTERMS.title: (Literal, 0, MANY),
        DCAT.accessURL: (RDFS.Resource, 1, MANY),
        DCAT.downloadURL: (RDFS.Resource, 0, MANY),
        DCAT.mediaType: (DCTERMS.MediaType, 0, 1),
        DCAT.byteSize: (XSD.nonNegativeInteger, 0, 1),
    },
    FOAF.Agent: {FOAF.name: (Literal, 1, MANY), FOAF.homepage: (None, 0, 1)},
    DCTERMS.PeriodOfTime: {DCAT.startDate: (XSD.date, 0, 1), DCAT.endDate: (XSD.date, 0, 1)},
    DCTERMS.RightsStatement: {RDFS.label: (Literal, 1, MANY)},
    DCTERMS.ProvenanceStatement: {RDFS.label: (Literal, 1, MANY)},
}


def nothing(table, _):
    return table.slice(0, 0), None


def one_row(table, _):
    return table.slice(0, 1), None


def one_category(table, _):
    return table.set_column(0, "sex", pa.array(["F"] * 4)), None


def all_missing(table, _):
    columns = {name: pa.array([None] * 4, table.schema.field(name).type) for name in table.column_names}
    return pa.table(columns), None


def odd_codes(table, description):
    document = description.model_dump(by_alias=True, mode="json")
    codes = [{"code": code, "label": f"label {code}", "label_ar": "تسمية " * 60} for code in ODD_CODES]
    for name in ("odd", "TIME_PERIOD", "OBS_VALUE"):
        document["variables"].append({"name": name, "label": 'One "two"\nthree', "kind": "code", "codes": codes})
    rows = len(ODD_CODES)
    columns = {name: pa.array((table[name].to_pylist() * 4)[:rows], table[name].type) for name in table.column_names}
    own = dict.fromkeys(("odd", "TIME_PERIOD", "OBS_VALUE"), pa.array(ODD_CODES))
    return pa.table({**columns, **own}), DatasetDescription.model_validate(document)


def long_texts(table, description):
    document = description.model_dump(by_alias=True, mode="json")
    document |= {"title": "Titre é " * 100 + ".", "title_ar": "عنوان " * 100 + ".", "abstract": "<&> ]]> " * 500 + "."}
    texts = pa.array(["é" * 20_000, "😀", "line\nbreak\r\n", None])
    return table.set_column(6, "remark", texts), DatasetDescription.model_validate(document)


def odd_producer(table, description):
    """A producer whose name is no XML as it stands: it heads each SDMX message."""
    document = description.model_dump(by_alias=True, mode="json")
    document["producer"] = {"name": 'A & B <"x">', "abbreviation": "A&B <\"'x>"}
    return table, DatasetDescription.model_validate(document)


@pytest.mark.parametrize("odd", [nothing, one_row, one_category, all_missing, odd_codes, long_texts, odd_producer])
def test_the_package_is_signed_and_every_reader_takes_it(odd, table, description, report, signer, tmp_path):
    changed, described = odd(table, description)
    described = described or description
    created = dt.datetime(2026, 3, 1, 9, 30, tzinfo=dt.UTC)
    files = build_package(changed, described, report, signer=signer, created=created).files
    names = changed.column_names
    codebook = etree.fromstring(files["metadata/ddi-codebook.xml"])
    schema = etree.XMLSchema(etree.parse(CODEBOOK))
    assert schema.validate(codebook), schema.error_log
    assert [element.get("name") for element in codebook.iter("{*}var")] == names
    for path, data in files.items():
        if path.endswith((".json", ".jsonld")):
            json.loads(data)
        elif path.endswith((".xml", ".rdf")):
            document = etree.fromstring(data)
            if "/sdmx/" in path:
                sender = document.findtext(".//{*}Sender/{*}Name")
                assert sender == (described.producer.abbreviation or described.producer.name)
        elif path.endswith((".sav", ".dta")):
            (tmp_path / "file").write_bytes(data)
            reader = pyreadstat.read_sav if path.endswith("sav") else pyreadstat.read_dta
            frame, meta = reader(tmp_path / "file")
            assert [list(frame.columns), len(frame)] == [names, changed.num_rows]
            assert meta.readstat_variable_types["entry"] != "string"
    csv = next(data for path, data in files.items() if path.startswith("data/") and path.endswith(".csv"))
    options = pacsv.ParseOptions(newlines_in_values=True)
    if changed.num_rows:
        assert pacsv.read_csv(io.BytesIO(csv), parse_options=options).num_rows == changed.num_rows
    assert list(pd.read_csv(io.BytesIO(csv)).columns) == names


def bare(table, description):
    update = dict.fromkeys(("title_fr", "abstract_fr", "method", "conditions_fr", "citation", "geography"), "")
    return table, description.model_copy(update=update | {"contact": None, "sources": (), "keywords": ()})


def quoted(table, description):
    document = description.model_dump(by_alias=True, mode="json")
    text = 'one "two" \\ three\n<b>\u200f\u0639\u0631\u0628\u064a</b> \U0001f30d'
    names = ("title", "title_fr", "title_ar", "abstract", "method", "conditions", "conditions_ar", "universe")
    document |= dict.fromkeys(names, text) | {
        "keywords": [text, "*"],
        "sources": [text, "a b"],
        "doi": "10.1234/a(b)<c>",
    }
    return table, DatasetDescription.model_validate(document)


@pytest.fixture(params=[nothing, one_row, one_category, all_missing, odd_codes, long_texts, odd_producer, bare, quoted])
def package(request, table, description, report, signer):
    changed, described = request.param(table, description)
    described = described or description
    created = dt.datetime(2026, 3, 1, 9, 30, tzinfo=dt.UTC)
    return described, changed, build_package(changed, described, report, signer=signer, created=created).files


def test_dcat_has_the_shapes_of_the_application_profile(package):
    description, _, files = package
    graph = Graph().parse(data=files["metadata/dcat.jsonld"], format="json-ld", base=BASE + "metadata/dcat.jsonld")
    for kind, properties in SHAPES.items():
        for thing in graph.subjects(RDF.type, kind):
            for name in set(graph.predicates(thing)) - {RDF.type}:
                assert name in properties, (kind, name)
            for name, (wanted, least, most) in properties.items():
                values = list(graph.objects(thing, name))
                assert least <= len(values) <= most, (kind, name)
                for value in values:
                    if wanted is Literal:
                        assert isinstance(value, Literal)
                        assert str(value).strip()
                    elif wanted is not None and isinstance(value, Literal):
                        assert value.datatype == wanted
                    elif wanted is not None:
                        assert (value, RDF.type, wanted) in graph, (name, value)
    (dataset,) = graph.subjects(RDF.type, DCAT.Dataset)
    titles = {title.language: str(title) for title in graph.objects(dataset, DCTERMS.title)}
    assert titles == description.texts("title")
    urls = {str(graph.value(one, DCAT.downloadURL)) for one in graph.objects(dataset, DCAT.distribution)}
    assert {unquote(url.removeprefix(BASE)) for url in urls} == {path for path in files if path.startswith("data/")}
    for one in graph.objects(dataset, DCAT.distribution):
        path = unquote(str(graph.value(one, DCAT.downloadURL)).removeprefix(BASE))
        assert graph.value(one, DCAT.byteSize).toPython() == len(files[path])


def test_texts_of_schema_org_are_texts_and_its_addresses_lead_to_the_files(package):
    description, table, files = package
    document = json.loads(files["metadata/dataset.jsonld"])
    # schema.org's context takes the values of these properties for addresses.
    addresses = ("contentUrl", "url", "isBasedOn", "usageInfo", "license", "sameAs")
    document["@context"] = {"@vocab": str(SCHEMA), **{name: {"@type": "@id"} for name in addresses}}
    graph = Graph().parse(data=json.dumps(document), format="json-ld", base=BASE + "metadata/dataset.jsonld")
    (dataset,) = graph.subjects(RDF.type, SCHEMA.Dataset)
    for path in graph.objects(None, SCHEMA.contentUrl):
        assert unquote(str(path).removeprefix(BASE)) in files
    assert all(not isinstance(one, URIRef) for one in graph.objects(dataset, SCHEMA.isBasedOn))
    assert {str(graph.value(one, SCHEMA.name)) for one in graph.objects(dataset, SCHEMA.isBasedOn)} == set(
        description.sources
    )
    said = {str(text) for text in graph.objects(dataset, SCHEMA.conditionsOfAccess)}
    assert said == set(description.texts("conditions").values())
    measured = {str(graph.value(one, SCHEMA.name)) for one in graph.objects(dataset, SCHEMA.variableMeasured)}
    assert measured == set(table.column_names)
    for entry in document["distribution"]:
        path = unquote(urljoin(BASE + "metadata/dataset.jsonld", entry["contentUrl"]).removeprefix(BASE))
        assert entry["contentSize"] == f"{len(files[path])} B"


def test_the_survey_has_the_shape_of_the_metadata_editor_and_the_values_of_the_table(package):
    def retrieve(uri):
        return json.loads((NADA / uri.rpartition("/")[2]).read_text(encoding="utf-8"))

    description, table, files = package
    survey = json.loads(files["metadata/nada-survey.json"])
    validator = jsonschema_rs.validator_for(retrieve("microdata-schema.json"), retriever=retrieve)
    assert list(validator.iter_errors(survey)) == []
    assert [one["name"] for one in survey["variables"]] == table.column_names
    assert survey["study_desc"]["title_statement"]["title"] == description.title
    for one in survey["variables"]:
        counted = {stat["type"]: stat["value"] for stat in one["var_sumstat"]}
        assert counted["vald"] + counted["invd"] == table.num_rows
        shown = {str(value) for value in table[one["name"]].to_pylist() if value is not None}
        frequencies = {c["value"]: c["stats"][0]["value"] for c in one.get("var_catgry", ())}
        if frequencies:
            assert shown <= frequencies.keys()
            values = [str(value) for value in table[one["name"]].to_pylist()]
            assert all(values.count(code) == count for code, count in frequencies.items())
