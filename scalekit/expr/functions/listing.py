"""Functions of lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from scalekit.errors import DuplicateError, InvalidOperationError, SchemaError
from scalekit.expr.checks import choice
from scalekit.expr.constants import literal
from scalekit.expr.function import F, IntoExpr, Namespace, Operand, elementwise, window
from scalekit.expr.node import Call, Cast, Column, ExprNode, Literal, Selection
from scalekit.expr.operands import (
    INTEGER,
    LIST,
    TEXT,
    TEXTS,
    Takes,
    Types,
    elements,
    go_together,
    inner_dtype,
    require,
    takes,
)
from scalekit.expr.show import show_expr
from scalekit.expr.widening import widened
from scalekit.tree import walk

if TYPE_CHECKING:
    from scalekit.expr.expr import Expr

_COUNT = pl.Int64()

_CONVERT = "convert it with .cast(sk.List(...))"
_BOOLEANS = elements("a list of Booleans", lambda d: d in (pl.Boolean, pl.Null), _CONVERT)
_INTEGERS = elements("a list of integers", lambda d: d.is_integer() or d == pl.Null, _CONVERT)
_NUMBERS = elements("a list of numbers", lambda d: d.is_numeric() or d == pl.Null, _CONVERT)
_ADDABLE = elements(
    "a list of numbers, Booleans or Durations",
    lambda d: d.is_numeric() or d in (pl.Boolean, pl.Null) or isinstance(d, pl.Duration),
    _CONVERT,
)
_AVERAGEABLE = elements(
    "a list of numbers, Booleans, dates or times",
    lambda d: d.is_numeric() or d.is_temporal() or d in (pl.Boolean, pl.Null),
    _CONVERT,
)
_BETWEEN = elements(
    "a list of numbers, dates or times",
    lambda d: d.is_numeric() or d.is_temporal() or d == pl.Null,
    _CONVERT,
)


def _list(name: str, *rest: Takes, of: Takes = LIST, **spec: Any) -> Callable[[F], F]:
    """Declare ``.list.name`` of a list, and further operands."""
    return elementwise(f"list.{name}", **{"resolve": takes(of, *rest), **spec})


def _summed(call: Call, dtypes: Types) -> ExprNode:
    """Add integers in 64 bits; the sum of Booleans is a count, an Int64."""
    inner = inner_dtype(dtypes[0])
    if inner == pl.Boolean:
        return Cast(call, _COUNT)
    wide = widened(inner)
    return call if wide is None else Call(call.function, (Cast(call.args[0], pl.List(wide)),))


def _same_kind(call: Call, dtypes: Types) -> ExprNode:
    """Refuse operands that Polars would turn into text, or into nulls, beside the list's elements."""
    inner = inner_dtype(dtypes[0])
    for arg, dtype in zip(call.args[1:], dtypes[1:], strict=True):
        other = inner_dtype(dtype)
        if not go_together(inner, other):
            raise SchemaError(
                f"{call.function}() puts {inner} and {other} together, from {show_expr(call.args[0])} and "
                f"{show_expr(arg)}: convert one of them with .cast()"
            )
    return call


def _same_set(call: Call, dtypes: Types) -> ExprNode:
    """Give constants the type of the elements; Polars makes nulls of those that do not fit."""
    _same_kind(call, dtypes)
    require(call, 1, dtypes[1], LIST)
    left, right = call.args
    if not isinstance(right, Literal) or not isinstance(right.value, tuple):
        return call
    inner = inner_dtype(dtypes[0])
    try:
        pl.Series([*right.value], dtype=inner, strict=True)
    except (TypeError, pl.exceptions.PolarsError):
        raise SchemaError(
            f"{call.function}(): {show_expr(right)} does not fit {inner}, the type of the elements of "
            f"{show_expr(left)}; convert the list with .cast()"
        ) from None
    return Call(call.function, (left, Literal(right.value, pl.List(inner))), call.options)


def _set_kernel(name: str) -> Callable[[pl.Expr, pl.Expr], pl.Expr]:
    """The kernel of a set operation, whose constants are made a column first.

    Polars gives one row for a table without rows where one side is a constant.
    """

    def kernel(left: pl.Expr, right: pl.Expr) -> pl.Expr:
        out: pl.Expr = getattr(left.list, name)(pl.when(left.is_not_null()).then(right))
        return out

    return kernel


