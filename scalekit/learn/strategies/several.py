"""Estimators that fit a member for each output, each class or each pair of classes, all in lockstep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.dummy import DummyClassifier, DummyRegressor

from scalekit.learn.passes.batch import Array, Batch, rows_of
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.labels import column, find_labels, is_label
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.steps import as_matrix, matrix_of
from scalekit.learn.passes.template import fitted_on
from scalekit.learn.strategies.members import (
    fit_all,
    inner,
    refuse_weights,
    standing_in,
    take_names,
    thawed,
)
from scalekit.learn.strategies.strategy import SHARED, Strategy

# one member for each output


def multi_output(estimator: Any, data: Data) -> Steps:
    """One member for each column of the target."""
    _fit_cheaply(estimator, data, np.eye(2, _outputs(data), dtype=int))
    estimator.estimators_ = yield from fit_all(
        (estimator.estimator, data.with_target(column, place)) for place in range(_outputs(data))
    )
    take_names(estimator, estimator.estimators_[0])
    if is_classifier(estimator):
        estimator.classes_ = [member.classes_ for member in estimator.estimators_]
    return estimator


def chain(estimator: Any, data: Data) -> Steps:
    """One member for each column of the target, which sees the columns before it as features: true values of them."""
    if is_classifier(estimator):
        refuse_weights(estimator, data)
    _fit_cheaply(estimator, data, np.eye(2, _outputs(data), dtype=int))
    rows = as_matrix(data)
    wanted = []
    for place, output in enumerate(estimator.order_):
        before = tuple(int(i) for i in estimator.order_[:place])
        augmented = replace(
            rows.then(Augmented(before)), example=_augmented(rows.example, rows.y_example, before)
        )
        wanted.append((estimator.estimator, augmented.with_target(column, int(output))))
    estimator.estimators_ = yield from fit_all(wanted)
    if is_classifier(estimator):
        estimator.classes_ = [member.classes_ for member in estimator.estimators_]
    return estimator


@dataclass(frozen=True, eq=False)
class Augmented:
    """X with some columns of the target at its end."""

    columns: tuple[int, ...]

    def __call__(self, batch: Batch) -> Batch:
        """Join them when somebody asks for X."""
        return batch.with_x(lambda: _augmented(batch.X, batch.y, self.columns))


def _augmented(x: Any, y: Any, columns: tuple[int, ...]) -> Any:
    return np.hstack((matrix_of(x), y[:, list(columns)].astype(np.float64)))


# one member for each class


def one_vs_rest(estimator: Any, data: Data) -> Steps:
    """One member for each class, or each column of a matrix of indicators; a column of one value needs no fit."""
    refuse_weights(estimator, data)
    found = yield from find_labels(data)
    if data.y_example.ndim > 1:
        _fit_cheaply(estimator, data, _indicators(found))
        targets = [data.with_target(_indicator, place) for place in range(len(found))]
    else:
        _fit_cheaply(estimator, data, found)
        positive = found[1:] if len(found) == 2 else found
        targets = [data.with_target(is_label, label) for label in positive]
    wanted = {
        place: (estimator.estimator, rows)
        for place, (member, rows) in enumerate(zip(estimator.estimators_, targets, strict=True))
        if isinstance(member, DummyClassifier)
    }
    for place, fitted in zip(wanted, (yield from fit_all(wanted.values())), strict=True):
        estimator.estimators_[place] = fitted
    take_names(estimator, estimator.estimators_[0])
    return estimator


def _indicator(y: Any, place: int) -> Array:
    return np.asarray(y[:, place], dtype=np.int64)


def _indicators(labels: list[Array]) -> Array:
    """Two rows that have all values of each column."""
    return np.column_stack([values[[0, -1]] for values in labels])


def one_vs_one(estimator: Any, data: Data) -> Steps:
    """One member for each pair of classes, on the rows of both."""
    refuse_weights(estimator, data)
    found = yield from find_labels(data)
    _fit_cheaply(estimator, data, found)
    rows = as_matrix(data)
    estimator.estimators_ = tuple(
        (
            yield from fit_all(
                (estimator.estimator, rows.where(_is_either, a, b).with_target(is_label, b))
                for place, a in enumerate(found)
                for b in found[place + 1 :]
            )
        )
    )
    return estimator


def output_code(estimator: Any, data: Data) -> Steps:
    """One member for each bit of the codes of classes."""
    refuse_weights(estimator, data)
    found = yield from find_labels(data)
    _fit_cheaply(estimator, data, found)
    if hasattr(estimator.estimator, "decision_function"):
        estimator.code_book_[estimator.code_book_ != 1] = -1.0
    codes = estimator.code_book_.astype(np.int64)
    wanted = {
        place: (estimator.estimator, data.with_target(_coded, found, codes[:, place]))
        for place, member in enumerate(estimator.estimators_)
        if isinstance(member, DummyClassifier)
    }
    for place, member in enumerate(estimator.estimators_):
        if place not in wanted:  # one value for all classes
            member.y_ = codes[:1, place]
    for place, fitted in zip(wanted, (yield from fit_all(wanted.values())), strict=True):
        estimator.estimators_[place] = fitted
    take_names(estimator, estimator.estimators_[0])
    return estimator


def _coded(y: Any, known: Array, codes: Array) -> Array:
    return np.asarray(codes[np.searchsorted(known, y)])


def fixed_threshold(estimator: Any, data: Data) -> Steps:
    """The classifier; the threshold is a parameter."""
    refuse_weights(estimator, data)
    found = yield from find_labels(data)
    fitted = yield from data.fit(estimator.estimator)
    with standing_in([(estimator.estimator, fitted)]):
        fitted_on(estimator, rows_of(data.example, np.zeros(len(found), dtype=int)), found)
    estimator.estimator_ = thawed(estimator.estimator_)
    return estimator


def _is_either(batch: Batch, a: Any, b: Any) -> Array:
    return np.asarray((batch.y == a) | (batch.y == b))


# the estimator itself


def _outputs(data: Data) -> int:
    if data.y_example.ndim == 1:
        raise ValueError(
            "y must have at least two dimensions for multi-output regression but has only one."
        )
    return int(data.y_example.shape[1])


def _fit_cheaply(estimator: Any, data: Data, y: Array) -> None:
    """The genuine fit, with members that cost nothing, on as many rows as there are targets."""
    wanted = estimator.estimator
    estimator.estimator = DummyClassifier() if is_classifier(estimator) else DummyRegressor()
    try:
        fitted_on(estimator, rows_of(data.example, np.zeros(len(y), dtype=int)), y)
    finally:
        estimator.estimator = wanted


def _refuses_cv(estimator: Any) -> str:
    if estimator.cv is None:
        return ""
    return "cv= predicts each output before the next is fitted; leave cv=None, which uses the true values"


_EACH = Strategy("composed", "exact", SHARED, multi_output, members=inner)
_CHAIN = Strategy("composed", "exact", SHARED, chain, refuses=_refuses_cv, members=inner)

STRATEGIES: Mapping[str, Strategy] = {
    "ClassifierChain": _CHAIN,
    "MultiOutputClassifier": _EACH,
    "MultiOutputRegressor": _EACH,
    "OneVsOneClassifier": Strategy(
        "composed", "exact", "1, then as its members, shared", one_vs_one, members=inner
    ),
    "OneVsRestClassifier": Strategy(
        "composed", "exact", "1, then as its members, shared", one_vs_rest, members=inner
    ),
    "OutputCodeClassifier": Strategy(
        "composed", "exact", "1, then as its members, shared", output_code, members=inner
    ),
    "FixedThresholdClassifier": Strategy(
        "composed", "exact", "1, then as its classifier's", fixed_threshold, members=inner
    ),
    "RegressorChain": _CHAIN,
}
