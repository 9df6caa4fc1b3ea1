"""Deliveries, join maps and payloads: taken in once, checked, refused with a reason, and logged either way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from service_support import PROJECT, REGISTER, Sent, Service, send

from wasl.service.access import Role
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
        assert not [path for path in folder.rglob("*") if path.is_file()]


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
