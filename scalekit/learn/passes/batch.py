"""Some rows as a kernel sees them: X, y and weights, each made when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import polars as pl
from sklearn.utils import assert_all_finite

from scalekit.kernels.row_hash import hash_rows
from scalekit.learn.matrix import to_features, to_target, to_weights
from scalekit.learn.roles import Roles

Array: TypeAlias = "np.ndarray[Any, Any]"

POSITION = "__scalekit_position"
"""The column that numbers the rows of a frame from 0, where a fit asks for it."""

KEPT = "__scalekit_x"
"""The column that holds a row of a kept matrix."""

HASH = "__scalekit_hash"
"""The column that holds the hash of a row that was kept, whose other columns are gone."""


def read(rows: pl.DataFrame, roles: Roles) -> Batch:
    """The rows of a table as a batch."""
    targets, weight = roles.targets, roles.weight
    return Batch(
        rows,
        lambda: _features(rows, roles.features),
        (lambda: to_target(rows.select(targets))) if targets else _nothing,
        _nothing if weight is None else (lambda: to_weights(rows[weight])),
        None if roles.features == (KEPT,) else roles.features,
    )


class Batch:
    """Some rows, not none, on their way through a pass.

    Parameters
    ----------
    rows
        The rows as they were read, whatever became of X since.
    make_x, make_y, make_weight
        Give X, y and the weights; they are called once, when somebody asks.
    plain
        The columns of ``rows`` that X consists of as it was read; None where something was done to it.
    """

    def __init__(
        self,
        rows: pl.DataFrame,
        make_x: Callable[[], Any],
        make_y: Callable[[], Any],
        make_weight: Callable[[], Any],
        plain: tuple[str, ...] | None = None,
    ) -> None:
        self.rows = rows
        self._make_x = make_x
        self._make_y = make_y
        self._make_weight = make_weight
        self.plain = plain

    @property
    def height(self) -> int:
        """The number of rows."""
        return self.rows.height

    @cached_property
    def X(self) -> Any:
        """A pandas frame as it was read, or whatever a transformer made of it: a matrix, dense or sparse."""
        return self._make_x()

    @cached_property
    def y(self) -> Any:
        """The target: an array of one dimension, or of two for several; None where there is none."""
        return self._make_y()

    @cached_property
    def weight(self) -> Any:
        """The weights as float64, or None."""
        return self._make_weight()

    @cached_property
    def matrix(self) -> Array:
        """X as a dense matrix of float64, missing values as NaN, row after row in memory.

        Raises
        ------
        ValueError
            Where X holds text, as scikit-learn says it.
        """
        if self._is_plain:
            return self._numbers.to_numpy(order="c", writable=False)
        found = self.X.toarray() if hasattr(self.X, "toarray") else self.X
        return np.ascontiguousarray(np.asarray(found, dtype=np.float64))

    @cached_property
    def columns(self) -> list[Array] | None:
        """The columns of X as float64, each as it was read, missing values as NaN; None where X is no plain numbers."""
        return [column.to_numpy() for column in self._numbers] if self._is_plain else None

    @cached_property
    def _is_plain(self) -> bool:
        return self.plain is not None and all(_is_number(self.rows[name]) for name in self.plain)

    @property
    def _numbers(self) -> pl.DataFrame:
        assert self.plain is not None
        return self.rows.select(pl.col(self.plain).cast(pl.Float64))

    @cached_property
    def values(self) -> Any:
        """X as numbers: compressed sparse rows where it is sparse, else the :attr:`matrix`."""
        if self.plain is None and hasattr(self.X, "tocsr"):
            return self.X.tocsr()
        return self.matrix

    def numbers(self, who: str, *, nan: bool = False) -> Array:
        """The :attr:`matrix`, without infinite values, nor missing ones unless ``nan``.

        Raises
        ------
        ValueError
            In scikit-learn's own words, which name the estimator ``who``.
        """
        found = self.matrix
        assert_all_finite(found, allow_nan=nan, estimator_name=who, input_name="X")
        return found

    @cached_property
    def weights(self) -> Array:
        """The weights, ones where there are none."""
        return np.ones(self.height) if self.weight is None else self.weight

    @cached_property
    def positions(self) -> Array:
        """The place of each row in the whole frame, from 0; only where the strategy asked for positions."""
        return self.rows[POSITION].to_numpy()

    def identity(self, columns: tuple[str, ...]) -> Array:
        """A number for each row that its values in ``columns`` decide, 64 bits; where one was kept, that."""
        if HASH in self.rows.columns:
            return self.rows[HASH].to_numpy()
        return hash_rows(self.rows, columns, purpose="sample")

    def hash(self, columns: tuple[str, ...], seed: int | str = 0) -> Array:
        """A number for each row that its identity and the seed decide; other seeds give independent ones."""
        known = pl.DataFrame({HASH: self.identity(columns)})
        return hash_rows(known, seed=seed, purpose="sample")

    def with_x(self, make_x: Callable[[], Any], plain: tuple[str, ...] | None = None) -> Batch:
        """The same rows with another X; ``plain`` where it still consists of columns as they were read."""
        return Batch(self.rows, make_x, lambda: self.y, lambda: self.weight, plain)

    def with_y(self, make_y: Callable[[], Any]) -> Batch:
        """The same rows with another target."""
        return Batch(self.rows, lambda: self.X, make_y, lambda: self.weight, self.plain)

    def with_weight(self, make_weight: Callable[[], Any]) -> Batch:
        """The same rows with other weights."""
        return Batch(self.rows, lambda: self.X, lambda: self.y, make_weight, self.plain)

    def where(self, mask: Array) -> Batch:
        """Some of the rows."""
        chosen = np.flatnonzero(mask)
        return Batch(
            self.rows.filter(pl.Series(mask)),
            lambda: rows_of(self.X, chosen),
            lambda: None if self.y is None else self.y[chosen],
            lambda: None if self.weight is None else self.weight[chosen],
            self.plain,
        )


def rows_of(x: Any, chosen: Array) -> Any:
    """Some rows of a frame or a matrix, by their places."""
    return x.iloc[chosen] if hasattr(x, "iloc") else x[chosen]


def _features(rows: pl.DataFrame, names: tuple[str, ...]) -> Any:
    if names == (KEPT,):
        return rows[KEPT].to_numpy()
    return to_features(rows.select(names))


def _is_number(column: pl.Series) -> bool:
    return column.dtype.is_numeric() or column.dtype == pl.Boolean


def _nothing() -> None:
    return None
