"""Ridge regression that leaves out each row in turn: its error follows from the fit on all and from the row's leverage."""

from __future__ import annotations

from typing import Any

import numpy as np

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.blocks import blocks
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.gram import Gram
from scalekit.learn.passes.moment_data import rows_like
from scalekit.learn.passes.moments import added
from scalekit.learn.passes.requests import Steps
from scalekit.learn.strategies.least_squares import place
from scalekit.learn.strategies.moment_search import SCORES, score_of_errors


def leave_one_out(estimator: Any, data: Data, cross: Gram) -> Steps:
    """One pass after that of cross products: the errors of all penalties on rows that were left out."""
    width = data.width
    rows = rows_like(cross, centred=estimator.fit_intercept)
    _, singular, right = np.linalg.svd(rows[:, :width], full_matrices=False)
    alphas = np.atleast_1d(np.asarray(estimator.alphas, dtype=float))
    shrink = 1.0 / (singular**2 + alphas[:, np.newaxis])
    products = right @ (rows[:, :width].T @ rows[:, width:])
    coefs = np.einsum("jp,aj,jk->apk", right, shrink, products)
    about = cross.mean if estimator.fit_intercept else np.zeros_like(cross.mean)
    share = 1.0 / cross.weight if estimator.fit_intercept else 0.0
    errors = yield data.ask(
        left_out, added, type(estimator).__name__, about, right, shrink, coefs, share,
        what="errors of rows that are left out",
    )  # fmt: skip
    spread = np.diag(cross.cross)[width:]
    _choose(estimator, alphas, coefs, _scores(estimator, errors, spread, cross))
    if estimator.fit_intercept:
        place(estimator, cross, width)
    return estimator


def left_out(
    batch: Batch, who: str, about: Array, right: Array, shrink: Array, coefs: Array, share: float
) -> Array:
    """The sum of weighted squared errors on rows that a fit has not seen, for each penalty and output."""
    penalties, width, outputs = coefs.shape
    flat = coefs.transpose(1, 0, 2).reshape(width, penalties * outputs)
    total = np.zeros((penalties, outputs))
    for rows, weight in blocks(batch, who, target=True):
        centred = rows - about
        x, y = centred[:, :width], centred[:, width:]
        w = np.ones(len(rows)) if weight is None else weight
        leverage = w[:, np.newaxis] * ((x @ right.T) ** 2 @ shrink.T + share)
        apart = y[:, np.newaxis, :] - (x @ flat).reshape(len(rows), penalties, outputs)
        apart /= (1.0 - leverage)[:, :, np.newaxis]
        total += np.einsum("i,iak,iak->ak", w, apart, apart)
    return total


def _scores(estimator: Any, errors: Array, spread: Array, cross: Gram) -> Array:
    """A score for each penalty; where each output has its own, for each of these too."""
    groups = (
        [[k] for k in range(len(spread))] if _is_per_target(estimator, spread) else [slice(None)]
    )
    score = estimator.scoring
    rows = cross.rows if score is None else cross.weight
    return np.array(
        [
            [
                score_of_errors(row[group], spread[group], rows, score or SCORES[0])
                for group in groups
            ]
            for row in errors
        ]
    )


def _choose(estimator: Any, alphas: Array, coefs: Array, scores: Array) -> None:
    best = np.argmax(scores, axis=0)
    values = np.max(scores, axis=0)
    one = len(best) == 1
    estimator.alpha_ = float(alphas[best[0]]) if one else alphas[best]
    estimator.best_score_ = values[0] if one else values
    outputs = coefs.shape[2]
    chosen = coefs[np.broadcast_to(best, outputs), :, np.arange(outputs)]
    estimator.coef_ = chosen[0] if outputs == 1 else chosen


def _is_per_target(estimator: Any, spread: Array) -> bool:
    return bool(getattr(estimator, "alpha_per_target", False) and len(spread) > 1)
