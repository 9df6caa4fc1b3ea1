"""The codebook of a release as DDI Codebook 2.5 XML: study, files, variables, codes and their frequencies.

Texts stand in each language the description has (en, fr, ar), as parallel elements with ``xml:lang``. The schema allows
one title; the titles in other languages are parallel titles.

Source: DDI Alliance, DDI-Codebook 2.5, XML Schema of 2012-01-17; the order of elements is the schema's.
"""

from __future__ import annotations

import datetime as dt
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement

from wasl.publication.description import Code, DatasetDescription, Language, Variable, VariableKind
from wasl.publication.summary import VariableSummary
from wasl.registers.exchange.plain_text import xml_text

__all__ = ["DDI_NAMESPACE", "codebook_xml"]

DDI_NAMESPACE = "ddi:codebook:2_5"
SCHEMA_LOCATION = f"{DDI_NAMESPACE} http://www.ddialliance.org/Specification/DDI-Codebook/2.5/XMLSchema/codebook.xsd"

REPRESENTATIONS = {
    VariableKind.CODE: "code",
    VariableKind.INTEGER: "numeric",
    VariableKind.DECIMAL: "numeric",
    VariableKind.DATE: "datetime",
    VariableKind.TEXT: "text",
}


def codebook_xml(
    description: DatasetDescription,
    summaries: Sequence[VariableSummary],
    data_files: Mapping[str, str],
    materials: Mapping[str, str],
    *,
    rows: int,
    created: dt.datetime,
    software: str,
) -> bytes:
    """The codebook.

    Args:
        description: What the dataset is.
        summaries: One per variable, in order.
        data_files: File name and format of each data file, in order.
        materials: Path and title of each further file.
        rows: Rows of every data file.
        created: When the release is made, UTC.
        software: Name and version of the program that makes it.
    """
    root = Element(
        "codeBook",
        {
            "xmlns": DDI_NAMESPACE,
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
            "xsi:schemaLocation": SCHEMA_LOCATION,
            "version": "2.5",
            "xml:lang": "en",
        },
    )
    date = created.date().isoformat()
    _document(SubElement(root, "docDscr"), description, date, software)
    _study(SubElement(root, "stdyDscr"), description, date)
    for number, (name, form) in enumerate(data_files.items(), start=1):
        file = SubElement(SubElement(root, "fileDscr", {"ID": f"F{number}"}), "fileTxt")
        _add(file, "fileName", name)
        SubElement(file, "fileStrc", {"type": "rectangular"})
        dimensions = SubElement(file, "dimensns")
        _add(dimensions, "caseQnty", str(rows))
        _add(dimensions, "varQnty", str(len(summaries)))
        _add(file, "fileType", form)
    data = SubElement(root, "dataDscr")
    files = " ".join(f"F{number}" for number in range(1, len(data_files) + 1))
    for number, summary in enumerate(summaries, start=1):
        _variable(data, summary, f"V{number}", files)
    for path, title in materials.items():
        _add(SubElement(root, "otherMat", {"level": "study", "URI": path}), "labl", title)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _document(parent: Element, description: DatasetDescription, date: str, software: str) -> None:
    citation = SubElement(parent, "citation")
    titles = SubElement(citation, "titlStmt")
    _add(titles, "titl", f"Codebook: {description.title}")
    _add(titles, "IDNo", f"ddi-{description.dataset_id}-{description.version}")
    production = SubElement(citation, "prodStmt")
    _add(production, "producer", description.producer.name, abbr=description.producer.abbreviation)
    _add(production, "prodDate", date, date=date)
    _add(production, "software", software)


def _study(parent: Element, description: DatasetDescription, date: str) -> None:
    citation = SubElement(parent, "citation")
    titles = SubElement(citation, "titlStmt")
    _add(titles, "titl", description.title, lang="en")
    for language, title in description.texts("title").items():
        if language != "en":
            _add(titles, "parTitl", title, lang=language)
    _add(titles, "IDNo", description.dataset_id, agency=description.producer.abbreviation)
    _add(SubElement(citation, "rspStmt"), "AuthEnty", description.producer.name)
    production = SubElement(citation, "prodStmt")
    _add(production, "producer", description.producer.name, abbr=description.producer.abbreviation)
    _add(production, "prodDate", date, date=date)
    distribution = SubElement(citation, "distStmt")
    contact = description.contact or description.producer
    _add(distribution, "distrbtr", description.producer.name, URI=description.producer.uri)
    _add(distribution, "contact", contact.name, email=contact.email, URI=contact.uri)
    _add(distribution, "distDate", date, date=date)
    _add(SubElement(citation, "verStmt"), "version", description.version, date=date)
    _add(citation, "biblCit", description.citation)
    _study_information(SubElement(parent, "stdyInfo"), description)
    method = SubElement(parent, "method")
    if description.sources:
        sources = SubElement(SubElement(method, "dataColl"), "sources")
        for source in description.sources:
            _add(sources, "dataSrc", source)
    _parallel(method, "dataProcessing", description.texts("method"))
    access = SubElement(parent, "dataAccs")
    for language, conditions in description.texts("conditions").items():
        statement = SubElement(access, "useStmt", {"xml:lang": language})
        _add(statement, "citReq", description.citation)
        _add(statement, "conditions", conditions)


