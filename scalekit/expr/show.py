"""Expressions as text, for plans, errors and reprs."""

from __future__ import annotations

from scalekit.expr.function import FUNCTIONS
from scalekit.expr.node import (
    Alias,
    Arg,
    Call,
    Case,
    Cast,
    Column,
    ExprNode,
    Literal,
    Over,
    Selection,
    SortKey,
)

_SYMBOLS = {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**",
    "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "and_": "&", "or_": "|", "xor": "^",
}  # fmt: skip


def show_expr(expr: ExprNode) -> str:
    """Write an expression as a user would have typed it."""
    match expr:
        case Column(name):
            return f"col({name!r})"
        case Literal(value, _):
            return repr(list(value) if isinstance(value, tuple) else value)
        case Alias(arg, name):
            return f"{show_expr(arg)}.alias({name!r})"
        case Cast(arg, dtype, strict):
            return f"{show_expr(arg)}.cast({dtype}{'' if strict else ', strict=False'})"
        case Case(whens, thens, otherwise):
            return _show_case(whens, thens, otherwise)
        case SortKey(arg, descending, nulls_last):
            return show_expr(arg) + " desc" * descending + " nulls last" * nulls_last
        case Over():
            return _show_over(expr)
        case Selection():
            return str(expr.selector)
        case Call():
            return _show_call(expr)
    raise TypeError(f"no text for {type(expr).__name__}")


def _show_case(
    whens: tuple[ExprNode, ...], thens: tuple[ExprNode, ...], otherwise: ExprNode
) -> str:
    chain = ".".join(
        f"when({show_expr(w)}).then({show_expr(t)})" for w, t in zip(whens, thens, strict=True)
    )
    return f"{chain}.otherwise({show_expr(otherwise)})"


def _show_over(expr: Over) -> str:
    keys = [show_expr(k) for k in expr.partition_by]
    if expr.order_by:
        keys.append(f"order_by=[{', '.join(map(show_expr, expr.order_by))}]")
    return f"{show_expr(expr.arg)}.over({', '.join(keys)})"


def _show_call(call: Call) -> str:
    if call.function in _SYMBOLS:
        left, right = map(show_expr, call.args)
        return f"({left} {_SYMBOLS[call.function]} {right})"
    spec = FUNCTIONS[call.function]
    defaults = dict(spec.defaults)
    by_name = {int(v): k for k, v in call.options if isinstance(v, Arg)}
    options = [
        f"{k}={show_expr(v) if isinstance(v, ExprNode) else repr(v)}"
        for k, v in call.options
        if not isinstance(v, Arg) and defaults.get(k, ...) != v
    ]
    operands = [
        f"{by_name[i]}={show_expr(arg)}" if i in by_name else show_expr(arg)
        for i, arg in enumerate(call.args)
        if i not in by_name or arg != Literal(defaults.get(by_name[i], ...))
    ]
    if not spec.is_method or not operands:
        return f"{call.function}({', '.join([*operands, *options])})"
    return f"{operands[0]}.{call.function}({', '.join([*operands[1:], *options])})"
