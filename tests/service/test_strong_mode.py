"""Strong mode: two installations, linkage unit and spine keeper, that exchange nothing but pairs.parquet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from service_support import (
    PROJECT,
    REGISTER,
    Service,
    Template,
    make_settings,
    send,
    serving,
)
from test_reproduced_from_the_log import inputs_of, object_to, reproduce

from wasl.client import Client
from wasl.client.transport import Transport
from wasl.errors import DeliveryError
from wasl.linkage.plan import LinkagePlan
from wasl.service.access import Role
from wasl.service.ports import Area, Part
from wasl.web.installation import Installation


@pytest.fixture
def halves(sqlite_template: Template, tmp_path: Path) -> Iterator[dict[Part, Service]]:
    """The two installations, each with its own database, folders and key."""
    running: dict[Part, Service] = {}
    opened: list[Installation] = []
    with ExitStack() as stack:
        for part in (Part.LINKAGE, Part.SPINE):
            place = tmp_path / part.value
            opened.append(Installation.open(make_settings(place, sqlite_template.copy(place), part=part)))
            address = stack.enter_context(serving(opened[-1]))
            running[part] = Service(address, opened[-1], sqlite_template.tokens)
        yield running
        for service in running.values():
            service.close()
    for installation in opened:
        installation.close()


def client(service: Service, role: Role) -> Client:
    return Client(service.address, transport=Transport(service.address, service.token(role), http=None))


def test_two_installations_exchange_only_pairs(
    halves: dict[Part, Service], outboxes: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit, keeper = halves[Part.LINKAGE], halves[Part.SPINE]
    for register, folder in outboxes.items():
        at_unit, at_keeper = (one.client(Role.HOLDER, register=register) for one in (unit, keeper))
        files = {name: (folder / f"{name}.parquet").read_bytes() for name in ("delivery", "join", "payload")}
        assert send(at_unit, "deliveries", files["delivery"], register=register).status_code == 201
        assert send(at_keeper, "join-maps", files["join"], register=register).status_code == 201
        assert send(at_keeper, "payloads", files["payload"], register=register).status_code == 201
        assert send(at_unit, "join-maps", files["join"], register=register).status_code == 409
        assert send(at_unit, "payloads", files["payload"], register=register).status_code == 409
        assert send(at_keeper, "deliveries", files["delivery"], register=register).status_code == 409

    plan = LinkagePlan.load("morocco")
    pairs = tmp_path / "pairs.parquet"
    with client(unit, Role.LINKAGE) as linkage:
        run = linkage.request_linkage(PROJECT, plan.model_dump(mode="json"))
        unit.work()
        linkage.download_run(PROJECT, run.id, "pairs", pairs)
    with client(keeper, Role.SPINE) as spine:
        before = keeper.log_size()
        imported = spine.import_pairs(PROJECT, plan.model_dump_json(), pairs)
        assert keeper.log_size() > before
        object_to(keeper, outboxes, REGISTER, slice(0, 25))
        spine.request_resolution(PROJECT, imported.id)
        keeper.work()
        assert spine.run(PROJECT, imported.id).status == "resolved"
        spine.download_run(PROJECT, imported.id, "spine", tmp_path / "spine.parquet")

    monkeypatch.setenv("WASL_HOME", str(tmp_path / "auditor"))
    log, objections = tmp_path / "log.jsonl", tmp_path / "objections.json"
    log.write_bytes(keeper.client(Role.AUDITOR, None).get("/v1/audit/export").content)
    objections.write_bytes(keeper.client(Role.SPINE).get(f"/v1/projects/{PROJECT}/objections").content)
    words = [imported.id, "--plan", "morocco", *inputs_of(outboxes), "--log", log, "--objections", objections]
    assert "pairs.parquet" in reproduce(*words, refused=True).remedy
    reproduce(*words, "--inputs", pairs)

    answer = unit.client(Role.SPINE).post(f"/v1/projects/{PROJECT}/linkage-runs/{run.id}/resolution")
    assert answer.status_code == 409
    body = {"plan": plan.model_dump(mode="json")}
    assert keeper.client(Role.LINKAGE).post(f"/v1/projects/{PROJECT}/linkage-runs", json=body).status_code == 409
    assert not list(keeper.installation.files.folders[Area.LINKAGE].rglob("??/*"))
    assert not list(unit.installation.files.folders[Area.SPINE].rglob("??/*"))


def test_what_is_not_pairs_is_not_imported(halves: dict[Part, Service], outboxes: dict[str, Path]) -> None:
    keeper = halves[Part.SPINE]
    join_map = next(iter(outboxes.values())) / "join.parquet"
    plan = LinkagePlan.load("morocco").model_dump_json()
    with client(keeper, Role.SPINE) as spine, pytest.raises(DeliveryError, match="pairs"):
        spine.import_pairs(PROJECT, plan, join_map)
