"""Parts of dates, times and durations."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import polars as pl

from scalekit.expr.function import F, Namespace, elementwise
from scalekit.expr.operands import CLOCK, DATE, DURATION, ZONED, Takes, takes

if TYPE_CHECKING:
    from scalekit.expr.expr import Expr


def _part(name: str, of: Takes, **spec: Any) -> Callable[[F], F]:
    """Declare ``.dt.name``, a part of one operand."""
    return elementwise(f"dt.{name}", resolve=takes(of), **spec)


class TemporalParts(Namespace):
    """Parts of dates, times and durations, behind ``.dt``.

    Those of a datetime with a time zone are what a clock there shows. Types of integers are Polars'.
    """

    @_part("millennium", DATE)
    def millennium(self) -> Expr:
        """Millennium, as Int32; 2001 began the third.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import date
        >>> sk.from_dict({"d": [date(2000, 12, 31)]}).select(sk.col("d").dt.millennium()).collect().item()
        2
        """

    @_part("century", DATE)
    def century(self) -> Expr:
        """Century, as Int32; 2001 began the 21st.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import date
        >>> sk.from_dict({"d": [date(2000, 12, 31)]}).select(sk.col("d").dt.century()).collect().item()
        20
        """

    @_part("year", DATE)
    def year(self) -> Expr:
        """Calendar year, as Int32.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import date
        >>> sk.from_dict({"d": [date(2024, 5, 1)]}).select(sk.col("d").dt.year()).collect().item()
        2024
        """

    @_part("iso_year", DATE)
    def iso_year(self) -> Expr:
        """Year to which the ISO week belongs, as Int32.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import date
        >>> sk.from_dict({"d": [date(2024, 12, 31)]}).select(sk.col("d").dt.iso_year()).collect().item()
        2025
        """

    @_part("is_leap_year", DATE)
    def is_leap_year(self) -> Expr:
        """Whether the year has 366 days.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import date
        >>> sk.from_dict({"d": [date(2024, 5, 1)]}).select(sk.col("d").dt.is_leap_year()).collect().item()
        True
        """

    @_part("quarter", DATE)
    def quarter(self) -> Expr:
        """Quarter of the year, 1 to 4, as Int8.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import date
        >>> sk.from_dict({"d": [date(2024, 5, 1)]}).select(sk.col("d").dt.quarter()).collect().item()
        2
        """

    @_part("month", DATE)
    def month(self) -> Expr:
        """Month, 1 to 12, as Int8.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import date
        >>> sk.from_dict({"d": [date(2024, 5, 1)]}).select(sk.col("d").dt.month()).collect().item()
        5
        """

    @_part("days_in_month", DATE)
    def days_in_month(self) -> Expr:
        """Number of days of the month, as Int8.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import date
        >>> sk.from_dict({"d": [date(2024, 2, 1)]}).select(sk.col("d").dt.days_in_month()).collect().item()
        29
        """

    @_part("week", DATE)
    def week(self) -> Expr:
        """ISO week, 1 to 53, as Int8; :meth:`iso_year` is the year that it belongs to.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import date
        >>> sk.from_dict({"d": [date(2024, 12, 31)]}).select(sk.col("d").dt.week()).collect().item()
        1
        """

    @_part("weekday", DATE)
    def weekday(self) -> Expr:
        """Day of the week, Monday being 1 and Sunday 7, as Int8.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import date
        >>> sk.from_dict({"d": [date(2024, 1, 1)]}).select(sk.col("d").dt.weekday()).collect().item()
        1
        """

    @_part("day", DATE)
    def day(self) -> Expr:
        """Day of the month, 1 to 31, as Int8.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import date
        >>> sk.from_dict({"d": [date(2024, 5, 31)]}).select(sk.col("d").dt.day()).collect().item()
        31
        """

    @_part("ordinal_day", DATE)
    def ordinal_day(self) -> Expr:
        """Day of the year, 1 to 366, as Int16.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import date
        >>> sk.from_dict({"d": [date(2024, 12, 31)]}).select(sk.col("d").dt.ordinal_day()).collect().item()
        366
        """

    @_part("hour", CLOCK)
    def hour(self) -> Expr:
        """Hour, 0 to 23, as Int8.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import time
        >>> sk.from_dict({"t": [time(9, 30)]}).select(sk.col("t").dt.hour()).collect().item()
        9
        """

    @_part("minute", CLOCK)
    def minute(self) -> Expr:
        """Minute, 0 to 59, as Int8.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import time
        >>> sk.from_dict({"t": [time(9, 30)]}).select(sk.col("t").dt.minute()).collect().item()
        30
        """

    @_part("second", CLOCK)
    def second(self, *, fractional: bool = False) -> Expr:
        """Second, 0 to 59, as Int8.

        Parameters
        ----------
        fractional
            With the fraction, as Float64.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import time
        >>> frame = sk.from_dict({"t": [time(9, 30, 15, 500_000)]})
        >>> frame.select(sk.col("t").dt.second(fractional=True)).collect().item()
        15.5
        """

    @_part("millisecond", CLOCK)
    def millisecond(self) -> Expr:
        """Fraction of the second in whole milliseconds, as Int32.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import time
        >>> sk.from_dict({"t": [time(9, 0, 0, 250_125)]}).select(sk.col("t").dt.millisecond()).collect().item()
        250
        """

    @_part("microsecond", CLOCK)
    def microsecond(self) -> Expr:
        """Fraction of the second in whole microseconds, as Int32.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import time
        >>> sk.from_dict({"t": [time(9, 0, 0, 250_125)]}).select(sk.col("t").dt.microsecond()).collect().item()
        250125
        """

    @_part("nanosecond", CLOCK)
    def nanosecond(self) -> Expr:
        """Fraction of the second in nanoseconds, as Int32.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import time
        >>> sk.from_dict({"t": [time(9, 0, 0, 250_125)]}).select(sk.col("t").dt.nanosecond()).collect().item()
        250125000
        """

    @_part("date", DATE)
    def date(self) -> Expr:
        """Date of a datetime, in its own zone.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import datetime
        >>> sk.from_dict({"t": [datetime(2024, 5, 1, 9)]}).select(sk.col("t").dt.date()).collect().item()
        datetime.date(2024, 5, 1)
        """

    @_part("time", CLOCK)
    def time(self) -> Expr:
        """Time of day of a datetime, in its own zone.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import datetime
        >>> sk.from_dict({"t": [datetime(2024, 5, 1, 9)]}).select(sk.col("t").dt.time()).collect().item()
        datetime.time(9, 0)
        """

    @_part("base_utc_offset", ZONED, result=pl.Duration("us"))
    def base_utc_offset(self) -> Expr:
        """What the zone is ahead of UTC, summer time apart.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import datetime
        >>> moment = sk.lit(datetime(2024, 7, 1)).dt.replace_time_zone("Europe/Vienna")
        >>> sk.from_dict({"x": [1]}).select(moment.dt.base_utc_offset()).collect().item()
        datetime.timedelta(seconds=3600)
        """

    @_part("dst_offset", ZONED, result=pl.Duration("us"))
    def dst_offset(self) -> Expr:
        """What summer time adds.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import datetime
        >>> moment = sk.lit(datetime(2024, 7, 1)).dt.replace_time_zone("Europe/Vienna")
        >>> sk.from_dict({"x": [1]}).select(moment.dt.dst_offset()).collect().item()
        datetime.timedelta(seconds=3600)
        """

    @_part("total_days", DURATION)
    def total_days(self, *, fractional: bool = False) -> Expr:
        """A duration in whole days, cut toward zero, as Int64.

        Parameters
        ----------
        fractional
            With the fraction, as Float64.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import timedelta
        >>> frame = sk.from_dict({"x": [timedelta(hours=36)]})
        >>> frame.select(sk.col("x").dt.total_days(), y=sk.col("x").dt.total_days(fractional=True)).collect().row(0)
        (1, 1.5)
        """

    @_part("total_hours", DURATION)
    def total_hours(self, *, fractional: bool = False) -> Expr:
        """A duration in whole hours, cut toward zero, as Int64.

        Parameters
        ----------
        fractional
            With the fraction, as Float64.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import timedelta
        >>> sk.from_dict({"x": [timedelta(minutes=90)]}).select(sk.col("x").dt.total_hours()).collect().item()
        1
        """

    @_part("total_minutes", DURATION)
    def total_minutes(self, *, fractional: bool = False) -> Expr:
        """A duration in whole minutes, cut toward zero, as Int64.

        Parameters
        ----------
        fractional
            With the fraction, as Float64.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import timedelta
        >>> sk.from_dict({"x": [timedelta(hours=-1)]}).select(sk.col("x").dt.total_minutes()).collect().item()
        -60
        """

    @_part("total_seconds", DURATION)
    def total_seconds(self, *, fractional: bool = False) -> Expr:
        """A duration in whole seconds, cut toward zero, as Int64.

        Parameters
        ----------
        fractional
            With the fraction, as Float64.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import timedelta
        >>> sk.from_dict({"x": [timedelta(minutes=2)]}).select(sk.col("x").dt.total_seconds()).collect().item()
        120
        """

    @_part("total_milliseconds", DURATION)
    def total_milliseconds(self, *, fractional: bool = False) -> Expr:
        """A duration in whole milliseconds, cut toward zero, as Int64.

        Parameters
        ----------
        fractional
            With the fraction, as Float64.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import timedelta
        >>> sk.from_dict({"x": [timedelta(seconds=2)]}).select(sk.col("x").dt.total_milliseconds()).collect().item()
        2000
        """

    @_part("total_microseconds", DURATION)
    def total_microseconds(self, *, fractional: bool = False) -> Expr:
        """A duration in whole microseconds, cut toward zero, as Int64.

        Parameters
        ----------
        fractional
            With the fraction, as Float64.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import timedelta
        >>> sk.from_dict({"x": [timedelta(seconds=2)]}).select(sk.col("x").dt.total_microseconds()).collect().item()
        2000000
        """

    @_part("total_nanoseconds", DURATION)
    def total_nanoseconds(self, *, fractional: bool = False) -> Expr:
        """A duration in nanoseconds, as Int64.

        Parameters
        ----------
        fractional
            As Float64.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import timedelta
        >>> sk.from_dict({"x": [timedelta(seconds=2)]}).select(sk.col("x").dt.total_nanoseconds()).collect().item()
        2000000000
        """
