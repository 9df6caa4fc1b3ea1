"""Malicious and broken requests: each is refused with a problem, and nothing of it stays.

Threats: malicious upload (crash, full disk, Parquet and JSON bombs); replay and double submission; injection.
"""

from __future__ import annotations

import io
import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from service_support import (
    OTHER_REGISTER,
    PATIENCE_SECONDS,
    PROJECT,
    REGISTER,
    Sent,
    Service,
    Template,
    content_digest,
    make_settings,
    send,
    serving,
    wait_until,
)

from wasl.service.access import Role
from wasl.web.installation import Installation


@pytest.fixture(scope="module")
def strict_service(sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with small limits."""
    folder: Path = tmp_path_factory.mktemp("strict") / "data"
    settings = make_settings(
        folder,
        sqlite_template.copy(folder),
        max_upload_bytes=2_000_000,
        max_json_bytes=50_000,
        max_header_bytes=8_192,
        max_rows=1_000,
        max_columns=50,
        max_row_group_bytes=1_000_000,
        upload_stall_seconds=0.5,
    )
    installation = Installation.open(settings)
    with serving(installation) as address:
        running = Service(address, installation, sqlite_template.tokens)
        yield running
        running.close()
    installation.close()


@pytest.fixture
def holder(strict_service: Service) -> Iterator[httpx.Client]:
    yield strict_service.client(Role.HOLDER)
    folders = strict_service.installation.files.folders.values()
    # The server removes a broken upload when it notices that the client has gone, which may be a little later.
    wait_until(
        lambda: not [path for folder in folders for path in folder.rglob(".incoming/*")], "no half-received file"
    )


def parquet(table: pa.Table, **options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


def bomb() -> bytes:
    """Some hundred bytes that unpack to a billion rows of the same value."""
    rows = 4_000_000
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int8)), pa.array(["x" * 1000]))
    return parquet(pa.table({"record_id": column}), compression="zstd", row_group_size=rows)


def wide() -> bytes:
    return parquet(pa.table({f"c{number}": pa.array([1]) for number in range(200)}))


def damaged(data: bytes) -> bytes:
    """A whole file whose data pages are overwritten with noise."""
    middle = bytearray(data)
    middle[200:600] = bytes(np.random.default_rng(1).integers(0, 256, 400, np.uint8))
    return bytes(middle)


BAD_FILES: dict[str, Callable[[Sent], bytes]] = {
    "empty": lambda sent: b"",
    "not parquet": lambda sent: b"PAR1" + b"\x00" * 100 + b"PAR1",
    "html": lambda sent: b"<html><script>alert(1)</script>",
    "truncated": lambda sent: sent.delivery[:-100],
    "first half": lambda sent: sent.delivery[: len(sent.delivery) // 2],
    "damaged": lambda sent: damaged(sent.delivery),
    "bomb": lambda sent: bomb(),
    "too many columns": lambda sent: wide(),
    "a join map": lambda sent: sent.join_map,
    "a payload": lambda sent: sent.payload,
    "no header": lambda sent: parquet(pq.read_table(io.BytesIO(sent.delivery)).replace_schema_metadata(None)),
}


@pytest.mark.parametrize("name", BAD_FILES)
@pytest.mark.parametrize("plural", ["deliveries", "join-maps", "payloads"])
def test_a_bad_file_is_refused(
    strict_service: Service, holder: httpx.Client, make_files: Callable[..., Sent], name: str, plural: str
) -> None:
    sent = make_files()
    right = {"a join map": "join-maps", "a payload": "payloads"}
    if right.get(name) == plural:
        return
    data = BAD_FILES[name](sent)
    before = strict_service.log_size()
    answer = send(holder, plural, data)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert strict_service.log_size() == before + 1


BAD_HEADERS: dict[str, Any] = {
    "not json": b"{",
    "a list": b"[]",
    "deep": b"[" * 100_000,
    "wrong types": {"filter_bits": {"name": "many"}},
    "negative bits": {"filter_bits": {"name": -8}},
    "huge bits": {"filter_bits": {"name": 1 << 40}},
    "odd bits": {"filter_bits": {"name": 1023}},
    "nan": {"leak": float("nan")},
    "surrogate": {"period": "\ud800"},
    "nul": {"period": "\x00"},
    "not a list": {"passes": 5},
    "unknown field": {"evil": 1},
    "huge number": {"records": 10**400},
}


@pytest.mark.parametrize("name", BAD_HEADERS)
def test_a_bad_delivery_header_is_refused(holder: httpx.Client, make_files: Callable[..., Sent], name: str) -> None:
    table = pq.read_table(io.BytesIO(make_files().delivery))
    header = BAD_HEADERS[name]
    if isinstance(header, dict):
        good = json.loads(table.schema.metadata[b"wasl.delivery"])
        header = json.dumps({**good, **header}).encode()
    answer = send(holder, "deliveries", parquet(table.replace_schema_metadata({b"wasl.delivery": header})))
    assert answer.status_code == 422, answer.text


def test_too_many_rows_are_refused_by_the_footer(holder: httpx.Client, make_files: Callable[..., Sent]) -> None:
    answer = send(holder, "deliveries", make_files(rows=1_001).delivery)
    assert answer.status_code == 422
    assert "rows" in answer.json()["detail"]


def test_an_upload_that_is_too_large_is_refused_before_it_is_read(holder: httpx.Client) -> None:
    answer = send(holder, "deliveries", b"x" * 2_000_001)
    assert answer.status_code == 413


def test_an_upload_that_hides_its_size_is_cut_off(holder: httpx.Client) -> None:
    path = f"/v1/projects/{PROJECT}/registers/{REGISTER}/deliveries"
    headers = {"Content-Type": "application/octet-stream", "Content-Digest": content_digest(b"")}
    answer = holder.post(path, content=(b"x" * 100_000 for _ in range(30)), headers=headers)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/csv"}, 415),
        ({"Content-Encoding": "gzip"}, 415),
        ({"Content-Digest": "md5=:AAAA:"}, 400),
        ({"Content-Digest": "sha-256=:AAAA:"}, 400),
        ({"Idempotency-Key": "x" * 201}, 400),
        ({"Idempotency-Key": "with space"}, 400),
    ],
)
def test_an_upload_with_a_wrong_head_is_refused(
    holder: httpx.Client, make_files: Callable[..., Sent], headers: dict[str, str], status: int
) -> None:
    assert send(holder, "deliveries", make_files().delivery, **headers).status_code == status


def test_an_upload_that_stalls_is_given_up(strict_service: Service, holder: httpx.Client) -> None:
    host, port = strict_service.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE_SECONDS) as raw:
        head = [
            f"POST /v1/projects/{PROJECT}/registers/{REGISTER}/deliveries HTTP/1.1",
            f"Host: {host}",
            f"Authorization: Bearer {strict_service.token(Role.HOLDER)}",
            "Content-Type: application/octet-stream",
            f"Content-Digest: {content_digest(b'')}",
            "Content-Length: 1000",
        ]
        raw.sendall("\r\n".join(head).encode() + b"\r\n\r\nabc")
        assert raw.recv(4096).startswith(b"HTTP/1.1 408")


def test_an_upload_that_breaks_off_leaves_nothing(strict_service: Service, holder: httpx.Client) -> None:
    def half() -> Iterator[bytes]:
        yield b"x" * 1000
        raise ConnectionError("the cable was pulled")

    path = f"/v1/projects/{PROJECT}/registers/{REGISTER}/deliveries"
    headers = {"Content-Type": "application/octet-stream", "Content-Digest": content_digest(b"")}
    with (
        httpx.Client(base_url=strict_service.address, headers=holder.headers, timeout=PATIENCE_SECONDS) as broken,
        pytest.raises(ConnectionError),
    ):
        broken.post(path, content=half(), headers={**headers, "Content-Length": "5000"})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"name": "a", "title": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", 400),
        (b'{"name": "a", "title": NaN}', 400),
        (b'{"name": "a", "title": "\\u0000"}', 422),
        (b'{"name": "a", "title": "\\ud800"}', 400),
        (b'{"name": "a", "title": "' + b"x" * 60_000 + b'"}', 413),
        (b"\xff\xfe", 400),
        (b"null", 422),
        (b'{"name": "' + "ا".encode() + b'", "title": "x"}', 422),
        (b'{"name": "a\'; DROP TABLE projects; --", "title": "x"}', 422),
        (b'{"name": "../../etc", "title": "x"}', 422),
    ],
)
def test_a_bad_body_is_refused(strict_service: Service, body: bytes, status: int) -> None:
    admin = strict_service.client(Role.ADMIN, None)
    answer = admin.post("/v1/projects", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text
    assert "DROP" not in answer.text
    assert "problem+json" in answer.headers["content-type"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/projects/..%2f..%2fetc%2fpasswd",
        "/v1/projects/%00",
        "/v1/projects/simimo%27%20OR%201=1",
        f"/v1/projects/{PROJECT}/registers/..%2F..%2F/deliveries",
        f"/v1/projects/{PROJECT}/registers/{REGISTER}/deliveries/..%2f..%2fsecret/file",
        "/v1/catalogue/..%2f..%2f/package",
        "/v1/audit/entries?cursor=%00",
        f"/v1/projects?cursor={'A' * 150}%ff",
    ],
)
def test_traversal_and_injection_in_addresses_find_nothing(strict_service: Service, path: str) -> None:
    for role in (Role.HOLDER, Role.AUDITOR, None):
        answer = strict_service.client(role).get(path)
        assert 400 <= answer.status_code < 500
        assert b"root:" not in answer.content


def test_oversized_headers_are_refused(strict_service: Service) -> None:
    answer = strict_service.client(None).get("/v1/health", headers={"X-Large": "x" * 9_000})
    assert answer.status_code in (400, 431)


@pytest.mark.parametrize("key", ["classification", "file"])
def test_a_document_cannot_name_a_file_of_this_machine(strict_service: Service, key: str) -> None:
    from service_support import definition

    document = definition(OTHER_REGISTER)
    document["fields"][0][key] = "../../../../etc/passwd"
    admin = strict_service.client(Role.ADMIN, None)
    answer = admin.post(f"/v1/projects/{PROJECT}/registers", json={"definition": document})
    assert answer.status_code == 422
    assert "root" not in answer.text


def test_a_validation_problem_does_not_repeat_what_was_sent(strict_service: Service) -> None:
    admin = strict_service.client(Role.ADMIN, None)
    answer = admin.post("/v1/projects", json={"name": "MARKER-Ben-Ali", "title": 5})
    assert answer.status_code == 422
    assert "MARKER" not in answer.text
    assert answer.json()["fields"]


@pytest.mark.parametrize(
    ("wishes", "language", "required", "text"),
    [
        ("fr-MA, ar;q=.5", "fr", "valeur requise", "un texte est attendu"),
        ("ar", "ar", "قيمة مطلوبة", "يُنتظر نص"),
        ("en", "en", "Field required", "Input should be a valid string"),
        ("de", "en", "Field required", "Input should be a valid string"),
        (None, "en", "Field required", "Input should be a valid string"),
    ],
)
def test_a_problem_is_in_the_language_of_the_request(
    strict_service: Service, wishes: str | None, language: str, required: str, text: str
) -> None:
    admin = strict_service.client(Role.ADMIN, None)
    headers = {} if wishes is None else {"Accept-Language": wishes}
    answer = admin.post("/v1/projects", json={"title": 5}, headers=headers)
    assert answer.headers["content-language"] == language
    assert answer.json()["type"] == "urn:wasl:problem:invalid-request"
    assert answer.json()["fields"] == [f"body.name: {required}", f"body.title: {text}"]
    missing = admin.get("/v1/projects/nowhere", headers=headers).json()
    assert (missing["title"] == "Not found") == (language == "en")


def test_the_same_key_at_the_same_moment_makes_one_thing(strict_service: Service) -> None:
    admin = strict_service.token(Role.ADMIN, None)
    answers: list[int] = []

    def ask() -> None:
        headers = {"Authorization": f"Bearer {admin}"}
        with httpx.Client(base_url=strict_service.address, headers=headers, timeout=PATIENCE_SECONDS) as client:
            body = {"name": "at-once", "title": "x"}
            answers.append(client.post("/v1/projects", json=body, headers={"Idempotency-Key": "at-once"}).status_code)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) <= {201, 409}
    assert 201 in answers
    with strict_service.installation.ledger.reading() as state:
        assert len(state.log_entries(first=0, limit=10, subject="at-once")) == 1


def test_disk_full_is_said_and_nothing_is_kept(
    strict_service: Service, holder: httpx.Client, make_files: Callable[..., Sent], monkeypatch: pytest.MonkeyPatch
) -> None:
    from wasl.storage.files import IncomingFile

    def full(_self: object, _chunk: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(IncomingFile, "write", full)
    answer = send(holder, "deliveries", make_files().delivery)
    assert answer.status_code == 507
    assert answer.json()["type"] == "urn:wasl:problem:insufficient-storage"
