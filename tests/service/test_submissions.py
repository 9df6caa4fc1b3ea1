"""Deliveries, join maps and payloads: taken in once, checked, refused with a reason, and logged either way."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from service_support import PROJECT, REGISTER, Sent, Service, definition, send

from wasl.registers.exchange.delivery import Delivery
from wasl.registers.exchange.digests import digest_json
from wasl.registers.exchange.join_map import JoinMap
from wasl.registers.exchange.payload import Payload
from wasl.service.access import Role
from wasl.service.projects import declare_register
from wasl.service.records import Submission

KINDS = {"deliveries": "delivery", "join-maps": "join_map", "payloads": "payload"}


@pytest.mark.parametrize("plural", KINDS)
def test_a_holder_sends_a_file_and_reads_it_back(
    service: Service, make_files: Callable[..., Sent], plural: str
) -> None:
    data = getattr(make_files(), KINDS[plural])
    holder = service.client(Role.HOLDER)
    answer = send(holder, plural, data)
    assert answer.status_code == 201, answer.text
    assert answer.headers["etag"] == '"v1"'
    shown = holder.get(answer.headers["location"]).json()
    assert shown == answer.json()
    assert shown["rows"] == 40
    assert shown["size_bytes"] == len(data)
    listed = holder.get(f"/v1/projects/{PROJECT}/registers/{REGISTER}/{plural}").json()
    assert [one["id"] for one in listed["items"]] == [shown["id"]]


def test_the_same_file_twice_is_one_submission(service: Service, make_files: Callable[..., Sent]) -> None:
    data = make_files().delivery
    holder = service.client(Role.HOLDER)
    first, second = send(holder, "deliveries", data), send(holder, "deliveries", data)
    assert first.json()["id"] == second.json()["id"]
    with service.installation.ledger.reading() as state:
        assert len(state.select(Submission)) == 1


def test_a_repeated_request_with_its_key_is_served_once(service: Service, make_files: Callable[..., Sent]) -> None:
    data = make_files().delivery
    holder = service.client(Role.HOLDER)
    first = send(holder, "deliveries", data, **{"Idempotency-Key": "one"})
    before = service.log_size()
    second = send(holder, "deliveries", data, **{"Idempotency-Key": "one"})
    assert second.status_code == 201
    assert second.json()["id"] == first.json()["id"]
    assert service.log_size() == before


def test_a_key_used_for_another_request_is_refused(service: Service, make_files: Callable[..., Sent]) -> None:
    holder = service.client(Role.HOLDER)
    send(holder, "deliveries", make_files(seed=1).delivery, **{"Idempotency-Key": "one"})
    answer = send(holder, "deliveries", make_files(seed=2).delivery, **{"Idempotency-Key": "one"})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"project": "another"}, "project"),
        ({"register": "dgsn-permits"}, "register"),
        ({"schema_digest": "sha256:" + "0" * 64}, "schema"),
        ({"content_digest": "sha256:" + "0" * 64}, "rows"),
    ],
)
def test_a_delivery_made_for_something_else_is_refused(
    service: Service, make_files: Callable[..., Sent], change: dict[str, str], word: str
) -> None:
    data = _delivery(make_files, change)
    before = service.log_size()
    answer = send(service.client(Role.HOLDER), "deliveries", data)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert word in answer.json()["detail"]
    assert service.log_size() == before + 1
    _nothing_kept(service)


def test_deliveries_under_different_keys_are_refused(service: Service, make_files: Callable[..., Sent]) -> None:
    assert send(service.client(Role.HOLDER), "deliveries", make_files().delivery).status_code == 201
    other = service.client(Role.HOLDER, register="anapec-certificates")
    data = make_files("anapec-certificates", header={"key_id": "k2"}).delivery
    answer = send(other, "deliveries", data, register="anapec-certificates")
    assert answer.status_code == 422
    assert "key" in answer.json()["detail"]


def test_a_withdrawn_delivery_makes_room_for_another_key(service: Service, make_files: Callable[..., Sent]) -> None:
    holder = service.client(Role.HOLDER)
    sent = send(holder, "deliveries", make_files().delivery)
    path = f"{sent.headers['location']}/withdraw"
    assert holder.post(path).status_code == 428
    assert holder.post(path, headers={"If-Match": '"v7"'}).status_code == 412
    assert holder.post(path, headers={"If-Match": sent.headers["etag"]}).json()["withdrawn"] is True
    other = service.client(Role.HOLDER, register="anapec-certificates")
    data = make_files("anapec-certificates", header={"key_id": "k2"}).delivery
    assert send(other, "deliveries", data, register="anapec-certificates").status_code == 201


def test_a_body_unlike_its_digest_is_refused(service: Service, make_files: Callable[..., Sent]) -> None:
    data = make_files().delivery
    answer = send(service.client(Role.HOLDER), "deliveries", data, **{"Content-Digest": "sha-256=:" + "A" * 43 + "=:"})
    assert answer.status_code == 400
    _nothing_kept(service)


def test_a_payload_with_a_column_that_is_not_payload_is_refused(
    service: Service, make_files: Callable[..., Sent]
) -> None:
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(make_files().payload))
    table = table.append_column("nom_prenom", pa.array(["MARKER"] * table.num_rows))
    out = io.BytesIO()
    pq.write_table(table, out)
    answer = send(service.client(Role.HOLDER), "payloads", out.getvalue())
    assert answer.status_code == 422
    assert "MARKER" not in answer.text
    _nothing_kept(service)


def test_a_delivery_downloads_whole_and_in_ranges(service: Service, make_files: Callable[..., Sent]) -> None:
    data = make_files().delivery
    sent = send(service.client(Role.HOLDER), "deliveries", data)
    path = f"{sent.headers['location']}/file"
    linkage = service.client(Role.LINKAGE)
    whole = linkage.get(path)
    assert whole.content == data
    part = linkage.get(path, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, data[10:20])
    assert linkage.get(path, headers={"If-None-Match": whole.headers["etag"]}).status_code == 304
    assert service.client(Role.AUDITOR).get(path).status_code == 403


def _delivery(make_files: Callable[..., Sent], change: dict[str, str]) -> bytes:
    """A delivery for the declared register whose header says something else."""
    return make_files(header=change).delivery


def _nothing_kept(service: Service) -> None:
    for folder in service.installation.files.folders.values():
        assert not [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".wasl-area")]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"profile_digest": "sha256:" + "2" * 64}, "another document than the shipped one"),
        ({"profile": "ours", "weaknesses": ("filters are released without diffusion",)}, "weak profile"),
    ],
)
def test_a_false_or_weak_profile_is_not_taken_in(
    service: Service, make_files: Callable[..., Sent], change: dict[str, Any], message: str
) -> None:
    sent = send(service.client(Role.HOLDER), "deliveries", make_files(header=change).delivery)
    assert sent.status_code in (409, 422), sent.text
    assert message in sent.text


PLURALS = tuple(KINDS)


@pytest.mark.parametrize("plural", PLURALS)
def test_what_was_made_before_the_last_accepted_is_refused(
    service: Service, make_files: Callable[..., Sent], plural: str
) -> None:
    holder = service.client(Role.HOLDER)
    made = {
        seed: getattr(make_files(seed=seed, header={"created": created}), KINDS[plural])
        for seed, created in ((1, "2026-03-01T00:00:00+00:00"), (2, "2026-03-02T00:00:00+00:00"))
    }
    assert send(holder, plural, made[2]).status_code == 201
    replayed = send(holder, plural, made[1])
    assert replayed.status_code == 409
    assert "made before the last one that was accepted" in replayed.text
    assert send(holder, plural, made[2]).status_code == 201, "the same again is the same submission"


@pytest.mark.parametrize("plural", PLURALS)
def test_what_was_withdrawn_stays_withdrawn(service: Service, make_files: Callable[..., Sent], plural: str) -> None:
    holder = service.client(Role.HOLDER)
    data = getattr(make_files(), KINDS[plural])
    sent = send(holder, plural, data)
    location = sent.headers["location"]
    holder.post(f"{location}/withdraw", json={"version": 1}, headers={"If-Match": sent.headers["etag"]})
    again = send(holder, plural, data)
    assert again.status_code == 409
    assert "stays withdrawn" in again.text


def withdraw_sent(holder: Any, sent: Any) -> None:
    location = sent.headers["location"]
    gone = holder.post(f"{location}/withdraw", json={"version": 1}, headers={"If-Match": sent.headers["etag"]})
    assert gone.status_code == 200, gone.text


def rewritten(data: bytes, folder: Path, plural: str, **changes: Any) -> bytes:
    """The same content with another header, signed or not, in a file written anew."""
    document = {"deliveries": Delivery, "join-maps": JoinMap, "payloads": Payload}[plural]
    path = folder / "again.parquet"
    path.write_bytes(data)
    found = document.read(path)
    key = changes.pop("key", None)
    if plural == "deliveries":
        found = dataclasses.replace(found, header=dataclasses.replace(found.header, **changes))
    else:
        found = dataclasses.replace(found, **changes)
    (found if key is None else found.signed(key)).write(path)
    return path.read_bytes()


@pytest.mark.parametrize("plural", PLURALS)
def test_withdrawn_content_comes_back_encoded_anew_and_not_signed_anew(
    service: Service, make_files: Callable[..., Sent], plural: str, tmp_path: Path
) -> None:
    holder, keys = service.client(Role.HOLDER), [Ed25519PrivateKey.generate() for _ in range(2)]
    data = getattr(make_files(), KINDS[plural])
    withdraw_sent(holder, send(holder, plural, data))
    earlier, same_moment = "2025-12-31T23:59:59+00:00", "2026-01-01T01:00:00+01:00"
    for changes in (
        {"key": keys[0]}, {"key": keys[1]}, {"created": same_moment}, {"created": same_moment, "key": keys[0]},
        {"created": earlier}, {"created": earlier, "key": keys[0]},
    ):  # fmt: skip
        again = send(holder, plural, rewritten(data, tmp_path, plural, **changes))
        assert (again.status_code, "stays withdrawn" in again.text) == (409, True), changes
    anew = rewritten(data, tmp_path, plural, created="2026-01-01T00:00:01+00:00")
    assert send(holder, plural, anew).status_code == 201


@pytest.mark.parametrize("plural", ["join-maps", "payloads"])
@pytest.mark.parametrize("before", [True, False])
def test_with_a_delivery_its_join_map_and_payload_are_withdrawn(
    service: Service, make_files: Callable[..., Sent], plural: str, tmp_path: Path, *, before: bool
) -> None:
    holder, files = service.client(Role.HOLDER), make_files()
    part = getattr(files, KINDS[plural])
    delivery = send(holder, "deliveries", files.delivery)
    if before:
        sent = send(holder, plural, part)
        assert sent.status_code == 201
        withdraw_sent(holder, delivery)
        assert holder.get(sent.headers["location"]).json()["withdrawn"] is True
    else:
        withdraw_sent(holder, delivery)
    for data in (part, rewritten(part, tmp_path, plural, key=Ed25519PrivateKey.generate())):
        again = send(holder, plural, data)
        assert (again.status_code, "withdrawn" in again.text) == (409, True)
    later = make_files(seed=2, header={"created": "2026-03-02T00:00:00+00:00"})
    assert send(holder, "deliveries", later.delivery).status_code == 201
    assert send(holder, plural, getattr(later, KINDS[plural])).status_code == 201


@pytest.mark.parametrize("plural", PLURALS)
@pytest.mark.parametrize(
    ("created", "taken"),
    [
        ("2026-03-01T12:00:00+00:00", True),  # the same moment: no older
        ("2026-03-01T12:00:00", True),  # without a zone: UTC
        ("2026-03-01T13:00:00+01:00", True),
        ("2026-03-01T11:59:59", False),
        ("2026-03-01T12:30:00+01:00", False),  # half an hour before, though the clock says later
        ("2026-03-01T11:30:00-01:00", True),  # half an hour later, though the clock says earlier
        ("2026-03-01T12:00:01Z", True),
    ],
)
def test_the_moment_counts_whatever_the_zone(
    service: Service, make_files: Callable[..., Sent], plural: str, created: str, *, taken: bool
) -> None:
    holder = service.client(Role.HOLDER)
    first = make_files(seed=1, header={"created": "2026-03-01T12:00:00+00:00"})
    assert send(holder, plural, getattr(first, KINDS[plural])).status_code == 201
    second = send(holder, plural, getattr(make_files(seed=2, header={"created": created}), KINDS[plural]))
    assert second.status_code == (201 if taken else 409), second.text


@pytest.mark.parametrize("created", ["2999-01-01T00:00:00+00:00", "yesterday", ""])
@pytest.mark.parametrize("plural", PLURALS)
def test_a_time_of_making_must_be_one_and_not_lie_ahead(
    service: Service, make_files: Callable[..., Sent], created: str, plural: str
) -> None:
    data = getattr(make_files(header={"created": created}), KINDS[plural])
    assert send(service.client(Role.HOLDER), plural, data).status_code == 422


def signed_files(folder: Path, sent: Sent, key: Ed25519PrivateKey) -> Sent:
    """The same files, signed."""
    found = []
    for name, document in (("delivery", Delivery), ("join_map", JoinMap), ("payload", Payload)):
        path = folder / f"{name}.parquet"
        path.write_bytes(getattr(sent, name))
        document.read(path).signed(key).write(folder / f"{name}-signed.parquet")
        found.append((folder / f"{name}-signed.parquet").read_bytes())
    return Sent(*found)


def demand(service: Service, signer: str) -> None:
    office, operator = service.installation.office, service.installation.operator
    declare_register(office, operator(), project=PROJECT, definition=definition(REGISTER), signer=signer)


@pytest.mark.parametrize("plural", PLURALS)
def test_a_register_that_demands_a_signature_gets_it_on_everything(
    service: Service, make_files: Callable[..., Sent], plural: str, tmp_path: Path
) -> None:
    holders, strangers = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    demand(service, base64.b64encode(holders.public_key().public_bytes_raw()).decode())
    sent, holder = make_files(), service.client(Role.HOLDER)
    refused = send(holder, plural, getattr(sent, KINDS[plural]))
    assert refused.status_code == 422
    assert "is not signed" in refused.text
    refused = send(holder, plural, getattr(signed_files(tmp_path, sent, strangers), KINDS[plural]))
    assert "not signed by the key declared" in refused.text
    assert send(holder, plural, getattr(signed_files(tmp_path, sent, holders), KINDS[plural])).status_code == 201


KEYS = {name: base64.b64encode(bytes([n]) * 32).decode() for n, name in enumerate(("first", "second"), 1)} | {"": ""}


@pytest.mark.parametrize("before", KEYS)
@pytest.mark.parametrize("after", KEYS)
def test_every_change_of_the_demand_is_an_event_that_says_so(service: Service, before: str, after: str) -> None:
    for name in (before, after):
        demand(service, KEYS[name])
    entries = service.client(Role.AUDITOR).get("/v1/audit/entries?limit=200").json()["items"]
    last = max((entry for entry in entries if entry["subject"] == REGISTER), key=lambda entry: entry["index"])
    former = digest_json(KEYS[before]) if before and before != after else None
    assert last["kind"] == ("SignatureDemandDropped" if before and not after else "RegisterDeclared")
    assert last["detail"].get("signer") == (digest_json(KEYS[after]) if after else None)
    assert last["detail"].get("former_signer") == former
