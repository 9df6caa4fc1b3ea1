"""Decisions on doubtful pairs: undone in order, found again after closing, and told to nobody without both files."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.desk.test_desk import client, desk, listener, post, registers, stranger  # noqa: F401 - fixtures

from wasl.desk.app import Desk
from wasl.desk.pair_review import FOLDER, DoubtfulPair, PairReview, key_of_files
from wasl.locale import LANGUAGES

PAIRS = [DoubtfulPair(("a", f"number-{i}", "b", f"other-{i}"), 0.5, {"surname": ("X", "Y")}) for i in range(12)]
ROWS = 120
STEPS = st.lists(st.one_of(st.tuples(st.integers(0, 11), st.sampled_from(["same", "different"])), st.none()))


@given(STEPS)
def test_undo_takes_back_the_last_decision_and_a_new_session_goes_on(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str] | None]
) -> None:
    home = tmp_path_factory.mktemp("home")
    review = PairReview(home, b"k" * 32)
    review.show(PAIRS)
    expected: list[tuple[int, str]] = []
    for step in steps:
        if step is None:
            assert review.undo() == (expected.pop()[0] if expected else None)
        else:
            review.decide(*step)  # type: ignore[arg-type]
            expected = [one for one in expected if one[0] != step[0]] + [step]
        assert list(review.verdicts.items()) == expected
        place = review.following()
        assert place == min(set(range(12)) - dict(expected).keys(), default=None)
    again = PairReview(home, b"k" * 32)
    again.show(PAIRS[::-1])  # another comparison may find them in another order
    assert {again.pairs[place].records: said for place, said in again.verdicts.items()} == {
        PAIRS[place].records: said for place, said in expected
    }


def test_what_is_kept_says_nothing_without_both_files(tmp_path: Path) -> None:
    review = PairReview(tmp_path, b"k" * 32)
    review.show(PAIRS)
    review.decide(3, "same")
    (kept,) = (tmp_path / FOLDER).iterdir()
    text = kept.read_text()
    assert "number-3" not in text
    assert "other" not in text
    assert kept.stat().st_mode & 0o077 == 0
    assert (tmp_path / FOLDER).stat().st_mode & 0o077 == 0
    other = PairReview(tmp_path, b"l" * 32)
    other.show(PAIRS)
    assert not other.verdicts
    kept.write_text('{"damaged"')
    damaged = PairReview(tmp_path, b"k" * 32)
    damaged.show(PAIRS)
    assert not damaged.verdicts


def test_the_key_depends_on_both_files(tmp_path: Path) -> None:
    files = [tmp_path / name for name in "ab"]
    for path in files:
        path.write_text("one")
    first = key_of_files(files)
    assert key_of_files(files) == first
    files[1].write_text("two")
    assert key_of_files(files) != first
    assert key_of_files(files[::-1]) != key_of_files(files)


def comparison(client: httpx.Client, desk: Desk, registers: dict[str, bytes]) -> str:  # noqa: F811
    """Compare two registers, and make sure that there are pairs to decide."""
    names = ("anapec-certificates", "anapec-projects")
    short = {name: b"\n".join(registers[name].splitlines()[:ROWS]) for name in names}
    files = {f"file_{side}": (f"{side}.csv", short[name]) for side, name in zip("ab", names, strict=True)}
    post(client, desk, "/merges", files=files, schema_a=names[0], schema_b=names[1])
    case = list(desk.merges)[-1]
    review = desk.merges[case].review
    assert review is not None
    rows = [registers[name].decode().splitlines()[1:6] for name in names]
    numbers = [[row.split(",")[0] for row in side] for side in rows]
    made = [(names[0], one, names[1], other) for one, other in zip(*numbers, strict=True)]
    review.show([DoubtfulPair(pair, 0.5, {"birth_date": ("<b>1", "2"), "sex": ("F", "F")}) for pair in made])
    return case


def test_a_clerk_decides_closes_and_goes_on(client: httpx.Client, desk: Desk, registers: dict[str, bytes]) -> None:  # noqa: F811
    case = comparison(client, desk, registers)
    review = desk.merges[case].review
    assert review is not None
    first = client.get(f"/merges/{case}/pairs")
    assert first.headers["location"] == f"/merges/{case}/pairs/1"
    for language, word in zip(LANGUAGES, ("Même personne", "الشخص نفسه", "Same person"), strict=True):
        page = client.get(f"/merges/{case}/pairs/{len(review.pairs)}?lang={language}")
        assert word in page.text
        assert "birth_date" not in page.text
        assert "<b>1" not in page.text
        assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "script-src" not in client.get("/").headers["content-security-policy"]
    assert client.get("/keys.js").headers["content-type"].startswith("text/javascript")
    later = client.get(f"/merges/{case}/pairs?after=1")
    assert later.headers["location"].endswith("/pairs/2")
    answer = post(client, desk, f"/merges/{case}/pairs/1", verdict="same")
    assert answer.headers["location"] == f"/merges/{case}/pairs?after=1"
    post(client, desk, f"/merges/{case}/pairs/2", verdict="different")
    assert post(client, desk, f"/merges/{case}/undo").headers["location"] == f"/merges/{case}/pairs/2"
    assert review.verdicts == {0: "same"}
    for wrong in ("", "perhaps"):
        assert post(client, desk, f"/merges/{case}/pairs/2", verdict=wrong).status_code == 422
    assert client.get(f"/merges/{case}/pairs/{len(review.pairs) + 1}").status_code == 422
    assert client.post(f"/merges/{case}/undo", data={"form_token": "x"}).status_code == 422
    records = review.pairs[0].records

    again = comparison(client, desk, registers)
    resumed = desk.merges[again].review
    assert resumed is not None
    assert [resumed.pairs[place].records for place in resumed.verdicts] == [records]
    post(client, desk, f"/merges/{again}/take-over")
    counts = desk.merges[again].counts
    assert counts is not None
    assert counts["decided"] == 1
    assert "1 decision is in the workbook" in client.get(f"/merges/{again}").text
    post(client, desk, f"/forget/merges/{again}", decisions="forget")
    assert not list((desk.home / FOLDER).iterdir())
