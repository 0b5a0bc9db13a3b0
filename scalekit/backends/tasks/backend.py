"""A backend on a cluster: it lowers a plan to a physical one, which the driver runs."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

import polars as pl

from scalekit.backends.base import Backend, WriteRequest
from scalekit.backends.tasks.cluster import Cluster, Resources
from scalekit.backends.tasks.driver import collect, evaluate
from scalekit.backends.tasks.gangs import run_gang
from scalekit.backends.tasks.persist import cluster_of, persist
from scalekit.backends.tasks.preflight import check_sources, reaches
from scalekit.backends.tasks.profile import profile
from scalekit.backends.tasks.results import frames_of
from scalekit.backends.tasks.run import Run
from scalekit.backends.tasks.write import write_parts
from scalekit.backends.watch import UNWATCHED, Watch
from scalekit.config import Config
from scalekit.kernels.gang import Result, Work
from scalekit.optimize import narrow_moves
from scalekit.physical.lower import lower
from scalekit.physical.nodes import Physical
from scalekit.physical.show import show_physical
from scalekit.physical.writing import lower_write
from scalekit.plan.nodes import Plan
from scalekit.sources.persisted import PersistedSource
from scalekit.targets.base import WriteResult


class TaskBackend(Backend):
    """Runs plans on a cluster; an engine adds how to connect to one."""

    @abstractmethod
    def connect(self, config: Config) -> Cluster:
        """The cluster that ``config`` names: connected already, or now, or started on this machine."""

    def attached(self, config: Config) -> Cluster | None:  # noqa: ARG002 - for those that can tell
        """The cluster that is there for ``config``; None where a query would start one, which this never does.

        Raises
        ------
        ConfigError, ExecutionError, MissingDependencyError
            As :meth:`connect`, where the cluster that is named cannot be used.
        """
        return None

    def planned(self, config: Config) -> Resources | None:  # noqa: ARG002 - for those that can tell
        """What a cluster would have that is started for ``config``; None where that is not known."""
        return None

    def check_address(self, config: Config) -> None:
        """Refuse an address that the engine does not have, or that is not safe to use.

        Raises
        ------
        ConfigError
            With the ways out.
        """

    def there(self, program: Physical | None, config: Config) -> Cluster | None:
        """The cluster that would run the program, if it is there: this starts none."""
        return self._holding(program, config) or self.attached(config)

    def lower(self, plan: Plan, config: Config) -> Physical:  # noqa: ARG002 - the same for all settings
        """The physical plan, the same for every engine."""
        return lower(narrow_moves(plan))

    def execute(self, program: Physical, config: Config, watch: Watch = UNWATCHED) -> pl.DataFrame:
        """Run the physical plan and bring its rows here."""
        return collect(program, self._cluster(program, config), config, watch)

    def parts(
        self, program: Physical, config: Config, watch: Watch = UNWATCHED
    ) -> Iterator[pl.DataFrame]:
        """Run the physical plan and bring its rows here part by part."""
        run = Run(self._cluster(program, config), config, watch)
        return frames_of(evaluate(program, run), run)

    def batches(
        self, program: Physical, config: Config, rows: int, watch: Watch = UNWATCHED
    ) -> Iterator[pl.DataFrame]:
        """Run the physical plan and bring its rows here in batches, of which no more are on their way."""
        for frame in self.parts(program, config, watch):
            yield from frame.iter_slices(rows)

    def write(
        self, program: Physical, request: WriteRequest, config: Config, watch: Watch
    ) -> WriteResult:
        """Let tasks write what they compute; what has to come from one process is brought here in parts."""
        node = lower_write(program, request.target)
        cluster = self._cluster(program, config)
        if node is None or not reaches(request.target.location, cluster, config):
            return super().write(program, request, config, watch)
        return write_parts(node, request, Run(cluster, config, watch))

    def persist(
        self, program: Physical, schema: pl.Schema, config: Config, watch: Watch
    ) -> PersistedSource:
        """Run the physical plan and leave its parts on the cluster."""
        run = Run(self._cluster(program, config), config, watch)
        return persist(self.name, evaluate(program, run), run, schema)

    def gang(self, program: Physical, work: Work, config: Config, watch: Watch) -> Result:
        """Run the physical plan, and let a gang work on its parts where they are."""
        run = Run(self._cluster(program, config), config, watch)
        return run_gang(evaluate(program, run), run, work)

    def profile(self, program: Physical, config: Config) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Run the physical plan and time its stages."""
        return profile(program, Run(self._cluster(program, config), config, UNWATCHED))

    def _cluster(self, program: Physical, config: Config) -> Cluster:
        cluster = self._holding(program, config) or self.connect(config)
        check_sources(program, cluster, config)
        return cluster

    def _holding(self, program: Physical | None, config: Config) -> Cluster | None:
        """The cluster that has what was persisted there, unless the settings name one."""
        return None if config.address or program is None else cluster_of(program, self.name)

    def show(self, program: Physical) -> str:
        """The physical plan as text."""
        return show_physical(program)
