"""The types of a query's columns, asked of the database and never guessed from some rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from scalekit.errors import SchemaError, SchemaMismatchError
from scalekit.sources.database_connection import Reader, quoted
from scalekit.sources.python_values import names_once

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class QueryColumn:
    """A column: its type, the type in which the database has it, and how it is asked for."""

    name: str
    dtype: pl.DataType
    stored: pl.DataType
    select: str
    is_uuid: bool = False


def query_columns(
    reader: Reader, query: str, overrides: Mapping[str, pl.DataType], *, what: str
) -> tuple[QueryColumn, ...]:
    """Names and types of what a query gives.

    Raises
    ------
    SchemaError
        For a column given twice, or of a type without a counterpart.
    SchemaMismatchError
        For a column of an SQLite table that holds several kinds of values.
    """
    described = reader.columns(query)
    names = [name for name, _ in described]
    names_once(names, what=what)
    if reader.dialect == "sqlite":
        return _sqlite_columns(reader, query, names, overrides, what)
    quote = (
        quoted if reader.dialect != "mysql" else lambda name: "`" + name.replace("`", "``") + "`"
    )
    columns = []
    for name, told in described:
        stored, is_uuid = _told(reader, query, told)
        dtype = overrides.get(name, stored)
        if dtype is None:
            raise SchemaError(
                f"{what}: column {name!r} has a type without a counterpart; CAST it in the query (to text, for "
                f"example), or pass schema_overrides={{{name!r}: ...}}"
            )
        columns.append(QueryColumn(name, dtype, stored or dtype, quote(name), is_uuid))
    return tuple(columns)


_RENAMED = re.compile(r":\d+$")  # how SQLite tells apart columns of one name in a subquery
_KINDS: Mapping[str, pl.DataType] = {
    "integer": pl.Int64(),
    "real": pl.Float64(),
    "text": pl.String(),
    "blob": pl.Binary(),
}


def _sqlite_columns(
    reader: Reader, query: str, names: list[str], overrides: Mapping[str, pl.DataType], what: str
) -> tuple[QueryColumn, ...]:
    """SQLite has no types but those of the values, so it is asked which ones there are."""
    names_once(
        [_RENAMED.sub("", n) if _RENAMED.sub("", n) in names else n for n in names], what=what
    )
    tests = ", ".join(f"max(typeof({quoted(n)}) = '{kind}')" for n in names for kind in _KINDS)
    found = reader.rows(f"SELECT {tests} FROM ({query})")[0]
    columns = []
    for position, name in enumerate(names):
        flags = found[position * len(_KINDS) : (position + 1) * len(_KINDS)]
        kinds = [kind for kind, flag in zip(_KINDS, flags, strict=True) if flag]
        if kinds == ["integer", "real"]:
            kinds = ["real"]
        if len(kinds) > 1 and name not in overrides:
            raise SchemaMismatchError(
                f"{what}: column {name!r} holds {' and '.join(kinds)} values; CAST it in the query, or pass "
                f"schema_overrides={{{name!r}: ...}}"
            )
        stored = "text" if len(kinds) > 1 or not kinds else kinds[0]
        cast = {"real": "REAL", "text": "TEXT"}.get(stored)
        select = f"CAST({quoted(name)} AS {cast}) AS {quoted(name)}" if cast else quoted(name)
        columns.append(
            QueryColumn(name, overrides.get(name, _KINDS[stored]), _KINDS[stored], select)
        )
    return tuple(columns)


def _told(reader: Reader, query: str, told: Any) -> tuple[pl.DataType | None, bool]:
    """The type that a driver's description stands for; None where it has no counterpart."""
    if type(told).__module__.startswith("pyarrow"):
        return _from_arrow(reader, query, told)
    return _from_description(reader, query, told), False


