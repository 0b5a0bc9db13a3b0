"""TransformedTargetRegressor: a transformer of the target, then a regressor on what it gives."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.linear_model import LinearRegression

from scalekit.learn.passes.data import Data
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.steps import as_columns, target_as_features
from scalekit.learn.strategies.members import fit_whole, is_estimator, standing_in, thawed
from scalekit.learn.strategies.strategy import Strategy


def transformed_target(estimator: Any, data: Data) -> Steps:
    """The transformer sees the target as a matrix, without weights; the regressor all rows with another target."""
    pairs = []
    if is_estimator(estimator.transformer):
        transformer = yield from target_as_features(data).fit(estimator.transformer)
        pairs.append((estimator.transformer, transformer))
    else:
        transformer = _function(estimator, data)
    regressor = estimator.regressor
    rows = data.with_target(_transformed, transformer, data.y_example.ndim)
    fitted = yield from rows.fit(LinearRegression() if regressor is None else regressor)
    if regressor is not None:
        pairs.append((regressor, fitted))
    with standing_in(pairs):
        fit_whole(estimator, data)
    estimator.regressor_ = fitted
    estimator.transformer_ = thawed(estimator.transformer_)
    return estimator


def _function(estimator: Any, data: Data) -> Any:
    """The FunctionTransformer that the estimator makes of its functions; it warns where they are not inverse."""
    bare = type(estimator)(
        func=estimator.func, inverse_func=estimator.inverse_func, check_inverse=estimator.check_inverse
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        bare.fit(np.zeros((len(data.y_example), 1)), data.y_example)
    return bare.transformer_


def _transformed(y: Any, transformer: Any, dimensions: int) -> Any:
    found = transformer.transform(as_columns(y))
    return found[:, 0] if found.ndim == 2 and found.shape[1] == 1 and dimensions == 1 else found


def _members(estimator: Any) -> list[tuple[str, Any]]:
    regressor = LinearRegression() if estimator.regressor is None else estimator.regressor
    members = [("transformer", estimator.transformer), ("regressor", regressor)]
    return [(name, member) for name, member in members if is_estimator(member)]


STRATEGIES: Mapping[str, Strategy] = {
    "TransformedTargetRegressor": Strategy(
        "composed", "exact", "those of its transformer, then of its regressor", transformed_target, members=_members
    ),
}  # fmt: skip
