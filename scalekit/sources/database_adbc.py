"""Read databases through ADBC drivers: results come as Arrow."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import polars as pl

from scalekit.sources.database_connection import Uri, quoted, sqlite_path

if TYPE_CHECKING:
    import pyarrow as pa

# The scheme of a URI without a driver's name, and the package that serves it.
PACKAGES = {
    "sqlite": "adbc_driver_sqlite",
    "postgresql": "adbc_driver_postgresql",
    "postgres": "adbc_driver_postgresql",
}


@dataclass(frozen=True)
class AdbcReader:
    """A database behind an ADBC driver: results come as Arrow."""

    uri: Uri
    is_bound_to_thread: bool = False

    @property
    def dialect(self) -> str:
        """The database system, as SQLAlchemy names it."""
        scheme = urlsplit(self.uri.text).scheme
        return "postgresql" if scheme == "postgres" else scheme

    def describe(self) -> str:
        """The database, with the password redacted."""
        return self.uri.redact(self.uri.text)

    def columns(self, query: str) -> list[tuple[str, Any]]:
        """Names, and the driver's description of each column."""
        with self._cursor() as cursor:
            cursor.execute(f"SELECT * FROM ({query}) AS scalekit_query LIMIT 0")
            return [(column.name, column) for column in cursor.fetch_arrow_table().schema]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """A small result."""
        with self._cursor() as cursor:
            if (
                self.dialect == "postgresql"
            ):  # which copies results else, and those of EXPLAIN cannot be
                cursor.adbc_statement.set_options(**{"adbc.postgresql.use_copy": "false"})
            cursor.execute(query)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

    def batches(
        self, query: str, names: Sequence[str], types: Sequence[pl.DataType]
    ) -> Iterator[pl.DataFrame]:
        """A large result, some rows at a time."""
        skip = 0
        if self.dialect == "sqlite":
            # The driver takes types from its first rows: a first row of ours says them for all.
            query, skip = f"{_typed_row(names, types)} UNION ALL SELECT * FROM ({query})", 1
        with self._cursor() as cursor:
            cursor.execute(query)
            for batch in cursor.fetch_record_batch():
                frame = pl.DataFrame(_storage(batch))
                yield frame.slice(skip) if skip else frame
                skip = 0

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        with self._connect() as connection, connection.cursor() as cursor:
            yield cursor

    def _connect(self) -> AbstractContextManager[Any]:
        connect = importlib.import_module(
            f"{PACKAGES[urlsplit(self.uri.text).scheme]}.dbapi"
        ).connect
        is_file = self.dialect == "sqlite"
        target = f"file:{sqlite_path(self.uri.text)}?mode=ro" if is_file else self.uri.text
        connected: AbstractContextManager[Any] = connect(target)
        return connected


_SQLITE_VALUES = {pl.Int64(): "0", pl.Float64(): "0.0", pl.Binary(): "x''"}


def _typed_row(names: Sequence[str], types: Sequence[pl.DataType]) -> str:
    values = (
        f"{_SQLITE_VALUES.get(t, chr(39) * 2)} AS {quoted(n)}"
        for n, t in zip(names, types, strict=True)
    )
    return f"SELECT {', '.join(values)}"


def _storage(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Extension types as what they are stored as: PostgreSQL's numeric and json as text, uuid as bytes."""
    import pyarrow as pa

    columns = [c.storage if isinstance(c, pa.ExtensionArray) else c for c in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
