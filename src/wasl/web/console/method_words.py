"""The methods of a policy in words, as the editor of a policy lists them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wasl.locale import N_, Messages

__all__ = ["METHOD_WORDS", "method_in_words"]

METHOD_WORDS: Mapping[str, str] = {
    "recode": N_("Categories are replaced by coarser ones"),
    "top_bottom": N_("The lowest or highest values become one value"),
    "group": N_("Chosen categories are put together"),
    "group_rare": N_("Rare categories are put together, or withheld"),
    "group_areas": N_("Areas with few records are put together with neighbours"),
    "round": N_("Values are rounded"),
    "local_suppression": N_("Single values of rare combinations are withheld"),
    "risk_suppression": N_("Single values of the rows at greatest risk are withheld"),
    "suppress_records": N_("Rows with rare combinations are removed"),
    "drop": N_("Variables are left out of the file"),
    "microaggregate": N_("Values become means of groups of similar rows"),
    "pram": N_("Categories are exchanged at random with known probabilities"),
    "noise": N_("Random noise is added"),
    "rank_swap": N_("Values are exchanged with others of nearby rank"),
    "shuffle": N_("Values are redistributed among rows with similar predictions"),
    "swap_records": N_("Rows exchange places with similar rows elsewhere"),
}
"""For each kind of method, a key of the catalogues."""


def method_in_words(method: Mapping[str, Any], labels: Mapping[str, str], language: Messages) -> str:
    """A method of a policy as a sentence: what is done, to which variables, to which level."""
    kind = str(method.get("kind", ""))
    said = language.text(METHOD_WORDS[kind]) if kind in METHOD_WORDS else kind
    names = method.get("variables") or ([method["variable"]] if method.get("variable") else [])
    if names:
        said += language.colon + language.list([labels.get(str(name), str(name)) for name in names])
    if method.get("level") is not None:
        said += " " + language.text(N_("(level {level})"), level=int(method["level"]))
    return said
