"""Where expressions start: columns, constants and choices."""

from __future__ import annotations

from typing import Any

import polars as pl
import polars.selectors as cs

from scalekit.errors import PlanError
from scalekit.expr.constants import literal
from scalekit.expr.dtypes import TypeOf, to_dtype
from scalekit.expr.expr import Expr
from scalekit.expr.function import IntoExpr, elementwise, flatten, is_pattern, selector_of, to_node
from scalekit.expr.node import Case, Column, ExprNode, Selection


def col(name: Any, *more_names: Any) -> Expr:
    """Refer to input columns.

    Parameters
    ----------
    name, more_names
        Names, patterns ``"^...$"``, types, or lists of these. One name is one column; anything else
        selects every column that fits.

    Examples
    --------
    >>> import scalekit as sk
    >>> sk.from_dict({"x": [1], "y": [2]}).select(sk.col("x", "y") + 1).collect().row(0)
    (2, 3)
    """
    names = flatten((name, *more_names))
    if len(names) == 1 and isinstance(names[0], str) and not is_pattern(names[0]):
        return Expr(Column(names[0]))
    chosen: Any = cs.empty()
    for one in names:
        chosen = chosen | _selector_of(one)
    if all(isinstance(one, str) and not is_pattern(one) for one in names):
        chosen = cs.by_name(*names)
    return Expr(Selection(chosen))


def _selector_of(one: Any) -> Any:
    if isinstance(one, str):
        return selector_of(one)
    if isinstance(one, pl.DataType) or (isinstance(one, type) and issubclass(one, pl.DataType)):
        return cs.by_dtype(one)
    raise PlanError(f"col() takes names, patterns '^...$' or types, got {type(one).__name__}")


def lit(value: Any, dtype: Any = None) -> Expr:
    """Build a constant.

    Parameters
    ----------
    value
        A number, text, date, time, duration, Decimal, list, Series or None.
    dtype
        Its type, where the value alone does not say it; ``sk.dtype_of(...)`` for that of an expression.

    Examples
    --------
    >>> import scalekit as sk
    >>> sk.from_dict({"x": [1, 2]}).select("x", one=sk.lit(1)).collect()["one"].to_list()
    [1, 1]
    """
    if isinstance(value, Expr):
        return value
    if isinstance(dtype, TypeOf):
        return Expr(literal(value)).cast(dtype)
    return Expr(literal(value, None if dtype is None else to_dtype(dtype)))


def dtype_of(col_or_expr: Any) -> TypeOf:
    """Refer to the type of an expression, for :meth:`Expr.cast` and :func:`lit`.

    Parameters
    ----------
    col_or_expr
        A column's name or an expression.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [1.5], "y": ["2"]})
    >>> frame.select(sk.col("y").cast(sk.dtype_of("x"))).collect().item()
    2.0
    """
    return TypeOf(to_node(col_or_expr, strings_are_columns=True))


@elementwise(owner=Expr, kernel=pl.element, output_name=lambda _: "")
def element() -> Expr:
    """Refer to the elements of a list, within ``list.eval`` and ``list.agg``.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [[1, 2], [3]]})
    >>> frame.select(sk.col("x").list.eval(sk.element() * 10)).collect()["x"].to_list()
    [[10, 20], [30]]
    """


@elementwise(owner=Expr, kernel=pl.field, output_name=lambda call: str(dict(call.options)["name"]))
def field(name: str) -> Expr:
    """Refer to a field of a struct, within ``struct.with_fields``.

    Parameters
    ----------
    name
        The field.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [{"a": 1, "b": 2}]})
    >>> frame.select(sk.col("x").struct.with_fields(sk.field("a") + 1)).collect()["x"].to_list()
    [{'a': 2, 'b': 2}]
    """


class When:
    """The start of a choice; :meth:`then` gives the value."""

    def __init__(self, whens: tuple[ExprNode, ...], thens: tuple[ExprNode, ...]) -> None:
        self._whens, self._thens = whens, thens

    def then(self, statement: IntoExpr) -> Then:
        """Give the value for rows whose condition is true.

        Parameters
        ----------
        statement
            A value or an expression; a string names a column.

        Examples
        --------
        >>> import scalekit as sk
        >>> size = sk.when(sk.col("x") > 1).then(sk.lit("big"))
        >>> sk.from_dict({"x": [1, 2]}).select(size=size).collect()["size"].to_list()
        [None, 'big']
        """
        return Then(self._whens, (*self._thens, to_node(statement, strings_are_columns=True)))


class Then(Expr):
    """A choice that gives null where no condition is true, until :meth:`otherwise` says more."""

    __slots__ = ("_thens", "_whens")

    def __init__(self, whens: tuple[ExprNode, ...], thens: tuple[ExprNode, ...]) -> None:
        super().__init__(Case(whens, thens, literal(None)))
        self._whens, self._thens = whens, thens

    def when(self, *predicates: Any, **constraints: Any) -> When:
        """Add a further condition, for rows in which none before it is true.

        Parameters
        ----------
        predicates
            Conditions that must all be true.
        constraints
            ``name=value``, for a column that must equal a value.

        Examples
        --------
        >>> import scalekit as sk
        >>> x = sk.col("x")
        >>> size = sk.when(x > 2).then(sk.lit("big")).when(x > 1).then(sk.lit("mid"))
        >>> sk.from_dict({"x": [1, 2, 3]}).select(size=size).collect()["size"].to_list()
        [None, 'mid', 'big']
        """
        return When((*self._whens, _condition(predicates, constraints)), self._thens)

    def otherwise(self, statement: IntoExpr) -> Expr:
        """Give the value for rows where no condition is true.

        Parameters
        ----------
        statement
            A value or an expression; a string names a column.

        Examples
        --------
        >>> import scalekit as sk
        >>> size = sk.when(sk.col("x") > 1).then(sk.lit("big")).otherwise(sk.lit("small"))
        >>> sk.from_dict({"x": [1, 2]}).select(size=size).collect()["size"].to_list()
        ['small', 'big']
        """
        return Expr(Case(self._whens, self._thens, to_node(statement, strings_are_columns=True)))


def when(*predicates: Any, **constraints: Any) -> When:
    """Start a choice between values.

    Parameters
    ----------
    predicates
        Conditions that must all be true.
    constraints
        ``name=value``, for a column that must equal a value.

    Examples
    --------
    >>> import scalekit as sk
    >>> size = sk.when(sk.col("x") > 1).then(sk.lit("big")).otherwise(sk.lit("small"))
    >>> sk.from_dict({"x": [1, 2]}).select(size=size).collect()["size"].to_list()
    ['small', 'big']
    """
    return When((_condition(predicates, constraints),), ())


def _condition(predicates: tuple[Any, ...], constraints: dict[str, Any]) -> ExprNode:
    parts = [*flatten(predicates), *(col(name) == value for name, value in constraints.items())]
    if not parts:
        raise PlanError("when() needs at least one condition")
    wrapped = [Expr(to_node(part, strings_are_columns=True)) for part in parts]
    combined = wrapped[0]
    for part in wrapped[1:]:
        combined = combined & part
    return combined._node
