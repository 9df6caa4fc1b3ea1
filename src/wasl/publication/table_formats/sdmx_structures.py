"""The structure of a table in SDMX: code lists, concepts, data structure and data flow, named in three languages.

pysdmx writes one name an artefact, in English. The names in other languages are added to its messages here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wasl.publication.table_formats.cube import Cube, CubeDimension
from wasl.publication.table_formats.identifiers import agency_id, code_ids, component_ids, stem_id
from wasl.registers.exchange.plain_text import xml_text

__all__ = ["CubeStructure", "structure_of", "with_translations"]

Names = dict[tuple[str, str], Mapping[str, str]]
"""Names by language of each artefact: the key is the id of the list it stands in (else empty) and its own id."""

TRANSLATIONS = ("fr", "ar")
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

FIXED_LISTS: Mapping[str, tuple[Mapping[str, str], Mapping[str, Mapping[str, str]]]] = {
    "FREQ": (
        {"en": "Frequency", "fr": "Fréquence", "ar": "الدورية"},
        {
            "A": {"en": "Annual", "fr": "Annuelle", "ar": "سنوية"},
            "S": {"en": "Half-yearly", "fr": "Semestrielle", "ar": "نصف سنوية"},
            "Q": {"en": "Quarterly", "fr": "Trimestrielle", "ar": "فصلية"},
            "M": {"en": "Monthly", "fr": "Mensuelle", "ar": "شهرية"},
            "D": {"en": "Daily", "fr": "Journalière", "ar": "يومية"},
            "_O": {"en": "Other", "fr": "Autre", "ar": "أخرى"},
        },
    ),
    "OBS_STATUS": (
        {"en": "Observation status", "fr": "Statut de l'observation", "ar": "حالة الملاحظة"},
        {
            "A": {"en": "Normal value", "fr": "Valeur normale", "ar": "قيمة عادية"},
            "E": {"en": "Estimated value", "fr": "Valeur estimée", "ar": "قيمة مقدرة"},
            "Q": {"en": "Suppressed value", "fr": "Valeur supprimée", "ar": "قيمة محجوبة"},
        },
    ),
    "CONF_STATUS": (
        {"en": "Confidentiality", "fr": "Confidentialité", "ar": "السرية"},
        {
            "F": {"en": "Free", "fr": "Libre", "ar": "حرة"},
            "C": {"en": "Confidential", "fr": "Confidentiel", "ar": "سري"},
            "D": {
                "en": "Secondary confidentiality",
                "fr": "Confidentialité secondaire",
                "ar": "سرية ثانوية",
            },
        },
    ),
}
"""Codes of the SDMX cross-domain lists CL_FREQ, CL_OBS_STATUS and CL_CONF_STATUS that these files use."""


@dataclass(frozen=True, slots=True)
class CubeStructure:
    """The structure of one table.

    Attributes:
        artefacts: The artefacts of a structure message, in order.
        schema: The schema that a data set refers to.
        columns: For each dimension of the table its component id, and the id of each code.
        names: Names in all languages.
    """

    artefacts: list[Any] = field(repr=False)
    schema: Any = field(repr=False)
    columns: Mapping[str, tuple[str, Mapping[str, str]]] = field(repr=False)
    names: Names = field(repr=False)


def structure_of(cube: Cube) -> CubeStructure:
    """Code lists, concepts, structure and data flow of a table."""
    from pysdmx.model import (
        Agency,
        AgencyScheme,
        Code,
        Codelist,
        Component,
        Components,
        Concept,
        ConceptScheme,
        Dataflow,
        DataStructureDefinition,
        DataType,
        ItemReference,
        Role,
    )

    agency, stem = agency_id(cube.agency), stem_id(cube.name)
    scheme_id = f"CS_{stem}"
    keys = _concept_keys(cube)
    ids = component_ids(keys)
    titles = {language: xml_text(cube.title(language)) for language in ("en", *TRANSLATIONS)}
    names: Names = dict.fromkeys((("", scheme_id), ("", f"DSD_{stem}"), ("", f"DF_{stem}")), titles)
    lists: dict[str, Any] = {}
    concepts: list[Any] = []
    columns: dict[str, tuple[str, Mapping[str, str]]] = {}

    def concept(identifier: str, labels: Mapping[str, str], dtype: Any, codes: Any = None) -> None:
        names[(scheme_id, identifier)] = labels
        concepts.append(Concept(id=identifier, name=labels["en"], dtype=dtype, codes=codes))

    def coded(identifier: str, labels: Mapping[str, str], codes: Mapping[str, Mapping[str, str]]) -> None:
        list_id = f"CL_{identifier}"
        items = []
        for code, meanings in codes.items():
            items.append(Code(id=code, name=meanings["en"], description=meanings.get("note")))
            names[(list_id, code)] = meanings
        names[("", list_id)] = labels
        lists[identifier] = Codelist(id=list_id, name=labels["en"], agency=agency, version="1.0", items=items)
        concept(identifier, labels, DataType.STRING, lists[identifier])

    for identifier, (labels, codes) in FIXED_LISTS.items():
        coded(identifier, labels, codes)
    for dimension, key in zip(cube.dimensions, keys, strict=True):
        code_id = code_ids(dimension.codes, {dimension.codes[0]: "_T"})
        columns[dimension.name] = (ids[key], code_id)
        labels = {language: xml_text(dimension.label(language)) for language in ("en", *TRANSLATIONS)}
        coded(ids[key], labels, {code_id[code]: _meanings(dimension, code, code_id) for code in dimension.codes})
    concept("TIME_PERIOD", _TIME, DataType.PERIOD)
    concept("OBS_VALUE", titles, DataType.DOUBLE)
    scheme = ConceptScheme(id=scheme_id, name=titles["en"], agency=agency, version="1.0", items=concepts)

    def component(identifier: str, role: Any, dtype: Any = DataType.STRING, level: str | None = None) -> Any:
        reference = ItemReference(sdmx_type="Concept", agency=agency, id=scheme_id, version="1.0", item_id=identifier)
        return Component(
            id=identifier,
            required=role is Role.DIMENSION,
            role=role,
            concept=reference,
            local_dtype=dtype,
            local_codes=lists.get(identifier),
            attachment_level=level,
        )

    components = [component("FREQ", Role.DIMENSION)]
    components += [component(identifier, Role.DIMENSION) for identifier, _ in columns.values()]
    components += [
        component("TIME_PERIOD", Role.DIMENSION, DataType.PERIOD),
        component("OBS_VALUE", Role.MEASURE, DataType.DOUBLE),
        component("OBS_STATUS", Role.ATTRIBUTE, level="O"),
        component("CONF_STATUS", Role.ATTRIBUTE, level="O"),
    ]
    named: dict[str, Any] = {"name": titles["en"], "agency": agency, "version": "1.0"}
    structure = DataStructureDefinition(id=f"DSD_{stem}", components=Components(components), **named)
    flow = Dataflow(id=f"DF_{stem}", structure=structure, **named)
    agencies = AgencyScheme(agency="SDMX", items=[Agency(id=agency, name=xml_text(cube.agency))])
    artefacts = [agencies, *lists.values(), scheme, structure, flow]
    return CubeStructure(artefacts, structure.to_schema(), columns, names)


_TIME = {"en": "Reference period", "fr": "Période de référence", "ar": "الفترة المرجعية"}


def _concept_keys(cube: Cube) -> list[str]:
    """The concept of each dimension, or its name; a concept that two dimensions claim is given to neither."""
    wanted = [dimension.concept or dimension.name for dimension in cube.dimensions]
    return [d.name if wanted.count(key) > 1 else key for d, key in zip(cube.dimensions, wanted, strict=True)]


def _meanings(dimension: CubeDimension, code: str, ids: Mapping[str, str]) -> dict[str, str]:
    """The label of a code by language; under ``note`` the code itself where the id is another."""
    texts = {language: xml_text(dimension.meaning(code, language) or ids[code]) for language in ("en", *TRANSLATIONS)}
    if ids[code] not in (code, "_T"):
        texts["note"] = f"In the other files of the table: {xml_text(code) or 'an empty text'}"
    return texts


def with_translations(message: bytes, names: Names) -> bytes:
    """A structure message with the names in French and Arabic after the English ones."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    root = etree.fromstring(message, parser)
    for name in list(root.iter("{*}Name")):
        item = name.getparent()
        parent = item.getparent()
        above = parent.get("id", "") if parent is not None else ""
        texts = names.get((above, item.get("id", "")), {})
        place = item.index(name)
        for language in TRANSLATIONS:
            if texts.get(language) and texts[language] != texts["en"]:
                place += 1
                added = etree.Element(name.tag, {XML_LANG: language})
                added.text = texts[language]
                added.tail = name.tail
                item.insert(place, added)
    return bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True))
