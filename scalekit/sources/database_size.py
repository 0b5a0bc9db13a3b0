"""How many rows a query may give, from what a database knows without running it: a guess, for estimates."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from scalekit.sources.database_connection import Reader, Uri, sqlite_path

VALUE_BYTES = 8
"""Bytes of a value in a file of SQLite, about."""


def guess_rows(reader: Reader, query: str, columns: int, connection: Any) -> int | None:
    """Rows that a query gives, as the database expects; None where it does not say.

    Parameters
    ----------
    reader
        What asks the database.
    query
        The query, which is planned and not run.
    columns
        How many columns it gives.
    connection
        Where the database is.
    """
    look = _LOOKS.get(reader.dialect)
    if not isinstance(
        connection, Uri
    ):  # a question that fails would end the transaction of its owner
        return None
    try:
        return None if look is None else look(reader, query, columns, connection)
    except Exception:  # of any driver: a guess is never the reason of an error
        return None


def _postgresql(reader: Reader, query: str, _: int, __: Any) -> int | None:
    """What the planner expects, from the statistics of the tables."""
    ((found,),) = reader.rows(f"EXPLAIN (FORMAT JSON) {query}")
    plans = json.loads(found) if isinstance(found, str | bytes) else found
    return int(plans[0]["Plan"]["Plan Rows"])


def _sqlite(_: Reader, __: str, columns: int, connection: Uri) -> int | None:
    """As many rows as the whole file could hold: SQLite keeps no statistics unless it is asked to."""
    size = os.stat(sqlite_path(connection.text)).st_size
    return size // (VALUE_BYTES * max(1, columns)) + 1


_LOOKS: Mapping[str, Callable[[Reader, str, int, Any], int | None]] = {
    "postgresql": _postgresql,
    "sqlite": _sqlite,
}
