"""The limit of the data: what the cleartext of two registers allows, and why a pair of registers misses the goal."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest

from wasl.lab.benchmarks.data_limit import ClearRecords, clear_records, reach_of_the_data
from wasl.lab.benchmarks.registers import DATA, LINKAGE, _reason
from wasl.population.generate import generate

PAIR = ("cnss-employees", "dgsn-permits")


def drawn(seed: int, *, without: tuple[str, ...] = ()) -> ClearRecords:
    """Two registers of a draw; some columns of the first are emptied."""
    made = generate(700, seed)
    frames = {name: made.registers[name].to_pandas() for name in PAIR}
    for column in without:
        frames[PAIR[0]][column] = ""
    tables = {name: pa.Table.from_pandas(frame, preserve_index=False) for name, frame in frames.items()}
    return clear_records(tables, made.truth.to_pandas())


@pytest.fixture(scope="module")
def other() -> ClearRecords:
    return drawn(12)


@pytest.fixture(scope="module")
def whole(other: ClearRecords) -> tuple[float, float]:
    """Precision and recall that the cleartext of whole registers reaches."""
    return reach_of_the_data(drawn(11), [other], [PAIR], 0.97, 0.99)[PAIR]


def test_registers_with_names_births_and_numbers_allow_nearly_everything(whole: tuple[float, float]) -> None:
    precision, recall = whole
    assert precision >= 0.97
    assert recall >= 0.95


def test_without_births_and_numbers_the_cleartext_allows_less(other: ClearRecords, whole: tuple[float, float]) -> None:
    poor = drawn(11, without=("date_naissance", "num_piece"))
    less = reach_of_the_data(poor, [other], [PAIR], 0.97, 0.99)[PAIR]
    assert min(less) < min(whole)


@pytest.mark.parametrize(
    ("together", "cleartext", "reason"),
    [
        ((0.99, 0.97), (1.0, 1.0), ""),
        ((0.989, 1.0), (0.99, 0.97), LINKAGE),
        ((1.0, 0.96), (1.0, 0.96), DATA),
        ((0.995, 0.98), (0.9, 0.9), ""),
    ],
)
def test_the_reason_follows_from_what_the_cleartext_reaches(
    together: tuple[float, float], cleartext: tuple[float, float], reason: str
) -> None:
    row = {
        "together_precision": together[0],
        "together_recall": together[1],
        "data_precision": cleartext[0],
        "data_recall": cleartext[1],
    }
    assert _reason(row) == reason


def test_a_record_of_no_known_person_is_no_true_pair(other: ClearRecords) -> None:
    made = generate(700, 11)
    nobody = pd.DataFrame({"register": ["none"], "record": ["0"], "person": [0]})
    records = clear_records({name: made.registers[name] for name in PAIR}, nobody)
    assert (records.person == -1).all()
    assert reach_of_the_data(records, [other], [PAIR], 0.97, 0.99)[PAIR][0] == 0.0
