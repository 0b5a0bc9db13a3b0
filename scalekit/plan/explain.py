"""Plans as text and as graphs: one line for each node, inputs below and indented."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from scalekit.expr.node import ExprNode
from scalekit.expr.show import show_expr
from scalekit.plan.nodes import (
    Aggregate,
    AsofJoin,
    Distinct,
    DynamicAggregate,
    Explode,
    Filter,
    HorizontalUnion,
    Input,
    Join,
    Limit,
    MapBatches,
    Pivot,
    Plan,
    RollingAggregate,
    RowIndex,
    Sample,
    Scan,
    Select,
    Sort,
    Sql,
    Union,
    Unpivot,
    WithColumns,
)
from scalekit.tree import children, walk

_WIDEST = 120
_WORDS = re.compile(r"(?<!^)(?=[A-Z])")


def render(plan: Plan, note: Callable[[Plan], str] = lambda _: "") -> str:
    """Draw a plan as an indented tree; a subplan that occurs twice is drawn once and then named.

    Parameters
    ----------
    plan
        The plan.
    note
        What to add behind a node's line, such as who runs it.
    """
    shared = _shared(plan)
    names = {node: f"#{i}" for i, node in enumerate(shared, 1)}
    lines: list[str] = []
    drawn: set[Plan] = set()
    stack: list[tuple[Plan, int]] = [(plan, 0)]
    while stack:
        node, depth = stack.pop()
        name = names.get(node, "")
        if node in drawn:
            lines.append(f"{'  ' * depth}{name} (above)")
            continue
        drawn.add(node)
        text = f"{name + ' ' if name else ''}{line(node)}"
        lines.append(f"{'  ' * depth}{text}{note(node)}")
        stack.extend((child, depth + 1) for child in reversed(children(node)))
    return "\n".join(lines)


def _shared(plan: Plan) -> list[Plan]:
    """The nodes with more than one parent, leaves left out unless they are scans of data."""
    parents: dict[Plan, int] = {}
    for node in walk(plan):
        for child in children(node):
            parents[child] = parents.get(child, 0) + 1
    return [node for node in walk(plan) if parents.get(node, 0) > 1]


def line(node: Plan) -> str:
    """One node in one line: its name, then its fields as a user would have typed them."""
    text = f"{title(node)} {detail(node)}".rstrip()
    return text if len(text) <= _WIDEST else text[: _WIDEST - 3] + "..."


def title(node: Plan) -> str:
    """The node's name in capitals, as ``WITH COLUMNS``."""
    return _WORDS.sub(" ", type(node).__name__).upper()


def detail(node: Plan) -> str:
    """The node's fields as a user would have typed them."""
    describe = _LINES.get(type(node))
    return "" if describe is None else describe(node)


def _exprs(exprs: tuple[ExprNode, ...]) -> str:
    return ", ".join(map(show_expr, exprs))


def _scan(node: Scan) -> str:
    parts = [node.source.describe()]
    if node.columns is not None:
        parts.append(f"columns: {len(node.columns)} of {len(node.source.schema)}")
    if node.limit is not None:
        parts.append(f"first {node.limit}")
    if node.sampled is not None:
        parts.append(node.sampled.text)
    return "; ".join(parts)


def _aggregate(node: Any) -> str:
    keys = f"by {_exprs(node.keys)}: " if node.keys else ""
    order = " (keeps order)" if getattr(node, "maintain_order", False) else ""
    return f"{keys}{_exprs(node.aggs)}{order}"


def _dynamic(node: DynamicAggregate) -> str:
    return f"{show_expr(node.index)} every {node.every}; {_aggregate(node)}"


def _rolling(node: RollingAggregate) -> str:
    return f"{show_expr(node.index)} over {node.period}; {_aggregate(node)}"


def _join(node: Join) -> str:
    if node.how == "cross":
        return "cross"
    keys = ", ".join(
        show_expr(a) if a == b else f"{show_expr(a)} = {show_expr(b)}"
        for a, b in zip(node.left_on, node.right_on, strict=True)
    )
    order = "" if node.maintain_order == "none" else f" (keeps order: {node.maintain_order})"
    return f"{node.how} on {keys}{order}"


def _asof(node: AsofJoin) -> str:
    by = f" by {', '.join(node.by_left)}" if node.by_left else ""
    return f"{node.strategy} on {show_expr(node.left_on)} = {show_expr(node.right_on)}{by}"


def _limit(node: Limit) -> str:
    if node.offset < 0:
        last = f"last {-node.offset}"
        some = node.length is not None and node.length < -node.offset
        return f"first {node.length} of the {last}" if some else last
    what = "all" if node.length is None else f"first {node.length}"
    return what if node.offset == 0 else f"{what} from {node.offset}"


def _distinct(node: Distinct) -> str:
    subset = "all columns" if node.subset is None else ", ".join(node.subset)
    return f"{subset}; keep {node.keep}{' (keeps order)' if node.maintain_order else ''}"


def _sample(node: Sample) -> str:
    return f"{node.n if node.n is not None else node.fraction}; seed {node.seed}"


_LINES: Mapping[type[Plan], Callable[[Any], str]] = {
    Scan: _scan,
    Input: lambda n: f"{n.index}",
    Select: lambda n: _exprs(n.exprs),
    WithColumns: lambda n: _exprs(n.exprs),
    Filter: lambda n: show_expr(n.predicate),
    Aggregate: _aggregate,
    DynamicAggregate: _dynamic,
    RollingAggregate: _rolling,
    Join: _join,
    AsofJoin: _asof,
    Sort: lambda n: _exprs(n.by),
    Limit: _limit,
    Distinct: _distinct,
    Union: lambda n: n.how,
    HorizontalUnion: lambda _: "",
    Explode: lambda n: ", ".join(n.columns),
    Unpivot: lambda n: f"{', '.join(n.on)} to {n.variable_name}, {n.value_name}",
    Pivot: lambda n: f"{', '.join(n.on)}; values {', '.join(n.values)}",
    RowIndex: lambda n: f"{n.name} from {n.offset}",
    Sample: _sample,
    MapBatches: lambda n: f"{n.function!r}{' on the whole table' if n.whole else ''}",
    Sql: lambda n: " ".join(n.query.split()),
}


def mermaid(plan: Plan) -> str:
    """Draw a plan as a Mermaid flow chart, from the sources to the result."""
    ids = {node: f"n{i}" for i, node in enumerate(walk(plan))}
    lines = ["flowchart BT"]
    for node, name in ids.items():
        label = line(node).replace('"', "'").replace("<", "&lt;").replace(">", "&gt;")
        lines.append(f'  {name}["{label}"]')
        lines += [f"  {ids[child]} --> {name}" for child in children(node)]
    return "\n".join(lines)
