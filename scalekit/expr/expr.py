"""The public expression: operators and methods around one immutable node."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Concatenate, NoReturn, ParamSpec, TypeVar

import polars as pl
import polars.selectors as cs

from scalekit.errors import InvalidOperationError, PlanError
from scalekit.expr.dtypes import TypeOf, to_dtype
from scalekit.expr.function import IntoExpr, elementwise, flatten, to_node
from scalekit.expr.functions.aggregate import AggregateMethods
from scalekit.expr.functions.arithmetic import ArithmeticMethods
from scalekit.expr.functions.boolean import BooleanMethods
from scalekit.expr.functions.categorical import CategoricalNamespace
from scalekit.expr.functions.listing import ListNamespace
from scalekit.expr.functions.missing import MissingMethods
from scalekit.expr.functions.naming import NameNamespace
from scalekit.expr.functions.replacing import ReplacingMethods
from scalekit.expr.functions.reshape import ReshapeMethods
from scalekit.expr.functions.rolling import RollingMethods
from scalekit.expr.functions.struct import MapNamespace, StructNamespace
from scalekit.expr.functions.window import WindowMethods
from scalekit.expr.namespaces import StringNamespace, TemporalNamespace
from scalekit.expr.node import Alias, Call, Cast, ExprNode, Over, Selection, SortKey
from scalekit.expr.other_names import EXPR, no_attribute
from scalekit.expr.show import show_expr

P = ParamSpec("P")
T = TypeVar("T")


def _to_type_of(call: Call, dtypes: tuple[pl.DataType, ...]) -> ExprNode:
    return Cast(call.args[0], dtypes[1], dict(call.options)["strict"])


class Expr(
    ArithmeticMethods,
    BooleanMethods,
    MissingMethods,
    AggregateMethods,
    WindowMethods,
    RollingMethods,
    ReshapeMethods,
    ReplacingMethods,
):
    """A column computation that is not yet bound to any frame.

    Expressions are built from :func:`scalekit.col`, :func:`scalekit.lit` and :func:`scalekit.when`, and mean
    on every backend what ``docs/contract.md`` says.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import col
    >>> frame = sk.from_dict({"x": [1, 2, 3]})
    >>> frame.select(double=col("x") * 2).collect().to_dict(as_series=False)
    {'double': [2, 4, 6]}
    """

    __slots__ = ("_node",)

    def __init__(self, node: ExprNode) -> None:
        self._node = node

    def _wrap(self, node: ExprNode) -> Expr:
        return Expr(node)

    def __repr__(self) -> str:
        return show_expr(self._node)

    def __bool__(self) -> bool:
        raise TypeError(
            "an expression has no truth value: use & | ~ instead of and, or, not, "
            "and is_between instead of a < x < b"
        )

    def __iter__(self) -> Any:
        raise TypeError(
            "an expression cannot be iterated over: it has no rows until a frame is collected"
        )

    def __abs__(self) -> Expr:
        return self.abs()

    if not TYPE_CHECKING:  # to a type checker, what is not there stays an error

        def __getattr__(self, name: str) -> NoReturn:
            raise no_attribute(self, "an expression", name, EXPR)

    def alias(self, name: str) -> Expr:
        """Name the output column.

        Parameters
        ----------
        name
            The new name.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1]}).select(sk.col("x").alias("y")).columns
        ['y']
        """
        if not isinstance(name, str):
            raise PlanError(f"alias() takes a column name, got {type(name).__name__}")
        return Expr(Alias(self._node, name))

    @elementwise("cast_wrapping", kernel=lambda x, dtype: x.cast(dtype, wrap_numerical=True))
    def _cast_wrapping(self, dtype: pl.DataType) -> Expr:  # type: ignore[empty-body]
        """Change the type of integers, which wrap where they do not fit."""

    @elementwise("cast_like", resolve=_to_type_of)
    def _cast_like(self, other: IntoExpr, *, strict: bool = True) -> Expr:  # type: ignore[empty-body]
        """Change the type to that of another expression."""

    def cast(self, dtype: Any, *, strict: bool = True, wrap_numerical: bool = False) -> Expr:
        """Change the type.

        Parameters
        ----------
        dtype
            A type such as ``sk.Int64``, ``sk.Datetime("us", "UTC")``, one of Python's, or
            ``sk.dtype_of(...)``.
        strict
            Raise where a value does not fit (the default); otherwise give null.
        wrap_numerical
            Let integers wrap where they do not fit.

        Raises
        ------
        ComputeError
            While running, where a value does not fit and ``strict`` is set.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": ["1", "b"]}).select(sk.col("x").cast(sk.Int64, strict=False)).collect()["x"].to_list()
        [1, None]
        """
        if isinstance(dtype, TypeOf):
            return self._cast_like(Expr(dtype.node), strict=strict)
        if wrap_numerical:
            return self._cast_wrapping(to_dtype(dtype))
        return Expr(Cast(self._node, to_dtype(dtype), strict))

    def over(
        self,
        partition_by: IntoExpr | Iterable[IntoExpr] | None = None,
        *more_exprs: IntoExpr,
        order_by: IntoExpr | Iterable[IntoExpr] | None = None,
        descending: bool = False,
        nulls_last: bool = False,
        mapping_strategy: str = "group_to_rows",
    ) -> Expr:
        """Compute within groups, each row getting its group's answer.

        Parameters
        ----------
        partition_by, more_exprs
            The keys of the groups.
        order_by
            The order within each group, for functions that depend on one.
        descending, nulls_last
            How ``order_by`` sorts.
        mapping_strategy
            ``"group_to_rows"`` (a value for each row), ``"join"`` (a list for each row) or ``"explode"``.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"g": ["a", "a", "b"], "x": [1, 2, 3]})
        >>> frame.select(sk.col("x").sum().over("g")).collect()["x"].to_list()
        [3, 3, 3]
        """
        strategies = ("group_to_rows", "join", "explode")
        if mapping_strategy not in strategies:
            raise InvalidOperationError(
                f"unknown mapping_strategy {mapping_strategy!r}; known: {', '.join(strategies)}"
            )
        keys = _nodes(partition_by) + tuple(
            to_node(e, strings_are_columns=True) for e in more_exprs
        )
        order = tuple(SortKey(k, descending, nulls_last) for k in _nodes(order_by))
        if not keys and not order:
            raise PlanError("over() needs the keys of its groups or order_by=")
        return Expr(Over(self._node, keys, order, mapping_strategy))

    def exclude(self, columns: Any, *more_columns: Any) -> Expr:
        """Leave columns out of a selection such as ``sk.all()``.

        Parameters
        ----------
        columns, more_columns
            Names, patterns ``"^...$"`` or types.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1], "y": [2]}).select(sk.all().exclude("x")).columns
        ['y']
        """
        if not isinstance(self._node, Selection):
            raise InvalidOperationError(
                "exclude() belongs to a selection of columns, such as sk.all()"
            )
        return Expr(Selection(self._node.selector - excluded(flatten((columns, *more_columns)))))

    def pipe(
        self, function: Callable[Concatenate[Expr, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Pass this expression to a function, so that calls read from left to right.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1]}).select(sk.col("x").pipe(lambda e, n: e + n, 2)).collect().item()
        3
        """
        return function(self, *args, **kwargs)

    @property
    def str(self) -> StringNamespace:
        """Functions of text."""
        return StringNamespace(self)

    @property
    def dt(self) -> TemporalNamespace:
        """Functions of dates, times and durations."""
        return TemporalNamespace(self)

    @property
    def list(self) -> ListNamespace:
        """Functions of lists."""
        return ListNamespace(self)

    @property
    def struct(self) -> StructNamespace:
        """Functions of structs."""
        return StructNamespace(self)

    @property
    def map(self) -> MapNamespace:
        """Functions of maps."""
        return MapNamespace(self)

    @property
    def cat(self) -> CategoricalNamespace:
        """Functions of categoricals and enums."""
        return CategoricalNamespace(self)

    @property
    def name(self) -> NameNamespace:
        """Changes to the output's name."""
        return NameNamespace(self)


def excluded(columns: Iterable[Any]) -> Any:
    """The selector of what ``exclude`` names: patterns, names or types."""
    chosen: Any = cs.empty()
    for column in columns:
        if isinstance(inner := getattr(column, "_node", None), Selection):
            chosen = chosen | inner.selector
        elif isinstance(column, str):
            is_pattern = column.startswith("^") and column.endswith("$")
            chosen = chosen | (
                cs.matches(column) if is_pattern else cs.by_name(column, require_all=False)
            )
        else:
            chosen = chosen | cs.by_dtype(column)
    return chosen


def _nodes(values: Any) -> tuple[ExprNode, ...]:
    if values is None:
        return ()
    return tuple(to_node(v, strings_are_columns=True) for v in flatten((values,)))
