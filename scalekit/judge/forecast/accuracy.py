"""How far forecasts are off: MASE, RMSSE, WAPE, bias and pinball, of all rows, by series, by horizon or by any columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import polars as pl

from scalekit.errors import ColumnNotFoundError, InvalidOperationError
from scalekit.expr.builders import col, lit, when
from scalekit.expr.expr import Expr
from scalekit.expr.horizontal import any_horizontal, mean_horizontal
from scalekit.frame.frame import Frame
from scalekit.io.combine import concat
from scalekit.judge.forecast.naive import SCALE, SQUARED_SCALE
from scalekit.learn.arguments import schema

Forecasts: TypeAlias = "str | Mapping[float, str]"

_Y, _ERROR, _LOSS = "__scalekit_y", "__scalekit_error", "__scalekit_loss_"
_SCALE, _SQUARED_SCALE = "__scalekit_by_scale", "__scalekit_by_squared_scale"
_ROWS, _COUNTED = "__scalekit_rows", "__scalekit_counted"
_ABSOLUTE, _SQUARED = "__scalekit_absolute", "__scalekit_squared"

METRICS = ("mase", "rmsse", "wape", "bias", "mae", "rmse", "pinball")


def accuracy(
    frame: Frame,
    forecasts: Mapping[str, Forecasts],
    *,
    target: str,
    by: Sequence[str] = (),
    scale: str = SCALE,
    squared_scale: str = SQUARED_SCALE,
) -> Frame:
    """Metrics of forecasts, for each model and group of rows, lazily.

    Parameters
    ----------
    frame
        Rows with a target, forecasts, and the scales of
        :func:`~scalekit.judge.forecast.naive.with_naive_forecasts`.
    forecasts
        Name of a model -> its column, or a mapping from quantiles between 0 and 1 to columns; of these, the median is
        the forecast that the other metrics judge, where there is one.
    target
        The column of what was.
    by
        Columns whose groups are told apart, such as the series' or :data:`~scalekit.judge.forecast.naive.HORIZON`.
    scale, squared_scale
        The columns of the scales.

    Returns
    -------
    Frame
        Columns ``by``, ``model`` (text), ``n`` (rows with a target and a forecast, UInt32) and, as Float64:

        ===========  =====================================================================
        ``mase``     mean of ``|error| / scale`` (Hyndman and Koehler, 2006)
        ``rmsse``    root of the mean of ``error^2 / squared scale`` (M5 competition, 2020)
        ``wape``     sum of ``|error|`` / sum of ``|target|``
        ``bias``     mean of ``forecast - target``
        ``mae``      mean of ``|error|``
        ``rmse``     root of the mean of ``error^2``
        ``pinball``  mean over rows and quantiles of ``q (y - f)`` above f, ``(1 - q) (f - y)`` below
        ===========  =====================================================================

        Rows without a scale (their series never changed, or has no history) count in all but the first two. Where a metric
        has no rows, or is divided by 0, it is null.

    Raises
    ------
    ColumnNotFoundError
        Where a column does not exist.
    InvalidOperationError
        Where there is no forecast, or a quantile is none.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit.judge.forecast.accuracy import accuracy
    >>> frame = sk.from_dict({"y": [1.0, 3.0], "f": [2.0, 1.0], "s": [2.0, 4.0], "s2": [4.0, 16.0]})
    >>> found = accuracy(frame, {"model": "f"}, target="y", scale="s", squared_scale="s2")
    >>> found.select("mase", "wape", "bias").collect().row(0)
    (0.5, 0.75, -0.5)
    """
    if not forecasts:
        raise InvalidOperationError("there is no forecast: name one, as in {'model': 'column'}")
    _check_columns(frame, forecasts, (target, scale, squared_scale, *by))
    return concat(
        [
            _of_model(frame, name, one, target, by, (scale, squared_scale))
            for name, one in forecasts.items()
        ]
    )


def _check_columns(frame: Frame, forecasts: Mapping[str, Forecasts], others: Sequence[str]) -> None:
    known = list(schema(frame))
    names = [*others]
    for name, one in forecasts.items():
        if isinstance(one, str):
            names.append(one)
            continue
        if not one or any(isinstance(q, bool) or not 0 < q < 1 for q in one):
            raise InvalidOperationError(f"{name}: quantiles are between 0 and 1, got {list(one)}")
        names.extend(one.values())
    if missing := [name for name in names if name not in known]:
        raise ColumnNotFoundError.missing(missing, known)


def _of_model(
    frame: Frame,
    model: str,
    forecast: Forecasts,
    target: str,
    by: Sequence[str],
    scales: tuple[str, str],
) -> Frame:
    y = col(target).cast(pl.Float64)
    quantiles = {} if isinstance(forecast, str) else dict(forecast)
    point = forecast if isinstance(forecast, str) else quantiles.get(0.5)
    f = (lit(None) if point is None else col(point)).cast(pl.Float64)
    scale, squared_scale = (col(name).cast(pl.Float64) for name in scales)
    losses = [_pinball(y, q, name) for q, name in quantiles.items()]
    rows = frame.select(
        *by, _finite(y).alias(_Y), _finite(f - y).alias(_ERROR), scale.alias(_SCALE),
        squared_scale.alias(_SQUARED_SCALE),
        *(loss.alias(f"{_LOSS}{place}") for place, loss in enumerate(losses)),
    )  # fmt: skip
    sums = _sums(len(losses))
    found = rows.group_by(*by).agg(*sums) if by else rows.select(*sums)
    return found.select(*by, lit(model).alias("model"), *_metrics(len(losses)))


def _sums(losses: int) -> list[Expr]:
    """What the metrics are made of."""
    error, y = col(_ERROR), col(_Y)
    is_known = error.is_not_null()
    names = [f"{_LOSS}{place}" for place in range(losses)]
    counted = any_horizontal(is_known, *(col(name).is_not_null() for name in names))
    sums = {
        _COUNTED: counted.sum(),
        _ROWS: is_known.sum(),
        _ERROR: error.sum(),
        _ABSOLUTE: error.abs().sum(),
        _SQUARED: (error * error).sum(),
        _Y: when(is_known).then(y.abs()).sum(),
        _SCALE: (error.abs() / col(_SCALE)).mean(),
        _SQUARED_SCALE: (error * error / col(_SQUARED_SCALE)).mean(),
    }
    return [expr.alias(name) for name, expr in sums.items()] + [col(name).mean() for name in names]


def _metrics(losses: int) -> list[Expr]:
    """The columns of the answer, of the sums."""
    rows = col(_ROWS)
    pinball = [col(f"{_LOSS}{place}") for place in range(losses)]
    found = {
        "mase": col(_SCALE),
        "rmsse": col(_SQUARED_SCALE).sqrt(),
        "wape": _ratio(col(_ABSOLUTE), col(_Y)),
        "bias": _ratio(col(_ERROR), rows),
        "mae": _ratio(col(_ABSOLUTE), rows),
        "rmse": _ratio(col(_SQUARED), rows).sqrt(),
        "pinball": mean_horizontal(*pinball) if pinball else lit(None),
    }
    metrics = [found[name].cast(pl.Float64).alias(name) for name in METRICS]
    return [col(_COUNTED).cast(pl.UInt32).alias("n"), *metrics]


def _pinball(y: Expr, quantile: float, name: str) -> Expr:
    above = y - col(name).cast(pl.Float64)
    return _finite(when(above >= 0).then(above * quantile).otherwise(above * (quantile - 1)))


def _finite(value: Expr) -> Expr:
    return when(value.is_finite()).then(value)


def _ratio(top: Expr, bottom: Expr) -> Expr:
    return when(bottom > 0).then(top / bottom)
