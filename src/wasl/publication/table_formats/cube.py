"""A published table as the format writers need it: dimensions with labels, values, statuses. No true value is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Cube", "CubeDimension"]


@dataclass(frozen=True, slots=True)
class CubeDimension:
    """One dimension.

    Attributes:
        name: As in the other files of the table.
        labels: Label by language; may be empty.
        codes: All codes, the total first, every parent before its children.
        parents: Index of each code's parent; -1 for the total.
        concept: SDMX concept it stands for; empty for one of its own.
        meanings: For each language, labels of codes; codes without one are their own label.
    """

    name: str
    labels: Mapping[str, str]
    codes: tuple[str, ...]
    parents: tuple[int, ...]
    concept: str = ""
    meanings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def label(self, language: str) -> str:
        """The label in a language, else in English, else the name."""
        return self.labels.get(language) or self.labels.get("en") or self.name

    def meaning(self, code: str, language: str) -> str:
        """The label of a code in a language, else in English, else the code."""
        return self.meanings.get(language, {}).get(code) or self.meanings.get("en", {}).get(code) or code


@dataclass(frozen=True, slots=True)
class Cube:
    """A published table.

    Attributes:
        name: Of the table.
        titles: Title by language.
        dimensions: The dimensions.
        places: Index of each cell's code in each dimension, shape (cells, dimensions).
        values: What is published; NaN where nothing is.
        statuses: ``published``, ``primary``, ``secondary``, ``zero`` or ``perturbed`` for each cell.
        unit: Unit of the values.
        period: Reference period in SDMX notation: ``2024``, ``2024-Q1``, ``2024-03``.
        agency: Abbreviation of the producer.
        notes: Note by language: concept, source, residence rule, quality.
    """

    name: str
    titles: Mapping[str, str]
    dimensions: tuple[CubeDimension, ...]
    places: NDArray[np.int32] = field(repr=False)
    values: NDArray[np.float64] = field(repr=False)
    statuses: NDArray[np.str_] = field(repr=False)
    unit: str = ""
    period: str = ""
    agency: str = "HCP"
    notes: Mapping[str, str] = field(default_factory=dict)

    def note(self, language: str) -> str:
        """The note in a language, else in English, else empty."""
        return self.notes.get(language) or self.notes.get("en", "")

    def title(self, language: str) -> str:
        """The title in a language, else in English, else the name."""
        return self.titles.get(language) or self.titles.get("en") or self.name

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of codes of each dimension."""
        return tuple(len(dimension.codes) for dimension in self.dimensions)

    def positions(self) -> NDArray[np.int64]:
        """Place of each cell in the full table, the last dimension running fastest."""
        return np.asarray(np.ravel_multi_index(tuple(self.places.T), self.shape), dtype=np.int64)

    @property
    def whole(self) -> bool:
        """True if all published values are whole numbers."""
        shown = self.values[np.isfinite(self.values)]
        return bool(np.all(shown == np.round(shown)))
