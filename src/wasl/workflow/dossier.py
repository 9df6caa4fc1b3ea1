"""The act that draws up the dossier of a project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wasl.audit.events import AuthorizationStored, DossierDrawnUp
from wasl.compliance.authorization import Authorization
from wasl.compliance.dossier import draw_up
from wasl.compliance.facts import Facts
from wasl.compliance.pages import dossier_docx, dossier_page
from wasl.compliance.statements import Dossier
from wasl.locale import LANGUAGES
from wasl.registers.exchange.digests import digest_json
from wasl.registers.exchange.plain_json import json_bytes
from wasl.workflow.act import Act, Artifact, RunOptions

__all__ = ["authorization_event", "draw_up_dossier"]


def draw_up_dossier(
    facts: Facts, options: RunOptions, *, earlier: Mapping[str, Any] | None = None
) -> Act[Dossier, DossierDrawnUp]:
    """Draw up the dossier of a project from configuration, log and measurements.

    Args:
        facts: What is known.
        options: Not used yet; every act takes them.
        earlier: ``dossier.json`` of the version before.

    Returns:
        Artifacts ``dossier.json`` and, in each language, ``dossier.LANGUAGE.html`` and ``dossier.LANGUAGE.docx``.
    """
    del options
    dossier = draw_up(facts, earlier=earlier)
    artifacts: dict[str, Artifact] = {"dossier.json": json_bytes(dossier.to_json())}
    for language in LANGUAGES:
        artifacts[f"dossier.{language}.html"] = dossier_page(dossier, language).encode()
        artifacts[f"dossier.{language}.docx"] = dossier_docx(dossier, language)
    changes = len(dossier.added) + len(dossier.removed)
    scope = dossier.scope
    event = DossierDrawnUp(
        dossier=dossier.digest,
        scope_digest=digest_json(None if scope is None else scope.model_dump(mode="json")),
        statements=len(dossier.statements),
        holes=len(dossier.holes),
        earlier=dossier.earlier or None,
        changes=None if earlier is None else changes,
    )
    report = {
        "project": dossier.project,
        "version": dossier.version,
        "digest": dossier.digest,
        "statements": len(dossier.statements),
        "holes": [hole.place for hole in dossier.holes],
        "added": len(dossier.added),
        "removed": len(dossier.removed),
    }
    return Act(artifacts, event, report, dossier)


def authorization_event(authorization: Authorization) -> AuthorizationStored:
    """The event of an authorization that an installation stores."""
    return AuthorizationStored(
        decision=authorization.decision,
        decision_date=authorization.decided.isoformat(),
        expires=authorization.expires.isoformat(),
        authorization=authorization.digest,
        dossier=authorization.dossier,
        scope_digest=digest_json(authorization.scope.model_dump(mode="json")),
        beside=authorization.beside or None,
    )
