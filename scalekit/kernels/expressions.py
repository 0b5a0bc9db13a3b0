"""Bound expressions to Polars expressions."""

from __future__ import annotations

import reprlib
from datetime import date
from functools import lru_cache
from operator import attrgetter
from typing import Any

import polars as pl
import polars.selectors as cs

from scalekit.errors import SchemaError, UnsupportedError
from scalekit.expr.constants import thaw
from scalekit.expr.function import FUNCTIONS, is_pattern
from scalekit.expr.node import (
    Alias,
    Arg,
    Call,
    Case,
    Cast,
    Column,
    ExprNode,
    Literal,
    Opaque,
    Over,
    SortKey,
)
from scalekit.tree import children, has_memo, memo


def to_expr(expr: ExprNode) -> pl.Expr:
    """Compile one bound expression; once, as checks, schemas and lowering all ask for it."""
    if not has_memo(expr, "_polars"):
        _compile_operands(expr)
    return memo(expr, "_polars", lambda: _compiled(expr))


def _compile_operands(expr: ExprNode) -> None:
    """Compile what lies within ``expr`` from the leaves up, as it may lie deeper than Python's stack."""
    stack = [(child, False) for child in children(expr)]
    while stack:
        current, is_ready = stack.pop()
        if has_memo(current, "_polars"):
            continue
        if is_ready:
            memo(current, "_polars", lambda c=current: _compiled(c))  # type: ignore[misc]
            continue
        if not isinstance(current, SortKey):  # which only its place gives a meaning
            stack.append((current, True))
        stack.extend((child, False) for child in children(current))


def _compiled(expr: ExprNode) -> pl.Expr:
    match expr:
        case Column(name):
            # A bound name is never a pattern, which Polars would take "*" and "^x$" for.
            return cs.by_name(name).as_expr() if is_pattern(name) else pl.col(name)
        case Literal(value, dtype):
            return _literal(value, dtype)
        case Alias(arg, name):
            return to_expr(arg).alias(name)
        case Cast(arg, dtype, strict):
            return to_expr(arg).cast(dtype, strict=strict)
        case Call():
            return _call(expr)
        case Case(whens, thens, otherwise):
            return _case(whens, thens, otherwise)
        case Over():
            return _over(expr)
    raise UnsupportedError(f"{type(expr).__name__} has no Polars kernel outside its place")


def _literal(value: Any, dtype: pl.DataType | None) -> pl.Expr:
    if isinstance(value, Opaque):
        return pl.lit(value.value, dtype=dtype)
    if type(value) in _QUICK:
        return _scalar(value, dtype)
    if not isinstance(value, tuple):
        return pl.lit(value, dtype=dtype)
    is_nested = any(issubclass(kind, tuple) for kind in set(map(type, value)))
    try:
        return pl.lit(thaw(value) if is_nested else list(value), dtype=dtype)
    except (TypeError, pl.exceptions.PolarsError):
        raise SchemaError(f"a list of constants mixes types: {reprlib.repr(list(value))}") from None


_QUICK = (int, str, bool, date)
"""Types whose equal values are the same value, so that their constants can be kept."""


@lru_cache(maxsize=1024, typed=True)
def _scalar(value: Any, dtype: pl.DataType | None) -> pl.Expr:
    return pl.lit(value, dtype=dtype)


def _call(call: Call) -> pl.Expr:
    pinned = FUNCTIONS[call.function].result
    return unpinned(call) if pinned is None else unpinned(call).cast(pinned)


def unpinned(call: Call) -> pl.Expr:
    """Compile a call, without the cast to the type that CONTRACT.md pins."""
    spec = FUNCTIONS[call.function]
    operands = [to_expr(arg) for arg in call.args]
    named = {k: _option(v, operands) for k, v in call.options}
    by_position = len(operands) - sum(isinstance(v, Arg) for _, v in call.options)
    if spec.kernel is not None:
        return spec.kernel(*operands[:by_position], **named)
    first, *rest = operands[:by_position]
    out: pl.Expr = attrgetter(call.function)(first)(*rest, **named)
    return out


def _option(value: Any, operands: list[pl.Expr]) -> Any:
    if isinstance(value, Arg):
        return operands[value]
    return to_expr(value) if isinstance(value, ExprNode) else thaw(value)


def _case(whens: tuple[ExprNode, ...], thens: tuple[ExprNode, ...], otherwise: ExprNode) -> pl.Expr:
    chain: Any = pl
    for condition, value in zip(whens, thens, strict=True):
        chain = chain.when(to_expr(condition)).then(to_expr(value))
    out: pl.Expr = chain.otherwise(to_expr(otherwise))
    return out


def _over(expr: Over) -> pl.Expr:
    keys = [to_expr(k) for k in expr.partition_by]
    if not expr.order_by:
        return to_expr(expr.arg).over(keys, mapping_strategy=expr.mapping_strategy)  # type: ignore[arg-type]
    first = expr.order_by[0]
    return to_expr(expr.arg).over(
        keys or None,
        order_by=[to_expr(k.arg) for k in expr.order_by],
        descending=first.descending,
        nulls_last=first.nulls_last,
        mapping_strategy=expr.mapping_strategy,  # type: ignore[arg-type]
    )
