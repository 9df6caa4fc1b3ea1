"""The commands of ``docs/step-by-step.md``, run as they stand there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "step-by-step.md"


@pytest.mark.slow
def test_the_commands_work_as_they_stand(tmp_path: Path) -> None:
    block = PAGE.read_text(encoding="utf-8").split("```sh\n")[1].split("```")[0]
    assert block.count("wasl ") > 12
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "WASL_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert done.stderr == ""
    assert (tmp_path / "release" / "manifest.json").is_file()
    rates = [outcome["rate"] for outcome in json.loads((tmp_path / "attack" / "attacks.json").read_text())]
    assert all(rate is not None for rate in rates)
