"""How to cite a release: as text, BibTeX and RIS.

Source: DataCite recommendation for data citation: creator (year): title. version. publisher. identifier.
"""

from __future__ import annotations

import datetime as dt
import re

from wasl.publication.description import DatasetDescription

__all__ = ["citation_files", "citation_text"]

TEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
"""Characters with a meaning of their own in TeX."""


def citation_text(description: DatasetDescription, year: str) -> str:
    """The producer's own citation, or one in the form DataCite recommends."""
    if description.citation:
        return description.citation
    place = f" https://doi.org/{description.doi}" if description.doi else ""
    return (
        f"{description.producer.name} ({year}): {_line(description.title)}. "
        f"Version {description.version}. {description.producer.name} [dataset].{place}"
    )


def citation_files(description: DatasetDescription, *, created: dt.datetime) -> dict[str, bytes]:
    """``citation.txt``, ``citation.bib`` and ``citation.ris``."""
    year = f"{created:%Y}"
    return {
        "citation.txt": f"{citation_text(description, year)}\n".encode(),
        "citation.bib": _bibtex(description, year).encode(),
        "citation.ris": _ris(description, created).encode(),
    }


def _bibtex(description: DatasetDescription, year: str) -> str:
    fields = {
        "author": "{" + _tex(description.producer.name) + "}",  # braces: an organization, not a person's name
        "title": _tex(description.title),
        "year": year,
        "version": _tex(description.version),
        "publisher": _tex(description.producer.name),
        "doi": description.doi,
        "url": description.producer.uri,
        "note": "Dataset",
    }
    lines = "".join(f"  {name} = {{{text}}},\n" for name, text in fields.items() if text)
    return f"@misc{{{description.dataset_id}-{re.sub('[^A-Za-z0-9.-]', '-', description.version)},\n{lines}}}\n"


def _ris(description: DatasetDescription, created: dt.datetime) -> str:
    lines = [
        ("TY", "DATA"),
        ("AU", description.producer.name),
        ("TI", description.title),
        ("PY", f"{created:%Y}"),
        ("DA", f"{created:%Y/%m/%d/}"),
        ("ET", description.version),
        ("PB", description.producer.name),
        ("AB", description.abstract),
        *(("KW", keyword) for keyword in description.keywords),
        ("DO", description.doi),
        ("UR", f"https://doi.org/{description.doi}" if description.doi else description.producer.uri),
        ("ER", " "),
    ]
    return "".join(f"{tag}  - {_line(text)}\r\n" for tag, text in lines if text)


def _line(text: str) -> str:
    return " ".join(text.split())


def _tex(text: str) -> str:
    return "".join(TEX.get(character, character) for character in _line(text))
