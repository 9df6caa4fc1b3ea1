"""The structures of a release as SDMX-ML 2.1: code lists, concepts, and the structure of tables counted from it.

Microdata are not exchanged in SDMX, tables are: every coded variable becomes a dimension, time the time dimension,
the number of rows (or the sum of weights) the observation. A partner's tables and ours then meet on the same codes.

Source: SDMX 2.1 Technical Specification, section 3A (SDMX-ML: structure message); content-oriented guidelines for
the ids ``_T`` (total), ``_U`` (unknown), OBS_VALUE and TIME_PERIOD.
"""

from __future__ import annotations

import datetime as dt
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement

from wasl.publication.description import Code, DatasetDescription, VariableKind
from wasl.publication.summary import VariableSummary
from wasl.publication.table_formats.identifiers import code_ids, component_ids

__all__ = ["structure_xml"]

BASE = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1"
NOT_ID = re.compile(r"[^A-Za-z0-9_@$\-]+")
VERSION = re.compile(r"[0-9]+(\.[0-9]+)*")
EXTRA_CODES = (Code(code="_T", label="Total", label_fr="Total"), Code(code="_U", label="Not known", label_fr="Inconnu"))
TEXT_TYPES = {
    VariableKind.INTEGER: "Integer",
    VariableKind.DECIMAL: "Double",
    VariableKind.DATE: "GregorianDay",
    VariableKind.TEXT: "String",
}


def structure_xml(
    description: DatasetDescription, summaries: Sequence[VariableSummary], *, created: dt.datetime
) -> bytes:
    """The structure message.

    Args:
        description: What the dataset is.
        summaries: One per variable, in order; their columns carry the codes.
        created: When the release is made, UTC.
    """
    maker = _Maker(description, summaries)
    root = Element("mes:Structure", {f"xmlns:{prefix}": f"{BASE}/{name}" for prefix, name in NAMESPACES.items()})
    header = SubElement(root, "mes:Header")
    SubElement(header, "mes:ID").text = f"{maker.stem}_{created:%Y%m%d%H%M%S}"
    SubElement(header, "mes:Test").text = "false"
    SubElement(header, "mes:Prepared").text = created.isoformat(timespec="seconds")
    SubElement(header, "mes:Sender", {"id": maker.agency})
    structures = SubElement(root, "mes:Structures")
    coded = [summary for summary in summaries if summary.codes]
    flow = maker.maintainable(SubElement(structures, "str:Dataflows"), "Dataflow", f"DF_{maker.stem}", maker.names)
    maker.reference(SubElement(flow, "str:Structure"), f"DSD_{maker.stem}", "DataStructure")
    lists = SubElement(structures, "str:Codelists")
    for summary in coded:
        _codelist(maker, lists, summary)
    schemes = SubElement(structures, "str:Concepts")
    scheme = maker.maintainable(schemes, "ConceptScheme", maker.scheme, maker.names)
    for summary in summaries:
        _concept(maker, scheme, summary)
    for identifier, names in (("TIME_PERIOD", ("Time period", "Période")), ("OBS_VALUE", ("Count", "Effectif"))):
        _name(SubElement(scheme, "str:Concept", {"id": identifier}), names)
    _data_structure(maker, SubElement(structures, "str:DataStructures"), coded)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


NAMESPACES = {"mes": "message", "str": "structure", "com": "common"}


class _Maker:
    """What every artefact of one message shares: agency, version, ids.

    A concept that two variables claim is given to neither: both bear their own names.
    """

    def __init__(self, description: DatasetDescription, summaries: Sequence[VariableSummary]) -> None:
        variables = [summary.column.variable for summary in summaries]
        wanted = [variable.sdmx or variable.name for variable in variables]
        keys = [v.name if wanted.count(key) > 1 else key for v, key in zip(variables, wanted, strict=True)]
        ids = component_ids(keys)
        self.concepts = {variable.name: ids[key] for variable, key in zip(variables, keys, strict=True)}
        producer = description.producer
        self.agency = _nested_id(producer.abbreviation or producer.name)
        self.version = description.version if VERSION.fullmatch(description.version) else "1.0"
        self.stem = _identifier(description.dataset_id).upper()
        self.scheme = f"CS_{self.stem}"
        self.names = (description.title, description.title_fr)

    def maintainable(self, parent: Element, tag: str, identifier: str, names: tuple[str, str]) -> Element:
        """An artefact that an agency maintains, with its names."""
        attributes = {"id": identifier, "agencyID": self.agency, "version": self.version, "isFinal": "true"}
        element = SubElement(parent, f"str:{tag}", attributes)
        _name(element, names)
        return element

    def reference(self, parent: Element, identifier: str, kind: str) -> None:
        """A reference to an artefact of this message."""
        SubElement(parent, "Ref", {"id": identifier, "agencyID": self.agency, "version": self.version, "class": kind})

    def concept(self, parent: Element, identifier: str) -> None:
        """The identity of a component: a concept of this message's scheme."""
        reference = {
            "id": identifier,
            "maintainableParentID": self.scheme,
            "maintainableParentVersion": self.version,
            "agencyID": self.agency,
            "class": "Concept",
        }
        SubElement(SubElement(parent, "str:ConceptIdentity"), "Ref", reference)


