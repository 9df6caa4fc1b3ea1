"""Decisions of a clerk in CSV, as a spreadsheet writes it."""

from __future__ import annotations

import pytest

from wasl.desk.merge_decisions import WORDS, read_decisions
from wasl.errors import InputError
from wasl.locale import LANGUAGES, messages
from wasl.publication.merge_workbook import DECISION_COLUMNS, DECISION_WORDS
from wasl.workflow.merge import Decision

PAIR = ("a", "0012", "b", "R-1")
HEAD = "register_a,record_a,register_b,record_b,decision\n"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_csv_of_the_sheet(tmp_path, mark, encoding, language):
    say = messages(language).text
    heads = [say(head).upper() for head in DECISION_COLUMNS.values()]
    decided = [*PAIR, "0,5", say(DECISION_WORDS["same"]), "Élodie"]
    rows = [["Décisions du 12 mars"], [*heads, "Prénom (1)"], decided, ["a", "2", "b", "R-2", "0,4", "", "Zoé"]]
    text = "\r\n".join(mark.join(f'"{cell}"' for cell in row) for row in rows)
    (tmp_path / "d.csv").write_bytes(text.encode(encoding))
    assert read_decisions(tmp_path / "d.csv") == [Decision(*PAIR, "same")]


def test_csv_of_a_french_spreadsheet(tmp_path):
    heads = ";".join(messages("fr").text(head) for head in DECISION_COLUMNS.values())
    text = f"{heads};Prénom (1)\r\n{';'.join(PAIR)};0,5;Personnes différentes;Élodie\r\n"
    (tmp_path / "d.csv").write_bytes(text.encode("cp1252"))
    assert read_decisions(tmp_path / "d.csv") == [Decision(*PAIR, "different")]


@pytest.mark.parametrize("word", ["SAME", "même personne", "MEME PERSONNE", "Oui", "match", "نعم"])
def test_words_in_any_case_and_language(tmp_path, word):
    (tmp_path / "d.csv").write_text(f"{HEAD}a,0012,b,R-1, {word} \n", encoding="utf-8")
    assert read_decisions(tmp_path / "d.csv") == [Decision(*PAIR, "same")]


@pytest.mark.parametrize("second", ["a,1,b,2", "b,2,a,1"])
def test_a_pair_decided_both_ways_is_refused(tmp_path, second):
    (tmp_path / "d.csv").write_text(f"{HEAD}a,1,b,2,same\n{second},different\n", encoding="utf-8")
    with pytest.raises(InputError, match="1 pairs stand twice"):
        read_decisions(tmp_path / "d.csv")
    (tmp_path / "d.csv").write_text(f"{HEAD}a,1,b,2,same\n{second},same\n", encoding="utf-8")
    assert len(read_decisions(tmp_path / "d.csv")) == 2


def test_every_decision_has_words():
    assert set(WORDS.values()) == {"same", "different"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{HEAD}a,1,b,2,same\na,1,b,3,peut-être\n", "row 3, column decision"),
        (f"{HEAD}a,,b,2,same\n", "row 2: a decision without the two records"),
        ("register_a,record_a,decision\na,1,same\n", "lack the columns register_b, record_b"),
        ("", "lack the columns"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, text, message):
    (tmp_path / "d.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_decisions(tmp_path / "d.csv")
