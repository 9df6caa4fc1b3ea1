"""J16: a register that does not ship, from its file to a first linkage, by the commands of the page as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "own-register.md"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which all commands of the page were run, one after the other."""
    place = tmp_path_factory.mktemp("own")
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(blocks) == 6
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(blocks)],
        cwd=place,
        env={**os.environ, "PATH": path, "WASL_HOME": str(place / "home")},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return place


def test_the_draft_knows_the_columns(folder: Path) -> None:
    text = (folder / "mine.toml").read_text(encoding="utf-8")
    for feature in ("surname", "given", "birth_date", "sex", "nationality", "passport", "permit", "refugee_file"):
        assert f'feature = "{feature}"' in text
    values = set(pd.read_csv(folder / "mine.csv", dtype=str)["Passeport"].dropna())
    assert not [value for value in values if value in text]


def test_the_linkage_is_good_and_comes_back_by_own_numbers(folder: Path) -> None:
    import pyarrow.parquet as pq

    truth = pd.read_csv(folder / "morocco" / "truth.csv", dtype=str)
    person = {name: part.set_index("record")["person"] for name, part in truth.groupby("register")}
    spine = pq.read_table(folder / "linked" / "spine.parquet").to_pandas().astype({"register": str})
    spine["record_id"] = [value.hex() for value in spine["record_id"]]
    kept = pd.concat([pd.read_csv(folder / f"keep-map-{name}.csv", dtype=str) for name in ("mine", "permits")])
    rows = spine.merge(kept, on=["register", "record_id"])
    mine, permits = (rows[rows["register"] == name] for name in ("mine", "dgsn-permits"))
    pairs = mine.merge(permits, on="person_id")
    a = person["training"].reindex(pairs["record_x"]).to_numpy()
    b = person["dgsn-permits"].reindex(pairs["record_y"]).to_numpy()
    true = set(person["training"]) & set(person["dgsn-permits"])
    assert (a == b).mean() >= 0.9
    assert len(set(a[a == b])) >= 0.95 * len(true)
    book = openpyxl.load_workbook(folder / "result.xlsx")
    numbers = {str(row[0]) for row in list(book.worksheets[1].values)[1:]}
    assert numbers == set(person["training"].index)
