"""The bytes of every task's tables, to see that they are the same on every run and thread count.

Run as ``python -m scalekit.testing.fingerprint [N]``: prints a line of JSON for each case, or for every Nth.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from scalekit.backends.serial import SerialBackend, SerialCluster
from scalekit.backends.tasks.cluster import Ref, Submitted
from scalekit.backends.tasks.driver import collect
from scalekit.backends.watch import UNWATCHED
from scalekit.config import resolve
from scalekit.errors import ScalekitError
from scalekit.expr.node import Column, SortKey
from scalekit.frame.frame import Frame
from scalekit.kernels.failures import execution_errors
from scalekit.kernels.outputs import ByHash, Output, Whole, by_range
from scalekit.kernels.split import bounds_of
from scalekit.kernels.tables import from_table
from scalekit.kernels.task import Facts, Report, Stage, pack, run_task
from scalekit.optimize import optimize
from scalekit.plan.nodes import Plan, Scan, Sql
from scalekit.sources.memory import MemorySource
from scalekit.testing.case import Case
from scalekit.testing.cases import CASES
from scalekit.testing.data import many_rows
from scalekit.tree import walk

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 300
"""Enough for several morsels and threads, few enough for a cross join."""
PARTITIONS = 3


class TwiceCluster(SerialCluster):
    """Runs every task twice and keeps a hash of what each run gave, in every way in which rows are handed on."""

    def __init__(self) -> None:
        self.first = hashlib.sha256()
        self.second = hashlib.sha256()

    def submit(self, packed: Ref, facts: Facts, tables: Sequence[Ref], outputs: int) -> Submitted:  # noqa: ARG002
        """Run the task twice; the first of a stage also by hash and by range, whatever its output is."""
        given = None
        for way in _ways(packed, facts, tables):
            for seen in (self.first, self.second):
                made, report = run_task(way, facts, *tables)
                seen.update(_bytes(made, report))
                given = given or Submitted(made, report)
        assert given is not None
        return given


def _ways(packed: bytes, facts: Facts, tables: Sequence[pa.Table]) -> Iterator[bytes]:
    yield packed
    if facts.part:
        return
    stage: Stage = pickle.loads(packed)
    keys = tuple(Column(name) for name, dtype in stage.schema if not dtype.is_nested())[:2]
    if keys:
        by = tuple(map(SortKey, keys))
        outputs: list[Output] = [Whole(by), ByHash(keys, 5)]
        sample = run_task(pack(replace(stage, output=outputs[0])), facts, *tables)[1].sample
        rows = None if sample is None else from_table(sample)
        if rows is not None and rows.height:
            outputs.append(by_range(by, bounds_of([rows], by, 3)))
        yield from (pack(replace(stage, output=output)) for output in outputs)


def _bytes(made: Sequence[pa.Table], report: Report) -> bytes:
    """Types and values, floats to the last bit; not the buffers, which hold masks that say nothing."""
    frames = [from_table(table) for table in made]
    frames += [] if report.sample is None else [from_table(report.sample)]
    return repr([(frame.schema, frame.rows()) for frame in frames]).encode()


def plans() -> Iterator[tuple[Case, Plan]]:
    """The plan of every case over many rows.

    SQL is no fragment: it runs on one machine as a whole, and its order is Polars' own.
    """
    frame = Frame(Scan(MemorySource(many_rows(ROWS))))
    for case in CASES:
        plan = optimize(case.build(frame)._plan)
        if not any(isinstance(node, Sql) for node in walk(plan)):
            yield case, plan


def fingerprint(plan: Plan) -> tuple[str, str]:
    """Hashes of what every task gave in its first and in its second run, or the kind of error."""
    backend, cluster = SerialBackend(), TwiceCluster()
    config = resolve(partitions=PARTITIONS, broadcast_bytes=0)
    try:
        with execution_errors():
            collect(backend.lower(plan, config), cluster, config, UNWATCHED)
    except ScalekitError as error:
        return type(error).__name__, type(error).__name__
    return cluster.first.hexdigest(), cluster.second.hexdigest()


def main() -> None:
    """Print the fingerprints of all cases, or of a share of them."""
    every = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    for place, (case, plan) in islice(enumerate(plans()), 0, None, every):
        sys.stdout.write(json.dumps([f"{place} {case}", *fingerprint(plan)]) + "\n")


if __name__ == "__main__":
    main()
