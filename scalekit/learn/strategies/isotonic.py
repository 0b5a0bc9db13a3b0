"""IsotonicRegression, from the sums of the target for each value of X."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import atanh, sqrt, tanh
from typing import Any
from warnings import warn

import numpy as np
import polars as pl
from sklearn.utils import check_array

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.template import fitted_on
from scalekit.learn.strategies.strategy import Strategy


def isotonic_regression(estimator: Any, data: Data) -> Steps:
    """The genuine fit on the means of the target, each with its weight."""
    fitted_on(estimator, data.example, data.y_example)  # refuses more columns than one
    dtype = estimator.X_thresholds_.dtype
    is_open = estimator.increasing == "auto"
    keys = ("x", "y") if is_open else ("x",)
    found: Sums = yield data.ask(sum_up, joined_sums, keys, what="means of the target")
    table = found.table
    if is_open:
        estimator.set_params(increasing=_is_increasing(table))
    points = table.filter(pl.col("weight") > 0).group_by("x").agg(pl.col("weight", "total").sum())
    points = points.sort("x")
    x, weight = points["x"].to_numpy().astype(dtype), points["weight"].to_numpy()
    estimator.fit(x, points["total"].to_numpy() / weight, weight)
    if is_open:
        estimator.increasing_ = np.bool_(estimator.increasing)
        estimator.set_params(increasing="auto")
    return estimator


@dataclass(frozen=True)
class Sums:
    """For each value of X, or of X and the target: rows, their weight, and the weighted sum of the target.

    ``late`` are sums of other rows, which are added as soon as there are as many.
    """

    keys: tuple[str, ...]
    known: pl.DataFrame
    late: tuple[pl.DataFrame, ...] = ()

    @property
    def table(self) -> pl.DataFrame:
        """The sums of all rows."""
        return _summed(pl.concat([self.known, *self.late]), self.keys)


def sum_up(batch: Batch, keys: tuple[str, ...]) -> Sums:
    """Those of some rows."""
    x = check_array(batch.X, input_name="X", dtype=[np.float64, np.float32], ensure_2d=False)
    y = check_array(batch.y, input_name="y", dtype=x.dtype, ensure_2d=False)
    weight = np.where(batch.weights > 0, batch.weights, 0.0)
    y64 = y.astype(np.float64)
    columns = {"x": x.reshape(-1).astype(np.float64), "y": y64, "rows": np.ones(len(y64))}
    table = pl.DataFrame({**columns, "weight": weight, "total": weight * y64})
    return Sums(keys, _summed(table, keys))


def _summed(table: pl.DataFrame, keys: tuple[str, ...]) -> pl.DataFrame:
    found = table.group_by(*keys, maintain_order=True)
    return found.agg(pl.col("rows", "weight", "total").sum())


def joined_sums(left: Sums, right: Sums) -> Sums:
    """Those of the rows of both."""
    late = (*left.late, right.known, *right.late)
    found = Sums(left.keys, left.known, late)
    if sum(len(table) for table in late) < len(left.known):
        return found
    return Sums(left.keys, found.table)


def _is_increasing(table: pl.DataFrame) -> bool:
    """The sign of Spearman's correlation, with scikit-learn's warning where it may be chance."""
    rows = table["rows"].to_numpy()
    x, y = (_ranks(table, name) for name in ("x", "y"))
    count = rows.sum()
    x, y = x - rows @ x / count, y - rows @ y / count
    with np.errstate(invalid="ignore"):
        rho = float(rows @ (x * y) / np.sqrt((rows @ x**2) * (rows @ y**2)))
    if abs(rho) < 1 and count > 3:
        middle, error = atanh(rho), 1.96 / sqrt(count - 3)
        if np.sign(tanh(middle - error)) != np.sign(tanh(middle + error)):
            warn(
                "Confidence interval of the Spearman correlation coefficient spans zero. Determination of "
                "``increasing`` may be suspect.",
                stacklevel=2,
            )
    return rho >= 0


def _ranks(table: pl.DataFrame, name: str) -> Array:
    """The rank of each value in the order of all rows: the mean of those that are alike."""
    values, place = np.unique(table[name].to_numpy(), return_inverse=True)
    rows = np.bincount(place, table["rows"].to_numpy(), len(values))
    return (np.cumsum(rows) - (rows - 1) / 2)[place]


STRATEGIES: Mapping[str, Strategy] = {
    "IsotonicRegression": Strategy(
        "statistics", "exact", "1", isotonic_regression,
        note="a mean for each different value of X is brought here: round X where it has as many as rows",
    ),
}  # fmt: skip
