"""A function of two columns, applied from the first column of several to the last."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce as accumulate
from typing import Any

import polars as pl

from scalekit.errors import PlanError, ScalekitError
from scalekit.expr.constants import thaw
from scalekit.expr.expr import Expr
from scalekit.expr.function import IntoExpr, aggregate, elementwise, flatten, to_node, window
from scalekit.expr.node import Call, ExprNode
from scalekit.expr.user_function import UserFunction, promised


@dataclass(frozen=True, repr=False)
class Folded:
    """A function of two columns, as one of all of them."""

    function: Callable[[pl.Series, pl.Series], pl.Series]

    def __call__(self, *columns: pl.Series) -> pl.Series:
        """Apply the function from the first column to the last."""
        return accumulate(self.function, columns)

    def __repr__(self) -> str:
        return getattr(self.function, "__qualname__", None) or repr(self.function)


def _unfolded(call: Call, _: pl.DataType) -> Sequence[ExprNode]:
    """The expression that the function makes of expressions, now that all columns are known."""
    function = thaw(dict(call.options)["function"])
    name = getattr(function, "__qualname__", repr(function))
    try:
        made = accumulate(function, [Expr(arg) for arg in call.args])
    except ScalekitError:
        raise
    except Exception as error:
        raise PlanError(
            f"the function {name!r} in fold() or reduce() raised {type(error).__name__}: {error}. It is "
            "called with expressions; with return_dtype= it is called with Series while the query runs"
        ) from error
    if not isinstance(made, Expr):
        raise PlanError(
            f"the function {name!r} in fold() or reduce() gave {type(made).__name__}, not an expression; "
            "with return_dtype= it is called with Series while the query runs"
        )
    return (made._node,)


def _batches(*columns: pl.Expr, function: Any, **options: Any) -> pl.Expr:
    return pl.map_batches(columns, function, return_dtype=function.return_dtype, **options)


@elementwise("fold", owner=Expr, variadic=True, spread=_unfolded)
def _fold(*exprs: IntoExpr, function: Any) -> Expr:
    """Apply a function to expressions, while binding."""


@window(
    "fold_all",
    owner=Expr,
    variadic=True,
    user_function=True,
    raises=True,
    needs_order=True,
    resizes=True,
    kernel=_batches,
)
def _fold_all(*exprs: IntoExpr, function: Any) -> Expr:
    """Apply a function to all rows at once."""


@aggregate(
    "fold_to_one",
    owner=Expr,
    variadic=True,
    user_function=True,
    raises=True,
    kernel=lambda *columns, function: _batches(*columns, function=function, returns_scalar=True),
)
def _fold_to_one(*exprs: IntoExpr, function: Any) -> Expr:
    """Apply a function that gives one value to all rows at once."""


def fold(
    acc: IntoExpr,
    function: Callable[[Any, Any], Any],
    exprs: Iterable[IntoExpr] | IntoExpr,
    *,
    returns_scalar: bool = False,
    return_dtype: Any = None,
) -> Expr:
    """Apply a function of two columns to a start and the first column, to that and the second, and so on.

    Parameters
    ----------
    acc
        The start; a string is a value.
    function
        Called with two expressions once the columns are known, so that the query runs at full speed; or,
        with ``return_dtype``, with two Series while the query runs.
    exprs
        Expressions, or a selection of columns; strings name columns.
    returns_scalar
        With ``return_dtype``: whether the function gives one value for all rows, whatever their order.
    return_dtype
        The type that the function gives for Series.

    Raises
    ------
    PlanError
        Where the function does not make an expression of expressions.
    ComputeError
        While running, where a function of Series raises or gives another type.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [1, 2], "y": [3, 4]})
    >>> product = sk.fold(sk.lit(1), lambda acc, x: acc * x, sk.all())
    >>> frame.select(product.alias("product")).collect()["product"].to_list()
    [3, 8]
    """
    start = Expr(to_node(acc))
    columns = (start, *flatten((exprs,)))
    return _folded("fold", columns, function, returns_scalar, return_dtype)


def reduce(
    function: Callable[[Any, Any], Any],
    exprs: Iterable[IntoExpr] | IntoExpr,
    *,
    returns_scalar: bool = False,
    return_dtype: Any = None,
) -> Expr:
    """Apply a function of two columns to the first two, to that and the third, and so on.

    Parameters
    ----------
    function
        Called with two expressions once the columns are known, so that the query runs at full speed; or,
        with ``return_dtype``, with two Series while the query runs.
    exprs
        Expressions, or a selection of columns; strings name columns.
    returns_scalar
        With ``return_dtype``: whether the function gives one value for all rows, whatever their order.
    return_dtype
        The type that the function gives for Series.

    Raises
    ------
    PlanError
        Where there is no expression, or the function does not make one of expressions.
    ComputeError
        While running, where a function of Series raises or gives another type.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [1, 2], "y": [3, 4]})
    >>> frame.select(sk.reduce(lambda a, b: a * b, ["x", "y"])).collect()["x"].to_list()
    [3, 8]
    """
    columns = flatten((exprs,))
    if not columns:
        raise PlanError("reduce() needs at least one expression")
    return _folded("reduce", columns, function, returns_scalar, return_dtype)


def _folded(
    called_by: str,
    columns: tuple[Any, ...],
    function: Callable[[Any, Any], Any],
    returns_scalar: bool,  # noqa: FBT001 - the caller's keyword, passed on
    return_dtype: Any,
) -> Expr:
    if return_dtype is None:
        return _fold(*columns, function=function)
    dtype = promised(return_dtype, called_by)
    wrapped = UserFunction(Folded(function), called_by, dtype)
    return (_fold_to_one if returns_scalar else _fold_all)(*columns, function=wrapped)
