"""20th-ICLS categories: the first rule that holds decides, and says so."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from wasl.registers.codes.icls import RULES, classify_migrants, decide, evidence_of, of_persons

ON = dt.date(2026, 1, 1)


def classify(months=12, **columns):
    row = classify_migrants(pa.table({name: [value] for name, value in columns.items()}), on=ON, months=months)
    return row.to_pylist()[0]


@pytest.mark.parametrize(
    ("rule", "columns"),
    [
        ("national", {"nationality": "MAR", "wage": 100.0}),
        ("refused", {"nationality": "SEN", "contract_status": "refused", "contract_type": "first"}),
        ("pension-abroad", {"pension_type": "old-age", "residence_country": "FRA"}),
        ("pension", {"pension_type": "old-age", "residence_country": "MAR"}),
        ("employed-resident", {"wage": 100.0}),
        ("employed-resident", {"contract_type": "first", "contract_months": 24}),
        ("employed-short", {"contract_type": "artist", "contract_months": 3}),
        ("permit-work", {"permit_motive": "work"}),
        ("permit-other", {"permit_motive": "study"}),
        ("project", {"project_status": "funded"}),
        ("unknown", {"nationality": "SEN"}),
        ("military", {"nationality": "FRA", "occupation_group": "0", "wage": 100.0}),
        ("employed-resident", {"labour_status": "employed"}),
        ("seeks-work", {"labour_status": "unemployed", "nationality": "SEN"}),
        ("inactive", {"labour_status": "inactive"}),
        ("visitor", {"permit_motive": "visit", "entry_date": dt.date(2025, 11, 1)}),
        ("employed-resident", {"wage": 100.0, "pension_type": "old-age", "residence_country": "FRA"}),
        ("permit-work", {"permit_motive": "work", "contract_status": "refused", "contract_type": "first"}),
        ("employed-short", {"labour_status": "employed", "arrival_year": 2025}),
    ],
)
def test_each_rule_decides_its_case(rule, columns):
    found = classify(**columns)
    assert found["rule"] == rule
    assert found["category"] == next(r.category for r in RULES if r.name == rule)


def test_residence_is_tested_at_six_and_twelve_months():
    stay = {"entry_date": dt.date(2025, 1, 15), "permit_end": dt.date(2025, 10, 15), "contract_type": "first"}
    found = classify(**stay)
    assert (found["resident_6"], found["resident_12"]) == (True, False)
    assert found["rule"] == "employed-short"
    assert classify(months=6, **stay)["rule"] == "employed-resident"


def test_an_unknown_stay_is_neither():
    found = classify(wage=1.0)
    assert found["resident_6"] is None
    assert found["resident_12"] is None


def test_persons_of_several_registers_know_what_any_of_their_records_tells():
    permits = pa.table({"nationality": ["SEN", "SEN"], "entry_date": [dt.date(2020, 1, 1), dt.date(2025, 11, 1)]})
    wages = pa.table({"wage": [100.0, 50.0, 10.0]})
    parts = [
        (evidence_of(permits, on=ON), np.array([0, 1])),
        (evidence_of(wages, on=ON), np.array([1, 0, -1])),
    ]
    found = decide(of_persons(parts, 3)).to_pylist()
    assert [row["rule"] for row in found] == ["employed-resident", "employed-short", "unknown"]
    assert [row["resident_6"] for row in found] == [True, False, None]


def test_a_register_of_job_seekers_says_so_by_its_name():
    rows = pa.table({"nationality": ["SEN"]})
    assert classify_migrants(rows, on=ON, register="anapec-job-seekers")["rule"].to_pylist() == ["seeks-work"]


@pytest.mark.parametrize("year", range(2020, 2028))
@pytest.mark.parametrize("month", [1, 2, 6, 12])
@pytest.mark.parametrize(("last", "resident"), [(0, True), (-1, True), (-2, False)])
def test_a_permit_of_one_year_passes_the_test_of_twelve_months_in_every_year(year, month, last, resident):
    """Its last day counts; the dates of payloads are those of the first of a month."""
    until = dt.date(year + 1, month, 1) + dt.timedelta(days=last)
    found = classify(permit_start=dt.date(year, month, 1), permit_end=until)
    assert found["resident_12"] is resident


@pytest.mark.parametrize(("on", "resident"), [(dt.date(2026, 1, 1), True), (dt.date(2025, 12, 31), False)])
def test_a_stay_of_one_year_ends_on_its_anniversary(on, resident):
    rows = pa.table({"entry_date": [dt.date(2025, 1, 1)]})
    assert classify_migrants(rows, on=on)["resident_12"].to_pylist() == [resident]


@pytest.mark.parametrize("status", ["refused", "pending"])
def test_a_request_that_is_not_granted_tells_of_no_work_and_of_no_stay(status):
    asked = {"contract_type": "first", "contract_months": 36, "contract_status": status}
    found = classify(**asked)
    assert (found["rule"], found["resident_12"]) == ({"refused": "refused", "pending": "unknown"}[status], None)
    came = classify(**asked, entry_date=dt.date(2025, 11, 1), labour_status="employed")
    assert (came["rule"], came["resident_6"]) == ("employed-short", False)
    wanted = {"certificate_date": dt.date(2025, 3, 1), "certificate_result": status}
    assert classify(**wanted)["rule"] == {"refused": "refused", "pending": "unknown"}[status]


def test_a_contract_in_another_country_is_no_stay_in_this_one():
    assert classify(contract_months=24, destination_country="FRA")["resident_12"] is None
