"""Is an answer DuckDB's answer: every row, every column, in the order that the query asks for."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from benchmarks.pdsh.tables import NAMES, path_of

SQL = Path(__file__).with_name("sql")
RELATIVE = 1e-9

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Order:
    """What the end of a query says about its rows: the columns they are sorted by, and how many."""

    keys: tuple[str, ...]
    limit: int | None

    @classmethod
    def of(cls, sql: str) -> Order:
        """Read the last ORDER BY and LIMIT of a query (in ``sql/`` they stand at the very end)."""
        limit = re.search(r"\nLIMIT (\d+)\s*$", sql)
        order = re.search(r"\nORDER BY ([^\n]+)", sql)
        keys = order[1].replace(" DESC", "").split(", ") if order else []
        return cls(tuple(keys), int(limit[1]) if limit else None)


@dataclass(frozen=True)
class Expected:
    """DuckDB's answer: all rows that a LIMIT chooses from, so that a tie at its edge can be judged."""

    frame: pl.DataFrame
    order: Order

    @property
    def height(self) -> int:
        """How many rows an answer has."""
        limit = self.order.limit
        return self.frame.height if limit is None else min(limit, self.frame.height)

    @cached_property
    def ties(self) -> list[int]:
        """The number of each row's tie: rows with equal keys may stand in any order."""
        keys = [self.frame.columns.index(name) for name in self.order.keys]
        rows = self.frame.rows()
        numbers = [0] if rows else []
        for before, row in pairwise(rows):
            same = all(_equal(before[key], row[key]) for key in keys)
            numbers.append(numbers[-1] if same else numbers[-1] + 1)
        return numbers


class Reference:
    """DuckDB on the files of one scale."""

    def __init__(self, folder: Path, scale: float) -> None:
        self.connection = duckdb.connect()
        for name in NAMES:
            path = str(path_of(folder, name)).replace("'", "''")
            self.connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{path}')")
        self.connection.execute(f"SET VARIABLE scale = {scale!r}::DOUBLE")

    def close(self) -> None:
        """Let go of DuckDB; ``contextlib.closing`` does."""
        self.connection.close()

    def answer(self, number: int) -> Expected:
        """The answer to query `number`."""
        sql = text_of(number)
        order = Order.of(sql)
        if order.limit is not None:
            sql = sql[: sql.rindex("LIMIT")]
        return Expected(normalise(self.connection.sql(sql).pl()), order)


def text_of(number: int) -> str:
    """The SQL of query `number`."""
    return (SQL / f"q{number:02d}.sql").read_text(encoding="utf-8").rstrip()


def normalise(frame: pl.DataFrame) -> pl.DataFrame:
    """Give every integer and every float one width, as engines count and sum in different ones."""
    types: dict[Any, Any] = {
        name: pl.Int64 if dtype.is_integer() else pl.Float64
        for name, dtype in frame.schema.items()
        if dtype.is_integer() or dtype.is_float() or dtype.is_decimal()
    }
    return frame.cast(types)


def differences(expected: Expected, got: pl.DataFrame) -> list[str]:
    """What is wrong with an answer, a sentence each; nothing where it is DuckDB's."""
    frame = normalise(got)
    if frame.schema != expected.frame.schema:
        return [f"columns are {dict(frame.schema)}, not {dict(expected.frame.schema)}"]
    if frame.height != expected.height:
        return [f"{frame.height} rows, not {expected.height}"]
    return _misplaced(expected, frame) or _unequal(expected, frame)


def _misplaced(expected: Expected, frame: pl.DataFrame) -> list[str]:
    """Rows whose sort keys are not those that belong at their place."""
    found = []
    for key in expected.order.keys:
        pairs = zip(frame[key], expected.frame[key].head(frame.height), strict=True)
        wrong = [
            f"row {i}: {key} is {a!r}, not {b!r}"
            for i, (a, b) in enumerate(pairs)
            if not _equal(a, b)
        ]
        found += wrong[:3]
    return found


def _unequal(expected: Expected, frame: pl.DataFrame) -> list[str]:
    """Rows of an answer that DuckDB does not have, each of DuckDB's rows used once.

    Without sort keys the whole answer is one tie. Floats are compared last, so that rows which agree in
    everything else find each other whatever the last bits of their sums.
    """
    tied: dict[int, list[Row]] = {}
    for number, row in zip(expected.ties, expected.frame.rows(), strict=True):
        tied.setdefault(number, []).append(row)
    found = []
    for number, row in zip(expected.ties, frame.rows(), strict=False):
        match = next((other for other in tied[number] if _rows_equal(row, other)), None)
        if match is None:
            found.append(f"{row!r} is not in DuckDB's answer; at its place: {tied[number][:2]!r}")
        else:
            tied[number].remove(match)
    return found[:3]


def _rows_equal(a: Row, b: Row) -> bool:
    return all(_equal(x, y) for x, y in zip(a, b, strict=True))


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=RELATIVE) or (math.isnan(a) and math.isnan(b))
    return bool(a == b) and type(a) is type(b)
