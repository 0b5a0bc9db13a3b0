"""Connections to databases: ADBC where its driver is installed, SQLAlchemy otherwise."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import polars as pl
import pyarrow as pa

from scalekit.errors import AccessError, MissingDependencyError, PathNotFoundError, SourceError
from scalekit.sources.failures import as_source_error
from scalekit.sources.redact import redact

_BATCH_ROWS = 50_000
# The scheme of a URI without a driver's name, and the ADBC package that serves it.
_ADBC = {"sqlite": "adbc_driver_sqlite", "postgresql": "adbc_driver_postgresql", "postgres": "adbc_driver_postgresql"}


@dataclass(frozen=True)
class Uri:
    """Where a database is, with its password, which is never printed; compared by value, and picklable."""

    text: str = field(repr=False)

    @property
    def password(self) -> str | None:
        """The password as it is sent."""
        found = urlsplit(self.text).password
        return unquote(found) if found else None

    def redact(self, text: str) -> str:
        """``text`` without this password."""
        for secret in (self.password, urlsplit(self.text).password):
            if secret:
                text = text.replace(secret, "***")
        return redact(text)

    def __repr__(self) -> str:
        return f"Uri({self.redact(self.text)!r})"


class Reader(Protocol):
    """What a source needs of a connection."""

    @property
    def dialect(self) -> str:
        """The database system: ``"sqlite"``, ``"postgresql"``, ..."""

    @property
    def is_bound_to_thread(self) -> bool:
        """Whether only the thread that made the connection may use it."""

    def columns(self, query: str) -> list[tuple[str, Any]]:
        """Names, and what the driver tells of the types: an Arrow field, or a DBAPI description."""

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """A small result."""

    def batches(self, query: str, names: Sequence[str], types: Sequence[pl.DataType]) -> Iterator[pl.DataFrame]:
        """A large result, some rows at a time; types are as close to ``types`` as the driver comes."""

    def describe(self) -> str:
        """The database, with the password redacted."""


def open_reader(connection: Any) -> Reader:
    """The reader for a URI, a SQLAlchemy engine or connection.

    Raises
    ------
    MissingDependencyError
        When no installed package can read it.
    SourceError
        For an object that is no connection.
    """
    if isinstance(connection, Uri):
        dialect = urlsplit(connection.text).scheme
        if dialect in _ADBC and _is_installed(_ADBC[dialect]):
            return AdbcReader(connection)
        return SqlAlchemyReader(connection)
    if type(connection).__module__.split(".")[0] == "sqlalchemy":
        return SqlAlchemyReader(connection)
    raise SourceError(
        f"scan_database needs a URI such as 'postgresql://user:password@host/db', or a SQLAlchemy engine or "
        f"connection, not {type(connection).__name__}"
    )


def _is_installed(package: str) -> bool:
    try:
        __import__(f"{package}.dbapi")
    except ImportError:
        return False
    return True


@contextmanager
def database_errors(what: str, hide: Any = None) -> Iterator[None]:
    """Raise what drivers raise as scalekit's errors, the password hidden."""
    try:
        yield
    except (SourceError, MissingDependencyError):
        raise
    except Exception as error:
        is_driver = any("Error" in base.__name__ and _is_driver(base) for base in type(error).__mro__)
        if not is_driver and not isinstance(error, (OSError, pl.exceptions.PolarsError, pa.ArrowException)):
            raise
        text = " ".join(str(error).split("\n[SQL:")[0].split("(Background on")[0].split())
        text = hide.redact(text) if isinstance(hide, Uri) else redact(text)
        if _NO_TABLE.search(text):
            raise PathNotFoundError(f"{what}: {text}; check the names in the query") from None
        if _REFUSED.search(text):
            raise AccessError(f"{what}: {text}; check the address, the user and the password") from None
        known = as_source_error(OSError(text), what)
        raise known or SourceError(f"{what}: {text}") from None


_NO_TABLE = re.compile(r"no such table|relation .* does not exist|UndefinedTable")
_REFUSED = re.compile(
    r"(?i)authentication failed|failed to connect|connection failed|role .* does not exist|translate host name"
    r"|unable to open database|permission denied|no pg_hba.conf entry"
)


def _is_driver(base: type) -> bool:
    return base.__module__.split(".")[0] in ("adbc_driver_manager", "sqlalchemy", "sqlite3", "psycopg")


