"""What can be read off a bound expression: its name, the columns it reads, whether it goes row by row."""

from __future__ import annotations

from scalekit.expr.function import FUNCTIONS, Kind
from scalekit.expr.node import (
    Alias,
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
from scalekit.tree import children, memo


def nodes(expr: ExprNode) -> tuple[ExprNode, ...]:
    """Every node within ``expr``, operands first; found once, as many passes ask for it.

    Unlike ``tree.walk`` it gives equal nodes as often as they stand there, and so need not compare them.
    """
    return memo(expr, "_nodes", lambda: _operands_first(expr))


def _operands_first(expr: ExprNode) -> tuple[ExprNode, ...]:
    found: list[ExprNode] = []
    stack = [expr]
    while stack:
        current = stack.pop()
        found.append(current)
        stack.extend(children(current))
    return tuple(reversed(found))


def levels(expr: ExprNode) -> int:
    """How many nodes lie within each other at most; each branch of a ``when`` lies within the one before it."""
    found: dict[int, int] = {}
    for one in nodes(expr):
        branches = len(one.whens) if isinstance(one, Case) else 1
        found[id(one)] = branches + max((found[id(e)] for e in children(one)), default=0)
    return found[id(expr)]


DEEP = 100
"""Levels above which who only guesses does not look any further: what recurses would pass Python's limit."""


def is_deep(expr: ExprNode) -> bool:
    """Whether an expression has so many levels that only what walks it step by step can look at all of them."""
    return len(nodes(expr)) > DEEP and levels(expr) > DEEP


def output_name(expr: ExprNode) -> str:
    """The name of the column that a bound expression gives: that of its leftmost leaf, as in Polars."""
    while True:
        match expr:
            case Alias(_, name) | Column(name):
                return name
            case Cast(arg) | Over(arg) | SortKey(arg):
                expr = arg
            case Case(_, thens, _):
                expr = thens[0]
            case Literal(value):
                named = getattr(getattr(value, "value", None), "name", "")
                return named or "literal"
            case Call(function, args, _):
                spec = FUNCTIONS[function]
                if spec.output_name is not None:
                    return spec.output_name(expr)
                if not args:
                    return function
                expr = args[0]
            case _:
                raise TypeError(f"{type(expr).__name__} has no output name")


def root_name(expr: ExprNode) -> str | None:
    """The first input column that an expression reads, whatever it was renamed to since."""
    return next((e.name for e in nodes(expr) if isinstance(e, Column)), None)


def columns_read(expr: ExprNode) -> frozenset[str]:
    """Names of the input columns that ``expr`` depends on."""
    return memo(
        expr,
        "_columns_read",
        lambda: frozenset(e.name for e in nodes(expr) if isinstance(e, Column)),
    )


def is_elementwise(expr: ExprNode) -> bool:
    """Whether the answer for a row depends on that row alone, and on nothing a user's function keeps."""
    return memo(expr, "_is_elementwise", lambda: all(map(_is_row_by_row, nodes(expr))))


def _is_row_by_row(expr: ExprNode) -> bool:
    if isinstance(expr, Over):
        return False
    if isinstance(expr, Call):
        spec = FUNCTIONS[expr.function]
        return spec.kind is Kind.ELEMENTWISE and not spec.user_function and not spec.resizes
    return True


def is_scalar(expr: ExprNode) -> bool:
    """Whether ``expr`` surely gives one value whatever the number of rows."""
    stack = [expr]
    while stack:
        current = stack.pop()
        match current:
            case Literal(Opaque()) | Column() | Over():
                return False  # a series is a constant of many rows
            case Literal():
                continue
            case Call(function):
                kind = FUNCTIONS[function].kind
                if kind is Kind.AGGREGATE:
                    continue
                if kind is not Kind.ELEMENTWISE:
                    return False
        if not children(current):
            return False
        stack.extend(children(current))
    return True
