"""What catalogues read of a release: NADA against the World Bank's schemas, RDF and JSON-LD by rdflib, citations."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import jsonschema_rs
import pytest
from rdflib import DCAT, DCTERMS, RDF, Graph, Literal, Namespace, URIRef

from wasl.publication.catalogue import dcat_json, schema_org_json
from wasl.publication.citation import citation_files, citation_text
from wasl.publication.columns import typed_columns
from wasl.publication.nada import resources_rdf, survey_json
from wasl.publication.package import build_package
from wasl.publication.summary import summarize

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")  # rdflib's own JSON-LD reader

SCHEMAS = Path(__file__).parents[2] / "vectors" / "publication" / "nada"
FILES = {"data/x.csv": ("Data as text", "text/csv; charset=utf-8", 12)}
SCHEMA_ORG = Namespace("https://schema.org/")
DC = Namespace("http://purl.org/dc/elements/1.1/")
CREATED = dt.datetime(2026, 3, 1, 9, 30, tzinfo=dt.UTC)


@pytest.fixture
def validator():
    def retrieve(uri):
        return json.loads((SCHEMAS / uri.rpartition("/")[2]).read_text(encoding="utf-8"))

    return jsonschema_rs.validator_for(retrieve("microdata-schema.json"), retriever=retrieve)


@pytest.fixture
def summaries(table, description):
    return summarize(typed_columns(table, description))


@pytest.fixture
def survey(description, summaries, created):
    files = {"x.csv": "text/csv", "x.sav": "application/x-spss-sav"}
    return json.loads(survey_json(description, summaries, files, rows=4, created=created, software="wasl"))


def test_the_survey_is_valid_against_the_schemas_of_the_metadata_editor(survey, validator):
    assert list(validator.iter_errors(survey)) == []
    for required in ("title_statement", "study_info"):
        wrong = json.loads(json.dumps(survey))
        del wrong["study_desc"][required]
        assert list(validator.iter_errors(wrong)), required
    wrong = json.loads(json.dumps(survey))
    del wrong["variables"][0]["labl"]
    assert list(validator.iter_errors(wrong))


def test_the_survey_describes_every_variable_and_counts_as_the_codebook_does(survey, table):
    assert [variable["name"] for variable in survey["variables"]] == table.column_names
    status = survey["variables"][1]
    frequencies = {one["value"]: [stat["value"] for stat in one["stats"]] for one in status["var_catgry"]}
    assert frequencies == {"1": [2, "4.5"], "2": [0, "0"], "9": [1, "2"]}
    assert survey["variables"][-1]["var_wgt"] == 1
    assert survey["study_desc"]["title_statement"]["translated_title"] == "Travailleurs étrangers"


def test_the_survey_of_a_bare_description_is_valid(description, summaries, created, validator):
    bare = description.model_copy(
        update=dict.fromkeys(("abstract_fr", "title_fr", "method", "citation", "geography"), "")
        | {"contact": None, "sources": (), "keywords": ()}
    )
    survey = json.loads(survey_json(bare, summaries, {"x.csv": "text/csv"}, rows=4, created=created, software="wasl"))
    assert list(validator.iter_errors(survey)) == []


def test_the_resources_are_rdf(description, created):
    titles = {"data/x.csv": ("Data <1> & 2", "text/csv"), "report/r.html": ("Report", "text/html")}
    graph = Graph().parse(data=resources_rdf(description, titles, created=created), format="xml", publicID="file:///r/")
    found = {str(subject).rpartition("/r/")[2]: str(title) for subject, title in graph.subject_objects(DC.title)}
    assert found == {"data/x.csv": "Data <1> & 2", "report/r.html": "Report"}
    kinds = {str(kind) for kind in graph.objects(None, DC.type)}
    assert kinds == {"Microdata File [dat/micro]", "Document, Report [doc/rep]"}


def test_schema_org_is_json_ld(description, created):
    document = json.loads(schema_org_json(description, description.variables, FILES, created=created))
    assert document["@context"] == "https://schema.org/"
    document["@context"] = {"@vocab": "https://schema.org/"}  # the same terms without the network
    graph = Graph().parse(data=json.dumps(document), format="json-ld")
    (dataset,) = graph.subjects(RDF.type, SCHEMA_ORG.Dataset)
    assert set(graph.objects(dataset, SCHEMA_ORG.name)) == {
        Literal("Foreign workers <public use>", lang="en"),
        Literal("Travailleurs étrangers", lang="fr"),
    }
    assert len(list(graph.objects(dataset, SCHEMA_ORG.variableMeasured))) == len(description.variables)
    (download,) = graph.objects(dataset, SCHEMA_ORG.distribution)
    assert str(graph.value(download, SCHEMA_ORG.contentUrl)) == "../data/x.csv"


def test_dcat_is_json_ld_in_every_language_of_the_description(description, created):
    arabic = description.model_copy(update={"title_ar": "العمال الأجانب"})
    graph = Graph().parse(data=dcat_json(arabic, FILES, created=created), format="json-ld")
    (dataset,) = graph.subjects(RDF.type, DCAT.Dataset)
    assert {title.language for title in graph.objects(dataset, DCTERMS.title)} == {"en", "fr", "ar"}
    (distribution,) = graph.objects(dataset, DCAT.distribution)
    assert graph.value(distribution, DCAT.byteSize).toPython() == 12
    media = URIRef("https://www.iana.org/assignments/media-types/text/csv")
    assert graph.value(distribution, DCAT.mediaType) == media
    period = graph.value(dataset, DCTERMS.temporal)
    assert str(graph.value(period, DCAT.startDate)) == "2024-01-01"


def test_a_citation_without_and_with_a_doi(description):
    bare = description.model_copy(update={"citation": ""})
    assert citation_text(bare, "2026") == (
        "Haut-Commissariat au Plan (2026): Foreign workers <public use>. Version 2024.1. "
        "Haut-Commissariat au Plan [dataset]."
    )
    found = bare.model_copy(update={"doi": "10.1234/abc_d"})
    files = citation_files(found, created=CREATED)
    assert files["citation.txt"].decode().rstrip().endswith("https://doi.org/10.1234/abc_d")
    assert "doi = {10.1234/abc_d}" in files["citation.bib"].decode()
    assert "DO  - 10.1234/abc_d\r\n" in files["citation.ris"].decode()


@pytest.mark.parametrize("title", ["a {b} & 100 % #1 $x^2_y~ \\z", "two\nlines", "العمال الأجانب"])
def test_citations_of_any_title_can_be_parsed(description, title):
    files = citation_files(description.model_copy(update={"title": title}), created=CREATED)
    bib = files["citation.bib"].decode()
    bare = re.sub(r"\\[{}]", "", bib)
    assert bare.count("{") == bare.count("}")
    assert re.fullmatch(r"@misc\{[\w.-]+,\n(  \w+ = \{.*\},\n)+\}\n", bib)
    lines = files["citation.ris"].decode().split("\r\n")
    assert lines[0] == "TY  - DATA"
    assert lines[-2] == "ER  - "
    assert all(re.match(r"[A-Z][A-Z0-9]  - ", line) for line in lines[:-1])


def test_the_files_of_a_package_are_those_its_catalogue_entries_name(
    table, description, report, signer, created, validator
):
    files = build_package(table, description, report, signer=signer, created=created).files
    graph = Graph().parse(data=files["metadata/nada-resources.rdf"], format="xml", publicID="file:///r/")
    named = {str(subject).rpartition("/r/")[2] for subject in graph.subjects(DC.title, None)}
    described = {path for path in files if path.startswith(("data/", "report/"))}
    assert described <= named <= set(files)
    for entry in json.loads(files["metadata/dataset.jsonld"])["distribution"]:
        path = entry["contentUrl"].removeprefix("../")  # from metadata/, where the document lies
        assert entry["contentSize"] == f"{len(files[path])} B"
    assert list(validator.iter_errors(json.loads(files["metadata/nada-survey.json"]))) == []