def _from_arrow(reader: Reader, query: str, field: pa.Field) -> tuple[pl.DataType | None, bool]:
    import pyarrow as pa

    told = (field.metadata or {}).get(b"POSTGRESQL:type", b"")
    if told == b"numeric":
        return _decimal(reader, query, field), False
    if told == b"uuid":
        return pl.String(), True
    if pa.types.is_interval(field.type):
        return None, False
    dtype = field.type.storage_type if isinstance(field.type, pa.BaseExtensionType) else field.type
    try:
        return pl.Schema(pa.schema([pa.field(field.name, dtype)]))[field.name], False
    except (
        pl.exceptions.PolarsError,
        pl.exceptions.PanicException,
        NotImplementedError,
        pa.ArrowException,
    ):
        return None, False


def _decimal(reader: Reader, query: str, field: pa.Field) -> pl.DataType:
    """Declared precision and scale stand in the type's modifier; else the largest scale of the values counts."""
    modifier = int((field.metadata or {}).get(b"POSTGRESQL:typmod", b"-1"))
    if modifier >= 4:
        return pl.Decimal((modifier - 4) >> 16, (modifier - 4) & 0xFFFF)
    return pl.Decimal(38, _largest_scale(reader, query, field.name))


def _largest_scale(reader: Reader, query: str, name: str) -> int:
    return int(
        reader.rows(
            f"SELECT coalesce(max(scale({quoted(name)})), 0) FROM ({query}) AS scalekit_query"
        )[0][0]
    )


# PostgreSQL's type numbers, which psycopg gives as they are.
_OIDS: Mapping[int, pl.DataType] = {
    16: pl.Boolean(),
    17: pl.Binary(),
    20: pl.Int64(),
    21: pl.Int16(),
    23: pl.Int32(),
    25: pl.String(),
    700: pl.Float32(),
    701: pl.Float64(),
    1042: pl.String(),
    1043: pl.String(),
    1082: pl.Date(),
    1083: pl.Time(),
    1114: pl.Datetime("us"),
    1184: pl.Datetime("us", "UTC"),
}
_NUMERIC = 1700


def _from_description(reader: Reader, query: str, told: Any) -> pl.DataType | None:
    if reader.dialect != "postgresql":
        return None
    if told[1] == _NUMERIC:
        precision, scale = told[4], told[5]
        return (
            pl.Decimal(precision, scale)
            if precision
            else pl.Decimal(38, _largest_scale(reader, query, told[0]))
        )
    return _OIDS.get(told[1])


_UUID = r"^(.{8})(.{4})(.{4})(.{4})(.{12})$"


def conformed(frame: pl.DataFrame, columns: tuple[QueryColumn, ...]) -> pl.DataFrame:
    """A batch with exactly the types of the schema; a value that does not fit raises."""
    casts = []
    for column in columns:
        if column.is_uuid:
            text = (
                pl.col(column.name).bin.encode("hex").str.replace(_UUID, "${1}-${2}-${3}-${4}-${5}")
            )
            casts.append(text)
        elif frame.schema[column.name] != column.dtype:
            casts.append(_cast(pl.col(column.name), frame.schema[column.name], column.dtype))
    return frame.with_columns(casts).select(column.name for column in columns)


def _cast(value: pl.Expr, found: pl.DataType, wanted: pl.DataType) -> pl.Expr:
    """Text from a database becomes a date or time by ISO 8601 only."""
    if found == pl.String and wanted == pl.Date:
        return value.str.to_date("%Y-%m-%d")
    if found == pl.String and isinstance(wanted, pl.Datetime):
        return value.str.replace(" ", "T", literal=True).str.to_datetime(
            "%Y-%m-%dT%H:%M:%S%.f" + ("%#z" if wanted.time_zone else ""), time_unit=wanted.time_unit
        )
    if found == pl.String and isinstance(wanted, pl.Decimal):
        return value.str.to_decimal(scale=wanted.scale).cast(wanted)
    if found.is_integer() and wanted == pl.Boolean:
        return value.cast(pl.Boolean)
    return value.cast(wanted)
