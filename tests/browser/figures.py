"""Screenshots of the console for the documentation, in three languages, from a running `wasl demo --serve`.

Usage: python tests/browser/figures.py ADDRESS REVIEWER_TOKEN APPROVER_TOKEN docs/figures/console
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from browser_support import ARGUMENTS
from playwright.sync_api import sync_playwright

SIZE = {"width": 1040, "height": 720}


def main(address: str, reviewer: str, approver: str, out: Path) -> None:
    """Photograph the catalogue, a pair under review and a release to decide on."""
    out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        for language in ("fr", "ar", "en"):
            for name, token in (("catalogue", ""), ("review", reviewer), ("release", approver)):
                context = browser.new_context(locale=language, viewport=SIZE)
                page = context.new_page()
                page.goto(f"{address}/console/sign-in" if token else f"{address}/")
                if token:
                    page.fill("#token", token)
                    page.click("main form button")
                    page.wait_for_url("**/console")
                    page.locator(".tasks a").first.click()
                    page.wait_for_selector("main h1")
                page.screenshot(path=out / f"{name}-{language}.png")
                context.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]))
