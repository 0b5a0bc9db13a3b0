"""The user's own Python functions inside a query: called, checked, and named in every error."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from scalekit.errors import ComputeError, PlanError, ShapeError
from scalekit.expr.dtypes import to_dtype


@dataclass(frozen=True, repr=False)
class UserFunction:
    """A function from columns to a column, and what it has promised.

    Attributes
    ----------
    function
        The user's function.
    called_by
        The method that it was given to, for errors.
    return_dtype
        The type that it gives.
    is_elementwise
        Whether it gives a value for each row from that row alone; it is not called without rows then.
    """

    function: Callable[..., Any]
    called_by: str
    return_dtype: pl.DataType
    is_elementwise: bool = False

    def __call__(self, columns: Sequence[pl.Series]) -> Any:
        """Call the function on columns, and check what it returns.

        Raises
        ------
        ComputeError
            Where the function raises, or gives another type than it promised.
        ShapeError
            Where an elementwise function gives another number of rows.
        """
        rows = len(columns[0])
        if self.is_elementwise and rows == 0:
            return pl.Series(columns[0].name, [], dtype=self.return_dtype)
        try:
            answer = self.function(*columns)
        except Exception as error:
            # None of the error itself is kept: it may not be picklable, and has to cross processes.
            raise ComputeError(f"{self.name} raised {_told(error)}") from None
        column = self._as_column(answer, columns[0].name)
        if self.is_elementwise and len(column) != rows:
            raise ShapeError(
                f"{self.name} gave {len(column)} rows for {rows}: a function that is_elementwise gives one "
                "for each"
            )
        return column

    def __repr__(self) -> str:
        return _own_name(self.function)

    @property
    def name(self) -> str:
        """The function and the method that it was given to, as an error calls them."""
        return f"the function {_own_name(self.function)!r} in {self.called_by}()"

    def _as_column(self, answer: Any, name: str) -> pl.Series:
        if isinstance(answer, pl.Series):
            column = answer
        else:
            values = answer if hasattr(answer, "__len__") and not _is_scalar(answer) else [answer]
            try:
                column = pl.Series(name, values, dtype=self.return_dtype)
            except Exception as error:
                raise self._wrong_type(type(answer).__name__) from error
        if column.dtype == pl.Null and column.dtype != self.return_dtype:
            column = column.cast(self.return_dtype)
        if column.dtype != self.return_dtype:
            raise self._wrong_type(column.dtype)
        return column

    def _wrong_type(self, given: Any) -> ComputeError:
        return ComputeError(f"{self.name} gave {given} where return_dtype={self.return_dtype}")


@dataclass(frozen=True, repr=False)
class EachValue:
    """A function of one value, applied to each value of a column."""

    function: Callable[[Any], Any]
    return_dtype: pl.DataType
    skip_nulls: bool
    pass_name: bool

    def __repr__(self) -> str:
        return _own_name(self.function)

    def __call__(self, column: pl.Series) -> pl.Series:
        """Apply the function."""
        values = [
            None if value is None and self.skip_nulls else self.function(self._named(value, column))
            for value in column
        ]
        return pl.Series(column.name, values, dtype=self.return_dtype, strict=True)

    def _named(self, value: Any, column: pl.Series) -> Any:
        is_list = self.pass_name and isinstance(value, pl.Series)
        return value.alias(column.name) if is_list else value


def promised(return_dtype: Any, called_by: str) -> pl.DataType:
    """The type that a user's function gives, which has to be said: the schema is known before it runs.

    Raises
    ------
    PlanError
        Where it is not said.
    """
    if return_dtype is None:
        raise PlanError(
            f"{called_by}() needs return_dtype=, such as sk.Int64: the function is not called before the "
            "query runs, and the schema is known before it does"
        )
    return to_dtype(return_dtype)


def _own_name(function: Any) -> str:
    return getattr(function, "__qualname__", None) or repr(function)


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | bytes | dict) or getattr(value, "shape", None) == ()


def _told(error: Exception) -> str:
    """An error's type, message, and where it was raised."""
    message = "".join(traceback.format_exception_only(error)).strip()
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{message}{place}"
