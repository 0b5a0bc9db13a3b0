"""Functions of dates, times and durations: steps, rounding, zones, text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date as calendar_date
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from scalekit.errors import InvalidOperationError
from scalekit.expr.checks import choice, every
from scalekit.expr.constants import literal
from scalekit.expr.function import F, IntoExpr, Namespace, Operand, elementwise
from scalekit.expr.node import Call, ExprNode
from scalekit.expr.notations import (
    UNITS,
    can_show,
    duration,
    duration_text,
    text_of,
    time_format,
    time_zone,
)
from scalekit.expr.operands import (
    DATE,
    DATES,
    DATETIME,
    INTEGER,
    TEMPORAL,
    TEXT,
    TIME,
    UNITS_OF_TIME,
    Takes,
    Types,
    takes,
)

if TYPE_CHECKING:
    from scalekit.expr.expr import Expr

_WEEK = (True, True, True, True, True, False, False)
_AMBIGUOUS = choice("ambiguous", "raise", "earliest", "latest", "null")
_NON_EXISTENT = choice("non_existent", "raise", "null")
_TIME_UNIT = choice("time_unit", "ns", "us", "ms")
_ISO_FORMATS = ("iso", "iso:strict", "polars")


def _temporal(name: str, of: Takes, *rest: Takes, **spec: Any) -> Callable[[F], F]:
    """Declare ``.dt.name`` of an operand of one type, and further ones of others."""
    return elementwise(f"dt.{name}", **{"resolve": takes(of, *rest), **spec})


def _text_format(**arguments: Any) -> None:
    if arguments["format"] not in _ISO_FORMATS:
        time_format()(**arguments)


def _shown(call: Call, dtypes: Types) -> ExprNode:
    """Check that a type has what a format shows, which Polars finds out on rows only."""
    given = dict(call.options)["format"]
    if given is not None and not can_show(dtypes[0], given):
        raise InvalidOperationError(
            f"dt.to_string() cannot write {dtypes[0]} in the format {given!r}; a Date has no time of day, a "
            "Time no date, and a Duration is written by 'iso' or 'polars'"
        )
    return call


def _ambiguous(**arguments: Any) -> None:
    known = text_of(arguments["ambiguous"])
    if known is not None:
        _AMBIGUOUS(ambiguous=known)


def _one_zone(**arguments: Any) -> None:
    if arguments["time_zone"] is None:
        raise InvalidOperationError(
            "convert_time_zone() needs a zone; .dt.replace_time_zone(None) takes it away and keeps the clock"
        )
    time_zone()(**arguments)


def _working_week(**arguments: Any) -> None:
    mask = arguments["week_mask"]
    if len(mask) != 7 or not all(isinstance(day, bool) for day in mask) or not any(mask):
        raise InvalidOperationError(
            f"week_mask must be seven Booleans, from Monday, of which one at least is true; got {mask!r}"
        )


def _holidays(holidays: Any) -> Any:
    """Holidays as an operand: a list of dates of a known type, or the user's expression."""
    if isinstance(getattr(holidays, "_node", None), ExprNode):
        return holidays
    days = list(holidays)
    if not all(isinstance(d, calendar_date) and not isinstance(d, datetime) for d in days):
        raise InvalidOperationError(
            "holidays must be dates, such as [datetime.date(2024, 12, 25)], or an expression of type List(Date)"
        )
    return literal(sorted(days), pl.List(pl.Date()))


def _by_the_clock(call: Call, dtypes: Types) -> ExprNode:
    """Steps in a zone with summer time follow its clock: see :func:`_offset_by_clock`."""
    zone = getattr(dtypes[0], "time_zone", None)
    if zone is None:
        return call
    return Call("dt.offset_by_clock", call.args, (("time_zone", zone),))


_ONE_UNIT = f"[0-9]+(?:{'|'.join(UNITS)})"
_CALENDAR_UNIT = "(?:mo|[dwqy])$"


