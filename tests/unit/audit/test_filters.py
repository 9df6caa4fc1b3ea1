"""Days and times by which entries of the log are chosen: each is read, or refused; none compares as a text."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasl.audit.filters import day_after, log_day, log_moment
from wasl.errors import InputError

DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2099, 12, 30))


@given(DAYS, st.sampled_from(["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y%m%d"]))
def test_a_day_is_read_however_it_is_written(day, form):
    assert log_day(day.strftime(form)) == day.isoformat()
    assert log_moment(day.strftime(form)) == f"{day}T00:00:00.000Z"
    assert day_after(log_day(day.strftime(form))) == (day + dt.timedelta(days=1)).isoformat()


@given(DAYS, st.times(), st.integers(-12, 14))
def test_a_time_with_an_offset_is_the_same_moment(day, time, hours):
    moment = dt.datetime.combine(day, time.replace(microsecond=0), dt.UTC)
    local = moment.astimezone(dt.timezone(dt.timedelta(hours=hours)))
    entry = moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert log_moment(local.isoformat()) == log_moment(entry) == log_moment(moment.isoformat()) == entry


@pytest.mark.parametrize(
    "text", ["hier", "2026-02-30", "30/02/2026", "2026-13-01", "1/2", "2026", "03/2026", "noon", "0"]
)
def test_what_is_no_day_is_refused(text):
    for read in (log_moment, log_day):
        with pytest.raises(InputError) as found:
            read(text)
        assert "2026-03-01" in str(found.value.remedy)


@pytest.mark.parametrize("text", ["2026-03-01T10:00", "2026-03-01T00:00:00Z"])
def test_a_time_is_no_day(text):
    with pytest.raises(InputError, match="is not a day"):
        log_day(text)


def test_nothing_stays_nothing():
    assert log_moment("") == log_day("") == day_after("") == ""
