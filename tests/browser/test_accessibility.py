"""Every screen in every language: no violation of WCAG 2.2 AA that axe-core finds, at most 100 kB, one direction.

axe-core 4.14.1 (MPL-2.0) lies in ``vendor``; it is used by these tests alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from browser_support import BASE, World

pytestmark = pytest.mark.browser

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
MOST_BYTES = 100_000


def screens(world: World) -> dict[str | None, list[str]]:
    """The screens of each role; those that stand for the same template for two roles are visited once."""
    ids = world.ids
    releases = {name: ids[f"release {name}"] for name in ("published", "withdrawn", "unsafe", "requested")}
    orders = {name: ids[f"order {name}"] for name in ("published", "requested")}
    menu, scored, resolved = ids["menu"], ids["run scored"], ids["run resolved"]
    return {
        None: [
            "/",
            "/verify",
            "/console/sign-in",
            "/console/invitation",
            "/console/nowhere",
            *(f"/catalogue/{releases[one]}" for one in ("published", "withdrawn")),
        ],
        "holder": ["/console", f"{BASE}/files/cnss-employees", f"{BASE}/objections", "/console/account"],
        "linkage": [
            "/console",
            f"{BASE}/files",
            f"{BASE}/runs",
            f"{BASE}/runs/new",
            f"{BASE}/runs/{resolved}",
            f"{BASE}/runs/{scored}",
        ],
        "reviewer": ["/console", f"{BASE}/review", f"{BASE}/review/{scored}", f"{BASE}/review/{scored}/next"],
        "spine": [f"{BASE}/runs/{scored}", f"{BASE}/runs/{resolved}/conflicts"],
        "release": [
            "/console",
            f"{BASE}/releases",
            f"{BASE}/releases/new",
            f"{BASE}/releases/{releases['unsafe']}",
            f"{BASE}/releases/{releases['unsafe']}/policy",
            f"{BASE}/releases/{releases['unsafe']}/scenarios",
            f"{BASE}/tables",
            f"{BASE}/tables/menus/new",
        ],
        "approver": [
            "/console",
            f"{BASE}/releases/{releases['requested']}",
            f"{BASE}/tables/menus/{menu}",
            f"{BASE}/tables/orders/{orders['requested']}",
        ],
        "analyst": ["/console", f"{BASE}/tables/menus/{menu}", f"{BASE}/tables/orders/{orders['published']}"],
        "auditor": [
            "/console",
            "/console/log",
            "/console/log/entries/3",
            "/console/log/checkpoints",
            "/console/log/visit",
            f"{BASE}/retention",
        ],
        "officer": ["/console", f"{BASE}/dossier", f"{BASE}/retention"],
        "admin": [
            "/console",
            "/console/projects",
            BASE,
            f"{BASE}/registers/new",
            "/console/users",
            "/console/users/audit",
            "/console/queue",
            f"{BASE}/retention",
        ],
    }


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_every_screen(world: World, language: str) -> None:
    faults: list[str] = []
    for role, paths in screens(world).items():
        page = world.page(role, language)
        said: list[str] = []
        page.on("pageerror", lambda error, said=said: said.append(str(error)))
        page.on("console", lambda line, said=said: said.append(line.text) if "Security Policy" in line.text else None)
        for path in paths:
            answer = page.goto(world.address + path)
            assert answer is not None
            if len(answer.body()) > MOST_BYTES:
                faults.append(f"{role} {path}: {len(answer.body())} bytes")
            html = page.locator("html")
            expected = (language, "rtl" if language == "ar" else "ltr")
            if (html.get_attribute("lang"), html.get_attribute("dir")) != expected:
                faults.append(f"{role} {path}: not in {language}")
            page.evaluate(AXE)
            found: dict[str, Any] = page.evaluate(
                "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})",
                RULES,
            )
            faults += [f"{role} {path}: {one['id']}: {one['nodes'][0]['html'][:160]}" for one in found["violations"]]
        faults += [f"{role}: {line}" for line in said]
        page.close()
    assert not faults, "\n".join(faults)
