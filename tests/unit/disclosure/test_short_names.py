"""Methods are imported under short names, in every way that Python imports, and are the same modules."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from wasl import disclosure
from wasl.disclosure import frequencies, local_suppression, pram, recode, suda2
from wasl.disclosure.keys.coding import code_column, code_columns

SHORT = sorted(disclosure._MODULES)


@pytest.mark.parametrize("short", SHORT)
def test_a_short_name_is_the_module_itself(short: str) -> None:
    real = importlib.import_module(disclosure._MODULES[short])
    own = real.__spec__
    assert importlib.import_module(f"wasl.disclosure.{short}") is real
    assert getattr(disclosure, short) is real
    assert real.__name__ == disclosure._MODULES[short]
    assert real.__spec__ is own


def test_short_names_work_first_thing_in_a_fresh_process() -> None:
    lines = [f"from wasl.disclosure.{short} import __all__ as a{at}" for at, short in enumerate(SHORT)]
    lines += ["import wasl.disclosure.pram as p", "assert p.__name__ == 'wasl.disclosure.methods.pram'"]
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_name_that_is_none_is_not_found() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"wasl\.disclosure\.suda3"):
        importlib.import_module("wasl.disclosure.suda3")
    with pytest.raises(AttributeError):
        _ = disclosure.suda3


FILE = pd.DataFrame({"sex": [*"FM" * 10], "age": [20, 20, 30, 30] * 5, "region": [*"aaaab" * 4], "wage": range(20)})
KEYS = ["sex", "age", "region"]


@pytest.mark.parametrize("as_frame", [lambda frame: frame, pa.Table.from_pandas])
def test_methods_take_frames_as_they_take_coded_columns(as_frame: Callable[[pd.DataFrame], Any]) -> None:
    frame = as_frame(FILE)
    columns = code_columns(FILE, KEYS)
    suppressed = local_suppression.local_suppression(frame, 3, keys=KEYS)
    assert suppressed.table.equals(local_suppression.local_suppression(columns, 3).table)
    assert frequencies.frequencies(suppressed.table).sample.min() >= 3
    assert (frequencies.frequencies(frame, KEYS).sample == frequencies.frequencies(columns).sample).all()
    of_all = suda2.suda2(as_frame(FILE[KEYS]))
    assert (of_all.dis == suda2.suda2(columns).dis).all()


@pytest.mark.parametrize("as_values", [lambda series: series, pa.array, lambda series: series.name])
def test_methods_of_one_column_take_a_series_or_an_array(as_values: Callable[[pd.Series], Any]) -> None:
    given = as_values(FILE["age"])
    column = code_column("age", pa.array(FILE["age"]))
    given = column if isinstance(given, str) else given
    made = pram.pram(given, np.random.default_rng(1)).column
    assert made.decode().equals(pram.pram(column, np.random.default_rng(1)).column.decode())
    assert recode.group_rare(given, 11, "other").texts == recode.group_rare(column, 11, "other").texts
    grouped = recode.group_categories(given, {"young": ["20"], "old": ["30"]})
    assert grouped.decode().to_pylist()[:3] == ["young", "young", "old"]


def test_no_key_is_not_all_keys() -> None:
    assert frequencies.frequencies(FILE, []).sample.size == 0
