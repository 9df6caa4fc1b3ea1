"""The risk–utility explorer: policies side by side on the microdata of a release."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Request, Response
from pydantic import BaseModel, Field

from wasl.errors import NotFoundError
from wasl.service import release_steps, scenarios
from wasl.service.access import Action
from wasl.service.records import Job
from wasl.web.api.parameters import Document, Id, Identifier, ProjectName
from wasl.web.api.releases import RELEASE
from wasl.web.api.versions import tag
from wasl.web.api.views import JobView
from wasl.web.authorization import AnyCaller, Routes, office_of
from wasl.web.idempotency import once

routes = Routes("releases")


class NewScenario(BaseModel):
    """A policy to be measured."""

    name: str = Field(min_length=1, max_length=60, examples=["k of 10"])
    policy: Annotated[Document, Field(description="the disclosure policy", examples=[{"name": "public-use"}])]


class NewComparison(BaseModel):
    """Policies to be measured side by side; each protects the whole file once."""

    scenarios: list[NewScenario] = Field(min_length=1, max_length=scenarios.MOST_SCENARIOS)
    groups: list[Annotated[str, Field(max_length=100)]] = Field(
        default=[], max_length=10, description="variables whose categories are followed", examples=[["region"]]
    )


class ComparisonView(BaseModel):
    """Scenarios compared: confidential, for they show where files are weak."""

    release: Id
    original: dict[str, Any] = Field(description="risk and utility of the microdata as they are")
    scenarios: list[dict[str, Any]] = Field(description="each with risk, utility, whether it passed, and its groups")
    policies: dict[str, dict[str, Any]] = Field(description="the policy of each scenario, by its name")


@routes("POST", RELEASE + "/scenarios", Action.RELEASE_PREPARE, status=202, toml="")
def request_comparison(
    request: Request,
    response: Response,
    caller: AnyCaller,
    project: ProjectName,
    release: Identifier,
    body: NewComparison,
) -> JobView:
    """Ask that policies be measured side by side on the microdata of a release; the job does the work."""
    office = office_of(request)
    asked = [(one.name, one.policy) for one in body.scenarios]
    name = once(
        request,
        caller,
        lambda: scenarios.request_comparison(
            office, caller, project=project, release=release, scenarios=asked, groups=body.groups
        ),
    )
    with office.ledger.reading() as state:
        job = state.get(Job, name)
    tag(response, job, at=f"/v1/jobs/{job.id}")
    return JobView.of(job)


@routes("GET", RELEASE + "/scenarios", Action.RISK_READ, logged_as="scenarios")
def read_comparison(request: Request, project: ProjectName, release: Identifier) -> ComparisonView:
    """The scenarios compared last, with risk, utility and what each group keeps."""
    office = office_of(request)
    with office.ledger.reading() as state:
        found = release_steps.find_release(state, project, release)
    comparison = scenarios.read_comparison(office, found)
    if comparison is None:
        raise NotFoundError("no scenarios were compared for this release yet.")
    return ComparisonView(
        release=found.id, **{name: comparison[name] for name in ("original", "scenarios", "policies")}
    )
