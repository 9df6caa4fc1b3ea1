"""The gate of the acts: every delivery counts, every day counts, and what is covered is exactly what goes through."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasl.audit.events import AuthorizationExceeded
from wasl.compliance.authorization import Authorization
from wasl.errors import AuthorizationError, InputError
from wasl.registers.exchange.delivery_header import DeliveryHeader
from wasl.workflow.act import RunOptions
from wasl.workflow.authorized import authorize_linkage, authorize_release

TODAY = dt.date(2026, 6, 15)
REGISTERS, KEYS, ROUNDS = ("anapec", "cnss", "dgsn"), ("cin", "names", "passport"), ("2025", "2026")
VARIABLES, OUTPUTS = ("region", "sex", "wage"), ("microdata", "synthetic", "tables")


@dataclass(frozen=True)
class Pass:
    name: str


@dataclass(frozen=True)
class Header:
    """What the gate reads of a delivery."""

    project: str
    register: str
    round: str
    passes: tuple[Pass, ...]


def held(decided: int = -100, expires: int = 200, **scope: Any) -> RunOptions:
    """Options of an act under an authorization, whose days are counted from today."""
    whole = {
        "registers": REGISTERS,
        "interconnections": (("anapec", "cnss"), ("anapec", "dgsn"), ("cnss", "dgsn")),
        "keys": KEYS,
        "rounds": ROUNDS,
        "variables": VARIABLES,
        "outputs": OUTPUTS,
    }
    fields = {
        "project": "simimo",
        "decision": "D-3/2026",
        "decided": TODAY + dt.timedelta(days=decided),
        "expires": TODAY + dt.timedelta(days=expires),
        "scope": whole | scope,
    }
    return RunOptions(authorization=Authorization.model_validate(fields), today=TODAY)


def deliveries(*headers: Header) -> list[DeliveryHeader]:
    return cast(list[DeliveryHeader], list(headers))


def header(
    register: str, *, project: str = "simimo", round_name: str = "2026", keys: tuple[str, ...] = ("names",)
) -> Header:
    return Header(project, register, round_name, tuple(map(Pass, keys)))


def excess(refusal: pytest.ExceptionInfo[AuthorizationError]) -> tuple[str, ...]:
    event = refusal.value.event
    assert isinstance(event, AuthorizationExceeded)
    assert refusal.value.exit_code == 3
    return event.excess


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
    changed = [header(name, **(change if number == place else {})) for number, name in enumerate(("cnss", "dgsn"))]
    with pytest.raises(AuthorizationError) as refusal:
        authorize_linkage(held(), deliveries(*changed))
    assert expected in excess(refusal)


@pytest.mark.parametrize(
    ("decided", "expires", "expected"),
    [(-100, -1, "expired"), (1, 30, "not yet in force"), (-1, 10, ""), (0, 0, ""), (-100, 91, None)],
)
@pytest.mark.parametrize("act", ["link", *OUTPUTS, "publish"])
def test_every_act_is_held_to_the_days_of_the_decision(
    act: str, decided: int, expires: int, expected: str | None
) -> None:
    """Expired yesterday; in force from tomorrow; ten days left; the last day; far from its end."""
    options = held(decided, expires)

    def run() -> Any:
        if act == "link":
            return authorize_linkage(options, deliveries(header("cnss")))
        return authorize_release(options, None if act == "publish" else cast(Any, act), ["sex"])

    if expected:
        with pytest.raises(AuthorizationError) as refusal:
            run()
        assert excess(refusal) == (expected,)
    else:
        assert bool(run().warning) == (expected is not None)


@given(
    scope=st.fixed_dictionaries(
        {
            "registers": st.sets(st.sampled_from(REGISTERS), min_size=1),
            "keys": st.sets(st.sampled_from(KEYS)),
            "rounds": st.sets(st.sampled_from(ROUNDS), min_size=1),
            "interconnections": st.sets(st.sampled_from([("anapec", "cnss"), ("anapec", "dgsn"), ("cnss", "dgsn")])),
        }
    ),
    asked=st.lists(st.tuples(st.sampled_from(REGISTERS), st.sampled_from(ROUNDS), st.sampled_from(KEYS)), min_size=1),
)
def test_a_linkage_goes_through_exactly_if_each_part_of_it_is_covered(
    scope: dict[str, set[Any]], asked: list[tuple[str, str, str]]
) -> None:
    options = held(**{name: tuple(sorted(values)) for name, values in scope.items()})
    names = sorted({register for register, _, _ in asked})
    pairs = {(a, b) for a in names for b in names if a < b}
    covered = (
        set(names) <= scope["registers"]
        and pairs <= scope["interconnections"]
        and {key for _, _, key in asked} <= scope["keys"]
        and {round_name for _, round_name, _ in asked} <= scope["rounds"]
    )
    made = deliveries(*(header(register, round_name=name, keys=(key,)) for register, name, key in asked))
    if covered:
        assert authorize_linkage(options, made) is not None
    else:
        with pytest.raises(AuthorizationError):
            authorize_linkage(options, made)


@given(
    variables=st.sets(st.sampled_from(VARIABLES)),
    outputs=st.sets(st.sampled_from(OUTPUTS)),
    asked=st.sets(st.sampled_from(VARIABLES)),
    output=st.sampled_from([None, *OUTPUTS]),
)
def test_an_output_goes_through_exactly_if_its_kind_and_its_variables_are_covered(
    variables: set[str], outputs: set[str], asked: set[str], output: Any
) -> None:
    options = held(variables=tuple(sorted(variables)), outputs=tuple(sorted(outputs)))
    if asked <= variables and output in {None, *outputs}:
        assert authorize_release(options, output, asked) is not None
    else:
        with pytest.raises(AuthorizationError):
            authorize_release(options, output, asked)


def test_an_authorization_without_a_day_to_hold_it_to_is_refused() -> None:
    with pytest.raises(InputError, match="certain days"):
        RunOptions(authorization=held().authorization).require_today()
