"""wasl: link registers without seeing names, and publish what may be published.

The names below are imported on first use, so that ``import wasl`` costs nothing.

    >>> import wasl
    >>> schema = wasl.RegisterSchema.load("dgsn-permits")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

if TYPE_CHECKING:
    from wasl.disclosure.policy.document import DisclosurePolicy
    from wasl.errors import DataWarning
    from wasl.estimation.specification import EstimateSpec
    from wasl.facade import (
        assemble,
        assess,
        encode,
        estimate,
        evaluate,
        link,
        merge,
        new_key,
        protect,
        publish,
        tabulate,
    )
    from wasl.holder.keys import LinkageKey
    from wasl.linkage.plan import LinkagePlan
    from wasl.publication.description import DatasetDescription
    from wasl.registers.exchange.delivery import Delivery
    from wasl.registers.reading.reader import read_register
    from wasl.registers.schema import RegisterSchema
    from wasl.tables.specification import TablesSpec
    from wasl.workflow.microdata_spec import MicrodataSpec

_HOMES = {
    "LinkageKey": "wasl.holder.keys",
    "Delivery": "wasl.registers.exchange.delivery",
    "RegisterSchema": "wasl.registers.schema",
    "LinkagePlan": "wasl.linkage.plan",
    "MicrodataSpec": "wasl.workflow.microdata_spec",
    "DisclosurePolicy": "wasl.disclosure.policy.document",
    "DatasetDescription": "wasl.publication.description",
    "TablesSpec": "wasl.tables.specification",
    "EstimateSpec": "wasl.estimation.specification",
    "DataWarning": "wasl.errors",
    "read_register": "wasl.registers.reading.reader",
    "assemble": "wasl.facade",
    "assess": "wasl.facade",
    "encode": "wasl.facade",
    "estimate": "wasl.facade",
    "evaluate": "wasl.facade",
    "link": "wasl.facade",
    "merge": "wasl.facade",
    "new_key": "wasl.facade",
    "protect": "wasl.facade",
    "publish": "wasl.facade",
    "tabulate": "wasl.facade",
}

__all__ = [
    "DataWarning",
    "DatasetDescription",
    "Delivery",
    "DisclosurePolicy",
    "EstimateSpec",
    "LinkageKey",
    "LinkagePlan",
    "MicrodataSpec",
    "RegisterSchema",
    "TablesSpec",
    "assemble",
    "assess",
    "encode",
    "estimate",
    "evaluate",
    "link",
    "merge",
    "new_key",
    "protect",
    "publish",
    "read_register",
    "tabulate",
]


def __getattr__(name: str) -> Any:
    """Import the façade's names when they are first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'wasl' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
