"""The pandas backend: Narwhals over Arrow-backed pandas columns, and Polars, marked, for the rest."""

from __future__ import annotations

import polars as pl

from scalekit.backends.base import Backend
from scalekit.backends.pandas import execution, lowering, program
from scalekit.backends.pandas.aggregates import AGGREGATES
from scalekit.backends.pandas.functions import ELEMENTWISE, WINDOWS
from scalekit.backends.pandas.nodes import NODES
from scalekit.backends.watch import UNWATCHED, Watch
from scalekit.config import Config
from scalekit.plan.nodes import Plan


class PandasBackend(Backend):
    """pandas on this machine, without an index in sight."""

    name = "pandas"

    def lower(self, plan: Plan, config: Config) -> program.Program:  # noqa: ARG002 - nothing to choose here
        """Decide for each node who runs it."""
        return lowering.lower(plan)

    def execute(
        self, program: program.Program, config: Config, watch: Watch = UNWATCHED
    ) -> pl.DataFrame:
        """Run the steps in order."""
        return execution.execute(program, watch, engine=_engine(config))

    def profile(
        self, program: program.Program, config: Config
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Run the steps in order and time each."""
        return execution.profile(program, engine=_engine(config))

    def show(self, program_: program.Program) -> str:
        """Every node, with who runs it, and why where that is not pandas."""
        return program.show(program_)


def _engine(config: Config) -> execution.Engine:
    """Polars' engine for what it runs: in memory where floats have to be added in one order."""
    return "in-memory" if config.deterministic else "streaming"


def native_functions() -> frozenset[str]:
    """The functions that pandas runs, in at least one use of each."""
    return frozenset({*ELEMENTWISE, *AGGREGATES, *WINDOWS})


def native_nodes() -> frozenset[str]:
    """The plan nodes that pandas runs, in at least one use of each."""
    return frozenset(kind.__name__ for kind in NODES)
