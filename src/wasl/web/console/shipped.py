"""Documents that ship with wasl, as the pages offer them: by title, in the language of the page."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any

from wasl.locale import N_, Messages
from wasl.registers.documents import config_dir

__all__ = ["TITLES", "offered", "shipped", "shipped_text"]

TITLES = (
    N_("Public-use file of foreign workers known to ANAPEC"),
    N_("Scientific-use file of foreign workers known to ANAPEC"),
    N_("Public-use file of foreigners in the census sample, linked"),
    N_("Scientific-use file of foreigners in the census sample, linked"),
    N_("Anonymized ten per cent census sample"),
    N_("Public-use file of foreigners insured with CNSS"),
    N_("Scientific-use file of foreigners insured with CNSS"),
    N_("Public-use file of foreigners in the labour force survey, linked"),
    N_("Scientific-use file of foreigners in the labour force survey, linked"),
    N_("Public-use file of foreign workers in linked registers"),
    N_("Scientific-use file of refugees in employment"),
    N_("Scientific-use file of foreign workers in linked registers"),
    N_("Public-use file of foreigners with a work contract"),
    N_("Scientific-use file of foreigners with a work contract"),
    N_("Foreign workers known to ANAPEC"),
    N_("Foreigners in the census sample, linked to the permit and work registers"),
    N_("The census sample with declared wages, for estimation"),
    N_("Foreigners insured with CNSS"),
    N_("Foreigners in the labour force survey, linked to the permit and work registers"),
    N_("Foreign workers in Morocco, linked registers"),
    N_("Permits, social security and work contracts: everybody on any of them, for estimation"),
    N_("Refugees in employment in Morocco"),
    N_("Foreigners with a work contract in Morocco"),
    N_("FEBRL 3: deduplication of one file"),
    N_("FEBRL 4: linkage of two duplicate-free files"),
    N_("Registers under a composed profile"),
    N_("Foreign nationals across DGSN, CNSS, ANAPEC and TAECHIR"),
    N_("Two registers of one office"),
)
"""Titles of shipped documents that state them in English only."""


def shipped(kind: str) -> list[str]:
    """The names of the documents of a kind that ship with wasl."""
    return sorted(file.stem for file in (config_dir() / kind).glob("*.toml"))


def shipped_text(kind: str, name: str) -> str:
    """The text of a document that ships with wasl; the first of its kind where there is none of this name."""
    names = shipped(kind)
    chosen = name if name in names else names[0]
    return (config_dir() / kind / f"{chosen}.toml").read_text(encoding="utf-8")


def offered(kind: str, words: Messages) -> list[tuple[str, str]]:
    """For each shipped document of a kind its name, and its title in a language with the name behind it."""
    found = []
    for name, titles in _titles(kind).items():
        title = titles.get(f"title_{words.language}") or words.text(titles.get("title", ""))
        found.append((name, f"{title} ({name})" if title else name))
    return found


@cache
def _titles(kind: str) -> Mapping[str, Mapping[str, str]]:
    found: dict[str, Mapping[str, str]] = {}
    for name in shipped(kind):
        document: Mapping[str, Any] = tomllib.loads(shipped_text(kind, name))
        found[name] = {key: str(value) for key, value in document.items() if key.startswith("title") and value}
    return found
