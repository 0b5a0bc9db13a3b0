"""How aggregates split: into partial ones of the rows of one part, and final ones of these."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl

from scalekit.expr.analysis import columns_read, is_elementwise, output_name
from scalekit.expr.decompose import decomposition
from scalekit.expr.expr import Expr
from scalekit.expr.function import FUNCTIONS, Kind, resizes
from scalekit.expr.node import Alias, Call, Cast, Column, ExprNode, Over
from scalekit.kernels.bind import bind
from scalekit.kernels.schema import dtype_of, schema_of
from scalekit.physical.lowering import leaf, row_by_row
from scalekit.plan.nodes import Aggregate
from scalekit.tree import children, map_children, rewrite, updated

_PART = "__scalekit_part_"


@dataclass
class Partials:
    """The partial aggregates of all calls over a table of ``schema``, each once."""

    schema: pl.Schema
    found: dict[ExprNode, str] = field(default_factory=dict)

    def column(self, partial: ExprNode) -> Column:
        """Where the answer of a partial aggregate is found."""
        name = self.found.setdefault(partial, f"{_PART}{len(self.found)}")
        return Column(name)

    def exprs(self) -> tuple[ExprNode, ...]:
        """The partial aggregates under their names."""
        return tuple(Alias(e, name) for e, name in self.found.items())


def splits(plan: Aggregate) -> bool:
    """Whether every aggregate is one of partial aggregates."""
    return all(map(is_elementwise, plan.keys)) and split(plan) is not None


def split(plan: Aggregate) -> tuple[Aggregate, Aggregate] | None:
    """The partial and the final aggregate, or None where one of them needs all rows of a group."""
    partials = Partials(schema_of(plan.input))
    finals: list[ExprNode] = []
    for agg in plan.aggs:
        final = _final(agg, partials)
        if final is None:
            return None
        finals.append(Alias(final, output_name(agg)))
    partial = in_any_order(Aggregate(leaf(plan.input), plan.keys, partials.exprs()))
    bound = bind(finals, schema_of(partial))
    return partial, in_any_order(Aggregate(leaf(partial), key_columns(plan.keys), bound))


def in_any_order(plan: Aggregate) -> Aggregate:
    """Groups whose order nobody sees, but which is the same on every run."""
    return updated(plan, maintain_order=True, may_sort=True)


def key_columns(keys: Iterable[ExprNode]) -> tuple[Column, ...]:
    """Keys as what they are called once they are columns."""
    return tuple(Column(output_name(key)) for key in keys)


def _final(expr: ExprNode, partials: Partials) -> ExprNode | None:
    """An aggregate of the rows as one of the partials' columns."""
    match expr:
        case Call(function) if FUNCTIONS[function].kind is Kind.AGGREGATE:
            return final_call(expr, partials)
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


def final_call(call: Call, partials: Partials) -> ExprNode | None:
    """One aggregate as the final one of its partials, still to be bound; None where it needs all rows."""
    schema = partials.schema
    if not (row_by_row(call.args) or (len(call.args) == 1 and stays_in_its_part(call.args[0]))):
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


def stays_in_its_part(operand: ExprNode) -> bool:
    """Whether an operand's rows are the same, part by part, as over all rows.

    Rows that were filtered may meet constants only: which other rows they go with is known over all parts.
    """
    if row_by_row((operand,)):
        return True
    if isinstance(operand, Call):
        spec = FUNCTIONS[operand.function]
        if spec.user_function or not (spec.selects_rows or spec.kind is Kind.ELEMENTWISE):
            return False
        if spec.selects_rows and row_by_row(operand.args):
            return True
    elif not isinstance(operand, Alias | Cast):
        return False
    first, *others = children(operand)
    return stays_in_its_part(first) and not any(map(columns_read, others))
