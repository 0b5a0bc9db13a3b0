"""What of an answer the order of rows decides, and whether that order is one that every run gives."""

from __future__ import annotations

from collections.abc import Iterator

from scalekit.backends.preflight.finding import Finding, ok, warning
from scalekit.backends.preflight.query import Query
from scalekit.expr.show import show_expr
from scalekit.kernels.schema import expressions, schema_of
from scalekit.plan.explain import title
from scalekit.plan.nodes import Distinct, Limit, MapBatches, Plan, RowIndex, Sample
from scalekit.plan.order import has_order, has_total_order, order_dependent
from scalekit.tree import children, walk

MOST = 10
"""Findings of one kind that are listed."""

_SORT = "sort by columns without ties before it, or say .over(..., order_by=...)"


def check_order(query: Query) -> Iterator[Finding]:
    """Whether anything depends on an order of rows that is left open: another run may answer otherwise."""
    followed: list[str] = []
    found: dict[Finding, None] = {}
    for node in walk(query.plan):
        for what, is_open in _dependent(node):
            if is_open:
                told = f"{what} depends on the order of rows, and the one it has leaves some places open"
                found[warning("order", told, _SORT)] = None
            else:
                followed.append(what)
    yield from list(found)[:MOST]
    if not found and followed:
        listed = ", ".join(dict.fromkeys(followed[:3]))
        yield ok("order", f"{listed}: depends on the order of rows, which is the same on every run")
    elif not found:
        yield ok("order", "nothing depends on the order of rows")
    if not has_order(query.plan):
        yield ok("order", "the rows of the result come in any order: sort for one")


def _dependent(node: Plan) -> Iterator[tuple[str, bool]]:
    """What of a step follows the order of its input, and whether that is open."""
    below = children(node)
    is_open = not all(map(has_total_order, below))
    for expr in expressions(node):
        for call in order_dependent(expr):
            yield show_expr(call), is_open
    if below and _follows_order(node):
        yield title(node).lower(), is_open


def _follows_order(node: Plan) -> bool:
    match node:
        case Limit():
            return True
        case Distinct(_, subset, keep, _):
            others = subset is not None and set(subset) != set(schema_of(node))
            return others and keep != "none"
        case Sample() | RowIndex():
            return True
        case MapBatches(whole=whole):
            return whole
    return False
