"""What an estimator sees of the rows: those of a table, with steps applied one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.roles import Roles
from scalekit.plan.nodes import Plan


@dataclass(frozen=True, eq=False)
class Table:
    """A table that passes read: its plan, which column is what, and whether its rows have an order of their own."""

    plan: Plan
    roles: Roles
    ordered: bool = True


class Step(Protocol):
    """Something done to a batch; it travels to the workers."""

    def __call__(self, batch: Batch, /) -> Batch:
        """The batch with the step applied."""


@dataclass(frozen=True, eq=False)
class View:
    """Rows of a table after some steps. Views that begin with the same steps share their work in a pass."""

    table: Table
    steps: tuple[Step, ...] = ()

    def then(self, step: Step) -> View:
        """The view after one more step."""
        return View(self.table, (*self.steps, step))


@dataclass(frozen=True, eq=False)
class Transformed:
    """X as a fitted transformer gives it."""

    transformer: Any
    method: str = "transform"

    def __call__(self, batch: Batch) -> Batch:
        """Transform X when somebody asks for it."""
        return batch.with_x(lambda: getattr(self.transformer, self.method)(batch.X))


@dataclass(frozen=True, eq=False)
class Columns:
    """Some columns of X: by name of a frame, by place of a matrix."""

    columns: Sequence[Any]

    def __call__(self, batch: Batch) -> Batch:
        """Choose the columns when somebody asks for them."""
        return batch.with_x(lambda: columns_of(batch.X, self.columns))


@dataclass(frozen=True, eq=False)
class Target:
    """Another target: ``function(y, *arguments)``."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()

    def __call__(self, batch: Batch) -> Batch:
        """Make the target when somebody asks for it."""
        return batch.with_y(lambda: self.function(batch.y, *self.arguments))


@dataclass(frozen=True, eq=False)
class Where:
    """The rows for which ``function(batch, *arguments)`` is true; a pass leaves out a batch that has none."""

    function: Callable[..., Array]
    arguments: tuple[Any, ...] = ()

    def __call__(self, batch: Batch) -> Batch:
        """Choose the rows."""
        return batch.where(np.asarray(self.function(batch, *self.arguments), dtype=bool))


def columns_of(x: Any, columns: Sequence[Any]) -> Any:
    """Some columns of a frame or a matrix."""
    if hasattr(x, "iloc"):
        return x.loc[:, list(columns)] if _are_names(columns) else x.iloc[:, list(columns)]
    return x[:, list(columns)]


def _are_names(columns: Sequence[Any]) -> bool:
    return any(isinstance(column, str) for column in columns)
