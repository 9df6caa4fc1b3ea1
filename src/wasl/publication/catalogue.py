"""A release for data catalogues: schema.org Dataset and DCAT, both as JSON-LD.

Addresses of files are relative to the folder ``metadata/``, in which both documents lie.

Source: schema.org, type Dataset; W3C, Data Catalog Vocabulary (DCAT) version 3; DCAT Application Profile for data
portals in Europe (DCAT-AP) 3.0.1 for mandatory properties, classes and data types.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from wasl.publication.citation import citation_text
from wasl.publication.description import DatasetDescription, Variable
from wasl.registers.exchange.plain_json import json_bytes

__all__ = ["CatalogueFile", "dcat_json", "schema_org_json"]

CatalogueFile = tuple[str, str, int]
"""Title, media type and size in bytes of a file."""
ROOT = "../"
"""From the documents to the folder that the paths of files begin at."""


def schema_org_json(
    description: DatasetDescription,
    variables: Sequence[Variable],
    files: Mapping[str, CatalogueFile],
    *,
    created: dt.datetime,
) -> bytes:
    """The dataset in the vocabulary of schema.org, for a catalogue page and search engines.

    Args:
        description: What the dataset is.
        variables: The columns of the published files.
        files: Path, then title, media type and size of each data file.
        created: When the release is made, UTC.
    """
    document = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "identifier": _identifier(description),
        "name": _schema_texts(description, "title"),
        "description": _schema_texts(description, "abstract"),
        "version": description.version,
        "datePublished": created.date().isoformat(),
        "temporalCoverage": f"{description.period.start.isoformat()}/{description.period.end.isoformat()}",
        "spatialCoverage": {"@type": "Place", "name": description.country_name, "identifier": description.country},
        "creator": _organization(description),
        "publisher": _organization(description),
        "keywords": list(description.keywords),
        "conditionsOfAccess": _schema_texts(description, "conditions"),
        "creditText": citation_text(description, f"{created:%Y}"),
        "isBasedOn": [{"@type": "CreativeWork", "name": source} for source in description.sources],
        "measurementTechnique": description.method,
        "variableMeasured": [
            {"@type": "PropertyValue", "name": variable.name, "description": variable.label, "unitText": variable.unit}
            for variable in variables
        ],
        "distribution": [
            {
                "@type": "DataDownload",
                "name": title,
                "contentUrl": ROOT + quote(path),
                "encodingFormat": media,
                "contentSize": f"{size} B",
            }
            for path, (title, media, size) in files.items()
        ],
    }
    return json_bytes(_without_empty(document))


def dcat_json(description: DatasetDescription, files: Mapping[str, CatalogueFile], *, created: dt.datetime) -> bytes:
    """The dataset in DCAT, texts in all languages; ``files`` as for `schema_org_json`."""
    day = {"@type": "xsd:date"}
    agent = {"@type": "foaf:Agent", "foaf:name": description.producer.name}
    if description.producer.uri:
        agent["foaf:homepage"] = {"@id": description.producer.uri}  # type: ignore[assignment]
    contact = description.contact or description.producer
    document = {
        "@context": {
            "dcat": "http://www.w3.org/ns/dcat#",
            "dct": "http://purl.org/dc/terms/",
            "foaf": "http://xmlns.com/foaf/0.1/",
            "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
            "vcard": "http://www.w3.org/2006/vcard/ns#",
            "xsd": "http://www.w3.org/2001/XMLSchema#",
        },
        "@id": f"urn:x-wasl:dataset:{description.dataset_id}",
        "@type": "dcat:Dataset",
        "dct:identifier": _identifier(description),
        "dct:title": _tagged(description, "title"),
        "dct:description": _tagged(description, "abstract"),
        "dcat:version": description.version,
        "dct:issued": {**day, "@value": created.date().isoformat()},
        "dct:publisher": agent,
        "dcat:contactPoint": _without_empty(
            {
                "@type": ["vcard:Kind", "vcard:Organization"],
                "vcard:fn": contact.name,
                "vcard:hasEmail": {"@id": f"mailto:{contact.email}"} if contact.email else None,
            }
        ),
        "dct:temporal": {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": {**day, "@value": description.period.start.isoformat()},
            "dcat:endDate": {**day, "@value": description.period.end.isoformat()},
        },
        "dct:spatial": {
            "@type": "dct:Location",
            "@id": f"http://publications.europa.eu/resource/authority/country/{description.country}",
        },
        "dcat:keyword": list(description.keywords),
        "dct:accessRights": _statement("dct:RightsStatement", description, "conditions"),
        "dct:provenance": _statement("dct:ProvenanceStatement", description, "method"),
        "dct:bibliographicCitation": citation_text(description, f"{created:%Y}"),
        "dcat:distribution": [
            {
                "@type": "dcat:Distribution",
                "@id": f"urn:x-wasl:dataset:{description.dataset_id}:{quote(path)}",
                "dct:title": title,
                "dcat:accessURL": {"@type": "rdfs:Resource", "@id": ROOT + quote(path)},
                "dcat:downloadURL": {"@type": "rdfs:Resource", "@id": ROOT + quote(path)},
                "dcat:mediaType": {
                    "@type": "dct:MediaType",
                    "@id": f"https://www.iana.org/assignments/media-types/{media.split(';')[0]}",
                },
                "dcat:byteSize": {"@type": "xsd:nonNegativeInteger", "@value": str(size)},
            }
            for path, (title, media, size) in files.items()
        ],
    }
    return json_bytes(_without_empty(document))


def _identifier(description: DatasetDescription) -> str:
    return f"https://doi.org/{description.doi}" if description.doi else description.dataset_id


def _organization(description: DatasetDescription) -> dict[str, str]:
    producer = description.producer
    return _without_empty(
        {
            "@type": "Organization",
            "name": producer.name,
            "alternateName": producer.abbreviation,
            "url": producer.uri,
            "email": producer.email,
        }
    )


def _tagged(description: DatasetDescription, name: str) -> list[dict[str, str]]:
    return [{"@language": language, "@value": text} for language, text in description.texts(name).items()]


def _statement(kind: str, description: DatasetDescription, name: str) -> dict[str, Any]:
    """A text that DCAT takes as a thing of its own, with a label in each language; nothing where there is none."""
    texts = _tagged(description, name)
    return {"@type": kind, "rdfs:label": texts} if texts else {}


def _schema_texts(description: DatasetDescription, name: str) -> Any:
    """One text plain, several each with their language, nothing where there is none."""
    tagged = _tagged(description, name)
    return tagged[0]["@value"] if len(tagged) == 1 else tagged


def _without_empty(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item for name, item in value.items() if item not in ("", None, [], {})}
