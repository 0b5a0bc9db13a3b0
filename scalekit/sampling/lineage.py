"""Where columns come from: the columns of sources that a plan passes on as they are, under whatever name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

import polars as pl

from scalekit.expr.analysis import output_name
from scalekit.expr.node import Alias, Cast, Column, ExprNode
from scalekit.kernels.schema import schema_of
from scalekit.plan.nodes import (
    Aggregate,
    AsofJoin,
    Distinct,
    DynamicAggregate,
    Explode,
    Filter,
    HorizontalUnion,
    Join,
    Limit,
    Pivot,
    Plan,
    RollingAggregate,
    RowIndex,
    Sample,
    Scan,
    Select,
    Sort,
    Union,
    Unpivot,
    WithColumns,
)
from scalekit.tree import children, walk


class Base(NamedTuple):
    """A column of a source."""

    scan: Scan
    column: str


Bases: TypeAlias = frozenset[Base]
Columns: TypeAlias = Mapping[str, Bases]
"""A node's columns, those that are computed left out."""

_NONE: Bases = frozenset()
_TEXTS = (pl.String, pl.Categorical, pl.Enum)


def lineage(plan: Plan) -> dict[Plan, Columns]:
    """For each node, the columns that are columns of sources, unchanged but for their names.

    Parameters
    ----------
    plan
        The plan.
    """
    found: dict[Plan, Columns] = {}
    for node in walk(plan):
        rule = _RULES.get(type(node))
        below = [found[child] for child in children(node)]
        known = {} if rule is None else rule(node, below)
        found[node] = {name: bases for name, bases in known.items() if bases}
    return found


def bases_of(expr: ExprNode, columns: Columns) -> Bases:
    """The columns of sources that an expression is, unchanged but for name and width."""
    types: list[pl.DataType] = []
    while isinstance(expr, Alias | Cast):
        types += [expr.dtype] if isinstance(expr, Cast) else []
        expr = expr.arg
    bases = columns.get(expr.name, _NONE) if isinstance(expr, Column) else _NONE
    return frozenset(base for base in bases if all(_is_alike(base, dtype) for dtype in types))


def _is_alike(base: Base, dtype: pl.DataType) -> bool:
    """Whether a cast of a key to ``dtype`` leaves its hash: integers of any width are alike, and so is text."""
    own = schema_of(base.scan)[base.column]
    if dtype.is_integer():
        return own.is_numeric() or own == pl.Boolean
    return dtype in _TEXTS and own in _TEXTS


def _scan(node: Scan, _: Any) -> Columns:
    return {name: frozenset({Base(node, name)}) for name in schema_of(node)}


def _same(_: Any, below: list[Columns]) -> Columns:
    return below[0]


def _made(exprs: Iterable[ExprNode], columns: Columns) -> Columns:
    return {output_name(expr): bases_of(expr, columns) for expr in exprs}


def _with_columns(node: WithColumns, below: list[Columns]) -> Columns:
    return {**below[0], **_made(node.exprs, below[0])}


def _grouped(node: Any, below: list[Columns]) -> Columns:
    return _made(node.keys, below[0])


def _without(node: RowIndex, below: list[Columns]) -> Columns:
    return {name: bases for name, bases in below[0].items() if name != node.name}


def _exploded(node: Explode, below: list[Columns]) -> Columns:
    return {name: bases for name, bases in below[0].items() if name not in node.columns}


def _indexed(node: Unpivot | Pivot, below: list[Columns]) -> Columns:
    return {name: below[0].get(name, _NONE) for name in node.index}


def _joined(node: Join | AsofJoin, below: list[Columns]) -> Columns:
    left, right = below
    if isinstance(node, Join) and node.how in ("semi", "anti"):
        return left
    names, others = schema_of(node.left), schema_of(node.right)
    found: dict[str, Bases] = {}
    for name in schema_of(node):
        own = name.removesuffix(node.suffix) if name not in {*names, *others} else name
        is_left = name in names
        found[name] = left.get(name, _NONE) if is_left else right.get(own, _NONE)
        if is_left and name in right and name in _keys(node):
            found[name] |= right[name]  # a key of both sides, of whichever has the row
    return found


def _keys(node: Join | AsofJoin) -> set[str]:
    if isinstance(node, AsofJoin):
        return set(node.by_left) & set(node.by_right)
    pairs = zip(node.left_on, node.right_on, strict=True)
    return {output_name(a) for a, b in pairs if output_name(a) == output_name(b)}


def _united(node: Union | HorizontalUnion, below: list[Columns]) -> Columns:
    named = [set(schema_of(child)) for child in children(node)]
    found: dict[str, Bases] = {}
    for name in schema_of(node):
        having = [
            columns.get(name, _NONE)
            for columns, own in zip(below, named, strict=True)
            if name in own
        ]
        found[name] = frozenset().union(*having) if all(having) else _NONE
    return found


_RULES: Mapping[type[Plan], Callable[[Any, list[Columns]], Columns]] = {
    Scan: _scan,
    Filter: _same,
    Sort: _same,
    Limit: _same,
    Sample: _same,
    Distinct: _same,
    Select: lambda node, below: _made(node.exprs, below[0]),
    WithColumns: _with_columns,
    Aggregate: _grouped,
    DynamicAggregate: _grouped,
    RollingAggregate: _grouped,
    RowIndex: _without,
    Explode: _exploded,
    Unpivot: _indexed,
    Pivot: _indexed,
    Join: _joined,
    AsofJoin: _joined,
    Union: _united,
    HorizontalUnion: _united,
}
