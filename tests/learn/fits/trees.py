"""What two boosted models have to have in common (LEARN.md, 6 B)."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from scalekit.learn.matrix import to_features


def assert_same_trees(found: Any, wanted: Any, rows: pl.DataFrame) -> None:
    """The same features and thresholds in every tree, and outputs within 1e-6."""
    ours, theirs = (model.get_booster().trees_to_dataframe() for model in (found, wanted))
    assert ours["ID"].tolist() == theirs["ID"].tolist()
    assert ours["Feature"].tolist() == theirs["Feature"].tolist()
    np.testing.assert_array_equal(ours["Split"], theirs["Split"])
    assert outputs_apart(found, wanted, rows) <= 1e-6


def outputs_apart(found: Any, wanted: Any, rows: pl.DataFrame) -> float:
    """The greatest difference of probabilities, or of predictions relative to the largest."""
    x = to_features(rows)
    if hasattr(wanted, "predict_proba"):
        return float(np.abs(found.predict_proba(x) - wanted.predict_proba(x)).max())
    theirs = wanted.predict(x)
    return float(np.abs(found.predict(x) - theirs).max() / np.abs(theirs).max())
