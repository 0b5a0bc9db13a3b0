"""Stacks: members on all rows and on the training rows of each fold, in lockstep; a final estimator on what they predict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.linear_model import LogisticRegression, RidgeCV

from scalekit.learn.passes.batch import Array, Batch, rows_of
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.folds import Splits, find_splits, refuses_splitter
from scalekit.learn.passes.labels import encoded, find_labels
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.steps import matrix_of
from scalekit.learn.passes.template import fitted_on
from scalekit.learn.strategies.members import fit_all, named, standing_in
from scalekit.learn.strategies.strategy import Strategy
from scalekit.learn.strategies.voting import thaw_members


def stacking(estimator: Any, data: Data) -> Steps:
    """Fit members, then the final estimator on their predictions for rows that they did not see."""
    labels = (yield from find_labels(data)) if is_classifier(estimator) else None
    if isinstance(labels, list):
        raise ValueError("a stack of classifiers over partitions predicts one column")
    rows = data if labels is None else data.with_target(encoded, labels)
    splits = yield from find_splits(rows, estimator.cv, classifier=is_classifier(estimator))
    if not splits.are_folds:
        raise ValueError("cross_val_predict only works for partitions")
    members = [member for _, member in named(estimator.estimators)]
    views = [rows, *(splits.train(rows, number) for number in range(splits.count))]
    found = yield from fit_all((member, view) for view in views for member in members)
    size = len(members)
    whole = found[:size]
    by_split = [found[start : start + size] for start in range(size, len(found), size)]
    _template(estimator, data, labels, list(zip(members, whole, strict=True)))
    step = OutOfFold(
        tuple(map(tuple, by_split)), tuple(estimator.stack_method_), splits,
        0 if labels is None else len(labels), estimator.passthrough,
    )  # fmt: skip
    final = _final(estimator)
    meta = replace(rows.then(step), example=estimator.transform(data.example))
    estimator.final_estimator_ = yield from meta.fit(final)
    return estimator


def _template(
    estimator: Any, data: Data, labels: Array | None, members: list[tuple[Any, Any]]
) -> None:
    """The genuine fit on a few rows around members that stand in; its own folds are two."""
    y = np.repeat(data.y_example[:2] if labels is None else labels, 4, axis=0)
    x = rows_of(data.example, np.zeros(len(y), dtype=int))
    even = np.arange(len(y)) % 2 == 0
    given = estimator.cv
    estimator.cv = [(np.flatnonzero(even), np.flatnonzero(~even)), (np.flatnonzero(~even), np.flatnonzero(even))]  # fmt: skip
    try:
        with standing_in(members):
            fitted_on(estimator, x, y)
    finally:
        estimator.cv = given
    thaw_members(estimator)


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """X as the final estimator learns from: for each row what members say that were fitted without its fold.

    Attributes
    ----------
    by_split
        The members for each split.
    methods
        What each is asked for.
    splits
        Which rows a split tests on.
    classes
        How many there are; 0 for numbers.
    passthrough
        Whether X itself is at the end.
    """

    by_split: tuple[tuple[Any, ...], ...]
    methods: tuple[str, ...]
    splits: Splits
    classes: int
    passthrough: bool

    def __call__(self, batch: Batch) -> Batch:
        """Predict when somebody asks for X."""
        return batch.with_x(lambda: self._predicted(batch))

    def _predicted(self, batch: Batch) -> Array:
        fold = self.splits.codes[batch.positions]
        blocks, places = [], []
        for number, members in enumerate(self.by_split):
            here = np.flatnonzero(fold == number)
            if len(here):
                places.append(here)
                blocks.append(self._block(members, rows_of(batch.X, here)))
        order = np.argsort(np.concatenate(places))
        found = np.concatenate(blocks)[order]
        return np.hstack([found, matrix_of(batch.X)]) if self.passthrough else found

    def _block(self, members: tuple[Any, ...], x: Any) -> Array:
        pairs = zip(members, self.methods, strict=True)
        return np.hstack([self._columns(member, method, x) for member, method in pairs])

    def _columns(self, member: Any, method: str, x: Any) -> Array:
        said = np.asarray(getattr(member, method)(x))
        if method != "predict" and self.classes and len(member.classes_) != self.classes:
            said = _in_place(said, member.classes_, self.classes, method)
        if said.ndim == 1:
            return said.reshape(-1, 1)
        return said[:, 1:] if method == "predict_proba" and self.classes == 2 else said


def _in_place(said: Array, known: Array, classes: int, method: str) -> Array:
    """The columns of a member that did not see all classes, in the places of its classes, as cross_val_predict has it."""
    if said.ndim == 1:
        raise ValueError(
            f"Only {len(known)} class/es in training fold, but {classes} in overall dataset. This is not supported "
            "for decision_function with imbalanced folds. To fix this, use a cross-validation technique resulting "
            "in properly stratified folds"
        )
    empty = 0.0 if method == "predict_proba" else np.finfo(said.dtype).min
    found = np.full((len(said), classes), empty, dtype=said.dtype)
    found[:, known] = said
    return found


def _final(estimator: Any) -> Any:
    if estimator.final_estimator is not None:
        return estimator.final_estimator
    return LogisticRegression() if is_classifier(estimator) else RidgeCV()


def _refuses(estimator: Any) -> str:
    if isinstance(estimator.cv, str):
        return "cv='prefit' asks for fitted members, of which a fit makes fresh copies; wrap them in FrozenEstimator"
    return refuses_splitter(estimator.cv)


def _members(estimator: Any) -> list[tuple[str, Any]]:
    return [*named(estimator.estimators), ("final_estimator", _final(estimator))]


_STACK = Strategy(
    "composed", "exact", "2, then as its members, shared by all folds, then as the final estimator", stacking,
    refuses=_refuses, members=_members, positions=True, note="folds are scikit-learn's",
)  # fmt: skip

STRATEGIES: Mapping[str, Strategy] = {"StackingClassifier": _STACK, "StackingRegressor": _STACK}
