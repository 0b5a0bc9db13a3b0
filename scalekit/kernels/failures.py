"""Failures of a running query, in scalekit's own words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl

from scalekit import errors
from scalekit.kernels.schema import first_lines

_RUN_ERRORS: dict[str, type[errors.ExecutionError]] = {
    "ShapeError": errors.ShapeError,
    "ComputeError": errors.ComputeError,
    "InvalidOperationError": errors.ComputeError,
    "OutOfBoundsError": errors.ComputeError,
}


@contextmanager
def execution_errors() -> Iterator[None]:
    """Turn what Polars raises while running into ``ExecutionError`` and its kind.

    Raises
    ------
    ExecutionError
        With Polars' first message, and without the frames of the engine.
    """
    try:
        yield
    except pl.exceptions.PanicException as error:  # a BaseException: nothing above would catch it
        raise errors.ExecutionError(f"Polars stopped unexpectedly: {first_lines(error)}") from None
    except pl.exceptions.PolarsError as error:
        kind = _RUN_ERRORS.get(type(error).__name__, errors.ExecutionError)
        raise kind(first_lines(error)) from None
