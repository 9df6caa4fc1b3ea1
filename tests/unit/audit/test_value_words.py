"""Codes in the log are said in the reader's language: every role, state, kind, verdict and check has words."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest

import wasl
from wasl import errors
from wasl.audit.events import (
    AuditEvent,
    AuthorizationExceeded,
    PairDecided,
    ReleaseApproved,
    SpineResolved,
    TokenIssued,
)
from wasl.audit.sentences import say_detail, say_event
from wasl.audit.value_words import EXCESS_WORDS, REASON_WORDS, VALUE_WORDS
from wasl.compliance.acts import ACTS, FETCH, Part
from wasl.compliance.scope import PLACES
from wasl.locale import Language, messages
from wasl.locale.code_words import CHECK_WORDS
from wasl.service.access import Role
from wasl.service.records import JobKind, SubmissionKind
from wasl.service.reviews import Verdict
from wasl.service.states import ReleaseStatus
from wasl.tables.menu import ApprovalRule

LANGUAGES: tuple[Language, ...] = ("fr", "ar", "en")
CODES = {
    "role": list(Role),
    "token_role": list(Role),
    "from_status": list(ReleaseStatus),
    "to_status": list(ReleaseStatus),
    "job_kind": list(JobKind),
    "submission_kind": list(SubmissionKind),
    "verdict": list(get_args(Verdict)),
    "approval": list(ApprovalRule),
    "approval_of_crossings": list(ApprovalRule),
    "act": [*ACTS, FETCH, "merge"],
    "excess": ["expired", "revoked", "not yet in force", "no decision stored", *Part, *PLACES],
    "failed_checks": re.findall(
        r'Check\(\s*"([a-z-]+)"', "".join(one.read_text() for one in Path(wasl.__path__[0]).rglob("*.py"))
    ),
    "reason": list(REASON_WORDS),
}
"""Every code that a field can have as its value."""


@pytest.mark.parametrize("field", CODES)
def test_every_code_has_words_in_every_language(field: str) -> None:
    assert len(CODES[field]) > 1
    assert set(VALUE_WORDS) == set(CODES)
    for code in CODES[field]:
        for language in LANGUAGES:
            said = say_detail(str(code), language, field)
            assert said == messages(language).text(VALUE_WORDS[field][str(code)])
            if language == "ar":
                assert re.search("[\u0600-\u06ff]", said), (field, code)


def test_every_check_of_a_linkage_has_words_and_no_other() -> None:
    assert set(CODES["failed_checks"]) == set(CHECK_WORDS)


def test_reasons_are_kinds_of_error() -> None:
    assert all(issubclass(getattr(errors, name), errors.WaslError) for name in REASON_WORDS)


SPOKEN: list[tuple[Any, dict[Language, str]]] = [
    (
        TokenIssued(user="u", token_role="admin", register="", expires="2027-01-01"),
        {"fr": "rôle : administrateur", "ar": "مشرف", "en": "role: administrator"},
    ),
    (
        PairDecided(run="r", verdict="same"),
        {"fr": "même personne", "ar": "الشخص نفسه", "en": "same person"},
    ),
    (
        ReleaseApproved(from_status="requested", to_status="approved", protected="p", reason="k holds"),
        {"fr": "approuvée", "ar": "مُجاز", "en": "approved"},
    ),
    (
        AuthorizationExceeded(act="fetch", decision="D-1", excess=("expired", "recipient:public", "key:passport")),
        {
            "fr": "destinataire : le public, clé de comparaison : passport",
            "ar": "المستفيد: العموم، مفتاح المقارنة: passport",
            "en": "recipient: the public, key of comparison: passport",
        },
    ),
    (
        SpineResolved(
            run="r",
            plan_digest="",
            pairs_digest="",
            join_digests=(),
            decided=0,
            records=1,
            persons=1,
            links=1,
            conflicts=0,
            spine_digest="",
            failed_checks=("m-above-u", "twins"),
        ),
        {
            "fr": "les vraies paires concordent plus que les autres",
            "ar": "التطابقات أكثر توافقا",
            "en": "links that look like twins",
        },
    ),
]


@pytest.mark.parametrize(("happening", "words"), SPOKEN, ids=lambda one: type(one).__name__)
def test_a_sentence_says_codes_in_its_language(happening: Any, words: dict[Language, str]) -> None:
    event = AuditEvent(happening, "2026-11-28T00:00:00Z", "amina", "p", "s", role="approver")
    roles = {"fr": "approbateur", "ar": "مُجيز", "en": "approver"}
    for language in LANGUAGES:
        text = say_event(event, language).replace("\u2068", "").replace("\u2069", "")
        assert roles[language] in text
        assert words[language] in text, text
        assert "m-above-u" not in text


def test_what_people_named_stays_as_they_named_it() -> None:
    """A reason that somebody wrote, a register or a variable is no code."""
    assert say_detail("k holds in every region", "fr", "reason") == "k holds in every region"
    assert say_detail("admin", "fr", "user") == "admin"
    assert say_detail("variable:sex", "ar", "excess").endswith("sex")
    assert EXCESS_WORDS["variable"] == "variable"
