"""Verbs of the client about tables on demand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from wasl.client.base import Session, document
from wasl.client.views import Document, TableMenu, TableOrder

__all__ = ["Tables"]

TablesStep = Literal["protect", "approve", "refuse", "revoke", "publish", "withdraw"]


class Tables(Session):
    """Menus and orders of tables."""

    def offer_menu(
        self,
        project: str,
        *,
        run: str,
        title: str,
        specification: Document,
        menu: Document,
        hierarchies: Mapping[str, str] | None = None,
    ) -> TableMenu:
        """Prepare a menu of tables; another person opens it."""
        body = {
            "run": run,
            "title": title,
            "specification": document(specification),
            "menu": document(menu),
            "hierarchies": dict(hierarchies or {}),
        }
        return TableMenu.parse(self.transport.json("POST", f"/v1/projects/{project}/table-menus", body))

    def menus(self, project: str) -> list[TableMenu]:
        """The menus of tables of a project."""
        return list(self._pages(f"/v1/projects/{project}/table-menus", TableMenu))

    def menu(self, project: str, menu: str) -> TableMenu:
        """A menu of tables."""
        return TableMenu.parse(self.transport.json("GET", f"/v1/projects/{project}/table-menus/{menu}"))

    def open_menu(self, menu: TableMenu) -> TableMenu:
        """Open a menu for orders."""
        path = f"/v1/projects/{menu.project}/table-menus/{menu.id}/open"
        return TableMenu.parse(self.transport.json("POST", path, etag=menu.etag))

    def close_menu(self, menu: TableMenu, reason: str) -> TableMenu:
        """Close a menu, with the reason."""
        path = f"/v1/projects/{menu.project}/table-menus/{menu.id}/close"
        return TableMenu.parse(self.transport.json("POST", path, {"reason": reason}, etag=menu.etag))

    def order_tables(
        self,
        project: str,
        menu: str,
        *,
        table: str = "",
        dimensions: Sequence[str] = (),
        measure: str = "",
        title: str = "",
        purpose: str = "",
    ) -> TableOrder:
        """Order a table of a menu, or a free crossing of its dimensions."""
        body = {
            "menu": menu,
            "table": table,
            "dimensions": list(dimensions),
            "measure": measure,
            "title": title,
            "purpose": purpose,
        }
        return TableOrder.parse(self.transport.json("POST", f"/v1/projects/{project}/tables", body))

    def table_orders(self, project: str) -> list[TableOrder]:
        """The orders of tables: an analyst sees the own ones."""
        return list(self._pages(f"/v1/projects/{project}/tables", TableOrder))

    def table_order(self, project: str, order: str) -> TableOrder:
        """An order of tables."""
        return TableOrder.parse(self.transport.json("GET", f"/v1/projects/{project}/tables/{order}"))

    def tables_report(self, project: str, order: str) -> dict[str, Any]:
        """The confidential report of an order."""
        return dict(self.transport.json("GET", f"/v1/projects/{project}/tables/{order}/report"))

    def step_tables(self, order: TableOrder, step: TablesStep, reason: str = "") -> TableOrder:
        """Take an order a step on: protect, approve, refuse, revoke, publish or withdraw."""
        path = f"/v1/projects/{order.project}/tables/{order.id}/{step}"
        return TableOrder.parse(self.transport.json("POST", path, {"reason": reason}, etag=order.etag))

    def download_tables(self, project: str, order: str, what: Literal["file", "internal", "package"], out: Path) -> str:
        """Fetch the answer (``file``), the ``internal`` files or the ``package`` of an order."""
        return self.transport.download(f"/v1/projects/{project}/tables/{order}/{what}", out)
