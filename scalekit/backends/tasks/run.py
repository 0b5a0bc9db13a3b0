"""One run of a query on a cluster: what its steps share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

from scalekit.backends.tasks.cluster import Cluster, Counts
from scalekit.backends.tasks.history import StageHistory
from scalekit.backends.tasks.parts import Part, Pending, stored
from scalekit.backends.tasks.placement import carried, placed
from scalekit.backends.tasks.stage import Done, run_here, run_stage, stage_of
from scalekit.backends.watch import Watch
from scalekit.config import Config
from scalekit.kernels.outputs import Output, Whole
from scalekit.kernels.schema import has_user_code
from scalekit.kernels.tables import from_table
from scalekit.kernels.task import Report, Stage

_ROOM = 24
"""The least number of parts that fit the memory of one task."""

BROUGHT = 1024**2
"""Bytes that are brought here rather than worked on by one more task: they come as soon as its result would."""


class Run:
    """A query under way: where it runs, with which settings, who watches, and what its stages took."""

    def __init__(self, cluster: Cluster, config: Config, watch: Watch) -> None:
        self.cluster = cluster
        self.config = config
        self.watch = watch
        self.history: list[StageHistory] = []
        self.is_profiled = False

    @property
    def slots(self) -> int:
        """Tasks that run at one time."""
        return self.cluster.resources.slots

    @property
    def part_bytes(self) -> int:
        """What one task works on, about: as is set, or less where a worker would have no room for it.

        Tasks that meet take several such parts, and some times that while they run.
        """
        return min(self.config.partition_bytes, self.cluster.resources.memory // _ROOM)

    def tasks(self, pending: Pending, output: Output, numbers: Sequence[int]) -> list[Done]:
        """Run some tasks of ``pending``."""
        if not numbers:
            return []
        stage = stage_of(pending, output)
        landed = self._begun(stage, len(numbers))
        before = self._counts()
        found = run_stage(self.cluster, stage, pending, numbers, landed)
        self.history[-1].count(before, self._counts())
        return found

    def _begun(self, stage: Stage, tasks: int) -> Callable[[Report], None]:
        """Take up and show that a stage begins, and what is to be told of each of its tasks."""
        history = StageHistory(stage.name, tasks)
        self.history.append(history)
        place = len(self.history)
        self.watch.stage(stage.name, place, 0, tasks, 0)

        def landed(report: Report) -> None:
            history.add(report)
            self.watch.stage(stage.name, place, history.done, tasks, history.bytes)

        return landed

    def _counts(self) -> Counts:
        return self.cluster.counts() if self.is_profiled else Counts()

    def parts(self, pending: Pending, numbers: Sequence[int]) -> list[Part]:
        """Run some tasks of ``pending``, each of which gives one part."""
        return [done.part(0) for done in self.tasks(pending, Whole(), numbers)]

    def ends_here(self, pending: Pending) -> bool:
        """Whether this process does the rest: one task, whose input is here already, or small by its true size.

        Not before something has run on the cluster, nor what calls functions of the user, which belong there.
        """
        if pending.count != 1 or not self.history or self.config.partitions is not None:
            return False
        if pending.is_stored:  # nothing is left to do
            return False
        parts = [content for feed in pending.feeds for content in feed.contents]
        tables = [table for part in parts if isinstance(part, Part) for table in part.tables]
        if not all(isinstance(part, Part) for part in parts) or has_user_code(pending.fragment):
            return False
        size = sum(part.bytes for part in parts if isinstance(part, Part))
        return size <= BROUGHT or self.cluster.is_here(tables)

    def ended(self, pending: Pending) -> pl.DataFrame:
        """The rows of what ends here."""
        stage = stage_of(pending, Whole())
        landed = self._begun(stage, 1)
        table, report = run_here(self.cluster, stage, pending)
        landed(report)
        return from_table(table)

    def store(self, pending: Pending) -> Pending:
        """Run ``pending``; its parts are on the cluster then."""
        if pending.is_stored:
            return pending
        placement = carried(pending)
        found = stored(self.parts(pending, range(pending.count)), pending.fragment)
        return placed(found, placement)
