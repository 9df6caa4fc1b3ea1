"""The gate as a matrix: every act of the table, every part it states, every state of a decision."""

from __future__ import annotations

import datetime as dt
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import wasl.workflow
from wasl.audit.events import AuthorizationExceeded
from wasl.audit.notes import NoteSigner
from wasl.audit.recorded_releases import RecordedAssembly, RecordedRelease
from wasl.audit.recorded_tables import RecordedTables
from wasl.audit.reproduction import RecordedRun
from wasl.compliance.acts import ACTS, Asked, Part
from wasl.compliance.authorization import Authorization, Decisions, Standing
from wasl.disclosure.policy import DisclosurePolicy
from wasl.errors import AuthorizationError, InputError
from wasl.estimation.specification import EstimateSpec
from wasl.linkage.plan import LinkagePlan
from wasl.publication.description import DatasetDescription
from wasl.registers.exchange.digests import digest_table
from wasl.registers.exchange.join_map import JoinMap
from wasl.registers.exchange.join_rows import JOIN_MAP_SCHEMA
from wasl.registers.exchange.payload import Payload
from wasl.registers.schema import RegisterSchema
from wasl.tables.specification import TablesSpec
from wasl.workflow.act import RunOptions
from wasl.workflow.authorized import hold_linkage, hold_output
from wasl.workflow.microdata import MicrodataSpec
from wasl.workflow.protect import seed_digest
from wasl.workflow.reproduce_tables import FromSpine

TODAY = dt.date(2026, 6, 15)
REGISTERS = ("cnss-employees", "dgsn-permits")
MADE = "2026-06-05T10:00:00+00:00"
DAYS_KEPT = 10
PLAN = LinkagePlan.load("morocco")
POLICY = DisclosurePolicy.load("public-use")
MICRO = pa.table({"region": ["01", "02"], "sex": ["1", "2"], "birth_year": [1990, 1980]})
TABLES = TablesSpec.model_validate({"name": "t", "tables": [{"name": "t", "dimensions": [{"name": "sex"}]}]})
SPECIFICATION = MicrodataSpec.load("foreign-workers")
MADE_OF = list(SPECIFICATION.columns)
VARIABLES = tuple(
    sorted({*TABLES.columns, *POLICY.released(MICRO.column_names), *MICRO.column_names, *POLICY.released(MADE_OF)})
)
SPINE = pa.table(
    {
        "register": pa.array(REGISTERS).dictionary_encode(),
        "record_id": [b"a" * 16, b"b" * 16],
        "person_id": [b"p" * 16] * 2,
    }
)
FILE = {"holder": "", "period": "2024", "project": "simimo", "round": "2026", "created": MADE}

SCOPE: dict[str, Any] = {
    "registers": REGISTERS,
    "interconnections": [REGISTERS],
    "keys": ("names",),
    "rounds": ("2026",),
    "variables": VARIABLES,
    "outputs": ("microdata", "synthetic", "tables"),
    "periods": ("2024",),
    "recipients": ("public", "holder:cnss-employees"),
    "purposes": ("labour", "health"),
    "retention": dict.fromkeys(REGISTERS, DAYS_KEPT),
}
"""What every act below stays within."""

NARROWER: dict[Part, dict[str, Any]] = {
    Part.REGISTER: {"registers": REGISTERS[:1], "interconnections": []},
    Part.KEY: {"keys": ("passport",)},
    Part.ROUND: {"rounds": ("2025",)},
    Part.PERIOD: {"periods": ("2023",)},
    Part.RETENTION: {"retention": {REGISTERS[0]: DAYS_KEPT - 1}},
    Part.OUTPUT: {"outputs": ()},
    Part.VARIABLE: {"variables": ("shoe_size",)},
    Part.RECIPIENT: {"recipients": ("analysts",)},
    Part.PURPOSE: {"purposes": ("taxes", "health")},
}
"""For each part, a scope that an act exceeds in that part."""


class PassedTheGateError(Exception):
    """Raised where an act was let through, so that nothing is computed."""


def delivery(register: str) -> Any:
    summary = SimpleNamespace(name="names")
    return SimpleNamespace(header=SimpleNamespace(register=register, passes=(summary,), **FILE))


def payload(register: str) -> Payload:
    rows = pa.table({"record_id": pa.array([b"ab"[REGISTERS.index(register) :][:1] * 16], pa.binary(16))})
    return Payload(register=register, schema_digest="", rows=rows, **FILE)


def join(register: str) -> JoinMap:
    return JoinMap(register=register, delivery_digest=register, rows=JOIN_MAP_SCHEMA.empty_table(), **FILE)


def scored() -> Any:
    sources = [{"register": name, "project": "simimo", "delivery_digest": name} for name in REGISTERS]
    return SimpleNamespace(pairs=pa.table({"pass": ["names"]}), report={"sources": sources, "plan_digest": PLAN.digest})


