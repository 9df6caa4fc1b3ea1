"""Authorizations: what they cover, on which days, and that each act refuses what exceeds them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import chain, combinations
from typing import Any

import pytest

from wasl.audit.events import AuthorizationExceeded
from wasl.compliance.acts import Asked
from wasl.compliance.authorization import Authorization, Decisions, Standing
from wasl.compliance.periods import covers
from wasl.compliance.scope import Scope
from wasl.errors import AuthorizationError, InputError, SchemaError
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
        "periods": ["2020/2024"],
        "recipients": ["public", "holder:cnss"],
        "purposes": ["labour", "health"],
        "retention": {"cnss": 365},
    }
    document = {
        "project": "simimo",
        "decision": "D-12/2026",
        "decided": dt.date(2026, 1, 1),
        "expires": dt.date(2026, 12, 31),
        "scope": scope,
    }
    return validate_document(Authorization, document | changes, "the authorization")


def asked(**changes: Any) -> Asked:
    """A linkage that stays within the authorization above, with changes."""
    parts: dict[str, Any] = {
        "act": "link",
        "projects": {"simimo"},
        "registers": {"cnss", "dgsn"},
        "keys": {"passport"},
        "rounds": {"2026"},
        "periods": {("cnss", "2023"), ("dgsn", "2024-03")},
        "days_kept": {"cnss": 365, "dgsn": 9999},
        "purpose": "labour",
    }
    merged = parts | changes
    return Asked(**{name: frozenset(value) if isinstance(value, set) else value for name, value in merged.items()})


def require(*held: Authorization, today: dt.date = DAY, **changes: Any) -> Standing:
    standing = Decisions.of(*held).require(asked(**changes), today)
    assert standing is not None
    return standing


def refused(*held: Authorization, today: dt.date = DAY, **changes: Any) -> tuple[str, ...]:
    """What an act exceeds."""
    with pytest.raises(AuthorizationError) as refusal:
        require(*held, today=today, **changes)
    event = refusal.value.event
    assert isinstance(event, AuthorizationExceeded)
    assert event.act == "link"
    assert refusal.value.exit_code == 3
    assert all(one in str(refusal.value) for one in event.excess)
    return event.excess


def test_what_is_covered_goes_through_and_says_how_long_it_holds() -> None:
    standing = require(authorization())
    assert (standing.decision, standing.days_left, standing.warning) == ("D-12/2026", 213, "")


@pytest.mark.parametrize(
    ("changes", "excess"),
    [
        ({"registers": {"dgsn", "cnss", "anapec"}}, ("register:anapec", "interconnection:anapec+cnss",
                                                    "interconnection:anapec+dgsn")),
        ({"keys": {"passport", "cin"}}, ("key:cin",)),
        ({"rounds": {"2026", "2027"}}, ("round:2027",)),
        ({"rounds": {""}}, ("round:none named",)),
        ({"projects": {"simimo", "other"}}, ("project:other",)),
        ({"projects": {""}}, ("project:none named",)),
        ({"periods": {("cnss", "2025")}}, ("period:2025 (cnss)",)),
        ({"periods": {("cnss", "2024/2025")}}, ("period:2024/2025 (cnss)",)),
        ({"periods": {("cnss", "")}}, ("period:none named (cnss)",)),
        ({"days_kept": {"cnss": 366}}, ("retention:cnss 366>365",)),
        ({"purpose": "taxes"}, ("purpose:taxes",)),
        ({"purpose": ""}, ("purpose:none named",)),
        ({"output": "tables"}, ("output:tables",)),
        ({"variables": {"wage", "sex"}}, ("variable:wage",)),
        ({"recipient": "analysts"}, ("recipient:analysts",)),
        ({"recipient": "holder:dgsn"}, ("recipient:holder:dgsn",)),
        ({"today": dt.date(2027, 1, 1)}, ("expired",)),
        ({"today": dt.date(2025, 12, 31)}, ("not yet in force",)),
    ],
)  # fmt: skip
def test_what_exceeds_the_authorization_is_refused_by_name(changes: dict[str, Any], excess: tuple[str, ...]) -> None:
    today = changes.pop("today", DAY)
    assert refused(authorization(), today=today, **changes) == excess


def test_several_excesses_are_all_named() -> None:
    found = refused(authorization(), keys={"cin"}, purpose="taxes", variables={"wage"}, today=dt.date(2027, 1, 1))
    assert found == ("expired", "key:cin", "variable:wage", "purpose:taxes")


def test_the_last_day_still_counts_and_the_last_months_warn() -> None:
    assert "days left: 0" in require(authorization(), today=dt.date(2026, 12, 31)).warning
    assert require(authorization(warning_days=0), today=dt.date(2026, 12, 30)).warning == ""


def test_two_registers_in_scope_are_not_an_interconnection() -> None:
    held = authorization(scope={"registers": ["dgsn", "cnss", "hcp"], "interconnections": [["cnss", "dgsn"]]})
    empty: dict[str, Any] = {"keys": set(), "rounds": {""}, "periods": set(), "days_kept": {}}
    assert refused(held, registers={"dgsn", "hcp"}, **empty) == ("interconnection:dgsn+hcp",)
    assert require(held, registers={"hcp"}, **empty)  # duplicates within one register
    star = frozenset({("cnss", "dgsn"), ("hcp", "cnss")})
    assert refused(held, registers={"cnss", "dgsn", "hcp"}, pairs=star, **empty) == ("interconnection:cnss+hcp",)


def test_an_older_decision_limits_what_it_names_only() -> None:
    scope = {"registers": ["cnss", "dgsn"], "interconnections": [["cnss", "dgsn"]], "keys": ["passport"]}
    held = authorization(scope=scope)
    assert require(held, periods={("cnss", "1990")}, days_kept={"cnss": 9999}, purpose="any", recipient="analysts")
    assert set(held.model_dump(mode="json")["scope"]) == {
        *("registers", "interconnections", "keys", "rounds", "variables", "outputs")
    }
    assert "revoked" not in held.model_dump(mode="json")


def test_the_only_purpose_need_not_be_stated() -> None:
    whole = authorization().scope.model_dump(mode="json")
    one = authorization(scope=whole | {"purposes": ["labour"]})
    assert require(one, purpose="")
    assert refused(one, purpose="health") == ("purpose:health",)


def test_a_later_decision_replaces_the_earlier_from_its_day_on() -> None:
    wide, narrow = (
        authorization(),
        authorization(
            decision="D-13",
            decided=dt.date(2026, 7, 1),
            scope=authorization().scope.without(["key:passport"]).model_dump(),
        ),
    )
    assert require(wide, narrow).decision == "D-12/2026"  # D-13 is not in force yet
    assert refused(wide, narrow, today=dt.date(2026, 7, 1)) == ("key:passport",)


@pytest.mark.parametrize("beside", [False, True])
def test_a_decision_stored_beside_others_adds_to_them_and_replaces_none(*, beside: bool) -> None:
    whole = authorization().scope.model_dump(mode="json")
    other = authorization(decision="D-13", beside=beside, scope=whole | {"keys": ["cin"]})
    held = (authorization(), other)
    assert require(*held, keys={"cin"}).decision == "D-13"
    if beside:
        assert require(*held, keys={"passport"}).decision == "D-12/2026"
        # two decisions do not add up to one: each covers an act whole, or not at all
        assert refused(*held, keys={"passport", "cin"}) in (("key:cin",), ("key:passport",))
    else:
        assert refused(*held, keys={"passport"}) == ("key:passport",)


def test_what_was_revoked_covers_nothing_and_what_it_replaced_does_not_come_back() -> None:
    revoked = authorization(decision="D-13", revoked=DAY)
    assert refused(revoked) == ("revoked",)
    assert refused(authorization(), revoked) == ("revoked",)
    beside = authorization(decision="D-14", beside=True)
    assert require(authorization(), revoked, beside).decision == "D-14"
    assert revoked.digest == authorization(decision="D-13").digest


def test_among_several_that_cover_an_act_the_longest_speaks() -> None:
    longer = authorization(decision="D-13", beside=True, expires=dt.date(2028, 1, 1))
    assert require(authorization(), longer, today=dt.date(2026, 12, 30)).warning == ""
    assert require(longer, authorization(beside=True), today=dt.date(2027, 6, 1)).decision == "D-13"


@pytest.mark.parametrize("demanded", [False, True])
def test_without_a_decision_acts_are_refused_only_where_one_is_demanded(*, demanded: bool) -> None:
    decisions = Decisions((), demanded=demanded, project="simimo")
    if not demanded:
        assert decisions.require(asked(), DAY) is None
        return
    with pytest.raises(AuthorizationError) as refusal:
        decisions.require(asked(), DAY)
    assert isinstance(refusal.value.event, AuthorizationExceeded)
    assert refusal.value.event.excess == ("no decision stored",)


def test_an_authorization_that_ends_before_it_begins_is_no_document() -> None:
    with pytest.raises(SchemaError, match="ends before"):
        authorization(expires=dt.date(2025, 1, 1))


def test_striking_the_last_of_a_part_never_frees_it() -> None:
    """An empty list of rounds means any, so the last round cannot be struck out; other parts then allow nothing."""
    scope = authorization().scope
    with pytest.raises(InputError, match="no round"):
        scope.without(["round:2026"])
    struck = scope.without(["recipient:public", "recipient:holder:cnss", "period:2020/2024", "purpose:labour"])
    struck = struck.without(["purpose:health"])
    held = authorization(scope=struck.model_dump(mode="json"))
    found = refused(held, recipient="public", periods={("cnss", "2023")})
    assert found == ("period:2023 (cnss)", "recipient:public", "purpose:labour")


@pytest.mark.parametrize(
    ("authorized", "period", "covered"),
    [
        ("2024", "2024", True), ("2024", "2024-02", True), ("2024", "2024-02-29", True), ("2024-02", "2024", False),
        ("2020/2024", "2021/2022-06", True), ("2020/2024", "2019/2024", False), ("2024", "2024-13", False),
        ("2024", "", False), ("", "", True), ("rentrée", "rentrée", True), ("rentrée", "2024", False),
        ("2024/2020", "2022", False), ("2024-03/2024-05", "2024-04", True), ("2024-03/2024-05", "2024-06", False),
    ],
)  # fmt: skip
def test_a_period_is_covered_if_all_its_days_are(authorized: str, period: str, *, covered: bool) -> None:
    assert covers(authorized, period) is covered


def subsets(items: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    return chain.from_iterable(combinations(items, size) for size in range(len(items) + 1))


def test_a_linkage_is_covered_exactly_if_every_pair_of_its_registers_is() -> None:
    for pairs in subsets(list(combinations(NAMES, 2))):
        scope = Scope(registers=NAMES, interconnections=tuple((b, a) for a, b in pairs))
        for registers in subsets(NAMES):
            covered = set(combinations(sorted(registers), 2)) <= set(pairs)
            assert (scope.beyond(Asked(act="link", registers=frozenset(registers))) == ()) == covered
