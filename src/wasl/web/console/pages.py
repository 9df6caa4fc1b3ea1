"""Pages: each is declared with the action it needs, and its caller is admitted before anything of a form is acted on.

A page has no rule of its own. It reads through `service`, and a button calls one function of `service`: the function
that the API calls too.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import urlencode

from anyio.to_thread import run_sync
from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from wasl.errors import AccessError, AuthorizationError, WaslError
from wasl.locale import Messages, messages, negotiate
from wasl.locale.pages import PageText
from wasl.service.access import ANONYMOUS, Action, Actor
from wasl.service.held_acts import decisions_of
from wasl.service.ports import Caller, Office, Receipt
from wasl.service.records import Noun, Project, Register
from wasl.web.authorization import ACTION, READ_LOGGED, Doorkeeper
from wasl.web.console.addresses import address_in, page_address, sent_from
from wasl.web.console.authority import Held, held_by
from wasl.web.console.forms import TOKEN_FIELD, TOKEN_HEADER, Form, PageFault, read_form, require_token, surely_own_site
from wasl.web.console.kept import ask_to_sign_in, kept_of
from wasl.web.console.sayings import Saying, say_error, say_problem
from wasl.web.console.sessions import (
    GUEST_COOKIE,
    SESSION_COOKIE,
    Session,
    Sessions,
    form_token,
    new_id,
    set_cookie,
)
from wasl.web.console.templates import LANGUAGE_COOKIE, environment, menu
from wasl.web.console.titles import register_title
from wasl.web.idempotency import once
from wasl.web.middleware import LEAVE
from wasl.web.problems import HttpProblem, status_of, unforeseen
from wasl.web.settings import ServiceSettings
from wasl.web.topic_router import TopicRouter

__all__ = ["AnyPage", "Page", "Pages"]

CONFIRMS = "x-wasl-confirms"
"""Marks a route whose act needs that the user proved who he is not long ago."""

STREAMS = "x-wasl-page-streams"
"""Marks a route that reads its body itself."""

MOST_PROJECTS = 50
A_YEAR = 366 * 86_400

PAGE_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "referrer-policy": "same-origin",
}


@dataclass
class Page:
    """A request of a page, and the ways to answer it.

    Attributes:
        request: The request.
        caller: The user, the time and the id of the request.
        session: The session, or None before signing in.
        language: Messages of the language the page is in.
        form: What a form sent; empty for a page that is only shown.
        cookie: The cookie that the tokens of forms are made from.
        set_guest: Whether the cookie is to be set: the browser had none.
        confirmed_cookie: The session's new id, after its user proved who he is.
        chosen_language: Whether the request chose the language.
        own_form: Whether the form carried the token of this session.
        unproved: Whether only the proof of who its sender is was missing.
        opened: The project that the address names, once its caller was admitted.
    """

    request: Request
    caller: Caller
    session: Session | None
    language: Messages
    cookie: str
    form: Form = field(default_factory=lambda: Form({}))
    set_guest: bool = False
    confirmed_cookie: str = ""
    chosen_language: bool = False
    own_form: bool = False
    unproved: bool = False
    opened: Project | None = None
    _titles: dict[str, str] | None = None

    @property
    def office(self) -> Office:
        """The surroundings of use cases."""
        office: Office = self.request.app.state.office
        return office

    @property
    def settings(self) -> ServiceSettings:
        """The settings of the service."""
        settings: ServiceSettings = self.request.app.state.settings
        return settings

    @property
    def sessions(self) -> Sessions:
        """The sessions of browsers."""
        sessions: Sessions = self.request.app.state.sessions
        return sessions

    @property
    def actor(self) -> Actor:
        """The user of the request."""
        return self.caller.actor

    def can(self, action: Action, *, project: str | None = None, register: str | None = None) -> bool:
        """Whether the caller may do this here: a button is shown by the rule that the act enforces."""
        return self.actor.role is not None and self.actor.can(action, project=project, register=register)

    def projects(self) -> list[Project]:
        """The projects that the caller reaches."""
        if not self.can(Action.PROJECT_READ):
            return []
        only: dict[str, Any] = {} if self.actor.project is None else {"id": self.actor.project}
        with self.office.ledger.reading() as state:
            return state.select(Project, limit=MOST_PROJECTS, **only)

    def open_project(self) -> None:
        """Find the project that the address names."""
        with self.office.ledger.reading() as state:
            self.opened = state.get(Project, self.request.path_params["project"])

    @property
    def register_titles(self) -> Mapping[str, str]:
        """The titles of the registers of this page's project in the language of the page."""
        if self._titles is None:
            with self.office.ledger.reading() as state:
                found = state.select(Register, project=self.opened.id) if self.opened else []
            language = self.language.language
            self._titles = {one.name: register_title(one.definition, language) for one in found}
        return self._titles

    def held(self, project: str) -> Held | None:
        """The standing of a project under the decisions of the authority; None for whoever does not reach it."""
        if not self.can(Action.PROJECT_READ, project=project):
            return None
        with self.office.ledger.reading() as state:
            return held_by(decisions_of(self.office, state, project), self.caller.at.date())

    def once(self, act: Callable[[Caller], Noun]) -> str:
        """Do an act once for each form that was shown, however often its button is pressed; gives the id."""
        key = self.form.text("once", most=60)
        if not key:
            return act(self.caller).id
        shown = "\0".join((self.request.method, self.request.url.path, key))
        digest = hashlib.sha256(shown.encode()).hexdigest()
        caller = replace(self.caller, receipt=Receipt(f"page-{digest}", digest))
        return once(self.request, caller, lambda: act(caller))

    def render(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """The page that a template makes."""
        text = environment().get_template(template).render(**self._context(), **values)
        return self._finish(HTMLResponse(text, status_code=status, headers=PAGE_HEADERS))

    def fragment(self, template: str, **values: Any) -> Response:
        """A part of a page."""
        return self.render(template, **values)

    def go(self, path: str, *, said: str = "", **query: str) -> Response:
        """Send the browser on to a page of this service, with a message to show there.

        Args:
            path: Where to.
            said: Key of a message of `wasl.web.console.sayings.NOTICES`.
            query: Fields of the address.
        """
        fields = urlencode({**query, **({"said": said} if said else {})})
        target = f"{path}?{fields}" if fields else path
        return self._finish(RedirectResponse(target, status_code=HTTPStatus.SEE_OTHER, headers=PAGE_HEADERS))

    def fault(self, saying: Saying, *, back: str = "") -> Response:
        """The page that says what went wrong, why, and what to do, with what the refused form held."""
        kept = kept_of(self.form, saying.status, self.language, own=self.own_form, unproved=self.unproved)
        return self.render(
            "fault.html", status=saying.status, saying=saying, back=back or sent_from(self.request), kept=kept
        )

    def _wrote(self, name: str, default: str = "") -> str:
        """The text of a field in a form that was refused, so that nobody fills it in again."""
        return next(iter(self.form.every(name)), "" if self.form.sent else default)

    def _context(self) -> dict[str, Any]:
        projects = self.projects()
        shown = PageText(self.language)
        here = self.request.path_params.get("project")
        current = self.opened or (projects[0] if len(projects) == 1 else None)
        return {
            "page": self,
            "_": shown.text,
            "_n": shown.plural,
            "language": self.language,
            "actor": self.actor,
            "can": self.can,
            "Action": Action,
            "colon": self.language.colon,
            "semicolon": self.language.parts(("", "")),
            "comma": self.language.comma,
            "menu": menu(self, current.id if current else ""),
            "project": current,
            "held": self.held(str(here)) if here and current is not None else None,
            "projects": projects,
            "form_token": form_token(self.confirmed_cookie or self.cookie),
            "once_key": secrets.token_urlsafe(12),
            "path": self.request.url.path,
            "here": page_address(self.request),
            "address_in": lambda wanted: address_in(self.request, wanted),
            "chose": lambda name, value: value in self.form.every(name),
            "wrote": self._wrote,
            "said": self.request.query_params.get("said", ""),
            "confirmed": bool(self.confirmed_cookie) or (self.session is not None and self.session.confirmed),
        }

    def _finish(self, response: Response) -> Response:
        if self.confirmed_cookie:
            set_cookie(response, SESSION_COOKIE, self.confirmed_cookie)
        if self.set_guest:
            set_cookie(response, GUEST_COOKIE, self.cookie)
        if self.chosen_language:
            response.set_cookie(
                LANGUAGE_COOKIE,
                self.language.language,
                max_age=A_YEAR,
                secure=True,
                httponly=True,
                samesite="lax",
            )
        return response


class PageRoute(APIRoute):
    """A page whose caller is admitted before anything else, and whose errors are pages too."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, behind its guard."""
        serve = super().get_route_handler()
        extra = self.openapi_extra or {}
        action = Action(extra[ACTION])
        shown = str(extra.get(READ_LOGGED, ""))
        confirms, streams = bool(extra.get(CONFIRMS)), bool(extra.get(STREAMS))

        async def guarded(request: Request) -> Response:
            doorkeeper: Doorkeeper = request.app.state.doorkeeper
            page = await _open(request)
            request.state.page = page
            try:
                page.caller, leave = await doorkeeper.admit_actor(request, page.actor, action)
                request.scope[LEAVE] = leave
                request.state.caller = page.caller
                if "project" in request.path_params:
                    await run_sync(page.open_project)
                if request.method == "POST" and not streams:
                    form = await read_form(request)
                    page.form = form if surely_own_site(request) else page.form
                    sent = request.headers.get(TOKEN_HEADER) or form.text(TOKEN_FIELD, most=100)
                    require_token(request, sent, form_token(page.cookie))
                    page.form, page.own_form = form, True
                if confirms:
                    page.unproved = True
                    await _require_confirmed(page)
                    page.unproved = False
                response = await serve(request)
                if shown and response.status_code < HTTPStatus.BAD_REQUEST:
                    await run_sync(doorkeeper.note_read, request, page.caller, shown)
            except HttpProblem as problem:
                if problem.status == HTTPStatus.UNAUTHORIZED and page.session is None:
                    return await ask_to_sign_in(page)
                return await run_sync(page.fault, say_problem(problem, page.language))
            except AccessError as error:
                if request.scope.get(LEAVE) is not None and not isinstance(error, AuthorizationError):
                    # it was admitted: the act itself refused; what no authorization covers is logged by the act
                    await run_sync(doorkeeper.deny, request, page.caller, "not permitted here")
                return await run_sync(page.fault, say_error(error, status_of(error), page.language))
            except WaslError as error:
                return await run_sync(page.fault, say_error(error, status_of(error), page.language))
            except PageFault as fault:
                return await run_sync(page.fault, Saying.of_fault(fault, page.language))
            except HTTPException as error:
                return await run_sync(page.fault, Saying.of_status(error.status_code, page.language))
            except RequestValidationError:
                return await run_sync(page.fault, Saying.of_status(HTTPStatus.NOT_FOUND, page.language))
            except Exception as error:  # logged by its kind and place, never by its message
                answer = await unforeseen(request, error)
                return await run_sync(page.fault, Saying.of_status(answer.status_code, page.language))
            return response

        return guarded


async def _open(request: Request) -> Page:
    """The page of a request: its session, if it has one, and its language."""
    office: Office = request.app.state.office
    sessions: Sessions = request.app.state.sessions
    settings: ServiceSettings = request.app.state.settings
    now = office.now()
    cookie = request.cookies.get(SESSION_COOKIE, "")
    session = await run_sync(sessions.find, cookie, now) if cookie else None
    guest = request.cookies.get(GUEST_COOKIE, "")
    wish = request.query_params.get("lang")
    language = negotiate(
        wish, request.cookies.get(LANGUAGE_COOKIE), settings.lang, request.headers.get("accept-language")
    )
    caller = Caller(session.actor if session else ANONYMOUS, now, str(request.scope.get("wasl_request_id", "")))
    own = session.cookie if session else guest
    return Page(
        request,
        caller,
        session,
        messages(language),
        own or new_id(),
        set_guest=not own,
        chosen_language=wish is not None,
    )


async def _require_confirmed(page: Page) -> None:
    """Check that the user proved who he is not long ago, or does so with the form.

    Raises:
        PageFault: 403 otherwise.
    """
    from wasl.web.console.sign_in import confirm_by_token

    if page.session is None or page.session.confirmed:
        return
    await confirm_by_token(page)


async def page_of(request: Request) -> Page:
    """The page that the guard opened."""
    page: Page = request.state.page
    return page


AnyPage = Annotated[Page, Depends(page_of)]


class Pages:
    """Pages of one topic; each is declared with the action it needs."""

    def __init__(self) -> None:
        self.router = TopicRouter(route_class=PageRoute, include_in_schema=False, default_response_class=HTMLResponse)

    def __call__(
        self,
        method: str,
        path: str,
        action: Action,
        *,
        confirms: bool = False,
        streams: bool = False,
        logged_as: str = "",
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """A decorator that serves a path with the function below it.

        Args:
            method: ``GET`` shows, ``POST`` acts.
            path: With the names of project, register and thing in braces.
            action: The permission that the page, or its one button, needs.
            confirms: Whether the act needs that the user proved who he is not long ago.
            streams: Whether the function reads the body itself.
            logged_as: Names the sensitive record that the page shows; the log then tells who read it.
        """
        marks: dict[str, Any] = {ACTION: action.value}
        if confirms:
            marks[CONFIRMS] = True
        if streams:
            marks[STREAMS] = True
        if logged_as:
            marks[READ_LOGGED] = logged_as
        return self.router.api_route(path, methods=[method], openapi_extra=marks, response_model=None)
