"""Expressions said another way, so that fewer functions need a translation of their own.

``x.filter(p).sum()`` is ``when(p).then(x).sum()``, since a sum skips nulls; ``x.fill_null(strategy="min")``
is ``x.fill_null(x.min())``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from scalekit.expr.node import Call, Case, ExprNode, Literal
from scalekit.tree import rewrite

SKIPS_NULLS = frozenset(
    {"sum", "mean", "min", "max", "count", "std", "var", "median", "quantile", "any", "all"}
)
"""Aggregates that give one answer whether a value is absent or its row is."""


def simplify(expr: ExprNode) -> ExprNode:
    """Replace functions by others that mean the same."""
    return rewrite(expr, _simplify_one)


def _simplify_one(expr: ExprNode) -> ExprNode:
    if not isinstance(expr, Call):
        return expr
    if expr.args and isinstance(expr.args[0], Call) and expr.args[0].function in _NARROWED:
        return _NARROWED[expr.args[0].function](expr, expr.args[0])
    return _OTHERS[expr.function](expr) if expr.function in _OTHERS else expr


def _of_filtered(call: Call, filtered: Call) -> ExprNode:
    values, predicate = filtered.args
    if call.function == "len":
        return Call("count", (Case((predicate,), (Literal(value=True),), Literal(None)),))
    if not _skips_nulls(call):
        return call
    return Call(
        call.function, (Case((predicate,), (values,), Literal(None)), *call.args[1:]), call.options
    )


def _of_present(call: Call, present: Call) -> ExprNode:
    if call.function == "len":
        return Call("count", present.args)
    return (
        Call(call.function, (*present.args, *call.args[1:]), call.options)
        if _skips_nulls(call)
        else call
    )


def _skips_nulls(call: Call) -> bool:
    return call.function in SKIPS_NULLS and dict(call.options).get("ignore_nulls", True) is True


def _filled_by_extreme(call: Call) -> ExprNode:
    strategy: Any = dict(call.options)["strategy"]
    return (
        Call("fill_null", (call.args[0], Call(strategy, call.args)))
        if strategy in ("min", "max")
        else call
    )


_NARROWED: Mapping[str, Callable[[Call, Call], ExprNode]] = {
    "filter": _of_filtered,
    "drop_nulls": _of_present,
}
_OTHERS: Mapping[str, Callable[[Call], ExprNode]] = {"fill_null_by": _filled_by_extreme}
