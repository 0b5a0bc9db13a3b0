"""What it takes to run a function in pandas: its translation, and the reason where there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from scalekit.expr.node import Call, Literal

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

    def constant(self, position: int) -> Any:
        """The value of an operand that is a constant."""
        return getattr(self.call.args[position], "value", None)

    def is_constant(self, position: int) -> bool:
        """Whether an operand is a constant."""
        return isinstance(self.call.args[position], Literal)


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
    columns
        How many operands may be columns, the others being constants; None for all.
    lists
        Whether a constant may be a list of values.
    """

    run: Callable[..., Datum]
    refuses: Refusal = anywhere
    columns: int | None = None
    lists: bool = False


@dataclass(frozen=True)
class Window:
    """A function from the rows of a group to one value for each of them.

    Attributes
    ----------
    run
        The answer's Arrow type, the groups, the operands' rows in order and the options to the answer.
    refuses
        Why a use is not native.
    columns
        How many operands are columns; the others must be constants.
    """

    run: Callable[..., Datum]
    refuses: Refusal = anywhere
    columns: int | None = 1


# Which types a function takes

Fits = Callable[[pl.DataType], bool]


def of(*allowed: Fits) -> Refusal:
    """Refuse a first operand of any other type."""

    def refuses(site: Site) -> str | None:
        dtype = site.operands[0]
        return None if any(fits(dtype) for fits in allowed) else f"{site.call.function} of {dtype}"

    return refuses


def all_of(*allowed: Fits) -> Refusal:
    """Refuse operands of any other type."""

    def refuses(site: Site) -> str | None:
        others = [d for d in site.operands if not any(fits(d) for fits in allowed)]
        return f"{site.call.function} of {others[0]}" if others else None

    return refuses


def both(*refusals: Refusal) -> Refusal:
    """Refuse what one of several refuses."""
    return lambda site: next((reason for refuses in refusals if (reason := refuses(site))), None)


def is_integer(dtype: pl.DataType) -> bool:
    """Whether values are whole numbers."""
    return dtype.is_integer()


def is_float(dtype: pl.DataType) -> bool:
    """Whether values are floats."""
    return dtype.is_float()


def is_boolean(dtype: pl.DataType) -> bool:
    """Whether values are truths."""
    return dtype == pl.Boolean


def is_string(dtype: pl.DataType) -> bool:
    """Whether values are text."""
    return dtype == pl.String


def is_decimal(dtype: pl.DataType) -> bool:
    """Whether values are decimals."""
    return isinstance(dtype, pl.Decimal)


def is_duration(dtype: pl.DataType) -> bool:
    """Whether values are durations."""
    return isinstance(dtype, pl.Duration)


def is_datetime(dtype: pl.DataType) -> bool:
    """Whether values are datetimes, with a zone or without."""
    return isinstance(dtype, pl.Datetime)


def is_time(dtype: pl.DataType) -> bool:
    """Whether values are times of day."""
    return dtype == pl.Time


def is_date(dtype: pl.DataType) -> bool:
    """Whether values are dates."""
    return dtype == pl.Date


def is_mixable(source: pl.DataType, target: pl.DataType) -> bool:
    """Whether a value may stand among values of another type: numbers among numbers, null anywhere."""
    return source in (target, pl.Null) or (_is_plain_number(source) and _is_plain_number(target))


def _is_plain_number(dtype: pl.DataType) -> bool:
    return dtype.is_integer() or dtype.is_float()


def choices(site: Site) -> str | None:
    """Refuse choices between values that Arrow cannot choose from: of nested types, or of several kinds."""
    dtype = site.result
    nested = dtype.is_nested() or isinstance(dtype, pl.Categorical | pl.Enum)
    others = [d for d in site.operands if not is_mixable(d, dtype)]
    return f"{site.call.function} of {others[0] if others else dtype}" if nested or others else None


# Values


def cast(value: Datum, to: pa.DataType) -> Datum:
    """Change a type where every value is known to fit."""
    if value.type == to:
        return value
    if isinstance(value, pa.Scalar):
        return value.cast(to, safe=False) if value.is_valid else pa.scalar(None, to)
    if pa.types.is_dictionary(to) and not pa.types.is_dictionary(value.type):
        return pc.cast(pc.dictionary_encode(pc.cast(value, to.value_type)), to)
    return pc.cast(value, to, safe=False)


def has_nan(value: Datum) -> bool:
    """Whether a value is NaN; false for types that have none."""
    return pa.types.is_floating(value.type) and bool(pc.any(pc.is_nan(value)).as_py())


def plain(value: Any) -> Any:
    """A constant operand as a Python value."""
    return value.as_py() if isinstance(value, pa.Scalar) else value


# Ways to run


def through(method: Callable[..., Any]) -> Callable[..., Datum]:
    """Run a method of Narwhals' series on the pandas column; further operands are constants."""

    def run(_: pa.DataType, x: Datum, *operands: Any, **options: Any) -> Datum:
        column = pa.chunked_array([pa.repeat(x, 1)]) if isinstance(x, pa.Scalar) else x
        series = nw.from_native(pd.Series(pd.arrays.ArrowExtensionArray(column)), series_only=True)
        found = method(series, *map(plain, operands), **{k: plain(v) for k, v in options.items()})
        answer = found.to_native().array.__arrow_array__()
        return answer[0] if isinstance(x, pa.Scalar) else answer

    return run


def by_arrow(kernel: Callable[..., Datum]) -> Callable[..., Datum]:
    """Run an Arrow kernel on the pandas column's memory."""
    return lambda _, *operands: kernel(*operands)


def by_numpy(kernel: Callable[..., Any]) -> Callable[..., Datum]:
    """Run a NumPy function in the answer's type; null where an operand is null."""

    def run(to: pa.DataType, *operands: Datum) -> Datum:
        values = [cast(x, to) for x in operands]
        if all(isinstance(x, pa.Scalar) for x in values):
            columns = [pa.chunked_array([pa.repeat(x, 1)]) for x in values]
            return run(to, *columns)[0]
        with np.errstate(all="ignore"):
            found = kernel(*map(_numbers, values))
        return pa.chunked_array([pa.array(found, mask=_missing(values), from_pandas=False)])

    return run


def _numbers(value: Datum) -> Any:
    if isinstance(value, pa.Scalar):
        return value.type.to_pandas_dtype()(value.as_py() if value.is_valid else 1)
    return (value.fill_null(1) if value.null_count else value).to_numpy()


def _missing(values: list[Datum]) -> Any:
    columns = [x for x in values if not isinstance(x, pa.Scalar)]
    missing = np.zeros(len(columns[0]), dtype=bool)
    for x in values:
        if isinstance(x, pa.Scalar):
            missing |= not x.is_valid
        elif x.null_count:
            missing |= pc.is_null(x).to_numpy()
    return missing
