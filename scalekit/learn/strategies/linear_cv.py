"""Linear models that choose their penalty by cross-validation, from cross products by fold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.interpolate import interp1d
from sklearn.linear_model import Ridge, lars_path

from scalekit.learn.passes.batch import Array
from scalekit.learn.passes.cell_crosses import Cells, asked_cells
from scalekit.learn.passes.cells import Split, at_positions, cells_of, refuses_cv
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.drawn import Numbered, find_numbers
from scalekit.learn.passes.gram import Cross, Gram, asked_cross
from scalekit.learn.passes.moment_data import as_features, as_target, rows_around, rows_like
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.template import fitted_on, random_matrix
from scalekit.learn.strategies.least_squares import cast, given_gram, lars_refuses, place
from scalekit.learn.strategies.leave_one_out import leave_one_out
from scalekit.learn.strategies.moment_search import SCORES, moment_search, refitted
from scalekit.learn.strategies.strategy import Strategy


def _cells(estimator: Any, data: Data) -> Steps:
    """Cells and splits of the rows in their order, of which there may be more in the frame: within a search, say."""
    rows: Numbered = yield from find_numbers(data)
    cell_of, splits = cells_of(estimator.cv, rows.count)
    if rows.positions is not None:
        cell_of = at_positions(cell_of, rows.positions)
    return cell_of, splits


def coordinate_descent_cv(estimator: Any, data: Data) -> Steps:
    """Two passes, the first of which counts; the estimator's own fit on a few rows of each cell, in the same splits."""
    cell_of, splits = yield from _cells(estimator, data)
    cells: Cells = yield from asked_cells(estimator, data, cell_of)
    total, width, cv = cells.of(), data.width, estimator.cv
    about = total.mean if estimator.fit_intercept else np.zeros_like(total.mean)
    parts = {code: rows_around(cross, about) for code, cross in cells.found.items()}
    rows = np.vstack(list(parts.values()))
    weight = np.concatenate(
        [np.full(len(part), cells.found[code].weight / len(part)) for code, part in parts.items()]
    )
    codes = np.repeat(list(parts), [len(part) for part in parts.values()])
    estimator.cv = [(_places(codes, split.train), _places(codes, split.test)) for split in splits]
    try:
        estimator.fit(
            as_features(rows[:, :width], data),
            as_target(rows[:, width:], data),
            sample_weight=weight,
        )
    finally:
        estimator.cv = cv
    if estimator.fit_intercept:
        place(estimator, total, width)
    cast(estimator, data)
    return estimator


def _places(codes: Array, cells: tuple[int, ...]) -> Array:
    return np.flatnonzero(np.isin(codes, cells))


def ridge_cv(estimator: Any, data: Data) -> Steps:
    """Two passes: folds need the number of rows first, leaving one out the cross products."""
    _as_template(estimator, data)
    if estimator.cv is None:
        cross: Gram = yield from asked_cross(estimator, data)
        yield from leave_one_out(estimator, data, cross)
        cast(estimator, data)
        return estimator
    alphas = np.atleast_1d(np.asarray(estimator.alphas))
    cell_of, splits = yield from _cells(estimator, data)
    ridge = Ridge(fit_intercept=estimator.fit_intercept)
    candidates = [{"alpha": alpha} for alpha in alphas]
    searched = yield from moment_search(ridge, candidates, data, cell_of, splits, estimator.scoring)
    means = searched.test["score"].mean(axis=1)
    best = int(np.argmax(means))
    fitted = refitted(ridge, candidates[best], data, searched)
    estimator.alpha_, estimator.best_score_ = alphas[best], means[best]
    estimator.coef_, estimator.intercept_ = fitted.coef_, fitted.intercept_
    return estimator


def _as_template(estimator: Any, data: Data) -> None:
    """Its own fit on random rows, which checks its parameters too."""
    outputs = 1 if np.ndim(data.y_example) == 1 else data.y_example.shape[1]
    y = np.random.default_rng(1).normal(size=(10, outputs))
    cv = estimator.cv
    estimator.cv = None if cv is None and hasattr(estimator, "gcv_mode") else 2
    try:
        fitted_on(estimator, random_matrix(data, 10), as_target(y, data))
    finally:
        estimator.cv = cv


