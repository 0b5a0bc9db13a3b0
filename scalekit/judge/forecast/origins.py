"""Folds with a rolling origin: fit on what was known then, forecast what came next, roll on."""

from __future__ import annotations

from scalekit.frame.frame import Frame
from scalekit.frame.tracebacks import folded
from scalekit.judge.forecast.periods import periods_of
from scalekit.judge.forecast.windows import rolling_windows
from scalekit.learn.arguments import check_frame
from scalekit.learn.split import Fold


@folded
def rolling_origin(
    frame: Frame,
    *,
    time: str,
    horizon: int,
    window: str = "expanding",
    folds: int | None = None,
    gap: int = 0,
    step: int | None = None,
    initial: int | None = None,
    period: str | None = None,
) -> tuple[Fold, ...]:
    """Folds for forecasts: each trains on the periods before an origin and is validated on those after it.

    All series are cut at the same times. The origins are found by one small query **when this is called**; the frames
    are lazy, and have the same rows on every backend.

    Parameters
    ----------
    frame
        A row for each series and period.
    time
        The column of time: dates, timestamps or numbers.
    horizon
        How many periods ahead: the length of each ``valid``.
    window
        ``"expanding"``: training begins with the first period; ``"sliding"``: it has ``initial`` periods.
    folds
        How many; the last one's ``valid`` ends with the last period. By default as many as fit after ``initial``, or 5.
    gap
        Periods left out between ``train`` and ``valid``: what is not yet known when a forecast is made.
    step
        Periods from one origin to the next; by default ``horizon``, so that no row is validated on twice.
    initial
        Periods of training: at the least where windows expand, exactly where they slide.
    period
        The length of a period on the calendar, such as ``"1mo"``; periods without rows then count too. By default each
        distinct time is one.

    Returns
    -------
    tuple of Fold
        ``(train, valid)`` for each origin, the earliest first.

    Raises
    ------
    SchemaError
        Where ``time`` has no order.
    InvalidOperationError
        Where there are too few periods, or an argument has no meaning.

    Notes
    -----
    The words are those of sktime's ``ExpandingWindowSplitter`` and ``SlidingWindowSplitter``, whose ``initial_window``
    (``window_length``), ``step_length`` and ``fh=1..horizon`` are ``initial``, ``step`` and ``horizon`` here.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"month": list(range(10)), "sales": list(range(10))})
    >>> for train, valid in sk.rolling_origin(frame, time="month", horizon=2, folds=2):
    ...     print(train.collect().height, valid.collect()["month"].to_list())
    6 [6, 7]
    8 [8, 9]
    """
    check_frame(frame, "rolling_origin")
    periods = periods_of(frame, time, period)
    windows = rolling_windows(
        len(periods),
        horizon=horizon,
        window=window,
        folds=folds,
        gap=gap,
        step=step,
        initial=initial,
    )
    return tuple(
        Fold(
            periods.rows(frame, one.train_start, one.train_end),
            periods.rows(frame, one.test_start, one.test_end),
        )
        for one in windows
    )