def _offset_by_clock(moment: pl.Expr, by: pl.Expr, time_zone: str) -> pl.Expr:
    """Move by the calendar on the clock of a zone, then by exact time.

    Polars moves a time that the clock skips to another, an hour off; localizing it anew raises instead
    (CONTRACT.md, dates and times).
    """
    well_formed = by.str.contains(f"^-?(?:{_ONE_UNIT})*$")
    units = by.str.extract_all(_ONE_UNIT)
    unit = pl.element()
    by_calendar = _signed(by, units.list.filter(unit.str.contains(_CALENDAR_UNIT)))
    by_time = _signed(by, units.list.filter(~unit.str.contains(_CALENDAR_UNIT)))
    clock = moment.dt.replace_time_zone(None)
    moved = clock.dt.offset_by(by_calendar)
    there = pl.when(moved != clock).then(moved).dt.replace_time_zone(time_zone)
    # What is no duration goes to Polars as it is, whose message says so.
    exact = pl.when(well_formed).then(by_time).otherwise(by)
    return pl.coalesce(there, moment).dt.offset_by(exact)


def _signed(by: pl.Expr, units: pl.Expr) -> pl.Expr:
    sign = pl.when(by.str.starts_with("-")).then(pl.lit("-")).otherwise(pl.lit(""))
    return pl.when(units.list.len() > 0).then(sign + units.list.join("")).otherwise(pl.lit("0ns"))


