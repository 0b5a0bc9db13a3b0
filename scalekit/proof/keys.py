"""Which columns of a plan's sources are joined with each other, directly or by others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scalekit.expr.analysis import output_name
from scalekit.expr.node import Alias, Column, ExprNode
from scalekit.kernels.schema import schema_of
from scalekit.plan.nodes import Aggregate, AsofJoin, Join, Plan, Scan, Select, WithColumns
from scalekit.tree import children, walk


@dataclass(frozen=True)
class Key:
    """A column of a source."""

    scan: Scan
    column: str


def joined_keys(plan: Plan) -> list[frozenset[Key]]:
    """Columns of sources that have to be sampled by one hash, so that joins keep their matches."""
    groups: list[set[Key]] = []
    for a, b in _equal(plan):
        met = [group for group in groups if a in group or b in group]
        groups = [group for group in groups if group not in met]
        groups.append({a, b}.union(*met))
    return [frozenset(group) for group in groups]


def _equal(plan: Plan) -> Iterator[tuple[Key, Key]]:
    for step in walk(plan):
        for a, b in _on(step):
            left, right = origin(step.left, a), origin(step.right, b)  # type: ignore[attr-defined]
            if left is not None and right is not None:
                yield left, right


def _on(step: Plan) -> Iterator[tuple[ExprNode, ExprNode]]:
    if isinstance(step, Join):
        yield from zip(step.left_on, step.right_on, strict=True)
    elif isinstance(step, AsofJoin):
        by = zip(step.by_left, step.by_right, strict=True)
        yield from ((Column(a), Column(b)) for a, b in by)


def origin(plan: Plan, expr: ExprNode) -> Key | None:
    """The column of a source that an expression over ``plan`` gives unchanged, or None."""
    name: str | None = _column(expr)
    while name is not None:
        if isinstance(plan, Scan):
            return Key(plan, name)
        below = children(plan)
        if isinstance(plan, Join | AsofJoin):
            found = _side(plan, name)
            plan, name = found if found is not None else (plan, None)
            continue
        if len(below) != 1:
            return None
        name = _below(plan, name)
        plan = below[0]
    return None


def _column(expr: ExprNode) -> str | None:
    while isinstance(expr, Alias):
        expr = expr.arg
    return expr.name if isinstance(expr, Column) else None


def _below(plan: Any, name: str) -> str | None:
    """What a step's column is called in its input, where it is the same."""
    exprs: tuple[ExprNode, ...] = ()
    if isinstance(plan, Select | WithColumns):
        exprs = plan.exprs
    elif isinstance(plan, Aggregate):
        exprs = plan.keys
    for expr in exprs:
        if output_name(expr) == name:
            return _column(expr)
    if isinstance(plan, Select | Aggregate):
        return None
    return name if name in schema_of(plan.input) else None


def _side(plan: Join | AsofJoin, name: str) -> tuple[Plan, str] | None:
    """Where a joined table has one of its columns from."""
    if name in schema_of(plan.left):
        return plan.left, name
    right = schema_of(plan.right)
    stem = name.removesuffix(plan.suffix)
    if name in right:
        return plan.right, name
    return (plan.right, stem) if stem in right else None