RUN = RecordedRun("r", "simimo", 0, PLAN.digest, (), "", "")


def recorded_release() -> RecordedRelease:
    """A release that was made by the documents above."""
    digests = dict.fromkeys(("manifest_digest", "description_digest", "protected_digest", "data_digest"), "")
    return RecordedRelease(
        release="r",
        project="simimo",
        published=2,
        protected=1,
        assembled=0,
        protected_on="2026-06-15",
        policy_digest=POLICY.digest,
        seed_digest=seed_digest(1),
        specification_digest=SPECIFICATION.digest,
        spine_digest="",
        payload_digests=tuple(digest_table(payload(name).rows) for name in REGISTERS),
        microdata_digest="",
        run=None,
        **digests,
    )


def recorded_tables() -> RecordedTables:
    """Tables whose microdata were assembled from the payloads above."""
    assembly = RecordedAssembly(
        release="t",
        project="simimo",
        assembled=0,
        specification_digest=SPECIFICATION.digest,
        spine_digest="",
        payload_digests=tuple(digest_table(payload(name).rows) for name in REGISTERS),
        microdata_digest="",
        run=None,
    )
    digests: dict[str, Any] = dict.fromkeys(("specification_digest", "seed_digest"), "")
    lists: dict[str, Any] = dict.fromkeys(("data_digests", "table_digests"), ())
    return RecordedTables(
        tables="t", project="simimo", protected=1, made_on="2026-06-15", assembly=assembly, **digests, **lists
    )


def _call(function: Callable[..., Any], *args: Any, **given: Any) -> Callable[[RunOptions], Any]:
    return lambda options: function(*args, options=options, **given)


def calls() -> dict[str, Callable[[RunOptions], Any]]:
    """For each act of the table, a call of its function."""
    found = {name: _function(act.function) for name, act in ACTS.items()}
    schemas = {name: RegisterSchema.load(name) for name in REGISTERS}
    arguments: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
        "link": ((PLAN, [delivery(name) for name in REGISTERS]), {}),
        "resolve": ((PLAN, scored(), [join(name) for name in REGISTERS]), {"run": "r"}),
        "assemble": ((SPINE, [payload(name) for name in REGISTERS], MicrodataSpec.load("foreign-workers")), {}),
        "return": (
            (PLAN, schemas, REGISTERS[0], SPINE, pa.table({}), [payload(name) for name in REGISTERS], scored().report),
            {"join": join(REGISTERS[0])},
        ),
        "estimate": ((MICRO, EstimateSpec.load("reconciliation")), {}),
        "protect": ((MICRO, POLICY), {}),
        "synthesize": ((MICRO, POLICY, 5), {}),
        "tables": ((TABLES, [MICRO], {}), {}),
        "indicators": ((TABLES, MICRO, {}), {"period": "2024"}),
        "publish": (
            (MICRO, {}, DatasetDescription.load("foreign-workers-puf")),
            {"signer": NoteSigner.generate("t"), "created": dt.datetime(2026, 6, 15, tzinfo=dt.UTC)},
        ),
        "reproduce": ((RUN, PLAN, [delivery(name) for name in REGISTERS], [join(name) for name in REGISTERS]), {}),
        "reproduce-release": (
            (recorded_release(), SPINE, [payload(name) for name in REGISTERS], SPECIFICATION, POLICY),
            {},
        ),
        "reproduce-tables": (
            (recorded_tables(), FromSpine(SPINE, [payload(name) for name in REGISTERS], SPECIFICATION), TABLES, {}),
            {},
        ),
        "publish-tables": (
            ({}, TABLES),
            {
                "title": "t",
                "cells": 1,
                "signer": NoteSigner.generate("t"),
                "created": dt.datetime(2026, 6, 15, tzinfo=dt.UTC),
            },
        ),
    }
    assert set(arguments) == set(found), "an act has no call here"
    return {name: _call(function, *arguments[name][0], **arguments[name][1]) for name, function in found.items()}


def _function(place: str) -> Callable[..., Any]:
    module, name = place.split(".")
    found: Callable[..., Any] = getattr(importlib.import_module(f"wasl.workflow.{module}"), name)
    return found


def authorization(scope: dict[str, Any] | None = None, **changes: Any) -> Authorization:
    days = {"decided": TODAY - dt.timedelta(days=100), "expires": TODAY + dt.timedelta(days=200)}
    fields = {"project": "simimo", "decision": "D-3/2026", "scope": SCOPE | (scope or {}), **days}
    return Authorization.model_validate(fields | changes)


def options(held: Any, purpose: str = "labour") -> RunOptions:
    return RunOptions(authorization=held, today=TODAY, seed=1, purpose=purpose)