def _collection(other: Any) -> Any:
    """Values that are to be one list for all rows."""
    is_expression = isinstance(getattr(other, "_node", None), ExprNode)
    if is_expression or isinstance(other, str | list | tuple | set | frozenset | range):
        return other
    return list(other) if hasattr(other, "__iter__") else other


def _are_operands(values: Sequence[Any]) -> bool:
    """Whether these are expressions or names of columns, not values."""
    return bool(values) and all(isinstance(v, str) or hasattr(v, "_node") for v in values)


def _of_elements(call: Call, dtype: pl.DataType) -> dict[ExprNode, pl.DataType]:
    """What ``sk.element()`` means within ``list.eval`` and its like."""
    require(call, 0, dtype, LIST)
    return {Call("element", ()): inner_dtype(dtype)}


def _on_elements(expr: Any, method: str) -> ExprNode:
    """The node of an expression that is computed on a list's elements."""
    inner = getattr(expr, "_node", None)
    if not isinstance(inner, ExprNode):
        raise InvalidOperationError(
            f"{method}() takes an expression of sk.element(), got {type(expr).__name__}"
        )
    named = [show_expr(e) for e in walk(inner) if isinstance(e, Column | Selection)]
    if named:
        raise InvalidOperationError(
            f"{method}() sees the elements of the list only, not {', '.join(named)}: write sk.element()"
        )
    return inner


def _field_names(**arguments: Any) -> None:
    fields = arguments["fields"]
    wrong = isinstance(fields, str) or not isinstance(fields, Sequence) or len(fields) == 0
    if wrong or not all(isinstance(f, str) for f in fields):
        raise InvalidOperationError(
            f"list.to_struct() takes the names of the fields, such as ['a', 'b'], which decide how many "
            f"elements are taken; got {fields!r}"
        )
    twice = [f for f in dict.fromkeys(fields) if list(fields).count(f) > 1]
    if twice:
        raise DuplicateError(f"duplicate field names {', '.join(map(repr, twice))}: rename one")


