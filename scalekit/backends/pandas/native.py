"""What it takes to run a function in pandas: its translation, and the reason where there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from scalekit.expr.node import Call

Column: TypeAlias = Any
"""A column's Arrow memory, a ``pa.ChunkedArray`` (pyarrow brings no types of its own)."""

Datum: TypeAlias = Any
"""A column's Arrow memory, or one value for all rows: a ``pa.Scalar``."""


class NotNative(Exception):
    """Pandas would not keep the contract here; the message is the reason that ``explain`` shows."""


@dataclass(frozen=True)
class Site:
    """A call in its place: what is known before it runs."""

    call: Call
    operands: tuple[pl.DataType, ...]
    result: pl.DataType
    options: Mapping[str, Any] = field(default_factory=dict)


Refusal = Callable[[Site], str | None]
"""From a use of a function to the reason why pandas does not keep the contract there, or None."""


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
        Why a use is not native.
    """

    run: Callable[..., Datum]
    refuses: Refusal = anywhere


def cast(value: Datum, to: pa.DataType) -> Datum:
    """Change a type where every value is known to fit."""
    if value.type == to:
        return value
    if isinstance(value, pa.Scalar):
        return value.cast(to) if value.is_valid else pa.scalar(None, to)
    if pa.types.is_dictionary(to) and not pa.types.is_dictionary(value.type):
        return pc.cast(pc.dictionary_encode(pc.cast(value, to.value_type)), to)
    return pc.cast(value, to, safe=False)


def has_nan(value: Datum) -> bool:
    """Whether a value is NaN; false for types that have none."""
    return pa.types.is_floating(value.type) and bool(pc.any(pc.is_nan(value)).as_py())


def plain(value: Any) -> Any:
    """A constant operand as a Python value."""
    return value.as_py() if isinstance(value, pa.Scalar) else value
