"""Chains of one operator that may be bracketed in any way, such as ``a | b | c``, as trees of little depth.

Programs build conditions of thousands of parts. Written from left to right, each part lies one level
deeper than the one before it, and Polars' time grows faster than the square of the depth until its stack ends.
"""

from __future__ import annotations

from collections.abc import Sequence

from scalekit.expr.analysis import nodes
from scalekit.expr.node import Call, ExprNode, Literal
from scalekit.tree import children, map_children

ASSOCIATIVE = frozenset({"and_", "or_", "xor"})
"""Exact in any bracketing; sums of floats are not, and of whole numbers only in one type."""

LONG = 64
"""Levels of a chain from which it is bracketed anew: a plan shows shorter ones as they were written."""


def balanced(expr: ExprNode) -> ExprNode:
    """Bracket long chains anew, their operands in the order in which they stand."""
    if len(nodes(expr)) <= LONG or any(map(_takes_its_type, nodes(expr))):
        return expr
    done: dict[ExprNode, ExprNode] = {}
    stack = [(expr, False)]
    while stack:
        current, is_ready = stack.pop()
        if current in done:
            continue
        operands = _operands(current)
        if not is_ready:
            stack.append((current, True))
            stack.extend((operand, False) for operand in operands)
        elif operands is children(current):
            done[current] = map_children(current, done.__getitem__)
        else:
            assert isinstance(current, Call)
            done[current] = joined(current.function, [done[operand] for operand in operands])
    return done[expr]


def joined(function: str, operands: Sequence[ExprNode]) -> ExprNode:
    """One expression of an associative function of two and of any number of operands."""
    level = list(operands)
    if len(level) <= LONG:
        combined = level[0]
        for operand in level[1:]:
            combined = Call(function, (combined, operand))
        return combined
    while len(level) > 1:
        pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
        level = [Call(function, tuple(pair)) if len(pair) == 2 else pair[0] for pair in pairs]
    return level[0]


def _operands(expr: ExprNode) -> tuple[ExprNode, ...]:
    """What a long chain joins; the children of anything else."""
    if not _is_associative(expr):
        return children(expr)
    assert isinstance(expr, Call)
    found: list[ExprNode] = []
    deepest = 0
    stack: list[tuple[ExprNode, int]] = [(expr, 0)]
    while stack:
        current, depth = stack.pop()
        if isinstance(current, Call) and current.function == expr.function:
            stack.extend((arg, depth + 1) for arg in reversed(current.args))
        else:
            found.append(current)
            deepest = max(deepest, depth)
    return tuple(found) if deepest > LONG else children(expr)


def _is_associative(expr: ExprNode) -> bool:
    return isinstance(expr, Call) and expr.function in ASSOCIATIVE


def _takes_its_type(expr: ExprNode) -> bool:
    """Whether an operand is a number without a type, which depends on the operand beside it."""
    return _is_associative(expr) and any(
        isinstance(arg, Literal) and type(arg.value) is int and arg.dtype is None
        for arg in children(expr)
    )
