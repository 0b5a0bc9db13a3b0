"""What a source needs of a database connection: addresses, errors, the reader's protocol."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import polars as pl

from scalekit.errors import AccessError, MissingDependencyError, PathNotFoundError, SourceError
from scalekit.sources.failures import as_source_error
from scalekit.sources.redact import redact


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

    def batches(
        self, query: str, names: Sequence[str], types: Sequence[pl.DataType]
    ) -> Iterator[pl.DataFrame]:
        """A large result, some rows at a time; types are as close to ``types`` as the driver comes."""

    def describe(self) -> str:
        """The database, with the password redacted."""


def sqlite_path(uri: str) -> str:
    """The file of ``sqlite:///relative`` or ``sqlite:////absolute``; opening another would create it.

    Raises
    ------
    PathNotFoundError
        When it does not exist.
    """
    path = unquote(uri.partition("://")[2].removeprefix("/").partition("?")[0])
    if not path or path == ":memory:":
        raise PathNotFoundError(
            "an SQLite database in memory has no URI; pass the SQLAlchemy engine that holds it"
        )
    full = os.path.abspath(os.path.expanduser(path))
    if not os.path.exists(full):
        raise PathNotFoundError(
            f"SQLite database {full!r} does not exist; an absolute path has four slashes"
        )
    return full


def quoted(name: str) -> str:
    """A name in SQL, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def database_errors(what: str, hide: Any = None) -> Iterator[None]:
    """Raise what drivers raise as scalekit's errors, the password hidden."""
    try:
        yield
    except (SourceError, MissingDependencyError):
        raise
    except Exception as error:
        is_driver = any(
            "Error" in base.__name__ and _is_driver(base) for base in type(error).__mro__
        )
        if not is_driver and not isinstance(error, (OSError, pl.exceptions.PolarsError)):
            raise
        text = " ".join(str(error).split("\n[SQL:")[0].split("(Background on")[0].split())
        text = hide.redact(text) if isinstance(hide, Uri) else redact(text)
        if _NO_TABLE.search(text):
            raise PathNotFoundError(f"{what}: {text}; check the names in the query") from None
        if _REFUSED.search(text):
            raise AccessError(
                f"{what}: {text}; check the address, the user and the password"
            ) from None
        known = as_source_error(OSError(text), what)
        raise known or SourceError(f"{what}: {text}") from None


_NO_TABLE = re.compile(r"no such table|relation .* does not exist|UndefinedTable")
_REFUSED = re.compile(
    r"(?i)authentication failed|failed to connect|connection failed|role .* does not exist|translate host name"
    r"|unable to open database|permission denied|no pg_hba.conf entry"
)


def _is_driver(base: type) -> bool:
    return base.__module__.split(".")[0] in (
        "adbc_driver_manager",
        "sqlalchemy",
        "sqlite3",
        "psycopg",
        "pyarrow",
    )
