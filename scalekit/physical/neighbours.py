"""What follows the order of rows over all parts: each part with the rows of others that it has to see.

Every part leaves its last rows, or one row that stands for all of them, to those behind it, and its first
rows to those before it. Put around a part's own rows, they give these their values.

::

    WITH_COLUMNS shift(x)      becomes  WITH_COLUMNS shift(x) of (last rows of the parts before, own rows)
    WITH_COLUMNS cum_sum(x)    becomes  WITH_COLUMNS cum_sum(x) of (sum(x) of each part before, own rows)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from scalekit.expr.analysis import output_name
from scalekit.expr.decompose import reach
from scalekit.expr.expr import Expr
from scalekit.expr.function import FUNCTIONS, Kind, Reach, resizes
from scalekit.expr.node import Alias, Call, Case, Cast, Column, ExprNode, Literal
from scalekit.kernels.bind import bind
from scalekit.kernels.outputs import PLACE_BITS
from scalekit.kernels.schema import dtype_of, schema_of
from scalekit.physical.lowering import Lower, goes_by_row, leaf, mapped
from scalekit.physical.nodes import Broadcast, MapPartitions, Physical
from scalekit.plan.nodes import (
    Filter,
    HorizontalUnion,
    Limit,
    Numbered,
    Plan,
    Select,
    Union,
    WithColumns,
)
from scalekit.tree import updated

_VALUE = "__scalekit_value_"
_ROW = "__scalekit_row"
_PART = "__scalekit_part"
_SIDE = "__scalekit_side"
_BEFORE, _OWN, _AFTER = -1, 0, 1
WIDEST = 10_000
"""Rows on each side that every part may be given; beyond that one task sees all rows."""


@dataclass(frozen=True)
class Along:
    """A function along the rows, its operand, which rows it has to see, and its column on the way and at last."""

    call: Call
    operand: ExprNode
    reach: Reach
    column: str
    output: str

    @property
    def before(self) -> int:
        """How many rows it has to see before a part's own."""
        return max(
            self.reach.before, int(self.reach.carry is not None and not self.reach.backwards)
        )

    @property
    def after(self) -> int:
        """How many rows it has to see after a part's own."""
        return max(self.reach.after, int(self.reach.carry is not None and self.reach.backwards))


def along(plan: WithColumns) -> list[Along]:
    """The functions along the rows that the expressions of ``plan`` are, where each says what it has to see."""
    schema = schema_of(plan.input)
    found: list[Along] = []
    for expr in plan.exprs:
        call = expr.arg if isinstance(expr, Alias) else expr
        if not isinstance(call, Call) or FUNCTIONS[call.function].kind is not Kind.WINDOW:
            return []
        if not all(map(goes_by_row, call.args)) or resizes(call):
            return []
        seen = reach(call)
        if seen is None or max(seen.before, seen.after) > WIDEST:
            return []
        operand = call.args[0]
        dtype = dtype_of(call, schema)
        if seen.carry is not None and dtype_of(operand, schema) != dtype:
            operand = Cast(operand, dtype)  # in which it adds up, and the others' total comes
        column = f"{_VALUE}{len(found)}"
        found.append(Along(call, operand, seen, column, output_name(expr)))
    return found


def lower_along(plan: WithColumns, lower: Lower, *, ordered: bool) -> Physical:
    """Functions along the rows, each part with the rows that it has to see."""
    del ordered  # it is the order that they follow
    functions = along(plan)
    below = lower(plan.input, ordered=True)
    if not any(f.before or f.after for f in functions):
        return mapped(below, updated(plan, input=leaf(plan.input)))
    context = _context(plan.input, functions)
    seen = Broadcast(mapped(below, context))
    computed = Select(_around(plan.input, context, functions), tuple(map(_applied, functions)))
    both = HorizontalUnion((leaf(plan.input), computed))
    made = {f.output: Alias(Column(f.column), f.output) for f in functions}
    columns = tuple(made.get(name, Column(name)) for name in schema_of(plan))
    return MapPartitions((below, seen), Select(both, columns))


def _context(plan: Plan, functions: Sequence[Along]) -> Plan:
    """What a part leaves to others: its last rows and its first ones, as far as the functions see them."""
    rows = Numbered(leaf(plan), _ROW, "place")
    before, after = max(f.before for f in functions), max(f.after for f in functions)
    sides: list[Plan] = []
    if before:
        sides.append(Limit(_left(rows, functions, _BEFORE), -before, before))
    if after:
        sides.append(Limit(_left(rows, functions, _AFTER), 0, after))
    return sides[0] if len(sides) == 1 else Union(tuple(sides))


def _left(rows: Plan, functions: Sequence[Along], side: int) -> Plan:
    """All rows as they are left to others on one side, with what stands for all of them in the outermost."""
    row = Expr(Column(_ROW))
    outermost = row == (row.max() if side == _BEFORE else row.min())
    values = [_left_value(f, outermost._node, side, schema_of(rows)) for f in functions]
    part = Alias((row // 2**PLACE_BITS)._node, _PART)
    exprs = (part, Alias(Literal(side, pl.Int8()), _SIDE), *values)
    return Select(rows, bind(exprs, schema_of(rows)))


def _left_value(f: Along, outermost: ExprNode, side: int, schema: pl.Schema) -> ExprNode:
    if f.reach.carry is None or f.reach.backwards != (side == _AFTER):
        return Alias(f.operand, f.column)
    dtype = dtype_of(f.operand, schema)
    (carry,) = bind((f.reach.carry._node,), schema)
    alone = Case((outermost,), (Cast(carry, dtype),), Literal(None, dtype))
    return Alias(alone, f.column)


def _around(plan: Plan, context: Plan, functions: Sequence[Along]) -> Plan:
    """A part's own operands, between what the parts before and after it left."""
    near = Numbered(leaf(context, 1), _ROW, "place")
    part, side, here = Expr(Column(_PART)), Expr(Column(_SIDE)), Expr(Column(_ROW)) // 2**PLACE_BITS
    names = (_SIDE, *(f.column for f in functions))
    operands = tuple(Alias(f.operand, f.column) for f in functions)
    sides: list[Plan] = [Select(leaf(plan), (Alias(Literal(_OWN, pl.Int8()), _SIDE), *operands))]
    if any(f.before for f in functions):
        sides.insert(0, _those(near, (side == Literal(_BEFORE, pl.Int8())) & (part < here), names))
    if any(f.after for f in functions):
        sides.append(_those(near, (side == Literal(_AFTER, pl.Int8())) & (part > here), names))
    return Union(tuple(sides))


def _those(near: Plan, condition: Expr, names: Sequence[str]) -> Plan:
    (bound,) = bind((condition._node,), schema_of(near))
    return Select(Filter(near, bound), tuple(map(Column, names)))


def _applied(f: Along) -> ExprNode:
    """The function over all rows around, of which the part's own are kept."""
    function = replace(f.call, args=(Column(f.column), *f.call.args[1:]))
    own = Expr(Column(_SIDE)) == Literal(_OWN, pl.Int8())
    return Alias(Call("filter", (function, own._node)), f.column)