def lars_cv(estimator: Any, data: Data) -> Steps:
    """Two passes, the first of which counts; a path for each split, and errors along it."""
    _as_template(estimator, data)
    cell_of, splits = yield from _cells(estimator, data)
    cells: Cells = yield from asked_cells(estimator, data, cell_of)
    paths = [_path(estimator, data, cells.of(split.train)) for split in splits]
    alphas = np.unique(np.concatenate([path[0] for path in paths]))
    alphas = alphas[:: int(max(1, int(len(alphas) / float(estimator.max_n_alphas))))]
    errors = np.column_stack(
        [
            _errors(estimator, cells, split, path, alphas)
            for split, path in zip(splits, paths, strict=True)
        ]
    )
    finite = np.all(np.isfinite(errors), axis=-1)
    estimator.cv_alphas_, estimator.mse_path_ = alphas[finite], errors[finite]
    estimator.alpha_ = estimator.cv_alphas_[np.argmin(estimator.mse_path_.mean(axis=-1))]
    total = cells.of()
    estimator.alphas_, estimator.active_, estimator.coef_path_, estimator.n_iter_ = _path(
        estimator, data, total, alpha_min=estimator.alpha_, return_n_iter=True
    )
    estimator.coef_ = estimator.coef_path_[:, -1].copy()
    if estimator.fit_intercept:
        place(estimator, total, data.width)
    cast(estimator, data)
    return estimator


def _path(estimator: Any, data: Data, cross: Cross, **settings: Any) -> Any:
    rows = rows_like(cross, centred=estimator.fit_intercept, per_row=True)
    x, y = rows[:, : data.width], rows[:, data.width]
    gram = estimator.precompute
    if gram is True or gram == "auto":
        gram = x.T @ x
    return lars_path(
        x, y, Gram=gram, method=estimator.method, max_iter=estimator.max_iter, eps=estimator.eps,
        positive=estimator.positive, verbose=max(0, estimator.verbose - 1), **settings,
    )  # fmt: skip


def _errors(estimator: Any, cells: Cells, split: Split, path: Any, alphas: Array) -> Array:
    """The mean squared error on a test set for each alpha, between the knots of a path on a straight line."""
    known, coefs = path[0][::-1], path[2].T[::-1]
    if known[0] != 0:
        known, coefs = np.r_[0, known], np.r_[coefs[:1], coefs]
    if known[-1] != alphas[-1]:
        known, coefs = np.r_[known, alphas[-1]], np.r_[coefs, coefs[-1:]]
    along = interp1d(known, coefs, axis=0)(alphas)
    test, width = cells.of(split.test), along.shape[1]
    about = cells.of(split.train).mean if estimator.fit_intercept else 0.0
    r, mean = test.factor(), test.mean - about
    apart = r[:, width, np.newaxis] - r[:, :width] @ along.T
    off = mean[width] - along @ mean[:width]
    return np.asarray(np.sum(apart**2, axis=0) / test.weight + off**2)


def _cv_refuses(estimator: Any) -> str:
    return refuses_cv(estimator.cv) or given_gram(estimator)


def _lars_cv_refuses(estimator: Any) -> str:
    return refuses_cv(estimator.cv) or lars_refuses(estimator)


def _ridge_cv_refuses(estimator: Any) -> str:
    if estimator.store_cv_results:
        return "store_cv_results keeps a number for each row: leave it False"
    if estimator.scoring is not None and estimator.scoring not in SCORES:
        return f"scoring={estimator.scoring!r} does not follow from cross products: {', '.join(SCORES)} do"
    return refuses_cv(estimator.cv)


_ONE_READING = "one reading counts the rows, one serves all folds and penalties"

STRATEGIES: Mapping[str, Strategy] = {
    **{
        name: Strategy(
            "statistics", "exact", "2", coordinate_descent_cv, _cv_refuses,
            positions=True, note=_ONE_READING,
        )
        for name in ("LassoCV", "ElasticNetCV", "MultiTaskLassoCV", "MultiTaskElasticNetCV")
    },
    **{
        name: Strategy(
            "statistics", "exact", "2", lars_cv, _lars_cv_refuses,
            positions=True, note=_ONE_READING,
        )
        for name in ("LarsCV", "LassoLarsCV")
    },
    "RidgeCV": Strategy(
        "statistics", "exact", "2", ridge_cv, _ridge_cv_refuses, positions=True,
        note="the second reading has all folds, or leaves out each row in turn",
    ),
}  # fmt: skip
