"""Boolean logic and membership."""

from __future__ import annotations

from typing import Any, Self

from scalekit.expr.checks import CLOSED, at_least, every
from scalekit.expr.function import ExprBase, IntoExpr, Operand, elementwise, to_node
from scalekit.expr.node import Call


class BooleanMethods(ExprBase):
    """Boolean logic (Kleene's, with null as unknown) and tests that give a Boolean."""

    @elementwise("and_", kernel=lambda x, y: x & y)
    def __and__(self, other: Operand) -> Self:
        """And: null and False is False, null and True is null. Integers are combined bit by bit.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [True, False, None]})
        >>> frame.select(sk.col("x") & True).collect()["x"].to_list()
        [True, False, None]
        """

    @elementwise("or_", kernel=lambda x, y: x | y)
    def __or__(self, other: Operand) -> Self:
        """Or: null or True is True, null or False is null. Integers are combined bit by bit.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [True, False, None]})
        >>> frame.select(sk.col("x") | True).collect()["x"].to_list()
        [True, True, True]
        """

    @elementwise("xor", kernel=lambda x, y: x ^ y)
    def __xor__(self, other: Operand) -> Self:
        """Exclusive or; null where either is null. Integers are combined bit by bit.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [True, False, None]})
        >>> frame.select(sk.col("x") ^ True).collect()["x"].to_list()
        [False, True, None]
        """

    def __rand__(self, other: Any) -> Self:
        """And, with a value on the left."""
        return self._wrap(Call("and_", (to_node(other), self._node)))

    def __ror__(self, other: Any) -> Self:
        """Or, with a value on the left."""
        return self._wrap(Call("or_", (to_node(other), self._node)))

    def __rxor__(self, other: Any) -> Self:
        """Exclusive or, with a value on the left."""
        return self._wrap(Call("xor", (to_node(other), self._node)))

    @elementwise("not_")
    def __invert__(self) -> Self:
        """Not; null stays null. The bits of integers are inverted.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [True, None]}).select(~sk.col("x")).collect()["x"].to_list()
        [False, None]
        """

    def not_(self) -> Self:
        """Not; null stays null. The same as ``~``.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [True, None]}).select(sk.col("x").not_()).collect()["x"].to_list()
        [False, None]
        """
        return ~self

    @elementwise(sets=(1,))
    def is_in(self, other: IntoExpr, *, nulls_equal: bool = False) -> Self:
        """Whether the value is among others.

        Null on the left gives null, and null in the list does not match, unless ``nulls_equal`` is set.

        Parameters
        ----------
        other
            A collection of values, or a column of lists.
        nulls_equal
            Treat null as a value.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, 2, None]}).select(sk.col("x").is_in([1, 3])).collect()["x"].to_list()
        [True, False, None]
        """

    @elementwise(check=CLOSED)
    def is_between(
        self, lower_bound: IntoExpr, upper_bound: IntoExpr, closed: str = "both"
    ) -> Self:
        """Whether the value lies between two bounds, which count unless ``closed`` says otherwise.

        Parameters
        ----------
        lower_bound, upper_bound
            Bounds; a string names a column.
        closed
            ``"both"``, ``"left"``, ``"right"`` or ``"none"``.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, 2, 3]}).select(sk.col("x").is_between(1, 2)).collect()["x"].to_list()
        [True, True, False]
        """

    @elementwise(check=every(at_least("abs_tol", 0), at_least("rel_tol", 0)))
    def is_close(
        self,
        other: IntoExpr,
        *,
        abs_tol: float = 0.0,
        rel_tol: float = 1e-09,
        nans_equal: bool = False,
    ) -> Self:
        """Whether two numbers differ by no more than a tolerance.

        Parameters
        ----------
        other
            A number or an expression; a string names a column.
        abs_tol
            The difference that is always allowed.
        rel_tol
            The difference that is allowed relative to the larger of both.
        nans_equal
            Whether NaN is close to NaN.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1.0, 1.1]})
        >>> frame.select(sk.col("x").is_close(1.0, abs_tol=0.01)).collect()["x"].to_list()
        [True, False]
        """

    @elementwise()
    def eq_missing(self, other: Operand) -> Self:
        """Equal, with null as a value: null equals null.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, None]})
        >>> frame.select(sk.col("x").eq_missing(None)).collect()["x"].to_list()
        [False, True]
        """

    @elementwise()
    def ne_missing(self, other: Operand) -> Self:
        """Not equal, with null as a value.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, None]})
        >>> frame.select(sk.col("x").ne_missing(1)).collect()["x"].to_list()
        [False, True]
        """
