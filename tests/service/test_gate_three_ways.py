"""One decision, three ways: command line, API and console refuse the same excess for the same reason, and log it."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pages_support import PlainBrowser
from service_support import OTHER_REGISTER, PROJECT, REGISTER, Service
from test_authorized_acts import store
from typer.testing import CliRunner

from wasl.audit.events import AuditEvent
from wasl.cli.app import VERBS, build_app
from wasl.cli.authorized import refusal_in_words
from wasl.compliance.authorization import Authorization
from wasl.errors import AuthorizationError
from wasl.locale import LANGUAGES, Language, messages
from wasl.locale.pages import begun
from wasl.registers.schema import RegisterSchema
from wasl.service.access import Role
from wasl.service.records import Submission, SubmissionKind
from wasl.storage.held_acts import today
from wasl.storage.local_authorizations import LocalAuthorizations
from wasl.storage.local_log import LocalLog, actor, now
from wasl.workflow.dossier import authorization_event

VARIABLES = ("sex", "nationality", "birth_year", "activity_section", "wage", "region")
MICRO = {
    "name": "t",
    "include": [REGISTER, OTHER_REGISTER],
    "variables": [{"name": name} for name in ("sex", "nationality")],
}
POLICY = {"name": "p", "variables": [{"name": name, "role": "key"} for name in ("sex", "nationality")]}
POLICY_TEXT = (
    'name = "p"\nvariables = [{ name = "sex", role = "key" }, { name = "nationality", role = "key" }]\n'
    "[thresholds]\nk = 3\n"
)
NUMBER = "D-7/2026"


@dataclass(frozen=True)
class Excess:
    """A kind of excess.

    Attributes:
        scope: What of the whole scope is cut.
        days: First and last day of the decision, counted from today.
        revoked: Whether it was taken back.
        act: Act that exceeds it.
        purpose: Purpose that is stated.
        found: The excess, as the log has it; of an act of many keys only its kind.
    """

    act: str
    found: str
    scope: Callable[[dict[str, Any]], dict[str, Any]] = dict
    days: tuple[int, int] = (-100, 200)
    revoked: bool = False
    purpose: str = ""


PAIR = f"interconnection:{OTHER_REGISTER}+{REGISTER}"
EXCESSES = {
    "register": Excess(
        "link", f"register:{OTHER_REGISTER}", lambda whole: whole | {"registers": [REGISTER], "interconnections": []}
    ),
    "pair of registers": Excess("link", PAIR, lambda whole: whole | {"interconnections": []}),
    "key of comparison": Excess("link", "key:", lambda whole: whole | {"keys": []}),
    "purpose": Excess("link", "purpose:tax", lambda whole: whole | {"purposes": ["labour"]}, purpose="tax"),
    "purpose not stated": Excess("link", "purpose:none named", lambda whole: whole | {"purposes": ["labour", "tax"]}),
    "period": Excess("link", "period:", lambda whole: whole | {"periods": ["1999"]}),
    "round": Excess("link", "round:none named", lambda whole: whole | {"rounds": ["2031"]}),
    "recipient": Excess("return", f"recipient:holder:{REGISTER}", lambda whole: whole | {"recipients": ["public"]}),
    "kind of output": Excess("protect", "output:microdata", lambda whole: whole | {"outputs": ["tables"]}),
    "variable": Excess(
        "protect", "variable:sex", lambda whole: whole | {"variables": [one for one in VARIABLES if one != "sex"]}
    ),
    **{
        f"{state}: {act}": Excess(act, state, days=days, revoked=state == "revoked")
        for act in ("link", "return", "protect")
        for state, days in (("expired", (-100, -1)), ("not yet in force", (1, 200)), ("revoked", (-100, 200)))
    },
}


def decision(one: Excess, keys: list[str]) -> Authorization:
    """The decision that an excess goes beyond."""
    whole = {
        "registers": [REGISTER, OTHER_REGISTER],
        "interconnections": [[REGISTER, OTHER_REGISTER]],
        "keys": keys,
        "variables": VARIABLES,
        "outputs": ["microdata", "synthetic", "tables"],
    }
    day = today()
    document = {
        "project": PROJECT,
        "decision": NUMBER,
        "decided": day + dt.timedelta(days=one.days[0]),
        "expires": day + dt.timedelta(days=one.days[1]),
        "scope": one.scope(whole),
    }
    return Authorization.model_validate(document)


@dataclass(frozen=True)
class Office:
    """An office that works on the command line, with the files of the holders."""

    folder: Path
    outboxes: dict[str, Path]

    def words(self, act: str, out: Path, purpose: str) -> list[str | Path]:
        """A use of the verb for an act."""
        every = [self.outboxes[name] for name in (REGISTER, OTHER_REGISTER)]
        joins = [word for one in every for word in ("--join", one / "join.parquet")]
        payloads = [word for one in every for word in ("--payload", one / "payload.parquet")]
        project = ["--project", PROJECT]
        found: dict[str, list[str | Path]] = {
            "link": ["morocco", *(one / "delivery.parquet" for one in every), *joins, "--out", out, "--accept"],
            "return": [self.folder / "linked", "--of", REGISTER, "--out", out / "back.parquet", *payloads],
            "protect": [
                *(self.folder / "micro.parquet", "--policy", self.folder / "policy.toml", "--out", out),
                *("--no-attack", *project),
            ],
        }
        return [*found[act], *(["--purpose", purpose] if purpose else [])]

    def refuse(
        self, one: Excess, held: Authorization, home: Path, patch: pytest.MonkeyPatch
    ) -> tuple[AuthorizationError, AuditEvent]:
        """What the command line says of an act beyond the decision, and the entry of its log."""
        patch.setenv("WASL_HOME", str(home))
        LocalAuthorizations(home).store(held)
        LocalLog(home).append(AuditEvent(authorization_event(held), now(), actor(), PROJECT, PROJECT))
        if one.revoked:
            run("revoke", [PROJECT, "--decision", NUMBER, "--reason", "letter"])
        done = run(one.act, self.words(one.act, home / "out", one.purpose))
        assert isinstance(done.exception, AuthorizationError), done.output
        assert done.exception.exit_code == 3
        assert not any((home / "out").rglob("*"))
        events = [AuditEvent.from_json(json.loads(line)) for line in LocalLog(home).events()]
        (entry,) = [event for event in events if event.kind == "AuthorizationExceeded"]
        return done.exception, entry


def run(verb: str, words: list[str | Path]) -> Any:
    return CliRunner().invoke(build_app([VERBS[verb]]), [verb, *map(str, words)])


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, outboxes: dict[str, Path]) -> Iterator[Office]:
    """The files of an office that linked before it stored a decision."""
    folder = tmp_path_factory.mktemp("office")
    rng = np.random.default_rng(1)
    micro = {"sex": rng.choice(["1", "2"], 200), "nationality": rng.choice(["FR", "SN", "ML"], 200)}
    pq.write_table(pa.table(micro), folder / "micro.parquet")
    (folder / "policy.toml").write_text(POLICY_TEXT)
    made = Office(folder, outboxes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WASL_HOME", str(folder / "home"))
        done = run("link", made.words("link", folder / "linked", ""))
        assert done.exit_code == 0, done.output
    return made


ACTORS = {"link": Role.LINKAGE, "return": Role.HOLDER, "protect": Role.RELEASE}


def ask_api(service: Service, one: Excess, linked: str) -> Any:
    """The same act, asked of the API."""
    base = f"/v1/projects/{PROJECT}"
    body = {"purpose": one.purpose} if one.purpose else {}
    client = service.client(ACTORS[one.act])
    if one.act == "link":
        return client.post(f"{base}/linkage-runs", json={"plan": {"name": "morocco"}, **body})
    if one.act == "return":
        return client.post(f"{base}/linkage-runs/{linked}/returns/{REGISTER}")
    asked = {"title": "t", "specification": MICRO, "policy": POLICY, "description": {"name": "foreign-workers-puf"}}
    return client.post(f"{base}/releases", json={"run": linked, **asked, **body})


def ask_console(service: Service, one: Excess, linked: str, language: str) -> Any:
    """The same act, asked with a form of the console."""
    base = f"/console/projects/{PROJECT}"
    browser = PlainBrowser(service.address, language=language)
    assert browser.sign_in(service.token(ACTORS[one.act])).status_code == 303
    if one.act == "link":
        return browser.send(f"{base}/runs/new", {"plan": "morocco", "purpose": one.purpose})
    if one.act == "return":
        return browser.send(f"{base}/files/{REGISTER}/returns/{linked}")
    asked = {"specification": json.dumps(MICRO), "policy": json.dumps(POLICY), "title": "t"}
    return browser.send(f"{base}/releases/new", {**asked, "run": linked, "description": 'name = "foreign-workers-puf"'})


def entries(service: Service) -> list[dict[str, Any]]:
    found = service.client(Role.AUDITOR).get("/v1/audit/entries", params={"kind": "AuthorizationExceeded"})
    return list(found.json()["items"])


def keys_of(service: Service) -> list[str]:
    with service.installation.office.ledger.reading() as state:
        sent = state.select(Submission, project=PROJECT, kind=SubmissionKind.DELIVERY)
    return sorted({one["name"] for part in sent for one in part.header["passes"]})


def titled(text: str, language: str) -> str:
    """A sentence with titles in the places of names: pairs first, as their names are those of the registers."""
    pair, titles = (OTHER_REGISTER, REGISTER), {}
    for name in pair:
        titles[name] = RegisterSchema.load(name).title_in(language)
    text = text.replace("+".join(pair), " – ".join(titles[name] for name in pair))
    for name, title in titles.items():
        text = text.replace(name, title)
    return text


def test_what_lies_within_the_decision_goes_through_all_three_ways(
    resolved: tuple[Service, str], office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusals below come from what exceeds the decision, and from nothing else."""
    service, linked = resolved
    held = decision(Excess("", ""), keys_of(service))
    store(service.installation, held)
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    LocalAuthorizations(tmp_path / "home").store(held)
    LocalLog(tmp_path / "home").append(AuditEvent(authorization_event(held), now(), actor(), PROJECT, PROJECT))
    for act in ACTORS:
        done = run(act, office.words(act, tmp_path / act, ""))
        assert not isinstance(done.exception, AuthorizationError), f"{act}: {done.exception!r}"
        assert ask_api(service, Excess(act, ""), linked).status_code == 202, act
        assert ask_console(service, Excess(act, ""), linked, "en").status_code == 303, act
    assert entries(service) == []


