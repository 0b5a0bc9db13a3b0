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
    defaults = dict(FUNCTIONS[call.function].defaults)
    by_name = {int(v): k for k, v in call.options if isinstance(v, Arg)}
    options = [
        f"{k}={show_expr(v) if isinstance(v, ExprNode) else repr(v)}"
        for k, v in call.options
        if not isinstance(v, Arg) and defaults.get(k, ...) != v
    ]
    operands: list[str | None] = [show_expr(a) for a in call.args]
    first, *rest = operands or [None]
    shown = [
        f"{by_name[i]}={text}" if i in by_name else text
        for i, text in enumerate(rest, 1)
        if i not in by_name or call.args[i] != Literal(defaults.get(by_name[i], ...))
    ]
    inside = ", ".join([*map(str, shown), *options])
    return f"{call.function}({inside})" if first is None else f"{first}.{call.function}({inside})"
