"""Every POST can be repeated with its Idempotency-Key: it has one effect, and the repeat shows what the first made."""

from __future__ import annotations

from pathlib import Path

from service_support import PROJECT, Service, definition, send

from wasl.linkage.plan import LinkagePlan
from wasl.service.access import Role

RUNS = f"/v1/projects/{PROJECT}/linkage-runs"
KINDS = {"deliveries": "delivery", "join-maps": "join", "payloads": "payload"}


class Twice:
    """Sends each request twice with one key and checks that the second changes nothing and shows the same thing."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def __call__(self, role: Role, path: str, body: object = None, version: int | None = None) -> dict[str, object]:
        client = self.service.client(role, PROJECT if role is not Role.ADMIN else None)
        headers = {"Idempotency-Key": f"once-{path}"[:200].replace(" ", "")}
        if version is not None:
            headers["If-Match"] = f'"v{version}"'
        first = client.post(path, json=body, headers=headers)
        assert first.status_code < 300, f"{path}: {first.text}"
        size = self.service.log_size()
        again = client.post(path, json=body, headers=headers)
        assert again.status_code == first.status_code, f"{path}: {again.text}"
        assert self.service.log_size() == size, f"{path} took effect twice"
        shown = dict(first.json())
        assert {k: v for k, v in again.json().items() if k != "part"} == {k: v for k, v in shown.items() if k != "part"}
        return shown


def test_every_kind_of_request_is_answered_again_with_what_it_made(service: Service, outboxes: dict[str, Path]) -> None:
    twice = Twice(service)
    twice(Role.ADMIN, "/v1/projects", {"name": "twice", "title": "t"})
    twice(Role.ADMIN, f"/v1/projects/{PROJECT}/registers", {"definition": definition("dgsn-permits")})
    twice(Role.ADMIN, "/v1/users", {"name": "once"})
    token = twice(Role.ADMIN, "/v1/users/once/tokens", {"role": "auditor"})
    twice(Role.ADMIN, f"/v1/tokens/{token['id']}/revoke", None, 1)
    twice(Role.ADMIN, "/v1/users/once/disable", None, 1)
    twice(Role.ADMIN, "/v1/users/once/enable", None, 2)
    for register, folder in outboxes.items():
        for plural, file in KINDS.items():
            data = (folder / f"{file}.parquet").read_bytes()
            assert send(service.client(Role.HOLDER, register=register), plural, data, register=register).is_success
    plan = LinkagePlan.load("morocco").model_dump(mode="json")
    run = twice(Role.LINKAGE, RUNS, {"plan": plan})
    service.work()
    queue = service.client(Role.REVIEWER).get(f"{RUNS}/{run['id']}/review-queue").json()["items"]
    twice(Role.REVIEWER, f"{RUNS}/{run['id']}/decisions", {"pair": queue[0]["id"], "verdict": "same"})
    twice(Role.SPINE, f"{RUNS}/{run['id']}/resolution")
    service.work()
    job = twice(Role.AUDITOR, f"{RUNS}/{run['id']}/reproduction")
    assert job["kind"] == "reproduce"
    service.work()
