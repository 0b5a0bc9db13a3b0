"""What a worker runs in a pass: the kernels of all who asked, on one part of the rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from scalekit.learn.passes.batch import HASH, KEPT, POSITION, Batch, read
from scalekit.learn.passes.requests import Pass
from scalekit.learn.passes.views import Step
from scalekit.learn.roles import Roles


@dataclass(frozen=True)
class Failure:
    """An exception that a kernel raised, on how many rows: it is raised again where the fit was called."""

    error: Exception
    rows: int


@dataclass(frozen=True, eq=False)
class Fused:
    """Several kernels over the rows of one table; views that begin alike share their work.

    Attributes
    ----------
    roles
        Which column of the table is what.
    asked
        For each pass the steps of its view, its kernel, and what the kernel is given beside the rows.
    """

    roles: Roles
    asked: tuple[tuple[tuple[Step, ...], Callable[..., Any], tuple[Any, ...]], ...]

    @classmethod
    def of(cls, roles: Roles, passes: Sequence[Pass]) -> Fused:
        """The kernels of some passes over one table."""
        return cls(roles, tuple((p.view.steps, p.kernel, p.broadcast) for p in passes))

    def __call__(self, rows: pl.DataFrame) -> tuple[int, list[Any]] | Failure:
        """The number of rows and the answer of each kernel: None of one whose view has no row here."""
        seen: dict[tuple[int, ...], Batch] = {(): read(rows, self.roles)}
        try:
            return rows.height, [_answer(seen, *asked) for asked in self.asked]
        except Exception as error:
            return Failure(error, rows.height)


def _answer(
    seen: dict[tuple[int, ...], Batch],
    steps: tuple[Step, ...],
    kernel: Callable[..., Any],
    broadcast: tuple[Any, ...],
) -> Any:
    batch = after(seen, steps)
    return kernel(batch, *broadcast) if batch.height else None


def after(seen: dict[tuple[int, ...], Batch], steps: tuple[Step, ...]) -> Batch:
    """The batch after some steps, each of which is done once; none of them to no rows."""
    batch = seen[()]
    for count, step in enumerate(steps, start=1):
        place = tuple(map(id, steps[:count]))
        if place not in seen:
            seen[place] = step(batch) if batch.height else batch
        batch = seen[place]
    return batch


@dataclass(frozen=True, eq=False)
class Project:
    """From rows to those of a kept matrix: X as one column of arrays, with target, weight and what else is asked for."""

    view_roles: Roles
    steps: tuple[Step, ...]
    schema: tuple[tuple[str, pl.DataType], ...]
    hashed: tuple[str, ...] = ()

    @property
    def __name__(self) -> str:
        """What a plan shows of it."""
        return "matrix"

    def __call__(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Make the table."""
        schema = pl.Schema(self.schema)
        if rows.is_empty():
            return pl.DataFrame(schema=schema)
        batch = after({(): read(rows, self.view_roles)}, self.steps)
        if not batch.height:
            return pl.DataFrame(schema=schema)
        columns = [pl.Series(KEPT, batch.matrix, dtype=schema[KEPT])]
        columns += [
            pl.Series(name, values)
            for name, values in zip(TARGETS, _columns(batch.y), strict=False)
        ]
        if batch.weight is not None:
            columns.append(pl.Series(WEIGHT, batch.weight))
        if POSITION in schema:
            columns.append(batch.rows[POSITION])
        if HASH in schema:
            columns.append(pl.Series(HASH, batch.identity(self.hashed)))
        return pl.DataFrame(columns).cast(schema)


TARGETS = tuple(f"__scalekit_y{number}" for number in range(1000))
WEIGHT = "__scalekit_weight"


def _columns(y: Any) -> list[Any]:
    if y is None:
        return []
    return [y] if y.ndim == 1 else list(y.T)
