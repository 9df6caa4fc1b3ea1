"""Every form of every page: what another site, another session or nobody's token sends is refused, and does nothing."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from pages_support import CLIENT, PlainBrowser
from service_support import PROJECT, REGISTER, Service, Template, make_settings, serving
from test_console_matrix import NAMES, NOWHERE, PAGES, action_of

from wasl.service.access import INSTALLATION_WIDE, PERMISSIONS, PUBLIC_ACTIONS, REGISTER_BOUND, Role
from wasl.web.console import templates
from wasl.web.console.kept import CHOICES, PARTS, SECRETS
from wasl.web.console.sessions import SESSION_COOKIE
from wasl.web.installation import Installation

FORMS = sorted((route for route in PAGES if "POST" in route.methods), key=lambda route: route.path)
REASON = "n&#39;a pas été envoyé par une page de votre session"
PART = "une page d'un autre site charge ceci comme une partie d'elle-même"
NAVIGATION = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
"""What a browser sends with a form that leads to a page; without it, a script of another site asks."""
OWN_SITE = {"sec-fetch-site": "same-origin", **NAVIGATION}
TEMPLATES = Path(templates.__file__).parent
WRITTEN = re.compile(
    r"<textarea[^>]*?name=\"([a-z_0-9]+)\"|{{ field\(\"([a-z_0-9]+)\"|<input type=\"text\"[^>]*?name=\"([a-z]+)"
)
CHOSEN = re.compile(r"<(?:select|input type=\"(?:checkbox|hidden|radio)\")[^>]*?name=\"([a-z_0-9]+)\"")
PASSWORDS = re.compile(r"<input type=\"password\"[^>]*?name=\"([a-z_0-9]+)\"")
SEARCHES = {"actor", "subject", "q", "kind", "from", "to", "schema", "specification", "description"}
"""Fields of forms that only show another page: their values stand in its address."""


def names_in(pattern: re.Pattern[str]) -> set[str]:
    """Names of fields in all templates."""
    found = (pattern.findall(path.read_text(encoding="utf-8")) for path in TEMPLATES.glob("*.html"))
    return {name for some in found for one in some for name in ([one] if isinstance(one, str) else one) if name}


TEXTS = {name: f"kept {name} é <b>\n2" for name in names_in(WRITTEN) - SECRETS}
"""A value for each field that somebody writes in, of all forms."""


LEFT_ALONE = ("/console/sign-out", "/console/account/sign-out-everywhere")


def address(route: APIRoute) -> str:
    path = route.path.replace("{project}", PROJECT).replace("{register}", REGISTER).replace("{index}", "0")
    for name in NAMES:
        path = path.replace(f"{{{name}}}", NOWHERE)
    assert "{" not in path
    return path


def sender(route: APIRoute) -> Role | None:
    """A role that may send the form; None for a form that anybody may send."""
    action = action_of(route)
    return None if action in PUBLIC_ACTIONS else min(PERMISSIONS[action])


@pytest.fixture(scope="module")
def paged(sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder: Path = tmp_path_factory.mktemp("forms") / "data"
    installation = Installation.open(make_settings(folder, sqlite_template.copy(folder), oidc_client_id="wasl"))
    with serving(installation) as listening:
        running = Service(listening, installation, sqlite_template.tokens)
        yield running
        running.close()
    installation.close()


@pytest.fixture(scope="module")
def browsers(paged: Service) -> dict[Role | None, PlainBrowser]:
    """A browser of each role, signed in; a visitor's without a role."""
    found: dict[Role | None, PlainBrowser] = {None: PlainBrowser(paged.address)}
    found[None].get("/console/sign-in")
    for role in sorted({one for route in FORMS if (one := sender(route))}):
        action_wide = any(action_of(route) in INSTALLATION_WIDE for route in FORMS if sender(route) is role)
        found[role] = PlainBrowser(paged.address)
        scope = None if action_wide and role not in REGISTER_BOUND else PROJECT
        assert found[role].sign_in(paged.token(role, scope)).status_code == 303
    return found


def test_there_are_forms() -> None:
    assert len(FORMS) > 45


