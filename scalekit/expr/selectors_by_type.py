"""Selectors of columns by their types."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import polars.selectors as cs

from scalekit.expr.dtypes import PYTHON_TYPES
from scalekit.expr.selector import Selector, selector_of
from scalekit.expr.selector import inner as inner_of


def numeric() -> Selector:
    """Columns of numbers: integers, floats and decimals.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"i": [1], "f": [2.0], "s": ["a"], "b": [True]})
    >>> frame.select(cs.numeric()).columns
    ['i', 'f']
    """
    return selector_of(cs.numeric())


def integer() -> Selector:
    """Columns of integers, signed or not.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"i": [1], "f": [2.0], "s": ["a"], "b": [True]})
    >>> frame.select(cs.integer()).columns
    ['i']
    """
    return selector_of(cs.integer())


def signed_integer() -> Selector:
    """Columns of signed integers.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"i": [1], "f": [2.0], "s": ["a"], "b": [True]})
    >>> frame.select(cs.signed_integer()).columns
    ['i']
    """
    return selector_of(cs.signed_integer())


def unsigned_integer() -> Selector:
    """Columns of unsigned integers.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"i": [1], "f": [2.0], "s": ["a"], "b": [True]})
    >>> frame.select(cs.unsigned_integer() | cs.first()).columns
    ['i']
    """
    return selector_of(cs.unsigned_integer())


def float() -> Selector:
    """Columns of floats.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"i": [1], "f": [2.0], "s": ["a"], "b": [True]})
    >>> frame.select(cs.float()).columns
    ['f']
    """
    return selector_of(cs.float())


def decimal() -> Selector:
    """Columns of decimals.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"i": [1], "f": [2.0], "s": ["a"], "b": [True]})
    >>> frame.select(cs.decimal() | cs.first()).columns
    ['i']
    """
    return selector_of(cs.decimal())


def boolean() -> Selector:
    """Columns of Booleans.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"i": [1], "f": [2.0], "s": ["a"], "b": [True]})
    >>> frame.select(cs.boolean()).columns
    ['b']
    """
    return selector_of(cs.boolean())


def string(*, include_categorical: bool = False) -> Selector:
    """Columns of text.

    Parameters
    ----------
    include_categorical
        Whether categoricals belong to it.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"i": [1], "f": [2.0], "s": ["a"], "b": [True]})
    >>> frame.select(cs.string()).columns
    ['s']
    """
    return selector_of(cs.string(include_categorical=include_categorical))


def binary() -> Selector:
    """Columns of bytes.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"x": [b"a"], "y": ["a"]})
    >>> frame.select(cs.binary()).columns
    ['x']
    """
    return selector_of(cs.binary())


def categorical() -> Selector:
    """Columns of categoricals.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"i": [1], "f": [2.0], "s": ["a"], "b": [True]})
    >>> frame.select(cs.categorical() | cs.first()).columns
    ['i']
    """
    return selector_of(cs.categorical())


def enum() -> Selector:
    """Columns of enums.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"i": [1], "f": [2.0], "s": ["a"], "b": [True]})
    >>> frame.select(cs.enum() | cs.first()).columns
    ['i']
    """
    return selector_of(cs.enum())


def date() -> Selector:
    """Columns of dates.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"i": [1], "f": [2.0], "s": ["a"], "b": [True]})
    >>> frame.select(cs.date() | cs.last()).columns
    ['b']
    """
    return selector_of(cs.date())


def datetime(time_unit: Any = None, time_zone: Any = ("*", None)) -> Selector:
    """Columns of points in time.

    Parameters
    ----------
    time_unit
        ``"ms"``, ``"us"``, ``"ns"``, or several of these; any, if None.
    time_zone
        A time zone, several, ``"*"`` for any, or None for those without; all, unless given.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"i": [1], "f": [2.0], "s": ["a"], "b": [True]})
    >>> frame.select(cs.datetime("us") | cs.last()).columns
    ['b']
    """
    return selector_of(cs.datetime(time_unit, time_zone))


def duration(time_unit: Any = None) -> Selector:
    """Columns of durations.

    Parameters
    ----------
    time_unit
        ``"ms"``, ``"us"``, ``"ns"``, or several of these; any, if None.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"i": [1], "f": [2.0], "s": ["a"], "b": [True]})
    >>> frame.select(cs.duration() | cs.last()).columns
    ['b']
    """
    return selector_of(cs.duration(time_unit))


def time() -> Selector:
    """Columns of times of day.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"i": [1], "f": [2.0], "s": ["a"], "b": [True]})
    >>> frame.select(cs.time() | cs.last()).columns
    ['b']
    """
    return selector_of(cs.time())


def temporal() -> Selector:
    """Columns of dates, points in time, durations and times of day.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"i": [1], "f": [2.0], "s": ["a"], "b": [True]})
    >>> frame.select(cs.temporal() | cs.last()).columns
    ['b']
    """
    return selector_of(cs.temporal())


def list(inner: Selector | None = None) -> Selector:
    """Columns of lists.

    Parameters
    ----------
    inner
        Of which types; any, if None.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"l": [[1]], "i": [1]})
    >>> frame.select(cs.list()).columns
    ['l']
    """
    return selector_of(cs.list(None if inner is None else inner_of(inner)))


def array(inner: Selector | None = None, *, width: int | None = None) -> Selector:
    """Columns of arrays, which have one width.

    Parameters
    ----------
    inner
        Of which types; any, if None.
    width
        Of which width; any, if None.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"i": [1], "f": [2.0], "s": ["a"], "b": [True]})
    >>> frame.select(cs.array() | cs.last()).columns
    ['b']
    """
    return selector_of(cs.array(None if inner is None else inner_of(inner), width=width))


def struct() -> Selector:
    """Columns of structs.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"t": [{"x": 1}], "i": [1]})
    >>> frame.select(cs.struct()).columns
    ['t']
    """
    return selector_of(cs.struct())


def nested() -> Selector:
    """Columns of lists, arrays and structs.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"t": [{"x": 1}], "i": [1], "l": [[1]]})
    >>> frame.select(cs.nested()).columns
    ['t', 'l']
    """
    return selector_of(cs.nested())


def by_dtype(*dtypes: Any) -> Selector:
    """Columns of some types.

    Parameters
    ----------
    dtypes
        Types of Polars or Python, or collections of these.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"i": [1], "f": [2.0], "s": ["a"], "b": [True]})
    >>> frame.select(cs.by_dtype(sk.Int64, str)).columns
    ['i', 's']
    """
    return selector_of(cs.by_dtype(*_types(dtypes)))


def _types(dtypes: Iterable[Any]) -> Iterable[Any]:
    """Types as Polars' selectors take them; Python's as the types that stand for them here."""
    for dtype in dtypes:
        if isinstance(dtype, Collection) and not isinstance(dtype, type):
            yield from _types(dtype)
        elif isinstance(dtype, type) and dtype in PYTHON_TYPES:
            yield type(PYTHON_TYPES[dtype])
        else:
            yield dtype
