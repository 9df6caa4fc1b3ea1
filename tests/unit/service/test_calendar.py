"""The retention calendar: what is withdrawn is due now, whatever its rule says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from wasl.service.records import RetentionRule, Submission, SubmissionKind
from wasl.service.retention import calendar, due_submissions

NOW = datetime(2026, 11, 28, tzinfo=UTC)


def sent(number: int, age: int, register: str, *, withdrawn: bool) -> Submission:
    stamp = (NOW - timedelta(days=age)).isoformat()
    by = {"created_at": stamp, "created_by": "amina", "project": "p"}
    file = {"kind": SubmissionKind.PAYLOAD, "register": register, "digest": "d", "file": "f", "size_bytes": 1}
    return Submission(id=str(number), **by, **file, rows=1, header={}, withdrawn=withdrawn)


def rule(register: str, days: int) -> RetentionRule:
    return RetentionRule(
        id=register, created_at="", created_by="amina", project="p", register=register, round="", days=days
    )


SENT = st.lists(st.tuples(st.integers(0, 400), st.sampled_from("abc"), st.booleans()), max_size=8)
RULES = st.dictionaries(st.sampled_from("ab"), st.integers(0, 400), max_size=2)


@given(files=SENT, days=RULES)
def test_the_calendar_agrees_with_what_is_erased(files: list[tuple[int, str, bool]], days: dict[str, int]) -> None:
    submissions = [sent(number, age, name, withdrawn=gone) for number, (age, name, gone) in enumerate(files)]
    rules = [rule(name, many) for name, many in days.items()]
    made = calendar(submissions, rules, NOW)
    assert {one.submission.id for one in made} == {one.id for one in submissions}
    assert {one.submission.id for one in made if one.now} == due_submissions(submissions, rules, NOW).keys()
    assert [one.now for one in made] == sorted((one.now for one in made), reverse=True)
    for one in made:
        assert not (one.submission.withdrawn and one.day)
        assert bool(one.day) is (one.submission.register in days and not one.submission.withdrawn)
    for now in (True, False):
        dated = [one.day for one in made if one.now is now and one.day]
        assert dated == sorted(dated)
