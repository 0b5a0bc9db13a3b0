"""Aggregates over partitions: partial ones where the rows are, final ones where the groups meet.

::

    AGGREGATE by k: mean(x)   becomes   MAP    by k: mean of partials
                                        EXCHANGE by k
                                        MAP    by k: sum(x), count(x)
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from scalekit.expr.analysis import columns_read, is_elementwise, nodes, output_name
from scalekit.expr.decompose import decomposition
from scalekit.expr.expr import Expr
from scalekit.expr.function import FUNCTIONS, Kind, resizes
from scalekit.expr.node import Alias, Call, Cast, Column, ExprNode, Over
from scalekit.kernels.bind import bind
from scalekit.kernels.schema import dtype_of, schema_of
from scalekit.physical.levels import staged_operands
from scalekit.physical.lowering import Lower, leaf, mapped
from scalekit.physical.nodes import Gather, HashExchange, Physical
from scalekit.physical.places import first_place, in_place_order, with_place
from scalekit.physical.whole import lower_whole
from scalekit.plan.nodes import Aggregate, Plan
from scalekit.plan.order import order_dependent
from scalekit.tree import children, map_children, rewrite, updated

_PART = "__scalekit_part_"


def lower_aggregate(plan: Aggregate, lower: Lower, *, ordered: bool) -> Physical:
    """Partial and final where every aggregate splits, else the rows of a group meet and run as they stand."""
    if not all(is_elementwise(key) for key in plan.keys):
        return lower_whole(plan, lower, ordered=ordered)
    if not plan.keys:
        taken = staged_operands(plan.input, plan.aggs)
        if taken.plan is not plan.input:
            return lower(Aggregate(taken.plan, (), taken.exprs), ordered=ordered)
    if plan.keys and ordered:
        return _in_order(plan, lower)
    steps = _split(plan)
    if steps is None:
        return _rows_meet(plan, lower)
    partial, final = steps
    below = mapped(lower(plan.input, ordered=_sees_order(plan)), partial)
    return mapped(_met(below, final), final)


def splits(plan: Aggregate) -> bool:
    """Whether every aggregate is one of partial aggregates."""
    return all(map(is_elementwise, plan.keys)) and _split(plan) is not None


def _met(below: Physical, final: Aggregate) -> Physical:
    return HashExchange(below, final.keys) if final.keys else Gather(below)


def _rows_meet(plan: Aggregate, lower: Lower) -> Physical:
    """All rows of a group in one part, in their order, where the node runs as it stands."""
    below = lower(plan.input, ordered=_sees_order(plan))
    met = HashExchange(below, plan.keys) if plan.keys else Gather(below)
    return mapped(met, updated(plan, input=leaf(plan.input)))


def _sees_order(plan: Aggregate) -> bool:
    return any(True for agg in plan.aggs for _ in order_dependent(agg))


def _in_order(plan: Aggregate, lower: Lower) -> Physical:
    """Groups in the order of their first rows: each keeps the place of its first row until the end."""
    placed = with_place(plan.input)
    grouped = Aggregate(placed, plan.keys, (*plan.aggs, first_place()), maintain_order=True)
    below = lower_aggregate(grouped, lower, ordered=False)
    return in_place_order(below, grouped, tuple(schema_of(plan)))


@dataclass
class _Partials:
    """The partial aggregates of all calls, each once."""

    plan: Plan
    found: dict[ExprNode, str]

    def column(self, partial: ExprNode) -> Column:
        name = self.found.setdefault(partial, f"{_PART}{len(self.found)}")
        return Column(name)


def _split(plan: Aggregate) -> tuple[Aggregate, Aggregate] | None:
    """The partial and the final aggregate, or None where one of them needs all rows of a group."""
    partials = _Partials(plan.input, {})
    finals: list[ExprNode] = []
    for agg in plan.aggs:
        final = _final(agg, partials)
        if final is None:
            return None
        finals.append(Alias(final, output_name(agg)))
    keys = tuple(Column(output_name(key)) for key in plan.keys)
    parts = tuple(Alias(e, name) for e, name in partials.found.items())
    partial = Aggregate(leaf(plan.input), plan.keys, parts, maintain_order=True)
    schema = schema_of(partial)
    bound = tuple(_bound(final, schema) for final in finals)
    return partial, Aggregate(leaf(partial), keys, bound, maintain_order=True)


def _bound(final: ExprNode, schema: object) -> ExprNode:
    (found,) = bind((final,), schema)  # type: ignore[arg-type]
    return found


def _final(expr: ExprNode, partials: _Partials) -> ExprNode | None:
    """An aggregate of the rows as one of the partials' columns."""
    match expr:
        case Call(function) if FUNCTIONS[function].kind is Kind.AGGREGATE:
            return _final_call(expr, partials)
        case Column() | Over():
            return None  # the rows of a group as a list, or a window of it
        case Call(function) if FUNCTIONS[function].kind is not Kind.ELEMENTWISE:
            return None
        case Call(function) if resizes(expr) or FUNCTIONS[function].user_function:
            return None
    below = [_final(child, partials) for child in children(expr)]
    if any(child is None for child in below):
        return None
    remaining = iter(below)
    return map_children(expr, lambda _: next(remaining))


def _final_call(call: Call, partials: _Partials) -> ExprNode | None:
    schema = schema_of(partials.plan)
    if not all(map(_stays_in_its_part, call.args)):
        return None
    if call.args and not columns_read(call.args[0]):
        return None  # a constant is one row, in each part
    steps = decomposition(call, tuple(dtype_of(arg, schema) for arg in call.args))
    if steps is None:
        return None
    columns = {}
    for name, partial in steps.partials.items():
        (bound,) = bind((partial._node,), schema)
        columns[name] = Expr(partials.column(rewrite(bound, lambda e: _needed(e, schema))))
    final: ExprNode = steps.final(columns)._node
    return Cast(final, dtype_of(call, schema))


def _needed(expr: ExprNode, schema: pl.Schema) -> ExprNode:
    """The operand of a cast that changes nothing, so that a mean's sum is found to be the sum beside it."""
    if isinstance(expr, Cast) and isinstance(expr.arg, Column):
        return expr.arg if schema[expr.arg.name] == expr.dtype else expr
    return expr


def _stays_in_its_part(operand: ExprNode) -> bool:
    """Whether an operand's rows are the same, part by part, as over all rows."""
    return all(map(_is_local, nodes(operand)))


def _is_local(expr: ExprNode) -> bool:
    if not isinstance(expr, Call):
        return not isinstance(expr, Over)
    spec = FUNCTIONS[expr.function]
    row_by_row = spec.kind is Kind.ELEMENTWISE and not resizes(expr)
    return (row_by_row or spec.selects_rows) and not spec.user_function
