"""Arrays that wait in a file come back as they were, and the file has no name."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from wasl.registers.exchange import spilled_arrays
from wasl.registers.exchange.spilled_arrays import ArraysInFile, ArraysInMemory, SetAside, arrays_in_file


@dataclasses.dataclass(frozen=True)
class Inner:
    many: np.ndarray


@dataclasses.dataclass(frozen=True)
class Outer:
    name: str
    flags: np.ndarray
    inner: Inner


@pytest.mark.parametrize("small", [0, 1 << 16])
def test_arrays_of_any_kind_and_shape_come_back(tmp_path, monkeypatch, small):
    monkeypatch.setattr(spilled_arrays, "SMALL", small)
    rng = np.random.default_rng(1)
    arrays = [
        rng.integers(0, 9, (7, 16)).astype(np.uint8),
        rng.random(5) < 0.5,
        rng.random((3, 2, 4)),
        np.zeros(0, np.int32),
        np.arange(30, dtype=np.int32)[::3],
        rng.integers(0, 2**62, 40_000),
    ]
    with arrays_in_file(tmp_path / "new") as store:
        reads = [store.put(values) for values in arrays]
        for _ in range(2):
            for values, read in zip(arrays, reads, strict=True):
                found = read()
                assert found.dtype == values.dtype
                assert np.array_equal(found, values)
        assert list((tmp_path / "new").iterdir()) == []


def test_a_dataclass_comes_back_with_the_arrays_in_it(tmp_path, monkeypatch):
    monkeypatch.setattr(spilled_arrays, "SMALL", 0)
    item = Outer("x", np.array([True, False]), Inner(np.arange(5)))
    with arrays_in_file(tmp_path) as file:
        for store in (file, ArraysInMemory()):
            aside: SetAside[Outer] = SetAside(store)
            aside.put("one", item)
            found = aside["one"]
            assert (found.name, found.flags.tolist(), found.inner.many.tolist()) == (
                "x",
                [True, False],
                [0, 1, 2, 3, 4],
            )
            assert ("one" in aside, "two" in aside, list(aside), len(aside)) == (True, False, ["one"], 1)
    assert item.inner.many.tolist() == [0, 1, 2, 3, 4]


def test_a_file_that_was_cut_is_not_read_as_zeros(tmp_path, monkeypatch):
    monkeypatch.setattr(spilled_arrays, "SMALL", 0)
    with (tmp_path / "f").open("w+b", buffering=0) as file:
        read = ArraysInFile(file).put(np.arange(10))
        file.truncate(40)
        with pytest.raises(OSError, match="shorter"):
            read()
