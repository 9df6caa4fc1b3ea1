"""First steps of each role, for a home page on which nothing waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasl.locale import N_
from wasl.service.access import Action

if TYPE_CHECKING:
    from wasl.web.console.pages import Page

__all__ = ["next_steps"]

STEPS: tuple[tuple[str, str, Action], ...] = (
    (N_("Send the files of your register for the next round"), "/files", Action.DELIVERY_SEND),
    (N_("Record the objections of persons"), "/objections", Action.OBJECTION_SEND),
    (N_("Start a run, once the holders have sent their files"), "/runs/new", Action.LINKAGE_REQUEST),
    (N_("Look whether a run has pairs to review"), "/review", Action.REVIEW_READ),
    (N_("Resolve a scored run into persons"), "/runs", Action.SPINE_RESOLVE),
    (N_("Prepare a file from a resolved run"), "/releases/new", Action.RELEASE_PREPARE),
    (N_("Offer a menu of tables"), "/tables/menus/new", Action.MENU_OFFER),
    (N_("Order tables from an open menu"), "/tables", Action.TABLES_ORDER),
    (N_("Read what was decided on releases"), "/releases", Action.RELEASE_APPROVE),
    (N_("Draw up the dossier for the authority"), "/dossier", Action.DOSSIER_DRAW),
    (N_("Look at the retention calendar"), "/retention", Action.RETENTION_READ),
    (N_("Read the log"), "/console/log", Action.AUDIT_READ),
    (N_("Write the report of a visit"), "/console/log/visit", Action.AUDIT_READ),
    (N_("Open a project and declare its registers"), "/console/projects", Action.PROJECT_CREATE),
    (N_("Add users and ask for their tokens"), "/console/users", Action.USER_MANAGE),
)
"""Text, address (within the project where it does not begin with ``/console``), and the permission it needs."""
MOST_STEPS = 4


def next_steps(page: Page) -> list[tuple[str, str]]:
    """Text and address of what the caller can begin, the first project that he reaches in mind."""
    projects = page.projects()
    found = []
    for text, address, action in STEPS:
        inside = not address.startswith("/console")
        if not page.can(action) or (inside and not projects):
            continue
        found.append((text, f"/console/projects/{projects[0].id}{address}" if inside else address))
    return found[:MOST_STEPS]
