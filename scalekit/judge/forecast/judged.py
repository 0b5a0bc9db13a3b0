"""How a protocol of task ``"forecast"`` judges: the rows with what was known of their series before them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scalekit.frame.frame import Frame
from scalekit.judge.forecast.naive import Target, with_naive_forecasts
from scalekit.judge.forecast.periods import Periods, periods_of
from scalekit.judge.forecast.windows import rolling_windows, tiled_windows
from scalekit.judge.protocol.columns import check_columns
from scalekit.judge.protocol.protocol import Protocol
from scalekit.judge.protocol.rows import cut_offs_of
from scalekit.learn.time_split import before


@dataclass(frozen=True, eq=False)
class Rolling:
    """Folds of a protocol, for an estimator that is fitted anew at each origin.

    Attributes
    ----------
    trains
        What is fitted on, for each fold.
    rows
        The rows of all tests together, with the columns of :data:`~scalekit.judge.forecast.naive.ADDED`;
        ``WINDOW`` is the number of the fold.
    """

    trains: tuple[Frame, ...]
    rows: Frame


def with_history(frame: Frame, protocol: Protocol, *, test_from: Any = None) -> Frame:
    """All rows, each with its window, its horizon, what naive forecasts say of it, and the scales of its series.

    Time is cut in windows of ``protocol.horizon`` periods, one of which begins with the test rows. A naive forecast of
    a row knows its series up to the start of the row's window, less the split's gap. Scales are those of the rows before
    the test.

    Parameters
    ----------
    frame
        A row for each series and period; columns may be added to it, as its role is.
    protocol
        Of task ``"forecast"``.
    test_from
        The time of the first test row; by default the cut-off of the protocol's split in this frame.

    Returns
    -------
    Frame
        The frame's columns and those of :data:`~scalekit.judge.forecast.naive.ADDED`, for every row of it.
        ``protocol.block`` are the columns of its blocks: a series in a window.

    Raises
    ------
    InvalidOperationError
        Where a series has several rows in one period, or the split by time would be empty.
    ColumnNotFoundError
        Where the frame lacks a column.
    """
    check_columns(protocol, frame)
    periods = periods_of(frame, str(protocol.time), protocol.period)
    moment = cut_offs_of(protocol, frame).to_test if test_from is None else test_from
    start = periods.index(moment)
    horizon = protocol.horizon or 1
    windows = tiled_windows(len(periods), start, horizon, _known(periods, protocol))
    first = next((one for one in windows if one.number == 0), windows[-1])
    span = (0, first.train_end)
    spans = {one.number: span for one in windows}
    return with_naive_forecasts(frame, periods, target_of(protocol), windows, spans)


def rolling(frame: Frame, protocol: Protocol) -> Rolling:
    """Folds with a rolling origin over all rows: ``protocol.split.folds`` of them, each of ``horizon`` periods.

    Parameters
    ----------
    frame
        A row for each series and period.
    protocol
        Of task ``"forecast"``; folds are 5 where it says nothing, and its gap lies before each test.

    Raises
    ------
    InvalidOperationError
        Where there are too few periods, or a series has several rows in one of them.
    """
    check_columns(protocol, frame)
    periods = periods_of(frame, str(protocol.time), protocol.period)
    known = _known(periods, protocol)
    horizon = protocol.horizon or 1
    last = len(periods) - horizon
    gap = last - known(last) if last > 0 else 0
    windows = rolling_windows(len(periods), horizon=horizon, folds=protocol.split.folds, gap=gap)
    trains = [periods.rows(frame, one.train_start, one.train_end) for one in windows]
    return Rolling(
        tuple(trains), with_naive_forecasts(frame, periods, target_of(protocol), windows)
    )


def target_of(protocol: Protocol) -> Target:
    """What a protocol forecasts."""
    return Target(protocol.target, protocol.series, protocol.season or 1)


def _known(periods: Periods, protocol: Protocol) -> Callable[[int], int]:
    """From the start of a window to the first period that is not known then: a gap earlier."""
    gap = protocol.split.gap

    def known(start: int) -> int:
        if gap is None or start >= len(periods):
            return start
        return periods.index(before(periods.starts[start], gap, periods.starts.dtype))

    return known
