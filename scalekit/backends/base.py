"""What every backend provides: lower a logical plan to its own program, then run it."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from scalekit import targets
from scalekit.backends.watch import UNWATCHED, Watch
from scalekit.config import Config
from scalekit.kernels.pin import pin_schema
from scalekit.plan.nodes import Plan
from scalekit.sources.base import Source
from scalekit.sources.memory import memory_source
from scalekit.targets.base import Target, WriteResult


@dataclass(frozen=True)
class WriteRequest:
    """Where rows go, the columns they have, what the plan reads, and the identity of the write."""

    target: Target
    schema: pl.Schema
    inputs: tuple[str, ...] = ()
    write_id: str | None = None


class Backend(ABC):
    """Who runs a query. A backend does not plan: it receives an optimized plan and keeps its meaning."""

    name: str

    def in_memory(self) -> Backend:
        """The backend with an engine that holds whole tables, where it has two; otherwise itself."""
        return self

    @abstractmethod
    def lower(self, plan: Plan, config: Config) -> Any:
        """Turn an optimized logical plan into this backend's program.

        Raises
        ------
        UnsupportedError
            Where the backend cannot keep the contract; before any data moves.
        """

    @abstractmethod
    def execute(self, program: Any, config: Config, watch: Watch = UNWATCHED) -> pl.DataFrame:
        """Run the program, report to ``watch`` what can be told, and give the result on this machine."""

    def batches(
        self, program: Any, config: Config, rows: int, watch: Watch = UNWATCHED
    ) -> Iterator[pl.DataFrame]:
        """Run the program and give its rows in batches; backends override it that need not hold them all."""
        yield from self.execute(program, config, watch).iter_slices(rows)

    def parts(
        self, program: Any, config: Config, watch: Watch = UNWATCHED
    ) -> Iterable[pl.DataFrame | pl.LazyFrame]:
        """The program's rows in parts to be written; lazy ones are run while they are written."""
        yield self.execute(program, config, watch)

    def write(
        self, program: Any, request: WriteRequest, config: Config, watch: Watch
    ) -> WriteResult:
        """Run the program and write its rows, all or nothing."""
        parts = (pin_schema(part, request.schema) for part in self.parts(program, config, watch))  # type: ignore[type-var]
        return targets.write(  # loaded by the first write
            request.target,
            parts,
            inputs=request.inputs,
            write_id=request.write_id,
            schema=request.schema,
        )

    def persist(self, program: Any, schema: pl.Schema, config: Config, watch: Watch) -> Source:
        """Run the program and keep its rows: in memory, where it ran on this machine."""
        rows = pin_schema(self.execute(program, config, watch), schema)
        return memory_source(rows, origin=f"persisted on {self.name}")

    def profile(self, program: Any, config: Config) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Run the program and time its steps: node, start and end in microseconds."""
        started = time.perf_counter()
        result = self.execute(program, config)
        took = round((time.perf_counter() - started) * 1e6)
        return result, pl.DataFrame({"node": [self.name], "start": [0], "end": [took]})

    @abstractmethod
    def show(self, program: Any) -> str:
        """The program as text, for ``explain(stage="physical")``."""
