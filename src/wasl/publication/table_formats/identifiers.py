"""Identifiers for SDMX: valid and unique, whatever the codes and names.

*Source:* SDMX 3.0, section 3A: an item's id consists of ``A-Z a-z 0-9 _ @ $ -``; the id of a component starts with a
letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

__all__ = ["TAKEN_COMPONENTS", "agency_id", "code_ids", "component_ids", "stem_id"]

TAKEN_COMPONENTS = frozenset(
    (
        *("TIME_PERIOD", "OBS_VALUE", "OBS_STATUS", "CONF_STATUS", "FREQ", "UNIT_MEASURE", "DATAFLOW", "STRUCTURE"),
        *("STRUCTURE_ID", "STRUCTURE_NAME", "ACTION", "SERIES_KEY", "OBS_KEY", "TYPE", "SET_ID"),
        "REPORTING_YEAR_START_DAY",
    )
)
"""Components and columns with a meaning of their own in SDMX messages; a dimension may not bear their names."""

NOT_A_URN = ("URN", "Urn")
"""pysdmx 1.21 takes an id that contains these capital letters for a URN when it reads a header."""

_FORBIDDEN = re.compile(r"[^A-Za-z0-9_@$\-]")


def code_ids(codes: Iterable[str], fixed: Mapping[str, str] | None = None) -> dict[str, str]:
    """An id for each code: the code itself where it is valid, else one made from it.

    Args:
        codes: All codes of one list, each once.
        fixed: Ids that certain codes must have, such as ``_T`` for the total.
    """
    result = dict(fixed or {})
    others = [code for code in codes if code not in result]
    taken = set(result.values())
    plain = [code for code in others if code and not _FORBIDDEN.search(code) and code not in taken]
    result |= {code: code for code in plain}
    taken |= set(plain)
    for code in others:
        if code in result:
            continue
        result[code] = _free(_stem(code), taken)
    return result


def _stem(code: str) -> str:
    """The code with an underscore for punctuation; other letters, and codes of punctuation alone, in hexadecimal."""
    plain = re.sub(r"_+", "_", _FORBIDDEN.sub("_", code)).strip("_")
    if plain and code.isascii():
        return plain
    return _FORBIDDEN.sub(lambda match: f"_{ord(match[0]):X}", code).lstrip("_") or "EMPTY"


def component_ids(names: Iterable[str]) -> dict[str, str]:
    """An id for each name of a dimension: upper case, starting with a letter, none that SDMX uses itself."""
    result: dict[str, str] = {}
    taken = set(TAKEN_COMPONENTS)
    for name in names:
        stem = _FORBIDDEN.sub(lambda match: f"_{ord(match[0]):X}", name).upper().replace("@", "_").replace("$", "_")
        stem = stem if stem[:1].isalpha() else f"D{stem if stem.startswith('_') else '_' + stem}"
        result[name] = _free(stem if stem not in TAKEN_COMPONENTS else f"{stem}_DIM", taken)
    return result


def stem_id(name: str) -> str:
    """The part that the ids of one table's artefacts share, from the table's name."""
    stem = _FORBIDDEN.sub(lambda match: "_" if match[0].isascii() else f"_{ord(match[0]):X}", name)
    return stem.replace("@", "_").replace("$", "_").upper().replace(*NOT_A_URN) or "TABLE"


def agency_id(text: str) -> str:
    """The id of an agency, which starts with a letter."""
    identifier = _FORBIDDEN.sub(lambda match: "_" if match[0].isascii() else f"_{ord(match[0]):X}", text)
    identifier = identifier.replace("@", "_").replace("$", "_").replace(*NOT_A_URN).strip("_-")
    return identifier if identifier[:1].isalpha() else f"A_{identifier}"


def _free(stem: str, taken: set[str]) -> str:
    identifier, number = stem, 1
    while identifier in taken:
        number += 1
        identifier = f"{stem}_{number}"
    taken.add(identifier)
    return identifier
