"""Frames from collections of Dask and Ray."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scalekit.frame.frame import Frame
from scalekit.frame.tracebacks import folded
from scalekit.plan.nodes import Scan
from scalekit.sources.native_dask import dask_source
from scalekit.sources.native_ray import ray_source


@folded
def from_dask(
    data: Any, *, nan_to_null: bool = True, schema_overrides: Mapping[str, Any] | None = None
) -> Frame:
    """Build a frame from a Dask DataFrame; it is computed when the frame's plan runs, on its scheduler.

    A query computes the columns that it needs, a few partitions at a time, in their order. Where
    partitions share work, as after a shuffle or a merge, Dask computes them together and holds them
    until they are read.

    Parameters
    ----------
    data
        The ``dask.dataframe.DataFrame``. Its index is dropped where it only numbers the rows.
    nan_to_null
        Whether NaN becomes null in NumPy-backed float columns and in object columns, as in
        :func:`from_pandas`.
    schema_overrides
        Types of some columns. Types otherwise are those that Dask announces, without computing anything:
        a column of dtype ``object`` needs one here. Values are converted strictly.

    Raises
    ------
    InvalidOperationError
        For another object, and for an index that holds data, which would be lost.
    SchemaError
        For a column whose type Dask does not know before it is computed.
    MissingDependencyError
        Where Dask is not installed.

    Notes
    -----
    When the plan runs, a partition that holds something else than Dask announced is taken where its values
    fit exactly, as integers do that NumPy keeps as floats beside nulls; otherwise it is a
    ``SchemaMismatchError`` with the number of the partition.

    Examples
    --------
    >>> import dask.dataframe as dd
    >>> import scalekit as sk
    >>> flights = sk.from_dask(dd.from_dict({"delay": [5, 12, 31]}, npartitions=2))
    >>> flights.filter(sk.col("delay") > 10).collect()["delay"].to_list()
    [12, 31]
    """
    source = dask_source(data, nan_to_null=nan_to_null, schema_overrides=schema_overrides)
    return Frame(Scan(source))


@folded
def from_ray(data: Any, *, schema_overrides: Mapping[str, Any] | None = None) -> Frame:
    """Build a frame from a Ray Dataset; it is computed when the frame's plan runs, block after block.

    Parameters
    ----------
    data
        The ``ray.data.Dataset``. Where Ray does not know its types yet, it computes the first rows.
    schema_overrides
        Types of some columns, where a dataset of pandas blocks has dtype ``object``, for example.
        Values are converted strictly.

    Raises
    ------
    InvalidOperationError
        For another object, and where Ray is not running.
    SchemaError
        For a column of Python objects or tensors, and for a dataset without rows.
    MissingDependencyError
        Where Ray is not installed.

    Notes
    -----
    ``import ray.data`` lets files run code: it registers an Arrow type whose reader unpickles what it reads, for
    every reader in the process. ``from_ray`` and :meth:`Frame.to_ray` take that back. Columns of Python objects
    in Ray datasets come to this process as bytes from then on; Ray's workers are not affected.

    Examples
    --------
    >>> import ray  # doctest: +SKIP
    >>> import scalekit as sk
    >>> sk.from_ray(ray.data.range(3)).collect()["id"].to_list()  # doctest: +SKIP
    [0, 1, 2]
    """
    return Frame(Scan(ray_source(data, schema_overrides=schema_overrides)))
