"""A release for NADA and the World Bank's Metadata Editor: the survey as JSON, its files as RDF resources.

Source: World Bank, metadata-schemas, ``microdata-schema.json`` and ``resource-schema.json`` (MIT licence); IHSN
external resources in RDF (Dublin Core).
"""

from __future__ import annotations

import datetime as dt
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from typing import Any

from wasl.publication.citation import citation_text
from wasl.publication.description import DatasetDescription, VariableKind
from wasl.publication.summary import VariableSummary
from wasl.registers.exchange.plain_json import json_bytes
from wasl.registers.exchange.plain_text import xml_text

__all__ = ["resources_rdf", "survey_json"]

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
DC = "http://purl.org/dc/elements/1.1/"
DCTERMS = "http://purl.org/dc/terms/"

KINDS = (
    ("data/", "Microdata File [dat/micro]"),
    ("report/", "Document, Report [doc/rep]"),
    ("metadata/", "Document, Technical [doc/tec]"),
)
"""IHSN's resource type of a file, by the folder it lies in."""


def survey_json(
    description: DatasetDescription,
    summaries: Sequence[VariableSummary],
    data_files: Mapping[str, str],
    *,
    rows: int,
    created: dt.datetime,
    software: str,
) -> bytes:
    """The survey document that ``import`` of NADA and of the Metadata Editor take; texts in English.

    Args:
        description: What the dataset is.
        summaries: One per variable, in order.
        data_files: File name and format of each data file, in order.
        rows: Rows of every data file.
        created: When the release is made, UTC.
        software: Name and version of the program that makes it.
    """
    date = created.date().isoformat()
    first = next(iter(data_files), "")
    producer = _without_empty({"name": description.producer.name, "abbr": description.producer.abbreviation})
    document = {
        "repositoryid": "central",
        "access_policy": "data_na",
        "published": 0,
        "overwrite": "no",
        "doc_desc": {
            "title": f"Codebook: {description.title}",
            "idno": f"ddi-{description.dataset_id}-{description.version}",
            "producers": [producer],
            "prod_date": date,
            "version_statement": {"version": description.version, "version_date": date, "version_notes": software},
        },
        "study_desc": _study(description, producer, date),
        "data_files": [
            {"file_id": "F1", "file_name": first, "file_type": "microdata", "case_count": rows,
             "var_count": len(summaries), "description": description.unit}
        ],
        "variables": [_variable(summary, f"V{number}") for number, summary in enumerate(summaries, start=1)],
    }  # fmt: skip
    return json_bytes(document)


def _study(description: DatasetDescription, producer: Mapping[str, str], date: str) -> dict[str, Any]:
    contact = description.contact or description.producer
    title = {"idno": description.dataset_id, "title": description.title}
    if description.title_fr:
        title["translated_title"] = description.title_fr
    return {
        "title_statement": title,
        "authoring_entity": [{"name": description.producer.name}],
        "production_statement": {"producers": [producer], "prod_date": date},
        "distribution_statement": {
            "distributors": [_without_empty({**producer, "uri": description.producer.uri})],
            "contact": [_without_empty({"name": contact.name, "email": contact.email, "uri": contact.uri})],
            "distribution_date": date,
        },
        "version_statement": {"version": description.version, "version_date": date},
        "bib_citation": citation_text(description, date[:4]),
        "study_info": _without_empty(
            {
                "keywords": [{"keyword": keyword} for keyword in description.keywords],
                "abstract": description.abstract,
                "time_periods": [
                    {"start": description.period.start.isoformat(), "end": description.period.end.isoformat()}
                ],
                "nation": [{"name": description.country_name, "abbreviation": description.country}],
                "geog_coverage": description.country_name,
                "geog_unit": description.geography,
                "analysis_unit": description.unit,
                "universe": description.universe,
            }
        ),
        "method": _without_empty(
            {
                "data_collection": {"sources": [{"name": source} for source in description.sources]},
                "data_processing": [{"description": description.method}] if description.method else [],
            }
        ),
        "data_access": {
            "dataset_use": _without_empty(
                {
                    "contact": [_without_empty({"name": contact.name, "email": contact.email, "uri": contact.uri})],
                    "cit_req": citation_text(description, date[:4]),
                    "conditions": description.conditions,
                }
            )
        },
    }


def _variable(summary: VariableSummary, identifier: str) -> dict[str, Any]:
    variable = summary.column.variable
    number = variable.kind in (VariableKind.INTEGER, VariableKind.DECIMAL)
    statistics: list[dict[str, Any]] = [
        {"type": "vald", "value": summary.valid - summary.declared_missing},
        {"type": "invd", "value": summary.missing + summary.declared_missing},
    ]
    measured: dict[str, str | None] = {
        "min": summary.minimum,
        "max": summary.maximum,
        "mean": None if summary.mean is None else f"{summary.mean:.6g}",
        "stdev": None if summary.deviation is None else f"{summary.deviation:.6g}",
    }
    statistics += [{"type": kind, "value": value} for kind, value in measured.items() if value is not None]
    categories = []
    for count in summary.codes:
        counted: list[dict[str, Any]] = [{"type": "freq", "value": count.rows}]
        if count.weighted is not None:
            counted.append({"type": "freq", "value": f"{count.weighted:.6g}", "wgtd": "wgtd"})
        categories.append({"value": count.code.code, "label": count.code.label, "stats": counted})
    return _without_empty(
        {
            "file_id": "F1",
            "vid": identifier,
            "name": variable.name,
            "labl": variable.label,
            "var_intrvl": "contin" if number else "discrete",
            "var_wgt": 1 if variable.weight else None,
            "var_universe": variable.universe,
            "var_sumstat": statistics,
            "var_txt": variable.note,
            "var_catgry": categories,
            "var_concept": [{"title": variable.concept}] if variable.concept else [],
            "var_format": {"type": "numeric" if number or summary.column.integer_codes else "character"},
        }
    )


def _without_empty(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item for name, item in value.items() if item not in ("", None, [], {})}


def resources_rdf(
    description: DatasetDescription, titles: Mapping[str, tuple[str, str]], *, created: dt.datetime
) -> bytes:
    """The files of a release as external resources in RDF/XML.

    Args:
        description: What the dataset is.
        titles: Path, then title and media type of each file.
        created: When the release is made, UTC.
    """
    ET.register_namespace("rdf", RDF)
    ET.register_namespace("dc", DC)
    ET.register_namespace("dcterms", DCTERMS)
    root = ET.Element(f"{{{RDF}}}RDF")
    for path, (title, media) in titles.items():
        element = ET.SubElement(root, f"{{{RDF}}}Description", {f"{{{RDF}}}about": path})
        kind = next((kind for folder, kind in KINDS if path.startswith(folder)), "Document, Other [doc/oth]")
        for namespace, name, text in (
            (DC, "type", kind),
            (DC, "title", title),
            (DC, "creator", description.producer.name),
            (DC, "publisher", description.producer.name),
            (DCTERMS, "created", created.date().isoformat()),
            (DC, "format", media),
            (DCTERMS, "isPartOf", description.dataset_id),
        ):
            ET.SubElement(element, f"{{{namespace}}}{name}").text = xml_text(text)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"
