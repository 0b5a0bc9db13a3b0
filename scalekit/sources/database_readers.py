"""Choose the reader for a database: ADBC where its driver is installed, SQLAlchemy otherwise."""

from __future__ import annotations

import importlib.util
from typing import Any
from urllib.parse import urlsplit

from scalekit.errors import SourceError
from scalekit.sources.database_adbc import PACKAGES, AdbcReader
from scalekit.sources.database_connection import Reader, Uri
from scalekit.sources.database_sqlalchemy import SqlAlchemyReader


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
        if dialect in PACKAGES and _is_installed(PACKAGES[dialect]):
            return AdbcReader(connection)
        return SqlAlchemyReader(connection)
    if type(connection).__module__.split(".")[0] == "sqlalchemy":
        return SqlAlchemyReader(connection)
    raise SourceError(
        f"scan_database needs a URI such as 'postgresql://user:password@host/db', or a SQLAlchemy engine or "
        f"connection, not {type(connection).__name__}"
    )


def _is_installed(package: str) -> bool:
    found = (importlib.util.find_spec(name) for name in ("adbc_driver_manager", package))
    return all(spec is not None for spec in found)
