"""Forests: every tree is grown on a worker, from the rows that scikit-learn's own forest would draw for it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.utils import check_random_state
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight
from sklearn.utils.random import sample_without_replacement

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.drawn import Numbered, find_numbers, rows_at
from scalekit.learn.passes.gathered import Gathered
from scalekit.learn.passes.labels import find_labels
from scalekit.learn.passes.requests import Errands, Steps
from scalekit.learn.passes.template import fitted_on, random_matrix
from scalekit.learn.strategies.strategy import Strategy

MOST_DRAWN = 200_000
"""Rows of a tree, where ``max_samples`` does not say how many: no more than fit one task."""

WAVE = 1 << 29
"""Bytes of drawn rows that are here at one time."""

GROUPS = 16
"""Errands that trees are divided into."""


@dataclass(frozen=True)
class Drawn:
    """The rows of a tree by number, in order, each once; how often it was drawn, or its weight."""

    rows: Array
    weight: Array | None


@dataclass(frozen=True)
class Plot:
    """What is sent to grow some trees: rows, and for each tree its places among them.

    Attributes
    ----------
    x, y
        The rows: float32, and numbers of classes or targets.
    trees
        Each tree, the places of its rows, and their weights.
    fill
        A row of targets for each class, which a tree knows though it may not have drawn it.
    rows
        How many rows there are in all, for parameters that are shares of them.
    balanced
        Whether classes are weighted by what a tree has drawn.
    """

    x: Array
    y: Array
    trees: tuple[tuple[Any, Array, Array | None], ...]
    fill: Array | None
    rows: int
    balanced: bool


def forest(estimator: Any, data: Data) -> Steps:
    """Draw the rows of all trees as scikit-learn does it, from their random states; bring them here, and send them out."""
    labels = None
    if is_classifier(estimator):
        found = yield from find_labels(data)
        labels = found if isinstance(found, list) else [found]
    needs_y = labels is not None and estimator.class_weight not in (None, "balanced_subsample")
    rows = yield from find_numbers(data, y=needs_y, weight=data.weighted)
    weight = _weight(estimator, rows, labels)
    fitted_on(estimator, random_matrix(data, _height(labels)), _targets(data, labels))
    drawn = _draws(estimator, rows.count, weight)
    trees = [clone(tree) for tree in estimator.estimators_]
    estimator.estimators_ = []
    for start, end in _waves(drawn, rows.count, 4 * data.width):
        grown = yield from _grow(
            estimator, data, rows, labels, list(zip(trees, drawn, strict=True))[start:end]
        )
        estimator.estimators_ += grown
    _complete(estimator, rows.count, weight)
    return estimator


# what is drawn


def _weight(estimator: Any, rows: Numbered, labels: list[Array] | None) -> Array | None:
    """The weights of rows, times those of their classes."""
    given = None if labels is None else estimator.class_weight
    if given is None or (given == "balanced_subsample" and estimator.bootstrap):
        return rows.weight  # type: ignore[no-any-return]
    assert labels is not None
    y = rows.y.reshape(len(rows.y), -1)
    if isinstance(given, str):
        known = [
            compute_class_weight("balanced", classes=c, y=column, sample_weight=rows.weight)
            for c, column in zip(labels, y.T, strict=True)
        ]
        given = [dict(zip(c, w, strict=True)) for c, w in zip(labels, known, strict=True)]
        given = given[0] if len(given) == 1 else given
    expanded: Array = compute_sample_weight(given, rows.y)
    return expanded if rows.weight is None else expanded * rows.weight


def _draws(estimator: Any, count: int, weight: Array | None) -> list[Drawn]:
    """The rows of each tree, by its random state."""
    total = count if weight is None else float(weight.sum())
    size = _size(estimator, count, total)
    found = []
    for tree in estimator.estimators_:
        state = check_random_state(tree.random_state)
        if not estimator.bootstrap:
            numbers = np.arange(count)
            if size < count:
                numbers = np.sort(sample_without_replacement(count, size, random_state=state))
            found.append(Drawn(numbers, None if weight is None else weight[numbers]))
            continue
        if weight is None:
            numbers = state.randint(0, count, size)
        else:
            numbers = state.choice(count, size, replace=True, p=weight / np.sum(weight))
        found.append(Drawn(*np.unique(numbers, return_counts=True)))
    return found


def _size(estimator: Any, count: int, total: float) -> int:
    """How many rows a tree draws."""
    if estimator.bootstrap and isinstance(estimator.max_samples, float):
        return max(int(estimator.max_samples * total), 1)
    if estimator.bootstrap and estimator.max_samples is not None:
        return int(estimator.max_samples)
    if count > MOST_DRAWN:
        how = "max_samples= says how many" if estimator.bootstrap else "bootstrap=True draws others"
        warn_of_fewer(estimator, count, how)
    return min(count, MOST_DRAWN)


def warn_of_fewer(estimator: Any, count: int, how: str) -> None:
    """Tell that members see fewer rows than scikit-learn's own would."""
    warnings.warn(
        f"each member of {type(estimator).__name__} is fitted on {MOST_DRAWN:,} rows that it draws of {count:,}; {how}",
        stacklevel=2,
    )


def _waves(drawn: list[Drawn], count: int, width: int) -> Iterator[tuple[int, int]]:
    """Runs of trees whose rows are here together."""
    start, held = 0, 0
    for number, one in enumerate(drawn):
        size = len(one.rows) * width
        if number > start and held + size > WAVE and count * width > WAVE:
            yield start, number
            start, held = number, 0
        held += size
    yield start, len(drawn)


