"""Microdata to protected microdata: policy, risk, methods, lattice search, utility, attacks and reports.

The methods can be used alone, as functions on arrays: ``from wasl.disclosure import suda2, local_suppression``.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

_MODULES = {
    "assess": "wasl.disclosure.risk.assess",
    "diversity": "wasl.disclosure.risk.diversity",
    "frequencies": "wasl.disclosure.keys.frequencies",
    "information_loss": "wasl.disclosure.utility.information_loss",
    "local_suppression": "wasl.disclosure.methods.local_suppression",
    "microaggregation": "wasl.disclosure.methods.microaggregation",
    "noise": "wasl.disclosure.methods.noise",
    "pram": "wasl.disclosure.methods.pram",
    "rank_swapping": "wasl.disclosure.methods.rank_swapping",
    "recode": "wasl.disclosure.methods.recode",
    "record_swapping": "wasl.disclosure.methods.record_swapping",
    "shuffling": "wasl.disclosure.methods.shuffling",
    "suda2": "wasl.disclosure.risk.suda2",
    "uniqueness": "wasl.disclosure.risk.uniqueness",
}
"""Modules of functions on arrays, under the short names the documentation uses."""


def __getattr__(name: str) -> ModuleType:
    """Import a method's module when it is first asked for."""
    if name not in _MODULES:
        raise AttributeError(f"module 'wasl.disclosure' has no attribute {name!r}")
    return import_module(_MODULES[name])
