"""Expressions as text, for plans, errors and reprs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

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

Show = Callable[[ExprNode], str]

_SYMBOLS = {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**",
    "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "and_": "&", "or_": "|", "xor": "^",
}  # fmt: skip


DEEPEST = 64
"""Levels that are written: who reads more, and Python's stack has an end."""


def show_expr(expr: ExprNode, depth: int = DEEPEST) -> str:
    """Write an expression as a user would have typed it, ``...`` for what lies deeper than ``depth``."""
    if depth == 0:
        return "..."
    show = partial(show_expr, depth=depth - 1)
    match expr:
        case Column(name):
            return f"col({name!r})"
        case Literal(value, _):
            return repr(list(value) if isinstance(value, tuple) else value)
        case Alias(arg, name):
            return f"{show(arg)}.alias({name!r})"
        case Cast(arg, dtype, strict):
            return f"{show(arg)}.cast({dtype}{'' if strict else ', strict=False'})"
        case Case(whens, thens, otherwise):
            return _show_case(whens, thens, otherwise, show)
        case SortKey(arg, descending, nulls_last):
            return show(arg) + " desc" * descending + " nulls last" * nulls_last
        case Over():
            return _show_over(expr, show)
        case Selection():
            return str(expr.selector)
        case Call():
            return _show_call(expr, show)
    raise TypeError(f"no text for {type(expr).__name__}")


def _show_case(
    whens: tuple[ExprNode, ...], thens: tuple[ExprNode, ...], otherwise: ExprNode, show: Show
) -> str:
    chain = ".".join(f"when({show(w)}).then({show(t)})" for w, t in zip(whens, thens, strict=True))
    return f"{chain}.otherwise({show(otherwise)})"


def _show_over(expr: Over, show: Show) -> str:
    keys = [show(k) for k in expr.partition_by]
    if expr.order_by:
        keys.append(f"order_by=[{', '.join(map(show, expr.order_by))}]")
    return f"{show(expr.arg)}.over({', '.join(keys)})"


def _show_call(call: Call, show: Show) -> str:
    if call.function in _SYMBOLS:
        left, right = map(show, call.args)
        return f"({left} {_SYMBOLS[call.function]} {right})"
    spec = FUNCTIONS[call.function]
    defaults = dict(spec.defaults)
    by_name = {int(v): k for k, v in call.options if isinstance(v, Arg)}
    options = [
        f"{k}={show(v) if isinstance(v, ExprNode) else repr(v)}"
        for k, v in call.options
        if not isinstance(v, Arg) and defaults.get(k, ...) != v
    ]
    operands = [
        f"{by_name[i]}={show(arg)}" if i in by_name else show(arg)
        for i, arg in enumerate(call.args)
        if i not in by_name or arg != Literal(defaults.get(by_name[i], ...))
    ]
    if not spec.is_method or not operands:
        return f"{call.function}({', '.join([*operands, *options])})"
    return f"{operands[0]}.{call.function}({', '.join([*operands[1:], *options])})"
