"""What pandas, Arrow and Narwhals raise while running, in scalekit's own words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import narwhals as nw
import pyarrow as pa

from scalekit.errors import ComputeError, ExecutionError

_FOREIGN = (
    pa.ArrowException,
    nw.exceptions.NarwhalsError,
    ArithmeticError,
    LookupError,
    NotImplementedError,
    TypeError,
    ValueError,
)


@contextmanager
def named(operation: Callable[[], str]) -> Iterator[None]:
    """Say which operation failed.

    Raises
    ------
    ComputeError
        For a value that could not be computed.
    ExecutionError
        For anything else that another package raised; scalekit's own errors pass as they are.
    """
    try:
        yield
    except _FOREIGN as error:
        kind = (
            ComputeError if isinstance(error, pa.ArrowInvalid | ArithmeticError) else ExecutionError
        )
        raise kind(f"{operation()}: {error}") from error
