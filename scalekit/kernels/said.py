"""A function that says little of many rows: its answers travel, pickled, as tables of one row."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

SAID = (("said", pl.Binary()),)
"""The columns of what is said."""


@dataclass(frozen=True, eq=False)
class Said:
    """From rows to one row that holds, pickled, what a function says of them: null of no rows.

    One row, whatever it is given: who asks several parts in one task knows of which each answer is.
    """

    function: Callable[[pl.DataFrame], Any]

    @property
    def __name__(self) -> str:
        """What a plan shows of it."""
        return getattr(self.function, "__name__", type(self.function).__name__)

    def __call__(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Ask the function."""
        said = pickle.dumps(self.function(rows), protocol=5) if rows.height else None
        return pl.DataFrame({"said": [said]}, schema=dict(SAID))
