"""The type of every part of an expression, asked of Polars; of a deep one level by level, as its time grows with the cube.

Above some levels a part is replaced by a column of its type, so that those above it do not repeat it. What has its
type from constants alone is not, as ``when(x > 1).then(1).otherwise(2)``: what stands beside it decides what it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set

import polars as pl

from scalekit.expr.node import Alias, Call, Case, Cast, Column, ExprNode, Over, SortKey
from scalekit.kernels.expressions import to_expr
from scalekit.tree import children, map_children

Types = Mapping[ExprNode, pl.DataType]

DEEPEST = 24
"""Levels that are asked for as they are."""


def part_types(parts: Sequence[ExprNode], schema: pl.Schema) -> Types:
    """The types of the parts of expressions over ``schema``; keys of an order have none.

    Parameters
    ----------
    parts
        Operands before what they are operands of, and each once.
    """
    found: dict[ExprNode, pl.DataType] = {}
    columns = dict(schema)
    short: dict[
        ExprNode, ExprNode
    ] = {}  # each part over the columns, and what stands for parts of it
    depth: dict[ExprNode, int] = {}
    typed: set[ExprNode] = set()
    waiting: list[ExprNode] = []
    for part in parts:
        if _depth(part, depth) > DEEPEST:
            found |= _asked(waiting, short, columns)
            for number, done in enumerate(waiting, len(columns)):
                if done in typed:
                    name = f"__scalekit_part_{number}"
                    columns[name], short[done], depth[done] = found[done], Column(name), 0
            waiting = []
        depth[part] = _depth(part, depth)
        short[part] = map_children(part, short.__getitem__)
        if _has_own_type(part, typed):
            typed.add(part)
        if not isinstance(part, SortKey):
            waiting.append(part)
    return found | _asked(waiting, short, columns)


def _has_own_type(part: ExprNode, typed: Set[ExprNode]) -> bool:
    """Whether a column decides the type of a part, given those of its operands that have their own."""
    match part:
        case Column() | Cast():
            return True
        case Case(_, thens, otherwise):
            return any(value in typed for value in (*thens, otherwise))
        case Call(function, args) if function in _MEETING:
            return any(arg in typed for arg in args)
        case Call(_, (first, *_)) | Alias(first) | Over(first):
            return first in typed
    return False


_MEETING = frozenset({"add", "sub", "mul", "truediv", "floordiv", "mod", "and_", "or_", "xor"})
"""Functions of two operands that go to their common type."""


def _depth(part: ExprNode, depth: Mapping[ExprNode, int]) -> int:
    return 1 + max((depth[child] for child in children(part)), default=0)


def _asked(
    parts: Iterable[ExprNode],
    short: Mapping[ExprNode, ExprNode],
    columns: Mapping[str, pl.DataType],
) -> dict[ExprNode, pl.DataType]:
    asked = list(parts)
    named = [to_expr(short[part]).alias(str(place)) for place, part in enumerate(asked)]
    types = pl.LazyFrame(schema=columns).select(named).collect_schema()
    return dict(zip(asked, types.values(), strict=True))
