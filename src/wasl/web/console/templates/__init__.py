"""Templates of the pages, what they can write, and the menu of each role."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from wasl.audit.events import KINDS
from wasl.audit.sentences import say_kind
from wasl.compliance.excess_words import with_titles
from wasl.disclosure.report.attack_tables import attack_name
from wasl.locale import LANGUAGES, N_, Messages, messages
from wasl.locale.code_words import CHECK_WORDS, FILE_WORDS, JOB_WORDS, ROLE_WORDS, STATE_WORDS, VERDICT_WORDS
from wasl.locale.pages import said
from wasl.registers.known_names import known_as
from wasl.service.access import Action
from wasl.service.records import Release, TableOrder
from wasl.web.console.sayings import NOTICES, UNDER_WAY
from wasl.web.console.titles import title_in

if TYPE_CHECKING:
    from wasl.web.console.pages import Page

__all__ = ["LANGUAGE_COOKIE", "STATIC", "MenuItem", "environment", "menu", "static_path"]

LANGUAGE_COOKIE = "wasl-language"
STATIC = Path(__file__).parent.parent / "static"
SHORT_DIGEST = 12

WORDS = {**STATE_WORDS, **ROLE_WORDS, **JOB_WORDS, **VERDICT_WORDS, **FILE_WORDS, **CHECK_WORDS}
"""Words for states, kinds, roles and checks."""

TONES = {
    "failed": "bad",
    "unsafe": "bad",
    "disputed": "warn",
    "refused": "bad",
    "parked": "bad",
    "withdrawn": "warn",
    "revoked": "warn",
    "disabled": "warn",
    "expired": "warn",
    "requested": "busy",
    "queued": "busy",
    "running": "busy",
    "resolving": "busy",
    "protecting": "busy",
    "publishing": "busy",
    "invited": "busy",
    "offered": "busy",
    "open": "good",
    "published": "good",
    "approved": "good",
    "resolved": "good",
    "done": "good",
    "agreed": "good",
    "passed": "good",
    "active": "good",
}
"""The colour of each state; its word says the same."""


@dataclass(frozen=True, slots=True)
class MenuItem:
    """An entry of the menu.

    Attributes:
        label: Key of a message.
        address: Where it leads.
        here: Whether this page is of it.
    """

    label: str
    address: str
    here: bool


def menu(page: Page, project: str) -> list[MenuItem]:
    """The entries of the menu that the caller may open, in the project that is open."""
    if page.session is None:
        return []
    inside = f"/console/projects/{project}" if project else ""
    entries: list[tuple[str, str, Action, bool]] = [
        (N_("Waiting for you"), "/console", Action.WHOAMI, False),
        (N_("Files"), "/files", Action.DELIVERY_READ, True),
        (N_("Linkage"), "/runs", Action.LINKAGE_READ, True),
        (N_("Review"), "/review", Action.REVIEW_READ, True),
        (N_("Releases"), "/releases", Action.RELEASE_READ, True),
        (N_("Tables"), "/tables", Action.TABLES_READ, True),
        (N_("Objections"), "/objections", Action.OBJECTION_SEND, True),
        (N_("Retention"), "/retention", Action.RETENTION_READ, True),
        (N_("Dossier"), "/dossier", Action.DOSSIER_READ, True),
        (N_("Log"), "/console/log", Action.AUDIT_READ, False),
        (N_("Projects"), "/console/projects", Action.PROJECT_READ, False),
        (N_("Users"), "/console/users", Action.USER_MANAGE, False),
        (N_("Workers and queue"), "/console/queue", Action.METRICS_READ, False),
    ]
    path = page.request.url.path
    items = []
    for label, address, action, within in entries:
        if not page.can(action) or (within and not inside):
            continue
        target = inside + address if within else address
        exact = target in ("/console", "/console/projects")
        items.append(MenuItem(label, target, path == target if exact else path.startswith(target)))
    return items


@cache
def static_path(name: str) -> str:
    """The address of a file of the pages, with the digest of its content in it, so that browsers may keep it."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:SHORT_DIGEST]
    return f"/console/static/{digest}/{name}"


