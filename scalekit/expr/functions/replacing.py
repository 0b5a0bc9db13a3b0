"""Values that become others: look-ups, bins, and the user's own functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import polars as pl

from scalekit.errors import InvalidOperationError
from scalekit.expr.checks import choice, fraction
from scalekit.expr.dtypes import to_dtype
from scalekit.expr.function import ExprBase, Operand, aggregate, elementwise, to_node, window
from scalekit.expr.operands import NUMBER, takes
from scalekit.expr.user_function import EachValue, UserFunction, promised


class _NotGiven:
    """Stands for an argument that was not given, where None is a value."""

    def __repr__(self) -> str:
        return "<not given>"


NOT_GIVEN: Any = _NotGiven()

# Polars 2.1 deprecates both in favour of methods of another name; the functions themselves stay.
_CUT: Any = inspect.unwrap(pl.Expr.cut)
_QCUT: Any = inspect.unwrap(pl.Expr.qcut)


def _mapped(x: pl.Expr, *, function: Any, **options: Any) -> pl.Expr:
    """The kernel of a user's function of one column."""
    return pl.map_batches([x], function, return_dtype=function.return_dtype, **options)


def _pairs(old: Any, new: Any, called_by: str) -> tuple[Any, Any]:
    """The old values and the new ones, from a mapping or from both."""
    if new is not NOT_GIVEN:
        return old, new
    if not isinstance(old, Mapping):
        raise InvalidOperationError(f"{called_by}() takes a mapping, or old values and new ones")
    return list(old), list(old.values())


