"""People read what a pass compares; the name of the pass stays in what programs read."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from wasl.cli.language import set_language
from wasl.cli.linkage import _say_linked
from wasl.linkage.model.checks import _misfit
from wasl.locale import LANGUAGES, Language, messages
from wasl.registers.documents import config_dir
from wasl.registers.known_names import KNOWN_NAMES, in_words, known_as


def shipped() -> Iterator[str]:
    """The names of the passes of every shipped profile."""
    for path in sorted((config_dir() / "profiles").rglob("*.toml")):
        for step in tomllib.loads(path.read_text(encoding="utf-8")).get("passes", []):
            yield step["name"]


PASSES = sorted(set(shipped()))
LENT = "only 2 comparisons: the pass alone does not determine its model. m-probabilities are borrowed from"


@pytest.fixture
def language(request: pytest.FixtureRequest) -> Iterator[Language]:
    set_language(request.param)
    yield request.param
    set_language("en")


def flow(name: str, warning: str) -> dict[str, Any]:
    counts = {"rows": 5, "blocks": 2, "pairs_compared": 3, "pairs_kept": 1}
    hot = {"hot_pairs": 9000, "hot_blocks": 2, "hot_compared": 80, "hot_completeness": 0.5}
    return {"pass": name, **counts, **hot, "warnings": [warning]}


def test_there_are_words_for_the_passes_that_ship() -> None:
    assert len(PASSES) > 15
    assert [name for name in PASSES if name not in KNOWN_NAMES] == []


@pytest.mark.parametrize("language", LANGUAGES, indirect=True)
@pytest.mark.parametrize("name", PASSES)
def test_a_linkage_prints_words_for_each_pass(
    name: str, language: Language, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    _say_linked({"passes": [flow(name, f"{LENT} {in_words(name)}.")], "files": {}})
    shown = capsys.readouterr().out
    word = known_as(name, messages(language))
    lines = shown.splitlines()
    assert sum(word in line for line in lines) == 3  # the table, the blocks that were cut, and the warning
    assert lines[-1].count(word) == 2
    if "-" in name:
        assert name not in shown
    if language != "en":
        assert "only 2 comparisons" not in shown
        assert "blocks over" not in shown


@pytest.mark.parametrize("language", ["fr", "ar"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_lists_of_passes_are_words_in_the_language(language: Language, count: int) -> None:
    words = messages(language)
    for some in itertools.islice(itertools.permutations(PASSES, count), 60):
        said = words.known(f"{LENT} {', '.join(map(in_words, some))}.")
        assert said is not None
        comma = "، " if language == "ar" else ", "
        assert said.endswith(comma.join(known_as(name, words) for name in some) + ".")


@pytest.mark.parametrize("language", ["fr", "ar"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_comparisons_that_agree_together_are_words_in_the_language(language: Language, count: int) -> None:
    words = messages(language)
    found = dict(zip(PASSES, [("surname", "given"), ("sex", "nationality"), ("birth", "given")][:count], strict=False))
    misfits = [
        _misfit(name, {"comparisons": pair, "observed": 1234.0, "expected": 12.0}) for name, pair in found.items()
    ]
    said = words.known(
        f"more pairs agree together than the model predicts: {'; '.join(misfits)}. Comparisons are dependent."
    )
    assert said is not None
    for name, pair in found.items():
        assert all(known_as(one, words) in said for one in (name, *pair))
    assert " in pass " not in said
