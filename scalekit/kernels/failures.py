"""Failures of a running query, in scalekit's own words."""

from __future__ import annotations

import os
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


_SORT_FIRST = (
    "the index of rolling() and group_by_dynamic() has to be sorted and without nulls: sort by it, and "
    "drop_nulls() before"
)

_IMPORTED_IN = os.getpid()


def refuse_after_fork() -> None:
    """Raise in a child that was forked after Polars had started its threads: there it would hang.

    Raises
    ------
    ExecutionError
        That says how to start processes instead.
    """
    if os.getpid() != _IMPORTED_IN:
        raise errors.ExecutionError(
            "this process was forked after scalekit was imported, and Polars' threads do not survive a fork: "
            "start processes with multiprocessing.get_context('spawn'), or import scalekit in the child"
        )


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
    except errors.ExecutionError as error:  # of a user's function, to which Polars adds its plan
        if first_lines(error) == str(error):
            raise
        raise type(error)(first_lines(error)) from None
    except pl.exceptions.PolarsError as error:
        kind = _RUN_ERRORS.get(type(error).__name__, errors.ExecutionError)
        raise kind(_explained(first_lines(error))) from None


def _explained(text: str) -> str:
    """Polars' message, with what a user can do where the message alone does not say."""
    if "conversion from `i128`" in text:
        return (
            "a sum of integers leaves Int64, which strict=True refuses: sum a cast to Int128 or Float64 instead "
            f"({text})"
        )
    if "not sorted" in text or "null values in" in text:
        return f"{_SORT_FIRST} ({text})"
    return text
