"""Every verb and every function of the library that links or releases is held to what this machine stores."""

from __future__ import annotations

import datetime as dt
import importlib
import inspect
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import wasl.facade
from wasl.audit.events import AuditEvent
from wasl.cli.app import VERBS, build_app
from wasl.compliance.acts import ACTS
from wasl.compliance.authorization import Authorization
from wasl.disclosure.policy import DisclosurePolicy
from wasl.errors import AuthorizationError, InputError, VerificationError
from wasl.estimation.specification import EstimateSpec
from wasl.facade.given import quietly
from wasl.holder.keys import LinkageKey
from wasl.linkage.plan import LinkagePlan
from wasl.population.generate import generate
from wasl.publication.description import DatasetDescription
from wasl.registers.schema import RegisterSchema
from wasl.storage.held_acts import today
from wasl.storage.local_authorizations import LocalAuthorizations
from wasl.storage.local_log import LocalLog, actor, now
from wasl.tables.specification import TablesSpec
from wasl.workflow.dossier import authorization_event

REGISTERS = ("cnss-employees", "dgsn-permits")
PROJECT = "simimo"

NOT_GATED = {
    **dict.fromkeys(("check", "encode", "months", "desk", "key", "push", "open"), "the holder's own file"),
    "merge": "one office's own registers; those of two offices are refused",
    **dict.fromkeys(("attack", "evaluate", "assess", "compare", "benchmark"), "measures; nothing leaves"),
    **dict.fromkeys(("verify", "audit", "pull"), "checks what was done or published; `audit reproduce` is gated"),
    **dict.fromkeys(("dossier", "authorize", "revoke"), "asks for the decision, or stores it"),
    **dict.fromkeys(("serve", "worker", "migrate", "signing", "user"), "the service, which has a gate of its own"),
    "purge": "erases",
    **dict.fromkeys(("demo", "population", "exercise"), "made-up persons"),
    **dict.fromkeys(("schema", "document"), "documents without data"),
}
"""Verbs that no authorization has to cover, and why."""


def test_every_verb_is_in_the_table_of_acts_or_has_a_reason_not_to_be() -> None:
    gated = set().union(*(act.verbs for act in ACTS.values()))
    assert gated.isdisjoint(NOT_GATED)
    assert {verb.partition(" ")[0] for verb in gated} | set(NOT_GATED) == set(VERBS)


def test_every_function_of_the_library_is_in_the_table_of_acts_or_has_a_reason_not_to_be() -> None:
    gated = {act.facade for act in ACTS.values()} - {""}
    functions = {name for name in wasl.facade.__all__ if inspect.isfunction(getattr(wasl.facade, name))}
    assert functions == gated | {"encode", "merge", "assess", "evaluate", "new_key"}


@dataclass(frozen=True)
class Made:
    """The files of an office that linked and released before it stored a decision."""

    folder: Path

    def of(self, suffix: str) -> list[Path]:
        return [self.folder / f"{name}.{suffix}" for name in REGISTERS]

    def words(self, verb: str, out: Path) -> list[str | Path]:
        """A use of a verb that goes through where nothing is stored."""
        f = self.folder
        joins = [word for path in self.of("join") for word in ("--join", path)]
        payloads = [word for path in self.of("payload") for word in ("--payload", path)]
        project = ["--project", PROJECT]
        return {
            "link": ["morocco", *self.of("parquet"), *joins, "--out", out, "--accept"],
            "resolve": ["morocco", f / "linked" / "pairs.parquet", *joins, "--out", out, "--accept"],
            "assemble": [f / "linked" / "spine.parquet", *payloads, "--out", out / "micro.parquet"],
            "return": [f / "linked", "--of", REGISTERS[0], "--out", out / "return.parquet", *payloads],
            "estimate": [f / "survey.parquet", "--spec", f / "estimate.toml", "--out", out, *project],
            "protect": [f / "micro.parquet", "--policy", f / "policy.toml", "--out", out, "--no-attack", *project],
            "synthesize": [f / "micro.parquet", "--policy", f / "policy.toml", "--rows", "5", "--out", out, *project],
            "tables": [f / "micro.parquet", "--spec", f / "tables.toml", "--out", out, *project],
            "indicators": [
                *(f / "micro.parquet", "--spec", f / "tables.toml", "--period", "2024", "--out", out, *project)
            ],
            "publish": [f / "safe", "--description", "foreign-workers-puf", "--out", out, *project],
        }[verb]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("office")
    population = generate(300, seed=3)
    key = LinkageKey.new(PROJECT, bytes(32))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WASL_HOME", str(folder / "home"))
        for name in REGISTERS:
            schema = RegisterSchema.load(name)
            with quietly():
                encoded = wasl.facade.encode(population.registers[name], schema, key, period="2024", round="2026")
            encoded.delivery.write(folder / f"{name}.parquet")
            encoded.join_map.write(folder / f"{name}.join")
            encoded.payload.write(folder / f"{name}.payload")
        rng = np.random.default_rng(1)
        micro = {"sex": rng.choice(["1", "2"], 200), "region": rng.choice(["01", "02", "03"], 200)}
        pq.write_table(pa.table(micro), folder / "micro.parquet")
        pq.write_table(pa.table(micro | {"weight": np.full(200, 10.0)}), folder / "survey.parquet")
        (folder / "policy.toml").write_text(
            'name = "p"\nvariables = [{ name = "sex", role = "key" }, { name = "region", role = "key" }]\n'
            "[thresholds]\nk = 3\n"
        )
        (folder / "tables.toml").write_text(
            'name = "t"\n[[dimensions]]\nname = "sex"\n[[dimensions]]\nname = "region"\n'
        )
        (folder / "estimate.toml").write_text(
            'name = "e"\n[calibration]\nweight = "weight"\n'
            '[[calibration.margins]]\nvariable = "sex"\ntotals = { "1" = 1000, "2" = 1200 }\n'
        )
        for verb, out in (("link", folder / "linked"), ("protect", folder / "safe")):
            words = Made(folder).words(verb, out)
            words = words[: words.index("--project")] if "--project" in words else words
            done = invoke(verb, words)
            assert done.exit_code == 0, done.output
    return Made(folder)


