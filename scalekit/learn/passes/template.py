"""Small made-up data on which a genuine ``fit`` gives an estimator its names, types and private attributes."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from scalekit.learn.passes.batch import Array
from scalekit.learn.passes.data import Data


def framed(values: Array, data: Data) -> Any:
    """A matrix in the form in which the estimator sees X: with the names of its columns where it has some, or sparse."""
    values = np.asarray(values, dtype=data.dtype)
    if (
        data.names is None
    ):  # sparse where that is what the estimator will refuse, or treats differently
        return type(data.example)(values) if hasattr(data.example, "tocsr") else values
    import pandas as pd

    return pd.DataFrame(values, columns=list(data.example.columns))


def random_matrix(data: Data, rows: int) -> Any:
    """Random numbers as X, the same in each session."""
    return framed(np.random.default_rng(0).normal(size=(rows, data.width)), data)


def fitted_on(estimator: Any, *arguments: Any, **named: Any) -> Any:
    """Fit in place on data that stands for other data; what it warns of concerns nobody."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return estimator.fit(*arguments, **named)
