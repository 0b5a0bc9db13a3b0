"""Thirty-two plans that hold more than a budget when they run in memory, over files that are small on the disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import polars as pl

import scalekit as sk
from scalekit import col

ROWS = 30_000_000
"""Of the largest table: 2 GB in memory and 200 MB on the disk."""

_FILES = 15

Answer: TypeAlias = tuple[object, ...]


def make(folder: Path, rows: int) -> sk.Frame:
    """The table, written once: a number of its own, keys of many and of few groups, a value and a text."""
    each = rows // _FILES
    if not (folder / "done").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for n in range(_FILES):
            _part(n * each, each).write_parquet(
                folder / f"{n:02}.parquet", row_group_size=each // 4
            )
        (folder / "done").touch()
    return sk.scan_parquet(f"{folder}/*.parquet")


def _part(start: int, rows: int) -> pl.DataFrame:
    at = pl.int_range(start, start + rows, dtype=pl.Int64)
    return pl.select(
        at.alias("id"),
        (at * 7919 % 2_000_003).alias("k"),
        (at * 2_654_435_761 % 4_294_967_296).alias("u"),
        (at * 31 % 1000 / 8).alias("v"),
        pl.format("name-{}-of-the-customer", at * 17 % 20_011).alias("s"),
    )


def _grows(table: pl.DataFrame) -> pl.DataFrame:
    """A user's function that gives forty rows for one."""
    return pl.concat([table] * 40)


def _hoards(table: pl.DataFrame) -> pl.DataFrame:
    """A user's function that takes memory of its own."""
    kept = bytearray(b"x") * (8 * 1024**3)
    return table.head(len(kept) % 7)


def _values(table: pl.DataFrame) -> pl.DataFrame:
    """A user's function that makes an object of each value."""
    return pl.DataFrame({"n": [len({row for row in table.iter_rows()})]})


def _repeated(times: int) -> sk.Expr:
    return sk.concat_str(*[col("s")] * times)


def _columns(frame: sk.Frame, count: int) -> sk.Frame:
    return frame.with_columns(**{f"c{n}": col("v") * n for n in range(count)})


def _side_by_side(rows: sk.Frame, count: int) -> sk.Frame:
    renamed = [rows.select(**{f"{name}{n}": col(name) for name in "uv"}) for n in range(count)]
    return sk.concat(renamed, how="horizontal")


def _crossed(rows: sk.Frame) -> sk.Frame:
    return rows.head(20_000).join(rows.head(10_000).select(n="id"), how="cross")


def _cut(times: int) -> sk.Expr:
    return sk.concat_list(*[col("v") + n for n in range(times)])


def _batches(frame: sk.Frame) -> int:
    return sum(batch.height for batch in frame.collect_batches(chunk_size=500_000))


def _file(frame: sk.Frame, folder: Path) -> Answer:
    """Rows and the sum of a value of what a write gives."""
    path = folder / "out.parquet"
    try:
        frame.write_parquet(path)
        return pl.scan_parquet(path).select(pl.len(), pl.col("v").sum()).collect().row(0)
    finally:
        path.unlink(missing_ok=True)


def _sorted_file(frame: sk.Frame, folder: Path) -> Answer:
    """What a write gives, and whether its rows are in order and all there."""
    path = folder / "sorted.parquet"
    try:
        frame.write_parquet(path)
        last, rows = -1, 0
        for batch in pl.scan_parquet(path).select("u").collect_batches(maintain_order=True):
            keys = batch["u"]
            if keys[0] <= last or not keys.is_sorted():
                return ("not sorted",)
            last, rows = keys[-1], rows + batch.height
        return (rows, last)
    finally:
        path.unlink(missing_ok=True)


def _row(frame: sk.Frame) -> Answer:
    return frame.collect().row(0)


def _height(frame: sk.Frame) -> Answer:
    return (frame.collect().height,)


@dataclass(frozen=True)
class Facts:
    """What is known of the table without a query: rows, the sum of ``v``, the greatest ``u``, groups of ``k`` and their pairs."""

    rows: int
    total: float
    greatest: int
    groups: int
    pairs: int

    @classmethod
    def of(cls, rows: int) -> Facts:
        """Count in a way of its own."""
        at = np.arange(rows)
        sizes = np.bincount(at * 7919 % 2_000_003)
        total = float((at * 31 % 1000).sum()) / 8
        greatest = int((at * 2_654_435_761 % 4_294_967_296).max())
        return cls(
            rows, total, greatest, int((sizes > 0).sum()), int((sizes.astype(np.int64) ** 2).sum())
        )


@dataclass(frozen=True)
class Case:
    """A plan, run to its end, and what it has to give where it is not refused."""

    name: str
    run: Callable[[sk.Frame, Path], Answer]
    answer: Callable[[Facts], Answer]


