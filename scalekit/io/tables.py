"""Frames from tables that others keep: Delta tables and databases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from scalekit.frame.frame import Frame
from scalekit.frame.tracebacks import folded
from scalekit.plan.nodes import Scan
from scalekit.sources.database import database_source
from scalekit.sources.delta import delta_source

if TYPE_CHECKING:
    import os
    from datetime import datetime


@folded
def scan_delta(
    source: str | os.PathLike[str],
    *,
    version: int | str | datetime | None = None,
    storage_options: Mapping[str, Any] | None = None,
) -> Frame:
    """Read a Delta table. The version is pinned now, so that the same frame gives the same rows again.

    Parameters
    ----------
    source
        The table's folder, as a path or URI.
    version
        A number, or a time (ISO 8601 text or a datetime) for the version that was current then; the
        latest by default.
    storage_options
        Options of the object store, as for Polars. Their values are never printed.

    Raises
    ------
    PathNotFoundError
        When there is no table, or no such version.
    AccessError
        When it may not be read.
    MissingDependencyError
        Without the package ``deltalake``.

    Examples
    --------
    >>> import tempfile, polars as pl
    >>> import scalekit as sk
    >>> folder = tempfile.mkdtemp()
    >>> pl.DataFrame({"x": [1, 2]}).write_delta(folder)
    >>> sk.scan_delta(folder).collect()["x"].to_list()
    [1, 2]
    """
    return Frame(Scan(delta_source(source, version=version, storage_options=storage_options)))


@folded
def scan_database(
    query: str,
    connection: Any,
    *,
    partition_on: str | None = None,
    partition_num: int | None = None,
    schema_overrides: Mapping[str, Any] | None = None,
) -> Frame:
    """Read the result of a database query. The database tells the types now, and the rows when needed.

    Parameters
    ----------
    query
        A ``SELECT`` statement.
    connection
        A URI such as ``sqlite:///file.db`` or ``postgresql://user:password@host/db``, a SQLAlchemy URI
        with a driver's name, or a SQLAlchemy engine or connection. Passwords are never printed.
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
        For columns without one type.

    Examples
    --------
    >>> import sqlite3, tempfile
    >>> import scalekit as sk
    >>> path = f"{tempfile.mkdtemp()}/a.db"
    >>> db = sqlite3.connect(path)
    >>> _ = db.executescript("create table t(x integer, y text); insert into t values (1, 'a')")
    >>> db.close()
    >>> sk.scan_database("select * from t", f"sqlite:///{path}").collect().rows()
    [(1, 'a')]
    """
    return Frame(
        Scan(
            database_source(
                query,
                connection,
                partition_on=partition_on,
                partition_num=partition_num,
                schema_overrides=schema_overrides,
            )
        )
    )
