"""Authorizations: what they cover, on which days, and that each act refuses what exceeds them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import chain, combinations
from typing import Any

import pytest

from wasl.audit.events import AuthorizationExceeded
from wasl.compliance.authorization import Authorization, require_linkage, require_release
from wasl.compliance.scope import Scope
from wasl.errors import AuthorizationError, SchemaError
from wasl.registers.documents import validate_document

DAY = dt.date(2026, 6, 1)
NAMES = ("anapec", "cnss", "dgsn", "hcp")


def authorization(**changes: object) -> Authorization:
    scope = {
        "registers": ["dgsn", "cnss"],
        "interconnections": [["dgsn", "cnss"]],
        "keys": ["passport", "names"],
        "rounds": ["2026"],
        "variables": ["sex", "region"],
        "outputs": ["microdata"],
    }
    document = {
        "project": "simimo",
        "decision": "D-12/2026",
        "decided": dt.date(2026, 1, 1),
        "expires": dt.date(2026, 12, 31),
        "scope": scope,
    }
    return validate_document(Authorization, document | changes, "the authorization")


def link(held: Authorization, **changes: object) -> object:
    asked: dict[str, object] = {
        "project": "simimo",
        "registers": ["cnss", "dgsn"],
        "keys": ["passport"],
        "round_name": "2026",
        "today": DAY,
    }
    return require_linkage(held, **(asked | changes))  # type: ignore[arg-type]


def test_what_is_covered_goes_through_and_says_how_long_it_holds() -> None:
    standing = link(authorization())
    assert standing.decision == "D-12/2026"
    assert standing.days_left == 213
    assert not standing.warning


@pytest.mark.parametrize(
    ("changes", "excess"),
    [
        ({"registers": ["dgsn", "cnss", "anapec"]}, "register:anapec"),
        ({"keys": ["passport", "cin"]}, "key:cin"),
        ({"round_name": "2027"}, "round:2027"),
        ({"round_name": ""}, "round:none named"),
        ({"project": "other"}, "project:other"),
        ({"today": dt.date(2027, 1, 1)}, "expired"),
        ({"today": dt.date(2025, 12, 31)}, "not yet in force"),
    ],
)
def test_what_exceeds_the_authorization_is_refused_by_name(changes: dict[str, object], excess: str) -> None:
    with pytest.raises(AuthorizationError, match=excess) as refusal:
        link(authorization(), **changes)
    event = refusal.value.event
    assert isinstance(event, AuthorizationExceeded)
    assert excess in event.excess
    assert event.decision == "D-12/2026"
    assert refusal.value.exit_code == 3
    assert "wasl dossier" in refusal.value.remedy


def test_the_last_day_still_counts_and_the_last_months_warn() -> None:
    assert "in 0 days" in link(authorization(), today=dt.date(2026, 12, 31)).warning  # type: ignore[attr-defined]
    assert link(authorization(warning_days=0), today=dt.date(2026, 12, 30)).warning == ""  # type: ignore[attr-defined]


def test_two_registers_in_scope_are_not_an_interconnection() -> None:
    held = authorization(scope={"registers": ["dgsn", "cnss", "hcp"], "interconnections": [["cnss", "dgsn"]]})
    with pytest.raises(AuthorizationError, match=r"interconnection:dgsn\+hcp"):
        link(held, registers=["dgsn", "hcp"], keys=[], round_name="")
    assert link(held, registers=["hcp"], keys=[], round_name="")  # duplicates within one register


def test_an_output_is_held_to_its_kind_and_its_variables() -> None:
    held = authorization()
    assert require_release(held, output="microdata", variables=["sex"], today=DAY)
    assert require_release(held, output=None, variables=["sex"], today=DAY)
    with pytest.raises(AuthorizationError, match="output:tables, variable:wage"):
        require_release(held, output="tables", variables=["wage", "sex"], today=DAY)


def test_an_authorization_that_ends_before_it_begins_is_no_document() -> None:
    with pytest.raises(SchemaError, match="ends before"):
        authorization(expires=dt.date(2025, 1, 1))


def subsets(items: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    return chain.from_iterable(combinations(items, size) for size in range(len(items) + 1))


def test_a_linkage_is_covered_exactly_if_every_pair_of_its_registers_is() -> None:
    for pairs in subsets(list(combinations(NAMES, 2))):
        scope = Scope(registers=NAMES, interconnections=tuple((b, a) for a, b in pairs))
        for registers in subsets(NAMES):
            covered = set(combinations(sorted(registers), 2)) <= set(pairs)
            assert (scope.beyond_linkage(registers, [], "") == ()) == covered
