"""A backend on a cluster: it lowers a plan to a physical one, which the driver runs."""

from __future__ import annotations

from abc import abstractmethod

import polars as pl

from scalekit.backends.base import Backend
from scalekit.backends.tasks.cluster import Cluster
from scalekit.backends.tasks.driver import collect
from scalekit.backends.watch import UNWATCHED, Watch
from scalekit.config import Config
from scalekit.physical.lower import lower
from scalekit.physical.nodes import Physical
from scalekit.physical.show import show_physical
from scalekit.plan.nodes import Plan


class TaskBackend(Backend):
    """Runs plans on a cluster; an engine adds how to connect to one."""

    @abstractmethod
    def connect(self, config: Config) -> Cluster:
        """The cluster that ``config`` names: connected already, or now, or started on this machine."""

    def lower(self, plan: Plan, config: Config) -> Physical:  # noqa: ARG002 - the same for all settings
        """The physical plan, the same for every engine."""
        return lower(plan)

    def execute(self, program: Physical, config: Config, watch: Watch = UNWATCHED) -> pl.DataFrame:
        """Run the physical plan and bring its rows here."""
        return collect(program, self.connect(config), config, watch)

    def show(self, program: Physical) -> str:
        """The physical plan as text."""
        return show_physical(program)
