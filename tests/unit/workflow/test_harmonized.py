"""Harmonized variables, optional variables, sums and concordance, on tables small enough to check by hand."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from wasl.errors import InputError, SchemaError
from wasl.registers.codes.classification import CodeList
from wasl.registers.codes.icls import RULES
from wasl.registers.documents import validate_document
from wasl.registers.exchange.payload import Payload
from wasl.workflow.act import RunOptions
from wasl.workflow.assemble import assemble
from wasl.workflow.derived import DerivedSpec, band_labels
from wasl.workflow.microdata import MicrodataSpec, VariableSpec, assemble_microdata

ON = dt.date(2025, 12, 31)


def rid(number: int) -> bytes:
    return number.to_bytes(16, "big")


def payload(register, ids, **columns):
    rows = {"record_id": pa.array([rid(i) for i in ids], pa.binary(16))}
    return Payload(register, "h", "2025", "sha256:0", pa.table(rows | {k: pa.array(v) for k, v in columns.items()}))


SPINE = pa.table(
    {
        "person_id": ["a", "a", "a", "b", "b", "c", "d"],
        "register": ["permits", "contracts", "contracts", "permits", "wages", "contracts", "wages"],
        "record_id": pa.array([rid(i) for i in (1, 11, 12, 2, 22, 13, 23)], pa.binary(16)),
    }
)
PERMITS = payload(
    "permits", [1, 2], nationality=["SEN", "MAR"], birth_year=[1990, 2005], occupation_group=["2", "9"],
    entry_date=[dt.date(2010, 5, 1), dt.date(2025, 10, 1)], permit_motive=["work", "study"],
)  # fmt: skip
CONTRACTS = payload(
    "contracts", [11, 12, 13, 99],
    contract_type=["renewal", "first", "artist", "first"], occupation_group=["2", "3", None, "1"],
    education=["5-8", "7", "0", "1"], request_date=[dt.date(2024, 1, 1), dt.date(2023, 1, 1), None, None],
    contract_months=[24, 12, 3, 1], weight=[1.5, 2.0, 3.0, 9.0],
)  # fmt: skip
WAGES = payload("wages", [22, 23], wage=[100.0, 50.0], occupation_group=["9", "1"])
ALL = [PERMITS, CONTRACTS, WAGES]


def spec(*variables, derived=(), **options):
    return MicrodataSpec(
        name="t",
        variables=variables,
        derived=tuple(DerivedSpec(**one) for one in derived),
        reference_date=ON,
        **options,
    )


def column(made, name):
    return dict(zip(made.table["person_id"].to_pylist(), made.table[name].to_pylist(), strict=True))


def test_an_optional_variable_that_no_payload_has_is_left_out_and_said():
    wanted = spec(
        VariableSpec(name="education"),
        VariableSpec(name="hours", optional=True),
        VariableSpec(name="wage", sources=("permits",), optional=True),
        derived=[{"name": "cohort", "rule": "arrival-cohort", "source": "hours", "optional": True}],
    )
    made = assemble_microdata(SPINE, ALL, wanted)
    assert made.left_out == ("hours", "wage", "cohort")
    assert set(made.table.column_names) == {"person_id", "registers", "education"}


@pytest.mark.parametrize("sources", [(), ("permits",)])
def test_a_variable_that_is_not_optional_is_refused_where_no_trusted_payload_has_it(sources):
    with pytest.raises(InputError, match="optional = true"):
        assemble_microdata(SPINE, [PERMITS, CONTRACTS], spec(VariableSpec(name="wage", sources=sources)))


def test_a_derived_variable_without_its_source_is_refused():
    wanted = spec(
        VariableSpec(name="hours", optional=True),
        derived=[{"name": "age", "rule": "age-group", "source": "hours"}],
    )
    with pytest.raises(InputError, match="'age'"):
        assemble_microdata(SPINE, ALL, wanted)


def test_records_are_picked_by_date_not_by_the_order_of_the_payload():
    for pick, expected in (("last", "renewal"), ("first", "first")):
        made = assemble_microdata(SPINE, ALL, spec(VariableSpec(name="contract_type", pick=pick, by="request_date")))
        assert column(made, "contract_type") == {"a": expected, "b": None, "c": "artist", "d": None}
    with pytest.raises(InputError, match="ordered by 'hired'"):
        assemble_microdata(SPINE, ALL, spec(VariableSpec(name="contract_type", by="hired")))


def test_sums_keep_the_total_and_say_what_is_lost():
    made = assemble_microdata(SPINE, ALL, spec(VariableSpec(name="weight", pick="sum"), include=("contracts",)))
    assert column(made, "weight") == {"a": 3.5, "c": 3.0}
    assert made.totals == {"weight": (15.5, 6.5)}
    assert made.unmatched_records == 1
    with pytest.raises(InputError, match="summed"):
        assemble_microdata(SPINE, ALL, spec(VariableSpec(name="contract_type", pick="sum")))


def test_harmonized_variables_by_hand():
    wanted = spec(
        VariableSpec(name="nationality"), VariableSpec(name="birth_year", keep=False), VariableSpec(name="entry_date"),
        VariableSpec(name="education", pick="last", by="request_date"), VariableSpec(name="occupation_group"),
        derived=[
            {"name": "age", "rule": "age-group", "source": "birth_year"},
            {"name": "cohort", "rule": "arrival-cohort", "source": "entry_date"},
            {"name": "stay", "rule": "stay", "source": "entry_date"},
            {"name": "level", "rule": "code", "source": "education", "classification": "education-level"},
            {"name": "skill", "rule": "code", "source": "occupation_group", "classification": "skill-level"},
            {"name": "resident_6", "rule": "resident", "months": 6},
            {"name": "resident_12", "rule": "resident"},
            {"name": "icls", "rule": "icls-category"},
            {"name": "rule", "rule": "icls-rule"},
            {"name": "contracts", "rule": "records", "of_register": "contracts"},
            {"name": "ever_first", "rule": "any", "source": "contract_type", "values": ["first"]},
        ],
    )  # fmt: skip
    made = assemble_microdata(SPINE, ALL, wanted)
    assert "birth_year" not in made.table.column_names
    assert column(made, "age") == {"a": "35-44", "b": "15-24", "c": None, "d": None}
    assert column(made, "cohort") == {"a": "2010-2014", "b": "2020+", "c": None, "d": None}
    assert column(made, "stay") == {"a": "10+", "b": "<1", "c": None, "d": None}
    assert column(made, "level") == {"a": "advanced", "b": None, "c": "less-than-basic", "d": None}
    assert column(made, "skill") == {"a": "high", "b": "low", "c": None, "d": "high"}
    assert column(made, "resident_6") == {"a": True, "b": False, "c": False, "d": None}
    assert column(made, "rule") == {
        "a": "employed-resident", "b": "national", "c": "employed-short", "d": "employed-resident",
    }  # fmt: skip
    assert column(made, "contracts") == {"a": 2, "b": 0, "c": 1, "d": 0}
    assert column(made, "ever_first") == {"a": True, "b": None, "c": False, "d": None}
    assert set(made.coverage) >= {"age", "icls", "ever_first"}


def test_concordance_counts_every_pair_of_registers_that_know_the_person():
    wanted = spec(
        VariableSpec(name="occupation_group", sources=("permits",)),
        derived=[{"name": "skill", "rule": "code", "source": "occupation_group", "classification": "skill-level"}],
    )
    made = assemble_microdata(SPINE, ALL, wanted)
    found = {(one.variable, one.register_a, one.register_b): one for one in made.concordance}
    assert len(found) == 4  # two variables, and two pairs of registers with a person in common
    permits_wages = found["occupation_group", "permits", "wages"]
    assert (permits_wages.persons, permits_wages.agree, permits_wages.cells) == (1, 1, (("9", "9", 1),))
    assert ("occupation_group", "contracts", "wages") not in found
    assert found["skill", "permits", "contracts"].agree == 1


def test_agreement_is_that_of_a_table_made_by_hand():
    rng = np.random.default_rng(1)
    n = 400
    left, right = rng.integers(0, 3, n), rng.integers(0, 3, n)
    right[: n // 2] = left[: n // 2]
    spine = pa.table(
        {
            "person_id": [f"p{i}" for i in range(n)] * 2,
            "register": ["x"] * n + ["y"] * n,
            "record_id": pa.array([rid(i) for i in range(2 * n)], pa.binary(16)),
        }
    )
    texts = np.array(["u", "v", "w"])
    payloads = [payload("x", range(n), v=texts[left]), payload("y", range(n, 2 * n), v=texts[right])]
    (one,) = assemble_microdata(spine, payloads, spec(VariableSpec(name="v"))).concordance
    table = np.zeros((3, 3))
    np.add.at(table, (left, right), 1)
    expected = np.dot(table.sum(0), table.sum(1)) / n**2
    assert one.agree == np.trace(table)
    assert one.kappa == pytest.approx((np.trace(table) / n - expected) / (1 - expected))
    assert {(a, b): count for a, b, count in one.cells} == {
        (texts[i], texts[j]): table[i, j] for i in range(3) for j in range(3)
    }


def test_the_act_tells_event_and_report_what_is_left_out():
    spine = SPINE.append_column("grade", pa.array(["sure"] * 7)).append_column("probability", pa.array([1.0] * 7))
    act = assemble(spine, ALL, spec(VariableSpec(name="hours", optional=True)), RunOptions())
    assert act.event.detail()["variables_left_out"] == ["hours"]
    assert act.report["left_out"] == ["hours"]
    assert act.artifacts["concordance.csv"].startswith(b"variable,register_a")
    complete = assemble(spine, ALL, spec(VariableSpec(name="wage")), RunOptions())
    assert "variables_left_out" not in complete.event.detail()


@pytest.mark.parametrize(
    "changes",
    [
        {"derived": [{"name": "x", "rule": "age-group", "source": "absent"}]},
        {"derived": [{"name": "wage", "rule": "records", "of_register": "wages"}]},
        {"derived": [{"name": "x", "rule": "icls-category"}], "reference_date": None},
        {"derived": [{"name": "x", "rule": "code", "source": "wage"}]},
        {"derived": [{"name": "x", "rule": "resident", "source": "wage"}]},
        {"derived": [{"name": "x", "rule": "stay", "source": "wage", "breaks": [5, 1]}]},
        {"variables": [{"name": "wage", "pick": "max", "by": "day"}]},
        {"variables": [{"name": "person_id"}]},
    ],
)
def test_specifications_that_cannot_mean_what_they_say_are_refused(changes):
    document = {"name": "t", "reference_date": "2025-12-31", "variables": [{"name": "wage"}]} | changes
    if document["reference_date"] is None:
        del document["reference_date"]
    with pytest.raises(SchemaError):
        validate_document(MicrodataSpec, document, "test")


def test_every_number_lies_in_the_band_that_names_it():
    breaks = (15, 25, 30, 31)
    numbers = np.array([0.0, 14.0, 15.0, 24.0, 25.0, 30.0, 31.0, 99.0, np.nan])
    found = band_labels(numbers, breaks).to_pylist()
    assert found == ["<15", "<15", "15-24", "15-24", "25-29", "30", "31+", "31+", None]


def test_the_code_lists_name_every_rule_category_and_code():
    assert list(CodeList.load("icls-rule").entries) == [rule.name for rule in RULES]
    assert set(CodeList.load("icls-category").entries) == {rule.category for rule in RULES}
    for coarse, fine in (
        ("education-level", "education"),
        ("skill-level", "occupation"),
        ("activity-broad", "activity"),
    ):
        for code in CodeList.load(fine).entries:
            assert len(CodeList.load(coarse).codes(code)) == 1, (coarse, code)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Supérieur", "5-8"), ("SUPERIEUR", "5-8"), ("Enseignement supérieur", "5-8"), ("Niveau supérieur", "5-8"),
        ("Secondaire collégial", "2"), ("Secondaire qualifiant", "3"), ("Préscolaire", "0"), ("Sans niveau", "0"),
        ("Moyen", "1-4"), ("Autre niveau", "9"), ("Licence", "6"), ("التعليم العالي", "5-8"),
    ],
)  # fmt: skip
def test_the_education_labels_of_hcp_are_known(written, code):
    assert CodeList.load("education").codes(written) == (code,)


@pytest.mark.parametrize("on", [dt.date(2025, 5, 1), dt.date(2026, 5, 1), dt.date(2024, 5, 1), dt.date(2026, 4, 30)])
def test_years_of_stay_are_whole_on_the_anniversary(on):
    arrived = dt.date(2010, 5, 1)
    wanted = spec(
        VariableSpec(name="entry_date"),
        derived=[{"name": "stay", "rule": "stay", "source": "entry_date", "breaks": list(range(1, 30))}],
    ).model_copy(update={"reference_date": on})
    years = on.year - arrived.year - ((on.month, on.day) < (arrived.month, arrived.day))
    assert column(assemble_microdata(SPINE, ALL, wanted), "stay")["a"] == str(years)


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("optional", [True, False])
def test_a_specification_names_the_columns_of_its_microdata(keep, optional):
    wanted = spec(
        VariableSpec(name="entry_date", keep=keep), VariableSpec(name="wage", optional=optional),
        derived=[
            {"name": "stay", "rule": "stay", "source": "entry_date"}, {"name": "lasting", "rule": "resident"},
            {"name": "contracts", "rule": "records", "of_register": "contracts", "optional": optional},
        ],
        flags=("permits", "elsewhere"),
    )  # fmt: skip
    made = assemble_microdata(SPINE, ALL, wanted)
    assert made.table.column_names == ["person_id", *wanted.columns]
    if optional:
        made = assemble_microdata(SPINE, [PERMITS], wanted)
        assert made.table.column_names == ["person_id", *(one for one in wanted.columns if one not in made.left_out)]
