"""Whatever damage a file has, each command that reads it ends in success or one clear error, never in a defect."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from typer.testing import CliRunner

from wasl.cli.app import VERBS, build_app
from wasl.errors import WaslError
from wasl.holder.keyfile import seal_open
from wasl.holder.keys import LinkageKey

NAMES = (
    "num_inscription num_carte_sejour campagne nom prenom sexe date_naissance nationalite region secteur montant statut"
)
COLUMNS = NAMES.split()
ROWS = [
    ["1", "A1733", "2014", "Diallo", "Awa", "F", "01/02/1990", "SEN", "04", "G", "1000", "financé"],
    ["2", "A2733", "2017", "بن علي", "Ali", "M", "28/02/1985", "CIV", "06", "F", "1500", "en cours"],
    ["3", "A3733", "2017", "Sow", "Élie", "M", "27/02/1985", "CIV", "06", "F", "1500", "en cours"],
]
CELLS = [
    "",
    "00/00/1985",
    "#REF!",
    "1e400",
    "-1",
    "9" * 20,
    "غير معروف",
    "\u200c",
    "=1+1",
    '"',
    "\n",
    "31118",
    "张伟",
    "nan",
]
FUZZ = settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def csv_bytes(rows) -> bytes:
    return ("\n".join(";".join(row) for row in [COLUMNS, *rows]) + "\n").encode()


def xlsx_bytes(rows) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for row in [COLUMNS, *rows]:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def parquet_bytes(rows) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(dict(zip(COLUMNS, zip(*rows, strict=True), strict=True))), out)
    return out.getvalue()


GOOD = {".csv": csv_bytes(ROWS), ".xlsx": xlsx_bytes(ROWS), ".parquet": parquet_bytes(ROWS)}


@st.composite
def damaged_files(draw) -> tuple[str, bytes]:
    """A good file of one kind with cells replaced, or with bytes replaced, cut out or put in."""
    suffix = draw(st.sampled_from(sorted(GOOD)))
    if draw(st.booleans()):
        rows = [list(row) for row in ROWS]
        column, value = draw(st.integers(0, len(COLUMNS) - 1)), draw(st.sampled_from(CELLS))
        for row in draw(st.lists(st.integers(0, 2), min_size=1, max_size=3)):
            rows[row][column] = value
        made = {".csv": csv_bytes, ".xlsx": xlsx_bytes, ".parquet": parquet_bytes}
        return suffix, made[suffix]([[c if suffix != ".xlsx" else c.replace("\0", "") for c in row] for row in rows])
    data = bytearray(GOOD[suffix])
    if suffix == ".xlsx" and draw(st.booleans()):
        return suffix, _damaged_member(draw, bytes(data))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(data) - 1))
        data[place : place + draw(st.integers(0, 20))] = draw(st.binary(max_size=6))
    return draw(st.sampled_from([suffix, ".csv", ".xlsx", ".parquet"])), bytes(data)


def _damaged_member(draw, workbook: bytes) -> bytes:
    """The workbook with one of its XML files damaged."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(out, "w") as new:
        chosen = draw(st.sampled_from(sorted(old.namelist())))
        for name in old.namelist():
            data = bytearray(old.read(name))
            if name == chosen and data:
                place = draw(st.integers(0, len(data) - 1))
                data[place : place + draw(st.integers(1, 30))] = draw(st.binary(max_size=4))
            new.writestr(name, bytes(data))
    return out.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("damaged")
    (place / "key").write_bytes(seal_open(LinkageKey(bytes(range(32)), "test")))
    (place / "policy.toml").write_text(
        'name = "p"\n[thresholds]\nk = 3\n[[variables]]\nname = "sexe"\nrole = "key"\n'
        '[[variables]]\nname = "region"\nrole = "key"\n'
    )
    (place / "good.csv").write_bytes(GOOD[".csv"])
    spine = {"person_id": [b"p" * 16], "register": ["r"], "record_id": [b"r" * 16]}
    (place / "linked").mkdir()
    pq.write_table(pa.table(spine), place / "linked" / "spine.parquet")
    return place


COMMANDS = {
    "check": ["FILE", "--register", "anapec-projects", "--out", "quality"],
    "encode": ["FILE", "--register", "anapec-projects", "--key", "key", "--round", "r", "--out", "d", "--join", "j",
               "--payload", "p"],
    "merge": ["FILE", "good.csv", "--register", "anapec-projects", "--register", "anapec-projects", "--out", "merged"],
    "schema": ["register", "--draft", "FILE", "--out", "draft.toml"],
    "protect": ["FILE", "--policy", "policy.toml", "--out", "protected"],
    "evaluate": ["linked", "--truth", "FILE"],
}  # fmt: skip


@pytest.mark.parametrize("verb", sorted(COMMANDS))
@FUZZ
@given(damaged=damaged_files())
def test_a_damaged_file_ends_in_success_or_one_clear_error(folder, verb, damaged):
    suffix, data = damaged
    path = folder / f"register{suffix}"
    path.write_bytes(data)
    names = {path.name: path for path in folder.iterdir()} | {"FILE": path}
    arguments = [str(names[word]) if word in names else word for word in COMMANDS[verb]]
    outputs = [i + 1 for i, word in enumerate(arguments) if word in ("--out", "--join", "--payload")]
    for place in outputs:
        arguments[place] = str(folder / "out" / Path(arguments[place]).name)
    (folder / "out").mkdir(exist_ok=True)
    result = CliRunner().invoke(build_app([VERBS[verb]]), [verb, *arguments])
    error = result.exception
    assert error is None or isinstance(error, (WaslError, SystemExit)), repr(error)
    if isinstance(error, SystemExit):
        assert error.code in (0, 1, 3), result.output  # 2 would be a wrong call of this test
    if isinstance(error, WaslError):
        assert "defect" not in str(error)
