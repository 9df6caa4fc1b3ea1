"""The demo of the service: an installation filled with the synthetic Morocco, with one user per role.

Two linkage rounds are sent. The second is linked, reviewed and resolved. One release is published, one waits for the
approver, one misses its thresholds, and one was published and withdrawn.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wasl.errors import StateError

if TYPE_CHECKING:
    from wasl.service.access import Role
    from wasl.service.ports import Caller
    from wasl.web.installation import Installation

__all__ = ["DEMO_USERS", "fill_installation", "serve_demo"]

DEMO_USERS: dict[str, tuple[str, str]] = {
    "holder": ("cnss-bureau", "Bureau des données, CNSS"),
    "linkage": ("unite-appariement", "Unité d'appariement, HCP"),
    "reviewer": ("revue-1", "Première relectrice"),
    "spine": ("gardien", "Gardien de la table des personnes"),
    "release": ("diffusion", "Bureau de diffusion, HCP"),
    "approver": ("approbation", "Comité d'approbation"),
    "analyst": ("analyste", "Analyste, Observatoire national de la migration"),
    "auditor": ("audit", "Auditeur externe"),
    "officer": ("dpo", "Déléguée à la protection des données"),
    "admin": ("administration", "Administration du service"),
}
"""The user of each role in the demo: name and title."""

SECOND_REVIEWER = ("revue-2", "Second relecteur")
SECOND_ADMIN = ("administration-2", "Seconde administratrice")
REVIEWED = 12
"""Pairs of the queue that both reviewers decide on in the demo; every fourth is disputed."""

SEED = 7
TITLE = "Maroc synthétique"
MENU_TITLE = "Travailleurs étrangers : tableaux à la demande"
DAYS = 30
HOLDER_REGISTER = "cnss-employees"
"""The register whose holder has a token in the demo."""


def serve_demo(out: Path, outboxes: Mapping[str, Path], *, project: str, port: int) -> None:
    """Fill an installation in a folder and serve it until Ctrl+C; prints a token for each role.

    Args:
        out: The demo's folder; the installation lies in ``out/service``.
        outboxes: The folder of each register's encoded files.
        project: Short name of the project the files were encoded for.
        port: Where to listen on this machine; 0 for any free port.
    """
    import uvicorn

    from wasl.cli.output import say
    from wasl.cli.serve import service_settings
    from wasl.web.app import create_app
    from wasl.web.connection import server_config
    from wasl.web.installation import Installation, configure_logging
    from wasl.web.listening import bind
    from wasl.web.middleware import Metrics

    settings = service_settings(None, data_dir=out / "service", port=port, log_level="warning", min_free_bytes=0)
    configure_logging(settings)
    with bind(settings) as listening:
        installation = Installation.open(settings)
        tokens = fill_installation(
            installation, outboxes, project=project, title=TITLE, say=lambda text: say(f"… {text}")
        )
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        say("Sign in with the token of a role:")
        for role, secret in tokens.items():  # a line each: a table cuts or folds what is wider than the terminal
            say(f"{role}  {secret}")
        say(f"Console: {address}/console   Catalogue: {address}/   Stop with Ctrl+C.")
        say(f"Later: WASL_DATA_DIR={settings.home} wasl serve")
        uvicorn.Server(server_config(create_app(installation, Metrics.shared()), settings)).run(sockets=[listening])
        installation.close()


def fill_installation(
    installation: Installation,
    outboxes: Mapping[str, Path],
    *,
    project: str,
    title: str,
    say: Callable[[str], None] = lambda _text: None,
) -> dict[str, str]:
    """Fill an empty installation with a project, its registers, deliveries, a linkage and releases.

    Args:
        installation: The installation; its jobs are worked here.
        outboxes: The folder of each register's encoded files, ``REGISTER.delivery.parquet`` and so on.
        project: Short name of the project the files were encoded for.
        title: Title of the project.
        say: Called with a line before each step.

    Returns:
        The token of each role's user, by role; ``holder`` is the holder of the first register.

    Raises:
        StateError: The installation is not empty.
    """
    from wasl.service import projects, users
    from wasl.service.access import REGISTER_BOUND, Role
    from wasl.service.records import Project
    from wasl.web.secrets import new_secret

    office, operator = installation.office, installation.operator
    with office.ledger.reading() as state:
        if state.select(Project, limit=1):
            raise StateError("the installation holds a project already.", remedy="Name an empty folder.")
    say("project, registers and users")
    projects.create_project(office, operator(), name=project, title=title)
    for name in outboxes:
        projects.declare_register(office, operator(), project=project, definition=_schema(name))
    first = HOLDER_REGISTER if HOLDER_REGISTER in outboxes else next(iter(outboxes))

    def token(name: str, full_name: str, role: Role, register: str | None = None) -> str:
        users.add_user(office, operator(), name=name, title=full_name)
        reach = None if role in (Role.ADMIN, Role.AUDITOR) else project
        issued = users.issue_token(
            office,
            operator(),
            user=name,
            role=role,
            project=reach,
            register=register,
            days=DAYS,
            new_secret=new_secret,
        )
        return issued.secret

    tokens = {
        role: token(*person, Role(role), first if Role(role) in REGISTER_BOUND else None)
        for role, person in DEMO_USERS.items()
    }
    tokens["reviewer-2"] = token(*SECOND_REVIEWER, Role.REVIEWER)
    tokens["admin-2"] = token(*SECOND_ADMIN, Role.ADMIN)
    _Day(installation, project, say).go(outboxes, first)
    return tokens


class _Day:
    """The parties' acts in the demo, through the functions that the API and the pages call."""

    def __init__(self, installation: Installation, project: str, say: Callable[[str], None]) -> None:
        self.installation = installation
        self.office = installation.office
        self.project = project
        self.say = say

    def go(self, outboxes: Mapping[str, Path], first: str) -> None:
        """Everything, in order; ``first`` is the register whose holder has a token."""
        self.say("deliveries of the holders")
        self._send(outboxes)
        self.say("linkage, review and resolution")
        run = self._link()
        self._return(run, first)
        self.say("releases")
        self._releases(run)
        self.say("tables on demand")
        self._tables(run)
        self._retention()
        self._dossier()

    def _caller(self, role: str, register: str | None = None) -> Caller:
        from wasl.service.access import Actor, Role
        from wasl.service.ports import Caller

        reach = None if role in ("admin", "auditor") else self.project
        return Caller(Actor(DEMO_USERS[role][0], Role(role), reach, register), self.office.now())

    def _dossier(self) -> None:
        """A dossier; the decision on it is left to the data-protection officer."""
        from wasl.service import dossiers

        known = {
            "controller": {"name": {"fr": "Organisme inventé", "ar": "جهة متخيَّلة"}, "address": {"fr": "Rabat"}},
            "purposes": [{"fr": "Statistiques des migrations de travail", "ar": "إحصاءات هجرة العمل"}],
        }
        dossiers.draw_up_project_dossier(self.office, self._caller("officer"), project=self.project, particulars=known)

    def _work(self) -> None:
        worker = self.installation.worker()
        while worker.work_once():
            pass

    def _return(self, run: str, register: str) -> None:
        """Prepare the return of the register for its holder."""
        from wasl.service import returns

        caller = self._caller("holder", register)
        returns.request_return(self.office, caller, project=self.project, run=run, register=register)
        self._work()

    def _send(self, outboxes: Mapping[str, Path]) -> None:
        from wasl.service import submissions
        from wasl.service.records import SubmissionKind

        names = {
            SubmissionKind.DELIVERY: "delivery",
            SubmissionKind.JOIN_MAP: "join",
            SubmissionKind.PAYLOAD: "payload",
        }
        for register, folder in outboxes.items():
            for kind, stem in names.items():
                with self.installation.files.receive(submissions.AREAS[kind]) as incoming:
                    incoming.write((folder / f"{register}.{stem}.parquet").read_bytes())
                    submissions.receive(
                        self.office,
                        self._caller("holder", register),
                        project=self.project,
                        register=register,
                        kind=kind,
                        incoming=incoming,
                    )

    def _link(self) -> str:
        from wasl.linkage.plan import LinkagePlan
        from wasl.service import linkages, resolutions, reviews

        plan = LinkagePlan.load("morocco").model_dump(mode="json")

        def link() -> str:
            found = linkages.request_linkage(
                self.office, self._caller("linkage"), project=self.project, plan=plan, deliveries=()
            )
            self._work()
            return found.id

        run = link()
        with self.office.ledger.reading() as state:
            queue = reviews.review_queue(state, run)
        first = self._caller("reviewer")
        second = replace(first, actor=replace(first.actor, name=SECOND_REVIEWER[0]))
        for number, one in enumerate(queue[:REVIEWED]):
            word: reviews.Verdict = "same" if one.pair.weight > 0 else "different"
            other: reviews.Verdict = "different" if word == "same" else "same"
            for caller, verdict in ((first, word), (second, other if number % 4 == 0 else word)):
                reviews.decide(self.office, caller, project=self.project, run=run, pair=one.pair.id, verdict=verdict)
        resolutions.request_resolution(self.office, self._caller("spine"), project=self.project, run=run)
        self._work()
        link()  # a second run, scored and not resolved: there are pairs to review
        return run

    def _releases(self, run: str) -> None:
        from wasl.service import packages, release_steps, releases

        desk, approver = self._caller("release"), self._caller("approver")

        def prepare(title: str, **policy: Any) -> str:
            documents = _documents()
            documents["policy"] = {**documents["policy"], **policy}
            made = releases.prepare_release(
                self.office, desk, project=self.project, run=run, title=title, seed=SEED, **documents
            )
            self._work()
            return made.id

        def step(act: Callable[..., Any], caller: Caller, release: str, **given: Any) -> None:
            with self.office.ledger.reading() as state:
                version = release_steps.find_release(state, self.project, release).version
            act(self.office, caller, project=self.project, release=release, version=version, **given)

        def publish(release: str) -> None:
            step(release_steps.request_release, desk, release)
            step(release_steps.approve_release, approver, release, reason="k et l tiennent ; attaques lues.")
            step(packages.publish_release, desk, release)
            self._work()

        old = prepare("Travailleurs étrangers, fichier provisoire")
        publish(old)
        step(release_steps.withdraw_release, desk, old, reason="Remplacé par le fichier définitif.")
        publish(prepare("Travailleurs étrangers, fichier à usage public"))
        step(release_steps.request_release, desk, prepare("Travailleurs étrangers, seconde version"))
        thresholds = {**_documents()["policy"]["thresholds"], "k": 50, "removed_rows": 0.0, "suppressed_cells": 0.01}
        prepare("Travailleurs étrangers, essai trop strict", thresholds=thresholds)

    def _tables(self, run: str) -> None:
        from wasl.service import table_menus, table_orders

        desk, approver, analyst = self._caller("release"), self._caller("approver"), self._caller("analyst")
        given: dict[str, Any] = {"run": run, "specification": _documents()["specification"], "hierarchies": {}}
        made = table_menus.offer_menu(
            self.office, desk, project=self.project, title=MENU_TITLE, menu={"name": "foreign-workers"}, **given
        )
        opened = table_menus.open_menu(self.office, approver, project=self.project, menu=made.id, version=made.version)
        orders = [
            table_orders.order(self.office, analyst, project=self.project, menu=opened.id, request=request).id
            for request in (
                {"table": table_menus.menu_of(opened).tables[0].name},
                {"dimensions": ["sex", "nationality"]},
            )
        ]
        self._work()
        with self.office.ledger.reading() as state:
            answered = table_orders.find_order(state, desk, self.project, orders[0])
        table_orders.publish_order(self.office, desk, project=self.project, order=answered.id, version=answered.version)
        self._work()

    def _retention(self) -> None:
        from wasl.service import retention

        retention.declare_retention(
            self.office, self._caller("admin"), project=self.project, register="", round_name="", days=730
        )


def _schema(name: str) -> dict[str, Any]:
    from wasl.registers.schema import RegisterSchema

    return RegisterSchema.load(name).model_dump(mode="json", by_alias=True)


def _documents() -> dict[str, Any]:
    """Specification, policy and description of the public-use file, as the service takes them."""
    from wasl.disclosure.policy import DisclosurePolicy
    from wasl.publication.description import DatasetDescription
    from wasl.workflow.microdata import MicrodataSpec

    policy = DisclosurePolicy.load("public-use")
    documents = {
        "specification": MicrodataSpec.load("foreign-workers").model_dump(mode="json"),
        "policy": {**policy.model_dump(mode="json"), "hierarchy_texts": policy.hierarchy_texts},
        "description": DatasetDescription.load("foreign-workers-puf").model_dump(mode="json", by_alias=True),
    }
    plain: dict[str, Any] = json.loads(json.dumps(documents))
    return plain
