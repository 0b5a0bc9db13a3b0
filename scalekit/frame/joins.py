"""Methods that bring tables together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from scalekit.errors import InvalidOperationError, PlanError
from scalekit.expr.expr import Expr
from scalekit.expr.function import IntoExpr
from scalekit.expr.node import Alias, Case, Column, ExprNode, Literal, SortKey
from scalekit.frame.base import FrameBase, as_plan, check_same_columns, columns_of
from scalekit.frame.join_keys import check_suffix, folded_keys, join_keys, only_key_is_float
from scalekit.kernels.schema import schema_of
from scalekit.plan.nodes import AsofJoin, Join, Plan, RowIndex, Select, Sort, Union
from scalekit.plan.order import require_order

_PLACE = "__scalekit_place"
_FOUND = "__scalekit_found"
_NEW = "__scalekit_new_"

STRATEGIES = ("inner", "left", "right", "full", "semi", "anti", "cross")
VALIDATIONS = ("m:m", "m:1", "1:m", "1:1")
ORDERS = {
    "none": "none",
    "left": "left_right",
    "right": "right_left",
    "left_right": "left_right",
    "right_left": "right_left",
}
"""What is asked for to what is kept: ``"left"`` alone would leave open the order of several matches."""


class JoinMethods(FrameBase):
    """Join tables."""

    __slots__ = ()

    def join(
        self,
        other: Any,
        on: Any = None,
        how: str = "inner",
        *,
        left_on: Any = None,
        right_on: Any = None,
        suffix: str = "_right",
        validate: str = "m:m",
        nulls_equal: bool = False,
        coalesce: bool | None = None,
        maintain_order: str | None = None,
    ) -> Self:
        """Join with another frame on equal keys.

        Null keys never match unless ``nulls_equal`` is set, NaN keys match NaN, and the result has no
        order unless ``maintain_order`` gives it one.

        Parameters
        ----------
        other
            The right frame.
        on, left_on, right_on
            Keys: names or expressions, of both sides or of each.
        how
            ``"inner"``, ``"left"``, ``"right"``, ``"full"``, ``"semi"``, ``"anti"`` or ``"cross"``.
        suffix
            Added to right columns whose names the left has too.
        validate
            ``"m:m"``, ``"m:1"``, ``"1:m"`` or ``"1:1"``: the uniqueness of keys to check.
        nulls_equal
            Let null keys match.
        coalesce
            Whether the right keys are folded into the left ones; by default as the strategy needs it.
        maintain_order
            ``"none"``, or whose order comes first: ``"left"`` (the same as ``"left_right"``: several
            matches of one row keep the order of the right) or ``"right"`` (as ``"right_left"``).

        Raises
        ------
        SchemaError
            Where keys have types that do not go together; the message says the cast to write.
        DuplicateError
            Where a right column would get, with the suffix, a name that exists.

        Examples
        --------
        >>> import scalekit as sk
        >>> left, right = sk.from_dict({"k": [1, 2]}), sk.from_dict({"k": [2], "y": ["b"]})
        >>> left.join(right, on="k", how="left", maintain_order="left").collect()["y"].to_list()
        [None, 'b']
        """
        right = as_plan(other, "join")
        _one_of(how, STRATEGIES, "how")
        _one_of(validate, VALIDATIONS, "validate")
        _one_of(maintain_order or "none", tuple(ORDERS), "maintain_order")
        order = ORDERS[maintain_order or "none"]
        keys = join_keys(self._plan, right, on, left_on, right_on, how)
        if how not in ("semi", "anti"):
            check_suffix(self._plan, right, suffix, folded_keys(how, keys, coalesce=coalesce))
        return self._derive(
            Join(
                *(self._plan, right, *keys, how, suffix, validate, nulls_equal, coalesce, order),
                only_key_is_float=only_key_is_float(self._plan, keys[0]),
            )
        )

    def join_asof(
        self,
        other: Any,
        *,
        left_on: Any = None,
        right_on: Any = None,
        on: Any = None,
        by_left: Any = None,
        by_right: Any = None,
        by: Any = None,
        strategy: str = "backward",
        suffix: str = "_right",
        tolerance: Any = None,
        coalesce: bool = True,
        allow_exact_matches: bool = True,
    ) -> Self:
        """Join each row with the nearest row of another frame, by a number or a time.

        Neither frame needs to be sorted; the left rows keep their order.

        Parameters
        ----------
        other
            The right frame.
        on, left_on, right_on
            The key whose nearest value is looked for. A null key matches nothing.
        by, by_left, by_right
            Columns that must be equal besides.
        strategy
            ``"backward"`` (the last right key at or before), ``"forward"`` (the first at or after) or
            ``"nearest"``.
        suffix
            Added to right columns whose names the left has too.
        tolerance
            The largest distance: a number, a timedelta, or text such as ``"2h"``.
        coalesce
            Leave out the right key where both have one name.
        allow_exact_matches
            Let equal keys match.

        Examples
        --------
        >>> import scalekit as sk
        >>> trades = sk.from_dict({"t": [3, 8]})
        >>> quotes = sk.from_dict({"t": [1, 5], "price": [10, 20]})
        >>> trades.join_asof(quotes, on="t").collect()["price"].to_list()
        [10, 20]
        """
        right = as_plan(other, "join_asof")
        _one_of(strategy, ("backward", "forward", "nearest"), "strategy")
        require_order(right, "join_asof(), where several right rows are equally near,")
        lefts, rights = join_keys(self._plan, right, on, left_on, right_on, "asof")
        if len(lefts) != 1:
            raise InvalidOperationError("join_asof() takes one key; equal columns go into by=")
        groups_left, groups_right = by_left if by is None else by, by_right if by is None else by
        if (groups_left is None) != (groups_right is None):
            raise InvalidOperationError("join_asof() needs by=, or both by_left= and by_right=")
        names_left = () if groups_left is None else columns_of(self._plan, groups_left)
        names_right = () if groups_right is None else columns_of(right, groups_right)
        for key, names in ((lefts[0], names_left), (rights[0], names_right)):
            if isinstance(key, Column) and key.name in names:
                raise InvalidOperationError(
                    f"join_asof(): {key.name!r} is the key whose nearest value is looked for, and cannot be one "
                    "of by= besides"
                )
        folded = (*names_right, *folded_keys("right", (lefts, rights), coalesce=coalesce))
        check_suffix(self._plan, right, suffix, folded)
        return self._derive(
            AsofJoin(
                *(self._plan, right, lefts[0], rights[0], names_left, names_right),
                *(strategy, suffix, tolerance, coalesce, allow_exact_matches),
            )
        )

    def join_where(self, other: Any, *predicates: IntoExpr, suffix: str = "_right") -> Self:
        """Join with another frame on any conditions, such as ``col("a") < col("b")``.

        Parameters
        ----------
        other
            The right frame.
        predicates
            Conditions over the columns of both; right columns whose names the left has too carry the
            suffix.
        suffix
            Added to right columns whose names the left has too.

        Examples
        --------
        >>> import scalekit as sk
        >>> left, right = sk.from_dict({"a": [1, 5]}), sk.from_dict({"b": [2, 3]})
        >>> left.join_where(right, sk.col("a") < sk.col("b")).sort("b").collect().rows()
        [(1, 2), (1, 3)]
        """
        if not predicates:
            raise InvalidOperationError("join_where() needs at least one condition")
        return self.join(other, how="cross", suffix=suffix).filter(*predicates)  # type: ignore[attr-defined,no-any-return]

    def update(
        self,
        other: Any,
        on: Any = None,
        how: str = "left",
        *,
        left_on: Any = None,
        right_on: Any = None,
        include_nulls: bool = False,
        maintain_order: str | None = "left",
    ) -> Self:
        """Overwrite values with those of another frame where keys match.

        Parameters
        ----------
        other
            The frame with the new values. Its non-null values win.
        on, left_on, right_on
            Keys; without any, rows are matched by their place.
        how
            ``"left"`` (keep all left rows), ``"inner"`` or ``"full"`` (add new rows).
        include_nulls
            Let nulls overwrite too.
        maintain_order
            As in :meth:`join`.

        Examples
        --------
        >>> import scalekit as sk
        >>> old = sk.from_dict({"k": [1, 2], "v": ["a", "b"]})
        >>> old.update(sk.from_dict({"k": [2], "v": ["B"]}), on="k").collect()["v"].to_list()
        ['a', 'B']
        """
        _one_of(how, ("left", "inner", "full"), "how")
        right = as_plan(other, "update")
        if on is None and left_on is None:
            return self._update_by_place(right, how, include_nulls=include_nulls)
        lefts = columns_of(self._plan, on if on is not None else left_on)
        rights = columns_of(right, on if on is not None else right_on)
        order = maintain_order if how != "full" else (maintain_order and "left_right")
        return self._update(right, lefts, rights, how, order, include_nulls=include_nulls)

    def _update_by_place(self, right: Plan, how: str, *, include_nulls: bool) -> Self:
        for plan in (self._plan, right):
            require_order(plan, "update() without keys")
        places = [RowIndex(plan, _PLACE, 0) for plan in (self._plan, right)]
        updated = self._derive(places[0])._update(
            places[1], (_PLACE,), (_PLACE,), how, "left", include_nulls=include_nulls
        )
        return updated.drop(_PLACE)  # type: ignore[attr-defined,no-any-return]

    def _update(
        self,
        right: Plan,
        lefts: tuple[str, ...],
        rights: tuple[str, ...],
        how: str,
        order: str | None,
        *,
        include_nulls: bool,
    ) -> Self:
        mine = schema_of(self._plan)
        shared = [n for n in schema_of(right) if n in mine and n not in lefts and n not in rights]
        found = Alias(Literal(value=True), _FOUND)
        renamed = (*(Alias(Column(n), _NEW + n) for n in (*rights, *shared)), found)
        joined = self.join(
            self._derive(Select(right, renamed)),
            left_on=list(lefts),
            right_on=[_NEW + n for n in rights],
            how=how,
            coalesce=how != "inner" or None,
            maintain_order=order,
        )
        out: list[ExprNode] = []
        for name in mine:
            old, new = Expr(Column(name)), Expr(Column(_NEW + name))
            if name not in shared:
                out.append(Column(name))
            elif include_nulls:
                out.append(Alias(Case((Column(_FOUND),), (new._node,), old._node), name))
            else:
                out.append(Alias(Case((new.is_not_null()._node,), (new._node,), old._node), name))
        return joined._derive(Select(joined._plan, tuple(out)))

    def merge_sorted(self, other: Any, key: str) -> Self:
        """Bring two frames together that are sorted by ``key``, keeping that order.

        Parameters
        ----------
        other
            A frame with the same columns.
        key
            The column by which both are sorted.
        """
        right = as_plan(other, "merge_sorted")
        check_same_columns((self._plan, right), "merge_sorted")
        keys = self._bind([key])
        return self._derive(Sort(Union((self._plan, right)), (SortKey(keys[0]),)))


def _one_of(given: str, known: Sequence[str], name: str) -> None:
    if given not in known:
        raise PlanError(f"unknown {name}={given!r}; known: {', '.join(known)}")
