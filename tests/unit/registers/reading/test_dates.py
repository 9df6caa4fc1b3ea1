"""Dates as people and programs write them: what each says, and what had to be assumed."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasl.registers.reading.dates import DateNote, DateRule, parse_month, read_date
from wasl.registers.reading.frames import register_from_table
from wasl.registers.reading.month_names import MONTHS
from wasl.registers.reading.source import text_of
from wasl.registers.schema import RegisterSchema

RULE = DateRule(("%d/%m/%Y", "%Y-%m-%d", "%Y%m%d"))


@pytest.mark.parametrize(
    ("text", "code", "note"),
    [
        ("12/03/1985", 19850312, DateNote.NONE),
        ("12-03-1985", 19850312, DateNote.NONE),
        ("12.3.1985.", 19850312, DateNote.NONE),
        ("١٢/٠٣/١٩٨٥", 19850312, DateNote.NONE),
        ("12 mars 1985", 19850312, DateNote.NONE),
        ("1er août 1985", 19850801, DateNote.NONE),
        ("12 مارس 1985", 19850312, DateNote.NONE),
        ("5 غشت 1990", 19900805, DateNote.NONE),
        ("5 جويلية 1990", 19900705, DateNote.NONE),
        ("March 12, 1985", 19850312, DateNote.NONE),
        ("12-Mar-85", 19850312, DateNote.TWO_DIGITS),
        ("12/03/85", 19850312, DateNote.TWO_DIGITS),
        ("12/03/04", 20040312, DateNote.TWO_DIGITS),
        ("120385", 19850312, DateNote.TWO_DIGITS),
        ("31118", 19850312, DateNote.SERIAL),
        ("31118.5", 19850312, DateNote.SERIAL),
        ("1985", 19850000, DateNote.PARTIAL),
        ("1985.0", 19850000, DateNote.PARTIAL),
        ("00/00/1985", 19850000, DateNote.PARTIAL),
        ("XX/XX/1985", 19850000, DateNote.PARTIAL),
        ("--/--/1985", 19850000, DateNote.PARTIAL),
        ("??-??-1985", 19850000, DateNote.PARTIAL),
        ("1985-00-00", 19850000, DateNote.PARTIAL),
        ("19850000", 19850000, DateNote.PARTIAL),
        ("vers 1985", 19850000, DateNote.PARTIAL),
        ("né en 1985", 19850000, DateNote.PARTIAL),
        ("00/03/1985", 19850300, DateNote.PARTIAL),
        ("03/1985", 19850300, DateNote.PARTIAL),
        ("mars 1985", 19850300, DateNote.PARTIAL),
        ("12/03/XXXX", 312, DateNote.PARTIAL),
        ("31/02/1990", 19900200, DateNote.DAY_LOST),
        ("45/11/1980", 19801100, DateNote.DAY_LOST),
        ("12/45/1980", 19800000, DateNote.DAY_LOST),
        ("05/27/1990", 19900527, DateNote.MONTH_FIRST),
        ("06/07/1410 هـ", 19900201, DateNote.HIJRI),
        ("15 رمضان 1405", 19850603, DateNote.HIJRI),
        ("06/07/1410", 0, DateNote.YEAR_REFUSED),
        ("12/03/1785", 0, DateNote.YEAR_REFUSED),
        ("31/12/9999", 0, DateNote.YEAR_REFUSED),
        ("1er/01/1985", 19850101, DateNote.NONE),
        ("mardi, le 12 mars 1985", 19850312, DateNote.NONE),
        ("12 كانون الثاني 1985", 19850112, DateNote.NONE),
        ("12 تشرين الأول 1985", 19851012, DateNote.NONE),
        ("12 ⵉⵏⵏⴰⵢⵔ 1985", 19850112, DateNote.NONE),
        ("12 ⵖⵓⵛⵜ 1985", 19850812, DateNote.NONE),
        ("12 duǧambir 1985", 19851212, DateNote.NONE),
        ("12-III-1985", 19850312, DateNote.NONE),
        ("12 de marzo de 1985", 19850312, DateNote.NONE),
        ("12031985", 19850312, DateNote.NONE),
        ("31022001", 20010200, DateNote.DAY_LOST),
        ("45672001", 0, DateNote.YEAR_REFUSED),
        ("19850312.0", 19850312, DateNote.NONE),
        ("85/03/12", 19850312, DateNote.TWO_DIGITS),
        ("12–03–1985", 19850312, DateNote.NONE),
        ("12؍03؍1985", 19850312, DateNote.NONE),
        ("12\\03\\1985", 19850312, DateNote.NONE),
        ("'12/03/1985'", 19850312, DateNote.NONE),
        ("//1985", 19850000, DateNote.PARTIAL),
        ("  /03/1985", 19850300, DateNote.PARTIAL),
        ("1985-03-", 19850300, DateNote.PARTIAL),
        ("c. 1985", 19850000, DateNote.PARTIAL),
        ("1985 (environ)", 19850000, DateNote.PARTIAL),
        ("مزداد سنة 1985", 19850000, DateNote.PARTIAL),
        ("mars-85", 19850300, DateNote.PARTIAL | DateNote.TWO_DIGITS),
        ("12 mars", 312, DateNote.PARTIAL),
        ("--", 0, DateNote.NONE),
        ("inconnue", 0, DateNote.NONE),
        ("00/00/0000", 0, DateNote.NONE),
    ],
)
def test_what_a_cell_says(text, code, note):
    assert read_date(text, RULE) == (code, note)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1985-03-12T00:00:00+01:00", 19850312),
        ("1985-03-12T00:00:00.000Z", 19850312),
        ("1985-03-11T23:00:00Z", 19850312),
        ("1985-03-11T22:00:00.000+0000", 19850312),
        ("1985-03-12 00:00:00.000", 19850312),
        ("12/03/1985 00:00:00", 19850312),
        ("12/03/1985 14:30", 19850312),
        ("12/03/1985 à 10h30", 19850312),
        ("19850311T230000Z", 19850312),
        ("Mon, 11 Mar 1985 23:00:00 GMT", 19850312),
        ("Tue Mar 12 1985 00:00:00 GMT+0100 (CET)", 19850312),
        ("1985-03-12T00:00:00-05:00", 19850312),
    ],
)
def test_a_time_of_day_and_a_zone_leave_the_local_day(text, code):
    assert read_date(text, RULE)[0] == code


def test_the_schema_says_which_years_and_which_calendar():
    old = DateRule(("%d/%m/%Y",), earliest=1700)
    assert read_date("12/03/1785", old)[0] == 17850312
    mixed, hijri = DateRule(("%d/%m/%Y",), calendar="mixed"), DateRule(("%d/%m/%Y",), calendar="hijri")
    assert read_date("06/07/1410", mixed) == (19900201, DateNote.HIJRI)
    assert read_date("06/07/1990", mixed) == (19900706, DateNote.NONE)
    assert read_date("06/07/1410", hijri) == (19900201, DateNote.HIJRI)
    assert read_date("06/07/1990 م", hijri) == (19900706, DateNote.NONE)
    assert read_date("12/03/1410", DateRule(("%d/%m/%Y",), earliest=1300)) == (14100312, DateNote.NONE)
    assert read_date("1410", mixed)[0] // 10_000 in (1989, 1990)


def test_a_clean_reading_is_preferred_to_a_damaged_one():
    assert read_date("250190", RULE)[0] == 19900125
    assert read_date("900125", RULE)[0] == 19900125


@pytest.mark.parametrize("text", ["2026-03", "202603", "03/2026", "mars 2026", "مارس 2026"])
def test_months(text):
    assert parse_month(text, ("%Y-%m", "%Y%m", "%m/%Y")) == "2026-03"


@pytest.mark.parametrize("zone", ["Africa/Casablanca", "Europe/Paris", "UTC", "+01:00", "Asia/Tokyo"])
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_midnight_of_any_zone_is_its_day(zone, unit):
    import zoneinfo

    place = dt.timezone(dt.timedelta(hours=1)) if zone == "+01:00" else zoneinfo.ZoneInfo(zone)
    days = [dt.date(1985, 3, 12), dt.date(1999, 12, 31), dt.date(2019, 1, 15), dt.date(1956, 7, 1)]
    moments = [dt.datetime(d.year, d.month, d.day, tzinfo=place).astimezone(dt.UTC) for d in days]
    stamped = pa.chunked_array([pa.array(moments, pa.timestamp(unit, "UTC"))])
    expected = [d.isoformat() for d in days]
    assert text_of(stamped.cast(pa.timestamp(unit, zone))).to_pylist() == expected
    if zone != "Asia/Tokyo":  # a program that kept the moment and lost the zone
        assert text_of(stamped).to_pylist() == expected


def test_fractions_of_seconds_and_nanoseconds_are_read():
    whole = pa.array([1_000_000_000_123_456_789], pa.timestamp("ns"))
    assert text_of(pa.chunked_array([whole])).to_pylist() == ["2001-09-09"]


SCHEMA = RegisterSchema.load("anapec-projects")


def register(births, schema=SCHEMA, **columns):
    count = len(births)
    data = {field.name: [""] * count for field in SCHEMA.fields}
    data |= {"num_inscription": [str(i) for i in range(count)], "nom": ["Diallo"] * count, "date_naissance": births}
    return register_from_table(pa.table({k: v for k, v in (data | columns).items() if v is not None}), schema)


def test_what_is_assumed_is_counted_and_what_is_lost_is_a_reject():
    read = register(["1985", "XX/03/1985", "31/02/1990", "12/03/85", "12/03/1185", "nonsense", "12/03/1985", ""])
    assert read.noted("dates-partial") == {"date_naissance": 2}
    assert read.noted("dates-two-digit-years") == {"date_naissance": 1}
    assert read.noted("dates-year-refused") == {"date_naissance": 1}
    assert [(row["row"], row["reason"]) for row in read.rejects.to_pylist()] == [
        (4, "no such day or month; the rest of the date is kept"),
        (6, "not a date, or not of the years and calendar that the schema allows"),
        (7, "not a date, or not of the years and calendar that the schema allows"),
    ]


def test_a_birth_of_two_digits_is_never_in_years_to_come():
    """A schema that says another pivot is believed; other dates may lie ahead, as the end of a permit does."""
    now = dt.datetime.now(dt.UTC).year
    cells = [f"12/03/{(now + ahead) % 100:02d}" for ahead in (-1, 0, 1, 2, 3)]
    expected = [now - 1, now, now - 99, now - 98, now - 97]
    assert [birth.year for birth in register(cells).table["date_naissance"].to_pylist()] == expected
    data = SCHEMA.model_dump(by_alias=True)
    for field in data["fields"]:
        field["century_pivot"] = 100 if field["type"] == "date" else 30
    wide = RegisterSchema.model_validate(data)
    assert {birth.year // 100 for birth in register(cells, wide).table["date_naissance"].to_pylist()} == {20}


def test_day_month_and_year_in_columns_of_their_own():
    data = SCHEMA.model_dump(by_alias=True)
    (birth,) = [field for field in data["fields"] if field["name"] == "date_naissance"]
    birth["parts"] = {"day": "jour", "month": "mois", "year": "annee"}
    schema = RegisterSchema.model_validate(data)
    parts = {"jour": ["12", "", "31"], "mois": ["mars", None, "2"], "annee": ["1985", "1990", "1990"]}
    read = register([None] * 3, schema, date_naissance=None, **parts)
    assert read.table["date_naissance"].to_pylist() == [dt.date(1985, 3, 12), None, None]
    assert read.table["date_naissance (parts)"].to_pylist() == [19850312, 19900000, 19900200]
    whole = register(["12/03/1985"], schema)
    assert whole.table["date_naissance"].to_pylist() == [dt.date(1985, 3, 12)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("12·03·1985", 19850312),
        ('="12/03/1985"', 19850312),
        ("12 MAR/MAR 1985", 19850312),
        ("12 FEV/FEB 85", 19850212),
        ("12 AVR/MAI 1985", 0),
        ("premier janvier 1985", 19850101),
        ("12 Şubat 1985", 19850212),
        ("12 März 1985", 19850312),
        ("1985年3月12日", 19850312),
        ("courant 1985", 19850000),
        ("2/3/1985 (estimation)", 19850302),
        ("12 mars 1985 env.", 19850312),
        ("12 غوشت 1985", 19850812),
    ],
)
def test_other_ways_to_write_a_date(text, code):
    assert read_date(text, RULE)[0] == code


@pytest.mark.parametrize("calendar", ["mixed", "gregorian"])
def test_a_gregorian_month_has_no_hijri_year(calendar):
    rule = DateRule(RULE.formats, calendar=calendar)
    assert read_date("12 mars 1405", rule) == (0, DateNote.YEAR_REFUSED)
    assert bool(read_date("12 رمضان 1405", rule)[0])


@pytest.mark.parametrize("month", sorted(MONTHS))
@pytest.mark.parametrize("shape", ["7 {} 1985", "7-{}-85", "{} 7, 1985", "1985 {} 7"])
def test_every_month_name_is_read_in_every_place(month, shape):
    if not shape.startswith("7 ") and month in ("i", "v", "x"):
        return
    assert read_date(shape.format(month), RULE)[0] == 19850000 + MONTHS[month] * 100 + 7


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Tue Mar 12 00:00:00 GMT 1985", 19850312),
        ("Tue Mar 12 00:00:00 WET 1985", 19850312),
        ("Mon Mar 11 23:00:00 UTC 1985", 19850312),
        ("Tue Mar 12 00:00:00 1985", 19850312),
        ("1985-03-12Z", 19850312),
        ("1985-03-12+01:00", 19850312),
        ("1985-03-12-05:00", 19850312),
        ("12/O3/1985", 19850312),
        ("l2/03/I985", 19850312),
        ("OO/OO/1985", 19850000),
        ("12/III/1985", 19850312),
        ("12/II/1985", 19850212),
        ("12/03/1985*", 19850312),
        ("12/03/1985 †", 19850312),
        ("DN: 12/03/1985", 19850312),
        ("Date de naissance : 12/03/1985", 19850312),
        ("né le: 12/03/1985", 19850312),
    ],
)
def test_dates_as_programs_print_them_and_clerks_mistype_them(text, code):
    assert read_date(text, RULE)[0] == code


@pytest.mark.parametrize("text", ["Illo/Ol/loll", "1980-1985", "1985 ou 1986", "12/03/1985-12/03/1986", "O", "I/I/II"])
def test_what_is_not_one_date_is_none(text):
    assert read_date(text, RULE)[0] == 0


@given(
    day=st.dates(dt.date(1900, 3, 1), dt.date(2025, 12, 31)),
    shape=st.sampled_from(["{0:%d/%m/%Y}", "{0:%d-%m-%Y}", "{0:%d.%m.%Y}"]),
    swaps=st.tuples(st.sampled_from(["0O", "0o"]), st.sampled_from(["1l", "1I", "0O"])),
)
def test_letters_for_digits_change_no_date(day, shape, swaps):
    """O for 0 and one l or I for 1, anywhere: the same date. II for 11 is left out: it is the numeral of February."""
    text = shape.format(day)
    for digit, letter in swaps:
        text = text.replace(digit, letter, 1)
    assert read_date(text, RULE)[0] == int(day.strftime("%Y%m%d"))


@given(
    day=st.dates(dt.date(1900, 3, 1), dt.date(2025, 12, 31)), zone=st.sampled_from(["Z", "+00:00", "+01:00", "-05:00"])
)
def test_a_zone_without_a_time_leaves_the_day(day, zone):
    assert read_date(day.isoformat() + zone, RULE)[0] == int(day.strftime("%Y%m%d"))
