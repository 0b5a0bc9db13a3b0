"""Calibrated classifiers: the classifier over partitions; its predictions come here, where scikit-learn calibrates them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from operator import add
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator
from sklearn.svm import LinearSVC
from sklearn.utils import get_tags

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.drawn import Numbered, find_numbers
from scalekit.learn.passes.folds import Splits, find_splits, refuses_splitter
from scalekit.learn.passes.labels import encoded
from scalekit.learn.passes.requests import Steps, together
from scalekit.learn.strategies.members import fit_all, is_estimator
from scalekit.learn.strategies.strategy import Strategy


def calibrated(estimator: Any, data: Data) -> Steps:
    """The genuine fit on numbers of rows, with a classifier that knows what the fitted ones said of each row.

    What comes here is the target, the weight, and a number for each class, of each row. scikit-learn 1.9 encodes only text before
    a temperature is fitted, and takes other labels for places in an array: 1 and 2 would be read beyond its end. It is given codes
    therefore.
    """
    classifier = _classifier(estimator)
    rows = yield from find_numbers(data, y=True, weight=data.weighted)
    _check_folds(estimator.cv, rows.y)
    splits = yield from find_splits(data, estimator.cv, classifier=True)
    is_ensemble = estimator.ensemble
    if is_ensemble == "auto":
        is_ensemble = not isinstance(classifier, FrozenEstimator)
    labels = np.unique(rows.y)
    numbers = data.with_target(encoded, labels)
    whole = numbers if estimator.method == "temperature" and isinstance(rows.y[0], str) else data
    source = whole if is_ensemble else numbers
    wanted = [(classifier, splits.train(source, number)) for number in range(splits.count)]
    fitted = yield from fit_all(wanted if is_ensemble else [*wanted, (classifier, whole)])
    said = yield from together(
        [_said(fitted[number], splits.test(data, number)) for number in range(splits.count)]
    )
    parts = [_Part(model, rows, *some) for model, some in zip(fitted, said, strict=False)]
    parts += [_Part(model, rows) for model in fitted[len(said) :]]
    given = {name: getattr(estimator, name) for name in ("estimator", "cv", "n_jobs", "ensemble")}
    estimator.ensemble = is_ensemble
    y = encoded(rows.y, labels) if estimator.method == "temperature" else rows.y
    try:
        _play(estimator, parts, rows, splits, y)
    finally:
        vars(estimator).update(given)
    estimator.classes_ = labels
    for one in estimator.calibrated_classifiers_:
        one.estimator, one.classes = one.estimator.part.model, labels
    return estimator


def _said(model: Any, test: Data) -> Steps:
    """The positions of the rows of a view, and what a model says of them."""
    blocks = yield test.ask(_responses, add, model, what="predictions")
    return tuple(np.concatenate(values) for values in zip(*blocks, strict=True))


def _responses(batch: Batch, model: Any) -> list[tuple[Array, Array]]:
    method = "decision_function" if hasattr(model, "decision_function") else "predict_proba"
    return [(batch.positions, np.asarray(getattr(model, method)(batch.X)))]


def _check_folds(cv: Any, y: Array) -> None:
    """What the genuine fit checks of its ``cv``, which it is given as a list."""
    count = cv if isinstance(cv, int) else getattr(cv, "n_splits", None)
    if count and np.unique(y, return_counts=True)[1].min() < count:
        raise ValueError(
            f"Requesting {count}-fold cross-validation but provided less than {count} examples for at least one class."
        )


@dataclass(frozen=True)
class _Part:
    """A fitted classifier, and what it said of some rows, by their numbers."""

    model: Any
    rows: Numbered
    positions: Any = None
    said: Any = None

    def of(self, numbers: Array) -> Array:
        """What it said of these rows."""
        places = self.rows.places(numbers)
        order = np.argsort(self.positions)
        found: Array = self.said[order[np.searchsorted(self.positions, places, sorter=order)]]
        return found


class _Heard(BaseEstimator):  # type: ignore[misc]
    """A classifier whose fits are, one after the other, those of some parts; X has the numbers of rows."""

    def __init__(self, parts: list[_Part]) -> None:
        self.parts = parts
        self.count = [0]
        self.part: Any = None

    def __sklearn_clone__(self) -> _Heard:
        copy = _Heard(self.parts)
        copy.count = self.count
        return copy

    def __sklearn_tags__(self) -> Any:
        return get_tags(self.parts[0].model)

    def fit(self, x: Any, y: Any, sample_weight: Any = None) -> _Heard:  # noqa: ARG002
        """Become the next part."""
        self.part = self.parts[self.count[0]]
        self.count[0] += 1
        return self

    def predict(self, x: Any) -> Any:
        """Nobody calls it; scikit-learn looks whether it is there."""
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        if name in ("decision_function", "predict_proba") and hasattr(self.parts[0].model, name):
            return self._said(name)
        if name.startswith("_") or not name.endswith("_"):
            raise AttributeError(name)
        return getattr(self.part.model, name)

    def _said(self, name: str) -> Any:
        """A method that gives what was said; scikit-learn asks it for its name."""

        def said(x: Any) -> Array:
            return self.part.of(np.asarray(x)[:, 0])  # type: ignore[no-any-return]

        said.__name__ = name
        return said


def _play(estimator: Any, parts: list[_Part], rows: Numbered, splits: Splits, y: Array) -> None:
    numbers = np.arange(rows.count)
    codes = splits.codes[..., rows.places(numbers)]
    lists = [
        (np.flatnonzero(codes != n), np.flatnonzero(codes == n))
        if codes.ndim == 1
        else (np.flatnonzero(codes[n] == 1), np.flatnonzero(codes[n] == 2))
        for n in range(splits.count)
    ]
    vars(estimator).update(estimator=_Heard(parts), cv=lists, n_jobs=None)
    weights = {} if rows.weight is None else {"sample_weight": rows.weight}
    estimator.fit(numbers[:, np.newaxis], y, **weights)


def _classifier(estimator: Any) -> Any:
    return estimator.estimator if is_estimator(estimator.estimator) else LinearSVC(random_state=0)


def _refuses(estimator: Any) -> str:
    if isinstance(estimator.cv, str):
        return "cv='prefit' asks for a fitted classifier; wrap it in FrozenEstimator"
    return refuses_splitter(estimator.cv)


STRATEGIES: Mapping[str, Strategy] = {
    "CalibratedClassifierCV": Strategy(
        "composed", "exact", "3, then as its classifier's, shared by all folds, and 1", calibrated,
        refuses=_refuses, members=lambda whole: [("estimator", _classifier(whole))], positions=True,
        note="what the classifier says of each row comes here, 8 bytes for each class, and is calibrated here",
    ),
}  # fmt: skip
