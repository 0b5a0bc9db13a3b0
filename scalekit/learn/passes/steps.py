"""Steps between the rows of a frame and what members of a composed estimator see of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from scalekit.learn.passes.batch import Batch
from scalekit.learn.passes.data import Data


@dataclass(frozen=True, eq=False)
class Unweighted:
    """No weights: those of a Pipeline go to its last step alone."""

    def __call__(self, batch: Batch) -> Batch:
        """Leave the weights out."""
        return batch.with_weight(lambda: None)


@dataclass(frozen=True, eq=False)
class Matrix:
    """X without the names of its columns: estimators that check X themselves hand an array to their members."""

    def __call__(self, batch: Batch) -> Batch:
        """Take the names off when somebody asks for X."""
        return batch.with_x(lambda: matrix_of(batch.X), plain=batch.plain)


@dataclass(frozen=True, eq=False)
class TargetAsFeatures:
    """The target in the place of X, as a matrix of one column or several."""

    def __call__(self, batch: Batch) -> Batch:
        """Put it there when somebody asks for X."""
        return batch.with_x(lambda: as_columns(batch.y)).with_y(lambda: None)


@dataclass(frozen=True, eq=False)
class Selected:
    """What a ColumnTransformer hands to a member: one column as a series, or some as a frame or matrix."""

    columns: Any

    def __call__(self, batch: Batch) -> Batch:
        """Select when somebody asks for X."""
        plain = batch.plain if isinstance(self.columns, Sequence) else None
        places = None if plain is None else _names(self.columns, plain)
        return batch.with_x(lambda: select(batch.X, self.columns), plain=places)


UNWEIGHTED = Unweighted()
MATRIX = Matrix()
TARGET_AS_FEATURES = TargetAsFeatures()
# One object each: views that go through the same step share their work in a pass.


def unweighted(data: Data) -> Data:
    """The same rows without weights."""
    if not data.weighted:
        return data
    return replace(data.then(UNWEIGHTED), weighted=False)


def as_matrix(data: Data) -> Data:
    """The same rows with X as an array."""
    if data.names is None:
        return data
    return replace(data.then(MATRIX), example=matrix_of(data.example))


def target_as_features(data: Data) -> Data:
    """The target in the place of X; no target, no weights."""
    bare = unweighted(data).then(TARGET_AS_FEATURES)
    return replace(bare, example=as_columns(data.y_example), y_example=None)


def selected(data: Data, columns: Any) -> Data:
    """The rows with some columns of X, chosen in any of a ColumnTransformer's ways."""
    return replace(data.then(Selected(columns)), example=select(data.example, columns))


def matrix_of(x: Any) -> Any:
    """The values of a frame."""
    return x.to_numpy() if hasattr(x, "iloc") else x


def as_columns(y: Any) -> Any:
    """A target as a matrix."""
    return y.reshape(-1, 1) if y.ndim == 1 else y


def select(x: Any, columns: Any) -> Any:
    """Columns by name, place, slice or mask; a single name or place gives one dimension."""
    if not hasattr(x, "iloc"):
        return x[:, columns]
    if isinstance(columns, str):
        return x[columns]
    if isinstance(columns, slice):
        named = isinstance(columns.start, str) or isinstance(columns.stop, str)
        return x.loc[:, columns] if named else x.iloc[:, columns]
    if np.isscalar(columns):
        return x.iloc[:, columns]
    wanted = list(columns)
    return x.loc[:, wanted] if all(isinstance(c, str) for c in wanted) else x.iloc[:, wanted]


def _names(columns: Sequence[Any], known: tuple[str, ...]) -> tuple[str, ...] | None:
    """The names of columns that are given by name or place; None for other ways of choosing."""
    if isinstance(columns, str):
        return None
    found = [known[c] if type(c) is int else c for c in columns]
    is_named = found and all(isinstance(name, str) for name in found)
    return tuple(found) if is_named and len(set(found)) == len(found) else None
