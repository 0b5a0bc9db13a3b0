"""Rows and bytes of every step, counted by running one step after the other on what was read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from scalekit.kernels.compile import COMPILERS
from scalekit.plan.nodes import Filter, Input, Join, Plan
from scalekit.tree import children, walk


@dataclass(frozen=True)
class Count:
    """What one step gave."""

    rows: int
    bytes: int


def counted(rest: Plan, tables: Sequence[pl.DataFrame]) -> dict[Plan, Count]:
    """Run a plan step by step, and count what each gives.

    Parameters
    ----------
    rest
        The plan over its inputs.
    tables
        The rows of these.
    """
    readers = _readers(rest)
    fused = set(_fused(rest))
    found: dict[Plan, Count] = {}
    made: dict[Plan, pl.LazyFrame] = {}
    for node in walk(rest):
        below = [made[child] for child in children(node)]
        if isinstance(node, Input):
            lazy = tables[node.index].lazy()
        else:
            lazy = COMPILERS[type(node)](node, below)
        if node not in fused:
            rows = lazy.collect(engine="in-memory")
            found[node] = Count(rows.height, int(rows.estimated_size()))
            lazy = rows.lazy()
        made[node] = lazy
        _let_go(node, made, readers)
    return found


def _fused(rest: Plan) -> Iterator[Plan]:
    """Cross joins below a filter: together they are a join by inequality, one by one they might be huge."""
    for node in walk(rest):
        if isinstance(node, Filter) and isinstance(node.input, Join) and node.input.how == "cross":
            yield node.input


def _readers(rest: Plan) -> dict[Plan, int]:
    found: dict[Plan, int] = {}
    for node in walk(rest):
        for child in children(node):
            found[child] = found.get(child, 0) + 1
    return found


def _let_go(node: Plan, made: dict[Plan, pl.LazyFrame], readers: dict[Plan, int]) -> None:
    """Free what nobody reads any more."""
    for child in children(node):
        readers[child] -= 1
        if not readers[child]:
            del made[child]
