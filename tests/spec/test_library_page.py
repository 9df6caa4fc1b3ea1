"""The page on the library runs as it stands, and says what it lost."""

from __future__ import annotations

import re
import secrets
import warnings
from pathlib import Path

import pytest
from typer.testing import CliRunner

import wasl
from wasl.cli.app import build_app

PAGE = Path(__file__).parents[2] / "docs" / "library.md"


def blocks(language: str) -> list[str]:
    found: list[str] = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return found


@pytest.mark.slow
def test_the_page_runs_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(secrets, "token_bytes", lambda count=32: bytes(range(count)))  # the same key in every run
    for line in "\n".join(blocks("sh")).splitlines():
        program, *arguments = line.split()
        assert program == "wasl"
        assert CliRunner().invoke(build_app(["wasl.cli.population"]), arguments).exit_code == 0, line
    names: dict[str, object] = {}
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for block in blocks("python"):
            exec(compile(block, str(PAGE), "exec"), names)  # noqa: S102 - the page is our own
    assert {one.category for one in told} == {wasl.DataWarning}
    assert {Path(one.filename).name for one in told} == {PAGE.name}
    assert "missing column num_titre" in capsys.readouterr().out
    assert names["package"]


def test_the_page_names_every_function_of_the_library() -> None:
    text = PAGE.read_text(encoding="utf-8")
    functions = [name for name in wasl.__all__ if name[0].islower()]
    assert [name for name in functions if f"wasl.{name}" not in text and f"`{name}`" not in text] == []
