"""Small queries over made-up data, in two sizes: together they have every kind of work, in other mixtures each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

import scalekit as sk
from scalekit import col

NUMBERS = ("few", "many", "id", "x", "y", "z")


@dataclass(frozen=True)
class Tables:
    """Files of so many rows, and the same rows in memory."""

    folder: Path
    rows: int
    frame: pl.DataFrame

    def facts(self) -> sk.Frame:
        """The rows as Parquet."""
        return sk.scan_parquet(self.folder / "facts.parquet")

    def facts_csv(self) -> sk.Frame:
        """The same as CSV."""
        return sk.scan_csv(self.folder / "facts.csv")

    def facts_ndjson(self) -> sk.Frame:
        """The numbers as NDJSON."""
        return sk.scan_ndjson(self.folder / "facts.ndjson")

    def side(self, name: str) -> sk.Frame:
        """A table to join: ``"few"`` or ``"many"`` rows."""
        return sk.scan_parquet(self.folder / f"{name}.parquet")


def made(folder: Path, rows: int) -> Tables:
    """Write the files of a size."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(rows)
    many = max(2, rows // 3)
    ids = random.permutation(rows)
    frame = pl.DataFrame(
        {
            "few": random.integers(0, 50, rows),
            "many": random.integers(0, many, rows),
            "id": ids,
            "x": random.random(rows),
            "y": random.random(rows),
            "z": random.random(rows),
        }
    ).with_columns(
        word=pl.format("word{}", pl.col("few") * 20 + pl.col("id") % 20),
        text=pl.format("{} some words {} and more", "id", "many"),
    )
    frame.write_parquet(folder / "facts.parquet", row_group_size=max(1000, rows // 8))
    frame.write_csv(folder / "facts.csv")
    frame.select(NUMBERS).write_ndjson(folder / "facts.ndjson")
    for name, count in (("few", 50), ("many", many)):
        side = pl.DataFrame({name: np.arange(count), "weight": random.random(count)})
        side.write_parquet(folder / f"{name}.parquet")
    return Tables(folder, rows, frame.select(NUMBERS))


def _sums(frame: sk.Frame, *names: str) -> sk.Frame:
    return frame.select([col(name).sum() for name in names])


def _chain(frame: sk.Frame) -> sk.Frame:
    for number in range(4):
        frame = frame.filter(col("n") > number).with_row_index(f"r{number}")
    return frame


def _staged(frame: sk.Frame) -> sk.Frame:
    """Rows that have to meet in another way each time."""
    for number in range(4):
        frame = frame.sort("weight").group_by("few").agg(col("weight").median() + number)
    return frame


QUERIES: Mapping[str, Callable[[Tables], sk.Frame]] = {
    "nothing": lambda _: sk.from_dict({"n": [1, 2, 3]}).filter(col("n") > 1),
    "many nodes": lambda _: _chain(sk.from_dict({"n": list(range(9))})),
    "stages": lambda t: _staged(t.side("few")),
    "read numbers": lambda t: _sums(t.facts(), *NUMBERS),
    "read a number": lambda t: _sums(t.facts(), "x"),
    "read texts": lambda t: t.facts().select(col("word").max(), col("text").max()),
    "read few numbers": lambda t: _sums(t.facts().filter(col("few") == 7), *NUMBERS),
    "read few texts": lambda t: t.facts().filter(col("few") == 7).select(col("text").max()),
    "read half": lambda t: _sums(t.facts().filter(col("x") > 0.5), *NUMBERS),
    "csv, a number": lambda t: _sums(t.facts_csv(), "x"),
    "csv, numbers": lambda t: _sums(t.facts_csv(), *NUMBERS),
    "ndjson": lambda t: _sums(t.facts_ndjson(), "x", "y"),
    "frame": lambda t: _sums(sk.from_polars(t.frame), *NUMBERS),
    "arithmetic": lambda t: t.facts().select(
        *[((col("x") + n) * col("y") - col("z") / (n + 2)).sum().alias(f"a{n}") for n in range(4)]
    ),
    "text": lambda t: t.facts().select(
        col("text").str.contains("9 some").sum(),
        starts=col("text").str.starts_with("12").sum(),
        long=col("text").str.to_uppercase().str.len_bytes().sum(),
    ),
    "copy": lambda t: _sums(
        t.facts().with_columns(w=col("x") + col("y")).filter(col("w") > 1.0), *NUMBERS, "w"
    ),
    "few groups": lambda t: t.facts().group_by("few").agg(col("x").sum(), col("y").mean()),
    "text groups": lambda t: t.facts().group_by("word").agg(col("x").sum()),
    "many groups": lambda t: _sums(t.facts().group_by("many").agg(col("x").sum()), "x"),
    "all groups": lambda t: _sums(t.facts().group_by("id").agg(col("x").max()), "x"),
    "join few": lambda t: _sums(t.facts().join(t.side("few"), on="few"), "x", "weight"),
    "join many": lambda t: _sums(t.facts().join(t.side("many"), on="many"), "x", "weight"),
    "semi join": lambda t: _sums(
        t.facts().join(t.side("many").filter(col("weight") > 0.5), on="many", how="semi"), "x", "y"
    ),
    "join groups": lambda t: _sums(
        t.facts().join(t.facts().group_by("many").agg(m=col("y").max()), on="many"), "x", "m"
    ),
    "sort": lambda t: t.facts().select("x", "y", "id").sort("x").select(sk.all().last()),
    "top": lambda t: t.facts().select("x", "y").sort("x").head(5),
    "unique": lambda t: t.facts().select("many", "few").unique().select(sk.len()),
    "window": lambda t: _sums(
        t.facts().with_columns(m=col("x").sum().over("many")).filter(col("m") > 1), "m", "x"
    ),
    "result": lambda t: t.facts().select("id", "x", "y"),
    "result with text": lambda t: t.facts().select("id", "text").filter(col("id") % 2 == 0),
}
