"""Run a program's steps, and let rows cross between Polars and pandas only where both sides need them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Literal, TypeAlias

import polars as pl

from scalekit.backends.pandas.columns import Table, from_polars, pin, to_polars
from scalekit.backends.pandas.failures import named
from scalekit.backends.pandas.program import Program, Step, describe
from scalekit.backends.watch import UNWATCHED, Watch
from scalekit.kernels.compile import to_lazy

Engine: TypeAlias = Literal["streaming", "in-memory"]


class Rows:
    """What a step gave, in the form it gave it in, and in the other once a reader asks for that."""

    def __init__(
        self, schema: pl.Schema, *, polars: pl.DataFrame | None = None, pandas: Table | None = None
    ) -> None:
        self._schema, self._polars, self._pandas = schema, polars, pandas

    def in_polars(self) -> pl.DataFrame:
        """The rows as a Polars frame."""
        if self._polars is None:
            assert self._pandas is not None
            self._polars = to_polars(self._pandas, self._schema)
        return self._polars

    def in_pandas(self) -> Table:
        """The rows as a Narwhals frame over pandas."""
        if self._pandas is None:
            assert self._polars is not None
            self._pandas = from_polars(self._polars)
        return self._pandas


def execute(
    program: Program, watch: Watch = UNWATCHED, *, engine: Engine = "streaming"
) -> pl.DataFrame:
    """Run the steps in order and give the last one's rows; ``engine`` is Polars', for what it runs."""
    *_, (_, rows) = run_steps(program, watch, engine)
    return rows.in_polars()


def profile(program: Program, *, engine: Engine = "streaming") -> tuple[pl.DataFrame, pl.DataFrame]:
    """Run the steps and time each of them: node, start and end in microseconds."""
    begun = time.perf_counter()
    times: list[tuple[str, float, float]] = []
    before = begun
    for step, rows in run_steps(program, UNWATCHED, engine):
        now = time.perf_counter()
        times.append((describe(step.plan), before - begun, now - begun))
        before, last = now, rows
    names, starts, ends = zip(*times, strict=True)
    micros = {"start": starts, "end": ends}
    table = {"node": names, **{k: [round(t * 1e6) for t in v] for k, v in micros.items()}}
    return last.in_polars(), pl.DataFrame(table)


def run_steps(program: Program, watch: Watch, engine: Engine) -> Iterator[tuple[Step, Rows]]:
    """Run the steps in order, giving each with its rows; rows are freed after their last reader."""
    last_reader = {
        below: position for position, step in enumerate(program.steps) for below in step.inputs
    }
    kept: dict[int, Rows] = {}
    for position, step in enumerate(program.steps):
        watch.step(step.plan, position, len(program.steps))
        kept[position] = _run(step, [kept[below] for below in step.inputs], engine)
        for below in set(step.inputs):
            if last_reader[below] == position:
                del kept[below]
        yield step, kept[position]


def _run(step: Step, inputs: list[Rows], engine: Engine) -> Rows:
    if step.run is None:
        query = to_lazy(step.plan, [rows.in_polars().lazy() for rows in inputs])
        return Rows(step.schema, polars=pin(query.collect(engine=engine), step.schema))
    with named(lambda: describe(step.plan)):
        return Rows(step.schema, pandas=step.run([rows.in_pandas() for rows in inputs]))
