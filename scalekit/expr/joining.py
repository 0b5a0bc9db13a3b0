"""Functions that join several columns into one: the first value, text, lists, structs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from string import Formatter
from typing import Any

import polars as pl

from scalekit.errors import InvalidOperationError
from scalekit.expr.dtypes import to_dtype
from scalekit.expr.enums import as_one_kind
from scalekit.expr.expr import Expr
from scalekit.expr.function import IntoExpr, elementwise, flatten, to_node
from scalekit.expr.node import Alias


def _given(name: str, exprs: tuple[Any, ...]) -> tuple[Any, ...]:
    given = flatten(exprs)
    if not given:
        raise InvalidOperationError(f"{name}() needs at least one expression")
    return given


@elementwise("coalesce", owner=Expr, variadic=True, kernel=pl.coalesce, resolve=as_one_kind)
def _coalesce(*exprs: IntoExpr) -> Expr:
    """The first non-null value."""


def coalesce(exprs: IntoExpr | Iterable[IntoExpr], *more_exprs: IntoExpr) -> Expr:
    """The first value of each row that is not null; null where all are.

    Parameters
    ----------
    exprs, more_exprs
        Expressions; strings name columns.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [None, 2], "y": [3, 4]})
    >>> frame.select(sk.coalesce("x", "y")).collect()["x"].to_list()
    [3, 2]
    """
    return _coalesce(*_given("coalesce", (exprs, *more_exprs)))


@elementwise(
    "concat_str",
    owner=Expr,
    variadic=True,
    kernel=lambda *columns, **options: pl.concat_str(columns, **options),
)
def _concat_str(*exprs: IntoExpr, separator: str = "", ignore_nulls: bool = False) -> Expr:
    """Join as text."""


def concat_str(
    exprs: IntoExpr | Iterable[IntoExpr],
    *more_exprs: IntoExpr,
    separator: str = "",
    ignore_nulls: bool = False,
) -> Expr:
    """Join the values of each row as text.

    Parameters
    ----------
    exprs, more_exprs
        Expressions, converted to text; strings name columns.
    separator
        What stands between two values.
    ignore_nulls
        Leave nulls out; otherwise the answer is null where there is one.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": ["a", None], "y": [1, 2]})
    >>> frame.select(sk.concat_str("x", "y", separator="-")).collect()["x"].to_list()
    ['a-1', None]
    """
    columns = _given("concat_str", (exprs, *more_exprs))
    return _concat_str(*columns, separator=separator, ignore_nulls=ignore_nulls)


@elementwise(
    "concat_list", owner=Expr, variadic=True, kernel=lambda *columns: pl.concat_list(columns)
)
def _concat_list(*exprs: IntoExpr) -> Expr:
    """Join as a list."""


def concat_list(exprs: IntoExpr | Iterable[IntoExpr], *more_exprs: IntoExpr) -> Expr:
    """Join the values and lists of each row to one list; null where one of the lists is null.

    Parameters
    ----------
    exprs, more_exprs
        Expressions; strings name columns.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [1, 2], "y": [[3], [4, 5]]})
    >>> frame.select(sk.concat_list("x", "y")).collect()["x"].to_list()
    [[1, 3], [2, 4, 5]]
    """
    return _concat_list(*_given("concat_list", (exprs, *more_exprs)))


@elementwise(
    "struct",
    owner=Expr,
    variadic=True,
    kernel=lambda *columns, schema: pl.struct(*columns, schema=schema),
)
def _struct(*exprs: IntoExpr, schema: dict[str, Any] | None = None) -> Expr:
    """Join as a struct."""


def struct(
    *exprs: IntoExpr | Iterable[IntoExpr],
    schema: Mapping[str, Any] | None = None,
    **named_exprs: IntoExpr,
) -> Expr:
    """Join the values of each row to a struct, whose fields are named as the columns.

    Parameters
    ----------
    exprs
        Expressions; strings name columns.
    schema
        Fields and their types, to which the struct is converted; what is missing is null.
    named_exprs
        ``field=expression``.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [1], "y": ["a"]})
    >>> frame.select(sk.struct("x", z="y")).collect()["x"].to_list()
    [{'x': 1, 'z': 'a'}]
    """
    named = [Alias(to_node(e, strings_are_columns=True), n) for n, e in named_exprs.items()]
    columns = [*flatten(exprs), *named]
    types = None if schema is None else {n: to_dtype(d) for n, d in schema.items()}
    return _struct(*_given("struct", tuple(columns or types or ())), schema=types)


@elementwise(
    "format",
    owner=Expr,
    variadic=True,
    kernel=lambda *columns, f_string: pl.format(f_string, *columns),
)
def _format(*args: IntoExpr, f_string: str) -> Expr:
    """Put values into a text."""


def format(f_string: str, *args: IntoExpr) -> Expr:
    """Put the values of each row into a text; null where one of them is.

    Parameters
    ----------
    f_string
        The text, with ``{}`` where a value stands.
    args
        As many expressions; strings name columns.

    Raises
    ------
    InvalidOperationError
        Where the numbers differ, or braces hold something.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": ["a"], "y": [1]})
    >>> frame.select(sk.format("{} has {}", "x", "y")).collect().item()
    'a has 1'
    """
    places = [field for _, field, _, _ in Formatter().parse(f_string) if field is not None]
    if any(places):
        raise InvalidOperationError(f"format() takes empty braces {{}}, got {f_string!r}")
    if len(places) != len(args):
        raise InvalidOperationError(
            f"format() got {len(args)} expressions for {len(places)} places in {f_string!r}"
        )
    return _format(*args, f_string=f_string) if args else Expr(to_node(f_string.format()))
