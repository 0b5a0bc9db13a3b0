"""Run a program's steps, and let rows cross between Polars and pandas only where both sides need them."""

from __future__ import annotations

import polars as pl

from scalekit.backends.pandas.columns import Table, from_polars, pin, to_polars
from scalekit.backends.pandas.failures import named
from scalekit.backends.pandas.program import Program, Step, describe
from scalekit.backends.watch import UNWATCHED, Watch
from scalekit.kernels.compile import to_lazy


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


def execute(program: Program, watch: Watch = UNWATCHED) -> pl.DataFrame:
    """Run the steps in order; a step's rows are freed after their last reader."""
    last_reader = {
        below: position for position, step in enumerate(program.steps) for below in step.inputs
    }
    kept: dict[int, Rows] = {}
    for position, step in enumerate(program.steps):
        watch.step(step.plan, position, len(program.steps))
        kept[position] = _run(step, [kept[below] for below in step.inputs])
        for below in set(step.inputs):
            if last_reader[below] == position:
                del kept[below]
    return kept[len(program.steps) - 1].in_polars()


def _run(step: Step, inputs: list[Rows]) -> Rows:
    if step.run is None:
        query = to_lazy(step.plan, [rows.in_polars().lazy() for rows in inputs])
        return Rows(step.schema, polars=pin(query.collect(engine="streaming"), step.schema))
    with named(lambda: describe(step.plan)):
        return Rows(step.schema, pandas=step.run([rows.in_pandas() for rows in inputs]))
