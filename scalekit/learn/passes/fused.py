"""What a worker runs in a pass: the kernels of all who asked, on one part of the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from scalekit.learn.passes.batch import HASH, KEPT, POSITION, Batch, read
from scalekit.learn.passes.requests import Pass
from scalekit.learn.passes.views import Step
from scalekit.learn.roles import Roles
from scalekit.sources.footer import width as bytes_of


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
        The passes.
    """

    roles: Roles
    asked: tuple[Asked, ...]

    @classmethod
    def of(cls, roles: Roles, passes: Sequence[Pass]) -> Fused:
        """The kernels of some passes over one table."""
        return cls(
            roles, tuple(Asked(p.view.steps, p.kernel, p.combine, p.broadcast) for p in passes)
        )

    def __call__(self, rows: pl.DataFrame) -> tuple[int, list[Any]] | Failure:
        """The number of rows and the answer of each kernel: None of one whose view has no row here."""
        found: list[Any] = [None] * len(self.asked)
        try:
            for some in sliced(rows):
                seen: dict[tuple[int, ...], Batch] = {(): read(some, self.roles)}
                for number, asked in enumerate(self.asked):
                    answer = asked.answer(after(seen, asked.steps))
                    found[number] = folded(asked.combine, found[number], answer)
        except Exception as error:
            return Failure(error, rows.height)
        return rows.height, found


@dataclass(frozen=True, eq=False)
class Asked:
    """A pass as it travels; see :class:`~scalekit.learn.passes.requests.Pass`."""

    steps: tuple[Step, ...]
    kernel: Callable[..., Any]
    combine: Callable[[Any, Any], Any]
    broadcast: tuple[Any, ...]

    def answer(self, batch: Batch) -> Any:
        """What the kernel says of some rows; None of no rows."""
        return self.kernel(batch, *self.broadcast) if batch.height else None


SLICE = 8 * 1024**2
"""Bytes of the rows that kernels are given at a time: what they make of them is a few times as large, and a part is many."""

LEAST_SLICE = 4096
"""Rows of such a slice, at the least."""


def sliced(rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The rows of a part, some at a time."""
    width = sum(map(bytes_of, rows.schema.values())) or 1
    yield from rows.iter_slices(max(LEAST_SLICE, int(SLICE / width)))


def folded(combine: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """The answer for the rows of both, of which either may have none."""
    if left is None or right is None:
        return right if left is None else left
    return combine(left, right)


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
        """Make the table, some rows at a time."""
        empty = pl.DataFrame(schema=pl.Schema(self.schema))
        tables = [self._table(some) for some in sliced(rows)] if rows.height else []
        return pl.concat([empty, *tables], rechunk=True)

    def _table(self, rows: pl.DataFrame) -> pl.DataFrame:
        schema = pl.Schema(self.schema)
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