class ReplacingMethods(ExprBase):
    """Functions that put a value in the place of another."""

    @elementwise("replace")
    def _replace(self, old: Operand, new: Operand) -> Self:
        """Replace values."""

    def replace(self, old: Any, new: Any = NOT_GIVEN) -> Self:
        """Replace some values by others of the same type; the rest stays.

        Parameters
        ----------
        old
            A mapping of old values to new ones, or the old values.
        new
            The new values, as many as old ones, or one for all of them.

        Raises
        ------
        InvalidOperationError
            Where ``new`` is needed and not given.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 2, 3]})
        >>> frame.select(sk.col("x").replace({1: 10, 2: 20})).collect()["x"].to_list()
        [10, 20, 3]
        """
        return self._replace(*_pairs(old, new, "replace"))

    @elementwise(
        "replace_strict",
        kernel=lambda x, old, new, return_dtype, default=None: x.replace_strict(
            old, new, return_dtype=return_dtype, **({} if default is None else {"default": default})
        ),
        raises=lambda options: "default" not in options,
    )
    def _replace_strict(
        self,
        old: Operand,
        new: Operand,
        *,
        default: Operand = None,
        return_dtype: pl.DataType | None = None,
    ) -> Self:
        """Replace every value."""

    def replace_strict(
        self, old: Any, new: Any = NOT_GIVEN, *, default: Any = NOT_GIVEN, return_dtype: Any = None
    ) -> Self:
        """Replace every value by another, which may be of another type.

        Parameters
        ----------
        old
            A mapping of old values to new ones, or the old values.
        new
            The new values, as many as old ones, or one for all of them.
        default
            What stands for other values, or an expression of it; they raise ``ComputeError`` if it is not
            given.
        return_dtype
            The type of the output, where the new values alone do not say it.

        Raises
        ------
        InvalidOperationError
            Where ``new`` is needed and not given.

        Examples
        --------
        >>> import scalekit as sk
        >>> names = sk.col("x").replace_strict({1: "one", 2: "two"}, default="many")
        >>> sk.from_dict({"x": [1, 2, 3]}).select(names).collect()["x"].to_list()
        ['one', 'two', 'many']
        """
        old, new = _pairs(old, new, "replace_strict")
        dtype = None if return_dtype is None else to_dtype(return_dtype)
        if default is NOT_GIVEN:
            return self._replace_strict(old, new, return_dtype=dtype)
        # Wrapped, since a bare None would say that there is no default.
        otherwise = self._wrap(to_node(default))
        return self._replace_strict(old, new, default=otherwise, return_dtype=dtype)

    @elementwise(kernel=_CUT, resolve=takes(NUMBER))
    def cut(
        self,
        breaks: Sequence[float],
        *,
        labels: Sequence[str] | None = None,
        left_closed: bool = False,
        include_breaks: bool = False,
    ) -> Self:
        """Put numbers into bins, as an Enum; NaN is in none and gives null.

        Parameters
        ----------
        breaks
            Where one bin ends and the next begins, ascending.
        labels
            Names of the bins, one more than breaks; intervals such as ``"(1, 2]"`` if None.
        left_closed
            Whether a break belongs to the bin that it begins; otherwise to the one that it ends.
        include_breaks
            Give structs of the bin's upper end, ``breakpoint``, and its name, ``category``.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [-2.0, 0.0, 2.0]})
        >>> frame.select(sk.col("x").cut([-1, 1])).collect()["x"].to_list()
        ['(-inf, -1]', '(-1, 1]', '(1, inf]']
        """

    @window(
        kernel=_QCUT,
        resolve=takes(NUMBER),
        check=lambda **a: None if isinstance(a["quantiles"], int) else fraction("quantiles")(**a),
        raises=lambda options: not options["allow_duplicates"],
    )
    def qcut(
        self,
        quantiles: Sequence[float] | int,
        *,
        labels: Sequence[str] | None = None,
        left_closed: bool = False,
        allow_duplicates: bool = False,
        include_breaks: bool = False,
    ) -> Self:
        """Put numbers into bins between quantiles, as a Categorical; NaN is in none and gives null.

        Parameters
        ----------
        quantiles
            Numbers from 0 to 1, or into how many bins of about the same size.
        labels
            Names of the bins, one more than quantiles; intervals such as ``"(1, 2]"`` if None.
        left_closed
            Whether a break belongs to the bin that it begins; otherwise to the one that it ends.
        allow_duplicates
            Merge bins whose quantiles are equal; otherwise ``ComputeError`` is raised.
        include_breaks
            Give structs of the bin's upper end, ``breakpoint``, and its name, ``category``.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1.0, 2.0, 3.0, 4.0]})
        >>> frame.select(sk.col("x").qcut(2, labels=["low", "high"])).collect()["x"].to_list()
        ['low', 'low', 'high', 'high']
        """

    @elementwise(
        "map_each",
        user_function=True,
        raises=True,
        kernel=lambda x, function: _mapped(x, function=function, is_elementwise=True),
    )
    def _map_each(self, function: Any) -> Self:
        """Apply a function to rows, any number of them at a time."""

    @window(
        "map_all", user_function=True, raises=True, needs_order=True, resizes=True, kernel=_mapped
    )
    def _map_all(self, function: Any) -> Self:
        """Apply a function to all rows at once."""

    @aggregate(
        "map_to_one",
        user_function=True,
        raises=True,
        kernel=lambda x, function: _mapped(x, function=function, returns_scalar=True),
    )
    def _map_to_one(self, function: Any) -> Self:
        """Apply a function that gives one value to all rows at once."""

    def map_batches(
        self,
        function: Callable[[pl.Series], Any],
        return_dtype: Any = None,
        *,
        is_elementwise: bool = False,
        returns_scalar: bool = False,
    ) -> Self:
        """Apply your own function to the column as a whole.

        The function is not called before the query runs. It must be picklable where the backend has
        several processes, give the same answer on every call, and is called on a Polars Series on every
        backend.

        Parameters
        ----------
        function
            From a Polars Series to a Series, or to what becomes one.
        return_dtype
            The type that it gives; has to be said.
        is_elementwise
            Whether a row's answer needs that row alone; the function may see any part of the rows then.
            Otherwise it sees all rows in the frame's order, which the frame has to have.
        returns_scalar
            Whether it gives one value for all rows, whatever their order.

        Raises
        ------
        PlanError
            Where ``return_dtype`` is not given.
        ComputeError
            While running, where the function raises or gives another type.
        ShapeError
            While running, where it gives another number of rows and ``is_elementwise`` is set.

        Examples
        --------
        >>> import scalekit as sk
        >>> double = sk.col("x").map_batches(lambda s: s * 2, sk.Int64, is_elementwise=True)
        >>> sk.from_dict({"x": [1, 2]}).select(double).collect()["x"].to_list()
        [2, 4]
        """
        if is_elementwise and returns_scalar:
            raise InvalidOperationError("a function is_elementwise or returns_scalar, not both")
        dtype = promised(return_dtype, "map_batches")
        wrapped = UserFunction(function, "map_batches", dtype, is_elementwise)
        if returns_scalar:
            return self._map_to_one(wrapped)
        return self._map_each(wrapped) if is_elementwise else self._map_all(wrapped)

    def map_elements(
        self,
        function: Callable[[Any], Any],
        return_dtype: Any = None,
        *,
        skip_nulls: bool = True,
        pass_name: bool = False,
        strategy: str = "thread_local",
    ) -> Self:
        """Apply your own function to each value: slow, as Python is, and the last resort.

        Parameters
        ----------
        function
            From a Python value to another.
        return_dtype
            The type that it gives; has to be said.
        skip_nulls
            Give null for null without calling the function.
        pass_name
            Name the Series that the function is given for a list as the column.
        strategy
            ``"thread_local"`` or ``"threading"``, accepted for Polars' sake: the backend decides.

        Raises
        ------
        PlanError
            Where ``return_dtype`` is not given.
        ComputeError
            While running, where the function raises or gives a value of another type.

        Examples
        --------
        >>> import scalekit as sk
        >>> shout = sk.col("x").map_elements(lambda text: text + "!", sk.String)
        >>> sk.from_dict({"x": ["a", None]}).select(shout).collect()["x"].to_list()
        ['a!', None]
        """
        choice("strategy", "thread_local", "threading")(strategy=strategy)
        dtype = promised(return_dtype, "map_elements")
        each = EachValue(function, dtype, skip_nulls, pass_name)
        return self._map_each(UserFunction(each, "map_elements", dtype, is_elementwise=True))
