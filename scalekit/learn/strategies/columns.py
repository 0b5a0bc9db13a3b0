"""ColumnTransformer: its members are fitted in lockstep, each on its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.moments import added
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.steps import select, selected
from scalekit.learn.strategies.members import (
    fit_all,
    fit_whole,
    is_estimator,
    named,
    refuse_weights,
    standing_in,
    thawed,
)
from scalekit.learn.strategies.strategy import SHARED, Strategy


def column_transformer(estimator: Any, data: Data) -> Steps:
    """All members at once, then the genuine fit on the first rows around them.

    The rows that it is given say nothing to members that are fitted already; names, places of columns and everything
    private come from it.
    """
    refuse_weights(estimator, data)
    chosen = _resolved(estimator, data)
    members = _members_of(estimator)
    wanted = [
        (members[name], selected(data, columns))
        for name, columns in chosen.items()
        if name in members
    ]
    found = yield from fit_all(wanted)
    pairs = [(member, fitted) for (member, _), fitted in zip(wanted, found, strict=True)]
    with standing_in(pairs):
        fit_whole(estimator, data)
    estimator.transformers_ = [
        (name, thawed(member), columns) for name, member, columns in estimator.transformers_
    ]
    estimator.sparse_output_ = yield from _is_sparse(estimator, data)
    return estimator


def _members_of(estimator: Any) -> dict[str, Any]:
    rest = [("remainder", estimator.remainder)] if is_estimator(estimator.remainder) else []
    return dict([*named(estimator.transformers), *rest])


def _resolved(estimator: Any, data: Data) -> dict[str, Any]:
    """The columns of each member that has some, as scikit-learn itself resolves them on the first rows."""
    bare = [
        (name, _Nothing() if is_estimator(member) else member, columns)
        for name, member, columns in estimator.transformers
    ]
    rest = _Nothing() if is_estimator(estimator.remainder) else estimator.remainder
    with config_context(transform_output="default"):
        plain = fit_whole(type(estimator)(bare, remainder=rest), data)
    return {
        name: columns
        for name, member, columns in plain.transformers_
        if not isinstance(member, str) and not _is_empty(columns)
    }


def _is_empty(columns: Any) -> bool:
    if isinstance(columns, slice | str) or np.isscalar(columns):
        return False
    kept = np.asarray(columns)
    return not (kept.any() if kept.dtype == bool else len(kept))


class _Nothing(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Stands for a member while columns are resolved."""

    def fit(self, x: Any, y: Any = None) -> _Nothing:  # noqa: ARG002
        """Learn nothing."""
        return self

    def transform(self, x: Any) -> Array:
        """Give nothing."""
        return np.zeros((len(x), 1))

    def __sklearn_is_fitted__(self) -> bool:
        return True


# whether the output is sparse


@dataclass(frozen=True)
class _Member:
    """What a member gives: how many columns, and how many of a row's values are not zero, at the least and the most."""

    width: int
    least: int
    most: int


def _is_sparse(estimator: Any, data: Data) -> Steps:
    """Whether few enough of all values are not zero; they are counted only where what is known does not decide it."""
    given = _given(estimator, data.example)
    if not any(hasattr(block, "tocsr") for _, block in given):
        return False
    known = [_bounds(member, block) for member, block in given]
    width = sum(member.width for member in known)
    least = sum(member.least for member in known) / width < estimator.sparse_threshold
    most = sum(member.most for member in known) / width < estimator.sparse_threshold
    if least == most:
        return bool(most)
    stored, values = yield data.ask(_count, added, estimator, what="share of values that are zero")
    return bool(stored / values < estimator.sparse_threshold)


def _bounds(member: Any, block: Any) -> _Member:
    width = int(block.shape[1])
    if not hasattr(block, "tocsr"):
        return _Member(width, width, width)
    if type(member).__name__ == "OneHotEncoder":
        columns = len(
            member.categories_
        )  # a row has one value of each, if none is dropped or unknown
        is_whole = member.drop is None and isinstance(member.categories, str)
        return _Member(width, columns if is_whole else 0, columns)
    return _Member(width, 0, width)


def _given(estimator: Any, x: Any) -> list[tuple[Any, Any]]:
    """What each member makes of some rows."""
    return [
        (member, member.transform(select(x, columns)))
        for _, member, columns in estimator.transformers_
        if not isinstance(member, str) and not _is_empty(columns)
    ]


def _count(batch: Batch, estimator: Any) -> tuple[int, int]:
    """Values that are stored, and all values."""
    blocks = [block for _, block in _given(estimator, batch.X)]
    stored = sum(b.nnz if hasattr(b, "tocsr") else b.shape[0] * b.shape[1] for b in blocks)
    return stored, sum(b.shape[0] * b.shape[1] for b in blocks)


STRATEGIES: Mapping[str, Strategy] = {
    "ColumnTransformer": Strategy(
        "composed", "exact", SHARED, column_transformer,
        members=lambda whole: list(_members_of(whole).items()),
        note="one pass more where a member's output is sparse and nothing but counting says how much",
    ),
}  # fmt: skip
