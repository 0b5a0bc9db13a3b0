"""Methods that choose and order rows and keep columns as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from scalekit.errors import InvalidOperationError
from scalekit.expr.expr import Expr
from scalekit.expr.function import IntoExpr, flatten
from scalekit.expr.node import Call, Column, ExprNode, SortKey
from scalekit.frame.base import FrameBase, boolean_predicate
from scalekit.plan.nodes import Distinct, Filter, Limit, RowIndex, Sort
from scalekit.plan.order import require_order


class RowMethods(FrameBase):
    """Filter, sort, slice and deduplicate rows."""

    __slots__ = ()

    def filter(self, *predicates: IntoExpr, **constraints: Any) -> Self:
        """Keep the rows for which every predicate is true; null is not true.

        Parameters
        ----------
        predicates
            Boolean expressions.
        constraints
            ``name=value``, for a column that must equal a value.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, 2, None]}).filter(sk.col("x") > 1).collect()["x"].to_list()
        [2]
        """
        equalities = self._bind([Expr(Column(n)) == v for n, v in constraints.items()])
        bound = self._bind(predicates) + equalities
        if not bound:
            raise InvalidOperationError("filter() needs at least one condition")
        for predicate in bound:
            boolean_predicate(self._plan, predicate)
        return self._derive(Filter(self._plan, _all_of(bound)))

    def sort(
        self,
        by: IntoExpr | Sequence[IntoExpr],
        *more_by: IntoExpr,
        descending: bool | Sequence[bool] = False,
        nulls_last: bool | Sequence[bool] = False,
        maintain_order: bool = True,  # noqa: ARG002 - accepted for Polars' sake: the contract's sort is stable
    ) -> Self:
        """Order the rows; stable, nulls first unless ``nulls_last``, NaN greatest.

        Parameters
        ----------
        by, more_by
            Keys.
        descending, nulls_last
            For all keys, or one for each.
        maintain_order
            Accepted for Polars' sake: sorting is always stable here.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [2, None, 1]}).sort("x", nulls_last=True).collect()["x"].to_list()
        [1, 2, None]
        """
        keys = self._bind((*flatten((by,)), *more_by))
        if not keys:
            raise InvalidOperationError("sort() needs at least one key")
        flags = zip(
            keys,
            _each(descending, keys, "descending"),
            _each(nulls_last, keys, "nulls_last"),
            strict=True,
        )
        return self._derive(Sort(self._plan, tuple(SortKey(k, d, n) for k, d, n in flags)))

    def head(self, n: int = 5) -> Self:
        """Keep the first ``n`` rows; any ``n`` where the frame has no order."""
        return self._derive(Limit(self._plan, 0, _natural(n, "head")))

    def limit(self, n: int = 5) -> Self:
        """Keep the first ``n`` rows; the same as :meth:`head`."""
        return self.head(n)

    def tail(self, n: int = 5) -> Self:
        """Keep the last ``n`` rows."""
        require_order(self._plan, "tail()")
        return self._derive(Limit(self._plan, -_natural(n, "tail"), n))

    def slice(self, offset: int, length: int | None = None) -> Self:
        """Keep ``length`` rows from ``offset``, which counts from the end where negative."""
        if offset:
            require_order(self._plan, "slice()")
        return self._derive(
            Limit(self._plan, offset, None if length is None else _natural(length, "slice"))
        )

    def unique(
        self,
        subset: IntoExpr | Sequence[IntoExpr] | None = None,
        *,
        keep: str = "any",
        maintain_order: bool = False,
    ) -> Self:
        """Keep one row for each distinct combination.

        Parameters
        ----------
        subset
            Columns that make rows equal; all of them if None.
        keep
            ``"any"``, ``"first"``, ``"last"`` (these need an order) or ``"none"``, which drops all
            rows that occur more than once.
        maintain_order
            Keep the order of the rows.
        """
        if keep not in ("any", "first", "last", "none"):
            raise InvalidOperationError(f"unknown keep={keep!r}; known: any, first, last, none")
        if keep in ("first", "last"):
            require_order(self._plan, f"unique(keep={keep!r})")
        names = None if subset is None else self._columns(subset)
        return self._derive(Distinct(self._plan, names, keep, maintain_order))

    def with_row_index(self, name: str = "index", offset: int = 0) -> Self:
        """Add a first column that counts the rows from ``offset``, as Int64."""
        require_order(self._plan, "with_row_index()")
        return self._derive(RowIndex(self._plan, name, offset))


def _all_of(predicates: tuple[ExprNode, ...]) -> ExprNode:
    combined = predicates[0]
    for predicate in predicates[1:]:
        combined = Call("and_", (combined, predicate))
    return combined


def _each(flag: bool | Sequence[bool], keys: Sequence[object], name: str) -> list[bool]:
    if isinstance(flag, bool):
        return [flag] * len(keys)
    if len(flag) != len(keys):
        raise InvalidOperationError(
            f"{name}= has {len(flag)} values for {len(keys)} keys: give one, or one for each"
        )
    return list(flag)


def _natural(n: int, method: str) -> int:
    if not isinstance(n, int) or isinstance(n, bool) or n < 0:
        raise InvalidOperationError(f"{method}() takes a number of rows, 0 or more; got {n!r}")
    return n
