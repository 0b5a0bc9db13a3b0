"""Transformers that are drawn or counted out from the number of columns, and of rows at the most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import sparse

from scalekit.learn.passes.batch import Batch
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.moments import Moments, added, joined
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.scores import checked_matrix
from scalekit.learn.passes.sparse_moments import any_moments
from scalekit.learn.passes.thinning import count_rows
from scalekit.learn.strategies.rest import stateless
from scalekit.learn.strategies.strategy import Refused, Strategy


def rbf_sampler(estimator: Any, data: Data) -> Steps:
    """The variance of all values, where the width of the kernel is to follow it."""
    if estimator.gamma != "scale":
        return (yield from stateless(estimator, data))
    found: Moments = yield data.ask(
        finite_moments, joined, type(estimator).__name__, what="variance"
    )
    variance = np.mean(found.variance) + np.var(found.mean)
    gamma = 1.0 / (data.width * variance) if variance != 0 else 1.0
    estimator.set_params(gamma=data.dtype.type(gamma))
    return estimator.fit(data.example).set_params(gamma="scale")


def finite_moments(batch: Batch, who: str) -> Moments:
    """The moments of columns of which no value is missing."""
    return any_moments(checked_matrix(batch, who))


def random_projection(estimator: Any, data: Data) -> Steps:
    """The number of rows, where that of components is to follow it: the genuine fit looks at the shape of X alone."""
    if estimator.n_components != "auto":
        return estimator.fit(data.example)
    rows: int = yield data.ask(count_rows, added, what="rows")
    estimator.fit(sparse.csc_matrix((rows, data.width), dtype=data.dtype))
    if data.names is not None:
        estimator.feature_names_in_ = np.asarray(data.names, dtype=object)
    return estimator


_FROM_WIDTH = Strategy("stateless", "exact", "0", stateless)
_PROJECTION = Strategy("stateless", "exact", "0, or 1 for n_components='auto'", random_projection)

STRATEGIES: Mapping[str, Strategy] = {
    "GaussianRandomProjection": _PROJECTION,
    "PolynomialCountSketch": _FROM_WIDTH,
    "PolynomialFeatures": _FROM_WIDTH,
    "RBFSampler": Strategy("statistics", "exact", "0, or 1 for gamma='scale'", rbf_sampler),
    "SkewedChi2Sampler": _FROM_WIDTH,
    "SparseRandomProjection": _PROJECTION,
}

_OF_LABELS = "it encodes labels, and a fit has features: classifiers take a target of text as it is"

REFUSED: Mapping[str, Refused] = {
    "LabelBinarizer": Refused(_OF_LABELS, ("OneHotEncoder for a feature",)),
    "LabelEncoder": Refused(_OF_LABELS, ("OrdinalEncoder for a feature",)),
    "MultiLabelBinarizer": Refused(_OF_LABELS, ("CountVectorizer(binary=True) for a text",)),
}
