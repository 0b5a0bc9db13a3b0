"""Arithmetic of whole numbers that no row takes part in: done while binding, as its type depends on its value.

Polars' optimizer takes ``lit(2**31 - 1) + lit(1)`` for an Int64, and without it the sum wraps as an Int32:
a plan that holds the answer means the same on every backend, optimized or not.
"""

from __future__ import annotations

import polars as pl

from scalekit.expr.analysis import nodes
from scalekit.expr.function import FUNCTIONS, Kind
from scalekit.expr.node import Call, ExprNode, Literal
from scalekit.kernels.expressions import to_expr
from scalekit.tree import memo, rewrite


def compute_integers(expr: ExprNode) -> ExprNode:
    """Replace functions of whole constants alone by their value."""
    return rewrite(expr, _computed) if _has_integers_alone(expr) else expr


def _has_integers_alone(expr: ExprNode) -> bool:
    return memo(expr, "_has_integers_alone", lambda: any(map(_is_of_integers, nodes(expr))))


def _is_of_integers(expr: ExprNode) -> bool:
    if not isinstance(expr, Call) or not expr.args or expr.options:
        return False
    spec = FUNCTIONS[expr.function]
    has_kernel = spec.kernel is not None or spec.resolve is None
    plain = spec.kind is Kind.ELEMENTWISE and has_kernel and not spec.user_function
    return plain and all(map(_is_integer, expr.args))


def _is_integer(expr: ExprNode) -> bool:
    return isinstance(expr, Literal) and type(expr.value) is int and expr.dtype is None


def _computed(expr: ExprNode) -> ExprNode:
    if not _is_of_integers(expr):
        return expr
    try:
        value = pl.select(to_expr(expr)).item()
    except (pl.exceptions.PolarsError, ValueError, OverflowError):
        return expr
    return Literal(value) if type(value) is int else expr
