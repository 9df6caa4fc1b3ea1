"""Periods as people write them, in the notation of the tables, and the days that they have."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from wasl.compliance.periods import covers
from wasl.errors import InputError
from wasl.registers.reading.reference_periods import (
    FORMS,
    ReferencePeriod,
    days_of_period,
    read_period,
    required_period,
)

YEARS = st.integers(1950, 2099)
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
QUARTERS = ("{y}-Q{n}", "{y}Q{n}", "{y}-T{n}", "T{n} {y}", "Q{n}/{y}", "{n}e trimestre {y}", "trimestre {n} {y}",
            "{y}T{n}", "{y} trim. {n}", "الربع {n} {y}", "t{n}-{y}", " {y}–T{n} ")  # fmt: skip
HALVES = ("{y}-S{n}", "S{n} {y}", "semestre {n} {y}", "{n}e semestre {y}", "H{n} {y}", "النصف {n} {y}", "{y}S{n}")
MONTHS = ("{y}-{n:02d}", "{y}-{n}", "{n:02d}/{y}", "{n}.{y}", "{y}/{n:02d}", "{n:02d}-{y}")
NAMES = {
    "fr": ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
           "décembre"),
    "ar": ("يناير", "فبراير", "مارس", "أبريل", "ماي", "يونيو", "يوليوز", "غشت", "شتنبر", "أكتوبر", "نونبر", "دجنبر"),
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December"),
}  # fmt: skip


def in_both_digits(text):
    return text, text.translate(ARABIC)


@given(YEARS, st.integers(1, 4), st.sampled_from(QUARTERS))
def test_quarters(year, number, form):
    for text in in_both_digits(form.format(y=year, n=number)):
        assert read_period(text) == f"{year}-Q{number}"


@given(YEARS, st.integers(1, 2), st.sampled_from(HALVES))
def test_half_years(year, number, form):
    for text in in_both_digits(form.format(y=year, n=number)):
        assert read_period(text) == f"{year}-S{number}"


@given(YEARS, st.integers(1, 12), st.sampled_from(MONTHS))
def test_months_in_numbers(year, number, form):
    for text in in_both_digits(form.format(y=year, n=number)):
        assert read_period(text) == f"{year}-{number:02d}"


@given(YEARS, st.integers(1, 12), st.sampled_from(sorted(NAMES)), st.booleans())
def test_months_by_name(year, number, language, upper):
    name = NAMES[language][number - 1]
    for text in in_both_digits(f"{name.upper() if upper else name} {year}"):
        assert read_period(text) == f"{year}-{number:02d}"


@given(st.integers(1950, 2079), st.integers(0, 20), st.sampled_from("-/"))
def test_several_years(year, more, mark):
    assert read_period(f"{year}{mark}{year + more}") == f"{year}-01-01/P{more + 1}Y"


@given(st.dates(dt.date(1950, 1, 1), dt.date(2099, 12, 31)), st.integers(0, 900))
def test_days_of_a_range_are_those_it_names(first, more):
    last = first + dt.timedelta(days=more)
    period = read_period(f"{first}/{last}")
    assert days_of_period(period) == (first, last)
    assert read_period(period) == period


@given(YEARS, st.integers(1, 12))
def test_each_period_covers_the_ones_inside_it(year, month):
    quarter, half = (month + 2) // 3, (month + 5) // 6
    around = (f"{year}", f"{year}-S{half}", f"{year}-Q{quarter}", f"{year}-{month:02d}")
    for outer_place, outer in enumerate(around):
        for inner_place, inner in enumerate(around):
            assert covers(outer, inner) == (outer_place <= inner_place)
    assert covers(f"{year}/{year + 1}", f"T{quarter} {year}")
    assert covers(f"{year}-01-01/P2Y", f"{year + 1}-12")
    assert not covers(f"{year}-01-01/P2Y", f"{year + 2}-01")


@pytest.mark.parametrize(
    "text",
    ["", " ", "24", "2024-13", "2024-00", "2024-Q5", "2024-S3", "T1", "mars", "2024/2020", "2024-02-30/P1Y",
     "next year", "2024-Q1-Q2", "P5Y", "12024", "2024-1-1-1"],
)  # fmt: skip
def test_what_is_no_period_is_refused_with_the_ways_to_write_one(text):
    assert read_period(text) is None
    with pytest.raises(InputError) as found:
        required_period(text)
    assert FORMS in str(found.value.remedy)


def test_a_document_keeps_the_notation_and_says_what_is_wrong():
    class Dated(BaseModel):
        period: ReferencePeriod = ""

    assert Dated.model_validate({"period": "T1 2024"}).period == "2024-Q1"
    assert Dated.model_validate({}).period == ""
    with pytest.raises(ValidationError, match=r"not a reference period\. Write it as one of"):
        Dated.model_validate({"period": "printemps"})
