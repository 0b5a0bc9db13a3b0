"""Linear models evaluated on splits from one reading of the rows, where their scores follow from cross products."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from typing import Any

from sklearn.base import clone

from scalekit.learn.passes.cell_crosses import Cells, asked_cells
from scalekit.learn.passes.cells import CellOf, Listed, Split, cells_of_states, folds
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.folds import Splits
from scalekit.learn.passes.gram import Cross
from scalekit.learn.strategies.evaluation import Evaluated, Outcome
from scalekit.learn.strategies.least_squares import NEEDS, fit_linear
from scalekit.learn.strategies.moment_search import configured, score_of


def cells_of_splits(splits: Splits) -> tuple[CellOf, list[Split]] | None:
    """The cells of splits; None where these overlap in so many ways that passes are the smaller effort.

    Nor are there any where a split tests on a single row, of which R² is nothing.
    """
    if splits.least_tested < 2:
        return None
    if splits.codes.ndim == 1:
        return Listed(splits.codes), folds(splits.count)
    return cells_of_states(list(splits.codes))


def evaluate_moments(
    estimator: Any,
    candidates: Sequence[Mapping[str, Any]],
    data: Data,
    cells: tuple[CellOf, list[Split]],
    scores: Mapping[str, str],
    *,
    train: bool,
) -> Generator[Any, Any, tuple[Evaluated, Cross]]:
    """Fit each candidate on each split and score it; with the cross products of all rows, for the refit."""
    models = configured(estimator, candidates)
    cell_of, splits = cells
    accurate = NEEDS[type(estimator).__name__].accurate
    start = time.perf_counter()
    known: Cells = yield from asked_cells(estimator, data, cell_of, accurate=accurate)
    sets = [(known.of(split.train), known.of(split.test)) for split in splits]
    outcomes = [
        [_outcome(model, data, *both, scores, train=train) for both in sets] for model in models
    ]
    seconds = (time.perf_counter() - start) / (len(models) * len(splits))
    return Evaluated(outcomes, seconds, 0.0), known.of()


def _outcome(
    model: Any, data: Data, known: Cross, unseen: Cross, scores: Mapping[str, str], *, train: bool
) -> Outcome:
    try:
        fitted = fit_linear(clone(model), data, known)
    except Exception as error:
        return Outcome(error)
    found = [
        {name: score_of(fitted, rows, score) for name, score in scores.items()}
        for rows in ((unseen, known) if train else (unseen,))
    ]
    return Outcome(fitted, *found)
