"""Slices: the columns by whose levels, which are texts, results are told apart."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from scalekit.errors import ColumnNotFoundError, ConfigError, SchemaError
from scalekit.expr.builders import col, when
from scalekit.expr.expr import Expr
from scalekit.frame.frame import Frame
from scalekit.judge.metrics.arrays import Array
from scalekit.judge.protocol import accepted
from scalekit.judge.protocol.names import HORIZON
from scalekit.judge.protocol.protocol import Protocol
from scalekit.kernels.hash_function import row_share
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

SAMPLED = 1_000_000
"""Rows, about, by which quantiles are found: more say the same to three digits of a share."""

_WIDEST = 1 << 16
"""Whole numbers that lie no farther apart are looked up by their place in a table, others by a hash."""


@dataclass(frozen=True)
class Slice:
    """From the rows of a part to the levels of a slice: texts are made of few keys, and not of each row.

    Attributes
    ----------
    column
        Of the frame.
    how
        Nothing for a column as it is; one of :data:`PERIODS`; ``"quantile"``; or ``"horizon"``.
    cuts
        Of quantiles, where one interval ends and the next begins.
    digits
        Of horizons, how many are written at the least.
    """

    column: str
    how: str = ""
    cuts: tuple[float, ...] = ()
    digits: int = 0

    def keys(self, rows: pl.DataFrame) -> pl.Series:
        """What the levels of rows are made of: the value, the day or hour, or the number of the interval; null of none."""
        values = rows[self.column]
        if self.how == "quantile":
            numbers = values.cast(pl.Float64).fill_nan(None)
            places = np.searchsorted(self.cuts, numbers.fill_null(0.0).to_numpy(), side="right")
            return pl.select(pl.when(numbers.is_not_null()).then(pl.Series(places))).to_series()
        if self.how == "hour":
            return values.dt.truncate("1h")
        return values.dt.date() if self.how in PERIODS else values

    def texts(self, keys: pl.Series) -> pl.Series:
        """The level of each key."""
        return self._texts(keys).fill_null(MISSING)

    def _texts(self, keys: pl.Series) -> pl.Series:
        match self.how:
            case "quantile":
                ends = [*self.cuts, None]
                names = [_interval(place, ends) for place in range(len(ends))]
                places = list(range(len(ends)))
                return keys.replace_strict(places, names, return_dtype=pl.String)
            case "horizon":
                return keys.cast(pl.String).str.zfill(self.digits)
            case "weekday":
                return keys.dt.weekday().cast(pl.String)
            case "quarter":
                parts = keys.to_frame("day").select(
                    pl.format("{}-Q{}", pl.col("day").dt.year(), pl.col("day").dt.quarter())
                )
                return parts.to_series()
            case "":
                return keys.cast(pl.String)
        return keys.dt.strftime(FORMATS[self.how])

    def counts(self, rows: pl.DataFrame) -> pl.DataFrame:
        """How many rows each level has."""
        counted = self.keys(rows).alias("key").to_frame().group_by("key").len("rows")
        return counted.select(level=self.texts(counted["key"]), rows=pl.col("rows").cast(pl.Int64))

    def codes(self, rows: pl.DataFrame, levels: Sequence[str]) -> Array:
        """(n,) the place of each row's level among some; of those that are not listed that of the others, or -1."""
        keys = self.keys(rows)
        distinct = keys.unique()
        others = levels.index(OTHER) if OTHER in levels else -1
        known = {level: place for place, level in enumerate(levels)}
        places = [known.get(text, others) for text in self.texts(distinct)]
        return _looked_up(keys, distinct, places)


def _looked_up(keys: pl.Series, distinct: pl.Series, places: Sequence[int]) -> Array:
    """The place of each key."""
    if keys.dtype == pl.Boolean:
        keys, distinct = keys.cast(pl.Int8), distinct.cast(pl.Int8)
    keys, distinct = keys.to_physical(), distinct.to_physical()
    ends = distinct.min(), distinct.max()
    if not keys.dtype.is_integer() or None in ends or ends[1] - ends[0] >= _WIDEST:  # type: ignore[operator]
        return keys.replace_strict(distinct, places, return_dtype=pl.Int64).to_numpy()
    low, width = int(ends[0]), int(ends[1]) - int(ends[0]) + 1  # type: ignore[arg-type]
    table = np.full(width + 1, -1)  # the last one is of nulls
    table[_within(distinct, low, width)] = places
    return table[_within(keys, low, width)]


def _within(keys: pl.Series, low: int, width: int) -> Array:
    return (keys.cast(pl.Int64) - low).fill_null(width).to_numpy()


