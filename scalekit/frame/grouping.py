"""Methods that make groups, and the groups themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Self, TypeVar

from scalekit.errors import InvalidOperationError
from scalekit.expr.function import IntoExpr
from scalekit.expr.node import Column, ExprNode
from scalekit.frame.base import FrameBase, bind_over, check_unique_names
from scalekit.plan.nodes import Aggregate, Plan

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

    def agg(self, *aggs: IntoExpr, **named_aggs: IntoExpr) -> FrameT:
        """Give one row for each group: its keys, and these expressions.

        Parameters
        ----------
        aggs, named_aggs
            Aggregates; an expression that is none gives a list for each group.

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
        if not keys:
            raise InvalidOperationError(
                "group_by() needs at least one key; for one row of all use select()"
            )
        check_unique_names(keys)
        plan = self._plan
        return GroupBy(self, keys, lambda aggs: Aggregate(plan, keys, aggs, maintain_order))