class ListNamespace(Namespace):
    """Functions of lists, behind ``.list``.

    A null list stays null, unless a function says otherwise.
    """

    __slots__ = ()

    @_list("len", result=_COUNT)
    def len(self) -> Expr:
        """Number of elements, nulls included, as Int64.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[1, None], [], None]}).select(sk.col("x").list.len()).collect()["x"].to_list()
        [2, 0, None]
        """

    @_list("n_unique", result=_COUNT)
    def n_unique(self) -> Expr:
        """Number of distinct elements, null counting as one, as Int64.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[1, 1, None]]}).select(sk.col("x").list.n_unique()).collect().item()
        2
        """

    @_list("count_matches", resolve=takes(LIST, then=_same_kind), result=_COUNT)
    def count_matches(self, element: Operand) -> Expr:
        """Number of elements that equal a value, as Int64.

        Parameters
        ----------
        element
            A value, or an expression; null equals null.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[1, 1, 2]]}).select(sk.col("x").list.count_matches(1)).collect().item()
        2
        """

    @_list("contains", resolve=takes(LIST, then=_same_kind))
    def contains(self, item: Operand, *, nulls_equal: bool = True) -> Expr:
        """Whether a value is among the elements.

        Parameters
        ----------
        item
            A value, or an expression; a string is a value.
        nulls_equal
            Whether null equals null; otherwise a null ``item`` gives null.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[1, 2], []]}).select(sk.col("x").list.contains(2)).collect()["x"].to_list()
        [True, False]
        """

    @_list("all", of=_BOOLEANS)
    def all(self, *, ignore_nulls: bool = True) -> Expr:
        """Whether every element is true; True where there are none.

        Parameters
        ----------
        ignore_nulls
            Leave nulls out; otherwise a null makes the answer null where no element is false.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[True, None], [False]]}).select(sk.col("x").list.all()).collect()["x"].to_list()
        [True, False]
        """

    @_list("any", of=_BOOLEANS)
    def any(self, *, ignore_nulls: bool = True) -> Expr:
        """Whether any element is true; False where there are none.

        Parameters
        ----------
        ignore_nulls
            Leave nulls out; otherwise a null makes the answer null where no element is true.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[False, None], [True]]}).select(sk.col("x").list.any()).collect()["x"].to_list()
        [False, True]
        """

    @_list("sum", resolve=takes(_ADDABLE, then=_summed))
    def sum(self) -> Expr:
        """Sum of the non-null elements; 0 where there are none. Integers are added in 64 bits.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[1, None, 2], []]}).select(sk.col("x").list.sum()).collect()["x"].to_list()
        [3, 0]
        """

    @_list("mean", of=_AVERAGEABLE)
    def mean(self) -> Expr:
        """Arithmetic mean of the non-null elements; null where there are none.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[1, None, 2], []]}).select(sk.col("x").list.mean()).collect()["x"].to_list()
        [1.5, None]
        """

    @_list("median", of=_BETWEEN)
    def median(self) -> Expr:
        """Median of the non-null elements, the mean of the two in the middle where their number is even.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[1, 9, 2]]}).select(sk.col("x").list.median()).collect().item()
        2.0
        """

    @_list("std", of=_NUMBERS)
    def std(self, ddof: int = 1) -> Expr:
        """Standard deviation of the elements; null for fewer than ``ddof + 1`` of them.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[1, 3], [1]]}).select(sk.col("x").list.std(0)).collect()["x"].to_list()
        [1.0, 0.0]
        """

    @_list("var", of=_NUMBERS)
    def var(self, ddof: int = 1) -> Expr:
        """Variance of the elements; null for fewer than ``ddof + 1`` of them.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[1, 3], [1]]}).select(sk.col("x").list.var()).collect()["x"].to_list()
        [2.0, None]
        """

    @_list("min")
    def min(self) -> Expr:
        """Smallest element; null where there is none, NaN only where there is nothing else.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[2, 1], []]}).select(sk.col("x").list.min()).collect()["x"].to_list()
        [1, None]
        """

    @_list("max")
    def max(self) -> Expr:
        """Largest element; null where there is none, NaN only where there is nothing else.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[2, 1], []]}).select(sk.col("x").list.max()).collect()["x"].to_list()
        [2, None]
        """

    @_list("arg_min", result=_COUNT)
    def arg_min(self) -> Expr:
        """Position of the smallest element, as Int64.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[2, 1], []]}).select(sk.col("x").list.arg_min()).collect()["x"].to_list()
        [1, None]
        """

    @_list("arg_max", result=_COUNT)
    def arg_max(self) -> Expr:
        """Position of the largest element, as Int64.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[2, 1], []]}).select(sk.col("x").list.arg_max()).collect()["x"].to_list()
        [0, None]
        """

    @_list("first")
    def first(self) -> Expr:
        """First element, be it null; null where there is none.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[2, 1], []]}).select(sk.col("x").list.first()).collect()["x"].to_list()
        [2, None]
        """

    @_list("last")
    def last(self) -> Expr:
        """Last element, be it null; null where there is none.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[2, 1], []]}).select(sk.col("x").list.last()).collect()["x"].to_list()
        [1, None]
        """

    @_list("get", INTEGER, raises=lambda options: not options["null_on_oob"])
    def get(self, index: IntoExpr, *, null_on_oob: bool = False) -> Expr:
        """Take the element at a position.

        Parameters
        ----------
        index
            Counted from 0, or from the end where negative; a string names a column.
        null_on_oob
            Give null where there is no such position; otherwise raise.

        Raises
        ------
        ComputeError
            While running, where there is no such position and ``null_on_oob`` is not set.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [[2, 1], []]})
        >>> frame.select(sk.col("x").list.get(-1, null_on_oob=True)).collect()["x"].to_list()
        [1, None]
        """

    @_list("gather", _INTEGERS, raises=lambda options: not options["null_on_oob"])
    def gather(self, indices: IntoExpr, *, null_on_oob: bool = False) -> Expr:
        """Take the elements at several positions.

        Parameters
        ----------
        indices
            A list of positions, or an expression of such lists; a string names a column.
        null_on_oob
            Give null where there is no such position; otherwise raise.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[5, 6, 7]]}).select(sk.col("x").list.gather([0, -1])).collect().item().to_list()
        [5, 7]
        """

    @_list("slice", INTEGER)
    def slice(self, offset: IntoExpr, length: IntoExpr | None = None) -> Expr:
        """Take elements from a position.

        Parameters
        ----------
        offset
            Where to start, counted from 0, or from the end where negative; a string names a column.
        length
            How many; all that follow, if None.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[5, 6, 7]]}).select(sk.col("x").list.slice(1)).collect().item().to_list()
        [6, 7]
        """

    @_list("head", INTEGER)
    def head(self, n: IntoExpr = 5) -> Expr:
        """Take the first ``n`` elements.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[5, 6, 7]]}).select(sk.col("x").list.head(2)).collect().item().to_list()
        [5, 6]
        """

    @_list("tail", INTEGER)
    def tail(self, n: IntoExpr = 5) -> Expr:
        """Take the last ``n`` elements.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[5, 6, 7]]}).select(sk.col("x").list.tail(2)).collect().item().to_list()
        [6, 7]
        """

    @_list("sort")
    def sort(self, *, descending: bool = False, nulls_last: bool = False) -> Expr:
        """Sort the elements; NaN is greater than every number.

        Parameters
        ----------
        descending
            Largest first.
        nulls_last
            Put nulls at the end; otherwise they come first.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[2, None, 1]]}).select(sk.col("x").list.sort()).collect().item().to_list()
        [None, 1, 2]
        """

    @_list("reverse")
    def reverse(self) -> Expr:
        """Turn the order of elements round.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[1, 2]]}).select(sk.col("x").list.reverse()).collect().item().to_list()
        [2, 1]
        """

    # Always in order: an answer must not depend on who computes it.
    @_list("unique", kernel=lambda x, **_: x.list.unique(maintain_order=True))
    def unique(self, *, maintain_order: bool = False) -> Expr:
        """The distinct elements, each where it occurs first.

        Parameters
        ----------
        maintain_order
            Has no effect: the order is always that of the first occurrences.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[2, 1, 2]]}).select(sk.col("x").list.unique()).collect().item().to_list()
        [2, 1]
        """

    @_list("drop_nulls")
    def drop_nulls(self) -> Expr:
        """The elements that are not null.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[1, None]]}).select(sk.col("x").list.drop_nulls()).collect().item().to_list()
        [1]
        """

    @_list("shift", INTEGER)
    def shift(self, n: IntoExpr = 1) -> Expr:
        """Move the elements by ``n`` places, to the front where negative; null fills the gap.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[1, 2]]}).select(sk.col("x").list.shift()).collect().item().to_list()
        [None, 1]
        """

    @_list("diff", of=_BETWEEN, check=choice("null_behavior", "ignore", "drop"))
    def diff(self, n: int = 1, null_behavior: str = "ignore") -> Expr:
        """Differences between elements and those ``n`` places before.

        Parameters
        ----------
        n
            How many places.
        null_behavior
            ``"ignore"`` gives null where there is none before, ``"drop"`` leaves those out.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[1, 4, 9]]}).select(sk.col("x").list.diff()).collect().item().to_list()
        [None, 3, 5]
        """

    @_list("join", TEXT, of=TEXTS)
    def join(self, separator: Operand, *, ignore_nulls: bool = True) -> Expr:
        """Join the texts of a list.

        Parameters
        ----------
        separator
            What to put between two of them; a string is a value.
        ignore_nulls
            Leave nulls out; otherwise the answer is null where there is one.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [["a", None, "b"]]}).select(sk.col("x").list.join("-")).collect().item()
        'a-b'
        """

    def concat(self, other: Any) -> Expr:
        """Put lists behind each other; null where one of them is.

        Parameters
        ----------
        other
            An expression or a column's name, a list of these, or a list of values.

        Raises
        ------
        SchemaError
            Where the elements' types do not go together.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [[1], []], "y": [[2], [3]]})
        >>> frame.select(sk.col("x").list.concat("y")).collect()["x"].to_list()
        [[1, 2], [3]]
        """
        if isinstance(other, pl.Series):
            raise InvalidOperationError(
                "list.concat() takes columns or one list of values for all rows, not a Series"
            )
        others = [*other] if isinstance(other, list | tuple) else [other]
        return self._concat(*others) if _are_operands(others) else self._concat(literal(others))

    @_list(
        "concat",
        resolve=takes(LIST, then=_same_kind),
        variadic=True,
        kernel=lambda x, *others: pl.concat_list([x, *others]),
    )
    def _concat(self, *others: IntoExpr) -> Expr:
        """Put lists behind each other."""

    def set_union(self, other: Any) -> Expr:
        """The distinct elements of both lists.

        Parameters
        ----------
        other
            A collection of values, or an expression of lists; a string names a column.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[1, 2]]}).select(sk.col("x").list.set_union([2, 3])).collect().item().to_list()
        [1, 2, 3]
        """
        return self._set_union(_collection(other))

    @_list("set_union", resolve=takes(LIST, then=_same_set), kernel=_set_kernel("set_union"))
    def _set_union(self, other: IntoExpr) -> Expr:
        """The distinct elements of both lists."""

    def set_intersection(self, other: Any) -> Expr:
        """The distinct elements that both lists have.

        Parameters
        ----------
        other
            A collection of values, or an expression of lists; a string names a column.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [[1, 2]]})
        >>> frame.select(sk.col("x").list.set_intersection([2, 3])).collect().item().to_list()
        [2]
        """
        return self._set_intersection(_collection(other))

    @_list(
        "set_intersection",
        resolve=takes(LIST, then=_same_set),
        kernel=_set_kernel("set_intersection"),
    )
    def _set_intersection(self, other: IntoExpr) -> Expr:
        """The distinct elements that both lists have."""

    def set_difference(self, other: Any) -> Expr:
        """The distinct elements that the other list has not.

        Parameters
        ----------
        other
            A collection of values, or an expression of lists; a string names a column.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [[1, 2]]})
        >>> frame.select(sk.col("x").list.set_difference([2, 3])).collect().item().to_list()
        [1]
        """
        return self._set_difference(_collection(other))

    @_list(
        "set_difference", resolve=takes(LIST, then=_same_set), kernel=_set_kernel("set_difference")
    )
    def _set_difference(self, other: IntoExpr) -> Expr:
        """The distinct elements that the other list has not."""

    def eval(self, expr: Any, *, parallel: bool = False) -> Expr:
        """Compute an expression on the elements of each list, into a list.

        Parameters
        ----------
        expr
            An expression of :func:`scalekit.element`.
        parallel
            Spread one table's lists over threads.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [[1, 2], [3]]})
        >>> frame.select(sk.col("x").list.eval(sk.element() * 10)).collect()["x"].to_list()
        [[10, 20], [30]]
        """
        return self._eval(_on_elements(expr, "list.eval"), parallel=parallel)

    @_list("eval", resolve=None, scope=_of_elements, raises=True)
    def _eval(self, expr: ExprNode, *, parallel: bool = False) -> Expr:
        """Compute an expression on the elements of each list."""

    def agg(self, expr: Any) -> Expr:
        """Compute an expression on the elements of each list: a value, where it is an aggregate.

        Parameters
        ----------
        expr
            An expression of :func:`scalekit.element`.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [[1, 2], [3]]})
        >>> frame.select(sk.col("x").list.agg(sk.element().sum() * 10)).collect()["x"].to_list()
        [30, 30]
        """
        return self._agg(_on_elements(expr, "list.agg"))

    @_list("agg", resolve=None, scope=_of_elements, raises=True)
    def _agg(self, expr: ExprNode) -> Expr:
        """Compute an expression on the elements of each list."""

    def filter(self, predicate: Any) -> Expr:
        """Keep the elements for which a condition is true.

        Parameters
        ----------
        predicate
            A condition on :func:`scalekit.element`.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [[1, 2], [3]]})
        >>> frame.select(sk.col("x").list.filter(sk.element() > 1)).collect()["x"].to_list()
        [[2], [3]]
        """
        return self._filter(_on_elements(predicate, "list.filter"))

    @_list("filter", resolve=None, scope=_of_elements, raises=True)
    def _filter(self, predicate: ExprNode) -> Expr:
        """Keep the elements for which a condition is true."""

    @window("list.explode", resolve=takes(LIST), resizes=True, selects_rows=True)
    def explode(self, *, empty_as_null: bool = False, keep_nulls: bool = True) -> Expr:
        """Give each element a row of its own, in order.

        Parameters
        ----------
        empty_as_null
            Give an empty list one row, a null; otherwise none.
        keep_nulls
            Give a null list one row; otherwise none.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[1, 2], [], None]}).select(sk.col("x").list.explode()).collect()["x"].to_list()
        [1, 2, None]
        """

    @_list("to_struct", check=_field_names)
    def to_struct(self, fields: Sequence[str]) -> Expr:
        """Make the elements fields of a struct.

        Parameters
        ----------
        fields
            Their names, as many as elements are taken; null where a list is shorter.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[1, 2], [3]]}).select(sk.col("x").list.to_struct(["a", "b"])).collect()["x"].to_list()
        [{'a': 1, 'b': 2}, {'a': 3, 'b': None}]
        """

    @_list("to_map")
    def to_map(self) -> Expr:
        """Make a list of structs, of a key and a value, a map; of keys that repeat, the last counts.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [[{"key": "a", "value": 1}]]})
        >>> frame.select(sk.col("x").list.to_map()).schema["x"]
        Map(String, Int64)
        """
