"""Methods that bring tables together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import polars as pl

from scalekit.errors import InvalidOperationError, PlanError, SchemaError
from scalekit.expr.expr import Expr
from scalekit.expr.node import ExprNode
from scalekit.frame.base import FrameBase, as_plan, bind_over
from scalekit.kernels.schema import dtype_of, schema_of
from scalekit.plan.nodes import Join, Plan

STRATEGIES = ("inner", "left", "right", "full", "semi", "anti", "cross")
VALIDATIONS = ("m:m", "m:1", "1:m", "1:1")
ORDERS = ("none", "left", "right", "left_right", "right_left")


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
            ``"none"``, ``"left"``, ``"right"``, ``"left_right"`` or ``"right_left"``.

        Raises
        ------
        SchemaError
            Where keys have types that do not go together; the message says the cast to write.

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
        order = maintain_order or "none"
        _one_of(order, ORDERS, "maintain_order")
        keys = join_keys(self._plan, right, on, left_on, right_on, how)
        return self._derive(
            Join(self._plan, right, *keys, how, suffix, validate, nulls_equal, coalesce, order)
        )


def join_keys(
    left: Plan, right: Plan, on: Any, left_on: Any, right_on: Any, how: str
) -> tuple[tuple[ExprNode, ...], tuple[ExprNode, ...]]:
    """Bind the keys of a join and check that they pair up in number and type."""
    if how == "cross":
        if any(k is not None for k in (on, left_on, right_on)):
            raise InvalidOperationError("a cross join takes no keys")
        return (), ()
    if on is not None and (left_on is not None or right_on is not None):
        raise InvalidOperationError("join() takes on=, or left_on= and right_on=, not both")
    if on is None and (left_on is None or right_on is None):
        raise InvalidOperationError("join() needs on=, or both left_on= and right_on=")
    lefts = bind_over(left, _listed(on if on is not None else left_on))
    rights = bind_over(right, _listed(on if on is not None else right_on))
    if len(lefts) != len(rights):
        raise InvalidOperationError(
            f"join() has {len(lefts)} left keys and {len(rights)} right keys"
        )
    for a, b in zip(lefts, rights, strict=True):
        _check_types(left, a, right, b)
    return lefts, rights


def _check_types(left: Plan, a: ExprNode, right: Plan, b: ExprNode) -> None:
    """CONTRACT.md, join: integer widths and float widths compare as their common type, nothing else does."""
    one, two = dtype_of(a, schema_of(left)), dtype_of(b, schema_of(right))
    if one == two or pl.Null in (one, two):
        return
    if (one.is_integer() and two.is_integer()) or (one.is_float() and two.is_float()):
        return
    if one.is_temporal() and type(one) is type(two):
        return
    raise SchemaError(
        f"join keys {Expr(a)!r} ({one}) and {Expr(b)!r} ({two}) have types that do not go together: "
        f"cast one, such as {Expr(b)!r}.cast(sk.{one})"
    )


def _listed(keys: Any) -> Sequence[Any]:
    return keys if isinstance(keys, list | tuple) else [keys]


def _one_of(given: str, known: Sequence[str], name: str) -> None:
    if given not in known:
        raise PlanError(f"unknown {name}={given!r}; known: {', '.join(known)}")
