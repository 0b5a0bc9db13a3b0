"""What every lowering is given and gives, and the fragments that they build."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import polars as pl

from scalekit.expr.analysis import is_elementwise, nodes
from scalekit.expr.function import FUNCTIONS, Kind, resizes
from scalekit.expr.node import Call, ExprNode, Literal, Opaque, Over
from scalekit.kernels.schema import schema_of
from scalekit.physical.nodes import Concat, MapPartitions, Physical
from scalekit.plan.nodes import Input, Numbered, Plan
from scalekit.tree import children, memo, walk


class Lower(Protocol):
    """Lowers an input of a node."""

    def __call__(self, node: Plan, *, ordered: bool) -> Physical:
        """The physical plan of ``node``, its rows in its order where ``ordered`` asks for it."""
        ...


class Lowering(Protocol):
    """Lowers one kind of node."""

    def __call__(self, plan: Any, lower: Lower, *, ordered: bool) -> Physical:
        """The physical plan of ``plan``; ``ordered`` tells whether someone sees the order of its rows."""
        ...


def leaf(plan: Plan, index: int = 0) -> Input:
    """The input of a fragment that stands for the rows of ``plan``."""
    return Input(index, tuple(schema_of(plan).items()))


def mapped(below: Physical, fragment: Plan) -> Physical:
    """A fragment over the parts of one table; of several tables, one after the other, over those of each.

    So that it is one with what each of them is made by, as a scan. What numbers rows has to see all parts.
    """
    if isinstance(below, Concat) and not any(isinstance(p, Numbered) for p in walk(fragment)):
        return Concat(tuple(mapped(table, fragment) for table in below.inputs))
    return MapPartitions((below,), fragment)


def row_by_row(exprs: Iterable[ExprNode]) -> bool:
    """Whether expressions need each row by itself, and so may run where the row is."""
    return all(goes_by_row(e) and not _holds_series(e) for e in exprs)


def goes_by_row(expr: ExprNode) -> bool:
    """Whether a row's answer takes that row alone: also of a user's function that has promised so."""
    return is_elementwise(expr) or memo(
        expr, "_goes_by_row", lambda: all(map(_is_of_one_row, nodes(expr)))
    )


def _is_of_one_row(expr: ExprNode) -> bool:
    if isinstance(expr, Call):
        return FUNCTIONS[expr.function].kind is Kind.ELEMENTWISE and not resizes(expr)
    return not isinstance(expr, Over)


def _holds_series(expr: ExprNode) -> bool:
    """Whether a constant of many rows stands in an expression: it would meet other rows in every part.

    What is one collection for all rows, as in ``is_in``, does not.
    """
    return _is_series(expr) or any(
        _is_series(operand) and at not in _sets(parent)
        for parent in nodes(expr)
        for at, operand in enumerate(children(parent))
    )


def _is_series(expr: ExprNode) -> bool:
    value = expr.value if isinstance(expr, Literal) else None
    return isinstance(value, Opaque) and isinstance(value.value, pl.Series)


def _sets(expr: ExprNode) -> tuple[int, ...]:
    return FUNCTIONS[expr.function].sets if isinstance(expr, Call) else ()
