"""Functions across the columns of a row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl

from scalekit.errors import InvalidOperationError
from scalekit.expr.expr import Expr
from scalekit.expr.function import IntoExpr, elementwise, flatten
from scalekit.expr.node import Call, Cast, ExprNode, Literal
from scalekit.expr.widening import widened


def _at_least_one(name: str) -> Any:
    """The check that a function was given something to work on."""

    def check(exprs: tuple[Any, ...], **_: Any) -> None:
        if not flatten(exprs):
            raise InvalidOperationError(f"{name}() needs at least one expression")

    return check


def _summed(call: Call, dtypes: tuple[pl.DataType, ...]) -> ExprNode:
    """Widen the integers among what is added to 64 bits, in which columns of them are added too."""
    columns = [d for a, d in zip(call.args, dtypes, strict=True) if not _is_plain(a)]
    if all(d == pl.Boolean for d in columns) and columns:
        return Cast(call, pl.Int64()) if call.function == "sum_horizontal" else call
    if not all(d.is_integer() or d in (pl.Boolean, pl.Null) for d in columns):
        return call
    is_signed = any(d.is_signed_integer() for d in columns)
    wide = [_wide(a, d, is_signed=is_signed) for a, d in zip(call.args, dtypes, strict=True)]
    return Call(call.function, tuple(wide), call.options)


def _wide(arg: ExprNode, dtype: pl.DataType, *, is_signed: bool) -> ExprNode:
    wide = widened(dtype)
    if wide is None or _is_plain(arg):
        return arg
    return Cast(arg, pl.Int64() if is_signed else wide)


def _averaged(call: Call, dtypes: tuple[pl.DataType, ...]) -> ExprNode:
    """Average integers as Float64: Polars 2.1 adds them in their own type, where they wrap."""
    if not all(d.is_integer() or d in (pl.Boolean, pl.Null) for d in dtypes):
        return call
    args = (
        Cast(a, pl.Float64()) if d.is_integer() else a
        for a, d in zip(call.args, dtypes, strict=True)
    )
    return Call(call.function, tuple(args), call.options)


def _is_plain(arg: ExprNode) -> bool:
    """Whether an operand is a plain number, which takes the others' type."""
    return isinstance(arg, Literal) and arg.dtype is None


def _running_sums(*columns: pl.Expr) -> pl.Expr:
    """The first column, the sum of the first two, of the first three, as a struct."""
    total = pl.dtype_of(pl.sum_horizontal(*columns))
    running: list[pl.Expr] = []
    for column in columns:
        own = column.cast(total)
        name = column.meta.output_name()
        running.append((running[-1] + own if running else own).alias(name))
    return pl.struct(running).alias("cum_sum")


@elementwise(
    owner=Expr,
    variadic=True,
    kernel=pl.all_horizontal,
    check=_at_least_one("all_horizontal"),
)
def all_horizontal(*exprs: IntoExpr | Iterable[IntoExpr]) -> Expr:
    """Whether all are true, by Kleene's logic: null and False is False, null and True is null.

    Parameters
    ----------
    exprs
        Expressions; strings name columns.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [True, None], "y": [True, False]})
    >>> frame.select(sk.all_horizontal("x", "y")).collect().to_series().to_list()
    [True, False]
    """


@elementwise(
    owner=Expr,
    variadic=True,
    kernel=pl.any_horizontal,
    check=_at_least_one("any_horizontal"),
)
def any_horizontal(*exprs: IntoExpr | Iterable[IntoExpr]) -> Expr:
    """Whether any is true, by Kleene's logic: null or True is True, null or False is null.

    Parameters
    ----------
    exprs
        Expressions; strings name columns.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [True, None], "y": [None, False]})
    >>> frame.select(sk.any_horizontal("x", "y")).collect().to_series().to_list()
    [True, None]
    """


@elementwise(
    owner=Expr,
    variadic=True,
    kernel=pl.max_horizontal,
    check=_at_least_one("max_horizontal"),
)
def max_horizontal(*exprs: IntoExpr | Iterable[IntoExpr]) -> Expr:
    """The largest non-null value of each row; null where there is none.

    Parameters
    ----------
    exprs
        Expressions; strings name columns.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [1, None], "y": [3, 2]})
    >>> frame.select(sk.max_horizontal("x", "y")).collect().to_series().to_list()
    [3, 2]
    """


@elementwise(
    owner=Expr,
    variadic=True,
    kernel=pl.min_horizontal,
    check=_at_least_one("min_horizontal"),
)
def min_horizontal(*exprs: IntoExpr | Iterable[IntoExpr]) -> Expr:
    """The smallest non-null value of each row; null where there is none.

    Parameters
    ----------
    exprs
        Expressions; strings name columns.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [1, None], "y": [3, 2]})
    >>> frame.select(sk.min_horizontal("x", "y")).collect().to_series().to_list()
    [1, 2]
    """


@elementwise(
    owner=Expr,
    variadic=True,
    kernel=pl.sum_horizontal,
    check=_at_least_one("sum_horizontal"),
    resolve=_summed,
)
def sum_horizontal(*exprs: IntoExpr | Iterable[IntoExpr], ignore_nulls: bool = True) -> Expr:
    """The sum of each row; integers are added in 64 bits.

    Parameters
    ----------
    exprs
        Expressions; strings name columns.
    ignore_nulls
        Leave nulls out, which is the default; otherwise the answer is null where there is one.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [1, None], "y": [3, 2]})
    >>> frame.select(sk.sum_horizontal("x", "y")).collect().to_series().to_list()
    [4, 2]
    """


@elementwise(
    owner=Expr,
    variadic=True,
    kernel=pl.mean_horizontal,
    check=_at_least_one("mean_horizontal"),
    resolve=_averaged,
)
def mean_horizontal(*exprs: IntoExpr | Iterable[IntoExpr], ignore_nulls: bool = True) -> Expr:
    """The mean of each row; null where there is no value.

    Parameters
    ----------
    exprs
        Expressions; strings name columns.
    ignore_nulls
        Leave nulls out, which is the default; otherwise the answer is null where there is one.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [1, None], "y": [4, 2]})
    >>> frame.select(sk.mean_horizontal("x", "y")).collect().to_series().to_list()
    [2.5, 2.0]
    """


@elementwise(
    owner=Expr,
    variadic=True,
    kernel=_running_sums,
    check=_at_least_one("cum_sum_horizontal"),
    resolve=_summed,
    output_name=lambda _: "cum_sum",
)
def cum_sum_horizontal(*exprs: IntoExpr | Iterable[IntoExpr]) -> Expr:
    """The running sums of each row, as a struct ``cum_sum`` with the columns' names; null from the first null on.

    Parameters
    ----------
    exprs
        Expressions; strings name columns.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [1, None], "y": [3, 2]})
    >>> frame.select(sk.cum_sum_horizontal("x", "y")).collect().to_series().to_list()
    [{'x': 1, 'y': 4}, {'x': None, 'y': None}]
    """


@elementwise(owner=Expr, kernel=pl.arctan2)
def arctan2(y: IntoExpr, x: IntoExpr) -> Expr:
    """The angle of the point (x, y) in radians, from minus to plus pi.

    Parameters
    ----------
    y, x
        Expressions; strings name columns.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"y": [0.0], "x": [1.0]})
    >>> frame.select(sk.arctan2("y", "x")).collect().item()
    0.0
    """
