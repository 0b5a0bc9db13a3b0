"""How many rows joins give, and what is known of their columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from scalekit.estimate.groups import Keys, Matches, matches
from scalekit.estimate.relation import Relation, Values
from scalekit.estimate.span import Span
from scalekit.estimate.values import values_of
from scalekit.expr.node import Alias, Cast, Column, ExprNode
from scalekit.kernels.schema import dtype_of, schema_of
from scalekit.plan.nodes import AsofJoin, Join

UNMATCHED = 1 / 10
"""The share of rows that an anti join keeps at least: nobody asks for it where all rows match."""


def joined(plan: Join, below: Sequence[Relation | None]) -> Relation | None:
    """What a join gives."""
    left, right = below
    if left is None or right is None:
        return None
    if plan.how == "cross":
        return _merged(plan, left, right, left.rows * right.rows)
    keys = _keys(plan, left, right)
    found = matches(left, right, keys)
    if plan.how in ("semi", "anti"):
        share = found.left_share if plan.how == "semi" else max(1 - found.left_share, UNMATCHED)
        low, high = (share / 3, min(1.0, 3 * share + 0.05))
        return replace(left, rows=left.rows * Span(low, share, high))
    rows = _validated(plan, found.rows, left, right)
    rows = _outer(plan.how, rows, found, left, right)
    one = min(1.0, left.rows.guess, right.rows.guess)
    rows = Span(rows.low, max(one, rows.guess), max(one, rows.high))
    result = _merged(plan, left, right, rows)
    is_many = found.key_side is None and plan.validate == "m:m"
    result = replace(result, is_unknown=left.is_unknown or right.is_unknown or is_many)
    return result if found.key_side is None else _implied(result, keys, found.key_side, left, right)


def asof_joined(plan: AsofJoin, below: Sequence[Relation | None]) -> Relation | None:
    """As many rows as the left table has."""
    left, right = below
    return None if left is None or right is None else _merged(plan, left, right, left.rows)


def _validated(plan: Join, rows: Span, left: Relation, right: Relation) -> Span:
    """A side whose keys are checked to be unique gives each row of the other one match at most."""
    if plan.validate.endswith(":1"):
        rows = rows.at_most(left.rows)
    return rows.at_most(right.rows) if plan.validate.startswith("1:") else rows


def _outer(how: str, rows: Span, found: Matches, left: Relation, right: Relation) -> Span:
    if how in ("left", "full"):
        rows = _with_unmatched(rows, left.rows, found.left_share)
    if how in ("right", "full"):
        rows = _with_unmatched(rows, right.rows, found.right_share)
    return rows


def _with_unmatched(rows: Span, own: Span, share: float) -> Span:
    guess = max(own.guess, rows.guess + own.guess * (1 - share))
    return Span(max(rows.low, own.low), guess, max(guess, rows.high + own.high * (1 - share / 2)))


def _keys(plan: Join, left: Relation, right: Relation) -> Keys:
    return Keys(
        tuple(_values(e, left, plan, 0) for e in plan.left_on),
        tuple(_values(e, right, plan, 1) for e in plan.right_on),
        tuple(map(_name, plan.left_on)),
        tuple(map(_name, plan.right_on)),
    )


def _values(expr: ExprNode, relation: Relation, plan: Join, side: int) -> Values:
    name = _name(expr)
    if name in relation.columns:
        return relation.columns[name]
    return values_of(expr, relation, dtype_of(expr, schema_of((plan.left, plan.right)[side])))


def _name(expr: ExprNode) -> str:
    """The column that a key is, under another type perhaps; empty for one that is computed."""
    while isinstance(expr, Alias | Cast):
        expr = expr.arg
    return expr.name if isinstance(expr, Column) else ""


def _merged(plan: Join | AsofJoin, left: Relation, right: Relation, rows: Span) -> Relation:
    columns: dict[str, Values] = {}
    for name in schema_of(plan):
        base = name.removesuffix(plan.suffix)
        found = left.columns.get(name) or right.columns.get(name) or right.columns.get(base)
        columns[name] = found or Values(8.125, max(rows.guess, 1.0))
    return Relation(
        rows,
        columns,
        {**left.sizes, **right.sizes},
        _both(left.implied, right.implied),
        left.is_unknown or right.is_unknown,
    )


def _both(
    one: Mapping[int, frozenset[int]], two: Mapping[int, frozenset[int]]
) -> dict[int, frozenset[int]]:
    return {
        origin: one.get(origin, frozenset()) | two.get(origin, frozenset())
        for origin in {*one, *two}
    }


def _implied(result: Relation, keys: Keys, side: int, left: Relation, right: Relation) -> Relation:
    """A row of the side without the key determines one of the side with it; both keys are one now."""
    own = (keys.left, keys.right)[1 - side]
    unique = (keys.left, keys.right)[side]
    target = unique[0].origin
    if target is None:
        return result
    reached = frozenset({target, *(left, right)[side].implied.get(target, frozenset())})
    implied = _both(result.implied, {o: reached for o in _origins(own) if o != target})
    implied = {o: reached | more if target in more else more for o, more in implied.items()}
    columns = dict(result.columns)
    if len(own) == 1:
        name = (keys.left_names, keys.right_names)[1 - side][0]
        if name in columns:
            columns[name] = unique[0]
    return replace(result, columns=columns, implied=implied)


def _origins(values: Iterable[Values]) -> set[int]:
    """The one table that all keys come from, if it is one."""
    found = {value.origin for value in values}
    return {o for o in found if o is not None} if len(found) == 1 else set()