def _study_information(parent: Element, description: DatasetDescription) -> None:
    if description.keywords:
        subject = SubElement(parent, "subject")
        for keyword in description.keywords:
            _add(subject, "keyword", keyword)
    _parallel(parent, "abstract", description.texts("abstract"))
    scope = SubElement(parent, "sumDscr")
    for event, day in (("start", description.period.start), ("end", description.period.end)):
        _add(scope, "timePrd", day.isoformat(), event=event, date=day.isoformat())
    _add(scope, "nation", description.country_name, abbr=description.country)
    _add(scope, "geogCover", description.country_name)
    _parallel(scope, "geogUnit", description.texts("geography"))
    _add(scope, "anlyUnit", description.unit)
    _parallel(scope, "universe", description.texts("universe"))


def _variable(parent: Element, summary: VariableSummary, identifier: str, files: str) -> None:
    variable = summary.column.variable
    number = variable.kind in (VariableKind.INTEGER, VariableKind.DECIMAL)
    attributes = {
        "ID": identifier,
        "name": variable.name,
        "files": files,
        "intrvl": "contin" if number else "discrete",
        "representationType": REPRESENTATIONS[variable.kind],
    }
    if variable.weight:
        attributes["wgt"] = "wgt"
    if variable.unit:
        attributes["measUnit"] = xml_text(variable.unit)
    element = SubElement(parent, "var", attributes)
    _parallel(element, "labl", _labels(variable), level="variable")
    if number and summary.minimum is not None and summary.maximum is not None:
        units = "INT" if variable.kind is VariableKind.INTEGER else "REAL"
        span = {"UNITS": units, "min": summary.minimum, "max": summary.maximum}
        SubElement(SubElement(element, "valrng"), "range", span)
    _add(element, "universe", variable.universe)
    _add(element, "sumStat", str(summary.valid - summary.declared_missing), type="vald")
    _add(element, "sumStat", str(summary.missing + summary.declared_missing), type="invd")
    for kind, value in (("min", summary.minimum), ("max", summary.maximum)):
        _add(element, "sumStat", value or "", type=kind)
    for kind, measure in (("mean", summary.mean), ("stdev", summary.deviation)):
        _add(element, "sumStat", "" if measure is None else f"{measure:.6g}", type=kind)
    _add(element, "txt", variable.note)
    for count in summary.codes:
        category = SubElement(element, "catgry", {"missing": "Y" if count.code.missing else "N"})
        _add(category, "catValu", count.code.code)
        _parallel(category, "labl", _labels(count.code), level="category")
        _add(category, "catStat", str(count.rows), type="freq")
        if count.weighted is not None:
            _add(category, "catStat", f"{count.weighted:.6g}", type="freq", wgtd="wgtd")
    _add(element, "concept", variable.concept)
    stored = "numeric" if number or summary.column.integer_codes else "character"
    meant = "date" if variable.kind is VariableKind.DATE else "other"
    SubElement(element, "varFormat", {"type": stored, "category": meant})


def _labels(labelled: Variable | Code) -> dict[Language, str]:
    labels: dict[Language, str] = {"en": labelled.label, "fr": labelled.label_fr, "ar": labelled.label_ar}
    return {language: label for language, label in labels.items() if label}


def _parallel(parent: Element, tag: str, texts: Mapping[Language, str], **attributes: str) -> None:
    """Add one element for each language."""
    for language, text in texts.items():
        _add(parent, tag, text, lang=language, **attributes)


def _add(parent: Element, tag: str, text: str, *, lang: str = "", **attributes: str) -> None:
    """Add an element with a text; nothing when there is no text. Empty attributes are left out."""
    if not text:
        return
    given = {name: xml_text(value) for name, value in attributes.items() if value}
    if lang:
        given["xml:lang"] = lang
    SubElement(parent, tag, given).text = xml_text(text)
