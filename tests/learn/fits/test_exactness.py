"""How exact a fit is depends on parameters, and what is said of it says so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, QuantileTransformer, StandardScaler

import scalekit as sk

FRAME = sk.from_dict({"x": [float(i) for i in range(40)], "y": [float(i % 7) for i in range(40)]})


@pytest.mark.parametrize(
    ("estimator", "exactness"),
    [
        (KMeans(2, init=np.eye(2)), "exact"),
        (KMeans(2, init=[[0.0, 0.0], [1.0, 1.0]]), "exact"),
        (KMeans(2), "in_law"),
        (KMeans(2, init="random"), "in_law"),
        (KBinsDiscretizer(3, subsample=None, quantile_method="averaged_inverted_cdf"), "exact"),
        (KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf"), "in_law"),
        (QuantileTransformer(n_quantiles=5, subsample=None), "exact"),
        (QuantileTransformer(n_quantiles=5), "in_law"),
    ],
    ids=str,
)
def test_nothing_is_drawn_where_parameters_leave_nothing_to_draw(
    estimator: Any, exactness: str
) -> None:
    composed = make_pipeline(StandardScaler(), estimator)
    for one in (estimator, composed):
        outline = sk.explain_fit(one, FRAME, solver="passes")
        assert outline.exactness == exactness
        assert outline.steps[-1].exactness == exactness
        found = sk.fit(one, FRAME, solver="passes")
        assert found.scalekit_fit_.exactness == exactness