def slices_of(protocol: Protocol, frame: Frame, rows: int | None = None) -> dict[str, Slice]:
    """How the rows of a frame come to their levels, for each slice of a protocol.

    Parameters
    ----------
    protocol
        Its ``slices``: ``"region"``, a column of texts, whole numbers or truth values; ``"day:month"``, a time by its year,
        quarter, month, week, day, hour or weekday (1 is Monday); ``"amount:quantile4"``, a number by its quantiles
        in this frame, which one query finds. ``"time:month"`` is of the protocol's time.
    frame
        The rows. Where they are those of a forecast, ``"horizon"`` is always among the slices: how many periods ahead a
        row is, as two digits or more.
    rows
        How many there are, about, where that is known: of more than a million, quantiles are those of about a million that are
        chosen by a hash of the protocol's key, the same ones on every backend.

    Returns
    -------
    dict
        Name of the slice, as it is written in the protocol -> :class:`Slice`; rows without a value are ``"(missing)"``.

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
    >>> found["region"].codes(frame.collect(), ["(missing)", "north"]).tolist()
    [1, 0]
    """
    names = protocol.slices
    if HORIZON in schema(frame) and HORIZON_SLICE not in names:
        names = (HORIZON_SLICE, *names)
    cuts = _cuts(protocol, frame, names, rows or 0)
    return {name: _slice(protocol, frame, name, cuts.get(name, ())) for name in names}


def levels(frame: Frame, slices: Mapping[str, Slice], most: int = 50) -> dict[str, tuple[str, ...]]:
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
    columns = dict.fromkeys(one.column for one in slices.values())
    counting = _Counting(tuple(slices.items()))
    counted = frame.select(*columns).map_batches(counting, schema=_COUNTS, whole=False)
    rows = counted.group_by("slice", "level").agg(rows=col("rows").sum()).collect()
    return {name: _levels(rows.filter(pl.col("slice") == name), name, most) for name in slices}


_COUNTS = {"slice": pl.String(), "level": pl.String(), "rows": pl.Int64()}


@dataclass(frozen=True)
class _Counting:
    """How often each level of each slice is there in some rows."""

    slices: tuple[tuple[str, Slice], ...]

    @property
    def __name__(self) -> str:
        return "count levels"

    def __call__(self, rows: pl.DataFrame) -> pl.DataFrame:
        return pl.concat(
            one.counts(rows).select(pl.lit(name).alias("slice"), "level", "rows")
            for name, one in self.slices
        )


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


def _slice(protocol: Protocol, frame: Frame, name: str, cuts: Sequence[float]) -> Slice:
    types = schema(frame)
    if name == HORIZON_SLICE and HORIZON in types:
        return Slice(HORIZON, "horizon", digits=max(len(str(protocol.horizon or 0)), 2))
    base, how = _base(protocol, types, name)
    if not how:
        _check_has_levels(name, types[name])
        return Slice(name)
    if _QUANTILES.fullmatch(how):
        return Slice(base, "quantile", tuple(cuts))
    if how not in PERIODS:
        wanted = (
            f"{accepted.nearest(how, PERIODS)}after the colon: {', '.join(PERIODS)}, or quantile4"
        )
        raise accepted.refused("slices", name, wanted)
    _check_has_period(name, base, types[base], how)
    return Slice(base, how)


def _check_has_levels(name: str, dtype: pl.DataType) -> None:
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


def _check_has_period(name: str, column: str, dtype: pl.DataType, period: str) -> None:
    if dtype not in (pl.Date, pl.Datetime):
        raise SchemaError(f"slice {name!r}: {column!r} is of type {dtype}, which has no {period}")
    if period == "hour" and dtype == pl.Date:
        raise SchemaError(f"slice {name!r}: {column!r} is of type {dtype}, which has no hour")


def _cuts(
    protocol: Protocol, frame: Frame, names: Sequence[str], rows: int
) -> dict[str, list[float]]:
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
    if rows > SAMPLED and protocol.unit:
        share = row_share(*protocol.unit, seed=protocol.split.salt, purpose="sample")
        frame = frame.filter(share < SAMPLED / rows)
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


def _interval(place: int, ends: list[float | None]) -> str:
    """``"q2: 10 to 20"``: from the first number to before the second."""
    low = f"{ends[place - 1]:g}" if place else ""
    high = "" if ends[place] is None else f"{ends[place]:g}"
    digits = len(str(len(ends)))
    shown = f"{low} to {high}" if low and high else f"below {high}" if high else f"{low} or more"
    return f"q{place + 1:0{digits}}: {shown}"
