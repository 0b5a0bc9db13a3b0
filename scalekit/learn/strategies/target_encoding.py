"""TargetEncoder, from one pass of the target by category; and its rows for training, encoded from other folds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, TypeAlias

import numpy as np
from sklearn.utils.multiclass import type_of_target

from scalekit.learn.passes.batch import Array, Batch, rows_of
from scalekit.learn.passes.by_category import (
    ByCategory,
    Spread,
    by_category,
    joined_by_category,
    of_codes,
    regrouped,
    whole,
)
from scalekit.learn.passes.cells import Listed
from scalekit.learn.passes.counts import checked, places_in
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.folds import find_splits, refuses_splitter
from scalekit.learn.passes.gathered import stack
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.template import fitted_on
from scalekit.learn.strategies.encoding import distinct
from scalekit.learn.strategies.strategy import Strategy

FoldOf: TypeAlias = Callable[[Batch], Array]
"""The number of the fold of each row; it travels to the workers."""

SALT = "target-encoder-folds"
"""Folds have a hash of their own, so that they say nothing of other samples of the rows."""


def target_encoder(estimator: Any, data: Data) -> Steps:
    """The genuine fit on one row for each category, into which the encodings are put."""
    if data.y_example is not None and data.y_example.ndim != 1:
        return estimator.fit(data.example, data.y_example)  # which is refused
    found: ByCategory = yield data.ask(
        by_category, joined_by_category, estimator.target_type, what="target by category"
    )
    checked(found.columns, data.names, type(estimator).__name__)
    y = _template(estimator, found, data)
    fitted_on(estimator, distinct(found.columns, data, len(y)), y)
    _encode(estimator, found)
    return estimator


def _template(estimator: Any, found: ByCategory, data: Data) -> Array:
    """A target of the same type as the whole one."""
    rows = max(2, *(len(column.values) for column in found.columns))
    kind = estimator.target_type
    if kind == "auto":
        kind = "continuous" if found.labels is None else type_of_target(found.labels)
    if kind == "continuous" and found.spreads:
        numbers = np.linspace(0.25, 0.75, rows)
        return numbers.astype(data.y_example.dtype if found.labels is None else np.float64)
    assert found.labels is not None
    return np.resize(found.labels, max(rows, len(found.labels)))


def _encode(estimator: Any, found: ByCategory) -> None:
    """Put in the encodings and the mean of the target."""
    spreads = [
        _targets(estimator, found, place) for place in range(len(found.columns))
    ]  # of each column, for each of the targets
    total = [whole(spread) for spread in spreads[0]]
    mean = np.array([one.mean for one in total], dtype=np.asarray(estimator.target_mean_).dtype)
    estimator.target_mean_ = mean if estimator.target_type_ == "multiclass" else mean[0]
    estimator.encodings_ = [
        _encodings(estimator, _known(spread, column.values, known), one)
        for column, known, of_column in zip(
            found.columns, estimator.categories_, spreads, strict=True
        )
        for spread, one in zip(of_column, total, strict=True)
    ]


def _targets(estimator: Any, found: ByCategory, place: int) -> list[Spread]:
    """The spread of the number, of the number of the class, or of each class against the others."""
    if estimator.target_type_ == "continuous":
        return [found.spreads[place]]
    assert found.labels is not None
    codes = places_in(found.labels, estimator.classes_)
    table = found.tables[place]
    if estimator.target_type_ == "binary":
        return [of_codes(table, codes)]
    return [of_codes(table, np.equal(codes, number)) for number in range(len(estimator.classes_))]


def _known(spread: Spread, values: Array, known: Array) -> Spread:
    """The spread in each category; scikit-learn counts rows of unknown values to the first of the given ones."""
    return regrouped(spread, np.maximum(places_in(values, known), 0), len(known))


def _encodings(estimator: Any, spread: Spread, total: Spread) -> Array:
    """Means of categories, drawn to the mean of all: by empirical Bayes, or as if some more rows had that."""
    rows, mean, m2 = spread.rows, spread.mean, spread.m2
    with np.errstate(divide="ignore", invalid="ignore"):
        if estimator.smooth == "auto":
            weight = total.m2 / total.rows * rows
            share = weight / (weight + m2 / rows)
            found = share * mean + (1 - share) * total.mean
        else:
            found = (estimator.smooth * total.mean + rows * mean) / (estimator.smooth + rows)
    return np.where(np.isnan(found), total.mean, found)


# rows for training


@dataclass(frozen=True, eq=False)
class CrossFitted:
    """X as ``fit_transform`` gives it: each row encoded by what the rows of other folds say.

    Attributes
    ----------
    encoders
        For each fold the one that was fitted on all others.
    fold_of
        Says in which fold a row is.
    """

    encoders: tuple[Any, ...]
    fold_of: FoldOf

    def __call__(self, batch: Batch) -> Batch:
        """Encode when somebody asks for X."""
        return batch.with_x(lambda: self._encoded(batch))

    def _encoded(self, batch: Batch) -> Any:
        fold = self.fold_of(batch)
        places = [np.flatnonzero(fold == number) for number in range(len(self.encoders))]
        blocks = [
            encoder.transform(rows_of(batch.X, rows))
            for encoder, rows in zip(self.encoders, places, strict=True)
            if len(rows)
        ]
        return rows_of(stack(blocks), np.argsort(np.concatenate(places)))


@dataclass(frozen=True)
class Hashed:
    """Folds by the hashes of rows."""

    count: int
    columns: tuple[str, ...]
    seed: str

    def __call__(self, batch: Batch) -> Array:
        """The number of the fold of each row."""
        return fold_of(batch, self.count, self.columns, self.seed)


def fold_of(batch: Batch, count: int, columns: tuple[str, ...], seed: str) -> Array:
    """The number of the fold of each row."""
    return batch.hash(columns, seed) % np.uint64(count)


def cross_fitted(estimator: Any, data: Data) -> Steps:
    """The rows on which an encoder was fitted, with X as its ``fit_transform`` gives it."""
    count, folds = yield from _folds(estimator, data)
    found: list[ByCategory | None] = yield data.ask(
        by_fold, joined_folds, estimator.target_type_, count, folds,
        what="target by category and fold",
    )  # fmt: skip
    encoders = []
    for number in range(count):
        others = [one for place, one in enumerate(found) if place != number and one is not None]
        encoder = copy(estimator)
        if others:  # else all rows are in one fold
            _encode(encoder, reduce(joined_by_category, others))
        encoders.append(encoder)
    step = CrossFitted(tuple(encoders), folds)
    return replace(data.then(step), example=estimator.transform(data.example))


def by_fold(batch: Batch, target_type: str, count: int, folds: FoldOf) -> list[ByCategory | None]:
    """The target by category in each fold."""
    fold = folds(batch)
    parts = [batch.where(fold == number) for number in range(count)]
    return [by_category(part, target_type) if part.height else None for part in parts]


def joined_folds(
    left: list[ByCategory | None], right: list[ByCategory | None]
) -> list[ByCategory | None]:
    """That of the rows of both."""
    return [
        (a or b) if a is None or b is None else joined_by_category(a, b)
        for a, b in zip(left, right, strict=True)
    ]


def _folds(estimator: Any, data: Data) -> Steps:
    """How many folds there are, and what says in which a row is: those of scikit-learn where parameters say which."""
    if not folds_are_told(estimator):
        cv = 5 if estimator.cv is None else estimator.cv
        count = int(cv if isinstance(cv, int) else cv.n_splits)
        return count, Hashed(count, data.view.table.roles.columns, _seed(estimator))
    is_classifier = estimator.target_type_ != "continuous"
    splits = yield from find_splits(
        data, estimator.cv, classifier=is_classifier, **_shuffled(estimator)
    )
    if not splits.are_folds:
        raise ValueError(
            "Validation indices from `cv` must cover each sample index exactly once with no overlap. Pass a splitter "
            "with non-overlapping validation folds as `cv` or refer to the docs for other options."
        )
    return splits.count, Listed(splits.codes)


def folds_are_told(estimator: Any) -> bool:
    """Whether parameters leave nothing to draw of the folds."""
    cv = estimator.cv
    if cv is None or isinstance(cv, int):
        how = _shuffled(estimator)
        return not how["shuffle"] or how.get("random_state") is not None
    return not getattr(cv, "shuffle", False) or cv.random_state is not None


def _shuffled(estimator: Any) -> dict[str, Any]:
    """How a number of folds is made; parameters that say it are deprecated."""
    given = {name: getattr(estimator, name, "deprecated") for name in ("shuffle", "random_state")}
    return {"shuffle": True, **{name: v for name, v in given.items() if v != "deprecated"}}


def _seed(estimator: Any) -> str:
    given = getattr(estimator.cv, "random_state", None)
    return SALT if given is None else f"{SALT}-{given}"


def _refuses(estimator: Any) -> str:
    return refuses_splitter(estimator.cv)


STRATEGIES: Mapping[str, Strategy] = {
    "TargetEncoder": Strategy(
        "statistics", "in_law", "1, and 1 or 2 before the next step of a pipeline", target_encoder,
        refuses=_refuses, everywhere=True, cross_fitted=cross_fitted,
        positions_where=folds_are_told, exact_where=folds_are_told,
        note="the folds by which a pipeline's next step sees training rows are scikit-learn's where cv= says which "
        "(a KFold that is not shuffled, or has a random_state), else those of the rows' hashes",
    ),
}  # fmt: skip
