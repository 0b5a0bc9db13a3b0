"""Rows into a database through ADBC: Arrow batches, in bulk, in one transaction."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

import polars as pl

from scalekit.errors import MissingDependencyError, SchemaError, TargetError
from scalekit.targets.table import WRITES, TableWrite, storable


def write_through_adbc(write: TableWrite, frames: Iterable[pl.DataFrame]) -> int | None:
    """Write the rows; how many they were, or None where this write had been committed before."""
    driver = _driver(write)
    rows = _Counted(write, frames)
    try:
        with (
            closing(driver.connect(_uri(write))) as connection,
            closing(connection.cursor()) as cursor,
        ):
            try:
                if _is_recorded(write, connection, cursor):
                    return None
                _ingest(write, connection, cursor, rows)
                connection.commit()
            except BaseException:
                connection.rollback()
                raise
    except driver.Error as error:
        if rows.error is not None:
            raise rows.error from None
        if _status(error) == "ALREADY_EXISTS" and write.mode == "error":
            raise write.exists_error() from None
        raise write.failure(error) from error
    return rows.count


def _driver(write: TableWrite) -> Any:
    package = "adbc_driver_sqlite" if _is_sqlite(write) else "adbc_driver_postgresql"
    try:
        return importlib.import_module(f"{package}.dbapi")
    except ModuleNotFoundError as error:
        raise MissingDependencyError.for_extra(
            package.replace("_", "-"), "database", purpose=f"writing {write.describe} through ADBC"
        ) from error


class _Counted:
    """The frames as Arrow batches, counted; an error of theirs is kept as it was."""

    def __init__(self, write: TableWrite, frames: Iterable[pl.DataFrame]) -> None:
        self.write, self.frames = write, frames
        self.count = 0
        self.error: BaseException | None = None

    def reader(self, order: list[str]) -> Any:
        import pyarrow as pa

        empty = pl.DataFrame(schema=self.write.columns).select(order)
        arrow = empty.to_arrow(compat_level=pl.CompatLevel.oldest()).schema
        return pa.RecordBatchReader.from_batches(arrow, self._batches(order))

    def _batches(self, order: list[str]) -> Iterator[Any]:
        try:
            for frame in storable(self.write, self.frames):
                self.count += frame.height
                table = frame.select(order).to_arrow(compat_level=pl.CompatLevel.oldest())
                yield from table.to_batches()
        except BaseException as error:
            self.error = error
            raise


def _ingest(write: TableWrite, connection: Any, cursor: Any, rows: _Counted) -> None:
    _check_types(write)
    order = list(write.columns)
    there = _columns(write, connection)
    if there is not None and write.mode == "error":
        raise write.exists_error()
    if there is not None and write.mode == "append":
        write.check_columns(there)
        order = there
    mode = {"error": "create", "overwrite": "replace", "append": "create_append"}[write.mode]
    extra = {"db_schema_name": write.schema_name} if write.schema_name else {}
    cursor.adbc_ingest(write.table, rows.reader(order), mode=mode, **extra)
    if write.write_id:
        _record(write, cursor, rows.count)


def _columns(write: TableWrite, connection: Any) -> list[str] | None:
    """The columns of the table, or None where there is no table."""
    extra = {"db_schema_filter": write.schema_name} if write.schema_name else {}
    try:
        return list(connection.adbc_get_table_schema(write.table, **extra).names)
    except connection.Error as error:
        if _status(error) == "NOT_FOUND":
            # a failed statement ends what PostgreSQL will do in this transaction
            connection.rollback()
            return None
        raise


def _is_recorded(write: TableWrite, connection: Any, cursor: Any) -> bool:
    if not write.write_id:
        return False
    first, second = _marks(write)
    cursor.execute(
        f"CREATE TABLE IF NOT EXISTS {WRITES} (table_name VARCHAR(400), write_id VARCHAR(400), "
        "row_count BIGINT, PRIMARY KEY (table_name, write_id))"
    )
    # committed at once: what follows may be rolled back, and this holds nothing yet
    connection.commit()
    cursor.execute(
        f"SELECT row_count FROM {WRITES} WHERE table_name = {first} AND write_id = {second}",
        (write.full_name, write.write_id),
    )
    return cursor.fetchone() is not None


def _record(write: TableWrite, cursor: Any, rows: int) -> None:
    first, second = _marks(write)
    if write.mode == "overwrite":
        cursor.execute(f"DELETE FROM {WRITES} WHERE table_name = {first}", (write.full_name,))
    cursor.execute(
        f"INSERT INTO {WRITES} VALUES ({first}, {second}, {rows})",
        (write.full_name, write.write_id),
    )


def _marks(write: TableWrite) -> tuple[str, str]:
    return ("?", "?") if _is_sqlite(write) else ("$1", "$2")


def _check_types(write: TableWrite) -> None:
    refused: tuple[type[pl.DataType], ...] = (pl.Struct, pl.Int128, pl.Object)
    if _is_sqlite(write):
        refused = (*refused, pl.List, pl.Array, pl.Time, pl.Duration, pl.Decimal)
    for name, dtype in write.columns.items():
        if isinstance(dtype, refused):
            raise SchemaError(
                f"cannot write {write.describe}: it cannot hold column {name!r} of type {dtype}: cast it, "
                "for example to String, Float64 or Int64"
            )


def _uri(write: TableWrite) -> str:
    if not _is_sqlite(write):
        return write.uri
    path = write.uri.partition(":///")[2]
    if not path or path == ":memory:":
        raise TargetError(
            f"cannot write {write.describe}: name a file, as in sqlite:///folder/file.db"
        )
    return f"file:{path}"


def _is_sqlite(write: TableWrite) -> bool:
    return write.uri.startswith("sqlite")


def _status(error: Any) -> str:
    return getattr(getattr(error, "status_code", None), "name", "")
