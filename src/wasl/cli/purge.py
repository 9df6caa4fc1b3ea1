"""``wasl purge``: erase what is withdrawn or past its retention, now, and show the certificates."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wasl.cli.output import JsonFlag, emit, say, show_table

if TYPE_CHECKING:
    from wasl.web.installation import Installation

__all__ = ["purge_installation", "register"]

PAUSE_SECONDS = 0.1
"""Between two looks at a job that a worker of the running service has taken."""


def register(app: typer.Typer) -> None:
    """Add the verb ``purge``."""
    app.command("purge")(purge)


def purge(
    project: Annotated[str, typer.Argument(help="Only this project; default: all of them.")] = "",
    config: Annotated[
        Path | None, typer.Option("--config", help="TOML file of settings; WASL_… variables go first.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Erase the files of a service that were withdrawn or are past their retention rule.

    The log keeps digest and reason of each file; the entry is the certificate. The service does the same by itself once
    a day. Copies in backups are not touched.

    Example: wasl purge simimo
    """
    from wasl.cli.serve import open_installation

    installation = open_installation(config)
    try:
        found = purge_installation(installation, project)
    finally:
        installation.close()
    if as_json:
        emit({"erasures": found})
    elif not found:
        say("Nothing is due.")
    else:
        rows = [(one["project"], one["status"], one["files"]) for one in found]
        show_table("erasures", ("project", "state", "files erased"), rows)
        say("Certificates: `wasl audit show --kind FilesErased`, or the retention page of the console.")


def purge_installation(installation: Installation, project: str = "") -> list[dict[str, Any]]:
    """Erase what is due in one project or in all, and wait for the end; gives what became of each erasure.

    Raises:
        NotFoundError: There is no such project.
    """
    from wasl.service.erasure import erasure_state, request_erasure, schedule_erasures
    from wasl.service.records import Job

    office, caller = installation.office, installation.operator()
    if project:
        due = erasure_state(office, project).due
        jobs = [request_erasure(office, caller, project=project)] if due else []
    else:
        jobs = schedule_erasures(office, caller)
    worker = installation.worker()
    ended = []
    for job in jobs:
        now = job
        while now.status in ("queued", "running"):
            if not worker.work_once():
                time.sleep(PAUSE_SECONDS)
            with office.ledger.reading() as state:
                now = state.get(Job, job.id)
        erased = now.result.get("files", 0) if now.result else 0
        ended.append({"project": now.project, "job": now.id, "status": now.status.value, "files": erased})
    return ended
