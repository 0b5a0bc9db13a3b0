"""Functions of dates and times: what is checked at the call, and the clock of a zone."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import polars as pl
import pytest

import scalekit as sk
from scalekit import col
from scalekit.errors import ComputeError, InvalidOperationError, SchemaError

X = col("x")


def one(value: object, expr: sk.Expr) -> object:
    return sk.from_dict({"x": [value]}).select(expr).collect().item()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: X.dt.to_string("%Q"), "has a directive that does not exist"),
        (lambda: X.dt.strftime(None).dt.to_string(5), "format must be text"),
        (lambda: X.dt.truncate("1x"), "every='1x' is no duration"),
        (lambda: X.dt.truncate(timedelta(0)), "longer than nothing"),
        (lambda: X.dt.round("-1h"), "longer than nothing"),
        (lambda: X.dt.offset_by("1 d"), "by='1 d' is no duration"),
        (lambda: X.dt.offset_by(timedelta(days=1)), r"a timedelta is exact: add it with \+"),
        (lambda: X.dt.epoch("m"), "'ns', 'us', 'ms', 's', 'd'"),
        (lambda: X.dt.timestamp("s"), "unknown time_unit 's'"),
        (lambda: X.dt.cast_time_unit("d"), "unknown time_unit 'd'"),
        (lambda: X.dt.convert_time_zone(None), r"replace_time_zone\(None\)"),
        (lambda: X.dt.convert_time_zone(""), "unknown time zone ''"),
        (lambda: X.dt.replace_time_zone("UTC", ambiguous="x"), "unknown ambiguous 'x'"),
        (lambda: X.dt.replace_time_zone("UTC", non_existent="x"), "unknown non_existent 'x'"),
        (lambda: X.dt.add_business_days(1, week_mask=(True,)), "seven Booleans"),
        (lambda: X.dt.add_business_days(1, week_mask=(False,) * 7), "at least is true"),
        (lambda: X.dt.add_business_days(1, roll="up"), "unknown roll 'up'"),
        (lambda: X.dt.is_business_day(holidays=["2024-01-01"]), "holidays must be dates"),
        (lambda: X.dt.is_business_day(holidays=[datetime(2024, 1, 1)]), "holidays must be dates"),
    ],
)
def test_arguments_are_checked_at_the_call(build, message):
    with pytest.raises(InvalidOperationError, match=message):
        build()


@pytest.mark.parametrize(
    ("value", "build", "message"),
    [
        (date(2024, 1, 1), X.dt.hour, r"give a Date its midnight with .cast"),
        (time(9), X.dt.year, "needs a Date or Datetime, got Time"),
        (timedelta(1), X.dt.weekday, "needs a Date or Datetime, got Duration"),
        (datetime(2024, 1, 1), X.dt.total_days, "needs a Duration"),
        (datetime(2024, 1, 1), X.dt.dst_offset, "with a time zone"),
        (date(2024, 1, 1), lambda: X.dt.combine(1), "needs a time of day, got Int32 from 1"),
        (date(2024, 1, 1), lambda: X.dt.truncate(5), "needs text"),
        (date(2024, 1, 1), lambda: X.dt.add_business_days(1.5), "needs an integer, got Float64"),
        (date(2024, 1, 1), lambda: X.dt.is_business_day(holidays=X), "needs a list of dates"),
        (1, X.dt.epoch, "needs a Date or Datetime, got Int64"),
        ("2024-01-01", X.dt.year, r"parse text with .str.to_date"),
    ],
)
def test_types_are_checked_by_the_frames_method(value, build, message):
    frame = sk.from_dict({"x": [value]})
    with pytest.raises(SchemaError, match=message):
        frame.select(build())


@pytest.mark.parametrize(
    ("value", "format"),
    [(date(2024, 1, 1), "%H"), (time(9), "%Y"), (timedelta(1), "%H"), (time(9), "%z")],
)
def test_a_format_must_suit_the_type_even_of_a_table_without_rows(value, format):
    frame = sk.from_dict({"x": [value]}).head(0)
    with pytest.raises(InvalidOperationError, match="cannot write"):
        frame.select(X.dt.to_string(format))


@pytest.mark.parametrize(
    ("by", "shown"),
    [
        ("1d", "2024-03-31 12:00 +0200"),
        ("24h", "2024-03-31 13:00 +0200"),
        ("1d2h", "2024-03-31 14:00 +0200"),
        ("-1mo", "2024-02-29 12:00 +0100"),
        ("1mo-", None),
        ("0d", "2024-03-30 12:00 +0100"),
        ("1y1q1mo1w1d1h1m1s1ms1us1ns", "2025-08-07 13:01 +0200"),
    ],
)
def test_steps_on_the_clock_of_a_zone(by, shown):
    local = X.dt.replace_time_zone("Europe/Vienna")
    moved = local.dt.offset_by(sk.when(X.is_not_null()).then(sk.lit(by))).dt.to_string(
        "%F %H:%M %z"
    )
    if shown is None:
        with pytest.raises(ComputeError):
            one(datetime(2024, 3, 30, 12), moved)
    else:
        assert one(datetime(2024, 3, 30, 12), moved) == shown
        literal = local.dt.offset_by(by).dt.to_string("%F %H:%M %z")
        assert one(datetime(2024, 3, 30, 12), literal) == shown


def test_a_step_of_nothing_leaves_the_second_of_two_like_times():
    later = X.dt.replace_time_zone("Europe/Vienna", ambiguous="latest").dt.offset_by("0d")
    assert one(datetime(2024, 10, 27, 2, 30), later.dt.to_string("%H:%M %z")) == "02:30 +0100"


def test_a_step_of_null_is_null():
    assert one(datetime(2024, 1, 1), X.dt.offset_by(sk.lit(None, sk.String))) is None
    zoned = X.dt.replace_time_zone("UTC").dt.offset_by(sk.lit(None, sk.String))
    assert one(datetime(2024, 1, 1), zoned) is None


def test_a_day_starts_with_the_first_moment_that_its_clock_shows():
    noon = X.dt.replace_time_zone("America/Sao_Paulo")
    start = noon.dt.truncate("1d").dt.to_string("%F %H:%M")
    assert one(datetime(2018, 11, 4, 12), start) == "2018-11-04 01:00"


def test_timedeltas_are_steps_of_truncate_and_round():
    moment = datetime(2024, 5, 17, 9, 50)
    assert one(moment, X.dt.truncate(timedelta(days=1))) == datetime(2024, 5, 17)
    assert one(moment, X.dt.round(timedelta(hours=1))) == datetime(2024, 5, 17, 10)


def test_business_days():
    friday = date(2024, 5, 31)
    assert one(friday, X.dt.add_business_days(1)) == date(2024, 6, 3)
    assert one(friday, X.dt.add_business_days(1, holidays=[date(2024, 6, 3)])) == date(2024, 6, 4)
    assert one(friday, X.dt.add_business_days(-5)) == date(2024, 5, 24)
    six = (True,) * 6 + (False,)
    assert one(friday, X.dt.add_business_days(1, week_mask=six)) == date(2024, 6, 1)
    saturday = date(2024, 6, 1)
    with pytest.raises(ComputeError, match="not a business date"):
        one(saturday, X.dt.add_business_days(1))
    assert one(saturday, X.dt.add_business_days(1, roll="backward")) == date(2024, 6, 3)
    listed = sk.lit([date(2024, 5, 31)])
    assert one(friday, X.dt.is_business_day(holidays=listed)) is False


def test_offsets_of_a_zone_are_in_microseconds():
    zoned = X.dt.replace_time_zone("Europe/Vienna")
    frame = sk.from_dict({"x": [datetime(2024, 7, 1)]})
    offsets = frame.select(a=zoned.dt.base_utc_offset(), b=zoned.dt.dst_offset())
    assert set(offsets.schema.values()) == {pl.Duration("us")}
    assert offsets.collect().row(0) == (timedelta(hours=1), timedelta(hours=1))


def test_the_text_of_moments():
    assert one(datetime(2024, 5, 1, 9), X.dt.to_string()) == "2024-05-01 09:00:00.000000"
    assert (
        one(datetime(2024, 5, 1, 9), X.dt.to_string("iso:strict")) == "2024-05-01T09:00:00.000000"
    )
    assert one(timedelta(hours=36), X.dt.to_string()) == "P1DT12H"
    assert one(timedelta(hours=36), X.dt.to_string("polars")) == "1d 12h"
