"""Compute what does not depend on any row, and drop conditions that are always true.

::

    FILTER x > (0.5 + 2.0)     becomes  FILTER x > 2.5
    FILTER p & True            becomes  FILTER p
    FILTER True                is dropped

Arithmetic of whole numbers is done while binding, since their type depends on it.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import polars as pl

from scalekit.expr.analysis import nodes
from scalekit.expr.function import FUNCTIONS, Kind
from scalekit.expr.node import Call, ExprNode, Literal, Opaque
from scalekit.kernels.expressions import to_expr
from scalekit.optimize.analysis import conjunction, conjuncts
from scalekit.plan.nodes import Filter, Plan
from scalekit.tree import rewrite

_PLAIN = (bool, int, float, str)


def fold_constants(plan: Plan) -> Plan:
    """Fold the constants of every expression in the plan."""
    return rewrite(plan, _fold_node)


def _fold_node(plan: Plan) -> Plan:
    changed: dict[str, Any] = {}
    for field in fields(plan):  # type: ignore[arg-type]
        value = getattr(plan, field.name)
        if isinstance(value, ExprNode):
            new: Any = _folded(value)
        elif isinstance(value, tuple) and value and isinstance(value[0], ExprNode):
            new = tuple(map(_folded, value))
            if all(a is b for a, b in zip(new, value, strict=True)):
                continue
        else:
            continue
        if new is not value:
            changed[field.name] = new
    folded: Plan = replace(plan, **changed) if changed else plan  # type: ignore[type-var]
    return _without_true(folded) if isinstance(folded, Filter) else folded


def _without_true(plan: Filter) -> Plan:
    """Drop the conditions that every row meets; only here, as elsewhere they decide a name and a type."""
    parts = conjuncts(plan.predicate)
    kept = [p for p in parts if not (isinstance(p, Literal) and p.value is True)]
    if len(kept) == len(parts):
        return plan
    return replace(plan, predicate=conjunction(kept)) if kept else plan.input


def _folded(expr: ExprNode) -> ExprNode:
    return rewrite(expr, _fold) if any(map(_may_fold, nodes(expr))) else expr


def _may_fold(expr: ExprNode) -> bool:
    return isinstance(expr, Call) and bool(expr.args) and all(map(_is_plain, expr.args))


def _fold(expr: ExprNode) -> ExprNode:
    if not isinstance(expr, Call) or not _may_fold(expr):
        return expr
    spec = FUNCTIONS[expr.function]
    if spec.kind is not Kind.ELEMENTWISE or spec.user_function or expr.options:
        return expr
    return _computed(expr)


def _computed(call: Call) -> ExprNode:
    """The value of a call on constants; the call itself where its type would change or it fails."""
    try:
        answer = pl.select(to_expr(call)).to_series()
    except pl.exceptions.PolarsError:
        return call
    value = answer.item()
    # Only types whose literal has the same dtype again, whatever stands beside it.
    if isinstance(value, bool) or (isinstance(value, str) and answer.dtype == pl.String):
        return Literal(value)
    if isinstance(value, float) and all(
        type(a.value) is float for a in call.args if isinstance(a, Literal)
    ):
        return Literal(value)
    return call


def _is_plain(expr: ExprNode) -> bool:
    if not isinstance(expr, Literal) or expr.dtype is not None or isinstance(expr.value, Opaque):
        return False
    return isinstance(expr.value, _PLAIN)
