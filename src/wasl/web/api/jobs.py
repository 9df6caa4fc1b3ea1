"""Long work: where it stands, and how to stop it."""

from __future__ import annotations

from fastapi import Request, Response

from wasl.service import job_handlers, jobs
from wasl.service.access import Action
from wasl.service.ports import Caller, Office
from wasl.web.api.parameters import Identifier
from wasl.web.api.versions import tag
from wasl.web.api.views import JobView
from wasl.web.authorization import AnyCaller, Routes, office_of
from wasl.web.idempotency import once

routes = Routes("jobs")


@routes("GET", "/jobs/{job}", Action.JOB_READ)
def read_job(request: Request, response: Response, caller: AnyCaller, job: Identifier) -> JobView:
    """A job with its progress in percent."""
    return _job(office_of(request), caller, response, job)


@routes("POST", "/jobs/{job}/cancel", Action.JOB_CANCEL)
def cancel_job(request: Request, response: Response, caller: AnyCaller, job: Identifier) -> JobView:
    """Ask a job to stop."""
    office = office_of(request)
    once(request, caller, lambda: jobs.cancel_job(office, caller, job))
    return _job(office, caller, response, job)


@routes("POST", "/jobs/{job}/retry", Action.JOB_RETRY)
def retry_job(request: Request, response: Response, caller: AnyCaller, job: Identifier) -> JobView:
    """Queue a parked job again, once its cause is mended."""
    office = office_of(request)
    once(request, caller, lambda: job_handlers.queue_again(office, caller, job))
    return _job(office, caller, response, job)


def _job(office: Office, caller: Caller, response: Response, name: str) -> JobView:
    found = jobs.find_job(office, caller, name)
    tag(response, found)
    return JobView.of(found)
