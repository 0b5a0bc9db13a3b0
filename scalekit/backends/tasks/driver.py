"""The adaptive driver: runs a physical plan stage by stage, and decides each by the true sizes of the last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from scalekit.backends.tasks.alignment import align
from scalekit.backends.tasks.cluster import Cluster
from scalekit.backends.tasks.exchange import coalesced, exchange, sort_exchange
from scalekit.backends.tasks.join import join_tables
from scalekit.backends.tasks.parts import (
    Part,
    Pending,
    Splits,
    fused,
    gathered,
    is_quick,
    kept,
    shared,
    stored,
)
from scalekit.backends.tasks.results import whole
from scalekit.backends.tasks.run import Run
from scalekit.backends.tasks.scan import scan
from scalekit.backends.tasks.tail import as_one_task
from scalekit.backends.watch import Watch
from scalekit.config import Config
from scalekit.expr.node import Column
from scalekit.physical.nodes import (
    AlignedPartitions,
    Broadcast,
    Concat,
    Counted,
    Gather,
    HashExchange,
    Head,
    JoinPartitions,
    MapPartitions,
    Physical,
    RangeExchange,
    ScanPartitions,
)
from scalekit.plan.nodes import Input, Select
from scalekit.tree import children, walk


def collect(program: Physical, cluster: Cluster, config: Config, watch: Watch) -> pl.DataFrame:
    """Run a physical plan and bring its rows here."""
    run = Run(cluster, config, watch)
    return whole(evaluate(program, run), run)


def evaluate(program: Physical, run: Run) -> Pending:
    """The table of a physical plan, of which the last fragment has not run yet."""
    readers = Counter(child for node in walk(program) for child in children(node))
    done: dict[Physical, Pending] = {}
    for node in walk(program):
        table = STEPS[type(node)](node, [done[child] for child in children(node)], run)
        if readers[node] > 1:
            # Each reader reads a source for itself, with columns and filters of its own.
            again = isinstance(node, ScanPartitions) or is_quick(table)
            table = kept(table if again else run.store(table))
        done[node] = table
        for child in children(node):
            readers[child] -= 1
            if readers[child] == 0:
                del done[child]
    return done[program]


def _scan(node: ScanPartitions, _: list[Pending], run: Run) -> Pending:
    return scan(node, run)


def _map(node: MapPartitions, inputs: list[Pending], run: Run) -> Pending:
    if len({pending.count for pending in inputs}) > 1:
        # Computed once, and not again by each task.
        inputs = [shared(run.store(p)) if p.count == 1 else p for p in inputs]
    return fused(inputs, node.fragment)


def _hash_exchange(node: HashExchange, inputs: list[Pending], run: Run) -> Pending:
    return exchange(inputs[0], node.keys, run)


def _range_exchange(node: RangeExchange, inputs: list[Pending], run: Run) -> Pending:
    return sort_exchange(inputs[0], node.by, run, splits_ties=node.splits_ties)


def _gather(_: Gather, inputs: list[Pending], run: Run) -> Pending:
    table = as_one_task(inputs[0], run)
    return table if table.count == 1 else gathered(run.store(table))


def _broadcast(_: Broadcast, inputs: list[Pending], run: Run) -> Pending:
    """Everything as one part, which a fragment over several parts is given as a whole."""
    return inputs[0] if inputs[0].count == 1 else gathered(run.store(inputs[0]))


def _concat(_: Concat, inputs: list[Pending], run: Run) -> Pending:
    tables = [run.store(pending) for pending in inputs]
    parts = [part for table in tables for part in table.parts]
    (together,) = coalesced([stored(parts, tables[0].fragment)], run)
    return together


def _counted(_: Counted, inputs: list[Pending], run: Run) -> Pending:
    (pending,) = inputs
    return pending if _has_counted_splits(pending) else run.store(pending)


def _has_counted_splits(pending: Pending) -> bool:
    """Whether the parts are splits of a source that knows how many rows each has, and nothing but columns were chosen."""
    leaf = pending.fragment
    while isinstance(leaf, Select) and all(isinstance(expr, Column) for expr in leaf.exprs):
        leaf = leaf.input
    if not isinstance(leaf, Input):
        return False
    contents = pending.feeds[leaf.index].contents
    return all(isinstance(split, Splits) and split.rows is not None for split in contents)


def _head(node: Head, inputs: list[Pending], run: Run) -> Pending:
    """Twice as many parts each time, so that few run in vain and many take few rounds."""
    found: list[Part] = []
    pending = inputs[0]
    if pending.count == 1:
        return pending
    order = range(pending.count)[:: -1 if node.last else 1]
    while len(found) < pending.count and (not found or sum(p.rows for p in found) < node.rows):
        found += run.parts(pending, order[len(found) : max(run.slots, 2 * len(found))])
    return stored(found[::-1] if node.last else found, pending.fragment)


def _join(node: JoinPartitions, inputs: list[Pending], run: Run) -> Pending:
    return join_tables(node, inputs[0], inputs[1], run)


def _aligned(node: AlignedPartitions, inputs: list[Pending], run: Run) -> Pending:
    return align(node, inputs, run)


STEPS: Mapping[type[Physical], Callable[[Any, list[Pending], Run], Pending]] = {
    ScanPartitions: _scan,
    MapPartitions: _map,
    HashExchange: _hash_exchange,
    RangeExchange: _range_exchange,
    Gather: _gather,
    Broadcast: _broadcast,
    Concat: _concat,
    Counted: _counted,
    Head: _head,
    JoinPartitions: _join,
    AlignedPartitions: _aligned,
}
"""How each physical node comes by its table."""
