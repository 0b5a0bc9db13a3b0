"""Windows in time: which periods a forecast is made from, and which it is made for, by counting alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scalekit.errors import InvalidOperationError

FOLDS = 5
"""Where neither a number of folds nor the first training periods are given."""


@dataclass(frozen=True)
class Window:
    """One origin: periods are numbered from 0, and each span goes from a number to before another.

    Attributes
    ----------
    number
        Of the window; windows before the first one of interest have negative numbers.
    train_start, train_end
        What is known. A gap lies between its end and the start of the test.
    test_start, test_end
        What is forecast.
    """

    number: int
    train_start: int
    train_end: int
    test_start: int
    test_end: int


def rolling_windows(
    count: int,
    *,
    horizon: int,
    window: str = "expanding",
    folds: int | None = None,
    gap: int = 0,
    step: int | None = None,
    initial: int | None = None,
) -> tuple[Window, ...]:
    """Windows whose origin rolls forward, as ``ExpandingWindowSplitter`` and ``SlidingWindowSplitter`` of sktime cut them.

    Parameters
    ----------
    count
        Number of periods.
    horizon
        Periods of a test.
    window
        ``"expanding"``: training begins with the first period; ``"sliding"``: it has ``initial`` periods.
    folds
        Number of windows: the last ends with the last period. None: as many as fit after ``initial`` periods of
        training, counted from the first period.
    gap
        Periods between training and test.
    step
        Periods from one origin to the next; by default ``horizon``, so that tests do not overlap.
    initial
        Periods of training: at the least of expanding windows, exactly of sliding ones. By default what the first fold has.

    Raises
    ------
    InvalidOperationError
        Where an argument has no meaning, or there are too few periods.

    Examples
    --------
    >>> [(w.train_end, w.test_start, w.test_end) for w in rolling_windows(10, horizon=2, folds=3)]
    [(4, 4, 6), (6, 6, 8), (8, 8, 10)]
    """
    _check(horizon=horizon, folds=folds, gap=gap, step=step, initial=initial, window=window)
    step = horizon if step is None else step
    if folds is None and initial is None:
        folds = FOLDS
    if folds is None:
        starts = list(range((initial or 0) + gap, count - horizon + 1, step))
        folds = max(len(starts), 1)
    else:
        starts = [count - horizon - (folds - 1 - i) * step for i in range(folds)]
    least = initial or 1
    if not starts or starts[0] - gap < least:
        needed = least + gap + (folds - 1) * step + horizon
        raise InvalidOperationError(
            f"{folds} folds with horizon={horizon}, step={step}, gap={gap} and {least} periods of training need "
            f"{needed} periods, and there are {count}: take fewer folds, or a smaller horizon, step or initial="
        )
    length = initial or starts[0] - gap
    is_sliding = window == "sliding"
    return tuple(
        Window(i, s - gap - length if is_sliding else 0, s - gap, s, s + horizon)
        for i, s in enumerate(starts)
    )


def tiled_windows(
    count: int, start: int, horizon: int, known: Callable[[int], int]
) -> tuple[Window, ...]:
    """Windows of ``horizon`` periods side by side over all periods, one of which begins at ``start``: number 0.

    Parameters
    ----------
    count
        Number of periods.
    start
        The first period of the test.
    horizon
        Periods of a window.
    known
        From the start of a window, up to which period values are known then.
    """
    first = -(-start // horizon)
    last = -(-(count - start) // horizon)
    windows = []
    for number in range(-first, last):
        begin = start + number * horizon
        known_end = max(known(begin), 0) if begin > 0 else 0
        inside = (max(begin, 0), min(begin + horizon, count))
        windows.append(Window(number, 0, known_end, *inside))
    return tuple(windows)


def _check(window: str, **counts: int | None) -> None:
    if window not in ("expanding", "sliding"):
        raise InvalidOperationError(f"unknown window={window!r}; known: expanding, sliding")
    for name, value in counts.items():
        least = 0 if name == "gap" else 1
        if value is None and name not in ("horizon", "gap"):
            continue
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise InvalidOperationError(
                f"{name}={value!r}: a whole number of periods, {least} or more"
            )