class TemporalMethods(Namespace):
    """Functions of dates, times and durations, behind ``.dt``.

    Durations as text count in ``ns us ms s m h`` (exact), and ``d w mo q y`` (of the calendar: one day
    later is the same time on the clock, be it 23 or 25 hours). A timedelta that is added is exact.
    """

    @_temporal("to_string", TEMPORAL, check=_text_format, resolve=takes(TEMPORAL, then=_shown))
    def to_string(self, format: str | None = None) -> Expr:
        """Write as text.

        Parameters
        ----------
        format
            In the directives of `chrono <https://docs.rs/chrono/latest/chrono/format/strftime>`_, such as
            ``"%d.%m.%Y"``. ISO 8601 with a space before the time, if None or ``"iso"``; with ``T``, if
            ``"iso:strict"``. Durations are written by ``"iso"`` and ``"polars"`` only.

        Raises
        ------
        InvalidOperationError
            Where the format has a directive that does not exist, or the type lacks.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import date
        >>> sk.from_dict({"d": [date(2024, 5, 1)]}).select(sk.col("d").dt.to_string("%d.%m.%Y")).collect().item()
        '01.05.2024'
        """

    def strftime(self, format: str) -> Expr:
        """Write as text; the same as :meth:`to_string`.

        Parameters
        ----------
        format
            In the directives of chrono, such as ``"%H:%M"``.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import time
        >>> sk.from_dict({"t": [time(9, 30)]}).select(sk.col("t").dt.strftime("%H.%M")).collect().item()
        '09.30'
        """
        return self.to_string(format)

    @_temporal("timestamp", DATE, check=_TIME_UNIT)
    def timestamp(self, time_unit: str = "us") -> Expr:
        """Time since 1970-01-01 00:00 UTC, as Int64; a datetime without a zone counts as UTC.

        Parameters
        ----------
        time_unit
            ``"us"``, ``"ms"`` or ``"ns"``.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import date
        >>> sk.from_dict({"d": [date(1970, 1, 2)]}).select(sk.col("d").dt.timestamp("ms")).collect().item()
        86400000
        """

    @_temporal("epoch", DATE, check=choice("time_unit", "ns", "us", "ms", "s", "d"))
    def epoch(self, time_unit: str = "us") -> Expr:
        """Time since 1970-01-01 00:00 UTC; a datetime without a zone counts as UTC.

        Parameters
        ----------
        time_unit
            ``"us"``, ``"ms"``, ``"ns"`` or ``"s"``, as Int64; or ``"d"``, as Int32.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import date
        >>> sk.from_dict({"d": [date(1970, 1, 2)]}).select(sk.col("d").dt.epoch("s")).collect().item()
        86400
        """

    def truncate(self, every: Operand) -> Expr:
        """Go back to the start of the step that a date or datetime lies in.

        Parameters
        ----------
        every
            The step, such as ``"15m"``, ``"1d"``, ``"1w"`` (from Monday) or ``"1mo"``; a timedelta, or an
            expression of text. In a time zone, steps follow its clock; one whose start the clock skips
            starts with the first moment after.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import datetime
        >>> frame = sk.from_dict({"t": [datetime(2024, 5, 17, 9, 50)]})
        >>> frame.select(sk.col("t").dt.truncate("1mo")).collect().item()
        datetime.datetime(2024, 5, 1, 0, 0)
        """
        return self._truncate(duration_text(every))

    @_temporal("truncate", DATE, TEXT, check=duration("every", positive=True))
    def _truncate(self, every: Operand) -> Expr:
        """Go back to the start of the step that a date or datetime lies in."""

    def round(self, every: Operand) -> Expr:
        """Go to the nearest start of a step; from its middle, to the next.

        Parameters
        ----------
        every
            The step, as for :meth:`truncate`.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import datetime
        >>> frame = sk.from_dict({"t": [datetime(2024, 5, 17, 9, 50)]})
        >>> frame.select(sk.col("t").dt.round("1h")).collect().item()
        datetime.datetime(2024, 5, 17, 10, 0)
        """
        return self._round(duration_text(every))

    @_temporal("round", DATE, TEXT, check=duration("every", positive=True))
    def _round(self, every: Operand) -> Expr:
        """Go to the nearest start of a step."""

    @_temporal(
        "offset_by",
        DATE,
        TEXT,
        check=duration("by"),
        raises=True,
        resolve=takes(DATE, TEXT, then=_by_the_clock),
    )
    def offset_by(self, by: Operand) -> Expr:
        """Move by a duration.

        Parameters
        ----------
        by
            Such as ``"1d"``, ``"-3mo"`` or ``"1mo12h"``, or an expression of such text. Days and what is
            longer follow the calendar and the clock of the zone; hours and what is shorter are exact. From
            the 31st, a month goes to the last day of a shorter one.

        Raises
        ------
        ComputeError
            While running, where the clock skips or repeats the time that days or months lead to. To count
            24 hours for a day, add ``timedelta(days=1)`` instead.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import date
        >>> sk.from_dict({"d": [date(2024, 1, 31)]}).select(sk.col("d").dt.offset_by("1mo")).collect().item()
        datetime.date(2024, 2, 29)
        """

    @elementwise("dt.offset_by_clock", kernel=_offset_by_clock, raises=True)
    def _offset_by_clock(self, by: Operand, time_zone: str) -> Expr:
        """Move by a duration, on the clock of a zone."""

    @_temporal("month_start", DATE, raises=True)
    def month_start(self) -> Expr:
        """Go back to the first day of the month; the time of day stays.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import date
        >>> sk.from_dict({"d": [date(2024, 5, 17)]}).select(sk.col("d").dt.month_start()).collect().item()
        datetime.date(2024, 5, 1)
        """

    @_temporal("month_end", DATE, raises=True)
    def month_end(self) -> Expr:
        """Go to the last day of the month; the time of day stays.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import date
        >>> sk.from_dict({"d": [date(2024, 2, 1)]}).select(sk.col("d").dt.month_end()).collect().item()
        datetime.date(2024, 2, 29)
        """

    @_temporal("combine", DATE, TIME, check=_TIME_UNIT, raises=True)
    def combine(self, time: Operand, time_unit: str = "us") -> Expr:
        """Make a datetime of a date and a time of day.

        Parameters
        ----------
        time
            A ``datetime.time``, or an expression of type Time.
        time_unit
            ``"us"``, ``"ms"`` or ``"ns"``.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import date, time
        >>> frame = sk.from_dict({"d": [date(2024, 5, 1)]})
        >>> frame.select(sk.col("d").dt.combine(time(9, 30))).collect().item()
        datetime.datetime(2024, 5, 1, 9, 30)
        """

    def add_business_days(
        self,
        n: IntoExpr,
        *,
        week_mask: Iterable[bool] = _WEEK,
        holidays: Any = (),
        roll: str = "raise",
    ) -> Expr:
        """Move by working days.

        Parameters
        ----------
        n
            How many; back, where negative. A string names a column.
        week_mask
            Which days of the week are worked, from Monday.
        holidays
            Dates that are not worked, or an expression of type ``List(Date)``.
        roll
            What a date means that is not worked itself: ``"raise"``, ``"forward"`` or ``"backward"`` to
            the next one.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import date
        >>> frame = sk.from_dict({"d": [date(2024, 5, 31)]})
        >>> frame.select(sk.col("d").dt.add_business_days(1)).collect().item()
        datetime.date(2024, 6, 3)
        """
        return self._add_business_days(
            n, _holidays(holidays), week_mask=tuple(week_mask), roll=roll
        )

    @_temporal(
        "add_business_days",
        DATE,
        INTEGER,
        DATES,
        # Polars takes n in some types of integers only.
        kernel=lambda x, n, holidays, **o: x.dt.add_business_days(
            n.cast(pl.Int64), holidays=holidays, **o
        ),
        check=every(_working_week, choice("roll", "raise", "forward", "backward")),
        raises=lambda options: options["roll"] == "raise",
    )
    def _add_business_days(
        self, n: IntoExpr, holidays: Operand, *, week_mask: Any, roll: str
    ) -> Expr:
        """Move by working days."""

    def is_business_day(self, *, week_mask: Iterable[bool] = _WEEK, holidays: Any = ()) -> Expr:
        """Whether a day is worked.

        Parameters
        ----------
        week_mask
            Which days of the week are worked, from Monday.
        holidays
            Dates that are not worked, or an expression of type ``List(Date)``.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import date
        >>> frame = sk.from_dict({"d": [date(2024, 5, 31), date(2024, 6, 1)]})
        >>> frame.select(sk.col("d").dt.is_business_day()).collect()["d"].to_list()
        [True, False]
        """
        return self._is_business_day(_holidays(holidays), week_mask=tuple(week_mask))

    @_temporal(
        "is_business_day",
        DATE,
        DATES,
        kernel=lambda x, holidays, **o: x.dt.is_business_day(holidays=holidays, **o),
        check=_working_week,
    )
    def _is_business_day(self, holidays: Operand, *, week_mask: Any) -> Expr:
        """Whether a day is worked."""

    @_temporal("cast_time_unit", UNITS_OF_TIME, check=_TIME_UNIT)
    def cast_time_unit(self, time_unit: str) -> Expr:
        """Store in another unit; what it cannot hold is cut off.

        Parameters
        ----------
        time_unit
            ``"us"``, ``"ms"`` or ``"ns"``.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import datetime
        >>> frame = sk.from_dict({"t": [datetime(2024, 5, 1)]})
        >>> frame.select(sk.col("t").dt.cast_time_unit("ms")).schema["t"]
        Datetime(time_unit='ms', time_zone=None)
        """

    @_temporal("convert_time_zone", DATETIME, check=_one_zone)
    def convert_time_zone(self, time_zone: str) -> Expr:
        """Show the same moment on the clock of another zone; one without a zone counts as UTC.

        Parameters
        ----------
        time_zone
            A name of the time zone database, such as ``"Europe/Vienna"``.

        Raises
        ------
        InvalidOperationError
            Where there is no such zone; the message names the nearest.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import datetime
        >>> frame = sk.from_dict({"t": [datetime(2024, 5, 1, 12)]})
        >>> frame.select(sk.col("t").dt.convert_time_zone("Europe/Vienna").dt.hour()).collect().item()
        14
        """

    @_temporal(
        "replace_time_zone",
        DATETIME,
        TEXT,
        check=every(time_zone(), _ambiguous, _NON_EXISTENT),
        raises=True,
    )
    def replace_time_zone(
        self,
        time_zone: str | None,
        *,
        ambiguous: Operand = "raise",
        non_existent: str = "raise",
    ) -> Expr:
        """Keep what the clock shows and say in which zone it hangs.

        Parameters
        ----------
        time_zone
            A name of the time zone database; None takes the zone away.
        ambiguous
            What a time means that the clock shows twice, in autumn: ``"raise"``, ``"earliest"``,
            ``"latest"`` or ``"null"``, or an expression of these.
        non_existent
            What a time means that the clock skips, in spring: ``"raise"`` or ``"null"``.

        Raises
        ------
        InvalidOperationError
            Where there is no such zone; the message names the nearest.
        ComputeError
            While running, in gaps and folds, unless the options say otherwise.

        Examples
        --------
        >>> import scalekit as sk
        >>> from datetime import datetime
        >>> frame = sk.from_dict({"t": [datetime(2024, 3, 31, 2, 30)]})
        >>> local = sk.col("t").dt.replace_time_zone("Europe/Vienna", non_existent="null")
        >>> frame.select(local).collect().item() is None
        True
        """
