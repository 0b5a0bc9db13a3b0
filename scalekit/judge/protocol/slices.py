"""Slices: the columns of levels, as text, by which results are told apart."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import polars as pl

from scalekit.errors import ColumnNotFoundError, ConfigError, SchemaError
from scalekit.expr.builders import col, lit, when
from scalekit.expr.expr import Expr
from scalekit.expr.joining import concat_str
from scalekit.frame.frame import Frame
from scalekit.judge.protocol import accepted
from scalekit.judge.protocol.names import HORIZON
from scalekit.judge.protocol.protocol import Protocol
from scalekit.learn.arguments import schema

MISSING = "(missing)"
OTHER = "(other)"
"""The level of all that have no level of their own."""

HORIZON_SLICE = "horizon"
"""The slice of forecasts by how many periods ahead they are."""

FORMATS = {
    "year": "%Y",
    "month": "%Y-%m",
    "week": "%G-W%V",
    "day": "%Y-%m-%d",
    "hour": "%Y-%m-%d %H:00",
}
"""Periods of a time, in the order of time when sorted as text."""

PERIODS = ("year", "quarter", "month", "week", "day", "hour", "weekday")
_QUANTILES = re.compile(r"quantiles?(\d+)")
_MOST_QUANTILES = 50


def slices_of(protocol: Protocol, frame: Frame) -> dict[str, Expr]:
    """An expression for each slice of a protocol, which gives every row the text of its level.

    Parameters
    ----------
    protocol
        Its ``slices``: ``"region"``, a column of texts, whole numbers or truth values; ``"day:month"``, a time by its year,
        quarter, month, week, day, hour or weekday (1 is Monday); ``"amount:quantile4"``, a number by its quantiles
        in this frame, which one query finds. ``"time:month"`` is of the protocol's time.
    frame
        The rows. Where they are those of a forecast, ``"horizon"`` is always among the slices: how many periods ahead a
        row is, as two digits or more.

    Returns
    -------
    dict
        Name of the slice, as it is written in the protocol -> expression; rows without a value are ``"(missing)"``.

    Raises
    ------
    ColumnNotFoundError
        Where the frame lacks a column.
    ConfigError
        Where what follows the colon has no meaning.
    SchemaError
        Where a column has a type that has no levels.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit.judge.protocol.slices import slices_of
    >>> frame = sk.from_dict({"id": [1, 2], "y": [0, 1], "region": ["north", None]})
    >>> found = slices_of(sk.Protocol("binary", "y", key="id", slices="region"), frame)
    >>> frame.select(found["region"]).collect()["region"].to_list()
    ['north', '(missing)']
    """
    names = protocol.slices
    if HORIZON in schema(frame) and HORIZON_SLICE not in names:
        names = (HORIZON_SLICE, *names)
    cuts = _cuts(protocol, frame, names)
    return {name: _slice(protocol, frame, name, cuts.get(name, ())).alias(name) for name in names}


def levels(frame: Frame, slices: Mapping[str, Expr], most: int = 50) -> dict[str, tuple[str, ...]]:
    """The levels of each slice, found by one reading of the rows: at most ``most``, those with most rows.

    Parameters
    ----------
    frame
        The rows.
    slices
        From :func:`slices_of`.
    most
        How many levels of one slice; the others are :data:`OTHER`, which is then the last.

    Returns
    -------
    dict
        Name of the slice -> its levels: periods and quantiles in their order, others by size.
    """
    if not slices:
        return {}
    places = {str(place): name for place, name in enumerate(slices)}
    texts = frame.select(**dict(zip(places, slices.values(), strict=True)))
    counted = texts.map_batches(_counted, schema=_COUNTS, whole=False)
    rows = counted.group_by("slice", "level").agg(rows=col("rows").sum()).collect()
    return {
        name: _levels(rows.filter(pl.col("slice") == place), name, most)
        for place, name in places.items()
    }


_COUNTS = {"slice": pl.String(), "level": pl.String(), "rows": pl.Int64()}


def _counted(texts: pl.DataFrame) -> pl.DataFrame:
    """How often each level of each slice is there in some rows."""
    found = [
        texts.select(level=name).group_by("level").agg(rows=pl.len().cast(pl.Int64))
        .select(pl.lit(name).alias("slice"), "level", "rows")
        for name in texts.columns
    ]  # fmt: skip
    return pl.concat(found)


def _levels(rows: pl.DataFrame, name: str, most: int) -> tuple[str, ...]:
    by_size = rows.sort("rows", "level", descending=[True, False])["level"].to_list()
    kept = by_size[:most]
    if ":" in name or name == HORIZON_SLICE:
        kept.sort(key=lambda level: (level == MISSING, level))
    return (*kept, OTHER) if len(by_size) > most else tuple(kept)


def _base(protocol: Protocol, types: Mapping[str, pl.DataType], name: str) -> tuple[str, str]:
    """The column of a slice, and what follows the colon; of a column as it is, nothing does."""
    if name in types:
        return name, ""
    base, colon, how = name.rpartition(":")
    if base == "time" and base not in types and protocol.time is not None:
        base = protocol.time
    if not colon or base not in types:
        raise ColumnNotFoundError.missing(
            [base if colon else name], list(types), what="slice column"
        )
    return base, how


def _slice(protocol: Protocol, frame: Frame, name: str, cuts: Sequence[float]) -> Expr:
    types = schema(frame)
    if name == HORIZON_SLICE and HORIZON in types:
        digits = len(str(protocol.horizon or 0))
        return col(HORIZON).cast(pl.String).str.zfill(max(digits, 2))
    base, how = _base(protocol, types, name)
    if not how:
        return _by_value(name, types[name])
    if _QUANTILES.fullmatch(how):
        return _by_quantile(base, cuts)
    if how not in PERIODS:
        wanted = (
            f"{accepted.nearest(how, PERIODS)}after the colon: {', '.join(PERIODS)}, or quantile4"
        )
        raise accepted.refused("slices", name, wanted)
    return _by_period(name, base, types[base], how)


def _by_value(name: str, dtype: pl.DataType) -> Expr:
    if dtype.is_temporal():
        raise SchemaError(
            f"slice {name!r} is of type {dtype}: say by which period, as in '{name}:month'"
        )
    if dtype.is_nested() or dtype in (pl.Binary, pl.Object, pl.Null):
        raise SchemaError(f"slice {name!r} is of type {dtype}, which has no levels")
    if dtype.is_float() or dtype.is_decimal():
        raise SchemaError(
            f"slice {name!r} is of type {dtype}: say by how many quantiles, as in '{name}:quantile4'"
        )
    return col(name).cast(pl.String).fill_null(MISSING)


def _by_period(name: str, column: str, dtype: pl.DataType, period: str) -> Expr:
    if dtype not in (pl.Date, pl.Datetime):
        raise SchemaError(f"slice {name!r}: {column!r} is of type {dtype}, which has no {period}")
    time = col(column)
    if period == "weekday":
        level = time.dt.weekday().cast(pl.String)
    elif period == "quarter":
        parts = (time.dt.year().cast(pl.String), lit("-Q"), time.dt.quarter().cast(pl.String))
        level = concat_str(*parts)
    elif period == "hour" and dtype == pl.Date:
        raise SchemaError(f"slice {name!r}: {column!r} is of type {dtype}, which has no hour")
    else:
        level = time.dt.strftime(FORMATS[period])
    return level.fill_null(MISSING)


def _cuts(protocol: Protocol, frame: Frame, names: Sequence[str]) -> dict[str, list[float]]:
    """Where each slice by quantiles is cut, so that no interval is empty: one query for all of them."""
    types = schema(frame)
    asked: dict[str, tuple[Expr, int]] = {}
    for name in names:
        if name == HORIZON_SLICE and HORIZON in types:
            continue
        base, how = _base(protocol, types, name)
        if how and (match := _QUANTILES.fullmatch(how)):
            asked[name] = _number(name, base, types[base], int(match[1])), int(match[1])
    if not asked:
        return {}
    wanted = {}
    for place, (value, count) in enumerate(asked.values()):
        wanted[f"{place}:0"] = value.min()
        wanted |= {f"{place}:{i}": value.quantile(i / count) for i in range(1, count)}
    found = frame.select(**wanted).collect().row(0, named=True)
    cuts = {}
    for place, (name, (_, count)) in enumerate(asked.items()):
        least = found[f"{place}:0"]
        ends = [found[f"{place}:{i}"] for i in range(1, count)]
        cuts[name] = sorted({cut for cut in ends if cut is not None and cut > least})
    return cuts


def _number(name: str, column: str, dtype: pl.DataType, count: int) -> Expr:
    """The column that is to be cut, with null for NaN."""
    if not dtype.is_numeric():
        raise SchemaError(f"slice {name!r}: {column!r} is of type {dtype}, which has no quantiles")
    if not 2 <= count <= _MOST_QUANTILES:
        raise ConfigError(f"slices={name!r}: from 2 to {_MOST_QUANTILES} quantiles")
    return _without_nan(column)


def _without_nan(column: str) -> Expr:
    value = col(column).cast(pl.Float64)
    return when(~value.is_nan()).then(value)


def _by_quantile(column: str, cuts: Sequence[float]) -> Expr:
    value, ends = _without_nan(column), [*cuts, None]
    level = when(value.is_null()).then(lit(MISSING))
    for place, end in enumerate(ends[:-1]):
        level = level.when(value < end).then(lit(_interval(place, ends)))
    return level.otherwise(lit(_interval(len(cuts), ends)))


def _interval(place: int, ends: list[float | None]) -> str:
    """``"q2: 10 to 20"``: from the first number to before the second."""
    low = f"{ends[place - 1]:g}" if place else ""
    high = "" if ends[place] is None else f"{ends[place]:g}"
    digits = len(str(len(ends)))
    shown = f"{low} to {high}" if low and high else f"below {high}" if high else f"{low} or more"
    return f"q{place + 1:0{digits}}: {shown}"
