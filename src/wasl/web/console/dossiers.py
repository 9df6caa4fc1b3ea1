"""The dossier for the authority: versions with their holes, the decisions given on them, and what is covered."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from starlette.responses import Response

from wasl.compliance.authorization import Authorization
from wasl.errors import InputError
from wasl.locale import N_, Messages
from wasl.service import dossiers
from wasl.service.access import Action
from wasl.service.ports import Area
from wasl.service.records import DossierFile, StoredAuthorization
from wasl.web.console.documents import read_document, shipped, written
from wasl.web.console.forms import Form, PageFault
from wasl.web.console.pages import AnyPage, Pages
from wasl.web.downloads import MEDIA_TYPES, send_file

__all__ = ["pages"]

pages = Pages()

BASE = "/console/projects/{project}/dossier"
SHOWN = 20
LONGEST_ATTACKS = 1_000_000
FIELDS = ("registers", "interconnections", "keys", "rounds", "variables", "outputs")
"""Lists of the scope, in the order in which the page shows them."""


@pages("GET", BASE, Action.DOSSIER_READ)
def show_dossier(page: AnyPage, project: str) -> Response:
    """The versions of the dossier, what is missing, and the decisions."""
    with page.office.ledger.reading() as state:
        found = state.select(DossierFile, project=project, descending=True, limit=SHOWN)
        stored = state.select(StoredAuthorization, project=project, descending=True, limit=SHOWN)
    latest = found[0] if found else None
    holes = [] if latest is None else _holes(latest, page.language)
    scope = {} if latest is None else dict(latest.document.get("scope") or {})
    held = Authorization.model_validate(stored[0].document) if stored else None
    today = page.caller.at.date()
    return page.render(
        "dossier.html",
        versions=found,
        latest=latest,
        holes=holes,
        scope=[(name, [_shown(one) for one in scope.get(name, [])]) for name in FIELDS],
        particulars=written(latest.particulars) if latest is not None else "{}",
        stored=stored,
        held=held,
        covered=[] if held is None else [(name, [_shown(one) for one in getattr(held.scope, name)]) for name in FIELDS],
        days_left=None if held is None else (held.expires - today).days,
        required=page.office.require_authorization,
        policies=shipped("disclosure"),
        menus=shipped("menus"),
    )


@pages("POST", BASE, Action.DOSSIER_DRAW)
def draw_up(page: AnyPage, project: str) -> Response:
    """Draw up the next version from the project's registers, runs, releases, rules and log."""
    particulars = read_document(page.form, "particulars", "the document of particulars")
    attacks = _attacks(page.form)
    policies = [{"name": name} for name in page.form.every("policies")]
    menus = [{"name": name} for name in page.form.every("menus")]
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
    }
    page.once(lambda caller: dossiers.store_authorization(page.office, caller, project=project, **fields))
    return page.go(f"/console/projects/{project}/dossier", said="authorization-stored")


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


def _shown(one: Any) -> str:
    return one if isinstance(one, str) else " + ".join(one)


def _attacks(form: Form) -> list[dict[str, Any]]:
    """The measurements in the field, if there are any.

    Raises:
        InputError: They are not JSON.
    """
    text = form.text("attacks", most=LONGEST_ATTACKS)
    if not text:
        return []
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError("the measured attacks are not JSON.", remedy="Paste the content of attacks.json.") from error
    return value if isinstance(value, list) else [value]


def _day(form: Form, name: str) -> dt.date:
    try:
        return dt.date.fromisoformat(form.text(name, most=10))
    except ValueError as error:
        raise PageFault(422, N_("The field “{name}” takes a day."), name=name) from error
