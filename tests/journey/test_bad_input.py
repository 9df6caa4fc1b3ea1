"""What a clerk may hand in by mistake: one clear error, or a counted reject; never a traceback, nothing lost."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HEADER = (
    "num_titre,type_titre,motif,nom,prenom,nom_arabe,prenom_arabe,sexe,date_naissance,lieu_naissance,nationalite,"
    "profession,adresse,code_province,num_passeport,date_entree,date_delivrance,date_expiration"
)


def row(number: str, *, name: str = "NDIAYE", birth: str = "03/02/1990") -> str:
    return (
        f"{number},residence,travail,{name},AWA,,,F,{birth},DAKAR,SENEGAL,SERVEUSE,,06.141,P{number},"
        "01/01/2015,01/02/2015,01/02/2025"
    )


@pytest.fixture
def encode(tmp_path: Path, wasl: Any) -> Callable[..., Any]:
    """Encode a permit file given as bytes; returns the finished process."""
    key = tmp_path / "project.key"
    wasl("key", "new", "--project", "t", "--out", key)

    def run(data: bytes, code: int = 0) -> Any:
        file = tmp_path / "permits.csv"
        file.write_bytes(data)
        out = tmp_path / "d.parquet"
        words = ("encode", file, "--register", "dgsn-permits", "--key", key, "--out", out, "--json")
        done = wasl(*words, code=code)
        if code:
            assert not out.exists(), "nothing half-written"
            assert done.stdout == ""
            assert "permits.csv" in done.stderr
        return done

    return run


def lines(*rows: str) -> bytes:
    return ("\n".join([HEADER, *rows]) + "\n").encode()


def test_a_missing_column_is_named(encode: Any) -> None:
    data = lines(row("1")).replace(b"date_naissance", b"colonne_9")
    assert "date_naissance" in encode(data, code=1).stderr


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"\x00\x01\x02\xff\xfe", b"PK\x03\x04garbage", HEADER.encode()[:30]], ids=range(5)
)
def test_what_is_no_register_is_refused_with_one_line(encode: Any, data: bytes) -> None:
    assert len(encode(data, code=1).stderr.strip().splitlines()) == 1


def test_windows_encoding_is_understood(encode: Any) -> None:
    data = lines(row("1", name="TRAORÉ"), row("2", name="FRANÇOIS")).decode().encode("cp1252")
    assert json.loads(encode(data).stdout)["records"] == 2


def test_a_bad_date_is_counted_and_the_person_kept(encode: Any, tmp_path: Path) -> None:
    result = json.loads(encode(lines(row("1", birth="31/02/1990"), row("2"))).stdout)
    assert (result["records"], result["rejects"], result["invalid_cells"]) == (2, 0, 1)
    with (tmp_path / "d.parquet.rejects.csv").open(encoding="utf-8") as file:
        (reject,) = csv.DictReader(file)
    assert reject["column"] == "date_naissance"
    assert "31/02" not in " ".join(reject.values()), "a reject names the place, not the value"


def test_a_record_number_that_occurs_twice_is_rejected_and_counted(encode: Any) -> None:
    result = json.loads(encode(lines(row("1"), row("1", name="DIOP"), row("2"))).stdout)
    assert result["rows_read"] == 3
    assert result["records"] + result["rejects"] == 3
    assert result["rejects"] >= 1


def test_a_row_with_too_many_cells_is_not_lost(encode: Any) -> None:
    result = json.loads(encode(lines(row("1"), row("2") + ",surplus", row("3"))).stdout)
    assert (result["records"], result["rejects"]) == (2, 1)


def test_a_required_cell_that_is_empty_rejects_the_row(encode: Any) -> None:
    result = json.loads(encode(lines(row("1"), row("2", name=""))).stdout)
    assert (result["records"], result["rejects"]) == (1, 1)


def test_files_of_another_kind_are_refused_by_name(tmp_path: Path, wasl: Any) -> None:
    other = tmp_path / "other.parquet"
    other.write_bytes(b"not parquet")
    for words in (
        ("link", "morocco", other, "--out", tmp_path / "out"),
        ("resolve", "morocco", other, "--join", other, "--out", tmp_path / "out"),
        ("assess", other, "--policy", "public-use"),
        ("protect", other, "--policy", "public-use", "--out", tmp_path / "safe"),
        ("assemble", other, "--payload", other, "--out", tmp_path / "micro.parquet"),
    ):
        assert "other.parquet" in wasl(*words, code=1).stderr


def test_wrong_usage_exits_with_2(wasl: Any) -> None:
    wasl("encode", code=2)
    wasl("no-such-verb", code=2)
    wasl("link", "--no-such-option", code=2)
