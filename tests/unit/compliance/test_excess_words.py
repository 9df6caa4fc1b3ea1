"""A refusal names each excess in the reader's language; the event keeps the codes."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasl.audit.events import AuthorizationExceeded
from wasl.compliance.acts import Asked, Part
from wasl.compliance.authorization import Authorization, Decisions
from wasl.compliance.scope import Scope
from wasl.errors import AuthorizationError, InputError
from wasl.locale import Language, messages

TODAY = dt.date(2027, 3, 1)
SCOPE = {
    "registers": ("census-sample", "consular-register", "unhcr-refugees"),
    "interconnections": [("census-sample", "consular-register")],
    "keys": ("consular",),
    "rounds": ("R7",),
    "variables": ("region",),
    "outputs": (),
    "periods": ("2025",),
    "recipients": ("holder:consular-register",),
    "purposes": ("asylum", "labour"),
    "retention": {"consular-register": 30},
}
NAME = st.from_regex(r"[a-z][a-z0-9]{2,8}(-[a-z0-9]{1,6}){0,2}", fullmatch=True)
CODES = re.compile(rf"\b({'|'.join([*(part.value for part in Part), 'interconnection'])}):\S|none named")
"""A kind of excess as an event writes it."""


def held(**changes: object) -> Decisions:
    fields = {
        "project": "p",
        "decision": "DA/12-2027",
        "scope": SCOPE,
        "decided": TODAY - dt.timedelta(days=300),
        "expires": TODAY + dt.timedelta(days=5),
    }
    return Decisions.of(Authorization.model_validate(fields | changes))


ASKED = st.builds(
    Asked,
    act=st.just("return"),
    projects=st.none() | st.frozensets(NAME | st.just(""), max_size=2),
    registers=st.none() | st.frozensets(NAME | st.sampled_from(SCOPE["registers"]), max_size=4),
    keys=st.none() | st.frozensets(NAME, max_size=3),
    rounds=st.none() | st.frozensets(NAME | st.just(""), max_size=2),
    periods=st.none() | st.frozensets(st.tuples(NAME, st.sampled_from(["", "2024", "2025", "2025-03"])), max_size=3),
    days_kept=st.none() | st.dictionaries(st.just("consular-register"), st.integers(0, 4000)),
    output=st.none() | st.sampled_from(["microdata", "synthetic", "tables"]),
    variables=st.none() | st.frozensets(NAME, max_size=3),
    recipient=st.none() | st.sampled_from(["public", "analysts", "holder:cnss-employees"]),
    purpose=st.none() | NAME | st.just(""),
)


@given(ASKED, st.sampled_from([{}, {"expires": TODAY - dt.timedelta(days=1)}, {"revoked": TODAY}]))
def test_every_refusal_is_said_in_words(asked: Asked, state: dict[str, object]) -> None:
    try:
        held(**state).require(asked, TODAY)
    except AuthorizationError as error:
        refusal = error
    else:
        return
    assert isinstance(refusal.event, AuthorizationExceeded)
    for language in ("fr", "ar"):
        said = messages(language).known(refusal.message)  # type: ignore[arg-type]
        assert said is not None
        assert not CODES.search(said), said
        assert not re.search(r"\b(expired|revoked|force)\b", said)
        names = {name for part in (asked.registers, asked.keys, asked.variables) for name in part or ()}
        shown = {name for name in names if f":{name}" in " ".join(refusal.event.excess)}
        assert all(name in said for name in shown)


@pytest.mark.parametrize("days", [0, 1, 2, 3, 11, 89, 90])
@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_the_warning_counts_days_without_a_plural(language: Language, days: int) -> None:
    asked = Asked(act="estimate")
    standing = held(expires=TODAY + dt.timedelta(days=days)).require(asked, TODAY)
    assert standing is not None
    said = messages(language).known(standing.warning)
    assert said is not None
    assert re.search(rf": {days}\b", said)
    later = held(expires=TODAY + dt.timedelta(days=91)).require(asked, TODAY)
    assert later is not None
    assert not later.warning


@pytest.mark.parametrize("struck", ["key:passeport", "interconnection:a", "purpose:x", "register", "retention:a"])
@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_who_strikes_out_what_is_not_there_reads_what_is(struck: str, language: Language) -> None:
    scope = Scope(registers=("a", "b"), interconnections=(("a", "b"),), keys=("passport",))
    with pytest.raises(InputError) as refused:
        scope.without([struck])
    said = messages(language).known(str(refused.value))
    assert said is not None
    kind = struck.partition(":")[0]
    for word in {"key": ("'key:'", "passport"), "interconnection": ("a+b",), "register": ("a, b",)}.get(kind, ()):
        assert word in said
