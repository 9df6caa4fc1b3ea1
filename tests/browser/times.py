"""Times of every screen of the console beside a bare page of the same framework, in one run.

Usage: python tests/browser/times.py [--repeats 20]
Prints one line a screen, p50 and p95 in milliseconds, and the same of the bare page before and after.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import cast

sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[1] / "service")]

from browser_support import World, fill, names_by_state, settings_of
from load import free_port, percentiles, process
from pages_support import PlainBrowser
from screens import screens

from wasl.web.installation import Installation

BARE = """
import uvicorn
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
app = FastAPI()
@app.get("/", response_class=HTMLResponse)
def page():
    return "<!doctype html><title>bare</title>" + "<p>bare page</p>" * 1000
uvicorn.run(app, port=PORT, http="h11", log_level="critical", access_log=False)
"""


def names(folder: Path) -> dict[str, str]:
    """Ids of runs, releases and orders by their state, as the screens name them."""
    installation = Installation.open(settings_of(folder / "service"))
    found = names_by_state(installation)
    installation.close()
    return found


def measure(browser: PlainBrowser, path: str, repeats: int) -> dict[str, float]:
    """Milliseconds of one page."""
    browser.get(path)
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        browser.get(path)
        times.append(time.perf_counter() - began)
    return percentiles(times)


def main() -> None:
    """Fill an installation, serve it, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=20)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory(prefix="wasl-pages-") as name:
        folder = Path(name)
        fill(folder)
        tokens = json.loads((folder / "tokens.json").read_text())
        world = cast(World, SimpleNamespace(ids=names(folder)))
        bare, served = free_port(), free_port()
        limits = {
            "WASL_DATA_DIR": str(folder / "service"),
            "WASL_REQUESTS_PER_MINUTE": "100000000",
            "WASL_ANONYMOUS_REQUESTS_PER_MINUTE": "100000000",
            "WASL_MIN_FREE_BYTES": "0",
            "WASL_LOG_LEVEL": "error",
        }
        serve = [sys.executable, "-m", "wasl.cli.app", "serve", "--port", str(served)]
        with process([sys.executable, "-c", BARE.replace("PORT", str(bare))], bare), process(serve, served, **limits):
            plain = PlainBrowser(f"http://127.0.0.1:{bare}")
            show("bare page", measure(plain, "/", repeats))
            for role, paths in screens(world).items():
                browser = PlainBrowser(f"http://127.0.0.1:{served}")
                if role is not None:
                    browser.sign_in(tokens[role])
                for path in paths:
                    show(f"{role or 'public'} {path}", measure(browser, path, repeats))
            show("bare page", measure(plain, "/", repeats))


def show(what: str, figures: dict[str, float]) -> None:
    """One line."""
    sys.stdout.write(f"{figures['p50']:8.1f} {figures['p95']:8.1f}  {what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
