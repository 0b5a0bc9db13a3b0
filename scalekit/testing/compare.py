"""Compare a result with the reference: values, types, column order, and rows where they have an order."""

from __future__ import annotations

from typing import TypeAlias

import polars as pl

from scalekit.errors import ScalekitError
from scalekit.frame.frame import Frame
from scalekit.kernels.compare import RELATIVE, assert_equal
from scalekit.kernels.compile import to_lazy
from scalekit.kernels.failures import execution_errors
from scalekit.kernels.pin import pin_schema
from scalekit.plan.order import has_total_order

__all__ = [
    "RELATIVE",
    "Expected",
    "assert_answers",
    "assert_conforms",
    "assert_equal",
    "expected_of",
    "reference",
]

Expected: TypeAlias = pl.DataFrame | ScalekitError
"""What the reference answers, or how it fails."""


def reference(frame: Frame) -> pl.DataFrame:
    """The answer of Polars in memory, on one partition, without any optimizer."""
    with execution_errors():
        flags = pl.QueryOptFlags.none()
        answer = to_lazy(frame._plan).collect(engine="in-memory", optimizations=flags)
    return pin_schema(answer, frame.schema)


def expected_of(frame: Frame) -> Expected:
    """The reference's answer or its error; to be used again where one plan runs in several ways."""
    try:
        return reference(frame)
    except ScalekitError as error:
        return error


def assert_conforms(frame: Frame, backend: str) -> None:
    """Assert that ``backend`` gives the reference's answer, or fails where the reference fails.

    Raises
    ------
    AssertionError
        Where values, types, columns or the order of ordered rows differ.
    """
    assert_answers(frame, backend, expected_of(frame))


def assert_answers(frame: Frame, backend: str, expected: Expected) -> None:
    """Assert that ``backend`` answers as ``expected``, or fails where that is an error.

    Raises
    ------
    AssertionError
        As in :func:`assert_conforms`.
    """
    try:
        answer = frame.collect(backend=backend)
    except ScalekitError as error:
        if isinstance(expected, ScalekitError):
            return
        raise AssertionError(f"{backend} raised where the reference answers: {error!r}") from error
    if isinstance(expected, ScalekitError):
        raise AssertionError(
            f"{backend} answered where the reference raised {expected!r}:\n{answer}"
        )
    assert_equal(answer, expected, ordered=has_total_order(frame._plan))
