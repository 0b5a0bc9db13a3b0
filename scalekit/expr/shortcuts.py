"""Functions named as Python's builtins and as methods, kept apart so that no other module shadows those."""

from __future__ import annotations

from typing import Any

import polars as pl
import polars.selectors as cs

from scalekit.errors import PlanError
from scalekit.expr.builders import col
from scalekit.expr.expr import Expr, excluded
from scalekit.expr.function import Decomposition, aggregate, flatten
from scalekit.expr.node import Selection


def _counted_parts() -> Decomposition:
    return Decomposition({"part": len()}, lambda p: p["part"].sum())


@aggregate(
    "pl.len",
    owner=Expr,
    kernel=pl.len,
    result=pl.Int64(),
    output_name=lambda _: "len",
    decompose=_counted_parts,
)
def len() -> Expr:
    """Count rows, as Int64.

    Examples
    --------
    >>> import scalekit as sk
    >>> sk.from_dict({"x": [1, None]}).select(sk.len()).collect().item()
    2
    """


def all(*names: Any, ignore_nulls: bool = True) -> Expr:
    """Select every column; or, with names, find whether all of their values are true.

    Parameters
    ----------
    names
        Names, patterns ``"^...$"`` or types of Boolean columns.
    ignore_nulls
        With names: leave nulls out; otherwise Kleene's logic makes an answer that depends on a null null.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [True, False], "y": [True, True]})
    >>> frame.select(sk.all("x", "y")).collect().row(0)
    (False, True)
    >>> frame.select(sk.all()).columns
    ['x', 'y']
    """
    if not names:
        return Expr(Selection(cs.all()))
    return col(*names).all(ignore_nulls=ignore_nulls)


def any(*names: Any, ignore_nulls: bool = True) -> Expr:
    """Find whether any value of columns is true.

    Parameters
    ----------
    names
        Names, patterns ``"^...$"`` or types of Boolean columns.
    ignore_nulls
        Leave nulls out; otherwise Kleene's logic makes an answer that depends on a null null.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [True, False], "y": [False, False]})
    >>> frame.select(sk.any("x", "y")).collect().row(0)
    (True, False)
    """
    return _named("any", names).any(ignore_nulls=ignore_nulls)


def max(*names: Any) -> Expr:
    """Largest value of columns.

    Parameters
    ----------
    names
        Names, patterns ``"^...$"`` or types of columns.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [1, 3], "y": [5, 4]})
    >>> frame.select(sk.max("x", "y")).collect().row(0)
    (3, 5)
    """
    return _named("max", names).max()


def min(*names: Any) -> Expr:
    """Smallest value of columns.

    Parameters
    ----------
    names
        Names, patterns ``"^...$"`` or types of columns.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [1, 3], "y": [5, 4]})
    >>> frame.select(sk.min("x", "y")).collect().row(0)
    (1, 4)
    """
    return _named("min", names).min()


def sum(*names: Any) -> Expr:
    """Sum of columns; integers are added in 64 bits.

    Parameters
    ----------
    names
        Names, patterns ``"^...$"`` or types of columns.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [1, 3], "y": [5, 4]})
    >>> frame.select(sk.sum("x", "y")).collect().row(0)
    (4, 9)
    """
    return _named("sum", names).sum()


def mean(*columns: Any) -> Expr:
    """Mean of columns.

    Parameters
    ----------
    columns
        Names, patterns ``"^...$"`` or types of columns.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [1, 3], "y": [5, 4]})
    >>> frame.select(sk.mean("x", "y")).collect().row(0)
    (2.0, 4.5)
    """
    return _named("mean", columns).mean()


def median(*columns: Any) -> Expr:
    """Median of columns.

    Parameters
    ----------
    columns
        Names, patterns ``"^...$"`` or types of columns.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [1, 3], "y": [5, 4]})
    >>> frame.select(sk.median("x", "y")).collect().row(0)
    (2.0, 4.5)
    """
    return _named("median", columns).median()


