"""Months as people of many countries write them: every name in every form, Hijri months in Latin letters."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasl.registers.reading.cells import type_column
from wasl.registers.reading.dates import DateNote, DateRule, read_date
from wasl.registers.reading.hijri_names import hijri_month
from wasl.registers.schema import Field

ROMAN = "I II III IV V VI VII VIII IX X XI XII"
RULE = DateRule(("%d/%m/%Y", "%Y-%m-%d"))
DAYS = st.dates(dt.date(1930, 1, 1), dt.date(2025, 12, 31))
YEARS = {
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "uk": "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
    "ro": "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie",
    "cs": "ledna února března dubna května června července srpna září října listopadu prosince",
    "ca": "gener febrer març abril maig juny juliol agost setembre octubre novembre desembre",
    "sw": "Januari Februari Machi Aprili Mei Juni Julai Agosti Septemba Oktoba Novemba Desemba",
    "so": "Jannaayo Febraayo Maarso Abriil Maajo Juun Luuliyo Agoosto Sebtembar Oktoobar Nofembar Desembar",
    "mr": "يناير فبراير مارس إبريل مايو يونيو يوليو أغشت شتمبر أكتوبر نوفمبر دجمبر",
    "nb": "januar februar mars april mai juni juli august september oktober november desember",
}


@given(DAYS, st.sampled_from(sorted(YEARS)), st.sampled_from(["{} {} {}", "{}-{}-{}", "{}. {} {}", "{} {}/{}"]))
def test_a_date_with_the_name_of_its_month(day, language, shape):
    name = YEARS[language].split()[day.month - 1]
    for written in (name, name.upper(), name.title()):
        assert read_date(shape.format(day.day, written, day.year), RULE)[0] == int(f"{day:%Y%m%d}")


@given(DAYS)
def test_the_month_as_a_name_and_as_a_number(day):
    levant = "كانون الثاني شباط آذار نيسان أيار حزيران تموز آب أيلول تشرين الأول تشرين الثاني كانون الأول"
    names = levant.replace(" ا", "_ا").split()
    name = names[day.month - 1].replace("_", " ")
    assert read_date(f"{day.day} {name}/{day.month} {day.year}", RULE)[0] == int(f"{day:%Y%m%d}")


@given(DAYS)
def test_weeks_days_of_the_year_and_moments_of_programs(day):
    year, week, weekday = day.isocalendar()
    roman = ROMAN.split()[day.month - 1]
    weeks = [f"{year}-W{week:02d}-{weekday}", f"{year}W{week:02d}{weekday}"]
    for text in (*weeks, f"{day:%Y-%j}", f"{day:%d%b%Y}:00:00:00".upper(), f"{day.day}.{roman}.{day.year}"):
        assert read_date(text, RULE)[0] == int(f"{day:%Y%m%d}"), text


@pytest.mark.parametrize("text", ["1985-000", "1985-366", "1985-W54-1", "1985-W11-8"])
def test_weeks_and_days_that_no_year_has(text):
    assert read_date(text, RULE)[0] == 0


def test_an_unknown_month_stays_unknown():
    assert read_date("XX/X/1985", RULE) == (19850000, DateNote.PARTIAL)
    assert read_date("12/XX/1985", RULE)[0] // 100 % 100 == 0


HIJRI = {
    1: "Muharram|Moharrem|Mouharram",
    2: "Safar|Safer",
    3: "Rabi' al-Awwal|Rabia I|Rabi ul Awal|rabie al aouel|Rabīʿ al-awwal|Rabi I",
    4: "Rabi' al-Thani|Rabia II|Rabî' ath-Thânî|Rabi-ul-Akhir|Rabie Ethani|Rabi al Akhar",
    5: "Jumada al-Ula|Joumada I|Djoumada el Oula|Jumada al-Awwal",
    6: "Jumada al-Akhirah|Joumada II|Djoumada ath-thania|joumada ethania",
    7: "Rajab|Redjeb|Radjab|Ragab",
    8: "Sha'ban|Chaabane|Chaâbane|Shaban",
    9: "Ramadan|Ramadhan",
    10: "Shawwal|Chaoual|Chawwal",
    11: "Dhu al-Qa'dah|Dhou al kiada|Dhul Qi'dah|Zulkaada|Dhou el Kaada",
    12: "Dhu al-Hijjah|Dhou al hijja|Zul Hijjah|Dou El Hidja",
}


@pytest.mark.parametrize(
    ("month", "name"), [(month, name) for month, names in HIJRI.items() for name in names.split("|")]
)
def test_hijri_months_in_latin_letters(month, name):
    assert hijri_month(f"12 {name} 1405".casefold())[1] == month
    assert read_date(f"12 {name} 1405", RULE) == read_date(f"12/{month}/1405 AH", RULE)


@pytest.mark.parametrize("text", ["12 march 1985", "1985 rabat", "safari 12", "3 rajabi 1400", "ramada 1"])
def test_other_words_are_no_hijri_months(text):
    assert hijri_month(text) == (text, 0)


def typed(cells, **options):
    return type_column(
        Field.model_validate({"name": "d", "type": "date", "role": "payload"} | options), pa.chunked_array([cells])
    )


def test_a_column_with_the_day_after_the_year_is_read_so():
    days = [dt.date(2000, month, day) for month in range(1, 13) for day in (3, 11, 28)]
    read = typed([f"{day:%Y-%d-%m}" for day in days])
    assert read.values.to_pylist() == days
    assert read.notes["dates-month-first"] == sum(day.day != day.month for day in days)
    assert typed([f"{day:%Y-%m-%d}" for day in days]).notes == {}


def test_other_dates_than_births_may_lie_ahead():
    ahead = (dt.datetime.now(dt.UTC).year + 9) % 100
    cell = [f"12/03/{ahead:02d}"]
    assert typed(cell).values.to_pylist()[0].year == 2000 + ahead
    assert typed(cell, role="birth", feature="birth_date").values.to_pylist()[0].year == 1900 + ahead
