from __future__ import annotations

import pytest

from wasl.audit.events import AuditEvent, EventKind
from wasl.audit.reproduction import Reproduction, find_run
from wasl.errors import NotFoundError


def event(kind, subject, **detail):
    return AuditEvent(kind, "2026-01-01T00:00:00Z", "amina", "p", subject, detail)


def linked(plan="P", pairs="A"):
    return event(
        EventKind.LINKAGE_COMPLETED, "plan", plan_digest=plan, pairs_digest=pairs, delivery_digests=["d1", "d2"]
    )


def resolved(run, spine, plan="P"):
    return event(EventKind.SPINE_RESOLVED, run, plan_digest=plan, spine_digest=spine)


LOG = [
    linked(),
    resolved("r1", "S1"),
    linked(plan="Q", pairs="B"),
    linked(pairs="C"),
    resolved("r2", "S2"),
    linked(pairs="D"),
]


def test_a_run_is_found_by_name_or_spine_with_the_linkage_before_it():
    by_name, by_spine = find_run(LOG, run="r2"), find_run(LOG, spine_digest="S2")
    assert by_name == by_spine
    assert (by_name.entry, by_name.pairs_digest, by_name.delivery_digests) == (4, "C", ("d1", "d2"))
    assert find_run(LOG, run="r1").pairs_digest == "A"


def test_what_is_not_recorded_is_said_so():
    with pytest.raises(NotFoundError, match="'r9'"):
        find_run(LOG, run="r9")
    with pytest.raises(NotFoundError, match="gave this spine"):
        find_run(LOG, spine_digest="S9")
    with pytest.raises(NotFoundError, match="not the linkage"):
        find_run([resolved("r1", "S1")], run="r1")


def test_differences_are_named():
    recorded = find_run(LOG, run="r2")
    assert Reproduction(recorded, "C", "S2").differing == ()
    assert Reproduction(recorded, "X", "S2").differing == ("pairs",)
    result = Reproduction(recorded, "C", "X").to_json()
    assert (result["reproduced"], result["differing"]) == (False, ["spine"])
