"""What rules ask of expressions: the columns they read, and whether rows may be dropped before them."""

from __future__ import annotations

from collections.abc import Mapping

from scalekit.expr.analysis import output_name
from scalekit.expr.associative import LONG, joined
from scalekit.expr.function import FUNCTIONS
from scalekit.expr.node import Alias, Call, Column, ExprNode, Literal
from scalekit.tree import rewrite, walk


def may_fail(expr: ExprNode) -> bool:
    """Whether ``expr`` can raise on some values, so that it must not see rows that a filter drops."""
    return any(_can_raise(e) for e in walk(expr))


def _can_raise(expr: ExprNode) -> bool:
    strict = getattr(expr, "strict", None)
    if strict is not None:
        return bool(strict)
    if not isinstance(expr, Call):
        return False
    options, raises = dict(expr.options), FUNCTIONS[expr.function].raises
    return options.get("strict") is True or (raises(options) if callable(raises) else raises)


def definitions(exprs: tuple[ExprNode, ...]) -> dict[str, ExprNode]:
    """What each output column is computed from, without its alias."""
    return {output_name(e): e.arg if isinstance(e, Alias) else e for e in exprs}


def substitute(expr: ExprNode, meanings: Mapping[str, ExprNode]) -> ExprNode:
    """Replace columns by what they are computed from; the output's name may change."""
    return rewrite(expr, lambda e: meanings.get(e.name, e) if isinstance(e, Column) else e)


def named(expr: ExprNode, name: str) -> ExprNode:
    """``expr`` under an output name, with an alias only where it is needed."""
    return expr if output_name(expr) == name else Alias(expr, name)


def conjuncts(predicate: ExprNode) -> list[ExprNode]:
    """The conditions that a predicate joins with ``&``."""
    parts: list[ExprNode] = []
    stack = [predicate]
    while stack:
        current = stack.pop()
        if isinstance(current, Call) and current.function == "and_":
            stack.extend(reversed(current.args))
        else:
            parts.append(current)
    return parts


def conjunction(parts: list[ExprNode]) -> ExprNode:
    """Join conditions with ``&``, in order; many by name, as Polars' optimizer makes a chain of ``&`` again."""
    if len(parts) > LONG:
        return Call("all_horizontal", tuple(parts))
    return joined("and_", parts)


def is_constant(expr: ExprNode) -> bool:
    """Whether ``expr`` is a literal."""
    return isinstance(expr, Literal)
