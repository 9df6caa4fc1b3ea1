"""Dates written as numbers: the whole column decides what they count, and what stays unclear is said."""

from __future__ import annotations

import datetime as dt
import random
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from wasl.registers.reading.cells import type_column
from wasl.registers.reading.draft import draft_register
from wasl.registers.reading.source import text_of
from wasl.registers.schema import Field

RANDOM = random.Random(7)  # noqa: S311
OLD = [dt.date(1946, 1, 1) + dt.timedelta(days=RANDOM.randrange(20_000)) for _ in range(80)]
"""Births of adults: a day too many ten years later would lie in no future."""
YOUNG = [*OLD, dt.date(2021, 3, 5), dt.date(2024, 7, 9), dt.date(2025, 1, 31)]
UNIX, SAS, SPSS = dt.date(1970, 1, 1), dt.date(1960, 1, 1), dt.date(1582, 10, 14)


def typed(cells, *, feature="birth_date", layouts=("%d/%m/%Y", "%Y-%m-%d", "%Y%m%d")):
    field = {"name": "d", "type": "date", "role": "birth" if feature else "payload", "format": list(layouts)}
    spec = Field.model_validate(field | ({"feature": feature} if feature else {"standard": "entry_date"}))
    return type_column(spec, pa.chunked_array([pa.array(cells, pa.string())]))


def since(first, factor=1):
    return lambda day: str((day - first).days * factor)


COUNTS = {
    "seconds": since(UNIX, 86_400),
    "seconds with a decimal part": lambda day: since(UNIX, 86_400)(day) + ".0",
    "milliseconds": since(UNIX, 86_400_000),
    "microseconds": since(UNIX, 86_400_000_000),
    "nanoseconds": since(UNIX, 86_400 * 10**9),
    "midnight in Casablanca as seconds": lambda day: str((day - UNIX).days * 86_400 - 3_600),
    "milliseconds in scientific notation": lambda day: f"{(day - UNIX).days * 86_400_000:.12E}",
    "SPSS": since(SPSS, 86_400),
    "year and day of the year": lambda day: day.strftime("%Y%j"),
    "Julian day number": lambda day: str(day.toordinal() + 1_721_425),
}


@pytest.mark.parametrize("way", COUNTS)
@pytest.mark.parametrize("days", [OLD, YOUNG], ids=["old", "young"])
def test_counts_with_one_meaning(way, days):
    read = typed([COUNTS[way](day) for day in days])
    assert read.values.to_pylist() == days
    assert read.notes == {"dates-counted": len(days)}


@pytest.mark.parametrize("way", ["%y%j", "JD Edwards"])
def test_days_of_years_of_two_digits_are_no_spreadsheet_days(way):
    days = [*OLD, dt.date(2003, 2, 1), dt.date(2014, 12, 12)]
    cells = [day.strftime("%y%j").lstrip("0") if way == "%y%j" else f"{day.year - 1900}{day:%j}" for day in days]
    read = typed(cells)
    assert read.values.to_pylist() == days
    assert read.notes == {"dates-counted": len(days), "dates-two-digit-years": len(days)}


@pytest.mark.parametrize("factor", [1, 86_400, 86_400_000])
def test_a_count_since_1960_is_known_by_births_that_would_lie_in_the_future(factor):
    read = typed([since(SAS, factor)(day) for day in YOUNG])
    assert read.values.to_pylist() == YOUNG
    assert read.notes == {"dates-counted": len(YOUNG)}


def test_days_since_1960_or_1970_are_not_guessed_and_the_schema_says_which():
    cells = [since(UNIX)(day) for day in OLD]
    read = typed(cells)
    assert read.values.null_count == len(OLD)
    assert read.invalid.all()
    assert read.notes == {"dates-counted-unclear": len(OLD)}
    for first, days in ((UNIX, OLD), (SAS, [day.replace(year=day.year - 10) for day in OLD if day.day < 29])):
        own = [since(first)(day) for day in days]
        assert typed(own, layouts=[f"days since {first}"]).values.to_pylist() == days


@pytest.mark.parametrize(
    ("layout", "write"),
    [("seconds since 1960-01-01", since(SAS, 86_400)), ("%Y%j", COUNTS["year and day of the year"])],
)
def test_a_schema_states_what_is_counted(layout, write):
    assert typed([write(day) for day in OLD[:3]], layouts=[layout]).values.to_pylist() == OLD[:3]


DAYS = [*OLD, dt.date(2001, 3, 12), dt.date(1999, 12, 31), dt.date(2005, 12, 20), dt.date(2009, 10, 11)]


@pytest.mark.parametrize("layout", ["%d%m%y", "%y%m%d", "%m%d%y", "%d%m%Y", "%Y%m%d", "%m%d%Y"])
@pytest.mark.parametrize("program", ["text", "number", "decimal"])
def test_one_order_of_bare_digits_for_a_column_and_zeros_that_were_taken(layout, program):
    cells = [day.strftime(layout) for day in DAYS]
    if program != "text":
        cells = [f"{int(cell)}{'.0' if program == 'decimal' else ''}" for cell in cells]
    read = typed(cells)
    assert read.values.to_pylist() == DAYS
    expected = {}
    if "%y" in layout:
        expected["dates-two-digit-years"] = len(DAYS)
    if layout.startswith("%m"):
        expected["dates-month-first"] = len(DAYS)
    assert read.notes == expected


