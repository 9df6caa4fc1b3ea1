"""Spine and payloads to microdata, on a table small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from wasl.errors import InputError, MismatchError
from wasl.registers.exchange.payload import Payload
from wasl.workflow.microdata import MicrodataSpec, VariableSpec, assemble_microdata


def rid(number: int) -> bytes:
    return number.to_bytes(16, "big")


def payload(register: str, ids: list[int], **columns: list[object]) -> Payload:
    rows = {"record_id": pa.array([rid(i) for i in ids], pa.binary(16))}
    return Payload(
        register, "holder", "2024", "sha256:0", pa.table(rows | {k: pa.array(v) for k, v in columns.items()})
    )


SPINE = pa.table(
    {
        "person_id": ["p1", "p1", "p2", "p3", "p3", "p3", "p4"],
        "register": ["dgsn", "cnss", "dgsn", "dgsn", "cnss", "cnss", "anapec"],
        "record_id": pa.array([rid(i) for i in (1, 11, 2, 3, 13, 14, 21)], pa.binary(16)),
    }
)
DGSN = payload("dgsn", [3, 1, 2, 99], sex=["F", "M", "F", "M"], nationality=["SEN", "FRA", None, "ITA"])
CNSS = payload("cnss", [11, 13, 14], sex=["M", "M", "F"], wage=[100, 300, 200], nationality=["FRA", "SEN", "SEN"])


def spec(*variables: VariableSpec, **options: object) -> MicrodataSpec:
    return MicrodataSpec(name="t", variables=variables, **options)


def test_each_variable_comes_from_the_most_trusted_register_that_knows_it() -> None:
    made = assemble_microdata(
        SPINE, [DGSN, CNSS], spec(VariableSpec(name="sex", sources=("dgsn", "cnss")), VariableSpec(name="nationality"))
    )
    assert made.table.column("person_id").to_pylist() == ["p1", "p2", "p3", "p4"]
    assert made.table.column("sex").to_pylist() == ["M", "F", "F", None]
    assert made.table.column("nationality").to_pylist() == ["FRA", None, "SEN", None]
    assert made.conflicts == {"sex": 1, "nationality": 0}
    assert made.unmatched_records == 1
    assert made.coverage["sex"] == 0.75


def test_trust_can_be_reversed() -> None:
    made = assemble_microdata(SPINE, [DGSN, CNSS], spec(VariableSpec(name="sex", sources=("cnss", "dgsn"))))
    assert made.table.column("sex").to_pylist() == ["M", "F", "M", None]


@pytest.mark.parametrize(("pick", "expected"), [("first", 300), ("last", 200), ("max", 300), ("min", 200)])
def test_a_person_with_two_records_in_one_register(pick: str, expected: int) -> None:
    made = assemble_microdata(SPINE, [CNSS], spec(VariableSpec(name="wage", pick=pick), include=("cnss",)))
    assert made.table.column("person_id").to_pylist() == ["p1", "p3"]
    assert made.table.column("wage").to_pylist() == [100, expected]
    assert made.conflicts == {"wage": 0}  # one register does not disagree with itself


@pytest.mark.parametrize("pick", ["first", "last"])
@pytest.mark.parametrize("seed", range(5))
def test_registers_that_date_their_records_differently_give_the_latest_of_each(pick: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    frames = {}
    for register, by in (("contracts", ["request_date"]), ("cnss", ["last_month", "declared_month"])):
        n = 60
        frame = pd.DataFrame(
            {"id": rng.permutation(n) + (1000 if register == "cnss" else 0), "person": rng.integers(0, 20, n)}
        )
        days = pd.to_datetime("2020-01-01") + pd.to_timedelta(rng.permutation(n) * 31, unit="D")
        frame["date"] = days.strftime("%Y-%m-%d" if register == "contracts" else "%Y-%m")
        frame[by[0]] = frame["date"]
        if len(by) == 2:  # half of the records have the second date only
            frame[by[1]] = frame["date"].where(rng.random(n) < 0.5)
            frame[by[0]] = frame["date"].where(frame[by[1]].isna())
        frame["education"] = rng.integers(0, 9, n)
        frames[register] = frame
    both = pd.concat([frame.assign(register=name) for name, frame in frames.items()])
    spine = pa.table(
        {
            "person_id": [f"p{one:02d}" for one in both["person"]],
            "register": both["register"].tolist(),
            "record_id": pa.array([rid(one) for one in both["id"]], pa.binary(16)),
        }
    )
    payloads = []
    for name, frame in frames.items():
        leaving = frame.drop(columns=["id", "person", "date"]).astype(object)
        cells = {column: [None if pd.isna(one) else one for one in leaving[column]] for column in leaving}
        payloads.append(payload(name, frame["id"].tolist(), **cells))
    asked = VariableSpec(
        name="education", sources=("contracts", "cnss"), pick=pick, by=("request_date", "last_month", "declared_month")
    )
    made = assemble_microdata(spine, payloads, spec(asked)).table.to_pandas().set_index("person_id")["education"]
    picked = [frame.sort_values("date").groupby("person")["education"].agg(pick) for frame in frames.values()]
    expected = picked[0].combine_first(picked[1])
    expected.index = [f"p{one:02d}" for one in expected.index]
    assert made.to_dict() == expected.to_dict()


def test_a_register_that_dates_nothing_is_no_fault_beside_others_that_do() -> None:
    listed = VariableSpec(name="wage", pick="last", by=("last_month", "declared_month"))
    assert assemble_microdata(SPINE, [CNSS], spec(listed)).table.column("wage").to_pylist() == [100, None, 200, None]
    with pytest.raises(InputError, match="ordered by 'last_month'"):
        assemble_microdata(SPINE, [CNSS], spec(VariableSpec(name="wage", pick="last", by="last_month")))


def test_the_link_probability_of_a_register_is_that_of_its_least_likely_record() -> None:
    sure = SPINE.append_column("probability", pa.array([0.9, 0.8, 1.0, 0.7, 0.95, 0.6, 1.0]))
    asked = spec(VariableSpec(name="sex", sources=("dgsn",)), link_probabilities=("cnss", "absent-one"))
    made = assemble_microdata(sure, [DGSN], asked).table
    assert made.column("probability_cnss").to_pylist() == [0.8, None, 0.6, None]
    assert made.column("probability_absent_one").null_count == 4
    with pytest.raises(InputError, match="probability"):
        assemble_microdata(SPINE, [DGSN], asked)


def test_selection_and_flags() -> None:
    made = assemble_microdata(
        SPINE, [DGSN], spec(VariableSpec(name="sex"), minimum_registers=2, flags=("cnss", "absent-one"))
    )
    assert made.table.column("person_id").to_pylist() == ["p1", "p3"]
    assert made.table.column("registers").to_pylist() == [2, 2]
    assert made.table.column("in_cnss").to_pylist() == [True, True]
    assert made.table.column("in_absent_one").to_pylist() == [False, False]


def test_unknown_variable_and_unknown_register_are_refused() -> None:
    with pytest.raises(InputError, match="'age'"):
        assemble_microdata(SPINE, [DGSN], spec(VariableSpec(name="age")))
    with pytest.raises(MismatchError, match="'taechir'"):
        assemble_microdata(SPINE, [payload("taechir", [1], sex=["M"])], spec(VariableSpec(name="sex")))


def test_payload_order_does_not_matter_where_trust_is_stated() -> None:
    wanted = spec(VariableSpec(name="sex", sources=("dgsn", "cnss")), VariableSpec(name="wage"))
    assert (
        assemble_microdata(SPINE, [DGSN, CNSS], wanted).table == assemble_microdata(SPINE, [CNSS, DGSN], wanted).table
    )