def invoke(verb: str, words: list[str | Path]) -> Any:
    return CliRunner().invoke(build_app([VERBS[verb]]), [verb, *map(str, words)])


STATES: dict[str, dict[str, Any]] = {
    "expired": {"expires": -1},
    "not yet in force": {"decided": 1},
    "revoked": {"revoked": 0},
    "purpose:none named": {"scope": {"purposes": ["labour", "health"]}},
}
"""Why an act is refused, and what the stored decision is like."""


def store(
    home: Path, *, decided: int = -100, expires: int = 200, scope: dict[str, Any] | None = None, **more: Any
) -> None:
    """Store a decision whose days are counted from today."""
    whole = {
        "registers": REGISTERS,
        "interconnections": [REGISTERS],
        "keys": [one.name for one in _passes()],
        "variables": ["sex", "region"],
        "outputs": ["microdata", "synthetic", "tables"],
    }
    day = today()
    document = {
        "project": PROJECT,
        "decision": "D-1",
        "decided": day + dt.timedelta(days=decided),
        "expires": day + dt.timedelta(days=expires),
        "scope": whole | (scope or {}),
    }
    held = Authorization.model_validate(document)
    LocalAuthorizations(home).store(held)
    LocalLog(home).append(AuditEvent(authorization_event(held), now(), actor(), PROJECT, PROJECT))
    if "revoked" in more:
        done = invoke("revoke", [PROJECT, "--decision", "D-1", "--reason", "letter of the authority"])
        assert done.exit_code == 0, done.output


def _passes() -> Any:
    from wasl.holder.composition import load_profile

    schemas = [RegisterSchema.load(name) for name in REGISTERS]
    return load_profile("guarded", schemas[0], schemas[1:]).passes


