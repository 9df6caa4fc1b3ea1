"""Verbs of the client about projects: registers, retention, objections, dossiers, authorizations."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from wasl.client.base import Session, document
from wasl.client.views import Authorization, Document, Dossier, Job, Objections, Project, Register, RetentionRule
from wasl.registers.exchange.objections import ObjectionLists
from wasl.registers.schema import RegisterSchema

__all__ = ["Projects"]


class Projects(Session):
    """Projects, registers, retention, objections, dossiers and authorizations."""

    def create_project(self, name: str, title: str) -> None:
        """Open a project."""
        self.transport.json("POST", "/v1/projects", {"name": name, "title": title})

    def projects(self) -> list[Project]:
        """The projects this token reaches."""
        return list(self._pages("/v1/projects", Project))

    def project(self, name: str) -> Project:
        """A project."""
        return Project.parse(self.transport.json("GET", f"/v1/projects/{name}"))

    def change_project(self, project: Project, *, title: str | None = None, closed: bool | None = None) -> Project:
        """Change a project's title, close it or open it again."""
        body = {"title": title, "closed": closed}
        path = f"/v1/projects/{project.id}"
        return Project.parse(self.transport.json("PATCH", path, body, etag=project.etag))

    def declare_register(self, project: str, schema: RegisterSchema | Document, *, signer: str = "") -> None:
        """Declare a register by its schema."""
        given = schema.model_dump(mode="json", by_alias=True) if isinstance(schema, RegisterSchema) else schema
        body = {"definition": document(given), "signer": signer}
        self.transport.json("POST", f"/v1/projects/{project}/registers", body)

    def registers(self, project: str) -> list[Register]:
        """The registers of a project."""
        return list(self._pages(f"/v1/projects/{project}/registers", Register))

    def register(self, project: str, register: str) -> Register:
        """A register with its schema."""
        return Register.parse(self.transport.json("GET", f"/v1/projects/{project}/registers/{register}"))

    def set_retention(self, project: str, days: int, *, register: str = "", round_name: str = "") -> None:
        """Set how long files are kept."""
        body = {"register": register, "round": round_name, "days": days}
        self.transport.json("POST", f"/v1/projects/{project}/retention-rules", body)

    def retention_rules(self, project: str) -> list[RetentionRule]:
        """The retention rules of a project."""
        return list(self._pages(f"/v1/projects/{project}/retention-rules", RetentionRule))

    def send_objections(self, project: str, register: str, records: Sequence[str]) -> None:
        """Send record ids of persons who object."""
        path = f"/v1/projects/{project}/registers/{register}/objections"
        self.transport.json("POST", path, {"records": list(records)})

    def objections(self, project: str, register: str) -> list[Objections]:
        """The lists of objections of a register, without the record ids."""
        return list(self._pages(f"/v1/projects/{project}/registers/{register}/objections", Objections))

    def objection_lists(self, project: str) -> ObjectionLists:
        """The objections of a project with their record ids, for the spine keeper."""
        found = self.transport.json("GET", f"/v1/projects/{project}/objections")
        return ObjectionLists.parse(json.dumps(found).encode(), "the service's answer")

    def erasures(self, project: str) -> dict[str, Any]:
        """The files due for erasure, the schedule, and the erasures so far."""
        return dict(self.transport.json("GET", f"/v1/projects/{project}/erasures"))

    def request_erasure(self, project: str) -> Job:
        """Ask that files withdrawn or past their retention be deleted."""
        return Job.parse(self.transport.json("POST", f"/v1/projects/{project}/erasures"))

    def draw_up_dossier(
        self,
        project: str,
        particulars: Document,
        *,
        attacks: Sequence[Mapping[str, Any]] = (),
        policies: Sequence[Document] = (),
        menus: Sequence[Document] = (),
    ) -> Dossier:
        """Draw up the next version of the project's dossier."""
        body = {
            "particulars": document(particulars),
            "attacks": [dict(one) for one in attacks],
            "policies": [document(one) for one in policies],
            "menus": [document(one) for one in menus],
        }
        return Dossier.parse(self.transport.json("POST", f"/v1/projects/{project}/dossiers", body))

    def dossiers(self, project: str) -> list[Dossier]:
        """The versions of the project's dossier."""
        return list(self._pages(f"/v1/projects/{project}/dossiers", Dossier))

    def download_dossier(self, project: str, dossier: str, name: str, out: Path) -> str:
        """Save a file of a dossier (``dossier.fr.docx``)."""
        return self.transport.download(f"/v1/projects/{project}/dossiers/{dossier}/{name}", out)

    def store_authorization(
        self,
        project: str,
        dossier: str,
        *,
        decision: str,
        decided: str,
        expires: str,
        without: Sequence[str] = (),
        beside: bool = False,
    ) -> Authorization:
        """Store the authority's decision on a dossier."""
        body = {
            "dossier": dossier,
            "decision": decision,
            "decided": decided,
            "expires": expires,
            "without": list(without),
            "beside": beside,
        }
        return Authorization.parse(self.transport.json("POST", f"/v1/projects/{project}/authorizations", body))

    def revoke_authorization(self, project: str, authorization: str, *, reason: str) -> Authorization:
        """Record that the authority revoked a decision."""
        path = f"/v1/projects/{project}/authorizations/{authorization}/revocation"
        return Authorization.parse(self.transport.json("POST", path, {"reason": reason}))

    def authorizations(self, project: str) -> list[Authorization]:
        """The authorizations stored for a project; the last one holds, and those stored beside it."""
        return list(self._pages(f"/v1/projects/{project}/authorizations", Authorization))