def refused(act: str, run: Callable[[], Any]) -> tuple[str, ...]:
    with pytest.raises(AuthorizationError) as refusal:
        run()
    event = refusal.value.event
    assert isinstance(event, AuthorizationExceeded)
    assert event.act == act
    assert refusal.value.exit_code == 3
    return event.excess


@dataclass
class Watched:
    """What acts put to the gate."""

    asked: list[Asked]


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    """Ends an act that was let through, and keeps what it asked for."""
    seen = Watched([])
    require = Decisions.require

    def ended(self: Decisions, asked: Asked, today: dt.date) -> Standing | None:
        seen.asked.append(asked)
        require(self, asked, today)
        raise PassedTheGateError

    monkeypatch.setattr(Decisions, "require", ended)
    return seen


@pytest.mark.parametrize("act", ACTS)
def test_every_act_states_each_of_its_parts_and_is_let_through_within_the_scope(watched: Watched, act: str) -> None:
    with pytest.raises(PassedTheGateError):
        calls()[act](options(authorization()))
    assert [one.act for one in watched.asked] == [act]
    assert watched.asked[0].stated == ACTS[act].parts


@pytest.mark.parametrize(
    ("act", "part"), [(name, part) for name, act in ACTS.items() for part in sorted(act.parts - {Part.PROJECT})]
)
def test_every_act_is_refused_for_each_part_that_it_exceeds(watched: Watched, act: str, part: Part) -> None:
    excess = refused(act, lambda: calls()[act](options(authorization(NARROWER[part]))))
    beside = {"interconnection"} if part is Part.REGISTER else set()
    assert {one.partition(":")[0] for one in excess} == {part.value} | beside


def revoked(day: dt.date = TODAY) -> Authorization:
    return authorization(revoked=day)


STATES: dict[str, tuple[Callable[[], Any], str]] = {
    "expired": (lambda: authorization(expires=TODAY - dt.timedelta(days=1)), "expired"),
    "not yet in force": (lambda: authorization(decided=TODAY + dt.timedelta(days=1)), "not yet in force"),
    "revoked": (revoked, "revoked"),
    "none, and one is demanded": (lambda: Decisions((), demanded=True, project="simimo"), "no decision stored"),
    "replaced by one that expired": (
        lambda: Decisions.of(authorization(), authorization(decision="D-4", expires=TODAY - dt.timedelta(days=1))),
        "expired",
    ),
    "replaced by one that was revoked": (lambda: Decisions.of(authorization(), revoked()), "revoked"),
    "beside one that was revoked": (lambda: Decisions.of(revoked(), authorization(beside=True)), ""),
    "another's not yet in force": (
        lambda: Decisions.of(authorization(), authorization(decision="D-4", decided=TODAY + dt.timedelta(days=9))),
        "",
    ),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("act", ACTS)
def test_every_act_is_held_to_the_state_of_the_decisions(watched: Watched, act: str, state: str) -> None:
    held, expected = STATES[state][0](), STATES[state][1]
    if expected:
        assert refused(act, lambda: calls()[act](options(held))) == (expected,)
    else:
        with pytest.raises(PassedTheGateError):
            calls()[act](options(held))


@pytest.mark.parametrize("act", [name for name, act in ACTS.items() if Part.PROJECT in act.parts])
def test_files_of_another_project_are_refused(watched: Watched, act: str) -> None:
    assert refused(act, lambda: calls()[act](options(authorization(project="other")))) == ("project:simimo",)


@pytest.mark.parametrize("act", ACTS)
def test_an_act_without_a_stored_decision_asks_no_gate(watched: Watched, act: str) -> None:
    """Where nothing is stored nothing is refused: the act goes on, and fails at its thin input or ends."""
    try:
        calls()[act](options(None))
    except AuthorizationError:
        raise
    except Exception:
        return
    finally:
        assert watched.asked == []


NOT_GATED = {
    "assess.assess": "measures for the office itself; nothing leaves",
    "dossier.draw_up_dossier": "asks for the authorization",
    "evaluate.evaluate": "measures a linkage that went through the gate",
    "evaluate.evaluate_review": "measures a linkage that went through the gate",
    "merge.merge": "registers of one office; those of two are refused (require_one_office)",
}
"""Functions that do an act and that no authorization has to cover, and why."""


def functions_of_acts() -> Iterator[str]:
    """Every public function of `wasl.workflow` that gives an `Act`."""
    for module in pkgutil.iter_modules(wasl.workflow.__path__):
        loaded = importlib.import_module(f"wasl.workflow.{module.name}")
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            own = function.__module__ == loaded.__name__ and not name.startswith("_")
            if own and str(inspect.signature(function).return_annotation).startswith("Act["):
                yield f"{module.name}.{name}"


def test_every_act_of_the_workflow_is_in_the_table_or_has_a_reason_not_to_be() -> None:
    found = set(functions_of_acts())
    assert found == {act.function for act in ACTS.values()} | set(NOT_GATED)


def header(
    register: str, *, project: str = "simimo", round_name: str = "2026", keys: tuple[str, ...] = ("names",)
) -> Any:
    passes = tuple(SimpleNamespace(name=key) for key in keys)
    return SimpleNamespace(**FILE | {"project": project, "round": round_name}, register=register, passes=passes)


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"project": "other"}, "project:other"),
        ({"round_name": "2031"}, "round:2031"),
        ({"round_name": ""}, "round:none named"),
        ({"keys": ("names", "phone")}, "key:phone"),
    ],
)
def test_what_exceeds_in_one_delivery_of_several_is_found_wherever_it_stands(
    place: int, change: dict[str, Any], expected: str
) -> None:
    changed = [header(name, **(change if number == place else {})) for number, name in enumerate(REGISTERS)]
    assert refused("link", lambda: hold_linkage(options(authorization()), changed)) == (expected,)


