"""What it takes to run a function in pandas: its translation, and the reason where there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import pyarrow as pa

from scalekit.expr.node import Call

Datum = pa.ChunkedArray | pa.Scalar
"""A column's Arrow memory, or one value for all rows."""


class NotNative(Exception):
    """Pandas would not keep the contract here; the message is the reason that ``explain`` shows."""


@dataclass(frozen=True)
class Site:
    """A call in its place: what is known before it runs."""

    call: Call
    operands: tuple[pl.DataType, ...]
    result: pl.DataType
    options: Mapping[str, Any] = field(default_factory=dict)


def anywhere(_: Site) -> str | None:
    """Accept every use of a function."""
    return None


@dataclass(frozen=True)
class Elementwise:
    """A function of rows that need only themselves.

    Attributes
    ----------
    run
        The answer's Arrow type, the operands and the options to the answer.
    refuses
        Why a use is not native, or None.
    """

    run: Callable[..., Datum]
    refuses: Callable[[Site], str | None] = anywhere
