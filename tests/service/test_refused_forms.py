"""A form that is refused keeps what was chosen and written in it."""

from __future__ import annotations

import re

from pages_support import PlainBrowser
from service_support import PROJECT, Service

from wasl.service.access import Role

NEW_RUN = f"/console/projects/{PROJECT}/runs/new"


def test_a_refused_run_keeps_its_deliveries_and_the_run_it_continues(resolved: tuple[Service, str]) -> None:
    service, run = resolved
    browser = PlainBrowser(service.address)
    browser.sign_in(service.token(Role.LINKAGE))
    asked = browser.get(NEW_RUN).text
    deliveries = re.findall(r'name="delivery" value="(\w+)"', asked)
    assert deliveries
    assert " checked" not in asked
    fields = {"plan": "morocco", "document": "this is [no TOML", "delivery": deliveries[:1], "onto": run}
    refused = browser.send(NEW_RUN, fields)
    assert refused.status_code == 422
    shown = {one: f'value="{one}" checked' in refused.text for one in deliveries}
    assert [one for one, ticked in shown.items() if ticked] == deliveries[:1]
    assert f'value="{run}" selected' in refused.text
    assert "this is [no TOML" in refused.text
