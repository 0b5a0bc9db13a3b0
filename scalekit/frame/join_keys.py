"""Keys of joins and names of their columns: bound, and checked before a plan has them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, TypeAlias

import polars as pl

from scalekit.errors import DuplicateError, InvalidOperationError, SchemaError
from scalekit.expr.expr import Expr
from scalekit.expr.node import Column, ExprNode
from scalekit.frame.base import bind_over
from scalekit.kernels.schema import dtype_of, schema_of
from scalekit.plan.nodes import Plan

Keys: TypeAlias = tuple[tuple[ExprNode, ...], tuple[ExprNode, ...]]
"""The left and the right keys."""


def join_keys(left: Plan, right: Plan, on: Any, left_on: Any, right_on: Any, how: str) -> Keys:
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


def check_suffix(left: Plan, right: Plan, suffix: str, folded: Collection[str]) -> None:
    """Raise where a right column would get, with the suffix, a name that exists.

    Polars 2.1 sees that for some such joins, fails while running for others, and loses a column for others
    again.

    Parameters
    ----------
    left, right, suffix
        What is joined.
    folded
        Right keys that are not part of the result.

    Raises
    ------
    DuplicateError
        That says which names are in the way.
    """
    lefts, rights = schema_of(left), schema_of(right)
    shared = [n for n in rights if n in lefts and n not in folded]
    taken = [n for n in shared if n + suffix in lefts or n + suffix in rights]
    if taken:
        raise DuplicateError.columns(
            [n + suffix for n in taken],
            way_out=f"the suffix {suffix!r} makes these names of right columns, and they exist already; pass "
            "another suffix=",
        )


def folded_keys(how: str, keys: Keys, *, coalesce: bool | None) -> tuple[str, ...]:
    """The right keys that a join folds into the left ones, and so never gives a suffix."""
    if how == "full" or coalesce is False:
        return ()
    pairs = [(a, b.name) for a, b in zip(*keys, strict=True) if isinstance(b, Column)]
    return tuple(b for a, b in pairs if how != "right" or a == Column(b))


def only_key_is_float(plan: Plan, keys: tuple[ExprNode, ...]) -> bool:
    """Whether a join goes by one key, which is a float."""
    return len(keys) == 1 and dtype_of(keys[0], schema_of(plan)).is_float()


def _listed(keys: Any) -> Sequence[Any]:
    return keys if isinstance(keys, list | tuple) else [keys]
