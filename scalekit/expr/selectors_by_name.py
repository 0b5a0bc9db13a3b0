"""Selectors of columns by their names and places."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import polars.selectors as cs

from scalekit.expr.expr import excluded
from scalekit.expr.function import flatten
from scalekit.expr.selector import Selector, selector_of


def all() -> Selector:
    """Every column.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"i": [1], "f": [2.0], "s": ["a"], "b": [True]})
    >>> frame.select(cs.all()).columns
    ['i', 'f', 's', 'b']
    """
    return selector_of(cs.all())


def empty() -> Selector:
    """No column.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"i": [1], "f": [2.0], "s": ["a"], "b": [True]})
    >>> frame.select(cs.empty() | cs.first()).columns
    ['i']
    """
    return selector_of(cs.empty())


def exclude(columns: Any, *more_columns: Any) -> Selector:
    """All columns but these.

    Parameters
    ----------
    columns, more_columns
        Names, patterns ``"^...$"``, types or selectors.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"i": [1], "f": [2.0], "s": ["a"], "b": [True]})
    >>> frame.select(cs.exclude("i", cs.boolean())).columns
    ['f', 's']
    """
    return selector_of(cs.all() - excluded(flatten((columns, *more_columns))))


def first(*, strict: bool = True) -> Selector:
    """The first column.

    Parameters
    ----------
    strict
        Raise where there is none.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"i": [1], "f": [2.0], "s": ["a"], "b": [True]})
    >>> frame.select(cs.first()).columns
    ['i']
    """
    return selector_of(cs.first(strict=strict))


def last(*, strict: bool = True) -> Selector:
    """The last column.

    Parameters
    ----------
    strict
        Raise where there is none.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"i": [1], "f": [2.0], "s": ["a"], "b": [True]})
    >>> frame.select(cs.last()).columns
    ['b']
    """
    return selector_of(cs.last(strict=strict))


def by_index(*indices: Any, require_all: bool = True) -> Selector:
    """Columns at some places.

    Parameters
    ----------
    indices
        Places, or ranges of these; negative ones count from the end.
    require_all
        Raise for a place that does not exist.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"i": [1], "f": [2.0], "s": ["a"], "b": [True]})
    >>> frame.select(cs.by_index(0, -1)).columns
    ['i', 'b']
    """
    return selector_of(cs.by_index(*indices, require_all=require_all))


def by_name(*names: str | Collection[str], require_all: bool = True) -> Selector:
    """Columns of some names, in the order of these.

    Parameters
    ----------
    names
        Names, or collections of these.
    require_all
        Raise for a name that does not exist.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"i": [1], "f": [2.0], "s": ["a"], "b": [True]})
    >>> frame.select(cs.by_name("s", "i")).columns
    ['s', 'i']
    """
    return selector_of(cs.by_name(*names, require_all=require_all))


def starts_with(*prefix: str) -> Selector:
    """Columns whose name starts with a text.

    Parameters
    ----------
    prefix
        One text or several.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"ab": [1], "ba": [2]})
    >>> frame.select(cs.starts_with("a")).columns
    ['ab']
    """
    return selector_of(cs.starts_with(*prefix))


def ends_with(*suffix: str) -> Selector:
    """Columns whose name ends with a text.

    Parameters
    ----------
    suffix
        One text or several.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"ab": [1], "ba": [2]})
    >>> frame.select(cs.ends_with("a")).columns
    ['ba']
    """
    return selector_of(cs.ends_with(*suffix))


def contains(*substring: str) -> Selector:
    """Columns whose name holds a text.

    Parameters
    ----------
    substring
        One text or several.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"ab": [1], "a": [2]})
    >>> frame.select(cs.contains("b")).columns
    ['ab']
    """
    return selector_of(cs.contains(*substring))


def matches(pattern: str) -> Selector:
    """Columns whose name matches a regular expression of Rust's dialect, anywhere in it.

    Parameters
    ----------
    pattern
        The regular expression.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"ab": [1], "a": [2]})
    >>> frame.select(cs.matches("^a.$")).columns
    ['ab']
    """
    return selector_of(cs.matches(pattern))
