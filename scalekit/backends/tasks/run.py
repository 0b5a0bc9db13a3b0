"""One run of a query on a cluster: what its steps share."""

from __future__ import annotations

from collections.abc import Sequence

from scalekit.backends.tasks.cluster import Cluster, Counts
from scalekit.backends.tasks.history import StageHistory
from scalekit.backends.tasks.parts import Part, Pending, stored
from scalekit.backends.tasks.placement import carried, placed
from scalekit.backends.tasks.stage import Done, run_stage, stage_of
from scalekit.backends.watch import Watch
from scalekit.config import Config
from scalekit.kernels.outputs import Output, Whole
from scalekit.kernels.task import Report


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

    def tasks(self, pending: Pending, output: Output, numbers: Sequence[int]) -> list[Done]:
        """Run some tasks of ``pending``."""
        if not numbers:
            return []
        stage = stage_of(pending, output)
        history = StageHistory(stage.name, len(numbers))
        self.history.append(history)
        place = len(self.history)
        self.watch.stage(stage.name, place, 0, len(numbers), 0)

        def landed(report: Report) -> None:
            history.add(report)
            self.watch.stage(stage.name, place, history.done, history.tasks, history.bytes)

        before = self._counts()
        found = run_stage(self.cluster, stage, pending, numbers, landed)
        history.count(before, self._counts())
        return found

    def _counts(self) -> Counts:
        return self.cluster.counts() if self.is_profiled else Counts()

    def parts(self, pending: Pending, numbers: Sequence[int]) -> list[Part]:
        """Run some tasks of ``pending``, each of which gives one part."""
        return [done.part(0) for done in self.tasks(pending, Whole(), numbers)]

    def store(self, pending: Pending) -> Pending:
        """Run ``pending``; its parts are on the cluster then."""
        if pending.is_stored:
            return pending
        placement = carried(pending)
        found = stored(self.parts(pending, range(pending.count)), pending.fragment)
        return placed(found, placement)
