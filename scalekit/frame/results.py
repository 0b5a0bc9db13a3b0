"""Methods that leave the plan: schemas, results, explanations."""

from __future__ import annotations

from typing import Any

import polars as pl

from scalekit import run
from scalekit.config import resolve
from scalekit.frame.base import FrameBase
from scalekit.kernels.schema import schema_of


class ResultMethods(FrameBase):
    """Look at a frame, run it, hand it over."""

    __slots__ = ()

    @property
    def schema(self) -> pl.Schema:
        """Names and types of the columns, known without running anything."""
        return schema_of(self._plan)

    def collect_schema(self) -> pl.Schema:
        """Names and types of the columns, known without running anything."""
        return schema_of(self._plan)

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return schema_of(self._plan).names()

    def collect(self, **settings: Any) -> pl.DataFrame:
        """Run the plan and give its rows as a Polars frame, whichever backend ran it.

        Parameters
        ----------
        settings
            Settings for this run alone, such as ``backend="pandas"``; see :func:`scalekit.config`.

        Raises
        ------
        ExecutionError
            Where a value cannot be computed; the message names the operation.
        SourceError
            Where the data cannot be read.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, 2]}).collect(backend="polars").height
        2
        """
        return run.collect(self._plan, resolve(**settings))
