from __future__ import annotations

import itertools

import pytest

from wasl.audit.events import (
    AuditEvent,
    LegacyHappening,
    LinkageCompleted,
    MicrodataAssembled,
    ProtectionApplied,
    ReleasePublished,
    SpineResolved,
)
from wasl.audit.recorded_releases import find_release
from wasl.audit.reproduction import Reproduction, find_run
from wasl.errors import NotFoundError


def event(happening, subject):
    return AuditEvent(happening, "2026-01-01T00:00:00Z", "amina", "p", subject)


def linked(plan="P", pairs="A"):
    return event(
        LinkageCompleted(plan_digest=plan, pairs=1, pairs_digest=pairs, delivery_digests=("d1", "d2"), engine="local"),
        "plan",
    )


def resolved(run, spine, plan="P", pairs="A", onto=None):
    return event(
        SpineResolved(
            run=run,
            plan_digest=plan,
            pairs_digest=pairs,
            join_digests=(),
            decided=0,
            records=2,
            persons=1,
            links=1,
            conflicts=0,
            spine_digest=spine,
            onto_digest=onto,
        ),
        run,
    )


def old(kind, subject, **detail):
    return event(LegacyHappening(kind, detail), subject)


LOG = [
    linked(),
    resolved("r1", "S1"),
    linked(plan="Q", pairs="B"),
    linked(pairs="C"),
    resolved("r2", "S2", pairs="C"),
    linked(pairs="D"),
]


def test_a_run_is_found_by_name_or_spine_with_the_linkage_before_it():
    by_name, by_spine = find_run(LOG, run="r2"), find_run(LOG, spine_digest="S2")
    assert by_name == by_spine
    assert (by_name.entry, by_name.pairs_digest, by_name.delivery_digests) == (4, "C", ("d1", "d2"))
    assert find_run(LOG, run="r1").pairs_digest == "A"


def test_a_later_run_onto_the_spine_that_changed_nothing_is_not_taken_for_the_one_that_made_it():
    log = [linked(), resolved("r1", "S1"), resolved("r2", "S1", onto="S1"), resolved("r3", "S3", onto="S1")]
    assert find_run(log, spine_digest="S1").run == "r1"
    assert find_run(log, run="r2").run == "r2"
    assert find_run(log, spine_digest="S3").run == "r3"
    elsewhere = [linked(), resolved("r2", "S1", onto="S1")]  # the run that made the spine is in another log
    assert find_run(elsewhere, spine_digest="S1").run == "r2"


def test_what_is_not_recorded_is_said_so():
    with pytest.raises(NotFoundError, match="'r9'"):
        find_run(LOG, run="r9")
    with pytest.raises(NotFoundError, match="gave this spine"):
        find_run(LOG, spine_digest="S9")
    with pytest.raises(NotFoundError, match="not the linkage"):
        find_run([old("SpineResolved", "r1", plan_digest="P", spine_digest="S1")], run="r1")


def test_a_log_without_the_linkage_knows_the_pairs():
    """The spine keeper got the pairs from elsewhere: they must be given as a file."""
    found = find_run([resolved("r1", "S1")], run="r1")
    assert (found.received, found.pairs_digest, found.delivery_digests) == (True, "A", ())
    assert not find_run(LOG, run="r1").received


def test_differences_are_named():
    recorded = find_run(LOG, run="r2")
    assert Reproduction(recorded, "C", "S2").differing == ()
    assert Reproduction(recorded, "X", "S2").differing == ("pairs",)
    result = Reproduction(recorded, "C", "X").to_json()
    assert (result["reproduced"], result["differing"]) == (False, ["spine"])


def test_the_linkage_is_found_by_its_pairs_although_later_ones_follow_the_same_plan():
    log = [linked(pairs="A"), linked(pairs="B"), resolved("r", "S", pairs="A")]
    assert find_run(log, run="r").pairs_digest == "A"


def test_logs_of_release_0_1_0_are_read():
    command_line = [
        old("LinkageCompleted", "plan", plan_digest="P", pairs_digest="A", delivery_digests=["d1"]),
        old("SpineResolved", "r1", plan_digest="P", spine_digest="S1"),
    ]
    found = find_run(command_line, spine_digest="S1")
    assert (found.delivery_digests, found.pairs_digest, found.plan_digest) == (("d1",), "A", "P")
    service = [
        old("LinkageRequested", "r9", plan_digest="P", deliveries=["d7"], seed=1, onto=""),
        old("LinkageCompleted", "r9", plan_digest="P", file="F", pairs=1),
        old("SpineResolved", "r9", plan_digest="P", spine_digest="S9", decided=2),
    ]
    found = find_run(service, run="r9")
    assert (found.delivery_digests, found.decided) == (("d7",), 2)


def assembled(spec, data=None):
    return event(
        MicrodataAssembled(
            specification_digest=spec,
            spine_digest="S1",
            payload_digests=("p",),
            persons=1,
            variables=1,
            unmatched_records=0,
            microdata_digest=f"micro of {spec}",
            data_digest=data,
        ),
        spec,
    )


def protected(data, table):
    fields = {"policy_digest": "Y", "data_digest": data, "seed_digest": "s", "rows": 1, "protected_digest": table}
    more = {"rows_after": 1, "methods": (), "attacked": False, "earlier_releases": 0}
    return event(ProtectionApplied(**fields, **more), "policy")


def published(table):
    fields = {"manifest_digest": f"manifest of {table}", "description_digest": "D", "protected_digest": table}
    return event(ReleasePublished(**fields, rows=1, columns=1, files=1, key_id="k"), f"release {table}")


@pytest.mark.parametrize("known", [True, False], ids=["digest of the data", "specification only"])
@pytest.mark.parametrize("order", list(itertools.permutations("abc")))
def test_the_assembly_of_the_protected_data_is_found_among_several(known, order):
    """Three files were assembled before any was protected; each release has its own."""
    log = [linked(), resolved("r1", "S1")]
    log += [assembled(f"spec {one}", f"data {one}" if known else None) for one in order]
    log += [protected(f"data {one}", f"table {one}") for one in "abc"] + [published(f"table {one}") for one in "abc"]
    for one in "abc":
        given = "" if known else f"spec {one}"
        found = find_release(log, manifest_digest=f"manifest of table {one}", specification_digest=given)
        assert (found.specification_digest, found.run.run) == (f"spec {one}", "r1")
