"""A few rows that have the means and cross products of all: what depends on these only is fitted on them as on all.

Rows ``r / sqrt(2)`` and ``-r / sqrt(2)`` for each row ``r`` of a factor have mean 0 and the same centred cross products
as all rows; they are as all rows turned around the mean. Fits of least squares, paths along their penalties, and
decompositions give the same on both, and take the same steps.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scalekit.learn.passes.batch import Array
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.gram import Cross


def rows_like(cross: Cross, *, centred: bool = True, per_row: bool = False) -> Array:
    """Rows with the cross products of all: of deviations from the mean, around 0, or of the values themselves.

    Parameters
    ----------
    cross
        Cross products of all rows.
    centred
        Whether deviations count, so that the mean is 0; otherwise the mean is in the products, and is not kept.
    per_row
        Whether the products divided by the number of rows are the same as those of all divided by their weight, and not
        the products themselves.
    """
    r = cross.factor()
    found = np.vstack([r, -r]) / np.sqrt(2.0) if centred else _around_zero(cross, r)
    return np.asarray(found * np.sqrt(len(found) / cross.weight) if per_row else found)


def rows_around(cross: Cross, about: Array) -> Array:
    """Rows with the mean of all less ``about``, and with the same centred cross products for each row."""
    r = cross.factor()
    half = r * np.sqrt(len(r) / cross.weight)
    return np.asarray(np.vstack([half, -half]) + (cross.mean - about))


def as_features(values: Array, data: Data) -> Any:
    """A matrix as the estimator sees X: with the names of the columns, or sparse; always of float64."""
    if data.names is not None:
        import pandas as pd

        return pd.DataFrame(values, columns=list(data.example.columns))
    return type(data.example)(values) if hasattr(data.example, "tocsr") else values


def is_one_output(data: Data) -> bool:
    """Whether the target is one column."""
    return data.y_example is None or bool(np.ndim(data.y_example) == 1)


def as_target(values: Array, data: Data) -> Array:
    """The columns of y, or the only one."""
    return values[:, 0] if is_one_output(data) else values


def cast_like(fitted: Any, template: Any) -> None:
    """Give attributes the types that they have in a template, where these are floats of less digits."""
    for name, wanted in vars(template).items():
        if name in vars(fitted):
            setattr(fitted, name, _cast(vars(fitted)[name], wanted))


def _cast(found: Any, wanted: Any) -> Any:
    if isinstance(found, list) and isinstance(wanted, list) and wanted:
        return [_cast(one, wanted[0]) for one in found]
    dtype = getattr(wanted, "dtype", None)
    if dtype != np.float32:
        return found
    return found.astype(dtype) if np.ndim(found) else dtype.type(found)


def _around_zero(cross: Cross, r: Array) -> Array:
    mean = np.sqrt(cross.weight) * cross.mean
    return np.asarray(np.linalg.qr(np.vstack([r, mean]), mode="r"))