@pytest.mark.parametrize(
    ("cells", "notes"),
    [
        ([since(dt.date(1899, 12, 30))(day) for day in OLD], {"dates-serial-numbers": len(OLD)}),
        ([str(day.year) for day in OLD], {"dates-partial": len(OLD)}),
        ([day.strftime("%Y%m") for day in OLD], {"dates-partial": len(OLD)}),
        ([str(2026 - day.year) for day in OLD], {}),
        ([f"{RANDOM.randrange(10**9, 4 * 10**9)}" for _ in OLD], {}),
        ([f"{RANDOM.randrange(10**6, 10**7)}" for _ in OLD], None),
    ],
)
def test_other_numbers_are_not_taken_for_counts(cells, notes):
    read = typed(cells)
    assert "dates-counted" not in read.notes
    assert notes is None or read.notes == notes


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("Tue Mar 12 1985 00:00:00 GMT+0100 (GMT+01:00)", dt.date(1985, 3, 12)),
        ("Tue Mar 12 1985 00:00:00 GMT+0000 (heure normale d’Afrique)", dt.date(1985, 3, 12)),
        ("/Date(479433600000)/", dt.date(1985, 3, 12)),
        (r"\/Date(479433600000)\/", dt.date(1985, 3, 12)),
        ("/Date(479430000000+0100)/", dt.date(1985, 3, 12)),
        ("/Date(-294969600000)/", dt.date(1960, 8, 27)),
        ("12-MAR-85 12.00.00.000000 AM", dt.date(1985, 3, 12)),
        ("12-MAR-1985 00.00.00,000000 +01:00", dt.date(1985, 3, 12)),
        ("1985.071", dt.date(1985, 3, 12)),
        ("1985/071", dt.date(1985, 3, 12)),
        ("12 Aralık 1985", dt.date(1985, 12, 12)),
        ("12 Kasım 1985", dt.date(1985, 11, 12)),
        ("99/99/1985", 1985_00_00),
        ("99/03/1985", 1985_03_00),
        ("1985-99-99", 1985_00_00),
        ("19859999", 1985_00_00),
        ("12/03/99", dt.date(1999, 3, 12)),
        ("99/99/9999", None),
    ],
)
def test_moments_of_programs_and_marks_of_unknown_parts(cell, day):
    read = typed([cell, "12/03/1985"])
    if isinstance(day, int):
        assert read.codes.tolist() == [day, 1985_03_12]
        assert read.notes == {"dates-partial": 1}
    else:
        assert read.values.to_pylist()[0] == day


def test_a_draft_states_what_is_counted(tmp_path):
    file = tmp_path / "people.csv"
    for way, layout in (("milliseconds", "milliseconds since 1970-01-01"), ("year and day of the year", "%Y%j")):
        lines = [f"Diallo;Awa {place};{COUNTS[way](day)}" for place, day in enumerate(OLD)]
        file.write_text("\n".join(["nom;prenom;date de naissance", *lines]), encoding="utf-8")
        assert f'format = ["{layout}"]' in draft_register(file)
    lines = [f"Diallo;Awa {place};{since(UNIX)(day)}" for place, day in enumerate(OLD)]
    file.write_text("\n".join(["nom;prenom;date de naissance", *lines]), encoding="utf-8")
    assert "days counted from a day that the file does not tell" in draft_register(file)


ZONES = ["Asia/Riyadh", "Africa/Nairobi", "Asia/Kolkata", "Asia/Tokyo", "Africa/Cairo", "Europe/Athens",
         "Europe/Istanbul", "Africa/Casablanca", "Europe/Paris", "Africa/Dakar", "America/New_York"]  # fmt: skip


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("way", ["text", "seconds", "milliseconds"])
def test_midnights_of_other_countries_that_a_program_turned_into_utc(zone, way):
    days = [day for day in OLD if day.year > 1971]
    midnights = [dt.datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)) for day in days]
    factor = {"seconds": 1, "milliseconds": 1000}.get(way)
    cells = [
        f"{moment.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}" if factor is None else str(int(moment.timestamp()) * factor)
        for moment in midnights
    ]
    assert typed(cells).values.to_pylist() == days


@pytest.mark.parametrize("hours", [("12:00", "12:00"), ("13:05", "20:40", "03:00", "17:30", "09:00")])
def test_times_that_are_no_midnights_keep_their_day(hours):
    cells = [f"1985-03-{place + 10}T{hour}:00Z" for place, hour in enumerate(hours)]
    assert typed(cells).values.to_pylist() == [dt.date(1985, 3, place + 10) for place in range(len(hours))]


@pytest.mark.parametrize("zone", ZONES)
def test_midnights_in_a_parquet_column_that_a_program_turned_into_utc(zone):
    days = [day for day in OLD if day.year > 1971]
    midnights = [dt.datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)) for day in days]
    for kept in ("UTC", zone):
        column = pa.chunked_array([pa.array([*midnights, None], pa.timestamp("us", kept))])
        assert typed(text_of(column).to_pylist()).values.to_pylist() == [*days, None]