@cache
def environment() -> Environment:
    """The environment of the templates: every value is escaped, and one that is missing is an error."""
    made = Environment(
        loader=PackageLoader("wasl.web.console", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    made.globals |= {
        "static": static_path,
        "languages": [messages(one) for one in LANGUAGES],
        "NOTICES": NOTICES,
        "UNDER_WAY": UNDER_WAY,
        "tone": lambda state: TONES.get(str(state), "plain"),
    }
    made.filters |= {
        "count": _count,
        "decimals": _decimals,
        "written_number": _written_number,
        "share": _share,
        "day": _day,
        "moment": _moment,
        "word": _word,
        "known_as": _known_as,
        "register": _register,
        "happening": _happening,
        "significant": _significant,
        "digest": _digest,
        "bytes": _bytes,
        "listed": _listed,
        "said": _said,
        "titled": _titled,
        "attack": _attack,
        "with_titles": _with_titles,
    }
    return made


def _language(context: Context) -> Messages:
    found: Messages = context["language"]
    return found


@pass_context
def _count(context: Context, value: Any) -> str:
    """A whole number as the language writes it; a dash where there is none."""
    return "–" if value is None else _language(context).number(round(float(value)))


@pass_context
def _decimals(context: Context, value: Any, digits: int = 2) -> str:
    """A number with so many digits after the point."""
    return "–" if value is None else _language(context).number(float(value), digits)


@pass_context
def _written_number(context: Context, value: Any) -> str:
    """A number for a field, all its digits, with the decimal sign of the language; empty where there is none."""
    return "" if value is None else str(value).replace(".", _language(context).number(0.5, 1)[1])


@pass_context
def _share(context: Context, value: Any, digits: int = 1) -> str:
    """A share as a percentage."""
    return "–" if value is None else _language(context).percent(float(value), digits)


@pass_context
def _day(context: Context, stamp: str) -> str:
    """The day of an ISO 8601 time."""
    return _language(context).date(datetime.fromisoformat(stamp).date()) if stamp else "–"


@pass_context
def _moment(context: Context, stamp: str) -> Markup:
    """An ISO 8601 time, in words and as it is."""
    if not stamp:
        return Markup("–")
    shown = _language(context).time(datetime.fromisoformat(stamp), "short")
    return Markup('<time datetime="{}">{}</time>').format(stamp, shown)


@pass_context
def _word(context: Context, name: Any) -> str:
    """The word for a state, kind or role."""
    text = str(name)
    return _language(context).text(WORDS[text]) if text in WORDS else text


@pass_context
def _known_as(context: Context, name: Any) -> str:
    """The word for a name that stands in files, or the name."""
    return known_as(str(name), _language(context))


@pass_context
def _happening(context: Context, kind: str) -> str:
    """What happens in an event of a kind, in the language of the page."""
    return say_kind(kind, _language(context).language) if kind in KINDS else kind


@pass_context
def _register(context: Context, name: Any) -> str:
    """The title of a register of this page's project, or its name."""
    page: Page = context["page"]
    return page.register_titles.get(str(name)) or str(name)


@pass_context
def _significant(context: Context, value: float) -> str:
    """A figure of a table as the language writes it."""
    return _language(context).significant(int(value) if value == int(value) else value, 6)


@pass_context
def _said(context: Context, english: Any) -> Markup:
    """A finished English sentence of wasl's in the language of the page, with the titles of registers."""
    page: Page = context["page"]
    titles = {name: str(escape(title)) for name, title in page.register_titles.items() if title}
    return Markup(with_titles(str(said(_language(context), english)), titles))  # noqa: S704 - both are escaped


@pass_context
def _with_titles(context: Context, text: str) -> str:
    """A sentence in the language of the page with the titles of registers in the places of their names."""
    page: Page = context["page"]
    return with_titles(text, {name: title for name, title in page.register_titles.items() if title})


@pass_context
def _titled(context: Context, one: Release | TableOrder) -> str:
    """The title of a release, or of ordered tables, in the language of the page."""
    return title_in(one, _language(context))


@pass_context
def _attack(context: Context, name: str, labels: Mapping[str, str]) -> str:
    """The name of an attack on a file in the language of the page, with labels for variables."""
    return attack_name(name, _language(context), labels)


def _digest(value: str) -> Markup:
    """A digest, shortened, with the whole of it as its title."""
    if not value:
        return Markup("–")
    short = value.removeprefix("sha256:")[:SHORT_DIGEST]
    return Markup('<bdi><code title="{}">{}…</code></bdi>').format(value, short)


@pass_context
def _bytes(context: Context, value: float) -> str:
    """A number of bytes in the unit that suits it."""
    language = _language(context)
    size = float(value)
    for unit in (N_("{size} B"), N_("{size} kB"), N_("{size} MB")):
        if size < 1000:
            return language.text(unit, size=language.number(size, 0 if size >= 10 or unit.endswith(" B") else 1))
        size /= 1000
    return language.text(N_("{size} GB"), size=language.number(size, 1))


@pass_context
def _listed(context: Context, items: list[str]) -> str:
    """Several names in one sentence."""
    return _language(context).list([str(one) for one in items]) if items else "–"
