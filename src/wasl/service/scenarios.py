"""The risk–utility explorer: policies measured side by side on the microdata of a release, as a job.

The result is confidential: it shows where files are weak. It is kept beside the release's other reports.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from wasl.audit.events import ScenariosCompared, ScenariosRequested
from wasl.disclosure.policy import DisclosurePolicy
from wasl.errors import InputError, StateError
from wasl.registers.exchange.digests import digest_json
from wasl.registers.exchange.parquet_tables import read_parquet
from wasl.registers.exchange.plain_json import json_bytes, plain_json
from wasl.service.access import Action
from wasl.service.artifacts import keep_artifact
from wasl.service.documents import accept_policy
from wasl.service.jobs import finish_job, job_caller, queue_job
from wasl.service.ports import Area, Caller, Office, Progress
from wasl.service.projects import open_project
from wasl.service.records import Job, JobKind, Release
from wasl.service.release_steps import find_release
from wasl.service.states import ReleaseStatus
from wasl.workflow.act import RunOptions
from wasl.workflow.compare import compare

__all__ = ["ARTIFACT", "MOST_SCENARIOS", "compare_scenarios", "read_comparison", "request_comparison"]

ARTIFACT = "scenarios.json"
MOST_SCENARIOS = 6
"""Policies in one comparison: each is a protection of the whole file."""

EDITABLE = (ReleaseStatus.UNSAFE, ReleaseStatus.PROTECTED, ReleaseStatus.REFUSED)


def request_comparison(
    office: Office,
    caller: Caller,
    *,
    project: str,
    release: str,
    scenarios: Sequence[tuple[str, Mapping[str, Any]]],
    groups: Sequence[str] = (),
) -> Job:
    """Ask that policies be measured side by side on the microdata of a release.

    Args:
        office: Surroundings.
        caller: Who asks.
        project: The project.
        release: A release that waits at the desk.
        scenarios: Name and policy of each.
        groups: Variables whose categories are followed, such as the region.

    Raises:
        InputError: There are none, too many, or two of one name.
        SchemaError: A policy does not hold together.
        StateError: The release has no microdata, or is on its way to the public.
    """
    caller.check(Action.RELEASE_PREPARE, project=project)
    names = [name for name, _ in scenarios]
    if not 1 <= len(names) <= MOST_SCENARIOS or len(set(names)) != len(names) or not all(names):
        raise InputError(f"a comparison has 1 to {MOST_SCENARIOS} scenarios with names of their own.")
    asked = [{"name": name, "policy": accept_policy(policy)} for name, policy in scenarios]
    with office.ledger.writing(caller) as ledger:
        open_project(ledger, project)
        found = find_release(ledger, project, release)
        if found.status not in EDITABLE or not found.microdata:
            raise StateError(
                f"release {release} is {found.status}; scenarios are compared while it waits at the desk.",
                remedy="Prepare another release of the same run.",
            )
        job = queue_job(office, caller, JobKind.COMPARE, project=project, subject=release)
        job = replace(job, result={"asked": asked, "groups": list(groups)})
        event = caller.event(
            ScenariosRequested(scenarios=len(asked), policy_digest=digest_json(asked)), project=project, subject=release
        )
        ledger.save(job, event=event)
        return ledger.get(Job, job.id)


def compare_scenarios(office: Office, job: Job, progress: Progress) -> None:
    """The job: measure the scenarios and keep the result beside the release's reports."""
    progress(0, 2)
    with office.ledger.reading() as state:
        release = state.get(Release, job.subject)
    if not release.microdata:
        raise StateError(f"release {release.id} has no microdata (any more).")
    table, _ = read_parquet(office.files.path(Area.RELEASE, release.microdata), "microdata")
    asked = job.result["asked"]
    scenarios = [(one["name"], DisclosurePolicy.model_validate(one["policy"])) for one in asked]
    options = RunOptions(threads=office.threads, seed=release.seed, today=office.now().date())
    groups = [name for name in job.result["groups"] if name in table.column_names]
    found = compare(table, scenarios, options, groups=groups)
    progress(1, 2)
    result = plain_json({**found.to_json(), "policies": {one["name"]: one["policy"] for one in asked}})
    stored = keep_artifact(office, Area.RELEASE, json_bytes(result))
    caller = job_caller(office, job)
    happening = ScenariosCompared(
        scenarios=len(asked), refused=sum(bool(one.refusal) for one in found.scenarios), file=stored
    )
    event = caller.event(happening, project=release.project, subject=release.id)
    with office.ledger.writing(caller) as ledger:
        now = ledger.get(Release, release.id)
        if now.microdata != release.microdata:
            raise StateError(f"the microdata of release {release.id} were replaced or erased meanwhile.")
        kept = replace(now, artifacts={**now.artifacts, ARTIFACT: stored})
        finish_job(ledger, replace(job, result={"scenarios": len(asked)}), kept, event=event)


def read_comparison(office: Office, release: Release) -> dict[str, Any] | None:
    """The latest comparison made for a release; None before the first."""
    digest = release.artifacts.get(ARTIFACT)
    if not digest:
        return None
    found: dict[str, Any] = json.loads(office.files.path(Area.RELEASE, str(digest)).read_bytes())
    return found
