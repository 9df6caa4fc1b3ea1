"""The dossier for the authority: versions with their holes, the decisions given on them, and what is covered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from wasl.compliance.authorization import Authorization
from wasl.compliance.scope import UNLIMITED
from wasl.errors import InputError
from wasl.locale import N_, Messages
from wasl.service import dossiers
from wasl.service.access import Action
from wasl.service.held_acts import decisions_of
from wasl.service.ports import Area
from wasl.service.records import DossierFile, StoredAuthorization
from wasl.web.bodies import parse_json
from wasl.web.console.authority import STATES, state_of
from wasl.web.console.documents import read_document, read_documents, written
from wasl.web.console.forms import NO_DAY, Form, PageFault
from wasl.web.console.pages import AnyPage, Pages
from wasl.web.console.shipped import offered
from wasl.web.downloads import MEDIA_TYPES, send_file
from wasl.web.problems import HttpProblem

__all__ = ["pages"]

pages = Pages()

BASE = "/console/projects/{project}/dossier"
SHOWN = 20
LONGEST_ATTACKS = 1_000_000
FIELDS = (
    *("registers", "interconnections", "keys", "rounds", "periods", "retention"),
    *("variables", "outputs", "recipients", "purposes"),
)
"""Lists of the scope, in the order in which the page shows them."""


@pages("GET", BASE, Action.DOSSIER_READ)
def show_dossier(page: AnyPage, project: str) -> Response:
    """The versions of the dossier, what is missing, and the decisions."""
    with page.office.ledger.reading() as state:
        found = state.select(DossierFile, project=project, descending=True, limit=SHOWN)
        stored = state.select(StoredAuthorization, project=project, descending=True, limit=SHOWN)
        decisions = decisions_of(page.office, state, project)
    latest = found[0] if found else None
    holes = [] if latest is None else _holes(latest, page.language)
    scope = {} if latest is None else dict(latest.document.get("scope") or {})
    today = page.caller.at.date()
    shown = [(one, Authorization.model_validate(one.document)) for one in stored]
    return page.render(
        "dossier.html",
        versions=found,
        latest=latest,
        holes=holes,
        scope=_rows(scope),
        particulars=written(latest.particulars) if latest is not None else "{}",
        stored=shown,
        standing=[one for one in shown if one[1].revoked is None],
        covered=lambda one: _rows(one.scope.model_dump(mode="json")),
        state_of=lambda one: state_of(one, decisions, today),
        words=STATES,
        today=today,
        policies=offered("disclosure", page.language),
        menus=offered("menus", page.language),
    )


@pages("POST", BASE, Action.DOSSIER_DRAW)
def draw_up(page: AnyPage, project: str) -> Response:
    """Draw up the next version from the project's registers, runs, releases, rules and log."""
    particulars = read_document(page.form, "particulars", "the document of particulars")
    attacks = _attacks(page.form)
    policies = [{"name": name} for name in page.form.every("policies")]
    policies += read_documents(page.form, "own_policies", "the policy")
    menus = [{"name": name} for name in page.form.every("menus")]
    menus += read_documents(page.form, "own_menus", "the menu of tables")
    page.once(
        lambda caller: dossiers.draw_up_project_dossier(
            page.office,
            caller,
            project=project,
            particulars=particulars,
            attacks=attacks,
            policies=policies,
            menus=menus,
        )
    )
    return page.go(f"/console/projects/{project}/dossier", said="dossier-drawn")


@pages("POST", BASE + "/authorizations", Action.AUTHORIZATION_STORE, confirms=True)
def store_authorization(page: AnyPage, project: str) -> Response:
    """Store the authority's decision; what exceeds it is refused from now on, for every role."""
    form = page.form
    fields: dict[str, Any] = {
        "dossier": form.text("dossier", most=80),
        "decision": form.text("decision", most=100),
        "decided": _day(form, "decided"),
        "expires": _day(form, "expires"),
        "without": form.text("without", most=20_000).split(),
        "beside": form.text("beside", most=1) == "1",
    }
    page.once(lambda caller: dossiers.store_authorization(page.office, caller, project=project, **fields))
    return page.go(f"/console/projects/{project}/dossier", said="authorization-stored")


@pages("POST", BASE + "/revocation", Action.AUTHORIZATION_STORE, confirms=True)
def revoke_authorization(page: AnyPage, project: str) -> Response:
    """Record that the authority revoked a decision; from now on it covers no act."""
    fields = {
        "authorization": page.form.text("authorization", most=80),
        "reason": page.form.text("reason", most=500),
    }
    page.once(lambda caller: dossiers.revoke_authorization(page.office, caller, project=project, **fields))
    return page.go(f"/console/projects/{project}/dossier", said="authorization-revoked")


@pages("GET", BASE + "/{dossier}/{name}", Action.DOSSIER_READ)
def download_dossier(page: AnyPage, project: str, dossier: str, name: str) -> Any:
    """A file of the dossier."""
    with page.office.ledger.reading() as state:
        found = dossiers.find_dossier(state, project, dossier)
    if name not in found.files:
        raise PageFault(404, N_("The dossier has no such file."))
    return send_file(
        page.request,
        page.caller,
        project=project,
        subject=dossier,
        area=Area.RELEASE,
        digest=found.files[name],
        name=name,
        asked=None,
        media_type=MEDIA_TYPES[name.rsplit(".", 1)[-1]],
    )


def _holes(dossier: DossierFile, language: Messages) -> list[tuple[str, str, str]]:
    """Chapter, question and place of each hole, in the language of the page."""
    return [
        (
            section.get("titles", {}).get(language.language) or language.text(section["title"]),
            language.text(question),
            str(place),
        )
        for section in dossier.document["sections"]
        for question, place in section["holes"]
    ]


def _rows(scope: Mapping[str, Any]) -> list[tuple[str, list[str] | None]]:
    """Each part of a scope with its entries; None where the part is not limited."""
    return [(name, _entries(scope.get(name, None if name in UNLIMITED else []))) for name in FIELDS]


def _entries(part: Any) -> list[str] | None:
    if part is None:
        return None
    if isinstance(part, Mapping):
        return [f"{name}: {value}" for name, value in part.items()]
    return [one if isinstance(one, str) else " + ".join(one) for one in part]


def _attacks(form: Form) -> list[dict[str, Any]]:
    """The measurements in the field, if there are any.

    Raises:
        InputError: They are not JSON.
    """
    text = form.text("attacks", most=LONGEST_ATTACKS)
    if not text:
        return []
    try:
        value = parse_json(text.encode())
    except HttpProblem as error:
        raise InputError("the measured attacks are not JSON.", remedy="Paste the content of attacks.json.") from error
    return value if isinstance(value, list) else [value]


def _day(form: Form, name: str) -> dt.date:
    try:
        return dt.date.fromisoformat(form.text(name, most=10))
    except ValueError as error:
        raise PageFault(422, NO_DAY, name=name) from error
