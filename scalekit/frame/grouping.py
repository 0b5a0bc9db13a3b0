"""Methods that make groups, and the groups themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Self, TypeVar

from scalekit.errors import InvalidOperationError
from scalekit.expr.analysis import columns_read, is_elementwise
from scalekit.expr.expr import Expr
from scalekit.expr.function import IntoExpr, flatten
from scalekit.expr.node import Column, ExprNode
from scalekit.expr.other_names import no_attribute
from scalekit.frame.base import FrameBase, bind_over, check_unique_names
from scalekit.frame.other_names import GROUPS
from scalekit.plan.nodes import Aggregate, DynamicAggregate, Plan, RollingAggregate
from scalekit.plan.order import require_order

FrameT = TypeVar("FrameT", bound=FrameBase)


class GroupBy(Generic[FrameT]):
    """Groups of rows, waiting to be aggregated.

    Parameters
    ----------
    frame
        The frame whose rows are grouped.
    keys
        Bound keys, which come first among the output's columns.
    build
        From bound aggregates to the plan of the result.
    """

    def __init__(
        self,
        frame: FrameT,
        keys: tuple[ExprNode, ...],
        build: Callable[[tuple[ExprNode, ...]], Plan],
    ) -> None:
        self._frame, self._keys, self._build = frame, keys, build

    if not TYPE_CHECKING:  # to a type checker, what is not there stays an error

        def __getattr__(self, name: str) -> NoReturn:
            raise no_attribute(self, "group_by()", name, GROUPS)

        def __getitem__(self, key: object) -> NoReturn:
            raise TypeError(
                f"groups are not indexed, as with {key!r}: use agg(sk.col(name).sum()) and its like"
            )

        __iter__ = None  # and so Python does not try one index after the other

    def agg(self, *aggs: IntoExpr, **named_aggs: IntoExpr) -> FrameT:
        """Give one row for each group: its keys, and these expressions.

        Parameters
        ----------
        aggs, named_aggs
            Aggregates; an expression that is none gives a list for each group,
            for which the frame needs an order.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"g": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> frame.group_by("g").agg(sk.col("x").sum()).sort("g").collect().rows()
        [('a', 4), ('b', 2)]
        """
        hidden = [k.name for k in self._keys if isinstance(k, Column)]
        bound = bind_over(self._frame._plan, aggs, named_aggs, hidden=hidden)
        check_unique_names((*self._keys, *bound))
        for expr in bound:
            if columns_read(expr) and is_elementwise(expr):
                require_order(
                    self._frame._plan,
                    f"agg({Expr(expr)!r}), which collects the rows of a group as a list,",
                )
        return self._frame._derive(self._build(bound))


class GroupMethods(FrameBase):
    """Group rows by keys."""

    __slots__ = ()

    def group_by(
        self, *by: IntoExpr, maintain_order: bool = False, **named_by: IntoExpr
    ) -> GroupBy[Self]:
        """Group rows by keys; null and NaN are groups.

        Parameters
        ----------
        by, named_by
            Keys.
        maintain_order
            Give the groups in the order in which they first occur; otherwise in any.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"g": ["a", None, "a"]})
        >>> frame.group_by("g", maintain_order=True).agg(n=sk.len()).collect().rows()
        [('a', 2), (None, 1)]
        """
        keys = self._bind(by, named_by)
        flags = [n for n, v in named_by.items() if isinstance(v, bool)]
        if flags:
            raise InvalidOperationError(
                f"group_by({flags[0]}={named_by[flags[0]]}) would make a key of a constant: keys are always columns of the "
                "result, null is a group, and sort() orders the groups"
            )
        if not keys:
            raise InvalidOperationError(
                "group_by() needs at least one key; for one row of all use select()"
            )
        check_unique_names(keys)
        plan = self._plan
        return GroupBy(self, keys, lambda aggs: Aggregate(plan, keys, aggs, maintain_order))

    def group_by_dynamic(
        self,
        index_column: IntoExpr,
        *,
        every: str | timedelta,
        period: str | timedelta | None = None,
        offset: str | timedelta | None = None,
        include_boundaries: bool = False,
        closed: str = "left",
        label: str = "left",
        group_by: Any = None,
        start_by: str = "window",
    ) -> GroupBy[Self]:
        """Group rows by windows of time, or of an integer, that start at multiples of ``every``.

        The first window is the one that holds the first row: where windows overlap, no earlier one is given.
        The index has to be sorted and without nulls, which is checked while running.

        Parameters
        ----------
        index_column
            A date, datetime or integer column, sorted (within the groups of ``group_by``).
        every, period, offset
            The distance between windows, their length (``every`` if None), and a shift of their start.
        include_boundaries
            Add columns with the bounds of each window.
        closed
            Which bounds belong to a window: ``"left"``, ``"right"``, ``"both"`` or ``"none"``.
        label
            What stands for a window: ``"left"``, ``"right"`` or ``"datapoint"``.
        group_by
            Further keys.
        start_by
            ``"window"``, ``"datapoint"`` or a weekday.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"t": [0, 1, 5], "x": [1, 2, 3]})
        >>> frame.group_by_dynamic("t", every="5i").agg(sk.col("x").sum()).collect().rows()
        [(0, 3), (5, 3)]
        """
        require_order(self._plan, "group_by_dynamic()")
        _check_spans(every=every, period=period, offset=offset)
        index, keys = self._index_and_keys(index_column, group_by)
        plan = self._plan
        return GroupBy(
            self,
            (*keys, index),
            lambda aggs: DynamicAggregate(
                *(plan, index, keys, aggs, every, period, offset),
                *(include_boundaries, closed, label, start_by),
            ),
        )

    def rolling(
        self,
        index_column: IntoExpr,
        *,
        period: str | timedelta,
        offset: str | timedelta | None = None,
        closed: str = "right",
        group_by: Any = None,
    ) -> GroupBy[Self]:
        """Group, for each row, the rows in the window of time that ends there.

        Parameters
        ----------
        index_column
            A date, datetime or integer column, sorted (within the groups of ``group_by``).
        period, offset
            The window's length, and where it starts (``-period`` if None).
        closed
            Which bounds belong to a window.
        group_by
            Further keys.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"t": [0, 1, 5], "x": [1, 2, 3]})
        >>> frame.rolling("t", period="2i").agg(sk.col("x").sum()).collect()["x"].to_list()
        [1, 3, 3]
        """
        require_order(self._plan, "rolling()")
        _check_spans(period=period, offset=offset)
        index, keys = self._index_and_keys(index_column, group_by)
        plan = self._plan
        return GroupBy(
            self,
            (*keys, index),
            lambda aggs: RollingAggregate(plan, index, keys, aggs, period, offset, closed),
        )

    def _index_and_keys(
        self, index_column: Any, group_by: Any
    ) -> tuple[ExprNode, tuple[ExprNode, ...]]:
        (index,) = self._bind([index_column])
        keys = () if group_by is None else self._bind(flatten((group_by,)))
        return index, keys


def _check_spans(**spans: Any) -> None:
    """Raise unless every span is a text or a timedelta."""
    for name, span in spans.items():
        if not isinstance(span, str | timedelta | None):
            raise InvalidOperationError(
                f'{name}= is a text such as "1h", "1mo" or "5i" (5 of an integer index), or a timedelta; got {span!r}'
            )
