"""The pages of the desk."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from starlette.datastructures import FormData
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from wasl.desk import merge_work, own_register, register_work, return_work
from wasl.desk.forms import closing_form, line_of, require_room, small_file
from wasl.desk.guard import HEADERS, EndedError, Guard, NotLetInError
from wasl.desk.merge_work import MergeCase
from wasl.desk.page_templates import templates
from wasl.desk.register_work import EncodingOrder, RegisterCase
from wasl.desk.return_work import ReturnCase
from wasl.desk.review_pages import ReviewPages
from wasl.desk.tasks import Task, Tasks
from wasl.desk.workspace import Workspace
from wasl.errors import InputError, WaslError
from wasl.holder.quality.finding_texts import CHECKS
from wasl.locale import LANGUAGES, N_, Language, Messages, messages, negotiate
from wasl.locale.pages import PageText
from wasl.registers.schema import RegisterSchema

__all__ = ["Desk", "create_desk"]

LANGUAGE_COOKIE = "wasl_language"
MOST_FIELDS = 500

PROPOSED = "-"
"""Chosen in place of a schema: propose one from the file."""

TITLES = {
    "register": N_("Reading and checking the register"),
    "encode": N_("Encoding the register"),
    "send": N_("Sending the encoded files"),
    "merge": N_("Comparing the two registers"),
    "open": N_("Opening what came back"),
}


@dataclass(slots=True)
class Desk:
    """A run of the desk: its surroundings and its cases.

    Attributes:
        home: The home folder of this installation: its log.
        guard, workspace, tasks: See there.
        language: The language where the browser names none.
        registers, merges, returns: Cases by name.
    """

    home: Path
    guard: Guard
    workspace: Workspace
    tasks: Tasks = field(default_factory=Tasks)
    language: Language = "fr"
    registers: dict[str, RegisterCase] = field(default_factory=dict)
    merges: dict[str, MergeCase] = field(default_factory=dict)
    returns: dict[str, ReturnCase] = field(default_factory=dict)

    def close(self) -> None:
        """Stop the work and delete the files."""
        self.tasks.close()
        self.workspace.clear()


def create_desk(desk: Desk) -> FastAPI:
    """The application; it answers nobody but the browser that opened the printed address."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    pages = _Pages(desk)

    @app.middleware("http")
    async def guarded(request: Request, serve: Callable[[Request], Awaitable[Response]]) -> Response:
        try:
            if request.url.path.startswith("/open/"):
                return desk.guard.enter(request, request.url.path.removeprefix("/open/"))
            desk.guard.require_let_in(request)
            desk.guard.require_open(request)
            if request.method == "POST":
                await require_room(request, desk.workspace)
            answer = await serve(request)
        except NotLetInError as error:
            answer = pages.fault(request, error, status=error.status, back="")
        except EndedError as error:
            answer = pages.fault(request, error, status=403, back="")
        except WaslError as error:
            answer = pages.fault(request, error)
        except Exception as error:  # its message could hold a person's value
            answer = pages.fault(request, WaslError(f"an unforeseen error ({type(error).__name__})."), status=500)
        for name, value in HEADERS.items():
            answer.headers.setdefault(name, value)
        return answer

    shown: dict[str, Callable[..., Any]] = {
        "/": pages.home,
        "/registers/{case}": pages.show_register,
        "/merges/{case}": pages.show_merge,
        "/returns/{case}": pages.show_return,
        "/tasks/{task}": pages.show_task,
        "/files/{kind}/{case}/{name}": pages.download,
        "/desk.css": pages.style,
    }
    sent: dict[str, Callable[..., Any]] = {
        "/registers": pages.begin_register,
        "/registers/{case}/columns": pages.choose_columns,
        "/registers/{case}/encode": pages.encode,
        "/registers/{case}/send": pages.send,
        "/merges": pages.begin_merge,
        "/returns": pages.begin_return,
        "/tasks/{task}/stop": pages.stop,
        "/forget/{kind}/{case}": pages.forget,
    }
    review_pages, review_forms = pages.review().routes()
    shown |= review_pages
    sent |= review_forms
    for path, act in shown.items():
        app.add_api_route(path, act, methods=["GET"], response_model=None)
    for path, act in sent.items():
        app.add_api_route(path, closing_form(act), methods=["POST"], response_model=None)
    return app


