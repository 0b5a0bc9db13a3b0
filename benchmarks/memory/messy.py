"""Data that is hard to guess the size of, and what people do with it; the same rows on every machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np
import polars as pl

import scalekit as sk
from scalekit import col

Plan: TypeAlias = Callable[[sk.Frame], sk.Frame]

_WORDS = [
    "amber",
    "birch",
    "cedar",
    "delta",
    "ember",
    "fjord",
    "grove",
    "haven",
    "inlet",
    "juniper",
]


def long_text(random: np.random.Generator) -> pl.DataFrame:
    """Texts of 200 to 2,000 characters, no two alike."""
    rows = 150_000
    lengths = random.integers(20, 200, rows)
    picks = random.integers(0, len(_WORDS), 200)
    base = " ".join(_WORDS[pick] for pick in picks)
    return pl.DataFrame(
        {
            "id": np.arange(rows),
            "text": [f"{n} {base[: 10 * size]}" for n, size in enumerate(lengths)],
        }
    )


def dictionaries(random: np.random.Generator) -> pl.DataFrame:
    """Few texts, repeated; a file holds each of them once."""
    rows = 6_000_000
    values = pl.Series([f"{word}-of-the-north-{n}" for n in range(5) for word in _WORDS])
    picks = {f"c{n}": values.gather(random.integers(0, 50, rows)) for n in range(4)}
    return pl.DataFrame({**picks, "x": random.random(rows)})


def nested(random: np.random.Generator) -> pl.DataFrame:
    """Lists of 0 to 20 numbers, and records."""
    rows = 800_000
    sizes = random.integers(0, 20, rows)
    values = pl.DataFrame(
        {"id": np.repeat(np.arange(rows), sizes), "v": random.integers(0, 1000, sizes.sum())}
    )
    lists = values.group_by("id", maintain_order=True).agg("v")
    whole = pl.DataFrame({"id": np.arange(rows)}).join(lists, on="id", how="left")
    return whole.with_columns(
        r=pl.struct(a=pl.col("id") % 100, b=(pl.col("id") % 7).cast(pl.String))
    )


def wide(random: np.random.Generator) -> pl.DataFrame:
    """Two thousand columns of few rows."""
    return pl.DataFrame({f"c{n:04}": random.random(20_000) for n in range(2_000)})


def sparse(random: np.random.Generator) -> pl.DataFrame:
    """Columns of which one value in fifty is there."""
    rows = 3_000_000
    return pl.DataFrame(
        {
            f"c{n:02}": pl.Series(random.integers(0, 1000, rows)).set(
                pl.Series(random.random(rows) > 0.02), None
            )
            for n in range(10)
        }
    )


def constant(random: np.random.Generator) -> pl.DataFrame:
    """A text and a number that are the same everywhere: the file has next to none of them."""
    rows = 8_000_000
    return pl.DataFrame({"k": random.integers(0, 100, rows)}).with_columns(
        text=pl.lit("the same text of forty characters in all"), x=pl.lit(1.5)
    )


def many_keys(random: np.random.Generator) -> pl.DataFrame:
    """Nearly as many groups as rows."""
    rows = 4_000_000
    return pl.DataFrame({"k": random.integers(0, 1 << 40, rows), "x": random.random(rows)})


def skewed(random: np.random.Generator) -> pl.DataFrame:
    """One key has a third of the rows."""
    rows = 3_000_000
    keys = np.where(random.random(rows) < 1 / 3, 0, random.integers(1, 500_000, rows))
    return pl.DataFrame({"k": keys, "x": random.random(rows), "y": random.random(rows)})


def dates(random: np.random.Generator) -> pl.DataFrame:
    """Times, days and amounts of money."""
    rows = 4_000_000
    at = pl.Series(random.integers(0, 10**9, rows)).cast(pl.Datetime("ms"))
    cents = pl.Series(random.integers(0, 10**6, rows))
    return pl.DataFrame({"at": at}).with_columns(
        day=pl.col("at").dt.date(), price=(cents / 100).cast(pl.Decimal(12, 2))
    )


def identifiers(random: np.random.Generator) -> pl.DataFrame:
    """Texts of 36 characters, each of them once."""
    rows = 2_000_000
    numbers = pl.Series(random.integers(0, 1 << 62, rows))
    made = pl.DataFrame({"n": numbers}).select(
        id=pl.format("{}-0000-4000-8000-{}", "n", pl.col("n") % 997), x=pl.lit(1)
    )
    return made.with_columns(g=pl.int_range(pl.len()) % 1000)


DATA: Mapping[str, Callable[[np.random.Generator], pl.DataFrame]] = {
    "long text": long_text,
    "dictionaries": dictionaries,
    "nested": nested,
    "wide": wide,
    "sparse": sparse,
    "constant": constant,
    "many keys": many_keys,
    "skewed": skewed,
    "dates": dates,
    "identifiers": identifiers,
}

PLANS: Mapping[str, Mapping[str, Plan]] = {
    "long text": {
        "collect": lambda f: f,
        "filter": lambda f: f.filter(col("id") % 10 == 0),
        "sort": lambda f: f.sort("text"),
    },
    "dictionaries": {
        "collect": lambda f: f,
        "groups": lambda f: f.group_by("c0", "c1").agg(col("x").mean()),
        "unique": lambda f: f.select("c0", "c1", "c2").unique(),
    },
    "nested": {
        "collect": lambda f: f,
        "explode": lambda f: f.select("id", "v").explode("v"),
        "explode and sum": lambda f: f.select("id", "v").explode("v").group_by("v").agg(sk.len()),
    },
    "wide": {
        "collect": lambda f: f,
        "sums": lambda f: f.select(sk.all().sum()),
        "three columns": lambda f: f.select("c0000", "c1000", "c1999").sort("c0000"),
    },
    "sparse": {
        "collect": lambda f: f,
        "sort": lambda f: f.sort("c00"),
        "fill": lambda f: f.select(sk.all().fill_null(0)),
    },
    "constant": {
        "collect": lambda f: f,
        "groups": lambda f: f.group_by("k", "text").agg(col("x").sum()),
    },
    "many keys": {
        "groups": lambda f: f.group_by("k").agg(col("x").sum()),
        "unique": lambda f: f.unique("k"),
        "sort": lambda f: f.sort("x"),
    },
    "skewed": {
        "window": lambda f: f.with_columns(m=col("x").mean().over("k")),
        "join": lambda f: f.join(f.group_by("k").agg(s=col("y").sum()), on="k"),
    },
    "dates": {
        "collect": lambda f: f,
        "groups": lambda f: f.group_by("day").agg(col("price").sum()),
        "sort": lambda f: f.sort("at"),
    },
    "identifiers": {
        "collect": lambda f: f,
        "unique": lambda f: f.select(col("id").n_unique()),
        "join": lambda f: f.join(f.select("id", y="x"), on="id"),
    },
}


def prepare(folder: Path) -> Path:
    """Write the data as Parquet unless it is there; give the folder back."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, make) in enumerate(DATA.items()):
        path = path_of(folder, name)
        if not path.exists():
            making = path.with_suffix(".making")
            make(np.random.default_rng(number)).write_parquet(making, row_group_size=500_000)
            making.rename(path)
    return folder


def path_of(folder: Path, name: str) -> Path:
    """Where a data set lies."""
    return folder / f"{name.replace(' ', '-')}.parquet"
