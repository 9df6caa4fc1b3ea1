"""A certificate of erasure is in the language of its reader, whatever was erased and why; a person's reason stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from wasl.audit.value_words import ERASED, say_value
from wasl.locale import LANGUAGES, Language, messages
from wasl.locale.code_words import FILE_WORDS
from wasl.service.records import RetentionRule, Submission, SubmissionKind
from wasl.service.retention import due_submissions

NOW = datetime(2026, 11, 28, tzinfo=UTC)


def sent(*, withdrawn: bool) -> Submission:
    stamp = (NOW - timedelta(days=100)).isoformat()
    by = {"created_at": stamp, "created_by": "amina", "project": "p"}
    file = {"kind": SubmissionKind.PAYLOAD, "register": "r", "digest": "d", "file": "f", "size_bytes": 1, "rows": 1}
    return Submission(id="1", **by, **file, header={}, withdrawn=withdrawn)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("withdrawn", [True, False])
@pytest.mark.parametrize("days", [1, 2, 90])
def test_reasons_of_the_retention_are_said_in_each_language(withdrawn: bool, days: int, language: Language) -> None:
    rule = RetentionRule(id="2", created_at="", created_by="amina", project="p", register="r", round="", days=days)
    (reason,) = due_submissions([sent(withdrawn=withdrawn)], [rule], NOW).values()
    said = say_value("reason", reason, language)
    assert said is not None
    assert (said == reason) is (language == "en")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", FILE_WORDS)
def test_rules_name_the_kind_of_file_in_each_language(kind: str, language: Language) -> None:
    words = messages(language)
    said = str(say_value("rule", f"{kind} of cnss-employees", language))
    assert words.text(FILE_WORDS[kind]) in said
    assert "cnss-employees" in said


@pytest.mark.parametrize("language", ["fr", "ar"])
@pytest.mark.parametrize("field", ERASED)
def test_every_text_of_a_certificate_has_a_translation(field: str, language: Language) -> None:
    for key in ERASED[field]:
        assert messages(language).text(key) != key


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", ["letter of the authority", "payload of cnss", "Conforme", "withdrawn"])
def test_a_reason_that_a_person_wrote_is_no_code(reason: str, language: Language) -> None:
    assert say_value("reason", reason, language) is None
