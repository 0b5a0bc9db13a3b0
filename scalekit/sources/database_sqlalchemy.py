"""Read databases through SQLAlchemy: results come as Python rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import polars as pl

from scalekit.errors import MissingDependencyError, SourceError
from scalekit.sources.database_connection import Uri, sqlite_path
from scalekit.sources.redact import redact

_BATCH_ROWS = 50_000


@dataclass(frozen=True)
class SqlAlchemyReader:
    """A database behind SQLAlchemy: results come as Python rows."""

    connection: Any

    @property
    def dialect(self) -> str:
        """The database system, as SQLAlchemy names it."""
        return str(self._engine().dialect.name)

    @property
    def is_bound_to_thread(self) -> bool:
        """True for a database in memory, and for a connection that the user made."""
        engine = self._engine()
        in_memory = engine.dialect.name == "sqlite" and engine.url.database in (
            None,
            "",
            ":memory:",
        )
        return in_memory or hasattr(self.connection, "exec_driver_sql")

    def describe(self) -> str:
        """The database, with the password redacted."""
        return redact(self._engine().url.render_as_string(hide_password=True))

    def columns(self, query: str) -> list[tuple[str, Any]]:
        """Names, and the driver's description of each column."""
        with self._connected() as connection:
            result = connection.exec_driver_sql(
                f"SELECT * FROM ({query}) AS scalekit_query WHERE 1=0"
            )
            return [(column[0], column) for column in result.cursor.description]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """A small result."""
        with self._connected() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query)]

    def batches(
        self, query: str, names: Sequence[str], types: Sequence[pl.DataType]
    ) -> Iterator[pl.DataFrame]:
        """A large result, some rows at a time."""
        schema = dict(zip(names, types, strict=True))
        with self._connected() as connection:
            result = connection.execution_options(stream_results=True).exec_driver_sql(query)
            while rows := [tuple(row) for row in result.fetchmany(_BATCH_ROWS)]:
                yield pl.DataFrame(rows, schema=schema, orient="row")

    def _engine(self) -> Any:
        if isinstance(self.connection, Uri):
            return _engine_for(self.connection)
        return getattr(self.connection, "engine", self.connection)

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        if hasattr(self.connection, "exec_driver_sql"):
            yield self.connection  # the user's own, which may see what others do not
            return
        engine = self._engine()
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            if isinstance(self.connection, Uri):
                engine.dispose()  # an engine of ours serves once: its pool would keep the connection open


def _engine_for(uri: Uri) -> Any:
    try:
        import sqlalchemy
    except ImportError:
        raise MissingDependencyError.for_extra(
            "sqlalchemy", "database", purpose="scan_database()"
        ) from None
    if urlsplit(uri.text).scheme.startswith("sqlite"):
        sqlite_path(uri.text)
    try:
        return sqlalchemy.create_engine(uri.text)
    except (sqlalchemy.exc.ArgumentError, ImportError) as error:
        raise SourceError(
            f"{uri.redact(uri.text)!r}: {uri.redact(str(error))}; check the URI and its driver"
        ) from None
