"""Constants: what a user's value becomes within a node, and how an argument is kept there."""

from __future__ import annotations

from collections.abc import KeysView, ValuesView
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

import polars as pl

from scalekit.errors import PlanError
from scalekit.expr.node import Literal, Opaque

_SCALARS = (str, bytes, bool, int, float, Decimal, date, datetime, time, timedelta, type(None))

_ABSENT = ("NaTType", "NAType")
"""Types of pandas' own nulls, of which one counts as a datetime."""


def literal(value: Any, dtype: pl.DataType | None = None) -> Literal:
    """Build a constant from a value of Python, NumPy, pandas, Arrow or Polars; refuse any other here."""
    if type(value).__name__ in _ABSENT:
        return Literal(None, dtype)
    if isinstance(value, _SCALARS):
        return Literal(value, dtype)
    if isinstance(value, list | tuple | range | KeysView | ValuesView):
        return Literal(_items(tuple(value)), dtype)
    if isinstance(value, set | frozenset):
        # In any order that is the same in every process; values of several types have none of their own.
        return Literal(_items(tuple(sorted(value, key=repr))), dtype)
    if isinstance(value, dict | pl.Series):
        return Literal(Opaque(value), dtype)
    if isinstance(value, Enum):
        return Literal(value.value, dtype)
    if hasattr(value, "__array__"):
        if getattr(value, "shape", None) == () and hasattr(value, "item"):
            return Literal(value.item(), dtype)
        if _is_series(value):
            return Literal(Opaque(_series(value)), dtype)
    raise _refused(value)


def _items(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if any(hasattr(kind, "_node") for kind in set(map(type, values))):
        raise PlanError(
            "a list of constants holds an expression: put columns into a list with sk.concat_list()"
        )
    frozen: tuple[Any, ...] = freeze(values)
    return frozen


def _is_series(value: Any) -> bool:
    """Whether something is an array of one dimension; Arrow's arrays have no shape."""
    if hasattr(value, "collect"):  # a frame
        return False
    shape = getattr(value, "shape", None)
    if shape is None:
        return hasattr(value, "__arrow_c_array__") or hasattr(value, "__arrow_c_stream__")
    return isinstance(shape, tuple) and len(shape) == 1


def _series(value: Any) -> pl.Series:
    # The arrays within a column of pandas are known to Arrow, and not to Polars.
    given = value.__arrow_array__() if hasattr(value, "__arrow_array__") else value
    try:
        series = pl.Series(given)
    except (TypeError, ValueError, pl.exceptions.PolarsError):
        raise _refused(value) from None
    if series.dtype == pl.Object:  # which Polars cannot compute with, and panics
        raise _refused(value)
    return series


def _refused(value: Any) -> PlanError:
    library = type(value).__module__.split(".")[0]
    known = "" if library in ("builtins", "__main__") else f"{library} "
    return PlanError(
        f"a value of type {known}{type(value).__name__} cannot be part of an expression: {_way_out(value)}"
    )


def _way_out(value: Any) -> str:
    """What to write in the place of a value that no expression can hold."""
    if isinstance(value, pl.Expr):
        return "write it with scalekit's own col, lit and when, or scalekit.selectors"
    if hasattr(value, "collect") or hasattr(value, "to_dict"):
        return "join a frame with the other one, or collect() it and pass a value of it"
    if callable(value):
        return "apply a function with .map_elements(function) or frame.map_batches(function)"
    return "pass an expression (col, lit, when), a number, text, date, time, list or Series"


class Pairs(tuple[Any, ...]):
    """A frozen mapping."""

    __slots__ = ()


def freeze(value: Any) -> Any:
    """Make an argument hashable: lists become tuples, mappings tuples of pairs, the rest keeps identity."""
    if isinstance(value, list | tuple):
        return tuple(freeze(v) for v in value)
    if isinstance(value, set | frozenset):
        return tuple(sorted(freeze(v) for v in value))
    if isinstance(value, dict):
        return Pairs((freeze(k), freeze(v)) for k, v in value.items())
    if isinstance(value, type) and issubclass(value, pl.DataType):
        return value
    try:
        hash(value)
    except TypeError:
        return Opaque(value)
    return value


def thaw(value: Any) -> Any:
    """Undo :func:`freeze`: what a kernel is called with."""
    if isinstance(value, Opaque):
        return value.value
    if isinstance(value, Pairs):
        return {thaw(k): thaw(v) for k, v in value}
    if isinstance(value, tuple):
        return [thaw(v) for v in value]
    return value
