"""Methods that choose and order rows and keep columns as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from scalekit.errors import InvalidOperationError
from scalekit.expr.associative import joined
from scalekit.expr.expr import Expr
from scalekit.expr.function import IntoExpr, flatten
from scalekit.expr.node import Call, Column, ExprNode, Literal, SortKey
from scalekit.frame.base import FrameBase, boolean_predicate
from scalekit.kernels.schema import schema_of
from scalekit.plan.nodes import Distinct, Filter, Limit, RowIndex, Sample, Select, Sort
from scalekit.plan.order import require_order

_PLACE = "__scalekit_place"


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
        return self._derive(Filter(self._plan, self._condition(predicates, constraints, "filter")))

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
            _each(keys, "descending", flag=descending),
            _each(keys, "nulls_last", flag=nulls_last),
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
        if not isinstance(offset, int) or isinstance(offset, bool):
            raise InvalidOperationError(f"slice() starts at a whole number, got {offset!r}")
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
        if not isinstance(name, str):
            raise InvalidOperationError(
                f"with_row_index() takes the new column's name, got {name!r}"
            )
        _natural(offset, "with_row_index")
        return self._derive(RowIndex(self._plan, name, offset))

    def remove(self, *predicates: IntoExpr, **constraints: Any) -> Self:
        """Drop the rows for which every predicate is true; a row of null stays.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, 2, None]}).remove(sk.col("x") > 1).collect()["x"].to_list()
        [1, None]
        """
        condition = self._condition(predicates, constraints, "remove")
        return self._derive(
            Filter(self._plan, Call("ne_missing", (condition, Literal(value=True))))
        )

    def drop_nulls(self, subset: Any = None) -> Self:
        """Drop the rows with a null in any of these columns, or in any column at all.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, None]}).drop_nulls().collect()["x"].to_list()
        [1]
        """
        names = self._columns_in(subset)
        return self.filter([Expr(Column(n)).is_not_null() for n in names]) if names else self

    def drop_nans(self, subset: Any = None) -> Self:
        """Drop the rows with NaN in any of these columns, or in any float column; nulls stay."""
        schema = schema_of(self._plan)
        names = [n for n in self._columns_in(subset) if subset is not None or schema[n].is_float()]
        keep = [
            Call("ne_missing", (Expr(Column(n)).is_nan()._node, Literal(value=True))) for n in names
        ]
        return self._derive(Filter(self._plan, joined("and_", tuple(keep)))) if keep else self

    def top_k(self, k: int, *, by: Any, reverse: bool | Sequence[bool] = False) -> Self:
        """Keep the ``k`` rows with the largest keys, largest first; nulls count as smallest.

        Parameters
        ----------
        k
            Number of rows.
        by
            Keys.
        reverse
            Take the smallest of a key instead: for all keys, or one for each.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, 3, 2]}).top_k(2, by="x").collect()["x"].to_list()
        [3, 2]
        """
        return self._extreme(k, by, reverse=reverse, largest=True)

    def bottom_k(self, k: int, *, by: Any, reverse: bool | Sequence[bool] = False) -> Self:
        """Keep the ``k`` rows with the smallest keys, smallest first; nulls come last."""
        return self._extreme(k, by, reverse=reverse, largest=False)

    def gather_every(self, n: int, offset: int = 0) -> Self:
        """Keep every ``n``-th row, from row ``offset`` on."""
        require_order(self._plan, "gather_every()")
        if not isinstance(n, int) or n < 1:
            raise InvalidOperationError(f"gather_every() takes a step of 1 or more, got {n!r}")
        place = Expr(Column(_PLACE)) - _natural(offset, "gather_every")
        kept = self._derive(RowIndex(self._plan, _PLACE, 0)).filter((place >= 0) & (place % n == 0))
        return kept._without(_PLACE)

    def reverse(self) -> Self:
        """Turn the order of the rows around."""
        require_order(self._plan, "reverse()")
        indexed = self._derive(RowIndex(self._plan, _PLACE, 0))
        return indexed._derive(
            Sort(indexed._plan, (SortKey(Column(_PLACE), descending=True),))
        )._without(_PLACE)

    def first(self) -> Self:
        """Keep the first row."""
        require_order(self._plan, "first()")
        return self.head(1)

    def last(self) -> Self:
        """Keep the last row."""
        return self.tail(1)

    def sample(self, n: int | None = None, *, fraction: float | None = None, seed: int = 0) -> Self:
        """Keep rows chosen by a hash of the seed and the row's place, the same on every backend.

        Parameters
        ----------
        n, fraction
            How many rows, or which share of them: exactly one of the two. A smaller sample of the same
            seed is part of a larger one.
        seed
            Another seed gives another sample.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, 2, 3, 4]}).sample(2, seed=1).collect().height
        2
        """
        require_order(self._plan, "sample()")
        if (n is None) == (fraction is None):
            raise InvalidOperationError("sample() takes n= or fraction=, exactly one of them")
        if fraction is not None and not 0 <= fraction <= 1:
            raise InvalidOperationError(f"sample(fraction=) lies between 0 and 1, got {fraction!r}")
        return self._derive(
            Sample(self._plan, None if n is None else _natural(n, "sample"), fraction, seed)
        )

    def set_sorted(self, column: str, *, descending: bool = False) -> Self:
        """Declare that a column is sorted, which backends may use and none relies on for an answer.

        Parameters
        ----------
        column
            The sorted column.
        descending
            Whether it is sorted from large to small.
        """
        self._columns(column)
        del descending  # a hint: scalekit's plans do not trade correctness for it
        return self

    def _columns_in(self, subset: Any) -> tuple[str, ...]:
        """The names that ``subset`` stands for; all columns for None."""
        return tuple(schema_of(self._plan)) if subset is None else self._columns(subset)

    def _condition(self, predicates: Any, constraints: Mapping[str, Any], method: str) -> ExprNode:
        if any(map(_is_mask, predicates)):
            raise InvalidOperationError(
                f"{method}() takes conditions on columns; a list of true and false says nothing of rows that may come "
                "in another order: put it into a frame beside them, with sk.concat(how='horizontal')"
            )
        equalities = self._bind([Expr(Column(n)) == v for n, v in constraints.items()])
        bound = self._bind(predicates) + equalities
        if not bound:
            raise InvalidOperationError(f"{method}() needs at least one condition")
        return joined(
            "and_", tuple(boolean_predicate(self._plan, predicate) for predicate in bound)
        )

    def _extreme(self, k: int, by: Any, *, reverse: bool | Sequence[bool], largest: bool) -> Self:
        keys = flatten((by,))
        flags = _each(keys, "reverse", flag=reverse)
        descending = [largest != flag for flag in flags]
        return self.sort(*keys, descending=descending, nulls_last=True).head(_natural(k, "top_k"))

    def _without(self, name: str) -> Self:
        kept = tuple(Column(c) for c in schema_of(self._plan) if c != name)
        return self._derive(Select(self._plan, kept))


def _is_mask(given: object) -> bool:
    """Whether something is a value for each of several rows, as pandas takes them."""
    if isinstance(given, list | tuple):
        return len(given) > 1 and all(isinstance(v, bool | None) for v in given)
    return (
        hasattr(given, "__array__")
        and not hasattr(given, "collect")
        and getattr(given, "shape", None) != ()
    )


def _each(keys: Sequence[object], name: str, *, flag: bool | Sequence[bool]) -> list[bool]:
    if isinstance(flag, bool):
        return [flag] * len(keys)
    if len(flag) != len(keys):
        raise InvalidOperationError(
            f"{name}= has {len(flag)} values for {len(keys)} keys: give one, or one for each"
        )
    return list(flag)


def _natural(n: int, method: str) -> int:
    if not isinstance(n, int) or isinstance(n, bool) or n < 0:
        raise InvalidOperationError(f"{method}() takes a whole number, 0 or more; got {n!r}")
    return n
