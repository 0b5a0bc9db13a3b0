"""Physical plans as text: where rows move, and what runs between two moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from scalekit.expr.show import show_expr
from scalekit.physical.nodes import (
    AlignedPartitions,
    HashExchange,
    Head,
    JoinPartitions,
    MapPartitions,
    Physical,
    RangeExchange,
    ScanPartitions,
    WritePartitions,
)
from scalekit.plan.explain import render
from scalekit.tree import children


def show_physical(plan: Physical) -> str:
    """Draw a physical plan as an indented tree, inputs below."""
    lines: list[str] = []
    stack: list[tuple[Physical, int]] = [(plan, 0)]
    drawn: dict[Physical, int] = {}
    while stack:
        node, depth = stack.pop()
        indent = "  " * depth
        if node in drawn and children(node):
            lines.append(f"{indent}as above, #{drawn[node]}")
            continue
        drawn[node] = len(drawn) + 1
        lines += [f"{indent}{line}" for line in _SHOWN.get(type(node), _plain)(node)]
        stack.extend((child, depth + 1) for child in reversed(children(node)))
    return "\n".join(lines)


def _plain(node: Physical) -> list[str]:
    return [type(node).__name__.upper()]


def _scan(node: ScanPartitions) -> list[str]:
    columns = "" if node.columns is None else f", {len(node.columns)} columns"
    limit = "" if node.limit is None else f", first {node.limit} rows"
    where = "" if node.predicate is None else f", that may hold {show_expr(node.predicate)}"
    return [f"SCAN PARTITIONS {node.source.describe()}{columns}{limit}{where}"]


def _write(node: WritePartitions) -> list[str]:
    return [f"WRITE PARTITIONS {node.target.formats} {node.target.describe()}"]


def _map(node: MapPartitions) -> list[str]:
    return ["MAP PARTITIONS", *(f"  | {line}" for line in render(node.fragment).splitlines())]


def _hash(node: HashExchange) -> list[str]:
    return [f"EXCHANGE by hash of {', '.join(map(show_expr, node.keys))}"]


def _range(node: RangeExchange) -> list[str]:
    return [f"EXCHANGE by ranges of {', '.join(show_expr(key.arg) for key in node.by)}"]


def _head(node: Head) -> list[str]:
    return [f"HEAD {'last ' if node.last else ''}parts until {node.rows} rows"]


def _join(node: JoinPartitions) -> list[str]:
    sides = [s for s, may in zip(("left", "right"), node.may_broadcast, strict=True) if may]
    ways = [f"broadcast {' or '.join(sides)}"] if sides else []
    if node.left_on:
        ways.append(f"exchange by hash of {', '.join(map(show_expr, node.left_on))}")
    if node.ranges:
        ways.append(f"exchange by ranges of {show_expr(node.ranges[0].arg)}, beside their edges")
    return [
        f"JOIN PARTITIONS by true sizes: {', or '.join(ways) or 'one task'}",
        *(f"  | {line}" for line in render(node.fragment).splitlines()),
    ]


def _aligned(node: AlignedPartitions) -> list[str]:
    return [
        "ALIGN PARTITIONS by rows",
        *(f"  | {line}" for line in render(node.fragment).splitlines()),
    ]


_SHOWN: Mapping[type[Physical], Callable[[Any], list[str]]] = {
    ScanPartitions: _scan,
    WritePartitions: _write,
    MapPartitions: _map,
    HashExchange: _hash,
    RangeExchange: _range,
    Head: _head,
    JoinPartitions: _join,
    AlignedPartitions: _aligned,
}
