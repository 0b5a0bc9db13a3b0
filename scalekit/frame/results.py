"""Methods that leave the plan: schemas, results, explanations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

import polars as pl

from scalekit import run
from scalekit.config import resolve
from scalekit.display.html import frame_html, frame_text
from scalekit.display.progress import progress
from scalekit.errors import InvalidOperationError
from scalekit.frame.base import FrameBase
from scalekit.frame.handover import (
    arrow_schema,
    arrow_table,
    check_pandas_dtypes,
    check_types,
    numpy_array,
    pandas_frame,
)
from scalekit.frame.schema import Schema
from scalekit.frame.tracebacks import folded_rows
from scalekit.kernels.schema import schema_of

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa


class ResultMethods(FrameBase):
    """Look at a frame, run it, hand it over."""

    __slots__ = ()

    @property
    def schema(self) -> Schema:
        """Names and types of the columns, known without running anything."""
        return Schema(schema_of(self._plan), check_dtypes=False)

    def __repr__(self) -> str:
        return frame_text(self._plan, resolve())

    def _repr_html_(self) -> str:
        return frame_html(self._plan, resolve())

    def collect_schema(self) -> Schema:
        """Names and types of the columns, known without running anything; the same as :attr:`schema`."""
        return self.schema

    @property
    def dtypes(self) -> list[pl.DataType]:
        """Types of the columns."""
        return schema_of(self._plan).dtypes()

    @property
    def width(self) -> int:
        """Number of columns."""
        return schema_of(self._plan).len()

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
        config = resolve(**settings)
        with progress(config) as watch:
            return run.collect(self._plan, config, watch)

    def collect_batches(
        self, *, chunk_size: int = 100_000, **settings: Any
    ) -> Iterator[pl.DataFrame]:
        """Run the plan and give its rows in batches, without holding all of them where the backend can.

        Parameters
        ----------
        chunk_size
            Rows in a batch, at most.
        settings
            As in :meth:`collect`.

        Examples
        --------
        >>> import scalekit as sk
        >>> [b.height for b in sk.from_dict({"x": [1, 2, 3]}).collect_batches(chunk_size=2, backend="pandas")]
        [2, 1]
        """
        if not isinstance(chunk_size, int) or chunk_size < 1:
            raise InvalidOperationError(
                f"collect_batches(chunk_size=) is 1 or more, got {chunk_size!r}"
            )
        return folded_rows(run.batches(self._plan, resolve(**settings), chunk_size), settings)

    def to_polars(self, **settings: Any) -> pl.DataFrame:
        """Run the plan and give a Polars frame; the same as :meth:`collect`."""
        return self.collect(**settings)

    def to_arrow(self, **settings: Any) -> pa.Table:
        """Run the plan and give an Arrow table, with text as ``large_string``.

        Parameters
        ----------
        settings
            As in :meth:`collect`.

        Raises
        ------
        SchemaError
            For a type that Arrow does not have, such as Int128; nothing runs then.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, 2]}).to_arrow().num_rows
        2
        """
        check_types(schema_of(self._plan), "Arrow", "to_arrow()")
        return arrow_table(self.collect(**settings))

    def to_pandas(self, *, dtypes: str = "arrow", **settings: Any) -> pd.DataFrame:
        """Run the plan and give a pandas frame, its rows numbered from 0.

        Parameters
        ----------
        dtypes
            ``"arrow"`` keeps every type, and null apart from NaN; ``"numpy"`` gives pandas' classic
            types, in which null becomes NaN, integers with nulls become floats, and lists, structs,
            decimals and times become Python objects.
        settings
            As in :meth:`collect`.

        Raises
        ------
        SchemaError
            For a type that neither Arrow nor NumPy has, such as Int128; nothing runs then.
        ComputeError
            With ``dtypes="numpy"``, for integers with nulls that a float would round.
        MissingDependencyError
            Where pandas is not installed.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, None]}).to_pandas()["x"].dtype
        int64[pyarrow]
        """
        check_pandas_dtypes(dtypes)
        check_types(schema_of(self._plan), "pandas", "to_pandas()")
        return pandas_frame(self.collect(**settings), dtypes)

    def to_numpy(self, **settings: Any) -> np.ndarray[Any, Any]:
        """Run the plan and give a NumPy array of two dimensions, of the columns' common type.

        Numbers with nulls become floats with NaN; text, and types that do not go together, become Python
        objects with None.

        Parameters
        ----------
        settings
            As in :meth:`collect`.

        Raises
        ------
        SchemaError
            For a type that NumPy does not have, such as Int128; nothing runs then.
        ComputeError
            For integers that the common type, a float, would round.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, 2], "y": [3, 4]}).to_numpy().shape
        (2, 2)
        """
        check_types(schema_of(self._plan), "NumPy", "to_numpy()")
        return numpy_array(self.collect(**settings))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:  # noqa: FBT001 - NumPy's protocol
        """Run the plan and give what :meth:`to_numpy` does, to functions that take arrays.

        The columns lose their names: for scikit-learn, :func:`scalekit.fit` and :func:`scalekit.predict`
        keep them, and check them. There is no ``len(frame)``, since a look at it should not run a plan.
        """
        if copy is False:
            raise ValueError(
                "a Frame has no array before it is computed: copy=False cannot be kept"
            )
        values = self.to_numpy()
        return values if dtype is None else values.astype(dtype)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Run the plan and export its rows through the Arrow PyCapsule interface.

        Whatever reads Arrow takes a Frame by this: ``duckdb.sql("... FROM frame")``,
        ``pyarrow.table(frame)``, ``polars.DataFrame(frame)``, ``pandas.DataFrame.from_arrow(frame)``.
        """
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        """Export the schema that :meth:`__arrow_c_stream__` will have; nothing runs."""
        schema = schema_of(self._plan)
        check_types(schema, "Arrow", "to_arrow()")
        return arrow_schema(schema).__arrow_c_schema__()

    def persist(self, **settings: Any) -> Self:
        """Run the plan now, and give a frame over its rows, so that later steps do not repeat it.

        The rows stay where the plan ran: on a cluster they are parts in the memory of its workers, which
        later queries there read in place; on this machine they are in this process. They are freed when
        no frame refers to them any more. A query on another backend brings them there.

        Parameters
        ----------
        settings
            As in :meth:`collect`.

        Raises
        ------
        SourceError
            Of later queries, where the cluster that had the rows is gone: persist them again.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 2, 3]}).filter(sk.col("x") > 1).persist(backend="polars")
        >>> frame
        Frame[x: Int64]
        persisted on polars: 1 part, 2 rows, 16 bytes; would run on polars; 2 rows, 16 bytes
        >>> frame.collect().height
        2
        """
        config = resolve(**settings)
        with progress(config) as watch:
            return self._derive(run.persist_scan(self._plan, config, watch))
