"""Handwritten digits in ten groups, which start from the principal components."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score, homogeneity_score, v_measure_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.learn.gallery.example import Example, parted

PIXELS = [f"pixel_{i}" for i in range(64)]


def build() -> Example:
    rows, test = parted(digits())
    components = PCA(n_components=10).fit(rows[PIXELS].to_numpy() / 16).components_
    model = make_pipeline(StandardScaler(), KMeans(10, init=components, n_init=1))
    return Example(model, rows, test, None, PIXELS, score)


def digits() -> pl.DataFrame:
    found = load_digits()
    return pl.DataFrame(found.data, schema=PIXELS).with_columns(digit=pl.Series(found.target))


def score(model: Any, rows: pl.DataFrame) -> dict[str, float]:
    x, digit = rows[PIXELS].to_pandas(), rows["digit"].to_numpy()
    group = model.predict(x)
    return {
        "rand": adjusted_rand_score(digit, group),
        "homogeneity": homogeneity_score(digit, group),
        "v_measure": v_measure_score(digit, group),
        "inertia": -model.score(x) / (x.size),
        "centres": float(np.abs(model[-1].cluster_centers_).mean()),
    }
