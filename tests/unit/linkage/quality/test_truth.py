"""The truth file: what spreadsheets write is read, what would mislead is refused or left out with its count."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest

from wasl.errors import InputError
from wasl.linkage.quality.evaluate import evaluate
from wasl.linkage.quality.truth import clean_truth, parse_table

ROWS = "register,record,person\na,R1,é1\nb,R2,é1\n"


@pytest.mark.parametrize(
    "data",
    [
        ROWS.encode(),
        ROWS.encode("utf-8-sig"),
        ROWS.replace(",", ";").encode("cp1252"),
        ROWS.replace(",", ";").replace("\n", "\r\n").encode("utf-8-sig"),
        ("sep=;\n" + ROWS.replace(",", ";")).encode(),
        ROWS.replace(",", "\t").encode("utf-16"),
        ROWS.replace("register,record,person", "Register, Record ,Person").encode(),
        ROWS.replace("register,record,person", "Registre,Enregistrement,Personne").encode(),
        ROWS.replace("R1", " R1 ").replace("a,", " a ,").encode(),
        ROWS.replace("\nb", "\n\n;;\nb").replace(";;", ",,").encode(),
        (ROWS.replace("\n", ",\n")).encode(),
    ],
)
def test_what_spreadsheets_write_is_read(data):
    truth = clean_truth(parse_table(data, "truth.csv"))
    assert truth.rows[["register", "record", "person"]].to_numpy().tolist() == [["a", "R1", "é1"], ["b", "R2", "é1"]]
    assert truth.without_person == 0


@pytest.mark.parametrize("empty", ["", " ", None, float("nan"), "\u200b"])
def test_an_empty_person_is_unknown_not_a_person(empty):
    frame = pd.DataFrame({"register": list("aab"), "record": ["1", "2", "3"], "person": ["p", empty, empty]})
    truth = clean_truth(frame)
    assert (len(truth.rows), truth.without_person) == (1, 2)


@pytest.mark.parametrize("second", ["p", "q", ""])
def test_a_doubled_record_is_refused_with_its_rows(second):
    frame = pd.DataFrame({"register": list("aab"), "record": ["1", "1 ", "1"], "person": ["p", second, "p"]})
    with pytest.raises(InputError, match=r"2 rows .* rows 2, 3"):
        clean_truth(frame)


def test_a_missing_column_is_named_with_those_found():
    with pytest.raises(InputError, match="lacks the column person") as caught:
        clean_truth(pd.DataFrame({"register": ["a"], "record": ["1"], "who": ["p"]}))
    assert "who" in str(caught.value)


NO_TABLES = [b"", b"\n\n", b"register,record,person\na,1,p,extra\n", b"\x00\x01", b"\x01,\x02\n1,2\n"]


@pytest.mark.parametrize("data", NO_TABLES)
def test_what_is_no_table_is_refused(data):
    with pytest.raises(InputError):
        parse_table(data, "truth.csv")


def test_empty_persons_make_no_true_pairs():
    spine = pa.table(
        {"person_id": list("ppqr"), "register": list("abab"), "record_id": [bytes([n]) * 16 for n in range(4)]}
    )
    truth = pd.DataFrame(
        {"register": list("abab"), "record": [f"{n:02x}" * 16 for n in range(4)], "person": ["1", "1", "", ""]}
    )
    result = evaluate(spine, truth)
    assert (result.pairwise.found, result.pairwise.true, result.pairwise.right) == (1, 1, 1)
    assert (result.unknown_records, result.without_person) == (2, 2)
