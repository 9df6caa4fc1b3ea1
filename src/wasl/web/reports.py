"""Reports that people read, as one HTML file in the reader's language; the API and the console send the same.

The headers of every answer hold for them: no script, no frame, nothing kept. They are sent as files to be saved.
"""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from wasl.errors import NotFoundError
from wasl.linkage.quality.report import render_report
from wasl.locale import Language, negotiate
from wasl.service import linkages, release_steps, releases
from wasl.service.ports import Area, Caller
from wasl.web.authorization import office_of
from wasl.web.downloads import FILE_RESPONSES, MEDIA_TYPES, send_file
from wasl.workflow.protect import INTERNAL_PAGES

__all__ = [
    "HTML_RESPONSES",
    "INTERNAL_RESPONSES",
    "reader_language",
    "send_internal_file",
    "send_internal_report",
    "send_linkage_report",
]

HTML_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The report, in the language of `Accept-Language`; without the header in English",
        "content": {"text/html": {"schema": {"type": "string"}}},
    },
}

INTERNAL_RESPONSES: dict[int | str, dict[str, Any]] = {
    **FILE_RESPONSES,
    200: {
        "description": "The file",
        "content": {MEDIA_TYPES["json"]: {"schema": {"type": "string", "format": "binary"}}},
    },
}


def reader_language(request: Request) -> Language:
    """The language that the caller wishes; English without a wish, as for messages."""
    return negotiate(request.headers.get("accept-language", ""), default="en")


def send_linkage_report(request: Request, project: str, run: str, language: Language) -> Response:
    """The report of a run, made on request.

    Raises:
        NotFoundError: The run has none yet.
    """
    with office_of(request).ledger.reading() as state:
        found = linkages.find_run(state, project, run)
    if not found.report:
        raise NotFoundError(f"run {run} is {found.status} and has no report yet.")
    text = render_report({**found.report, **found.report.get("resolution", {})}, language)
    headers = {
        "content-disposition": f'attachment; filename="report-{language}.html"',
        "content-language": language,
        "vary": "Accept-Language",
    }
    return HTMLResponse(text, headers=headers)


def send_internal_report(request: Request, caller: Caller, project: str, release: str, language: Language) -> Response:
    """The confidential report of a protection, as the protection made it in each language.

    Raises:
        NotFoundError: The file was not protected yet.
    """
    with office_of(request).ledger.reading() as state:
        found = release_steps.find_release(state, project, release)
    name = INTERNAL_PAGES[language]
    chosen = name if name in found.artifacts else INTERNAL_PAGES["en"]  # releases of earlier versions
    if chosen not in found.artifacts:
        raise NotFoundError(f"release {release} is {found.status} and has no confidential report yet.")
    response = send_file(
        request,
        caller,
        project=project,
        subject=f"confidential report of {release}",
        area=Area.RELEASE,
        digest=str(found.artifacts[chosen]),
        name=name,
        asked=None,
        media_type=MEDIA_TYPES["html"],
    )
    response.headers["vary"] = "Accept-Language"
    return response


def send_internal_file(request: Request, caller: Caller, project: str, release: str) -> Response:
    """The confidential report with the seed, as a JSON file.

    Raises:
        NotFoundError: The file was not protected yet.
    """
    with office_of(request).ledger.reading() as state:
        found = release_steps.find_release(state, project, release)
    return send_file(
        request,
        caller,
        project=project,
        subject=f"confidential report with the seed of {release}",
        area=Area.RELEASE,
        digest=releases.internal_file(found),
        name="internal-report.json",
        asked=None,
        media_type=MEDIA_TYPES["json"],
    )
