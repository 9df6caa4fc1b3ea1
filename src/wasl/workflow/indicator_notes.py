"""The note under a published table: concept, source, period, residence rule and quality, in three languages."""

from __future__ import annotations

import numpy as np

from wasl.locale import LANGUAGES, Language, messages
from wasl.tables.hierarchy import UNKNOWN
from wasl.tables.protect import ProtectedTable

__all__ = ["indicator_notes", "withheld"]


def indicator_notes(table: ProtectedTable) -> dict[str, str]:
    """The note by language; empty where the specification states no concept.

    Quality is computed from published figures only: the share of withheld cells, and for each dimension the share of
    the total without a code, where that cell is published.
    """
    return {language: _note(table, language) for language in LANGUAGES} if table.spec.concept else {}


def withheld(table: ProtectedTable) -> tuple[int, int]:
    """The number of cells that are not published, and of all cells."""
    return int(np.isnan(table.published).sum()), table.cells.size


def _note(table: ProtectedTable, language: Language) -> str:
    spec = table.spec
    _ = messages(language).text
    concepts = {"fr": spec.concept_fr, "ar": spec.concept_ar}
    residences = {"fr": spec.residence_fr, "ar": spec.residence_ar}
    hidden, cells = withheld(table)
    parts = [_("Concept: {text}.", text=(concepts.get(language) or spec.concept).rstrip("."))]
    if spec.source:
        parts.append(_("Source: {text}.", text=spec.source.rstrip(".")))
    if spec.period:
        parts.append(_("Reference period: {text}.", text=spec.period))
    if spec.residence:
        parts.append(_("Residence: {text}.", text=(residences.get(language) or spec.residence).rstrip(".")))
    parts.append(_("Quality: {hidden} of {cells} cells are confidential.", hidden=hidden, cells=cells))
    for label, share in _unknown_shares(table, language):
        parts.append(_("Without {dimension}: {share} %.", dimension=label, share=round(100 * share)))
    return " ".join(parts)


def _unknown_shares(table: ProtectedTable, language: Language) -> list[tuple[str, float]]:
    """For each dimension its label and the published share without a code."""
    places, shown = table.cells.places, table.published
    total = shown[np.flatnonzero(~places.any(axis=1))]
    found = []
    for number, dimension in enumerate(table.cells.dimensions):
        if UNKNOWN not in dimension.codes or not len(total) or not total[0] > 0:
            continue
        code = dimension.codes.index(UNKNOWN)
        others = np.delete(places, number, axis=1).any(axis=1)
        value = shown[np.flatnonzero((places[:, number] == code) & ~others)]
        if len(value) and np.isfinite(value[0]):
            described = table.spec.dimensions[number]
            labels = {"fr": described.label_fr, "ar": described.label_ar}
            found.append((labels.get(language) or described.label or described.name, float(value[0] / total[0])))
    return found
