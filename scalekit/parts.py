"""A function sent to the rows of a plan, part by part, wherever they are: what fits and checks are made of."""

from __future__ import annotations

import os
import pickle
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import polars as pl

from scalekit import run
from scalekit.backends.budget import budget_of
from scalekit.backends.registry import get_backend
from scalekit.backends.tasks.backend import TaskBackend
from scalekit.backends.watch import UNWATCHED, Watch
from scalekit.config import Config
from scalekit.expr.node import Opaque
from scalekit.kernels.gang import Work, alone
from scalekit.kernels.said import SAID, Said
from scalekit.kernels.schema import schema_of
from scalekit.plan.nodes import MapBatches, Plan
from scalekit.sources.footer import width

LEAST_ROWS = 1
"""Rows of a batch, at the least, however small ``partition_bytes`` is."""

SHARE = 4
"""Batches of this machine are a fraction of what a worker takes: several of their copies are there at one time."""


def answers(
    plan: Plan, function: Callable[[pl.DataFrame], Any], config: Config, watch: Watch = UNWATCHED
) -> Iterator[Any]:
    """What ``function`` says of each part of the rows, in the order of the parts; it is not asked about no rows.

    On a cluster the function travels to the parts, and its answers come here, pickled; on this machine the rows
    come to it in batches, of which few are here at one time.

    Parameters
    ----------
    plan
        The rows.
    function
        From rows to anything that can be pickled.
    config
        Settings; ``backend`` names who works, and is not ``"auto"``.
    watch
        Is told how far it is.
    """
    if is_cluster(config):
        asked = MapBatches(plan, Opaque(Said(function)), SAID)
        for part in run.batches(asked, config, 1, watch):
            if (said := part.item()) is not None:
                yield pickle.loads(said)
        return
    batches = run.batches(plan, config, batch_rows(plan, config))
    yield from _in_threads(function, (batch for batch in batches if batch.height))


def _in_threads(
    function: Callable[[pl.DataFrame], Any], batches: Iterator[pl.DataFrame]
) -> Iterator[Any]:
    """The answers in order, while the next batches are worked on: as many at one time as there are cores."""
    cores = os.cpu_count() or 1
    with ThreadPoolExecutor(cores, "scalekit-parts") as pool:
        flying: deque[Future[Any]] = deque()
        try:
            for batch in batches:
                flying.append(pool.submit(function, batch))
                if len(flying) > cores:
                    yield flying.popleft().result()
            while flying:
                yield flying.popleft().result()
        finally:
            for future in flying:
                future.cancel()


def gang(plan: Plan, work: Work, config: Config, watch: Watch = UNWATCHED) -> Any:
    """What the first member of a gang makes that works on the rows of a plan: one on this machine.

    Parameters
    ----------
    plan
        The rows.
    work
        What each member does with its share of them.
    config
        Settings; ``backend`` names who works, and is not ``"auto"``.
    watch
        Is told how far it is.
    """
    if is_cluster(config):
        backend, program = run.prepare(plan, config, watch, "persist")
        assert isinstance(backend, TaskBackend)
        result = backend.gang(program, work, config, watch)
        if result.error is not None:
            raise result.error
        return result.value
    return alone(
        work, _Batches(plan, config), lambda done: watch.stage(work.name, 1, done, work.steps, 0)
    )


@dataclass(frozen=True)
class _Batches:
    """The rows of a plan on this machine, in batches, as often as somebody reads them."""

    plan: Plan
    config: Config

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """Run the plan."""
        return run.batches(self.plan, self.config, batch_rows(self.plan, self.config))


def batch_rows(plan: Plan, config: Config) -> int:
    """Rows of one batch on this machine, by the width of their columns."""
    row = sum(map(width, schema_of(plan).values())) or 1
    return max(LEAST_ROWS, int(config.partition_bytes / SHARE / row))


def even_batches(plan: Plan, config: Config, rows: int) -> Iterator[pl.DataFrame]:
    """The rows of a plan in batches of ``rows``, only the last of which has fewer, whatever the partitions."""
    held: list[pl.DataFrame] = []
    count = 0
    for batch in run.batches(plan, config, rows):
        held.append(batch)
        count += batch.height
        while count >= rows:
            together = pl.concat(held)
            yield together.head(rows)
            held, count = [together.slice(rows)], count - rows
    if count:
        yield pl.concat(held)


def is_cluster(config: Config) -> bool:
    """Whether the backend works on parts, by tasks."""
    return isinstance(get_backend(config.backend), TaskBackend)


def room(config: Config) -> int | None:
    """Bytes of memory of those who work: of all slots of a cluster, or the budget of this machine; None if unknown."""
    backend = get_backend(config.backend)
    if isinstance(backend, TaskBackend):
        there = backend.attached(config)
        resources = backend.planned(config) if there is None else there.resources
        return None if resources is None else resources.slots * resources.memory
    budget = budget_of(config)
    return None if budget is None else budget.bytes
