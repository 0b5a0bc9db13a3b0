"""Sizes, counts, durations, types and values as a person reads them."""

from __future__ import annotations

import math

import polars as pl

from scalekit.expr.dtypes import to_dtype


class Shown(str):
    r"""Text of several lines that a prompt or a notebook shows as it is.

    Examples
    --------
    >>> Shown("SORT\n  SCAN")
    SORT
      SCAN
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def amount(number: int, noun: str) -> str:
    """A count with its noun.

    Examples
    --------
    >>> amount(1, "row"), amount(12345, "row")
    ('1 row', '12,345 rows')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def duration_text(seconds: float) -> str:
    """Seconds as people say them.

    Examples
    --------
    >>> duration_text(0.25), duration_text(75), duration_text(7500)
    ('0.2 s', '1 min 15 s', '2 h 5 min')
    """
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def shortened(text: str, longest: int) -> str:
    """Text of at most ``longest`` characters, the end left out.

    Examples
    --------
    >>> shortened("departure", 6)
    'depar…'
    """
    return text if len(text) <= longest else text[: longest - 1] + "…"


def shortened_inside(text: str, longest: int) -> str:
    """Text of at most ``longest`` characters, its middle left out, as the end of a path tells most.

    Examples
    --------
    >>> shortened_inside("/home/ann/flights/data/2013.csv", 16)
    '/hom…ta/2013.csv'
    """
    if len(text) <= longest:
        return text
    head = longest // 4
    return f"{text[:head]}…{text[head + 1 - longest :]}"


def type_text(dtype: pl.DataType) -> str:
    """A type as briefly as it can be said.

    Examples
    --------
    >>> type_text(pl.Datetime("us", "UTC")), type_text(pl.List(pl.Int64()))
    ('Datetime[us, UTC]', 'List[Int64]')
    """
    match dtype:
        case pl.Datetime(time_unit=unit, time_zone=zone):
            return f"Datetime[{unit}, {zone}]" if zone else f"Datetime[{unit}]"
        case pl.Duration(time_unit=unit):
            return f"Duration[{unit}]"
        case pl.Decimal(precision=precision, scale=scale):
            return f"Decimal[{precision}, {scale}]"
        case pl.List(inner=inner):
            return f"List[{type_text(to_dtype(inner))}]"
        case pl.Array(inner=inner, size=size):
            return f"Array[{type_text(to_dtype(inner))}, {size}]"
        case pl.Struct(fields=fields):
            return f"Struct[{_listing([f.name for f in fields])}]"
        case pl.Enum(categories=categories):
            return f"Enum[{_listing(list(categories))}]"
    return str(dtype)


def _listing(names: list[str], most: int = 8) -> str:
    more = [f"... {len(names) - most:,} more"] if len(names) > most else []
    return ", ".join([*names[:most], *more])


def value_text(value: object) -> str:
    r"""A value as briefly as it can be shown, on one line.

    Examples
    --------
    >>> value_text(123456.5), value_text(0.1 + 0.2), value_text(2e-9), value_text(True)
    ('123456.5', '0.3', '2e-09', 'true')
    >>> value_text([1, None]), value_text({"a": "x"}), value_text("two\nlines")
    ('[1, null]', '{a: x}', 'two↵lines')
    """
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case float():
            return _float_text(value)
        case list() | tuple():
            return f"[{', '.join(map(value_text, value))}]"
        case dict():
            return "{" + ", ".join(f"{name}: {value_text(v)}" for name, v in value.items()) + "}"
        case pl.Series():
            return value_text(value.to_list())
    return str(value).replace("\r\n", "↵").replace("\n", "↵")


def _float_text(value: float) -> str:
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else str(value)
    if value == 0 or 1e-4 <= abs(value) < 1e12:
        whole, _, rest = f"{value:.6f}".partition(".")
        return f"{whole}.{rest.rstrip('0') or '0'}"
    return f"{value:.6g}"
