"""The result of a database query as a source: read when it is needed, in partitions if asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from typing import Any

import polars as pl
from polars.io.plugins import register_io_source

from scalekit.errors import ColumnNotFoundError, InvalidOperationError, SchemaError, SourceError
from scalekit.sources.align import Types, declared_types
from scalekit.sources.base import Source, Statistics
from scalekit.sources.database_connection import Reader, Uri, database_errors, sqlite_path
from scalekit.sources.database_readers import open_reader
from scalekit.sources.database_size import guess_rows
from scalekit.sources.database_types import QueryColumn, conformed, query_columns
from scalekit.storage import parse_location


@dataclass(frozen=True)
class KeyRange:
    """The rows whose key is at least ``lower`` and below ``upper``; the first range has the nulls too."""

    key: str | None = None
    lower: Any = None
    upper: Any = None

    def condition(self) -> str:
        """The range in SQL."""
        bounds = [f"{self.key} >= {_literal(self.lower)}"] if self.lower is not None else []
        bounds += [f"{self.key} < {_literal(self.upper)}"] if self.upper is not None else []
        text = " AND ".join(bounds) or "1=1"
        return text if self.lower is not None else f"({text} OR {self.key} IS NULL)"


def _literal(value: Any) -> str:
    return str(value) if isinstance(value, int) else f"'{value.isoformat()}'"


@dataclass(frozen=True)
class DatabaseSource(Source):
    """A query against a database; see :func:`database_source`."""

    query: str
    connection: Any
    columns: tuple[QueryColumn, ...]
    ranges: tuple[KeyRange, ...]
    rows: int | None = field(default=None, compare=False)
    expected: int | None = field(default=None, compare=False)

    def keeps_order(self) -> bool:
        """No: a database gives rows as they come, and a query without an order may give another one."""
        return False

    @property
    def schema(self) -> pl.Schema:
        """Names and types as the database tells them."""
        return pl.Schema({column.name: column.dtype for column in self.columns})

    def splits(self) -> tuple[KeyRange, ...]:
        """The ranges of the key, or one piece."""
        return self.ranges or (KeyRange(),)

    def read(self, splits: Sequence[Any] | None = None) -> pl.LazyFrame:
        """The rows, asked for when the query runs; only the columns and the number of rows that it needs.

        A connection that belongs to one thread is read at once, in this thread.
        """
        ranges = tuple(self.splits() if splits is None else splits)
        if open_reader(self.connection).is_bound_to_thread:
            batches = list(self._batches(ranges, None, None))
            return (pl.concat(batches) if batches else self.schema.to_frame()).lazy()

        def rows(
            columns: list[str] | None,
            predicate: pl.Expr | None,
            n_rows: int | None,
            _batch: int | None,
        ) -> Iterator[pl.DataFrame]:
            # n_rows counts before the predicate: rows.head(2).filter(...) is asked for with both
            for batch in self._batches(ranges, columns, n_rows):
                yield batch if predicate is None else batch.filter(predicate)

        return register_io_source(rows, schema=dict(self.schema), is_pure=False)

    def _batches(
        self, ranges: Sequence[KeyRange], names: list[str] | None, limit: int | None
    ) -> Iterator[pl.DataFrame]:
        wanted = (
            self.columns if names is None else tuple(c for c in self.columns if c.name in names)
        )
        if names == []:
            wanted = self.columns[:1]
        left = limit
        with database_errors(self.describe(), self.connection):
            reader = open_reader(self.connection)
            for key_range in ranges:
                if left == 0:
                    return
                for batch in reader.batches(
                    self._sql(wanted, key_range, left),
                    [column.name for column in wanted],
                    [column.stored for column in wanted],
                ):
                    frame = conformed(batch, wanted)
                    left = None if left is None else left - frame.height
                    yield frame.select(names) if names is not None else frame

    def _sql(self, wanted: Sequence[QueryColumn], key_range: KeyRange, limit: int | None) -> str:
        plain = key_range.key is None and limit is None and len(wanted) == len(self.columns)
        if plain and all(column.select[0] in '"`' for column in wanted):
            return self.query
        where = f" WHERE {key_range.condition()}" if key_range.key is not None else ""
        last = f" LIMIT {limit}" if limit is not None else ""
        selected = ", ".join(column.select for column in wanted)
        return f"SELECT {selected} FROM ({self.query}) AS scalekit_query{where}{last}"

    def statistics(self) -> Statistics:
        """Rows as they were counted for the partitions, else as the database expects them."""
        rows = self.expected if self.rows is None else self.rows
        return Statistics(rows=rows, exact=self.rows is not None)

    def describe(self) -> str:
        """The beginning of the query, and the database without its password."""
        text = " ".join(self.query.split())
        shown = text if len(text) <= 80 else text[:77] + "..."
        return f"query {shown!r} on {open_reader(self.connection).describe()!r}"

    def __repr__(self) -> str:
        return f"<{self.describe()}>"

    def __getstate__(self) -> dict[str, Any]:
        if not isinstance(self.connection, Uri):
            raise SourceError(
                f"{self.describe()}: a live connection cannot be sent to another process; pass its URI instead"
            )
        return dict(self.__dict__)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def travels(self) -> bool:
        """Whether it is a URI: a live connection belongs to this process."""
        return isinstance(self.connection, Uri)

    def local_paths(self) -> tuple[str, ...]:
        """The file of an SQLite database."""
        return self._files()

    def inputs(self) -> tuple[str, ...]:
        """The file of an SQLite database; a server is no target of a write."""
        return tuple(str(parse_location(path)) for path in self._files())

    def _files(self) -> tuple[str, ...]:
        is_file = isinstance(self.connection, Uri) and self.connection.text.startswith("sqlite:")
        return (sqlite_path(self.connection.text),) if is_file else ()


def database_source(
    query: str,
    connection: Any,
    *,
    partition_on: str | None = None,
    partition_num: int | None = None,
    schema_overrides: Mapping[str, Any] | None = None,
) -> DatabaseSource:
    """Ask a database for the columns of a query; its rows are read when they are needed.

    Parameters
    ----------
    query
        A ``SELECT`` statement.
    connection
        A URI such as ``sqlite:///file.db`` or ``postgresql://user:password@host/db``, a SQLAlchemy URI
        with a driver's name, or a SQLAlchemy engine or connection.
    partition_on, partition_num
        Read in this many parts, by ranges of a column of whole numbers, dates or times. The parts are
        several statements: rows that change in between may be seen twice or not at all.
    schema_overrides
        Types of some columns; values are converted strictly.

    Raises
    ------
    AccessError, PathNotFoundError
        When the database cannot be reached, or it has no such table.
    SchemaError, SchemaMismatchError
        For columns without one type, or given twice.
    """
    if not isinstance(query, str) or not query.strip():
        raise InvalidOperationError(
            "scan_database needs the text of a query, such as 'SELECT * FROM flights'"
        )
    text = query.strip().rstrip(";")
    handle = Uri(connection) if isinstance(connection, str) else connection
    reader = open_reader(handle)
    overrides = declared_types(schema_overrides, what="scan_database")
    what = f"query {' '.join(text.split())[:80]!r} on {reader.describe()!r}"
    with database_errors(what, handle):
        columns = query_columns(reader, text, dict(overrides), what=what)
        _check_names(overrides, columns)
        ranges, rows = _key_ranges(reader, text, columns, partition_on, partition_num, what)
    expected = guess_rows(reader, text, len(columns), handle) if rows is None else None
    return DatabaseSource(text, handle, columns, ranges, rows, expected)


def _check_names(overrides: Types, columns: tuple[QueryColumn, ...]) -> None:
    names = [column.name for column in columns]
    unknown = [name for name, _ in overrides if name not in names]
    if unknown:
        raise ColumnNotFoundError.missing(unknown, names)


def _key_ranges(
    reader: Reader,
    query: str,
    columns: tuple[QueryColumn, ...],
    key: str | None,
    count: int | None,
    what: str,
) -> tuple[tuple[KeyRange, ...], int | None]:
    """Ranges of equal width between the least and the greatest key."""
    if key is None:
        if count is not None:
            raise InvalidOperationError(
                "scan_database: partition_num needs partition_on, the column to split by"
            )
        return (), None
    found = next((column for column in columns if column.name == key), None)
    if found is None:
        raise ColumnNotFoundError.missing([key], [column.name for column in columns])
    if count is None or count < 1:
        raise InvalidOperationError(f"scan_database: partition_num must be 1 or more, not {count}")
    quoted = found.select.rpartition(" AS ")[2]
    low, high, rows = reader.rows(
        f"SELECT min({quoted}), max({quoted}), count(*) FROM ({query}) AS scalekit_query"
    )[0]
    if low is None:
        return (KeyRange(quoted),), int(rows)
    if isinstance(low, bool) or not isinstance(low, (int, date, datetime)):
        raise SchemaError(
            f"{what}: partition_on={key!r} is {found.dtype}; name a column of whole numbers or times"
        )
    step = (high - low) / count if not isinstance(low, int) else (high - low + 1) / count
    inner = [
        low + step * n if not isinstance(low, int) else low + int(step * n) for n in range(1, count)
    ]
    bounds = [None, *sorted(set(inner) - {low}), None]
    return tuple(KeyRange(quoted, a, b) for a, b in pairwise(bounds)), int(rows)
