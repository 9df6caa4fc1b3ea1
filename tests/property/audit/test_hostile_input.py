"""Whatever is given to the auditor's readers, they end in a verdict, never in a traceback."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasl.audit.checkpoint import Checkpoint
from wasl.audit.events import AuditEvent
from wasl.audit.export import CONSISTENCY_FORMAT, EXPORT_FORMAT, INCLUSION_FORMAT
from wasl.audit.merkle import ConsistencyProof, InclusionProof, verify_consistency, verify_inclusion
from wasl.audit.notes import NoteSigner, NoteVerifier
from wasl.audit.verification import verify_export, verify_proof
from wasl.errors import KeyFileError, VerificationError
from wasl.registers.exchange.digests import canonical_json

SIGNER = NoteSigner("example.org/log", bytes(range(32)))
NOTE = Checkpoint(SIGNER.name, 3, bytes(32)).sign(SIGNER)
LAWS = settings(max_examples=60, deadline=None)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
hashes = st.lists(st.binary(min_size=32, max_size=32), max_size=12).map(tuple)


@LAWS
@given(st.text(max_size=200) | st.just(NOTE).flatmap(lambda note: st.text(max_size=20).map(lambda more: note + more)))
def test_notes_and_checkpoints(text):
    if text == NOTE:
        return
    with pytest.raises(VerificationError):
        Checkpoint.open(text, SIGNER.verifier)


@LAWS
@given(st.text(max_size=120))
def test_keys(text):
    with pytest.raises(KeyFileError):
        NoteVerifier.parse(text)
    with pytest.raises(KeyFileError):
        NoteSigner.parse(text)


@LAWS
@given(st.binary(max_size=120) | json_values.map(canonical_json))
def test_events(data):
    with pytest.raises(VerificationError):
        AuditEvent.parse(data)


HEADER = {
    "checkpoint": NOTE,
    "checkpoints": 0,
    "entries": 3,
    "format": EXPORT_FORMAT,
    "origin": SIGNER.name,
    "verifier": str(SIGNER.verifier),
}
entry_lines = st.fixed_dictionaries(
    {"event": json_values, "index": json_values | st.integers(0, 3), "leaf": json_values},
    optional={"checkpoint": json_values | st.just(NOTE)},
)


@LAWS
@given(
    st.dictionaries(st.sampled_from(sorted(HEADER)), json_values),
    st.lists(entry_lines.map(canonical_json) | st.binary(max_size=40), max_size=4),
)
def test_exports(changes, entries):
    lines = [canonical_json({**HEADER, **changes}) + b"\n", *(entry + b"\n" for entry in entries)]
    assert not verify_export(lines, SIGNER.verifier).verified


@LAWS
@given(
    st.sampled_from([INCLUSION_FORMAT, CONSISTENCY_FORMAT]),
    st.dictionaries(st.sampled_from(["checkpoint", "event", "index", "old_size", "path", "size"]), json_values),
)
def test_proofs(form, fields):
    document = json.loads(json.dumps({"checkpoint": NOTE, **fields, "format": form}))
    with pytest.raises(VerificationError):
        verify_proof(document, SIGNER.verifier, since=Checkpoint(SIGNER.name, 2, bytes(32)))


@LAWS
@given(st.integers(-1, 40), st.integers(-1, 40), hashes)
def test_paths_of_any_shape(first, second, path):
    with pytest.raises(VerificationError):
        verify_inclusion(InclusionProof(first, second, path), bytes(32), b"\x01" * 32)
    with pytest.raises(VerificationError):
        verify_consistency(ConsistencyProof(first, second, path), b"\x02" * 32, b"\x01" * 32)
