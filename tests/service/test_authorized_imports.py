"""Pairs that another installation scored are taken only if a decision covers them (strong mode)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from service_support import PROJECT, Service, Template, make_settings, serving
from test_authorized_acts import STATES, held, refusals, store

from wasl.client import Client
from wasl.errors import AccessError
from wasl.linkage.plan import LinkagePlan
from wasl.registers.exchange.delivery import Delivery
from wasl.registers.exchange.parquet_tables import write_parquet
from wasl.service.access import Role
from wasl.service.ports import Part
from wasl.service.records import Run
from wasl.web.installation import Installation
from wasl.workflow.act import RunOptions
from wasl.workflow.link import link


@pytest.fixture
def keeper(sqlite_template: Template, tmp_path: Path) -> Iterator[Service]:
    folder = tmp_path / "keeper"
    settings = make_settings(folder, sqlite_template.copy(folder), part=Part.SPINE, require_authorization=True)
    installation = Installation.open(settings)
    with serving(installation) as address:
        running = Service(address, installation, sqlite_template.tokens)
        try:
            yield running
        finally:
            running.close()
    installation.close()


@pytest.fixture(scope="module")
def pairs(outboxes: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("pairs") / "pairs.parquet"
    deliveries = [Delivery.read(folder / "delivery.parquet") for folder in outboxes.values()]
    table = link(LinkagePlan.load("morocco"), deliveries, RunOptions()).artifacts["pairs.parquet"]
    write_parquet(table, place)
    return place


def refused(keeper: Service, pairs: Path, purpose: str = "") -> list[str]:
    before = len(refusals(keeper))
    plan = LinkagePlan.load("morocco").model_dump_json()
    with Client(keeper.address, keeper.token(Role.SPINE)) as client, pytest.raises(AccessError, match="authoriz"):
        client.import_pairs(PROJECT, plan, pairs, purpose=purpose)
    added = refusals(keeper)[before:]
    assert [act for act, _ in added] == ["link"]
    with keeper.installation.office.ledger.reading() as state:
        assert state.select(Run, project=PROJECT) == []
    return added[0][1]


@pytest.mark.parametrize("state", STATES)
def test_it_is_refused_outside_the_days_of_a_decision(keeper: Service, tmp_path: Path, state: str) -> None:
    """The file is not even read."""
    (tmp_path / "pairs.parquet").write_bytes(b"no pairs")
    authorization = STATES[state](keeper.installation.office.now().date())
    if authorization is not None:
        store(keeper.installation, authorization)
    assert refused(keeper, tmp_path / "pairs.parquet") == [state]


def test_it_is_refused_for_each_part_that_it_exceeds(keeper: Service, pairs: Path, outboxes: dict[str, Path]) -> None:
    headers = [Delivery.read(folder / "delivery.parquet").header for folder in outboxes.values()]
    registers = sorted(one.register for one in headers)
    whole: dict[str, Any] = {
        "registers": registers,
        "interconnections": [registers],
        "keys": sorted({one.name for header in headers for one in header.passes}),
        "purposes": ["labour", "health"],
    }
    today = keeper.installation.office.now().date()
    narrower: dict[str, dict[str, Any]] = {
        "register": {"registers": registers[:1], "interconnections": []},
        "interconnection": {"interconnections": []},
        "key": {"keys": ["shoe_size"]},
        "purpose": {"purposes": ["taxes", "health"]},
    }
    for number, (part, change) in enumerate(narrower.items()):
        store(keeper.installation, held(today, decision=f"D-{part}", scope=whole | change), number)
        found = {one.partition(":")[0] for one in refused(keeper, pairs, "labour")}
        assert found == {part} | ({"interconnection"} if part == "register" else set())
    store(keeper.installation, held(today, decision="D-whole", scope=whole), len(narrower))
    assert refused(keeper, pairs) == ["purpose:none named"]
    with Client(keeper.address, keeper.token(Role.SPINE)) as client:
        run = client.import_pairs(PROJECT, LinkagePlan.load("morocco").model_dump_json(), pairs, purpose="labour")
    with keeper.installation.office.ledger.reading() as state:
        assert state.get(Run, run.id).purpose == "labour"