@dataclass(frozen=True)
class AdbcReader:
    """A database behind an ADBC driver: results come as Arrow."""

    uri: Uri
    is_bound_to_thread: bool = False

    @property
    def dialect(self) -> str:
        scheme = urlsplit(self.uri.text).scheme
        return "postgresql" if scheme == "postgres" else scheme

    def describe(self) -> str:
        return self.uri.redact(self.uri.text)

    def columns(self, query: str) -> list[tuple[str, Any]]:
        with self._cursor() as cursor:
            cursor.execute(f"SELECT * FROM ({query}) AS scalekit_query LIMIT 0")
            return [(column.name, column) for column in cursor.fetch_arrow_table().schema]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self._cursor() as cursor:
            cursor.execute(query)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

    def batches(self, query: str, names: Sequence[str], types: Sequence[pl.DataType]) -> Iterator[pl.DataFrame]:
        skip = 0
        if self.dialect == "sqlite":
            # The driver takes types from its first rows: a first row of ours says them for all.
            query, skip = f"{_typed_row(names, types)} UNION ALL SELECT * FROM ({query})", 1
        with self._cursor() as cursor:
            cursor.execute(query)
            for batch in cursor.fetch_record_batch():
                frame = pl.DataFrame(pa.table(_storage(batch)))
                yield frame.slice(skip) if skip else frame
                skip = 0

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        with self._connect() as connection, connection.cursor() as cursor:
            yield cursor

    def _connect(self) -> AbstractContextManager[Any]:
        package = _ADBC[urlsplit(self.uri.text).scheme]
        driver = sys.modules.get(f"{package}.dbapi") or __import__(f"{package}.dbapi", fromlist=["connect"])
        if self.dialect == "sqlite":
            connected: AbstractContextManager[Any] = driver.connect(f"file:{sqlite_path(self.uri.text)}?mode=ro")
            return connected
        connected = driver.connect(self.uri.text)
        return connected


def sqlite_path(uri: str) -> str:
    """The file of ``sqlite:///relative`` or ``sqlite:////absolute``; opening another would create it.

    Raises
    ------
    PathNotFoundError
        When it does not exist.
    """
    path = unquote(uri.partition("://")[2].removeprefix("/").partition("?")[0])
    if not path or path == ":memory:":
        raise PathNotFoundError("an SQLite database in memory has no URI; pass the SQLAlchemy engine that holds it")
    full = os.path.abspath(os.path.expanduser(path))
    if not os.path.exists(full):
        raise PathNotFoundError(f"SQLite database {full!r} does not exist; an absolute path has four slashes")
    return full


_SQLITE_VALUES = {pl.Int64(): "0", pl.Float64(): "0.0", pl.Binary(): "x''"}


def _typed_row(names: Sequence[str], types: Sequence[pl.DataType]) -> str:
    values = (f"{_SQLITE_VALUES.get(t, chr(39) * 2)} AS {quoted(n)}" for n, t in zip(names, types, strict=True))
    return f"SELECT {', '.join(values)}"


def quoted(name: str) -> str:
    """A name in SQL, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def _storage(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Extension types as what they are stored as: PostgreSQL's numeric and json as text, uuid as bytes."""
    columns = [c.storage if isinstance(c, pa.ExtensionArray) else c for c in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


@dataclass(frozen=True)
class SqlAlchemyReader:
    """A database behind SQLAlchemy: results come as Python rows."""

    connection: Any

    @property
    def dialect(self) -> str:
        return str(self._engine().dialect.name)

    @property
    def is_bound_to_thread(self) -> bool:
        engine = self._engine()
        in_memory = engine.dialect.name == "sqlite" and engine.url.database in (None, "", ":memory:")
        return in_memory or hasattr(self.connection, "exec_driver_sql")

    def describe(self) -> str:
        return redact(self._engine().url.render_as_string(hide_password=True))

    def columns(self, query: str) -> list[tuple[str, Any]]:
        with self._connected() as connection:
            result = connection.exec_driver_sql(f"SELECT * FROM ({query}) AS scalekit_query WHERE 1=0")
            return [(column[0], column) for column in result.cursor.description]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self._connected() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query)]

    def batches(self, query: str, names: Sequence[str], types: Sequence[pl.DataType]) -> Iterator[pl.DataFrame]:
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
        with self._engine().connect() as connection:
            yield connection


def _engine_for(uri: Uri) -> Any:
    try:
        import sqlalchemy
    except ImportError:
        raise MissingDependencyError.for_extra("sqlalchemy", "database", purpose="scan_database()") from None
    if urlsplit(uri.text).scheme.startswith("sqlite"):
        sqlite_path(uri.text)
    try:
        return sqlalchemy.create_engine(uri.text)
    except (sqlalchemy.exc.ArgumentError, ImportError) as error:
        raise SourceError(f"{uri.redact(uri.text)!r}: {uri.redact(str(error))}; check the URI and its driver") from None
