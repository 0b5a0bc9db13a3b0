"""Make sums of integers raise where they leave 64 bits, instead of wrapping.

::

    sum(x)      becomes  sum(x.cast(Int128)).cast(Int64)

Not among the rules of ``optimize``: only ``strict=True`` asks for it (CONTRACT.md, integer sums and counts).
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import polars as pl

from scalekit.expr.node import Call, Cast, ExprNode
from scalekit.kernels.schema import dtype_of, schema_of
from scalekit.plan.nodes import Plan
from scalekit.tree import children, map_children, rewrite

_SUMS = ("sum", "cum_sum")
_WIDE = (pl.Int64(), pl.UInt64())


def check_sums(plan: Plan) -> Plan:
    """Let every sum of integers in the plan check its range."""
    return rewrite(plan, _check_node)


def _check_node(plan: Plan) -> Plan:
    below = children(plan)
    if len(below) != 1:
        return plan
    schema = schema_of(below[0])
    changed: dict[str, Any] = {}
    for field in fields(plan):  # type: ignore[arg-type]
        value = getattr(plan, field.name)
        new = _checked_field(value, schema)
        if new is not value:
            changed[field.name] = new
    return replace(plan, **changed) if changed else plan  # type: ignore[type-var]


def _checked_field(value: Any, schema: pl.Schema) -> Any:
    if isinstance(value, ExprNode):
        return _checked(value, schema)
    if not isinstance(value, tuple) or not any(isinstance(e, ExprNode) for e in value):
        return value
    new = tuple(_checked(e, schema) for e in value)
    return value if all(a is b for a, b in zip(new, value, strict=True)) else new


def _checked(expr: ExprNode, schema: pl.Schema) -> ExprNode:
    """Wrap the sums within ``expr``; what stands inside a sum is left alone."""
    expr = map_children(expr, lambda child: _checked(child, schema))
    if not isinstance(expr, Call) or expr.function not in _SUMS:
        return expr
    dtype = dtype_of(expr, schema)
    if dtype not in _WIDE:
        return expr
    wide = Call(expr.function, (Cast(expr.args[0], pl.Int128()), *expr.args[1:]), expr.options)
    return Cast(wide, dtype)