class _Pages:
    """The handlers; each reads a form, calls one function of the work, and shows a page."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def home(self, request: Request) -> Response:
        """The three tasks of the desk."""
        desk = self._desk
        return self._render(
            request,
            "home.html",
            schemas=own_register.shipped_kinds(self._words(request).language),
            registers=desk.registers,
            merges=desk.merges,
            returns=desk.returns,
            running=[(task, TITLES[task.title]) for task in desk.tasks.running()],
        )

    async def begin_register(self, request: Request) -> Response:
        """Take in a register's file, and read and check it."""
        form = await self._form(request)
        folder = self._desk.workspace.new_case()
        file = await self._desk.workspace.save(folder, form.get("file"), "the register")
        case = RegisterCase(folder, file, await self._schema(form, folder))
        self._desk.registers[folder.name] = case
        return self._check(case, request)

    def show_register(self, request: Request, case: str) -> Response:
        """Columns, quality, encoding and sending of a register."""
        found = _case(self._desk.registers, case)
        words = self._words(request)
        known = () if found.quality is None else found.quality.findings
        columns = register_work.columns_of(found, words.language)
        labels = register_work.labels_of(found, words.language)
        findings = [
            (CHECKS[one.check][words.language][0], labels.get(one.column, one.column), one.count, one.share)
            for one in known
        ]
        return self._render(
            request,
            "register.html",
            case=found,
            name=case,
            reason=self._named(found.reading_fault),
            findings=findings,
            columns=columns,
            missing=[one.label for one in columns if one.needed and not one.heading] if len(found.headings) > 1 else [],
            choices=own_register.choices(words) if found.proposed else (),
        )

    async def choose_columns(self, request: Request, case: str) -> Response:
        """Take the columns that the user chose, and check again."""
        form = await self._form(request)
        found = _case(self._desk.registers, case)
        chosen = {name[2:]: str(value) for name, value in form.items() if name.startswith("c_") and value}
        if found.proposed:
            wishes = {found.headings[int(place)]: what for place, what in chosen.items() if place.isdigit()}
            found.wishes = own_register.Wishes(wishes, line_of(form, "title"), line_of(form, "holder"))
            found.schema = None
        elif found.schema is not None:
            register_work.choose_columns(found, chosen)
        return self._check(found, request)

    async def encode(self, request: Request, case: str) -> Response:
        """Encode the register with the project's key."""
        form = await self._form(request)
        found = _case(self._desk.registers, case)
        key = await small_file(form, "key")
        if not key:
            raise InputError("no key file was chosen.", remedy="Choose the key file of the project.")
        order = EncodingOrder(
            key=key,
            passphrase=str(form.get("passphrase", "")),
            identity=(await small_file(form, "identity")).decode("ascii", "replace"),
            round_name=str(form.get("round", "")).strip(),
            period=str(form.get("period", "")).strip(),
        )
        home = self._desk.home

        def work(report: Callable[[int, int], None]) -> None:
            register_work.encode(found, home, report, order=order)

        return self._begin("encode", f"/registers/{case}", work)

    async def send(self, request: Request, case: str) -> Response:
        """Send what was encoded; names stay here."""
        form = await self._form(request)
        found = _case(self._desk.registers, case)
        address, token = str(form.get("address", "")).strip(), str(form.get("token", "")).strip()
        return self._begin("send", f"/registers/{case}", lambda _: register_work.send(found, address, token))

    async def begin_merge(self, request: Request) -> Response:
        """Compare two registers of this office."""
        form = await self._form(request)
        folder = self._desk.workspace.new_case()
        sides = []
        for side in ("a", "b"):
            inner = folder / side
            inner.mkdir(mode=0o700)
            file = await self._desk.workspace.save(inner, form.get(f"file_{side}"), f"register {side.upper()}")
            sides.append((file, RegisterSchema.load(str(form.get(f"schema_{side}", "")))))
        decisions = None
        if getattr(form.get("decisions"), "filename", ""):
            decisions = await self._desk.workspace.save(folder, form.get("decisions"), "the decisions")
        self._desk.merges[folder.name] = MergeCase(folder, sides[0], sides[1], decisions)
        return self._compare(request, folder.name)

    def _compare(self, request: Request, name: str) -> Response:
        case, home, language = self._desk.merges[name], self._desk.home, self._words(request).language
        return self._begin("merge", f"/merges/{name}", lambda report: merge_work.merge(case, home, report, language))

    def review(self) -> ReviewPages:
        """The pages on which doubtful pairs are decided."""
        return ReviewPages(
            find=lambda name: _case(self._desk.merges, name),
            form=self._form,
            words=self._words,
            render=self._render,
            compare=self._compare,
        )

    def show_merge(self, request: Request, case: str) -> Response:
        """The result of comparing two registers."""
        found = _case(self._desk.merges, case)
        labels = merge_work.labels_of(found, self._words(request).language)
        return self._render(request, "merge.html", case=found, name=case, labels=labels)

    async def begin_return(self, request: Request) -> Response:
        """Open what came back with the keep map."""
        form = await self._form(request)
        folder = self._desk.workspace.new_case()
        returned = await self._desk.workspace.save(folder, form.get("returned"), "the return")
        keep_map = await self._desk.workspace.save(folder, form.get("keep_map"), "the keep map")
        case = self._desk.returns[folder.name] = ReturnCase(folder, returned, keep_map)
        home, language = self._desk.home, self._words(request).language
        return self._begin("open", f"/returns/{folder.name}", lambda _: return_work.open_case(case, home, language))

    def show_return(self, request: Request, case: str) -> Response:
        """The return by own record numbers."""
        return self._render(request, "return.html", case=_case(self._desk.returns, case), name=case)

    def show_task(self, request: Request, task: str) -> Response:
        """The progress of some work; the page asks again by itself until it is done."""
        found = self._desk.tasks.get(task)
        if found.done and found.fault is None:
            return RedirectResponse(found.then, 303)
        if found.fault is not None:
            return self.fault(request, found.fault, back=found.then if found.then.count("/") > 1 else "/")
        answer = self._render(request, "progress.html", task=found, title=TITLES[found.title])
        answer.headers["refresh"] = "1"
        return answer

    async def stop(self, request: Request, task: str) -> Response:
        """Stop some work."""
        await self._form(request)
        self._desk.tasks.get(task).stop()
        return RedirectResponse(f"/tasks/{task}", 303)

    async def forget(self, request: Request, kind: str, case: str) -> Response:
        """Delete the files of a case, and what is kept of decisions where that was asked for."""
        form = await self._form(request)
        cases: dict[str, Any] = self._cases(kind)
        found = _case(cases, case)
        if kind == "merges" and form.get("decisions") and found.review is not None:
            found.review.forget()
        self._desk.workspace.remove(found.folder)
        del cases[case]
        return RedirectResponse("/", 303)

    def download(self, request: Request, kind: str, case: str, name: str) -> Response:
        """A file of a case."""
        del request
        found = _case(self._cases(kind), case)
        if name not in found.files:
            raise InputError("there is no such file.", remedy="Go back to the page of the case.")
        return FileResponse(found.files[name], filename=name)

    def style(self, request: Request) -> Response:
        """The stylesheet, the same as that of the service's pages."""
        del request
        text = files("wasl").joinpath("web", "console", "static", "console.css").read_text(encoding="utf-8")
        return Response(text, media_type="text/css; charset=utf-8")

    def fault(self, request: Request, error: WaslError, *, status: int = 422, back: str = "/") -> Response:
        """What happened, why, and what to do."""
        return self._render(request, "fault.html", status=status, error=error, reason=self._named(error), back=back)

    def _named(self, error: WaslError | None) -> str:
        """The message of an error, with the names of files in place of the folders of the desk."""
        folder = re.escape(str(self._desk.workspace.folder))
        return "" if error is None else re.sub(rf"{folder}/[0-9a-f]+/(?:[ab]/)?", "", error.message)

    def _cases(self, kind: str) -> dict[str, Any]:
        kinds: dict[str, dict[str, Any]] = {
            "registers": self._desk.registers,
            "merges": self._desk.merges,
            "returns": self._desk.returns,
        }
        return kinds.get(kind, {})

    def _check(self, case: RegisterCase, request: Request) -> Response:
        home, words = self._desk.home, self._words(request)
        then = f"/registers/{case.folder.name}"
        return self._begin("register", then, lambda report: register_work.check(case, home, report, words))

    def _begin(self, title: str, then: str, work: Callable[[Callable[[int, int], None]], None]) -> Response:
        task: Task = self._desk.tasks.start(title, then, work)
        return RedirectResponse(f"/tasks/{task.name}", 303)

    async def _form(self, request: Request) -> FormData:
        """The fields of a form of this session.

        Raises:
            InputError: It is another's.
        """
        form = request.state.form = await request.form(max_fields=MOST_FIELDS)
        if not self._desk.guard.owns_form(str(form.get("form_token", ""))):
            raise InputError("this form is not one of your session.", remedy="Open the page again, then send it.")
        return form

    async def _schema(self, form: FormData, folder: Path) -> RegisterSchema | None:
        """The schema that was chosen or sent; None where one is to be proposed from the file."""
        chosen = str(form.get("schema", ""))
        if getattr(form.get("own_schema"), "filename", ""):
            return RegisterSchema.load(await self._desk.workspace.save(folder, form.get("own_schema"), "the schema"))
        return None if chosen == PROPOSED else RegisterSchema.load(chosen)

    def _words(self, request: Request) -> Messages:
        asked = request.query_params.get("lang")
        wishes = (asked, request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language"))
        return messages(negotiate(*wishes, default=self._desk.language))

    def _render(self, request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
        words = self._words(request)
        text = (
            templates()
            .get_template(template)
            .render(
                _=PageText(words).text,
                _n=PageText(words).plural,
                words=words,
                languages=[messages(one) for one in LANGUAGES],
                path=request.url.path if request.method == "GET" else "/",  # an answer to a form has no address
                form_token=self._desk.guard.form_token,
                **values,
            )
        )
        answer = HTMLResponse(text, status)
        if request.query_params.get("lang") in LANGUAGES:
            answer.set_cookie(LANGUAGE_COOKIE, words.language, httponly=True, samesite="strict")
        return answer


def _case(cases: Mapping[str, Any], name: str) -> Any:
    """A case of this run.

    Raises:
        InputError: There is none of this name.
    """
    if name not in cases:
        raise InputError("this case is not known any more.", remedy="Begin again from the first page.")
    return cases[name]