# growing


def _grow(
    estimator: Any,
    data: Data,
    rows: Numbered,
    labels: list[Array] | None,
    wave: list[tuple[Any, Drawn]],
) -> Steps:
    wanted = np.unique(np.concatenate([drawn.rows for _, drawn in wave]))
    found: Gathered = yield from rows_at(data, rows, wanted, _as_floats)
    y = _numbers(found.y.reshape(len(wanted), -1), labels)
    balanced = (
        labels is not None
        and estimator.class_weight == "balanced_subsample"
        and estimator.bootstrap
    )
    fill = None if labels is None else _numbers(_targets(data, labels), labels)
    plots = []
    for group in np.array_split(np.arange(len(wave)), min(GROUPS, len(wave))):
        chosen = [wave[number] for number in group]
        here = np.unique(np.concatenate([drawn.rows for _, drawn in chosen]))
        places = np.searchsorted(wanted, here)
        trees = tuple(
            (tree, np.searchsorted(here, drawn.rows), drawn.weight) for tree, drawn in chosen
        )
        plots.append(Plot(found.X[places], y[places], trees, fill, rows.count, balanced))
    grown = yield Errands(data.view, grow, tuple(plots), what="trees")
    return [tree for trees in grown for tree in trees]


def _as_floats(batch: Batch) -> list[Gathered]:
    return [Gathered(batch.matrix.astype(np.float32), batch.y, None, batch.positions)]


def grow(plot: Plot) -> list[Any]:
    """Grow the trees of a plot, on a worker."""
    return [_grown(plot, *tree) for tree in plot.trees]


def _grown(plot: Plot, tree: Any, places: Array, weight: Array | None) -> Any:
    x, y = plot.x[places], plot.y[places]
    if plot.balanced:
        assert weight is not None
        drawn = np.repeat(np.arange(len(places)), weight)
        weight = weight * compute_sample_weight("balanced", y, indices=drawn)
    if plot.fill is not None:  # rows of no weight: a tree has all classes, whatever it drew
        ones = np.ones(len(x)) if weight is None else weight
        weight = np.concatenate([ones, np.zeros(len(plot.fill))])
        x = np.concatenate([x, np.repeat(x[:1], len(plot.fill), axis=0)])
        y = np.concatenate([y, plot.fill])
    given = {name: getattr(tree, name) for name in ("min_samples_split", "min_samples_leaf")}
    shares = {name: share for name, share in given.items() if isinstance(share, float)}
    for name, share in shares.items():
        least = 2 if name == "min_samples_split" else 1
        setattr(tree, name, max(least, int(np.ceil(share * plot.rows))))
    tree.fit(x, y, sample_weight=weight)
    for name, share in shares.items():
        setattr(tree, name, share)
    return tree


# the forest itself


def _height(labels: list[Array] | None) -> int:
    return 4 if labels is None else max(2, *map(len, labels))


def _targets(data: Data, labels: list[Array] | None) -> Any:
    """Targets of a few rows, that have all classes."""
    height = _height(labels)
    several = data.y_example.ndim > 1
    if labels is None:
        columns = [np.arange(1.0, height + 1)] * (data.y_example.shape[1] if several else 1)
    else:
        columns = [np.resize(known, height) for known in labels]
    return np.column_stack(columns) if several else columns[0]


def _numbers(y: Array, labels: list[Array] | None) -> Array:
    """Targets as the trees of a forest see them."""
    if labels is None:
        return np.ascontiguousarray(y, dtype=np.float64)
    y = y.reshape(len(y), -1)
    codes = [np.searchsorted(known, column) for known, column in zip(labels, y.T, strict=True)]
    return np.column_stack(codes).astype(np.float64)


def _complete(estimator: Any, count: int, weight: Array | None) -> None:
    """What the genuine fit noted of its few rows, of all rows; it is private, and nothing public says it."""
    vars(estimator)["_n_samples"] = count
    if estimator.bootstrap:
        total = count if weight is None else float(weight.sum())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            vars(estimator)["_n_samples_bootstrap"] = _size(estimator, count, total)
    if weight is not None:
        vars(estimator).pop("_sample_weight", None)  # a number for each row


def refuses_forest(estimator: Any) -> str:
    """Why parameters have no such fit."""
    if estimator.oob_score:
        return "oob_score= predicts every row by the trees that did not draw it; score on other rows, with cross_validate"
    if estimator.warm_start:
        return "warm_start= goes on from trees that a fit does not keep; grow all of them at once"
    return ""


def _refuses(estimator: Any) -> str:
    if not estimator.bootstrap and estimator.max_samples is not None:
        return "max_samples= needs bootstrap=True, in memory too"
    return refuses_forest(estimator)


def _draws_as_told(estimator: Any) -> bool:
    """Whether parameters leave nothing to draw: how many rows a tree draws, and which."""
    is_told = estimator.bootstrap and estimator.max_samples is not None
    return is_told and estimator.random_state is not None


_FOREST = Strategy(
    "sampled", "in_law", "2 and 1 for the rows that are drawn", forest, refuses=_refuses, positions=True,
    note=f"scikit-learn's own trees where each draws no more than {MOST_DRAWN:,} rows or max_samples says how many; "
    "of more rows each tree draws so many",
    exact_where=_draws_as_told,
)  # fmt: skip

STRATEGIES: Mapping[str, Strategy] = {
    f"{kind}{end}": _FOREST
    for kind in ("RandomForest", "ExtraTrees")
    for end in ("Classifier", "Regressor")
}
