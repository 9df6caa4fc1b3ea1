"""The officer's pages: the dossier is drawn up, downloaded and authorized in the browser, in three languages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from service_support import PATIENCE_SECONDS, PLAIN, PROJECT, Service

from wasl.service.access import Role

BASE = f"/console/projects/{PROJECT}/dossier"


class Browser:
    """A browser without scripts: keeps cookies, and fills in the hidden fields of a page's forms."""

    def __init__(self, service: Service, language: str = "en") -> None:
        self.address = service.address
        headers = {"Accept-Language": language}
        self.client = httpx.Client(base_url=service.address, headers=headers, timeout=PATIENCE_SECONDS, verify=PLAIN)
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, **fields: str) -> httpx.Response:
        """Send a request with the cookies; they are Secure, which this address of the machine itself is not."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self.client.request(method, path, data=fields or None, headers={"Cookie": cookie})
        for line in answer.headers.get_list("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    def send(self, page: str, path: str, **fields: str) -> httpx.Response:
        """Fill in a form of a page and send it."""
        shown = self.ask("GET", page).text
        token = re.search(r'name="form_token" value="([^"]+)"', shown)
        once = re.search(r'name="once" value="([^"]+)"', shown)
        hidden = {"form_token": token[1] if token else "", "once": once[1] if once else ""}
        return self.ask("POST", path, **hidden, **fields)

    def sign_in(self, token: str) -> None:
        answer = self.send("/console/sign-in", "/console/sign-in", token=token)
        assert answer.status_code == 303, answer.text


@pytest.fixture
def browse(service: Service) -> Iterator[Callable[..., Browser]]:
    """``browse(role, language)``: a browser in which somebody has signed in."""
    opened: list[Browser] = []

    def sign_in(role: Role, language: str = "en") -> Browser:
        opened.append(Browser(service, language))
        opened[-1].sign_in(service.token(role))
        return opened[-1]

    yield sign_in
    for browser in opened:
        browser.client.close()


@pytest.fixture
def officer(browse: Callable[..., Browser]) -> Browser:
    return browse(Role.OFFICER)


def test_the_dossier_is_drawn_up_downloaded_and_authorized(officer: Browser) -> None:
    assert "No dossier was drawn up yet" in officer.ask("GET", BASE).text
    answer = officer.send(BASE, BASE, particulars='[controller]\nname = { fr = "<b>HCP</b>" }')
    assert answer.status_code == 303
    page = officer.ask("GET", BASE).text
    assert "Who is the data-protection officer?" in page
    word = re.search(rf'href="({BASE}/[^"]+/dossier\.fr\.docx)"', page)
    html = re.search(rf'href="({BASE}/[^"]+/dossier\.fr\.html)"', page)
    assert word
    assert html
    assert officer.ask("GET", word[1]).content[:2] == b"PK"
    assert "&lt;b&gt;HCP&lt;/b&gt;" in officer.ask("GET", html[1]).text
    today = datetime.now(UTC).date()
    dossier = word[1].split("/")[-2]
    fields = {"decided": str(today), "expires": str(today + timedelta(days=10)), "without": "register:cnss-employees"}
    answer = officer.send(BASE, f"{BASE}/authorizations", dossier=dossier, decision="D-9", **fields)
    assert answer.status_code == 303
    page = officer.ask("GET", BASE).text
    assert "D-9" in page
    assert "ends in 10 days" in page
    assert "The decision D-9 ends" in officer.ask("GET", "/console").text


def test_what_cannot_be_read_is_said(officer: Browser) -> None:
    answer = officer.send(BASE, BASE, particulars="[controller")
    assert answer.status_code == 422
    assert "TOML" in answer.text
    assert officer.send(BASE, BASE, particulars="unknown = 1").status_code == 422
    assert officer.send(BASE, BASE, particulars="", attacks="[").status_code == 422
    assert officer.ask("GET", f"{BASE}/0192f0c1/dossier.fr.html").status_code == 404


@pytest.mark.parametrize(("language", "word"), [("fr", "Dossier d&#39;autorisation"), ("ar", "ملف الإذن")])
def test_the_page_speaks_the_reader_s_language(browse: Callable[..., Browser], language: str, word: str) -> None:
    page = browse(Role.OFFICER, language).ask("GET", BASE).text
    assert word in page
    assert f'lang="{language}"' in page


@pytest.mark.parametrize("role", [Role.LINKAGE, Role.RELEASE, Role.REVIEWER])
def test_other_roles_neither_read_nor_draw_up_the_dossier(browse: Callable[..., Browser], role: Role) -> None:
    browser = browse(role)
    assert browser.ask("GET", BASE).status_code == 403
    assert browser.send("/console", BASE, particulars="{}").status_code == 403


def test_policies_and_menus_of_the_office_enter_the_dossier(officer: Browser) -> None:
    policy = 'name = "{}"\n[thresholds]\nk = 3\n[[variables]]\nname = "{}"\nrole = "key"\n'
    own = "\n---\n".join((policy.format("first", "harvest"), policy.format("second", "own_scheme")))
    assert officer.send(BASE, BASE, particulars="{}", own_policies=own).status_code == 303
    page = officer.ask("GET", BASE).text
    assert "harvest" in page
    assert "own_scheme" in page
    refused = officer.send(BASE, BASE, particulars="{}", own_policies=f"{own}\n---\nname = 1")
    assert refused.status_code == 422
    assert officer.send(BASE, BASE, particulars="{}", own_menus="{").status_code == 422
