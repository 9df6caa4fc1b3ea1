"""Reads every page that links of the console lead to, sends every form with faults, and finds texts left in English.

No browser is needed: pages are plain HTML. Two pages of one kind are read for each role.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from fastapi.routing import APIRoute
from lxml import html
from pages_support import PlainBrowser

from wasl.locale import Language, messages
from wasl.locale.messages import message_keys
from wasl.web.console.routes import PAGE_TOPICS

ROUTES = [route for topic in PAGE_TOPICS for route in topic.pages.router.routes if isinstance(route, APIRoute)]
FUNCTION_WORDS = """the of and is are with from this that these those which was were has have had been being not for by
to in it its their there cannot must every any each who what when where why how yes does did do than then only into
about other another because while until after before without within nothing nobody never already again"""
"""English words that stand in nearly every English sentence and in no French one."""
ENGLISH_WORD = re.compile(rf"(?<![\w'’-])({'|'.join(FUNCTION_WORDS.split())})(?![\w'’-])", re.IGNORECASE)
SKIPPED = {"script", "style", "code", "pre", "textarea", "template"}
"""Elements that hold documents, which are the same in every language."""
NAMES = {"bdi", "option"}
"""Elements that hold names and values: a single word may be English, a sentence may not."""
ATTRIBUTES = ("aria-label", "title", "placeholder", "alt")
IN_THREE_LANGUAGES = {"/console/log/entries/{index}"}
"""Pages that show a sentence in every language on purpose."""
MOST_OF_A_KIND = 2
LONG = "y" * 400_000


def route_of(path: str, method: str) -> str:
    """The route that serves an address; empty where none does."""
    bare = path.partition("?")[0]
    return next((one.path for one in ROUTES if method in one.methods and one.path_regex.match(bare)), "")


def texts(page: html.HtmlElement) -> Iterator[tuple[str, bool]]:
    """Every text that a reader of the page sees or hears, and whether it is a name or a value."""
    for element in page.iter():
        above = [one.tag for one in (element, *element.iterancestors())]
        if not isinstance(element.tag, str) or SKIPPED.intersection(above):
            continue
        name = bool(NAMES.intersection(above))
        yield from ((element.get(attribute, ""), name) for attribute in ATTRIBUTES)
        yield element.text or "", name
        yield from ((child.tail or "", name) for child in element)


@cache
def english_keys(language: Language) -> frozenset[str]:
    """The messages without values whose translation differs, and is not itself the text of another message."""
    words = messages(language)
    keys = message_keys(files("wasl.locale").joinpath("catalogues", language), language)
    plain = {key for key in keys if "{" not in key and re.search("[A-Za-z]{3}", key)}
    said = {words.text(key) for key in plain}
    return frozenset(key for key in plain if words.text(key) != key and key not in said)


def english_in(text: str, language: Language) -> list[str]:
    """The texts of a page that are English."""
    page = html.fromstring(text)
    marked = [one for one in page.xpath("//*[@lang='en']") if not one.get("hreflang")]
    found = [f"marked as English: {' '.join(one.itertext())[:160]}" for one in marked]
    for raw, name in texts(page):
        said = " ".join(raw.split())
        if (said in english_keys(language) and not name) or ENGLISH_WORD.search(said):
            found.append(said[:160])
    return list(dict.fromkeys(found))


@dataclass(frozen=True)
class SeenForm:
    """A form of a page.

    Attributes:
        action: Where it sends.
        fields: Name, kind and value of each field.
        page: Where it stands.
    """

    action: str
    fields: tuple[tuple[str, str, str], ...]
    page: str


@dataclass
class Reading:
    """What one role's browser found.

    Attributes:
        browser: Signed in, in a language.
        english: Texts left in English, with the route.
        read: How many pages of each route were read.
        forms: The forms, one for each action and set of fields.
        broken: Links that lead nowhere.
    """

    browser: PlainBrowser
    language: Language
    english: list[str] = field(default_factory=list)
    read: Counter[str] = field(default_factory=Counter)
    forms: dict[tuple[str, tuple[str, ...]], SeenForm] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def walk(self, start: str) -> None:
        """Follow every link from a page."""
        waiting, known = deque([start]), {start}
        while waiting:
            path = waiting.popleft()
            route = route_of(path, "GET")
            if not route or self.read[route] >= MOST_OF_A_KIND or _in_another_language(path, self.language):
                continue
            answer = self.browser.get(path)
            if answer.status_code >= 400 and answer.status_code != 410:
                self.broken.append(f"{path}: {answer.status_code}")
            if "html" not in answer.headers.get("content-type", ""):
                continue
            self.read[route] += 1
            page = html.fromstring(answer.text)
            if route not in IN_THREE_LANGUAGES and not route.endswith(
                "/internal-report.html"
            ):  # names of columns, codes
                self.english += [f"{route}: {one}" for one in english_in(answer.text, self.language)]
            for link in page.xpath("//a/@href"):
                target = link.partition("#")[0]
                own = target.startswith("/console") == start.startswith("/console")
                if own and target.startswith("/") and "lang=" not in target and target not in known:
                    known.add(target)
                    waiting.append(target)
            for form in page.xpath("//form[@method='post']"):
                seen = _form(form, path)
                self.forms.setdefault((route_of(seen.action, "POST"), tuple(name for name, *_ in seen.fields)), seen)

    def send_faults(self, but: Collection[str]) -> Counter[int]:
        """Send every form empty, with a letter in each field, with too much in it, and with a number below zero.

        Args:
            but: Routes that are left out.
        """
        statuses: Counter[int] = Counter()
        account = "/console/account" if self.browser.jar.get("__Host-wasl-session") else "/console/sign-in"
        token = self.browser.token(account)
        for (route, _), form in self.forms.items():
            if route in but:
                continue
            for fill in ("", "x", "-1", LONG):
                sent = {name: _filled(name, kind, value, fill) for name, kind, value in form.fields}
                answer = self.browser.post(form.action, {**sent, "form_token": token})
                statuses[answer.status_code] += 1
                assert answer.status_code < 500, f"{route} with {fill[:9]!r}: {answer.status_code}"
                if "html" in answer.headers.get("content-type", "") and answer.text:
                    where = f"POST {route} with {fill[:9]!r}"
                    self.english += [f"{where}: {one}" for one in english_in(answer.text, self.language)]
        return statuses


def _in_another_language(path: str, language: Language) -> bool:
    """Whether an address is that of a document in another language."""
    found = re.search(r"\.(fr|ar|en)\.\w+$", path)
    return found is not None and found.group(1) != language


def _form(form: html.HtmlElement, page: str) -> SeenForm:
    fields = []
    for one in form.xpath(".//input|.//textarea|.//select"):
        if not one.get("name"):
            continue
        kind = one.get("type", "text") if one.tag == "input" else one.tag
        value = one.get("value", "") if one.tag == "input" else (one.text or "")
        if one.tag == "select":
            value = next(iter(one.xpath(".//option/@value") or one.xpath(".//option/text()")), "")
        fields.append((one.get("name"), kind, value))
    return SeenForm(form.get("action") or page.partition("?")[0], tuple(fields), page)


def _filled(name: str, kind: str, value: str, fill: str) -> str:
    if name == "version":
        return "999999" if fill == "x" else fill[:30]
    if name == "once":
        return ""
    return value if kind in ("hidden", "select", "checkbox", "radio") else fill