def _codelist(maker: _Maker, parent: Element, summary: VariableSummary) -> None:
    variable = summary.column.variable
    codelist = maker.maintainable(parent, "Codelist", _codelist_id(maker, summary), (variable.label, variable.label_fr))
    extra = {code.code: code.code for code in EXTRA_CODES}
    codes = [code for count in summary.codes if (code := count.code).code not in extra]
    ids = code_ids([code.code for code in codes], extra)
    for code in (*codes, *EXTRA_CODES):
        element = SubElement(codelist, "str:Code", {"id": ids[code.code]})
        _name(element, (code.label, code.label_fr))
        if ids[code.code] != code.code:
            SubElement(element, "com:Description", {"xml:lang": "en"}).text = f"In the data files: {code.code}"


def _concept(maker: _Maker, parent: Element, summary: VariableSummary) -> None:
    variable = summary.column.variable
    concept = SubElement(parent, "str:Concept", {"id": maker.concepts[summary.column.variable.name]})
    _name(concept, (variable.label, variable.label_fr))
    if variable.note:
        SubElement(concept, "com:Description", {"xml:lang": "en"}).text = variable.note
    representation = SubElement(concept, "str:CoreRepresentation")
    if summary.codes:
        maker.reference(SubElement(representation, "str:Enumeration"), _codelist_id(maker, summary), "Codelist")
    else:
        kind = TEXT_TYPES.get(variable.kind, "String")
        SubElement(representation, "str:TextFormat", {"textType": kind})


def _data_structure(maker: _Maker, parent: Element, coded: Sequence[VariableSummary]) -> None:
    structure = maker.maintainable(parent, "DataStructure", f"DSD_{maker.stem}", maker.names)
    components = SubElement(structure, "str:DataStructureComponents")
    dimensions = SubElement(components, "str:DimensionList", {"id": "DimensionDescriptor"})
    for position, summary in enumerate(coded, start=1):
        identifier = maker.concepts[summary.column.variable.name]
        dimension = SubElement(dimensions, "str:Dimension", {"id": identifier, "position": str(position)})
        maker.concept(dimension, identifier)
        representation = SubElement(dimension, "str:LocalRepresentation")
        maker.reference(SubElement(representation, "str:Enumeration"), _codelist_id(maker, summary), "Codelist")
    time = SubElement(dimensions, "str:TimeDimension", {"id": "TIME_PERIOD", "position": str(len(coded) + 1)})
    maker.concept(time, "TIME_PERIOD")
    periods = SubElement(time, "str:LocalRepresentation")
    SubElement(periods, "str:TextFormat", {"textType": "ObservationalTimePeriod"})
    measures = SubElement(components, "str:MeasureList", {"id": "MeasureDescriptor"})
    measure = SubElement(measures, "str:PrimaryMeasure", {"id": "OBS_VALUE"})
    maker.concept(measure, "OBS_VALUE")
    counts = SubElement(measure, "str:LocalRepresentation")
    SubElement(counts, "str:TextFormat", {"textType": "Double"})


def _name(parent: Element, names: tuple[str, str]) -> None:
    for language, name in zip(("en", "fr"), names, strict=True):
        if name:
            SubElement(parent, "com:Name", {"xml:lang": language}).text = name


def _codelist_id(maker: _Maker, summary: VariableSummary) -> str:
    return f"CL_{maker.concepts[summary.column.variable.name]}"


def _identifier(text: str) -> str:
    """A text as an SDMX id: what it may not hold becomes an underscore."""
    return NOT_ID.sub("_", text).strip("_") if text not in ("_T", "_U") else text


def _nested_id(text: str) -> str:
    """A text as the id of an agency, which starts with a letter."""
    identifier = NOT_ID.sub("_", text).strip("_-@$")
    return identifier if identifier[:1].isalpha() else f"A_{identifier}"
