"""Whatever is done to an export, verification finds it, and names the first bad entry."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasl.audit.checkpoint import Checkpoint
from wasl.audit.events import AuditEvent, RegisterEncoded
from wasl.audit.export import ExportEntry, encode_base64, export_lines
from wasl.audit.merkle import Frontier, leaf_hash
from wasl.audit.notes import NoteSigner
from wasl.audit.verification import FaultKind, export_leaves, verify_export
from wasl.registers.exchange.digests import canonical_json

SIGNER = NoteSigner("example.org/log", bytes(range(32)))
LAWS = settings(max_examples=40, deadline=None)


def event_bytes(number, word="x"):
    encoded = RegisterEncoded(
        delivery=word, key_id="k", schema="s", profile="guarded", records=number, rejects=0, leak=number / 7
    )
    return AuditEvent(encoded, "2026-01-01T00:00:00Z", "amina", "p", f"r{number}").canonical_bytes()


def export(events, *, signed_every=1, signer=SIGNER):
    frontier, entries, note = Frontier(), [], Checkpoint.of(signer.name, Frontier()).sign(signer)
    for data in events:
        frontier, _ = frontier.append(leaf_hash(data))
        note = Checkpoint.of(signer.name, frontier).sign(signer)
        due = signed_every and frontier.size % signed_every == 0
        entries.append(ExportEntry(data, checkpoint=note if due else None))
    carried = sum(entry.checkpoint is not None for entry in entries)
    return list(export_lines(note, signer.verifier, entries, size=len(entries), checkpoints=carried))


def verify(lines, **options):
    return verify_export(lines, SIGNER.verifier, **options)


sizes = st.integers(1, 12)
intervals = st.sampled_from([0, 1, 3])


@LAWS
@given(sizes, intervals)
def test_an_untouched_export_verifies(size, interval):
    result = verify(export([event_bytes(n) for n in range(size)], signed_every=interval))
    assert result.verified
    assert result.entries == size


@LAWS
@given(st.data(), sizes, intervals)
def test_any_changed_byte_is_found(data, size, interval):
    lines = export([event_bytes(n) for n in range(size)], signed_every=interval)
    number = data.draw(st.integers(0, size))
    position = data.draw(st.integers(0, len(lines[number]) - 1))
    changed = bytearray(lines[number])
    changed[position] ^= data.draw(st.integers(1, 255))
    lines[number] = bytes(changed)
    result = verify(b"".join(lines).splitlines(keepends=True))
    assert not result.verified
    if number and result.fault.entry is not None:
        assert result.fault.entry == number - 1


@LAWS
@given(st.data(), sizes, intervals)
def test_any_removed_entry_is_found_and_named(data, size, interval):
    lines = export([event_bytes(n) for n in range(size)], signed_every=interval)
    entry = data.draw(st.integers(0, size - 1))
    del lines[entry + 1]
    result = verify(lines)
    assert not result.verified
    assert result.fault.entry == entry
    assert result.fault.kind is (FaultKind.TRUNCATED if entry == size - 1 else FaultKind.MISPLACED)


@LAWS
@given(st.data(), st.integers(2, 12), intervals)
def test_any_swapped_entries_are_found_and_the_first_named(data, size, interval):
    lines = export([event_bytes(n) for n in range(size)], signed_every=interval)
    first, second = sorted(data.draw(st.sets(st.integers(0, size - 1), min_size=2, max_size=2)))
    lines[first + 1], lines[second + 1] = lines[second + 1], lines[first + 1]
    assert verify(lines).fault.entry == first


@LAWS
@given(st.data(), sizes)
def test_a_rewritten_entry_with_its_leaf_hash_is_named_by_the_checkpoints(data, size):
    lines = export([event_bytes(n) for n in range(size)])
    number = data.draw(st.integers(0, size - 1))
    lines[number + 1] = rewritten(lines[number + 1], event_bytes(number, "forged"))
    fault = verify(lines).fault
    assert (fault.kind, fault.entry, fault.last) == (FaultKind.ALTERED, number, number)


@LAWS
@given(st.data(), sizes)
def test_without_earlier_checkpoints_the_root_still_finds_it(data, size):
    lines = export([event_bytes(n) for n in range(size)], signed_every=0)
    number = data.draw(st.integers(0, size - 1))
    lines[number + 1] = rewritten(lines[number + 1], event_bytes(number, "forged"))
    fault = verify(lines).fault
    assert fault.kind is FaultKind.ALTERED
    assert fault.entry <= number <= fault.last


@LAWS
@given(st.data(), sizes, st.integers(0, 4))
def test_a_fork_signed_by_the_owner_is_found_with_a_kept_checkpoint_and_named_with_a_kept_export(data, size, more):
    honest = [event_bytes(n) for n in range(size)]
    kept = Checkpoint.of(SIGNER.name, Frontier().extend(map(leaf_hash, honest)))
    number = data.draw(st.integers(0, size - 1))
    forged = [*honest, *(event_bytes(size + n) for n in range(more))]
    forged[number] = event_bytes(number, "forged")
    lines = export(forged)
    assert verify(lines).verified
    found = verify(lines, since=kept).fault
    assert found.kind is FaultKind.FORKED
    named = verify(lines, since=kept, known_leaves=export_leaves(export(honest))).fault
    assert (named.kind, named.entry) == (FaultKind.FORKED, number)


@LAWS
@given(sizes, st.integers(1, 5))
def test_a_rolled_back_log_is_found_with_a_kept_checkpoint(size, lost):
    events = [event_bytes(n) for n in range(size + lost)]
    kept = Checkpoint.of(SIGNER.name, Frontier().extend(map(leaf_hash, events)))
    fault = verify(export(events[:size]), since=kept).fault
    assert (fault.kind, fault.entry) == (FaultKind.TRUNCATED, size)


@LAWS
@given(sizes, st.integers(0, 5))
def test_a_grown_log_continues_a_kept_checkpoint(size, more):
    events = [event_bytes(n) for n in range(size + more)]
    kept = Checkpoint.of(SIGNER.name, Frontier().extend(map(leaf_hash, events[:size])))
    result = verify(export(events), since=kept, known_leaves=export_leaves(export(events[:size])))
    assert result.verified
    assert result.since == size


def test_an_added_entry_is_found():
    lines = export([event_bytes(n) for n in range(3)])
    extra = export([event_bytes(n) for n in range(4)], signed_every=0)[-1]
    fault = verify([*lines, extra]).fault
    assert (fault.kind, fault.entry) == (FaultKind.UNSIGNED, 3)


def test_an_export_signed_by_another_key_is_refused():
    other = NoteSigner(SIGNER.name, bytes(32))
    assert verify(export([event_bytes(0)], signer=other)).fault.kind is FaultKind.SIGNATURE


@pytest.mark.parametrize("lines", [[], [b""], [b"{}\n"], [b"\xff\n"], [b"[" * 5000 + b"\n"]])
def test_what_is_not_an_export_is_refused(lines):
    assert verify(lines).fault.kind is FaultKind.MALFORMED


@pytest.mark.parametrize(("old", "new"), [(b'"index":1', b'"index":true'), (b'"index":1', b'"index":1.0')])
def test_values_that_only_compare_equal_are_found(old, new):
    lines = export([event_bytes(n) for n in range(3)])
    lines[2] = lines[2].replace(old, new)
    assert verify(lines).fault.entry == 1


def test_a_dropped_checkpoint_is_found():
    lines = export([event_bytes(n) for n in range(3)])
    entry = json.loads(lines[1])
    del entry["checkpoint"]
    lines[1] = canonical_json(entry) + b"\n"
    assert verify(lines).fault.kind is FaultKind.MALFORMED


def rewritten(line, data):
    entry = json.loads(line)
    entry["event"], entry["leaf"] = json.loads(data), encode_base64(leaf_hash(data))
    return canonical_json(entry) + b"\n"


def test_two_signed_states_of_one_length_are_a_fork():
    lines = export([event_bytes(n) for n in range(3)])
    last = json.loads(lines[-1])
    last["checkpoint"] = Checkpoint(SIGNER.name, 3, bytes(32)).sign(SIGNER)
    lines[-1] = canonical_json(last) + b"\n"
    assert verify(lines).fault.kind is FaultKind.FORKED
