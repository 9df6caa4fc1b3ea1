"""The check of the prose finds what it is for, and only that."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci" / "prose.py"


@pytest.fixture(scope="module")
def prose() -> ModuleType:
    spec = importlib.util.spec_from_file_location("prose", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


RIDDLES = [
    "Nothing is lost: accepted plus rejected rows are the rows of the file.",
    "What is done to the rows of a pass, wherever they lie.",
    "How often somebody stands in a register is a fingerprint.",
    "Whoever runs it sees encodings.",
    "Each office writes in its own hand.",
    "Registers that hold nobody twice teach what strangers of a block look like.",
    "Neither package is one we ask for.",
    "This is used in order to link.",
    "The word " * 16 + "ends.",
]
PLAIN = [
    "Every row is accepted or rejected; the two counts add up to the rows of the file.",
    "The four operations every engine provides for one pass.",
    "The number of records a person has can identify that person.",
    "How to add a register.",
    "What is a block?",
    "SDV is licensed for in-house use.",
    "`code.with.dots` is one word. The sentence after it is another one.",
]


@pytest.mark.parametrize("sentence", RIDDLES)
def test_a_riddle_is_found(prose: ModuleType, sentence: str) -> None:
    assert prose.faults(sentence)


@pytest.mark.parametrize("sentence", PLAIN)
def test_a_plain_sentence_passes(prose: ModuleType, sentence: str) -> None:
    assert prose.faults(sentence) == []


def test_code_tables_headings_and_links_are_no_prose(prose: ModuleType) -> None:
    words = "word " * 40
    text = f"# {words}\n\n```sh\n{words}\n```\n\n| {words} |\n\nSee [the page]({'x' * 300}).\n\n<!-- {words} -->\n"
    assert prose.faults(text) == []


def test_each_item_of_a_list_is_a_sentence_of_its_own(prose: ModuleType) -> None:
    text = "\n".join("- ten words that stand in an item of this list" for _ in range(10))
    assert prose.faults(text) == []


def test_docstrings_are_read_without_their_lists_of_fields(prose: ModuleType, tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    long = "word " * 35
    module.write_text(f'"""Fine.\n\nArgs:\n    a: {long}\n"""\n\ndef f():\n    """{long}."""\n\nX = 1\n"""{long}."""\n')
    assert len(prose.examine(module)) == 1  # two docstrings of one text count once
    module.write_text(f'def f():\n    """{long} one."""\n\nX = 1\n"""{long} two."""\n')
    assert len(prose.examine(module)) == 2


def test_a_term_that_the_glossary_lacks_is_found(prose: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    assert prose.undefined() == []
    monkeypatch.setattr(prose, "TERMS", ("delivery", "quux"))
    assert prose.undefined() == ["quux"]


def test_the_list_of_allowed_faults_never_grows(
    prose: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    page.write_text("Whoever runs it sees encodings. Whoever reads it sees nothing.\n", encoding="utf-8")
    monkeypatch.setattr(prose, "ROOT", tmp_path)
    monkeypatch.setattr(prose, "ALLOWED", tmp_path / "allowed.json")
    monkeypatch.setattr(prose, "undefined", list)
    (tmp_path / "allowed.json").write_text('{"page.md": 1}', encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["prose.py"])
    assert prose.main() == 1
    monkeypatch.setattr(sys, "argv", ["prose.py", "--write-allowed"])
    assert prose.main() == 0
    monkeypatch.setattr(sys, "argv", ["prose.py"])
    assert prose.main() == 1, "writing the list did not raise the number"
    page.write_text("The linkage unit sees encodings.\n", encoding="utf-8")
    assert prose.main() == 1, "fewer faults than allowed: the number must be lowered"
    monkeypatch.setattr(sys, "argv", ["prose.py", "--write-allowed"])
    prose.main()
    monkeypatch.setattr(sys, "argv", ["prose.py"])
    assert prose.main() == 0
    capsys.readouterr()


def test_the_script_runs() -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--show", "README.md"], capture_output=True, text=True, check=False
    )
    assert "prose: " in done.stdout