def count(*columns: Any) -> Expr:
    """Number of the non-null values of columns, as Int64.

    Parameters
    ----------
    columns
        Names, patterns ``"^...$"`` or types of columns.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [1, 3], "y": [5, 4]})
    >>> frame.select(sk.count("x", "y")).collect().row(0)
    (2, 2)
    """
    return _named("count", columns).count()


def n_unique(*columns: Any) -> Expr:
    """Number of the distinct values of columns, as Int64.

    Parameters
    ----------
    columns
        Names, patterns ``"^...$"`` or types of columns.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [1, 3], "y": [5, 4]})
    >>> frame.select(sk.n_unique("x", "y")).collect().row(0)
    (2, 2)
    """
    return _named("n_unique", columns).n_unique()


def first(*columns: Any) -> Expr:
    """First value of columns in the order of rows; or the first column, without names.

    Parameters
    ----------
    columns
        Names, patterns ``"^...$"`` or types of columns.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [1, 3], "y": [5, 4]})
    >>> frame.select(sk.first("x", "y")).collect().row(0)
    (1, 5)
    """
    return col(*columns).first() if columns else Expr(Selection(cs.first()))


def last(*columns: Any) -> Expr:
    """Last value of columns in the order of rows; or the last column, without names.

    Parameters
    ----------
    columns
        Names, patterns ``"^...$"`` or types of columns.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [1, 3], "y": [5, 4]})
    >>> frame.select(sk.last("x", "y")).collect().row(0)
    (3, 4)
    """
    return col(*columns).last() if columns else Expr(Selection(cs.last()))


def std(column: Any, ddof: int = 1) -> Expr:
    """Standard deviation of a column.

    Parameters
    ----------
    column
        A name, pattern or type.
    ddof
        What is taken off the number of values to divide by.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [1.0, 2.0, 3.0]})
    >>> frame.select(sk.std("x")).collect().row(0)
    (1.0,)
    """
    return col(column).std(ddof)


def var(column: Any, ddof: int = 1) -> Expr:
    """Variance of a column.

    Parameters
    ----------
    column
        A name, pattern or type.
    ddof
        What is taken off the number of values to divide by.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [1.0, 2.0, 3.0]})
    >>> frame.select(sk.var("x")).collect().row(0)
    (1.0,)
    """
    return col(column).var(ddof)


def quantile(column: Any, quantile: Any, interpolation: str = "nearest") -> Expr:
    """Exact quantile of a column.

    Parameters
    ----------
    column
        A name, pattern or type.
    quantile
        A number from 0 to 1, a list of such numbers, or an expression.
    interpolation
        For a quantile between two values, as in :meth:`Expr.quantile`.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [1.0, 2.0, 3.0]})
    >>> frame.select(sk.quantile("x", 0.9)).collect().row(0)
    (3.0,)
    """
    return col(column).quantile(quantile, interpolation)


def exclude(columns: Any, *more_columns: Any) -> Expr:
    """Select every column but these.

    Parameters
    ----------
    columns, more_columns
        Names, patterns ``"^...$"``, types or selectors.

    Examples
    --------
    >>> import scalekit as sk
    >>> sk.from_dict({"x": [1], "y": [2]}).select(sk.exclude("x")).columns
    ['y']
    """
    return Expr(Selection(cs.all() - excluded(flatten((columns, *more_columns)))))


def nth(*indices: Any, strict: bool = True) -> Expr:
    """Select columns by their places.

    Parameters
    ----------
    indices
        Places; negative ones count from the end.
    strict
        Raise for a place that does not exist.

    Examples
    --------
    >>> import scalekit as sk
    >>> sk.from_dict({"x": [1], "y": [2], "z": [3]}).select(sk.nth(0, -1)).columns
    ['x', 'z']
    """
    return Expr(Selection(cs.by_index(*indices, require_all=strict)))


def _named(function: str, names: tuple[Any, ...]) -> Expr:
    if not names:
        raise PlanError(f"{function}() needs the name of a column")
    return col(*names)
