"""Dask and Ray themselves: imported on request only, never started, and disarmed of what their import brings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from scalekit.errors import InvalidOperationError, MissingDependencyError

if TYPE_CHECKING:
    import pyarrow as pa

PICKLED_OBJECT = "ray.data.arrow_pickled_object"
"""The Arrow type that ``import ray.data`` registers, and that runs what a crafted file holds."""


def dask_frame(frame: Any, partitions: int) -> Any:
    """A ``dask.dataframe`` over a pandas frame, in this many partitions."""
    return dask_dataframe("to_dask()").from_pandas(frame, npartitions=partitions, sort=False)


def dask_dataframe(purpose: str) -> Any:
    """The module ``dask.dataframe``.

    Raises
    ------
    MissingDependencyError
        Where it, or what it needs, is not installed.
    """
    try:
        import dask.dataframe
    except ImportError as error:
        raise MissingDependencyError.for_extra(
            "dask[dataframe]", "dask", purpose=purpose
        ) from error
    return dask.dataframe


def ray_dataset(tables: list[pa.Table]) -> Any:
    """A ``ray.data.Dataset`` over Arrow tables, each a block."""
    with ray_data("to_ray()") as module:
        check_ray("to_ray()")
        return module.from_arrow(tables)


def check_ray(purpose: str) -> str:
    """The identity of this process's work on a running Ray.

    Ray would start by itself where it is not running, with ports open to the network.

    Raises
    ------
    InvalidOperationError
        Where it is not running.
    """
    try:
        import ray
    except ImportError as error:
        raise MissingDependencyError.for_extra("ray", "ray", purpose=purpose) from error
    if not ray.is_initialized():
        raise InvalidOperationError(
            f"{purpose} needs a running Ray, and scalekit starts none here: call ray.init() first, with the address "
            "of a cluster or, on this machine, with include_dashboard=False"
        )
    return str(ray.get_runtime_context().get_job_id())


@contextmanager
def ray_data(purpose: str) -> Iterator[Any]:
    """The module ``ray.data``, with the type disarmed that its import registers.

    While it is registered, pandas, PyArrow and Polars run code from a crafted Parquet file.
    """
    try:
        import ray.data
    except ImportError as error:
        raise MissingDependencyError.for_extra("ray[data]", "ray", purpose=purpose) from error
    disarm()
    try:
        yield ray.data
    finally:
        disarm()


def disarm() -> None:
    """Take back the registration of :data:`PICKLED_OBJECT`."""
    import pyarrow as pa

    with suppress(pa.ArrowKeyError):
        pa.unregister_extension_type(PICKLED_OBJECT)