CASES = (
    # results
    Case("collect all", lambda t, _: _height(t), lambda f: (f.rows,)),
    Case("collect, three times as wide", lambda t, _: _height(_columns(t, 10)), lambda f: (f.rows,)),
    Case("persist all", lambda t, _: _row(t.persist().select(sk.len())), lambda f: (f.rows,)),
    Case("to_arrow", lambda t, _: (t.to_arrow().num_rows,), lambda f: (f.rows,)),
    Case("batches, twice as wide", lambda t, _: (_batches(_columns(t, 5)),), lambda f: (f.rows,)),
    Case("write, twice as wide", lambda t, out: _file(_columns(t, 5), out), lambda f: (f.rows, f.total)),
    # groups
    Case("group by unique numbers", lambda t, _: _row(t.group_by("u").agg(col("v").sum()).select(sk.len(), col("v").sum())), lambda f: (f.rows, f.total)),
    Case("group by all columns", lambda t, _: _row(t.group_by("id", "k", "u", "s", "v").agg(n=sk.len()).select(sk.len(), col("n").max())), lambda f: (f.rows, 1)),
    Case("lists of groups", lambda t, _: _row(t.group_by("k").agg(col("s"), col("u")).select(sk.len(), col("u").list.len().sum())), lambda f: (f.groups, f.rows)),
    Case("medians of groups", lambda t, _: _height(t.group_by("k").agg(col("v").median(), col("u").quantile(0.9))), lambda f: (f.groups,)),
    Case("distinct counts", lambda t, _: _row(t.select(col("u").n_unique(), col("id").n_unique())), lambda f: (f.rows, f.rows)),
    # order
    Case("sort, written", lambda t, out: _sorted_file(t.sort("u"), out), lambda f: (f.rows, f.greatest)),
    Case("sort by text, collected", lambda t, _: _height(t.sort("s", "u").select("id")), lambda f: (f.rows,)),
    Case("sort, then running sums", lambda t, _: _row(t.sort("u").select(col("v").cum_sum().max())), lambda f: (f.total,)),
    # unique
    Case("unique numbers", lambda t, _: _row(t.unique("u").select(sk.len(), col("v").sum())), lambda f: (f.rows, f.total)),
    Case("unique rows, written", lambda t, out: _file(t.unique(), out), lambda f: (f.rows, f.total)),
    # joins
    Case("self join", lambda t, _: _row(t.join(t.select("u", w="v"), on="u").select(sk.len(), col("w").sum())), lambda f: (f.rows, f.total)),
    Case("self join, written", lambda t, out: _file(t.join(t.select("u", t="s"), on="u"), out), lambda f: (f.rows, f.total)),
    Case("many to many", lambda t, _: _row(t.join(t.select("k", w="v"), on="k").select(sk.len())), lambda f: (f.pairs,)),
    Case("many to many, sorted", lambda t, _: _row(t.join(t.select("k", w="u"), on="k").sort("w").select(sk.len(), col("w").last() >= col("w").first())), lambda f: (f.pairs, True)),
    Case("cross join, unique", lambda t, _: _row(_crossed(t).unique(["id", "n"]).select(sk.len())), lambda f: (200_000_000,)),
    # windows
    Case("window of unique numbers, written", lambda t, out: _file(t.with_columns(m=col("v").mean().over("u")), out), lambda f: (f.rows, f.total)),
    Case("ranks in groups", lambda t, _: _row(t.with_columns(r=col("u").rank().over("k")).select((col("r") == 1).sum())), lambda f: (f.groups,)),
    # shapes
    Case("explode, unique", lambda t, _: _row(t.with_columns(l=_cut(5)).explode("l").unique(["id", "l"]).select(sk.len())), lambda f: (5 * f.rows,)),
    Case("pivot", lambda t, _: _height(t.pivot("v", on_columns=[n / 8 for n in range(150)], index="k", values="u", aggregate_function="sum")), lambda f: (f.groups,)),
    Case("side by side", lambda t, _: _height(_side_by_side(t, 12)), lambda f: (f.rows,)),
    # texts
    Case("long texts, unique", lambda t, _: _row(t.select(t=_repeated(20), u="u").unique().select(sk.len())), lambda f: (f.rows,)),
    Case("long texts, collected", lambda t, _: _height(t.select(t=_repeated(10))), lambda f: (f.rows,)),
    # functions
    Case("a function that gives more", lambda t, _: _row(t.map_batches(_grows).sort("u").select(sk.len())), lambda f: (40 * f.rows,)),
    Case("a function that hoards", lambda t, _: _height(t.select("v").map_batches(_hoards)), lambda f: (-1,)),
    Case("a function over rows", lambda t, _: _row(t.map_batches(_values, schema={"n": pl.Int64})), lambda f: (f.rows,)),
    # another backend
    Case("pandas", lambda t, _: (t.group_by("s").agg(col("v").sum()).collect(backend="pandas").height,), lambda f: (min(f.rows, 20_011),)),
)  # fmt: skip
"""Groups of plans by what it is that holds much."""
