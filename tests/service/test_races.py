"""Two people at the same moment, keys of repeats that another person had, odd ranges: one outcome, no fault of ours."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import pytest
from service_support import PROJECT, Service, give_token
from test_release_rules import RELEASES, Desk

from wasl.service.access import Role
from wasl.service.users import add_user


def together(acts: Sequence[Callable[[], httpx.Response]]) -> list[httpx.Response]:
    """What several people get who send at the same moment."""
    start, answers = threading.Barrier(len(acts)), []

    def go(act: Callable[[], httpx.Response]) -> None:
        start.wait()
        answers.append(act())

    threads = [threading.Thread(target=go, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def of_kind(service: Service, kind: str, subject: str) -> int:
    with service.installation.ledger.reading() as state:
        return len(state.log_entries(first=0, limit=99, kind=kind, subject=subject))


def second_approver(service: Service) -> httpx.Client:
    add_user(service.installation.office, service.installation.operator(), name="vice")
    return service.bearer(give_token(service.installation, "vice", Role.APPROVER, PROJECT))


@pytest.mark.parametrize("steps", [("approve", "approve"), ("approve", "refuse")])
def test_of_two_decisions_at_once_one_counts(resolved_on_each: tuple[Service, str], steps: tuple[str, str]) -> None:
    service, run = resolved_on_each
    desk = Desk(service, run)
    shown = desk.step(desk.prepare(), "request").json()
    people = (service.client(Role.APPROVER), second_approver(service))
    headers = {"If-Match": f'"v{shown["version"]}"'}

    def act(client: httpx.Client, step: str) -> Callable[[], httpx.Response]:
        return lambda: client.post(f"{RELEASES}/{shown['id']}/{step}", json={"reason": "x"}, headers=headers)

    answers = together([act(client, step) for client, step in zip(people, steps, strict=True)])
    codes = sorted(answer.status_code for answer in answers)
    assert codes[0] == 200, [answer.text for answer in answers]
    assert codes[1] in (409, 412), [answer.text for answer in answers]
    after = desk.read(shown["id"])
    assert after["version"] == shown["version"] + 1
    counts = [of_kind(service, kind, shown["id"]) for kind in ("ReleaseApproved", "ReleaseRefused")]
    assert sorted(counts) == [0, 1]


def test_an_approval_is_taken_back_while_it_is_published(resolved_on_each: tuple[Service, str]) -> None:
    """Either the package is asked for or the approval is gone; never both."""
    service, run = resolved_on_each
    desk = Desk(service, run)
    shown = desk.approved()
    headers = {"If-Match": f'"v{shown["version"]}"'}
    place = f"{RELEASES}/{shown['id']}"
    answers = together(
        [
            lambda: service.client(Role.APPROVER).post(f"{place}/revoke", json={"reason": "x"}, headers=headers),
            lambda: service.client(Role.RELEASE).post(f"{place}/publish", json={}, headers=headers),
        ]
    )
    assert sum(answer.is_success for answer in answers) == 1, [answer.text for answer in answers]
    service.work()
    after = desk.read(shown["id"])
    assert (after["status"] == "published") == (of_kind(service, "ApprovalRevoked", shown["id"]) == 0)


def test_a_key_of_repeats_gives_nobody_another_persons_answer(service: Service) -> None:
    key = {"Idempotency-Key": "the-same-key-0001"}
    admin = service.client(Role.ADMIN, None)
    made = admin.post("/v1/projects", json={"name": "first", "title": "t"}, headers=key)
    assert made.status_code == 201
    again = admin.post("/v1/projects", json={"name": "first", "title": "t"}, headers=key)
    assert (again.status_code, again.text) == (201, made.text)
    other = admin.post("/v1/projects", json={"name": "other", "title": "t"}, headers=key)
    assert other.status_code in (409, 422), other.text
    for role in (Role.HOLDER, Role.AUDITOR, Role.LINKAGE):
        answer = service.client(role).post("/v1/projects", json={"name": "first", "title": "t"}, headers=key)
        assert answer.status_code == 403
    add_user(service.installation.office, service.installation.operator(), name="boss")
    boss = service.bearer(give_token(service.installation, "boss", Role.ADMIN, None))
    own = boss.post("/v1/projects", json={"name": "second", "title": "t"}, headers=key)
    assert (own.status_code, '"second"' in own.text) == (201, True)


@pytest.mark.parametrize("key", ["", "x" * 5000, "a\tb", "\u00e9".encode(), b"a\x7fb", "a b", "../../x"])
def test_an_odd_key_of_repeats_is_no_error_of_ours(service: Service, key: Any) -> None:
    name = f"p{abs(hash(key)) % 10**9}"
    answer = service.client(Role.ADMIN, None).post(
        "/v1/projects", json={"name": name, "title": "t"}, headers={"Idempotency-Key": key}
    )
    assert answer.status_code in (201, 400, 422, 431), answer.text


RANGES = [
    "bytes=0-0", "bytes=-1", "bytes=-0", "bytes=5-2", "bytes=0-", "bytes=99999999999999999999-",
    "bytes=0-99999999999999999999",
    "bytes=0-0,2-2", "bytes=" + ",".join(f"{n}-{n}" for n in range(0, 4000, 2)), "bytes=a-b", "bytes=", "lines=0-1",
    "bytes= 1 - 4", "bytes=--1", "bytes=0-1-2", "bytes=٠-١".encode(),
]  # fmt: skip


def test_odd_ranges_of_a_package_give_its_bytes_or_a_refusal(resolved: tuple[Service, str]) -> None:
    service, run = resolved
    desk = Desk(service, run)
    shown = desk.step(desk.approved(), "publish").json()
    service.work()
    client = service.client(Role.RELEASE)
    place = f"{RELEASES}/{shown['id']}/package"
    whole = client.get(place)
    assert zipfile.ZipFile(io.BytesIO(whole.content)).testzip() is None
    tag = whole.headers["etag"]
    for wanted in RANGES:
        answer = client.get(place, headers={"Range": wanted})
        assert answer.status_code in (200, 206, 400, 416), (wanted, answer.status_code)
        if answer.status_code == 200:
            assert answer.content == whole.content
        elif answer.status_code == 206 and "content-range" in answer.headers:
            first, last = answer.headers["content-range"].removeprefix("bytes ").partition("/")[0].split("-")
            assert answer.content == whole.content[int(first) : int(last) + 1]
    assert client.get(place, headers={"If-None-Match": tag}).status_code == 304
    for other in ('"another"', "W/" + tag, "*x", ""):
        beyond = client.get(place, headers={"Range": f"bytes={len(whole.content)}-", "If-Range": other})
        assert (beyond.status_code, beyond.content) == (200, whole.content), "it was longer when a part was fetched"
        answer = client.get(place, headers={"Range": "bytes=0-3", "If-Range": other})
        assert (answer.status_code, answer.content == whole.content) == (200, True), other
    assert client.get(place, headers={"Range": "bytes=0-3", "If-Range": tag}).content == whole.content[:4]
