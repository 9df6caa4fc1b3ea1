"""The page on the way from a project to a release: its curl commands and its program run against `wasl serve`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "release-over-the-api.md"
BLOCK = re.compile(r'^```\w+ title="([^"]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
WASL = (sys.executable, "-m", "wasl.cli.app")


def blocks(title: str) -> list[str]:
    return [text for name, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")) if name == title]


@pytest.mark.slow
def test_the_page_leads_to_releases_that_verify(tmp_path: Path) -> None:
    environment = {**os.environ, "WASL_DATA_DIR": str(tmp_path / "data"), "WASL_HOME": str(tmp_path / "home")}
    environment |= {"WASL_MIN_FREE_BYTES": "0", "WASL_POLL_SECONDS": "0.1"}
    started = blocks("start")[0].split()
    assert started[:2] == ["wasl", "serve"]
    log = tmp_path / "serve.log"
    with log.open("wb") as file:
        service = subprocess.Popen([*WASL, "serve", "--port", "0"], env=environment, stderr=file, cwd=tmp_path)
    try:
        address, token = where_and_token(service, log)
        (tmp_path / "by_client.py").write_text(blocks("by_client.py")[0])
        (tmp_path / "bin").mkdir()
        for name, command in (("wasl", f"{sys.executable} -m wasl.cli.app"), ("python3", sys.executable)):
            (tmp_path / "bin" / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n')
            (tmp_path / "bin" / name).chmod(0o755)
        path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", "\n".join(blocks("commands"))],
            env={**environment, "PATH": path, "server": address, "admin": token},
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        service.terminate()
        service.wait(60)
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}\n{log.read_text()[-1500:]}"
    said = done.stdout.splitlines()
    assert [line for line in said if line in ("protected", "requested", "approved", "publishing")] == [
        "protected",
        "requested",
        "approved",
        "publishing",
        "approved",  # the free crossing of the analyst
    ]
    for answer in ("regions.zip", "ages.zip"):
        with zipfile.ZipFile(tmp_path / answer) as archive:
            assert "table.csv" in archive.namelist()
    assert sum(re.search(r"release: \d+ files are as signed by", line) is not None for line in said) == 2, done.stdout
    assert "there is no such published release." in said
    for name in ("release", "by-client-release"):
        assert (tmp_path / name / "manifest.json").is_file()


def where_and_token(service: subprocess.Popen[bytes], log: Path) -> tuple[str, str]:
    """Where the service listens and the administrator's token, as it prints them."""
    while True:
        text = log.read_text()
        listening = re.search(r"wasl listens on (\S+)", text)
        token = re.search(r"token \(shown once; store it now\): (\S+)", text)
        if listening and token:
            return listening.group(1), token.group(1)
        assert service.poll() is None, text
