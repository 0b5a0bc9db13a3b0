"""Rows into a database through SQLAlchemy: any database it speaks to, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl

from scalekit.errors import MissingDependencyError, SchemaError, TargetError
from scalekit.targets.table import WRITES, TableWrite, storable

_BATCH = 10_000
# databases that take back the making and dropping of tables with the rest of a transaction
_TRANSACTIONAL = {"sqlite", "postgresql", "mssql", "duckdb"}


def write_through_sqlalchemy(write: TableWrite, frames: Iterable[pl.DataFrame]) -> int | None:
    """Write the rows; how many they were, or None where this write had been committed before."""
    try:
        import sqlalchemy as sa
    except ModuleNotFoundError as error:
        raise MissingDependencyError.for_extra(
            "sqlalchemy", "database", purpose=f"writing {write.describe}"
        ) from error
    engine = _engine(write)
    try:
        with engine.begin() as connection:
            if _is_recorded(write, connection):
                return None
            table = _make_table(write, connection)
            rows = 0
            for frame in storable(write, frames):
                for piece in frame.iter_slices(_BATCH):
                    connection.execute(table.insert(), piece.to_dicts())
                rows += frame.height
            _record(write, connection, rows)
        return rows
    except sa.exc.SQLAlchemyError as error:
        raise write.failure(getattr(error, "orig", None) or error) from error
    finally:
        engine.dispose()


def _engine(write: TableWrite) -> Any:
    import sqlalchemy as sa

    try:
        engine = sa.create_engine(write.uri)
    except (sa.exc.ArgumentError, ImportError) as error:
        raise write.failure(error) from error
    if engine.dialect.name == "sqlite":
        # the driver would commit before it makes or drops a table
        sa.event.listen(engine, "connect", lambda raw, _: setattr(raw, "isolation_level", None))
        sa.event.listen(engine, "begin", lambda c: c.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _make_table(write: TableWrite, connection: Any) -> Any:
    """The table as it has to be before the rows come."""
    import sqlalchemy as sa

    columns = [sa.Column(name, _type(write, name, t)) for name, t in write.columns.items()]
    table = sa.Table(write.table, sa.MetaData(), *columns, schema=write.schema_name)
    there = sa.inspect(connection)
    exists = there.has_table(write.table, schema=write.schema_name)
    if exists and write.mode == "error":
        raise write.exists_error()
    if exists and write.mode == "append":
        found = there.get_columns(write.table, schema=write.schema_name)
        write.check_columns(column["name"] for column in found)
        return table
    if exists:
        dialect = connection.dialect.name
        if dialect not in _TRANSACTIONAL:
            raise TargetError(
                f"cannot write {write.describe}: {dialect} cannot take back the dropping of a table, so a "
                "failure would lose the old rows. Write to a new table and rename it, or append"
            )
        table.drop(connection)
    table.create(connection)
    return table


def _type(write: TableWrite, name: str, dtype: pl.DataType) -> Any:
    import sqlalchemy as sa

    if isinstance(dtype, pl.Decimal) and not write.uri.startswith("sqlite"):
        return sa.Numeric(dtype.precision, dtype.scale)
    if isinstance(dtype, pl.Datetime):
        return sa.DateTime(timezone=dtype.time_zone is not None)
    table: dict[type[pl.DataType], Any] = {
        pl.Boolean: sa.Boolean(),
        pl.Int8: sa.SmallInteger(),
        pl.Int16: sa.SmallInteger(),
        pl.Int32: sa.Integer(),
        pl.Int64: sa.BigInteger(),
        pl.UInt8: sa.SmallInteger(),
        pl.UInt16: sa.Integer(),
        pl.UInt32: sa.BigInteger(),
        pl.UInt64: sa.BigInteger(),
        pl.Float32: sa.Float(24),
        pl.Float64: sa.Double(),
        pl.String: sa.Text(),
        pl.Categorical: sa.Text(),
        pl.Enum: sa.Text(),
        pl.Binary: sa.LargeBinary(),
        pl.Date: sa.Date(),
        pl.Time: sa.Time(),
        pl.Duration: sa.Interval(),
        pl.Null: sa.Text(),
    }
    found = table.get(type(dtype))
    if found is None:
        raise SchemaError(
            f"cannot write {write.describe}: no column can hold {name!r} of type {dtype}: cast it, for "
            "example to String"
        )
    return found


def _writes() -> Any:
    import sqlalchemy as sa

    return sa.Table(
        WRITES,
        sa.MetaData(),
        sa.Column("table_name", sa.String(400), primary_key=True),
        sa.Column("write_id", sa.String(400), primary_key=True),
        sa.Column("row_count", sa.BigInteger()),
    )


def _is_recorded(write: TableWrite, connection: Any) -> bool:
    if not write.write_id:
        return False
    writes = _writes()
    writes.create(connection, checkfirst=True)
    found = writes.select().where(
        writes.c.table_name == write.full_name, writes.c.write_id == write.write_id
    )
    return connection.execute(found).first() is not None


def _record(write: TableWrite, connection: Any, rows: int) -> None:
    if not write.write_id:
        return
    writes = _writes()
    if write.mode == "overwrite":
        connection.execute(writes.delete().where(writes.c.table_name == write.full_name))
    values = {"table_name": write.full_name, "write_id": write.write_id, "row_count": rows}
    connection.execute(writes.insert().values(**values))
