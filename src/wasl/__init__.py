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
    from wasl.facade import assess, encode, estimate, link, merge, protect, publish, tabulate
    from wasl.holder.keys import LinkageKey
    from wasl.registers.exchange.delivery import Delivery
    from wasl.registers.schema import RegisterSchema

_HOMES = {
    "RegisterSchema": "wasl.registers.schema",
    "Delivery": "wasl.registers.exchange.delivery",
    "LinkageKey": "wasl.holder.keys",
    "encode": "wasl.facade",
    "link": "wasl.facade",
    "merge": "wasl.facade",
    "assess": "wasl.facade",
    "protect": "wasl.facade",
    "publish": "wasl.facade",
    "tabulate": "wasl.facade",
    "estimate": "wasl.facade",
}

__all__ = ["Delivery", "LinkageKey", "RegisterSchema", "assess", "encode", "estimate", "link", "merge", "protect",
           "publish", "tabulate"]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import the façade's names when they are first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'wasl' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
