"""A user's Python function inside a query: its failures carry its name and its own words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

from scalekit.errors import ExecutionError, ScalekitError


class Guarded:
    """A function from table to table that fails as ``ExecutionError``, and gives a table or fails.

    The error keeps the text of the user's exception and not the exception itself, which may hold what
    cannot travel from a worker.
    """

    def __init__(self, function: Callable[[pl.DataFrame], Any]) -> None:
        self._function = function
        self._name = getattr(function, "__name__", type(function).__name__)

    def __call__(self, table: pl.DataFrame) -> pl.DataFrame:
        """Apply the function."""
        try:
            answer = self._function(table)
        except ScalekitError:
            raise
        except Exception as error:
            words = f"{type(error).__name__}: {error}"
            raise ExecutionError(
                f"the function {self._name} failed on {table.height} rows: {words}"
            ) from error
        if not isinstance(answer, pl.DataFrame):
            raise ExecutionError(
                f"the function {self._name} gave {type(answer).__name__}; it has to give a polars.DataFrame"
            )
        return answer
