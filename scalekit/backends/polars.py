"""The whole plan as one lazy Polars query, run by the streaming engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import polars as pl

from scalekit.backends.base import Backend
from scalekit.backends.watch import UNWATCHED, Watch
from scalekit.config import Config
from scalekit.kernels.compile import to_lazy
from scalekit.plan.nodes import Plan


class PolarsBackend(Backend):
    """Polars on this machine."""

    name = "polars"

    def __init__(self, engine: Literal["streaming", "in-memory"] = "streaming") -> None:
        self._engine = engine

    def in_memory(self) -> PolarsBackend:
        """The same with Polars' other engine."""
        return PolarsBackend("in-memory")

    def lower(self, plan: Plan, config: Config) -> pl.LazyFrame:  # noqa: ARG002 - nothing to choose here
        """Compile the plan to a lazy query."""
        return to_lazy(plan)

    def execute(
        self,
        program: pl.LazyFrame,
        config: Config,
        watch: Watch = UNWATCHED,  # noqa: ARG002 - the engine tells nothing while it runs
    ) -> pl.DataFrame:
        """Run the query; in memory where floats have to be added in one order."""
        return program.collect(engine="in-memory" if config.deterministic else self._engine)

    def batches(
        self,
        program: pl.LazyFrame,
        config: Config,  # noqa: ARG002
        rows: int,
        watch: Watch = UNWATCHED,  # noqa: ARG002
    ) -> Iterator[pl.DataFrame]:
        """Run the query, holding no more than a few batches at a time."""
        yield from program.collect_batches(chunk_size=rows, maintain_order=True, engine="streaming")

    def parts(
        self, program: pl.LazyFrame, config: Config, watch: Watch = UNWATCHED
    ) -> Iterable[pl.DataFrame | pl.LazyFrame]:
        """The query itself, which streams into its file."""
        return (self.execute(program, config, watch) if config.deterministic else program,)

    def show(self, program: pl.LazyFrame) -> str:
        """Polars' own optimized plan."""
        return program.explain(engine="streaming")
