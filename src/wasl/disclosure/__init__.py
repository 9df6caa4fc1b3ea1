"""Microdata to protected microdata: policy, risk, methods, lattice search, utility, attacks and reports.

The methods can be used alone, as functions on arrays, under short names that stay when a module moves:

    >>> from wasl.disclosure import microaggregation
    >>> from wasl.disclosure.suda2 import suda2
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
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


class _ShortNames(MetaPathFinder):
    """Finds ``wasl.disclosure.suda2``: the short name of a module is another name of the same module object."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module behind a short name, or nothing for any other name."""
        del path, target
        package, _, short = fullname.rpartition(".")
        if package != __name__ or short not in _MODULES:
            return None
        return ModuleSpec(fullname, _Renamed(import_module(_MODULES[short])))


class _Renamed(Loader):
    """Gives a module that is loaded already.

    Args:
        module: The module; it keeps its own specification.
    """

    def __init__(self, module: ModuleType) -> None:
        self._module, self._spec = module, module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module as it is."""
        del spec
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        """Leave the module as it is; it was executed under its own name."""
        module.__spec__ = self._spec


sys.meta_path.append(_ShortNames())
