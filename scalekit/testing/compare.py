"""Compare a result with the reference: values, types, column order, and rows where they have an order."""

from __future__ import annotations

import polars as pl

from scalekit.errors import ScalekitError
from scalekit.frame.frame import Frame
from scalekit.kernels.compare import RELATIVE, assert_equal
from scalekit.kernels.compile import to_lazy
from scalekit.kernels.failures import execution_errors
from scalekit.plan.order import has_total_order
from scalekit.run import pin_schema

__all__ = ["RELATIVE", "assert_conforms", "assert_equal", "reference"]


def reference(frame: Frame) -> pl.DataFrame:
    """The answer of Polars in memory, on one partition, without any optimizer."""
    with execution_errors():
        flags = pl.QueryOptFlags.none()
        answer = to_lazy(frame._plan).collect(engine="in-memory", optimizations=flags)
    return pin_schema(answer, frame.schema)


def assert_conforms(frame: Frame, backend: str) -> None:
    """Assert that ``backend`` gives the reference's answer, or fails where the reference fails.

    Raises
    ------
    AssertionError
        Where values, types, columns or the order of ordered rows differ.
    """
    try:
        expected = reference(frame)
    except ScalekitError as error:
        _assert_fails(frame, backend, error)
        return
    try:
        answer = frame.collect(backend=backend)
    except ScalekitError as error:
        raise AssertionError(f"{backend} raised where the reference answers: {error!r}") from error
    assert_equal(answer, expected, ordered=has_total_order(frame._plan))


def _assert_fails(frame: Frame, backend: str, expected: ScalekitError) -> None:
    try:
        answer = frame.collect(backend=backend)
    except ScalekitError:
        return
    raise AssertionError(f"{backend} answered where the reference raised {expected!r}:\n{answer}")
