"""How far each step of a plan depends on who runs it: exact, or what its answer depends on, and the way out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from scalekit.errors import InvalidOperationError, PlanError
from scalekit.expr.function import FUNCTIONS
from scalekit.expr.labels import OWN_ROW, Label, labels_of
from scalekit.expr.node import Call, Column, ExprNode, Over
from scalekit.expr.show import show_expr
from scalekit.kernels.schema import dtype_of, expressions, schema_of
from scalekit.plan.explain import line
from scalekit.plan.nodes import (
    AsofJoin,
    Distinct,
    HorizontalUnion,
    Join,
    Limit,
    MapBatches,
    Pivot,
    Plan,
    RowIndex,
    Sample,
    Sql,
)
from scalekit.plan.order import has_order, order_dependent
from scalekit.tree import children, memo, walk


@dataclass(frozen=True)
class Finding:
    """A label of a step, and what of the step carries it."""

    label: Label
    what: str


_WAYS_OUT: Mapping[Label, str] = {
    Label.ORDER: (
        "its input has no order (group_by, join and unique give rows in any order): sort(...) before it, pass "
        "maintain_order=True to those, keep='first' to unique, say .over(..., order_by=...), or deterministic=True"
    ),
    Label.FLOATS: (
        "the order in which floats are added shows in the last bits: pass deterministic=True, so that every run "
        "adds them in the same order, or cast to a decimal or an integer first"
    ),
    Label.APPROXIMATE: (
        "use the exact function instead (n_unique, quantile), or for a part of the rows a filter that names them"
    ),
}


def findings(plan: Plan) -> tuple[Finding, ...]:
    """What makes the topmost step of ``plan`` less than exact; nothing where it is exact."""
    return memo(plan, "_findings", lambda: tuple(dict.fromkeys(_find(plan))))


def label_note(plan: Plan, *, every: bool = False) -> str:
    """What to show behind a step's line: its labels, or with ``every`` that it is exact."""
    found = dict.fromkeys(finding.label.value for finding in findings(plan))
    return f"  [{', '.join(found)}]" if found else "  [exact]" if every else ""


def refuse_unsafe(plan: Plan, *, deterministic: bool) -> Plan:
    """``plan`` itself, where no step's answer depends on who runs it.

    Parameters
    ----------
    plan
        An optimized plan: what nobody reads is gone.
    deterministic
        Whether floats are added in one order.

    Raises
    ------
    InvalidOperationError
        That names the step, what it depends on, and the way out.
    """
    for step in walk(plan):
        for finding in findings(step):
            if deterministic and finding.label is Label.FLOATS:
                continue
            raise InvalidOperationError(
                f"strict=True refuses {line(step)!r}: {finding.what} is {finding.label.value}; "
                f"{_WAYS_OUT[finding.label]}"
            )
    return plan


def has_label(call: Call, rows: Plan) -> bool:
    """Whether the order of additions, or an approximation, shows in what a call over ``rows`` gives."""
    return any(
        label is not Label.ORDER
        for label in labels_of(call, _types_of(call, schema_of(rows)), ordered=True)
    )


def _find(plan: Plan) -> Iterator[Finding]:
    rule = _STEPS.get(type(plan))
    if rule is not None:
        yield from rule(plan)
    if isinstance(plan, Join | AsofJoin | Sql | MapBatches):
        return
    for expr in expressions(plan):
        yield from _within(expr, children(plan)[0])


def _within(expr: ExprNode, rows: Plan) -> Iterator[Finding]:
    """What the calls within an expression over ``rows`` depend on."""
    ordered = has_order(rows)
    if not ordered:
        yield from (Finding(Label.ORDER, show_expr(call)) for call in order_dependent(expr))
    stack = [(expr, ordered)]
    while stack:
        current, in_order = stack.pop()
        operands = children(current)
        if isinstance(current, Over):
            in_order = in_order or bool(current.order_by)
        if isinstance(current, Call):
            found = labels_of(current, _types_of(current, schema_of(rows)), ordered=in_order)
            yield from (Finding(label, show_expr(current)) for label in found)
            if FUNCTIONS[current.function].scope is not None:
                operands = operands[:1]  # the others are of the elements of one row
        stack.extend((operand, in_order) for operand in reversed(operands))


def _types_of(call: Call, schema: pl.Schema) -> tuple[pl.DataType, ...]:
    """The types of what a call reads; of one that reads its own row nobody asks for them."""
    if FUNCTIONS[call.function].kind in OWN_ROW:
        return ()
    return tuple(_type_of(arg, schema) for arg in call.args)


def _type_of(expr: ExprNode, schema: pl.Schema) -> pl.DataType:
    try:
        return dtype_of(expr, schema)
    except PlanError:
        return pl.Float64()  # of a scope that is not a table's: the type that leaves most open


def _which_rows(plan: Any) -> Iterator[Finding]:
    if not all(map(has_order, children(plan))):
        yield Finding(Label.ORDER, "which rows these are")


def _which_places(plan: Any) -> Iterator[Finding]:
    if not all(map(has_order, children(plan))):
        yield Finding(Label.ORDER, "which rows stand beside each other")


def _distinct(plan: Distinct) -> Iterator[Finding]:
    rest = set(schema_of(plan)) - set(plan.subset or schema_of(plan))
    if rest and (plan.keep == "any" or (plan.keep != "none" and not has_order(plan.input))):
        yield Finding(Label.ORDER, "which of the rows that are equal is kept")


def _map_batches(plan: MapBatches) -> Iterator[Finding]:
    if plan.whole and not has_order(plan.input):
        yield Finding(Label.ORDER, "what a function of all rows gives")


def _sample(plan: Sample) -> Iterator[Finding]:
    yield Finding(Label.APPROXIMATE, "a sample")
    yield from _which_rows(plan)


def _pivot(plan: Pivot) -> Iterator[Finding]:
    if isinstance(plan.aggregate, str) and plan.aggregate in FUNCTIONS:
        for name in plan.values:
            yield from _within(Call(plan.aggregate, (Column(name),)), plan.input)


_ADDS = re.compile(r"\b(sum|avg|stddev|std|variance|var|corr|covar)\w*\s*\(", re.IGNORECASE)
_PICKS = re.compile(
    r"\b(limit|offset|fetch|first|last|row_number|distinct\s+on|array_agg)\b", re.IGNORECASE
)


def _sql(plan: Sql) -> Iterator[Finding]:
    """What a query's text says: it is not read any further."""
    if _PICKS.search(plan.query):
        yield Finding(Label.ORDER, "which rows the query takes")
    floats = any(t.is_float() for below in plan.inputs for t in schema_of(below).dtypes())
    if floats and _ADDS.search(plan.query):
        yield Finding(Label.FLOATS, "what the query adds")


_STEPS: Mapping[type[Plan], Callable[[Any], Iterator[Finding]]] = {
    Limit: _which_rows,
    RowIndex: _which_places,
    HorizontalUnion: _which_places,
    Distinct: _distinct,
    MapBatches: _map_batches,
    Sample: _sample,
    Pivot: _pivot,
    Sql: _sql,
}
"""What a step itself depends on; those that are not here depend on their expressions only."""
