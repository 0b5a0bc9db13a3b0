"""Move filters toward the data, past everything that they do not depend on.

::

    FILTER x > 1 <- SORT x                      becomes  SORT x <- FILTER x > 1
    FILTER l & r <- JOIN inner (L, R)           becomes  JOIN inner (FILTER l <- L, FILTER r <- R)
    FILTER k = 1 & n > 2 <- AGGREGATE by k      becomes  FILTER n > 2 <- AGGREGATE by k <- FILTER k = 1
    FILTER p <- UNION (A, B)                    becomes  UNION (FILTER p <- A, FILTER p <- B)

A condition that can raise (a strict cast, strict parsing) stays where it was written, since it may rely on
what was filtered or joined before it; one that looks at other rows stays, and so does all beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from scalekit.expr.analysis import columns_read, is_elementwise, output_name
from scalekit.expr.node import Column, ExprNode
from scalekit.kernels.schema import schema_of
from scalekit.optimize.analysis import conjunction, conjuncts, definitions, may_fail, substitute
from scalekit.plan.nodes import (
    Aggregate,
    Distinct,
    Filter,
    Join,
    Plan,
    Select,
    Sort,
    Union,
    WithColumns,
)
from scalekit.tree import children, map_children, rewrite, updated

Parts = list[ExprNode]
Moved = tuple[Plan, Parts]
"""The plan below with what could be pushed into it, and what has to stay above."""


def pushdown_filters(plan: Plan) -> Plan:
    """Push every filter as far down as it goes."""
    return rewrite(plan, _push_from)


def _push_from(plan: Plan) -> Plan:
    if not isinstance(plan, Filter):
        return plan
    return _place(plan.input, conjuncts(plan.predicate))


def _place(below: Plan, parts: Parts) -> Plan:
    """Put conditions above ``below``, or further down where they may go."""
    if not parts:
        return below
    push = _PUSHES.get(type(below))
    # A condition on other rows must go on seeing all of them: then nothing may be filtered before it.
    if push is None or not all(map(is_elementwise, parts)):
        return Filter(below, conjunction(parts))
    movable = [p for p in parts if columns_read(p) and not may_fail(p)]
    moved, kept = push(below, movable)
    gone = set(movable) - set(kept)
    stay = [p for p in parts if p not in gone]
    return Filter(moved, conjunction(stay)) if stay else moved


def _past_filter(below: Filter, parts: Parts) -> Moved:
    rest = conjuncts(below.predicate)
    if not all(map(is_elementwise, rest)):
        return below, parts
    return _place(below.input, [*rest, *parts]), []


def _past_sort(below: Sort, parts: Parts) -> Moved:
    if not all(map(is_elementwise, below.by)):
        return below, parts
    return updated(below, input=_place(below.input, parts)), []


def _past_select(below: Select, parts: Parts) -> Moved:
    meanings = definitions(below.exprs)
    if not any(columns_read(e) for e in below.exprs) or not all(map(is_elementwise, below.exprs)):
        return below, parts
    return _past_projection(below, parts, meanings)


def _past_with_columns(below: WithColumns, parts: Parts) -> Moved:
    if not all(map(is_elementwise, below.exprs)):
        return below, parts
    return _past_projection(below, parts, definitions(below.exprs))


def _past_projection(below: Any, parts: Parts, meanings: Mapping[str, ExprNode]) -> Moved:
    """Move conditions on columns that are passed through or renamed; computed ones are computed once."""
    simple = {name: e for name, e in meanings.items() if isinstance(e, Column)}
    computed = set(meanings) - set(simple)
    going = [p for p in parts if not columns_read(p) & computed]
    staying = [p for p in parts if columns_read(p) & computed]
    moved = [substitute(p, simple) for p in going]
    return updated(below, input=_place(below.input, moved)), staying


def _past_aggregate(below: Aggregate, parts: Parts) -> Moved:
    if not all(map(is_elementwise, below.keys)):
        return below, parts
    keys = {output_name(k): k for k in below.keys if isinstance(k, Column)}
    going = [p for p in parts if columns_read(p) <= set(keys)]
    staying = [p for p in parts if not columns_read(p) <= set(keys)]
    return updated(below, input=_place(below.input, going)), staying


def _past_distinct(below: Distinct, parts: Parts) -> Moved:
    within = set(below.subset) if below.subset is not None else set(schema_of(below))
    going = [p for p in parts if columns_read(p) <= within]
    staying = [p for p in parts if not columns_read(p) <= within]
    return updated(below, input=_place(below.input, going)), staying


def _past_union(below: Union, parts: Parts) -> Moved:
    if below.how != "vertical":
        return below, parts
    return map_children(below, lambda child: _place(child, parts)), []


_LEFT_SAFE = ("inner", "left", "semi", "anti", "cross")
_RIGHT_SAFE = ("inner", "right", "cross")


def _past_join(below: Join, parts: Parts) -> Moved:
    left, right = map(schema_of, children(below))
    origin = _right_origins(below)
    # A check of uniqueness must see all rows.
    free = below.validate == "m:m"
    to_left = [
        p for p in parts if free and below.how in _LEFT_SAFE and columns_read(p) <= set(left)
    ]
    rest = _without(parts, to_left)
    to_right = [
        p for p in rest if free and below.how in _RIGHT_SAFE and columns_read(p) <= set(origin)
    ]
    meanings = {out: Column(name) for out, name in origin.items() if name in right}
    moved = updated(
        below,
        left=_place(below.left, to_left),
        right=_place(below.right, [substitute(p, meanings) for p in to_right]),
    )
    return moved, _without(rest, to_right)


def _without(parts: Parts, others: Parts) -> Parts:
    known = set(others)  # as programs filter by thousands of conditions
    return [p for p in parts if p not in known]


def _right_origins(join: Join) -> dict[str, str]:
    """Output columns that are a right column unchanged, to its name there."""
    if join.how in ("semi", "anti"):
        return {}
    left, right, out = schema_of(join.left), schema_of(join.right), schema_of(join)
    own = {name: name for name in right if name not in left and name in out}
    made = {name + join.suffix: name for name in right if name in left}
    return own | {n: name for n, name in made.items() if n in out and n not in {*left, *right}}


_PUSHES: Mapping[type[Plan], Callable[[Any, Parts], Moved]] = {
    Filter: _past_filter,
    Sort: _past_sort,
    Select: _past_select,
    WithColumns: _past_with_columns,
    Aggregate: _past_aggregate,
    Distinct: _past_distinct,
    Union: _past_union,
    Join: _past_join,
}
