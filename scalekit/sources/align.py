"""The common schema of files that belong together: the same type, or a widening that loses nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import polars as pl

from scalekit.errors import SchemaError, SchemaMismatchError

Missing = Literal["insert", "raise"]
Extra = Literal["ignore", "raise"]
Types: TypeAlias = tuple[tuple[str, pl.DataType], ...]

TimeUnit = Literal["ms", "us", "ns"]
_UNITS: tuple[TimeUnit, ...] = ("ms", "us", "ns")


def declared_types(
    types: Mapping[str, Any] | Iterable[tuple[str, Any]] | None, *, what: str
) -> Types:
    """Names and full types from what a user declared; ``pl.Datetime`` alone means microseconds.

    Raises
    ------
    SchemaError
        For something that is no type.

    Examples
    --------
    >>> declared_types({"a": pl.Int8, "t": pl.Datetime, "s": str}, what="CSV")
    (('a', Int8), ('t', Datetime(time_unit='us', time_zone=None)), ('s', String))
    """
    full: dict[Any, Any] = {
        pl.Categorical: pl.Categorical(),
        pl.Datetime: pl.Datetime("us"),
        pl.Duration: pl.Duration("us"),
    }
    items = types.items() if isinstance(types, Mapping) else types or ()
    try:
        return tuple(
            pl.Schema(
                [(name, full.get(t, t) if isinstance(t, type) else t) for name, t in items]
            ).items()
        )
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise SchemaError(
            f"{what}: the declared types are not valid ({error}); write them as {{'x': pl.Int64}}"
        ) from None


def common_type(left: pl.DataType, right: pl.DataType) -> pl.DataType | None:
    """The type that holds every value of both, or None where there is none.

    Examples
    --------
    >>> common_type(pl.Int32(), pl.Int64())
    Int64
    >>> common_type(pl.Int64(), pl.String()) is None
    True
    """
    if left == right:
        return left
    match left, right:
        case (pl.Null(), other) | (other, pl.Null()):
            return other
        case (pl.Datetime(), pl.Datetime()) if left.time_zone == right.time_zone:
            return pl.Datetime(_finer(left.time_unit, right.time_unit), left.time_zone)
        case (pl.Decimal(), pl.Decimal()) if left.scale == right.scale:
            return pl.Decimal(max(left.precision, right.precision), left.scale)
    if left.is_integer() and right.is_integer():
        return _common_integer(left, right)
    if left.is_float() and right.is_float():
        return pl.Float64() if pl.Float64 in (left, right) else pl.Float32()
    return None


def _finer(left: TimeUnit, right: TimeUnit) -> TimeUnit:
    return _UNITS[max(_UNITS.index(left), _UNITS.index(right))]


def _common_integer(left: pl.DataType, right: pl.DataType) -> pl.DataType | None:
    """Only what Parquet can hold: Int64 with UInt64 would need 128 bits."""
    widest: tuple[pl.DataType, ...] = (pl.Int8(), pl.Int16(), pl.Int32(), pl.Int64(), pl.Int128())
    if left.is_unsigned_integer() and right.is_unsigned_integer():
        widest = (pl.UInt8(), pl.UInt16(), pl.UInt32(), pl.UInt64())
    for candidate in widest:
        if _fits(left, candidate) and _fits(right, candidate):
            return (
                None if candidate == pl.Int128() and pl.Int128() not in (left, right) else candidate
            )
    return None


def _fits(small: pl.DataType, large: pl.DataType) -> bool:
    bits, room = _bits(small), _bits(large)
    if small.is_unsigned_integer() and large.is_signed_integer():
        return bits < room
    return bits <= room


def _bits(dtype: pl.DataType) -> int:
    return int(str(dtype).lstrip("UInt"))


def common_schema(
    schemas: Sequence[pl.Schema],
    names: Sequence[str],
    *,
    what: str,
    missing: Missing = "raise",
    extra: Extra = "raise",
) -> pl.Schema:
    """Align the schemas of a source's files, or say which file does not fit and why.

    Parameters
    ----------
    schemas, names
        The distinct schemas, and for each the name of a file that has it. The first one leads: its
        columns and their order are the result's.
    what
        The source, for the message.
    missing
        Whether a column of the result that a file lacks is filled with null; with ``"insert"`` and
        ``extra="raise"``, columns that only later files have are added at the end.
    extra
        Whether columns that the first file lacks are ignored.

    Raises
    ------
    SchemaMismatchError
        Naming the file, the column and both types.
    """
    result = dict(schemas[0])
    for schema, name in zip(schemas[1:], names[1:], strict=True):
        lacking = [c for c in result if c not in schema]
        surplus = [c for c in schema if c not in result]
        if lacking and missing == "raise":
            raise SchemaMismatchError(
                f"{what}: file {name!r} lacks {_listed(lacking)}, which {names[0]!r} has; "
                "pass missing_columns='insert' to fill with null"
            )
        if surplus and extra == "raise":
            if missing == "raise":
                raise SchemaMismatchError(
                    f"{what}: file {name!r} has {_listed(surplus)}, which {names[0]!r} has not; "
                    "pass extra_columns='ignore' to drop, or missing_columns='insert' to keep"
                )
            result |= {c: schema[c] for c in surplus}
        for column in schema:
            if column in result:
                result[column] = _widened(
                    column, result[column], schema[column], what, name, names[0]
                )
    return pl.Schema(result)


def _widened(
    column: str, known: pl.DataType, found: pl.DataType, what: str, name: str, first: str
) -> pl.DataType:
    dtype = common_type(known, found)
    if dtype is None:
        raise SchemaMismatchError(
            f"{what}: column {column!r} is {known} in {first!r} and {found} in {name!r}; "
            "read these files separately and cast one of them"
        )
    return dtype


def _listed(columns: Iterable[str]) -> str:
    shown = list(columns)
    more = f" and {len(shown) - 5} more" if len(shown) > 5 else ""
    return f"the column{'s' if len(shown) > 1 else ''} {', '.join(map(repr, shown[:5]))}{more}"
