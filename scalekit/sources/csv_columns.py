"""The columns of CSV files: their names from headers or schemas, and the types that hold all their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from scalekit.errors import ColumnNotFoundError, SchemaMismatchError
from scalekit.sources.align import Extra, Missing, Types, common_schema
from scalekit.sources.csv_dialect import Dialect
from scalekit.sources.csv_lines import Lines
from scalekit.sources.csv_types import ColumnFacts, Kind, common_kind
from scalekit.sources.footer import width
from scalekit.sources.read_options import ReadOptions
from scalekit.sources.redact import StorageOptions, redact
from scalekit.sources.text_blocks import Blocks
from scalekit.sources.uri import File


@dataclass(frozen=True)
class CsvFacts:
    """What the passes over one file found."""

    lines: Lines
    columns: tuple[ColumnFacts, ...]
    rows: int
    blocks: Blocks | None = None


@dataclass(frozen=True)
class CsvRequest:
    """Everything that was asked for, but the paths."""

    dialect: Dialect
    schema: Types | None
    overrides: Types
    missing_columns: Missing
    extra_columns: Extra
    options: ReadOptions
    storage: StorageOptions


def names_of(lines: Lines, request: CsvRequest, what: str) -> tuple[str, ...]:
    """The header's names; without a header, those of the schema, which has to be as wide as the file."""
    if request.dialect.has_header or request.schema is None:
        return lines.header
    if len(request.schema) != len(lines.header):
        raise SchemaMismatchError(
            f"{what}: schema has {len(request.schema)} columns, the file {len(lines.header)}"
        )
    return tuple(name for name, _ in request.schema)


def declared_of(names: tuple[str, ...], request: CsvRequest, what: str) -> dict[str, pl.DataType]:
    """The types that the user gave for columns of one file."""
    declared = dict(request.schema or ()) | dict(request.overrides)
    if request.schema is not None:
        extra = [name for name in names if name not in declared]
        missing = [name for name in declared if name not in names]
        if (extra and request.extra_columns == "raise") or (
            missing and request.missing_columns == "raise"
        ):
            raise SchemaMismatchError(
                f"{what}: the header is {', '.join(map(repr, names))}; schema "
                f"{'lacks ' + ', '.join(map(repr, extra)) if extra else 'also has ' + ', '.join(map(repr, missing))}; "
                "use schema_overrides for some of the columns, or extra_columns= and missing_columns="
            )
    return {name: dtype for name, dtype in declared.items() if name in names}


def columns_of(
    files: Sequence[File], facts: Sequence[CsvFacts], request: CsvRequest, what: str
) -> dict[str, pl.DataType]:
    """The columns of all files: those of the schema, or names as they align and types from the values."""
    overrides = dict(request.overrides)
    if request.schema is not None:
        return dict(request.schema) | overrides
    shown = [redact(file.uri, request.storage) for file in files]
    text = [pl.Schema(dict.fromkeys((c.name for c in fact.columns), pl.String())) for fact in facts]
    names = common_schema(
        text, shown, what=what, missing=request.missing_columns, extra=request.extra_columns
    )
    unknown = [name for name in overrides if name not in names]
    if unknown:
        raise ColumnNotFoundError.missing(unknown, names)
    kinds: dict[str, dict[str, Kind]] = {name: {} for name in names}
    for file, fact in zip(shown, facts, strict=True):
        for column in fact.columns:
            if column.name in kinds:
                kinds[column.name][file] = column.kind
    return {n: overrides.get(n) or common_kind(n, kinds[n], what=what) for n in names}


def column_bytes(
    columns: Mapping[str, pl.DataType], facts: Sequence[CsvFacts]
) -> tuple[tuple[str, int], ...]:
    """What the columns take in memory: fixed widths, and the text that was counted."""
    rows = sum(fact.rows for fact in facts)
    sizes = {name: int(rows * (width(dtype) + 1 / 8)) for name, dtype in columns.items()}
    for fact in facts:
        for column in fact.columns:
            if columns.get(column.name) == pl.String:
                sizes[column.name] += column.text_bytes
    return tuple(sizes.items())
