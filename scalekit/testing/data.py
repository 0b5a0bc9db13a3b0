"""Awkward data: tables with the same columns and every kind of trouble in their rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import polars as pl

SCHEMA = pl.Schema(
    {
        "o": pl.Int64(),  # the row's place: unique, without nulls
        "k": pl.String(),  # a key with few values
        "i": pl.Int64(),
        "i32": pl.Int32(),
        "i8": pl.Int8(),
        "u8": pl.UInt8(),
        "f": pl.Float64(),
        "f32": pl.Float32(),
        "b": pl.Boolean(),
        "s": pl.String(),
        "d": pl.Date(),
        "t": pl.Datetime("us"),
        "tz": pl.Datetime("us", "Europe/Vienna"),
        "dur": pl.Duration("us"),
        "tm": pl.Time(),
        "dec": pl.Decimal(20, 4),
        "c": pl.Categorical(),
        "e": pl.Enum(["low", "mid", "high"]),
        "bin": pl.Binary(),
        "li": pl.List(pl.Int64()),
        "lf": pl.List(pl.Float64()),
        "ls": pl.List(pl.String()),
        "st": pl.Struct({"x": pl.Int64(), "y": pl.String()}),
    }
)
"""The columns of every data set."""

_VALUES: Mapping[str, tuple[Any, ...]] = {
    "k": ("a", "b", "a", "c", "b", "a", "a"),
    "i": (3, 1, 2, 5, 4, -7, 0),
    "i32": (30, 10, 20, 50, 40, -70, 0),
    "i8": (3, 1, 2, 5, 4, -7, 0),
    "u8": (3, 1, 2, 5, 4, 7, 0),
    "f": (1.5, -2.5, 0.5, 2.5, 3.25, 1e3, 0.125),
    "f32": (1.5, -2.5, 0.5, 2.5, 3.25, 1e3, 0.125),
    "b": (True, False, True, True, False, False, True),
    "s": ("apple", "Banana", "cherry pie", "  fig ", "007", "a-b-c", "Apple"),
    "d": tuple(date(2024, m, d) for m, d in ((2, 29), (1, 1), (12, 31), (3, 31), (10, 27), (7, 4), (1, 8))),
    "t": tuple(datetime(2024, m, 27, h, 30, 15, 250_000) for m, h in zip(range(2, 9), range(7), strict=True)),
    "tz": tuple(datetime(2024, m, 27, h, 30, 15) for m, h in zip(range(2, 9), range(7), strict=True)),
    "dur": tuple(timedelta(days=n, seconds=7 * n, microseconds=n) for n in (1, -1, 2, 3, 0, 40, 5)),
    "tm": tuple(time(h, 15, 30, 125) for h in (0, 23, 12, 6, 7, 1, 2)),
    "dec": tuple(Decimal(x) for x in ("1.5000", "-2.2500", "0.0001", "99999.9999", "3", "-0.5", "12.25")),
    "c": ("red", "green", "red", "blue", "green", "red", "blue"),
    "e": ("low", "high", "mid", "low", "high", "mid", "low"),
    "bin": (b"a", b"", b"\x00\xff", b"abc", b"b", b"zz", b"q"),
    "li": ([1, 2, 3], [], [5], [2, 2, 1], [0, -1], [7], [3, 3]),
    "lf": ([1.5, 2.5], [], [0.25], [2.0, -2.0], [1.0], [3.5, 0.5], [9.0]),
    "ls": (["a", "b"], [], ["c"], ["b", "b"], ["x", "y", "z"], ["a"], ["q"]),
    "st": tuple({"x": n, "y": t} for n, t in zip((1, 2, 3, 1, 5, 6, 7), "abcabcx", strict=True)),
}  # fmt: skip


def _table(columns: Mapping[str, tuple[Any, ...]]) -> pl.DataFrame:
    height = len(columns["k"])
    data = {"o": tuple(range(height)), **columns}
    plain = {
        name: pl.Series(name, list(data[name]), dtype=_naive(dtype))
        for name, dtype in SCHEMA.items()
    }
    table = pl.DataFrame(plain)
    return table.with_columns(pl.col("tz").dt.replace_time_zone("Europe/Vienna"))


def _naive(dtype: pl.DataType) -> pl.DataType:
    return pl.Datetime("us") if isinstance(dtype, pl.Datetime) else dtype


def _replaced(**changes: tuple[Any, ...]) -> pl.DataFrame:
    return _table({**_VALUES, **changes})


def _nan_null() -> pl.DataFrame:
    holed = {
        name: tuple(None if i % 3 == 1 else v for i, v in enumerate(vs))
        for name, vs in _VALUES.items()
    }
    nan = float("nan")
    floats = (nan, None, 0.5, nan, -0.0, 0.0, float("inf"))
    return _table(
        {
            **holed,
            "k": ("a", None, "a", "b", None, "a", "b"),
            "f": floats,
            "f32": floats,
            "li": ([1, None], None, [None], [], [2], [3, 1], None),
            "lf": ([nan, 1.0], None, [None], [], [nan], [3.0, 1.0], None),
            "ls": (["a", None], None, [None], [], [""], ["z", "a"], None),
            "st": ({"x": None, "y": "a"}, None, {"x": 1, "y": None}, *_VALUES["st"][3:]),
        }
    )


def _extreme() -> pl.DataFrame:
    low, high = -(2**63), 2**63 - 1
    return _replaced(
        i=(low, high, 0, high, low, 2**53 + 1, -1),
        i32=(-(2**31), 2**31 - 1, 0, 2**31 - 1, -(2**31), 1, -1),
        i8=(-128, 127, 0, 127, -128, 1, -1),
        u8=(0, 255, 255, 254, 1, 128, 127),
        f=(1.7e308, -1.7e308, 5e-324, 1e16, -0.0, float("inf"), float("-inf")),
        f32=(3.4e38, -3.4e38, 1e-45, 16_777_217.0, -0.0, float("inf"), float("-inf")),
        d=tuple(date(y, 1, 1) for y in (1, 9999, 1582, 1900, 1970, 2000, 1969)),
        t=tuple(datetime(y, 1, 1, 12) for y in (1, 9999, 1582, 1900, 1970, 2000, 1969)),
        s=("", " ", "a" * 300, "\n", "1e400", "-9223372036854775808", "$1 \\1 (x)"),
        li=([high], [low], [], [0] * 50, [high, low], [1], [2]),
    )


def _unicode() -> pl.DataFrame:
    words = ("straße", "ﬁ", "e\u0301", "é", "日本語", "👩‍👩‍👧", "ΑΣ")
    return _replaced(
        s=words,
        k=("é", "e\u0301", "é", "日", "日", "Z", "z"),
        c=words,
        ls=tuple([w, w[:1]] for w in words),
    )


def _duplicates() -> pl.DataFrame:
    columns = {name: tuple(values[i % 2] for i in range(7)) for name, values in _VALUES.items()}
    return _table(columns)


_MAKERS: Mapping[str, Callable[[], pl.DataFrame]] = {
    "ordinary": lambda: _table(_VALUES),
    "empty": lambda: _table(_VALUES).clear(),
    "one_row": lambda: _table(_VALUES).head(1),
    "all_null": lambda: _table({n: (None,) * 7 for n in _VALUES}),
    "nan_null": _nan_null,
    "duplicates": _duplicates,
    "unicode": _unicode,
    "extreme": _extreme,
}

DATASETS = tuple(_MAKERS)
"""Names of the data sets."""


@lru_cache
def dataset(name: str) -> pl.DataFrame:
    """One of :data:`DATASETS`, with the columns of :data:`SCHEMA`."""
    return _MAKERS[name]()


def many_rows(height: int) -> pl.DataFrame:
    """A table of ``height`` rows with the columns of :data:`SCHEMA`, cut from the data sets in turn.

    Floats get fractions that binary numbers round, so that sums show the order of their addition.
    """
    pieces = [dataset(name) for name in ("ordinary", "nan_null", "duplicates", "unicode")]
    table = pl.concat(pieces)
    times = -(-height // table.height)
    rows = pl.concat([table] * times).head(height).with_row_index("row")
    shaken = (pl.col("row").cast(pl.Float64) * 0.1 + 0.3).sin()
    return rows.with_columns(
        o=pl.col("row").cast(pl.Int64),
        f=pl.col("f") + shaken,
        f32=(pl.col("f32") + shaken).cast(pl.Float32),
    ).drop("row")
