"""Every screen of the console, by the role that sees it, and of the desk.

`test_every_page_is_visited` fails when a page of the console or the desk is neither here nor among those that show no
screen of their own.
"""

from __future__ import annotations

from browser_support import BASE, World


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
        "holder": [
            "/console",
            f"{BASE}/files/cnss-employees",
            f"{BASE}/files/cnss-employees/returns/{resolved}",
            f"{BASE}/objections",
            f"{BASE}/objections/{ids['objection']}",
            "/console/account",
        ],
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
            f"/console/jobs/{ids['job']}",
            f"{BASE}/retention",
        ],
    }


PROJECT_PAGES = "/console/projects/{project}"
NOT_SHOWN = {
    "/console/oidc/start": "only where an issuer is set: tests/service/test_oidc_sign_in.py",
    "/console/oidc/callback": "leads on",
    "/console/log/export": "a file",
    "/console/jobs/{job}/progress": "a part of the page above it",
    f"{PROJECT_PAGES}/files/{{register}}/{{submission}}/file": "a file",
    f"{PROJECT_PAGES}/files/{{register}}/returns/{{run}}/file": "a file",
    f"{PROJECT_PAGES}/runs/{{run}}/report.html": "a file",
    f"{PROJECT_PAGES}/releases/{{release}}/internal-report.html": "a file",
    f"{PROJECT_PAGES}/releases/{{release}}/internal-report.json": "a file",
    f"{PROJECT_PAGES}/runs/{{run}}/{{what}}.parquet": "a file",
    f"{PROJECT_PAGES}/runs/{{run}}/progress": "a part of the page above it",
    f"{PROJECT_PAGES}/review/{{run}}/pairs/{{pair}}": "`next` leads to it",
    f"{PROJECT_PAGES}/releases/{{release}}/progress": "a part of the page above it",
    f"{PROJECT_PAGES}/releases/{{release}}/protected.parquet": "a file",
    f"{PROJECT_PAGES}/releases/{{release}}/scenarios/progress": "a part of the page above it",
    f"{PROJECT_PAGES}/tables/orders/{{order}}/progress": "a part of the page above it",
    f"{PROJECT_PAGES}/tables/orders/{{order}}/answer.zip": "a file",
    f"{PROJECT_PAGES}/tables/orders/{{order}}/internal.zip": "a file",
    f"{PROJECT_PAGES}/dossier/{{dossier}}/{{name}}": "a file",
}
"""Routes of the console that show no screen of their own here, and why."""

DESK_SCREENS = {
    "/": "home",
    "/registers/{case}": "register",
    "/merges/{case}": "comparison",
    "/returns/{case}": "opened",
    "/merges/{case}/pairs/{number}": "pair",
}
"""The screens of the desk: route, and the attribute of `desk_support.DeskWorld` that has its address."""
DESK_NOT_SHOWN = {
    "/tasks/{task}": "gone as soon as the work is done",
    "/files/{kind}/{case}/{name}": "a file",
    "/desk.css": "a file",
    "/keys.js": "a file",
    "/merges/{case}/pairs": "leads on",
}
