"""The calibration slope of scores that are far too sure, or far too timid, is that of a logistic regression."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from scalekit.judge.metrics.bins import score_bins
from scalekit.judge.statistics import Layout, results, tally


@pytest.mark.parametrize("power", [0.1, 0.5, 1.0, 2.5, 5.0, 10.0])
def test_the_slope_of_scores_that_are_too_sure(power):
    random = np.random.default_rng(15)
    logits = 1.4 * random.normal(size=2000)
    y = random.random(2000) < 1 / (1 + np.exp(-logits))
    p = 1 / (1 + np.exp(-power * logits))
    layout = Layout("binary", ("m",), (False, True), metrics=("calibration_slope",))
    counted = tally(layout, y.astype(np.int64), {"m": p}, np.arange(2000) % 200)
    row = results(counted).row(0, named=True)
    fitted = LogisticRegression(C=np.inf, tol=1e-10).fit((power * logits)[:, None], y)
    assert row["value"] == pytest.approx(fitted.coef_[0, 0], rel=1e-3)
    assert row["low"] < row["value"] < row["high"]


def test_minus_zero_is_zero():
    assert score_bins(np.array([-0.0, 0.0]), 256).tolist() == [0, 0]
