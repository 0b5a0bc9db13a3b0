"""Results that stay on the cluster: their parts are kept by reference, and read in place by later queries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from scalekit.backends.tasks.cluster import Cluster
from scalekit.backends.tasks.parts import Part, Pending, fused, kept, stored
from scalekit.backends.tasks.results import pinned
from scalekit.backends.tasks.run import Run
from scalekit.errors import ExecutionError
from scalekit.expr.node import Column
from scalekit.kernels.tables import from_table
from scalekit.physical.nodes import Physical, ScanPartitions
from scalekit.plan.nodes import Limit, Scan, Select
from scalekit.sources.persisted import Holder, PersistedSource
from scalekit.tree import walk


class KeptParts(Holder):
    """Parts on a cluster, which keeps them as long as this refers to them."""

    def __init__(self, backend: str, cluster: Cluster, parts: list[Part]) -> None:
        self.backend = backend
        self.cluster = cluster
        self.parts = parts
        self.rows = tuple(part.rows for part in parts)
        self.bytes = tuple(part.bytes for part in parts)

    @property
    def is_alive(self) -> bool:
        """Whether the cluster can be talked to."""
        return self.cluster.is_alive

    def fetch(self, part: int) -> Iterator[pl.DataFrame]:
        """The rows of one part."""
        if (
            not self.is_alive
        ):  # an engine that is asked in vain may start another one by itself, as Ray does
            raise ExecutionError(f"{self.backend} does not answer, or was started anew")
        for table in self.parts[part].tables:
            yield from map(from_table, self.cluster.again().fetch([table]))

    def lend(self, schema: pl.Schema) -> Any | None:
        """The parts as a collection of the engine's own, where it has one."""
        return self.cluster.again().lend([part.tables for part in self.parts], schema)


def persist(backend: str, result: Pending, run: Run, schema: pl.Schema) -> PersistedSource:
    """Run what has not run yet, and keep the parts where they are."""
    table = run.store(pinned(result, schema))
    parts = [part for part in table.parts if part.rows] or list(table.parts[:1])
    return PersistedSource(KeptParts(backend, run.cluster, parts), tuple(schema.items()))


def in_place(plan: Scan, run: Run) -> Pending | None:
    """The parts of a persisted source where this very cluster has them; otherwise they have to be brought."""
    holder = getattr(plan.source, "holder", None)
    if not isinstance(holder, KeptParts) or holder.cluster.session is not run.cluster.session:
        return None
    table = kept(stored(holder.parts, Scan(plan.source)))
    fragment = table.fragment
    if plan.columns is not None:
        fragment = Select(fragment, tuple(map(Column, plan.columns)))
    if plan.limit is not None:
        fragment = Limit(fragment, 0, plan.limit)
    return fused([table], fragment)


def cluster_of(program: Physical, backend: str) -> Cluster | None:
    """The cluster of this backend that has what the program reads, if one does and can be talked to."""
    for node in walk(program):
        holder = getattr(node.source, "holder", None) if isinstance(node, ScanPartitions) else None
        if isinstance(holder, KeptParts) and holder.backend == backend and holder.is_alive:
            return holder.cluster.again()
    return None