def refusals(home: Path) -> Iterator[AuditEvent]:
    for line in LocalLog(home).events():
        event = AuditEvent.from_json(json.loads(line))
        if event.kind == "AuthorizationExceeded":
            yield event


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(
    ("act", "verb"), [(name, verb) for name, act in ACTS.items() for verb in sorted(act.verbs) if verb == name]
)
def test_every_verb_refuses_what_the_stored_decision_does_not_cover(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: str, verb: str, state: str
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("WASL_HOME", str(home))
    store(home, **STATES[state])
    done = invoke(verb, made.words(verb, tmp_path / "out"))
    assert isinstance(done.exception, AuthorizationError), done.output
    found = list(refusals(home))
    assert [(one.project, one.detail["act"], list(one.detail["excess"])) for one in found] == [(PROJECT, act, [state])]
    assert not any((tmp_path / "out").rglob("*"))


def test_a_decision_that_the_log_does_not_know_stops_the_work(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log that was lost or cut leaves no act unheld; storing the decision again sets it right."""
    home = tmp_path / "home"
    monkeypatch.setenv("WASL_HOME", str(home))
    store(home)
    for path in home.glob("log*"):
        path.unlink()
    for verb in ("link", "tables", "protect"):
        for words in (
            made.words(verb, tmp_path / verb),
            [w for w in made.words(verb, tmp_path / verb) if w != PROJECT],
        ):
            done = invoke(verb, [word for word in words if word != "--project" or PROJECT in words])
            assert isinstance(done.exception, VerificationError), f"{verb}: {done.output} {done.exception!r}"
            assert "the log does not have this authorization" in str(done.exception)
    store(home)
    done = invoke("tables", made.words("tables", tmp_path / "tables"))
    assert done.exit_code == 0, f"{done.output} {done.exception!r}"


@pytest.mark.parametrize("state", ["expired", "not yet in force", "revoked"])
def test_a_recorded_run_is_not_linked_again_without_a_decision(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    home = tmp_path / "home"
    shutil.copytree(made.folder / "home", home)
    monkeypatch.setenv("WASL_HOME", str(home))
    inputs = [word for suffix in ("parquet", "join") for path in made.of(suffix) for word in ("--inputs", path)]
    words = ["reproduce", made.folder / "linked", "--plan", "morocco", *inputs, "--out", tmp_path / "again"]
    done = invoke("audit", words)
    assert done.exit_code == 0, f"{done.output} {done.exception!r}"
    shutil.rmtree(tmp_path / "again")
    store(home, **STATES[state])
    done = invoke("audit", words)
    assert isinstance(done.exception, AuthorizationError), done.output
    assert [(one.project, one.detail["act"], list(one.detail["excess"])) for one in refusals(home)] == [
        (PROJECT, "reproduce", [state])
    ]
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize("verb", ["estimate", "protect", "synthesize", "tables", "indicators", "publish"])
def test_a_verb_whose_files_name_no_project_asks_for_it_once_a_decision_is_stored(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    store(tmp_path / "home")
    words = made.words(verb, tmp_path / "out")
    done = invoke(verb, words[: words.index("--project")])
    assert isinstance(done.exception, InputError), done.output
    assert "--project" in str(done.exception)


def test_a_decision_that_ends_soon_warns_in_the_output(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    store(tmp_path / "home", expires=30)
    for verb in ("link", "assemble", "return", "protect", "tables", "estimate"):
        done = invoke(verb, made.words(verb, tmp_path / verb))
        assert done.exit_code == 0, f"{verb}: {done.output} {done.exception!r}"
        assert "days left: 30" in done.output, verb


def library(made: Made) -> dict[str, Callable[[], Any]]:
    """For each function of the library, the acts it does and a call of it."""
    from wasl.registers.exchange.delivery import Delivery
    from wasl.registers.exchange.join_map import JoinMap
    from wasl.registers.exchange.payload import Payload

    micro = pq.read_table(made.folder / "micro.parquet")
    survey = pq.read_table(made.folder / "survey.parquet")
    policy = DisclosurePolicy.load(made.folder / "policy.toml")
    deliveries = [Delivery.read(path) for path in made.of("parquet")]
    joins = [JoinMap.read(path) for path in made.of("join")]
    payloads = [Payload.read(path) for path in made.of("payload")]
    spine = pq.read_table(made.folder / "linked" / "spine.parquet")
    safe = wasl.facade.protect(micro, policy, seed=1, attack=False, project="-")
    spec = TablesSpec.load(made.folder / "tables.toml")
    estimates = EstimateSpec.load(made.folder / "estimate.toml")
    described = DatasetDescription.load("foreign-workers-puf")
    facade = wasl.facade
    return {
        "link": lambda: facade.link(deliveries, LinkagePlan.load("morocco"), joins=joins),
        "assemble": lambda: facade.assemble(spine, payloads, "foreign-workers"),
        "protect": lambda: facade.protect(micro, policy, seed=1, attack=False, project=PROJECT),
        "publish": lambda: facade.publish(safe, described, project=PROJECT),
        "tabulate": lambda: facade.tabulate(micro, spec, project=PROJECT),
        "estimate": lambda: facade.estimate(survey, estimates, project=PROJECT),
    }


@pytest.mark.parametrize("state", STATES)
def test_the_library_is_no_way_around(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    calls = library(made)
    assert set(calls) == {act.facade for act in ACTS.values()} - {""}
    store(tmp_path / "home", **STATES[state])
    for name, call in calls.items():
        with pytest.raises(AuthorizationError):
            call()
        assert list(refusals(tmp_path / "home"))[-1].detail["excess"] == [state], name
    assert len(list(refusals(tmp_path / "home"))) == len(calls)


def test_a_day_given_by_the_caller_does_not_revive_an_expired_decision(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    store(tmp_path / "home", expires=-1)
    micro = pq.read_table(made.folder / "micro.parquet")
    spec = TablesSpec.load(made.folder / "tables.toml")
    with pytest.raises(AuthorizationError):
        wasl.facade.tabulate(micro, spec, project=PROJECT, today=today() - dt.timedelta(days=9))


def test_the_table_names_functions_and_verbs_that_there_are() -> None:
    for act in ACTS.values():
        module, name = act.function.split(".")
        assert callable(getattr(importlib.import_module(f"wasl.workflow.{module}"), name))
        assert {verb.partition(" ")[0] for verb in act.verbs} <= set(VERBS)
