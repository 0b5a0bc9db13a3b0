"""What a model is held against: the best constant, and a linear model on default preprocessing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from scalekit.errors import InvalidOperationError
from scalekit.expr.builders import col
from scalekit.frame.frame import Frame
from scalekit.judge.judged import OF_CLASSES, Constant
from scalekit.judge.protocol.protocol import Protocol
from scalekit.learn.arguments import schema
from scalekit.learn.fit import fit

MEDIAN_IS_BEST = ("mae", "median_ae", "p90_ae", "d2_absolute_error", "wape", "mase")
"""Metrics for which the best constant is the median, not the mean."""

MOST_CATEGORIES = 50
"""Columns of a one-hot encoded text in the linear baseline; rarer values share the last."""


def dummy_of_classes(weights: Mapping[Any, float], classes: Sequence[Any]) -> Constant:
    """The share of each class; that of the positive one of two."""
    total = sum(weights.values())
    shares = tuple(float(weights.get(label, 0.0)) / (total or 1.0) for label in classes)
    return _constant(shares[1:] if len(shares) == 2 else shares)


def dummy_of_numbers(frame: Frame, mean: float, protocol: Protocol) -> Constant:
    """The best constant by the primary metric: the mean, the median or the quantiles of the target.

    Parameters
    ----------
    frame
        The rows to learn it from; read for medians and quantiles only.
    mean
        Of the target in these rows, weighted.
    protocol
        By what models are judged.
    """
    if protocol.task == "quantile":
        return _constant(_quantiles(frame, protocol.target, protocol.quantiles))
    if protocol.primary in MEDIAN_IS_BEST:
        return _constant(_quantiles(frame, protocol.target, (0.5,)))
    return _constant((mean,))


def _constant(values: Sequence[float]) -> Constant:
    """To twelve digits: backends add floats in different orders, and all have the same dummy."""
    return Constant(tuple(float(f"{value:.12g}") for value in values))


def _quantiles(frame: Frame, target: str, quantiles: Sequence[float]) -> tuple[float, ...]:
    y = col(target).cast(pl.Float64)
    found = frame.select(
        **{str(place): y.quantile(q, "linear") for place, q in enumerate(quantiles)}
    ).collect()
    return tuple(float(value) for value in found.row(0))


def linear_baseline(frame: Frame, protocol: Protocol, features: Sequence[str]) -> Any:
    """A linear model of numbers, yes-or-no columns and texts: imputed, scaled, one-hot encoded; fitted by :func:`scalekit.fit`.

    Parameters
    ----------
    frame
        The training rows.
    protocol
        Its task decides the last step: LogisticRegression, Ridge, PoissonRegressor or QuantileRegressor.
    features
        Columns that it may read; those of other types are left out.

    Raises
    ------
    InvalidOperationError
        Where none of them is a number, yes or no, or text.
    """
    known = schema(frame)
    numbers = [name for name in features if _is_number(known[name])]
    texts = [name for name in features if _is_text(known[name])]
    if not numbers and not texts:
        raise InvalidOperationError("no feature is a number or a text")
    if protocol.task == "quantile":
        return {q: _fitted(frame, protocol, numbers, texts, q) for q in protocol.quantiles}
    return _fitted(frame, protocol, numbers, texts, None)


def _fitted(
    frame: Frame, protocol: Protocol, numbers: list[str], texts: list[str], quantile: float | None
) -> Any:
    from sklearn.pipeline import make_pipeline

    pipeline = make_pipeline(_preprocessing(numbers, texts), _last_step(protocol.task, quantile))
    return fit(
        pipeline, frame, target=protocol.target, features=[*numbers, *texts],
        sample_weight=protocol.weight, on_unsupported="sample",
    )  # fmt: skip


def _preprocessing(numbers: list[str], texts: list[str]) -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    scaled = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler())
    encoded = OneHotEncoder(
        handle_unknown="infrequent_if_exist", max_categories=MOST_CATEGORIES, sparse_output=False
    )
    steps = [("number", scaled, numbers), ("text", encoded, texts)]
    return ColumnTransformer([step for step in steps if step[2]])


def _last_step(task: str, quantile: float | None) -> Any:
    from sklearn.linear_model import (
        LogisticRegression,
        PoissonRegressor,
        QuantileRegressor,
        Ridge,
    )

    if task in OF_CLASSES:
        return LogisticRegression(max_iter=1000)
    if task == "quantile":
        return QuantileRegressor(quantile=quantile, alpha=0.0)
    return PoissonRegressor(max_iter=1000) if task == "count" else Ridge()


def _is_number(dtype: pl.DataType) -> bool:
    return dtype.is_numeric() or dtype == pl.Boolean


def _is_text(dtype: pl.DataType) -> bool:
    return dtype in (pl.String, pl.Categorical, pl.Enum)