@pytest.mark.parametrize("route", FORMS, ids=lambda route: route.path)
def test_a_forged_form_is_refused_and_leaves_no_trace(
    paged: Service, browsers: dict[Role | None, PlainBrowser], route: APIRoute
) -> None:
    """Without a token, with that of another session, and with the right one from a page of another site."""
    streams = bool((route.openapi_extra or {}).get("x-wasl-page-streams"))
    browser, path = browsers[sender(route)], address(route)
    shown_on = "/console/sign-in" if sender(route) is None else "/console/account"
    own = browser.token(shown_on)
    other = PlainBrowser(paged.address).token("/console/sign-in")
    assert own != other
    forgeries: list[tuple[dict[str, str], dict[str, str]]] = [
        ({"once": "1"}, {}),
        ({"form_token": ""}, {}),
        ({"form_token": other}, {}),
        ({"form_token": own}, {"sec-fetch-site": "cross-site", **NAVIGATION}),
        ({"form_token": own}, {"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}),
        ({"form_token": own}, {"sec-fetch-site": "same-site"}),
    ]
    before = paged.log_size()
    for fields, headers in forgeries:
        cookies = "; ".join(f"{name}={value}" for name, value in browser.jar.items())
        sent = {"cookie": cookies, "accept-language": "fr", **headers}
        files = {"file": ("x.parquet", b"PAR1")} if streams else None
        answer = CLIENT.post(paged.address + path, data=fields, files=files, headers=sent)
        assert answer.status_code == 403, (path, fields, headers)
        assert (REASON if headers.get("sec-fetch-dest") != "empty" else PART) in answer.text, (path, fields, headers)
        assert SESSION_COOKIE not in str(answer.headers)
    assert paged.log_size() == before


def test_fields_that_are_written_are_no_choices_and_secrets_are_known() -> None:
    """A new field of a form is kept by itself; a new secret, or a choice, must be named."""
    assert len(TEXTS) > 20
    assert not set(TEXTS) & (CHOICES | PARTS | SECRETS)
    assert names_in(PASSWORDS) <= SECRETS
    assert names_in(CHOSEN) - names_in(WRITTEN) - PARTS - SECRETS <= CHOICES | SEARCHES


@pytest.mark.parametrize("route", FORMS, ids=lambda route: route.path)
def test_a_refused_form_shows_what_was_written_in_it(
    paged: Service, browsers: dict[Role | None, PlainBrowser], route: APIRoute
) -> None:
    """After a session that ended, a token of another page, and a refusal of the act; never for another site's form."""
    if (route.openapi_extra or {}).get("x-wasl-page-streams") or address(route) in LEFT_ALONE:
        return
    browser, path = browsers[sender(route)], address(route)
    secrets = {name: f"secret-{name}" for name in SECRETS}
    ended = PlainBrowser(paged.address, jar={SESSION_COOKIE: "A" * 43})
    own = browser.token("/console/sign-in" if sender(route) is None else "/console/account")
    for sent, who, headers, kept in (
        ({}, ended, OWN_SITE, True),
        ({}, ended, {**OWN_SITE, "sec-fetch-site": "cross-site"}, False),
        ({}, ended, {}, False),
        ({"form_token": "x"}, browser, OWN_SITE, True),
        ({"form_token": "x"}, browser, {}, False),
        ({"form_token": own}, browser, {**OWN_SITE, "sec-fetch-site": "cross-site"}, False),
    ):
        answer = who.post(path, {**TEXTS, **secrets, **sent}, **headers)
        wrong = [name for name, value in TEXTS.items() if (html.escape(value) in answer.text) != kept]
        assert not wrong, (answer.status_code, sent, headers, answer.text[-300:])
        assert "secret-" not in answer.text
        assert "Renvoyer" not in answer.text


def test_the_page_of_a_fault_sends_the_corrected_form(
    paged: Service, browsers: dict[Role | None, PlainBrowser]
) -> None:
    browser, path = browsers[Role.ADMIN], f"/console/projects/{PROJECT}/retention/rules"
    refused = browser.send(path, {"round": "2026 <é>", "days": "x", "register": REGISTER}, shown_on="/console/account")
    assert refused.status_code == 422
    form = refused.text.partition("<main")[2]
    shown = {name: html.unescape(value) for name, value in re.findall(r'<input[^>]*name="(\w+)" value="([^"]*)"', form)}
    assert (shown["round"], shown["days"], shown["register"]) == ("2026 <é>", "x", REGISTER)
    assert f'action="{path}"' in form
    assert "Renvoyer" in form
    assert browser.post(path, {**shown, "days": "400"}).status_code == 303