def test_the_oldest_file_of_a_register_counts() -> None:
    held = options(authorization())
    older = SimpleNamespace(**{**vars(header(REGISTERS[0])), "created": "2026-06-01T00:00:00+00:00"})
    for files in ([older, header(REGISTERS[0])], [header(REGISTERS[0]), older]):
        assert refused("link", lambda files=files: hold_linkage(held, files)) == ("retention:cnss-employees 14>10",)


NAMES, KEYS, ROUNDS = ("anapec", "cnss", "dgsn"), ("cin", "names", "passport"), ("2025", "2026")


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    scope=st.fixed_dictionaries(
        {
            "registers": st.sets(st.sampled_from(NAMES), min_size=1),
            "keys": st.sets(st.sampled_from(KEYS)),
            "rounds": st.sets(st.sampled_from(ROUNDS), min_size=1),
            "interconnections": st.sets(st.sampled_from([("anapec", "cnss"), ("anapec", "dgsn"), ("cnss", "dgsn")])),
        }
    ),
    asked=st.lists(
        st.tuples(st.sampled_from(NAMES), st.sampled_from(ROUNDS), st.sampled_from(KEYS)), min_size=1, max_size=6
    ),
)
def test_a_linkage_goes_through_exactly_if_each_part_of_it_is_covered(
    scope: dict[str, set[Any]], asked: list[tuple[str, str, str]]
) -> None:
    held = options(authorization({name: tuple(sorted(values)) for name, values in scope.items()} | {"retention": None}))
    names = sorted({register for register, _, _ in asked})
    covered = (
        set(names) <= scope["registers"]
        and {(a, b) for a in names for b in names if a < b} <= scope["interconnections"]
        and {key for _, _, key in asked} <= scope["keys"]
        and {round_name for _, round_name, _ in asked} <= scope["rounds"]
    )
    made = [header(register, round_name=name, keys=(key,)) for register, name, key in asked]
    if covered:
        assert hold_linkage(held, made) is not None
    else:
        with pytest.raises(AuthorizationError):
            hold_linkage(held, made)


@given(
    variables=st.sets(st.sampled_from(VARIABLES)),
    outputs=st.sets(st.sampled_from(SCOPE["outputs"])),
    asked=st.sets(st.sampled_from(VARIABLES)),
    output=st.sampled_from([None, *SCOPE["outputs"]]),
)
def test_an_output_goes_through_exactly_if_its_kind_and_its_variables_are_covered(
    variables: set[str], outputs: set[str], asked: set[str], output: Any
) -> None:
    held = options(authorization({"variables": tuple(sorted(variables)), "outputs": tuple(sorted(outputs))}))
    if asked <= variables and output in {None, *outputs}:
        assert hold_output("publish", held, output=output, variables=asked) is not None
    else:
        with pytest.raises(AuthorizationError):
            hold_output("publish", held, output=output, variables=asked)


def test_an_authorization_without_a_day_to_hold_it_to_is_refused() -> None:
    with pytest.raises(InputError, match="certain days"):
        RunOptions(authorization=authorization()).require_today()


def test_registers_of_two_offices_are_not_merged_in_the_clear() -> None:
    from wasl.facade import merge

    schemas = (RegisterSchema.load("cnss-employees"), RegisterSchema.load("dgsn-permits"))
    empty = SimpleNamespace(table=pd.DataFrame())
    with pytest.raises(AuthorizationError, match="CNSS, DGSN") as refusal:
        merge(empty, empty, schemas)  # type: ignore[arg-type]
    assert isinstance(refusal.value.event, AuthorizationExceeded)
    assert refusal.value.event.excess == ("interconnection:cnss-employees+dgsn-permits",)
