"""Delivery, join map and payload are signed over everything they are bound to."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wasl.errors import DeliveryError
from wasl.holder.encode import encode
from wasl.holder.keys import LinkageKey
from wasl.holder.profile import EncodingProfile
from wasl.registers.exchange.delivery import Delivery
from wasl.registers.exchange.join_map import JoinMap
from wasl.registers.exchange.payload import Payload
from wasl.registers.exchange.signatures import check_signature, require_signer, sign_header
from wasl.registers.schema import RegisterSchema

SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
BOUND = ("register", "holder", "project", "round", "period", "created", "content_digest")
KEYS = {"delivery": b"wasl.delivery", "join map": b"wasl.join_map", "payload": b"wasl.payload"}


@pytest.fixture(scope="module")
def sent():
    """A signed delivery, join map and payload by kind."""
    schema = RegisterSchema.load("anapec-projects")
    row = {field.name: ["", ""] for field in schema.fields}
    row |= {"num_inscription": ["R1", "R2"], "nom": ["Diallo", "Sow"], "prenom": ["Awa", "Ali"], "sexe": ["F", "M"]}
    row |= {"date_naissance": ["05/02/1990", "17/11/1981"], "nationalite": ["SEN", "GIN"]}
    made = encode(
        pa.table(row),
        schema,
        LinkageKey.new("signed", bytes(32)),
        EncodingProfile.load("guarded"),
        created="2026-11-01T10:00:00+00:00",
        period="2026-10",
        round_name="2026-Q4",
        rng=np.random.default_rng(0),
        signer=SIGNER,
    )
    return {"delivery": made.delivery, "join map": made.join_map, "payload": made.payload}


def header_of(document):
    return document.header.to_json() if isinstance(document, Delivery) else document.header()


@pytest.mark.parametrize("kind", KEYS)
def test_every_file_is_signed_over_what_it_is_bound_to(sent, kind):
    header = header_of(sent[kind])
    require_signer(kind, header, header["signer"])
    assert header["round"] == "2026-Q4"
    assert header["project"] == "signed"
    for name in BOUND:
        assert header[name]
        with pytest.raises(DeliveryError, match="changed after signing"):
            check_signature(kind, header | {name: header[name] + "x"})


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("other", KEYS)
def test_no_file_passes_as_another_kind(sent, kind, other):
    header = header_of(sent[kind])
    if kind != other:
        with pytest.raises(DeliveryError):
            check_signature(other, header)


@pytest.mark.parametrize("kind", KEYS)
def test_a_demanded_signature_is_the_named_keys(sent, kind):
    header = header_of(sent[kind])
    other = sign_header(kind, header, Ed25519PrivateKey.generate())
    with pytest.raises(DeliveryError, match="not signed by the key declared"):
        require_signer(kind, header | other, header["signer"])
    with pytest.raises(DeliveryError, match="is not signed"):
        require_signer(kind, header | {"signer": "", "signature": ""}, header["signer"])


@pytest.mark.parametrize(("kind", "document"), [("delivery", Delivery), ("join map", JoinMap), ("payload", Payload)])
def test_signed_files_survive_the_disk_and_changed_ones_do_not(sent, kind, document, tmp_path):
    path = tmp_path / "file.parquet"
    sent[kind].write(path)
    assert header_of(document.read(path)) == header_of(sent[kind])
    table = pq.read_table(path)
    header = json.loads((pq.read_metadata(path).metadata or {})[KEYS[kind]])
    for changed in (header | {"round": "2027-Q1"}, header | {"created": "2027-01-01"}):
        metadata = dict(pq.read_metadata(path).metadata) | {KEYS[kind]: json.dumps(changed).encode()}
        pq.write_table(table.replace_schema_metadata(metadata), tmp_path / "changed.parquet")
        with pytest.raises(DeliveryError):
            document.read(tmp_path / "changed.parquet")


@pytest.mark.parametrize("kind", ["join map", "payload"])
def test_rows_other_than_the_headers_are_refused_signed_or_not(sent, kind, tmp_path):
    for document in (sent[kind], dataclasses.replace(sent[kind], signer="", signature="")):
        path = tmp_path / "file.parquet"
        document.write(path)
        table = pq.read_table(path)
        metadata = pq.read_metadata(path).metadata
        pq.write_table(table.slice(1).replace_schema_metadata(metadata), path)
        with pytest.raises(DeliveryError, match="the file was changed"):
            type(document).read(path)
