"""Naive forecasts: what each row's series was last, what it was a season ago, and by how much that is usually wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from scalekit.errors import InvalidOperationError
from scalekit.expr.builders import col, lit, when
from scalekit.expr.shortcuts import len as count_rows
from scalekit.frame.frame import Frame
from scalekit.io.combine import concat
from scalekit.io.memory import from_polars
from scalekit.judge.forecast.periods import Periods
from scalekit.judge.forecast.windows import Window
from scalekit.judge.protocol.names import HORIZON, WINDOW

LAST_VALUE = "__scalekit_last_value"
"""The last value of the row's series that was known, Float64; null where there was none."""

SEASONAL_NAIVE = "__scalekit_seasonal_naive"
"""The last known value at the same place of the season; the last value where there was none."""

SCALE = "__scalekit_scale"
"""What MASE divides by: mean |y[t] - y[t - season]| of the series' training; null where it is 0 or unknown."""

SQUARED_SCALE = "__scalekit_squared_scale"
"""What RMSSE divides by: the mean of their squares."""

NAIVE = {"last_value": LAST_VALUE, "seasonal_naive": SEASONAL_NAIVE}
"""Names of baselines, and their columns."""

ADDED = (WINDOW, HORIZON, SCALE, SQUARED_SCALE, LAST_VALUE, SEASONAL_NAIVE)

_INDEX, _START, _LAST_KNOWN = "__scalekit_index", "__scalekit_start", "__scalekit_last_known"
_SPAN, _PLACE, _ONE = "__scalekit_span", "__scalekit_place", "__scalekit_one"
_Y, _BEFORE = "__scalekit_y", "__scalekit_before"
_INTEGER = pl.Int32

Span = tuple[int, int]


@dataclass(frozen=True)
class Target:
    """What is forecast.

    Attributes
    ----------
    name
        The column of the target.
    series
        The columns that tell one series from another; empty where there is one.
    season
        Periods after which a season returns; 1 where there is none.
    """

    name: str
    series: tuple[str, ...] = ()
    season: int = 1

    @property
    def keys(self) -> list[str]:
        """Columns to join by, at least one."""
        return list(self.series) or [_ONE]


def with_naive_forecasts(
    frame: Frame,
    periods: Periods,
    target: Target,
    windows: Sequence[Window],
    spans: Mapping[int, Span] | None = None,
) -> Frame:
    """The rows that windows forecast, each with its window, horizon, naive forecasts and scales.

    Parameters
    ----------
    frame
        A row for each series and period.
    periods
        Of the frame.
    target
        What is forecast.
    windows
        A row that is in several of them stands there several times.
    spans
        Number of a window -> the periods, from and to before, whose differences its scales are made of; by default
        its training.

    Returns
    -------
    Frame
        The columns of the frame, and :data:`ADDED`.

    Raises
    ------
    InvalidOperationError
        Where a series has several rows in one period.
    """
    columns = frame.columns
    if not target.series:
        frame = frame.with_columns(lit(0, _INTEGER).alias(_ONE))
    frame = frame.with_columns(periods.of_row.alias(_START))
    _check_unique(frame, target)
    of_window = {one.number: (one.train_start, one.train_end) for one in windows} | dict(
        spans or {}
    )
    numbers = {span: number for number, span in enumerate(sorted(set(of_window.values())))}
    table = _table(periods, target, windows, {w: numbers[span] for w, span in of_window.items()})
    history = _history(frame, periods, target)
    rows = frame.join(from_polars(table), on=_START, how="inner")
    rows = _with_last_values(rows, history, target)
    rows = rows.join(_scales(history, target, numbers), on=[*target.keys, _SPAN], how="left")
    return rows.select(*columns, *ADDED)


def _check_unique(frame: Frame, target: Target) -> None:
    by = [*target.keys, _START]
    several = frame.group_by(*by).agg(n=count_rows()).filter(col("n") > 1).select(n=count_rows())
    if count := several.collect().item():
        what = (
            f"series {', '.join(map(repr, target.series))}" if target.series else "the one series"
        )
        raise InvalidOperationError(
            f"{count:,} periods of {what} have more than one row: name the columns that tell series apart in "
            "series=, or sum the rows of a period with group_by() first"
        )


def _table(
    periods: Periods, target: Target, windows: Sequence[Window], spans: Mapping[int, int]
) -> pl.DataFrame:
    """A row for each window and period of its test."""
    found = [
        (index, one.number, index - one.train_end + 1, one.train_end - 1, spans[one.number])
        for one in windows
        for index in range(one.test_start, one.test_end)
    ]
    names = (_INDEX, WINDOW, HORIZON, _LAST_KNOWN, _SPAN)
    table = pl.DataFrame(found, schema=dict.fromkeys(names, _INTEGER), orient="row")
    starts = periods.starts.gather(table[_INDEX]).alias(_START)
    return table.with_columns(starts, (pl.col(_INDEX) % target.season).alias(_PLACE))


def _history(frame: Frame, periods: Periods, target: Target) -> Frame:
    """Every known value of every series with the number of its period, in order."""
    numbered = pl.DataFrame({_START: periods.starts}).with_columns(
        pl.int_range(pl.len(), dtype=_INTEGER).alias(_INDEX)
    )
    value = col(target.name).cast(pl.Float64).alias(_Y)
    known = frame.select(*target.keys, _START, value).filter(col(_Y).is_finite())
    rows = known.join(from_polars(numbered), on=_START, how="inner")
    return rows.select(*target.keys, _INDEX, _Y).sort(*target.keys, _INDEX)


def _with_last_values(rows: Frame, history: Frame, target: Target) -> Frame:
    """The last known value, and the last at the same place of the season."""
    latest = history.rename({_Y: LAST_VALUE})
    rows = rows.drop(_INDEX).join_asof(latest, left_on=_LAST_KNOWN, right_on=_INDEX, by=target.keys)
    if target.season == 1:
        return rows.with_columns(col(LAST_VALUE).alias(SEASONAL_NAIVE))
    placed = history.with_columns((col(_INDEX) % target.season).alias(_PLACE))
    placed = placed.rename({_Y: SEASONAL_NAIVE})
    rows = rows.drop(_INDEX, strict=False).join_asof(
        placed, left_on=_LAST_KNOWN, right_on=_INDEX, by=[*target.keys, _PLACE]
    )
    return rows.with_columns(col(SEASONAL_NAIVE).fill_null(col(LAST_VALUE)))


def _scales(history: Frame, target: Target, spans: Mapping[Span, int]) -> Frame:
    """For each series and span, the mean absolute and mean squared difference from a season before."""
    before = history.select(
        *target.keys, (col(_INDEX) + target.season).alias(_INDEX), col(_Y).alias(_BEFORE)
    )
    pairs = history.join(before, on=[*target.keys, _INDEX], how="inner").select(
        *target.keys, _INDEX, (col(_Y) - col(_BEFORE)).alias(_Y)
    )
    found = [
        pairs.filter((col(_INDEX) >= start + target.season) & (col(_INDEX) < end))
        .group_by(*target.keys)
        .agg(col(_Y).abs().mean().alias(SCALE), (col(_Y) * col(_Y)).mean().alias(SQUARED_SCALE))
        .with_columns(lit(number, _INTEGER).alias(_SPAN))
        for (start, end), number in spans.items()
    ]
    return concat(found).with_columns(
        when(col(name) > 0).then(col(name)).alias(name) for name in (SCALE, SQUARED_SCALE)
    )
