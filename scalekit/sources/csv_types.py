"""The types of CSV columns, from all values of a file and never from the first ones alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import polars as pl

from scalekit.errors import SchemaError, SchemaMismatchError

Kind = Literal["null", "bool", "int", "float", "digits", "date", "datetime", "datetime_utc", "text"]

_SAMPLE = 500
_DATE = r"\d{4}-\d{2}-\d{2}"
_TIME = r"[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?"
_PATTERNS: Mapping[str, str] = {
    "int": r"^-?(?:0|[1-9]\d*)$",
    "bool": r"^(?:true|false|True|False|TRUE|FALSE)$",
    "digits": r"^-?\d+$",
    "date": rf"^{_DATE}$",
    "datetime": rf"^{_DATE}{_TIME}$",
    "datetime_utc": rf"^{_DATE}{_TIME}(?:Z|[+-]\d{{2}}:?\d{{2}})$",
}
_DTYPES: Mapping[Kind, pl.DataType] = {
    "bool": pl.Boolean(),
    "int": pl.Int64(),
    "float": pl.Float64(),
    "date": pl.Date(),
    "datetime": pl.Datetime("us"),
    "datetime_utc": pl.Datetime("us", "UTC"),
}


def _number_pattern(*, decimal_comma: bool) -> str:
    """Whole and fractional numbers, without leading zeros: ``007`` is text."""
    point = "," if decimal_comma else r"\."
    whole = r"(?:0|[1-9]\d*)"
    return (
        rf"^(?:-?{whole}|[-+]?(?:{whole}?{point}\d+(?:[eE][-+]?\d+)?|{whole}[eE][-+]?\d+|{whole}{point})"
        r"|-?inf|NaN|nan)$"
    )


@dataclass(frozen=True)
class ColumnFacts:
    """What all values of one column have in common, and how much memory their text takes."""

    name: str
    kind: Kind
    text_bytes: int


def column_facts(
    texts: pl.LazyFrame,
    declared: Mapping[str, pl.DataType],
    *,
    decimal_comma: bool,
    try_parse_dates: bool,
) -> tuple[tuple[ColumnFacts, ...], int]:
    """Look at every value of ``texts``, all of whose columns are String; and count the rows.

    Columns in ``declared`` are not guessed at, so they are passed over.
    """
    patterns = dict(_PATTERNS) | {"float": _number_pattern(decimal_comma=decimal_comma)}
    if not try_parse_dates:
        patterns = {kind: p for kind, p in patterns.items() if not kind.startswith("date")}
    names = texts.collect_schema().names()
    # Most kinds are out after a few rows; the full pass asks for the others only.
    sample = texts.head(_SAMPLE).select(
        _tests({n: tuple(patterns) for n in names if n not in declared}, patterns)
    )
    open_kinds = _still_open(sample.collect(), names)
    found = texts.select(
        pl.len().alias("rows"),
        *(pl.col(n).count().alias(f"{n}:count") for n in names),
        *(pl.col(n).str.len_bytes().sum().cast(pl.Int64).alias(f"{n}:bytes") for n in names),
        *_tests(open_kinds, patterns),
        *(
            (pl.col(n).cast(pl.Int64, strict=False).count() == pl.col(n).count()).alias(f"{n}:fits")
            for n, kinds in open_kinds.items()
            if "int" in kinds
        ),
    ).collect()
    values = found.row(0, named=True)
    kinds_now = _still_open(found, names)
    facts = tuple(
        ColumnFacts(n, _kind(kinds_now.get(n, ()), values, n), values[f"{n}:bytes"] or 0)
        for n in names
    )
    return facts, values["rows"]


def _tests(open_kinds: Mapping[str, tuple[str, ...]], patterns: Mapping[str, str]) -> list[pl.Expr]:
    return [
        pl.col(name).str.contains(patterns[kind]).all().alias(f"{name}:is:{kind}")
        for name, kinds in open_kinds.items()
        for kind in kinds
    ]


def _still_open(found: pl.DataFrame, names: list[str]) -> dict[str, tuple[str, ...]]:
    passed: dict[str, list[str]] = {name: [] for name in names}
    for column in found.columns:
        name, is_test, kind = column.rpartition(":is:")
        if is_test and found[column][0]:
            passed[name].append(kind)
    return {name: tuple(kinds) for name, kinds in passed.items() if kinds}


def _kind(passed: tuple[str, ...], values: Mapping[str, object], name: str) -> Kind:
    if not values[f"{name}:count"]:
        return "null"
    if "int" in passed and values[f"{name}:fits"]:
        return "int"
    # Whole numbers beyond 64 bits are identifiers more often than quantities, and exact as text.
    order: tuple[Kind, ...] = ("digits", "bool", "float", "date", "datetime", "datetime_utc")
    return next((kind for kind in order if kind in passed), "text")


def common_kind(name: str, kinds: Mapping[str, Kind], *, what: str) -> pl.DataType:
    """The type of a column over several files.

    Parameters
    ----------
    name
        The column.
    kinds
        For each file, what its values have in common.
    what
        The source, for the message.

    Raises
    ------
    SchemaMismatchError
        Where files differ by more than a widening, naming one of each.
    """
    first = {kind: file for file, kind in reversed(list(kinds.items())) if kind != "null"}
    found = set(first)
    if not found:
        return pl.String()
    if len(found) == 1:
        return _DTYPES.get(found.pop(), pl.String())
    if found == {"int", "float"}:
        return pl.Float64()
    if found <= {"int", "digits"} or found <= {"digits", "text"}:
        return pl.String()
    one, other = list(first)[:2]
    raise SchemaMismatchError(
        f"{what}: column {name!r} holds {one} values in {first[one]!r} and {other} values in {first[other]!r}; "
        f"say what it is with schema_overrides={{{name!r}: ...}}"
    )


_UNSUPPORTED = (pl.Binary, pl.Null, pl.Duration, pl.List, pl.Array, pl.Struct, pl.Object)


def check_declared(
    texts: pl.LazyFrame, declared: Mapping[str, pl.DataType], *, decimal_comma: bool, what: str
) -> None:
    """Refuse values that a declared type cannot hold, before anything is computed from them.

    Polars would guess the order of day and month, take text without a zone for UTC, and a quoted empty
    field for null.

    Raises
    ------
    SchemaError
        For a type that text cannot be read as.
    SchemaMismatchError
        Naming the column and the first value that does not fit.
    """
    odd = [
        f"{name!r}: {dtype}"
        for name, dtype in declared.items()
        if dtype.base_type() in _UNSUPPORTED
    ]
    if odd:
        raise SchemaError(
            f"{what}: CSV cannot be read as {', '.join(odd)}; read as String and convert"
        )
    tests = {
        n: _misfit(pl.col(n), t, decimal_comma=decimal_comma)
        for n, t in declared.items()
        if t != pl.String
    }
    if not tests:
        return
    counts = (
        texts.select(test.sum().alias(name) for name, test in tests.items())
        .collect()
        .row(0, named=True)
    )
    for name, count in counts.items():
        if count:
            value = texts.filter(tests[name]).select(name).head(1).collect().item()
            raise SchemaMismatchError(
                f"{what}: column {name!r} holds {count} values that are no {declared[name]}, the first "
                f"{value!r}; correct the type, or name them in null_values="
            )


def _misfit(column: pl.Expr, dtype: pl.DataType, *, decimal_comma: bool) -> pl.Expr:
    fits: pl.Expr
    if dtype == pl.Boolean:
        fits = column.str.contains(_PATTERNS["bool"])
    elif dtype == pl.Date:
        fits = (
            column.str.contains(_PATTERNS["date"])
            & column.str.to_date("%Y-%m-%d", strict=False).is_not_null()
        )
    elif isinstance(dtype, pl.Datetime):
        fits = column.str.contains(_datetime_pattern(dtype))
    elif dtype.is_integer():
        fits = column.cast(dtype, strict=False).is_not_null()
    elif dtype.is_numeric():
        text = column.str.replace(",", ".", literal=True) if decimal_comma else column
        fits = text.cast(pl.Float64, strict=False).is_not_null()
    elif isinstance(dtype, pl.Enum):
        fits = column.is_in(dtype.categories)
    else:
        fits = column != ""
    return column.is_not_null() & ~fits.fill_null(value=False)


def _datetime_pattern(dtype: pl.Datetime) -> str:
    digits = {"ms": 3, "us": 6, "ns": 9}[dtype.time_unit]
    zone = r"(?:Z|[+-]\d{2}:?\d{2})" if dtype.time_zone else ""
    return rf"^{_DATE}(?:{_TIME.replace('1,6', f'1,{digits}')}{zone}){'' if zone else '?'}$"