@pytest.mark.parametrize("kind", EXCESSES)
def test_three_ways_refuse_the_same_for_the_same_reason(
    resolved: tuple[Service, str], office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    service, linked = resolved
    one = EXCESSES[kind]
    held = decision(one, keys_of(service))
    store(service.installation, held.model_copy(update={"revoked": today()}) if one.revoked else held)

    error, local = office.refuse(one, held, tmp_path / "home", monkeypatch)
    excess = list(local.detail["excess"])
    assert excess, kind
    assert all(name.startswith(one.found.partition(":")[0]) or name == PAIR for name in excess), excess
    assert any(name.startswith(one.found) for name in excess), excess

    answer = ask_api(service, one, linked)
    assert answer.status_code == 403, answer.text
    assert answer.json()["type"].endswith("authorization-error")
    assert (answer.json()["detail"], answer.json()["remedy"]) == (error.message, error.remedy)

    for language in LANGUAGES:
        page = ask_console(service, one, linked, language)
        assert page.status_code == 403, page.text[-2000:]
        shown = re.sub("[\u2066-\u2069]", "", html.unescape(page.text))
        assert begun(titled(str(messages(language).known(error.message)), language)) in shown

    logged = entries(service)
    assert len(logged) == 1 + len(LANGUAGES)
    for entry in logged:
        assert entry["project"] == PROJECT
        assert list(entry["detail"]["excess"]) == excess
        assert (entry["detail"]["decision"], entry["detail"]["act"]) == (NUMBER, local.detail["act"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refusal_on_the_command_line_names_registers_by_title(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: Language
) -> None:
    from wasl.cli.language import set_language

    one = EXCESSES["register"]
    error, _ = office.refuse(one, decision(one, ["names"]), tmp_path / "home", monkeypatch)
    set_language(language)
    try:
        said = refusal_in_words(error)
    finally:
        set_language("en")
    for name in (REGISTER, OTHER_REGISTER):
        assert f"{RegisterSchema.load(name).title_in(language)} ({name})" in said
    assert f"{OTHER_REGISTER}+{REGISTER}" not in said
