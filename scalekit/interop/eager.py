"""A frame as Narwhals' eager DataFrame, for libraries that draw: its plan runs when its values are first used."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import polars as pl
from narwhals._polars.dataframe import PolarsDataFrame
from narwhals._polars.utils import native_to_narwhals_dtype

from scalekit.frame.frame import Frame
from scalekit.interop.expression import narwhals_errors

if TYPE_CHECKING:
    from narwhals.utils import Version


class DeferredDataFrame(PolarsDataFrame):
    """Names and types from the plan, everything else from its result in Polars, computed once.

    Parameters
    ----------
    frame
        The frame.
    version
        The version of Narwhals' interface that asks.
    """

    def __init__(self, frame: Frame, *, version: Version) -> None:
        self._frame, self._version = frame, version

    @cached_property
    def _native_frame(self) -> pl.DataFrame:  # type: ignore[override]
        with narwhals_errors():
            return self._frame.collect()

    @property
    def columns(self) -> list[str]:
        """Names of the columns; nothing runs."""
        return self._frame.columns

    def collect_schema(self) -> dict[str, Any]:
        """Names and Narwhals' types of the columns; nothing runs."""
        schema = self._frame.collect_schema()
        return {n: native_to_narwhals_dtype(t, self._version) for n, t in schema.items()}

    def _with_native(self, df: pl.DataFrame) -> Any:
        return PolarsDataFrame(df, version=self._version)

    def _with_version(self, version: Version) -> Self:
        return self if version is self._version else type(self)(self._frame, version=version)
