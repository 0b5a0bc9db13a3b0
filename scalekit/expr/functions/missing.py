"""Null and NaN: absence, and a float that is no number."""

from __future__ import annotations

from typing import Any, Self

from scalekit.errors import InvalidOperationError
from scalekit.expr.checks import at_least, choice
from scalekit.expr.enums import as_one_kind
from scalekit.expr.function import ExprBase, Operand, Reach, elementwise, window

_FROM_NEIGHBOURS = ("forward", "backward")
_FROM_ALL = ("min", "max", "mean")
_CONSTANT = ("zero", "one")


def _from_before(x: Any, limit: int | None) -> Reach:
    return Reach(carry=x.last(ignore_nulls=True)) if limit is None else Reach(before=limit)


def _from_behind(x: Any, limit: int | None) -> Reach:
    if limit is not None:
        return Reach(after=limit)
    return Reach(carry=x.first(ignore_nulls=True), backwards=True)


def _by_strategy(x: Any, strategy: str, limit: int | None) -> Reach | None:
    if strategy not in _FROM_NEIGHBOURS:
        return None
    return (_from_before if strategy == "forward" else _from_behind)(x, limit)


class MissingMethods(ExprBase):
    """Tests for null and NaN, and what to put in their place."""

    @elementwise()
    def is_null(self) -> Self:
        """Whether the value is absent; NaN is not.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1.0, None, float("nan")]})
        >>> frame.select(sk.col("x").is_null()).collect()["x"].to_list()
        [False, True, False]
        """

    @elementwise()
    def is_not_null(self) -> Self:
        """Whether the value is present; NaN is.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1.0, None, float("nan")]})
        >>> frame.select(sk.col("x").is_not_null()).collect()["x"].to_list()
        [True, False, True]
        """

    @elementwise()
    def is_nan(self) -> Self:
        """Whether a float is NaN; null stays null.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1.0, None, float("nan")]})
        >>> frame.select(sk.col("x").is_nan()).collect()["x"].to_list()
        [False, None, True]
        """

    @elementwise()
    def is_not_nan(self) -> Self:
        """Whether a float is a number or infinite; null stays null.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1.0, None, float("nan")]})
        >>> frame.select(sk.col("x").is_not_nan()).collect()["x"].to_list()
        [True, None, False]
        """

    @elementwise()
    def is_finite(self) -> Self:
        """Whether a number is neither infinite nor NaN; null stays null.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1.0, None, float("inf")]})
        >>> frame.select(sk.col("x").is_finite()).collect()["x"].to_list()
        [True, None, False]
        """

    @elementwise()
    def is_infinite(self) -> Self:
        """Whether a number is infinite; null stays null.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1.0, None, float("inf")]})
        >>> frame.select(sk.col("x").is_infinite()).collect()["x"].to_list()
        [False, None, True]
        """

    @elementwise()
    def fill_nan(self, value: Operand) -> Self:
        """Put a value in the place of NaN; nulls stay.

        Parameters
        ----------
        value
            A number, an expression, or None for null.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [None, float("nan")]})
        >>> frame.select(sk.col("x").fill_nan(0.0)).collect()["x"].to_list()
        [None, 0.0]
        """

    @elementwise("fill_null", resolve=as_one_kind)
    def _fill_null_with(self, value: Operand) -> Self:
        """Put a value in the place of null."""

    @window(
        "fill_null_by",
        kernel=lambda x, strategy, limit: x.fill_null(strategy=strategy, limit=limit),
        needs_order=lambda options: options["strategy"] in _FROM_NEIGHBOURS,
        reach=_by_strategy,
    )
    def _fill_null_by(self, strategy: str, limit: int | None = None) -> Self:
        """Fill nulls from other rows."""

    @elementwise("fill_null_constant", kernel=lambda x, strategy: x.fill_null(strategy=strategy))
    def _fill_null_constant(self, strategy: str) -> Self:
        """Fill nulls with the zero or the one of the type."""

    def fill_null(
        self, value: Any = None, strategy: str | None = None, limit: int | None = None
    ) -> Self:
        """Put a value in the place of null.

        Parameters
        ----------
        value
            A value or an expression.
        strategy
            ``"forward"``, ``"backward"`` (these follow the frame's order), ``"min"``, ``"max"``,
            ``"mean"``, ``"zero"`` or ``"one"`` instead of a value.
        limit
            How many nulls in a row are filled, for ``"forward"`` and ``"backward"``.

        Raises
        ------
        InvalidOperationError
            Unless either a value or a known strategy is given.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, None]}).select(sk.col("x").fill_null(0)).collect()["x"].to_list()
        [1, 0]
        """
        if (value is None) == (strategy is None):
            raise InvalidOperationError("fill_null() takes either a value or a strategy")
        if strategy is None:
            return self._fill_null_with(value)
        choice("strategy", *_FROM_NEIGHBOURS, *_FROM_ALL, *_CONSTANT)(strategy=strategy)
        if limit is not None and strategy not in _FROM_NEIGHBOURS:
            raise InvalidOperationError("limit belongs to the strategies 'forward' and 'backward'")
        if strategy in _CONSTANT:
            return self._fill_null_constant(strategy)
        return self._fill_null_by(strategy, limit)

    @window(needs_order=True, check=at_least("limit", 0), reach=_from_before)
    def forward_fill(self, limit: int | None = None) -> Self:
        """Put the last value before it in the place of null.

        Parameters
        ----------
        limit
            How many nulls in a row are filled; all, if None.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, None, None]})
        >>> frame.select(sk.col("x").forward_fill(limit=1)).collect()["x"].to_list()
        [1, 1, None]
        """

    @window(needs_order=True, check=at_least("limit", 0), reach=_from_behind)
    def backward_fill(self, limit: int | None = None) -> Self:
        """Put the first value after it in the place of null.

        Parameters
        ----------
        limit
            How many nulls in a row are filled; all, if None.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [None, None, 3]})
        >>> frame.select(sk.col("x").backward_fill()).collect()["x"].to_list()
        [3, 3, 3]
        """

    @window(needs_order=True, check=choice("method", "linear", "nearest"))
    def interpolate(self, method: str = "linear") -> Self:
        """Fill nulls between two values from both; nulls before the first and after the last stay.

        Parameters
        ----------
        method
            ``"linear"`` or ``"nearest"``.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1.0, None, 3.0, None]})
        >>> frame.select(sk.col("x").interpolate()).collect()["x"].to_list()
        [1.0, 2.0, 3.0, None]
        """
