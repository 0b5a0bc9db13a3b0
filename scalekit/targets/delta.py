"""Delta tables: their own log is the commit, so rows are streamed into one transaction of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from scalekit.errors import (
    MissingDependencyError,
    SchemaError,
    TargetError,
    TargetExistsError,
    WriteConflictError,
)
from scalekit.storage.location import Location, local_path, parse_location
from scalekit.storage.redaction import redact, secret_values
from scalekit.targets.base import MODES, Mode, Part, Target, WriteResult
from scalekit.targets.frames import in_own_thread, next_write_id, with_schema
from scalekit.targets.snapshot import refuse_place

if TYPE_CHECKING:
    from deltalake import DeltaTable

# Delta has signed integers only, strings without a list of categories, and microseconds
_STORED_AS: dict[type[pl.DataType], pl.DataType] = {
    pl.UInt8: pl.Int16(),
    pl.UInt16: pl.Int32(),
    pl.UInt32: pl.Int64(),
    pl.Categorical: pl.String(),
    pl.Enum: pl.String(),
}
_REFUSED = (pl.UInt64, pl.Int128, pl.UInt128, pl.Time, pl.Duration, pl.Null, pl.Array, pl.Object)


@dataclass(frozen=True, kw_only=True)
class DeltaTarget(Target):
    """A Delta table on a disk or in an object store.

    Unsigned integers are stored as the next larger signed ones, categories as strings. What Delta cannot
    hold exactly (UInt64, nanoseconds, durations, times of other zones than UTC) is refused.

    Parameters
    ----------
    path
        The folder of the table, or its URI.
    mode
        ``"error"``, ``"overwrite"`` (also of the schema) or ``"append"``.
    partition_by
        Columns whose values become folders.
    schema_mode
        ``"merge"`` lets an append add columns.
    storage_options
        Options of the object store, as for Polars.
    """

    path: str
    mode: Mode = "error"
    partition_by: tuple[str, ...] = ()
    schema_mode: Literal["merge"] | None = None
    storage_options: tuple[tuple[str, object], ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        keys = (self.partition_by,) if isinstance(self.partition_by, str) else self.partition_by
        object.__setattr__(self, "path", os.fspath(self.path))
        object.__setattr__(self, "partition_by", tuple(keys or ()))
        object.__setattr__(
            self, "storage_options", tuple(sorted(dict(self.storage_options or ()).items()))
        )
        if self.mode not in MODES:
            raise TargetError(f"unknown mode {self.mode!r}; known: {', '.join(MODES)}")

    @property
    def location(self) -> Location:
        """The real path, or the normalised bucket and key."""
        return parse_location(self.path)

    @property
    def uri(self) -> str:
        """The table's address, as deltalake takes it."""
        return str(local_path(self.path)) if self.location.is_local else self.path

    @property
    def options(self) -> dict[str, str]:
        """The options of the object store, as a dictionary of strings."""
        return {name: str(value) for name, value in self.storage_options}

    def describe(self) -> str:
        """The path, with secrets redacted."""
        return f"Delta table {redact(self.path, secret_values(self.options))}"


def write_delta(
    target: DeltaTarget,
    parts: Iterable[Part],
    *,
    write_id: str | None = None,
    schema: pl.Schema | None = None,
) -> WriteResult:
    """Write ``parts`` as one version of a Delta table.

    Parameters
    ----------
    target
        The table.
    parts
        Frames or Arrow tables; they are read one after the other, while the files are written.
    write_id
        The identity of the write, kept in the table's log: a second run of it adds nothing.
    schema
        The columns where there is no part at all.

    Raises
    ------
    TargetExistsError
        ``mode="error"`` and something is there.
    WriteConflictError
        Another writer committed first.
    SchemaError
        Types that Delta cannot hold, or columns that differ from the table's.
    """
    table = _open(target)
    identity = next_write_id(write_id)
    if table is not None and write_id and table.transaction_version(write_id) is not None:
        return WriteResult(target.describe(), 0, 0, (), identity, committed=False)
    _check_mode(target, table)
    columns, frames = with_schema(target, parts, schema)
    stored = _stored_schema(columns)
    with in_own_thread(frames) as computed:
        counted = _Counted(computed, stored)
        _commit(target, table, counted, write_id)
    return WriteResult(target.describe(), counted.rows, 0, (), identity)


class _Counted:
    """The frames as a stream of Arrow batches that remembers its rows, and its error as it was."""

    def __init__(self, frames: Iterable[pl.DataFrame], stored: pl.Schema) -> None:
        self.frames, self.stored = frames, stored
        self.rows = 0
        self.error: BaseException | None = None

    def reader(self) -> Any:
        import pyarrow as pa

        oldest = pl.CompatLevel.oldest()
        arrow = pl.DataFrame(schema=self.stored).to_arrow(compat_level=oldest).schema
        return pa.RecordBatchReader.from_batches(arrow, self._batches(oldest))

    def _batches(self, level: pl.CompatLevel) -> Iterator[Any]:
        try:
            for frame in self.frames:
                self.rows += frame.height
                yield from frame.cast(self.stored).to_arrow(compat_level=level).to_batches()
        except BaseException as error:
            self.error = error
            raise


def _open(target: DeltaTarget) -> DeltaTable | None:
    """The table as it is now; a later commit of somebody else is a conflict."""
    try:
        from deltalake import DeltaTable
    except ModuleNotFoundError as error:
        raise MissingDependencyError.for_extra(
            "deltalake", "delta", purpose=f"writing {target.describe()}"
        ) from error
    if target.location.is_local:
        refuse_place(Path(target.location.path), target)
    options = target.options or None
    with _delta_errors(target):
        if not DeltaTable.is_deltatable(target.uri, storage_options=options):
            return None
        return DeltaTable(target.uri, storage_options=options)


def _check_mode(target: DeltaTarget, table: DeltaTable | None) -> None:
    real = Path(target.location.path)
    occupied = target.location.is_local and real.is_dir() and any(real.iterdir())
    if target.mode == "error" and (table is not None or occupied):
        raise TargetExistsError(
            f"{target.describe()} exists already: say mode='overwrite' or mode='append', or write to "
            "another path"
        )
    if table is None and occupied:
        raise TargetError(
            f"{target.describe()}: the folder holds files and no table: write to another path"
        )


def _stored_schema(schema: pl.Schema) -> pl.Schema:
    """The types in which Delta holds the columns."""
    return pl.Schema({name: _stored_type(name, dtype) for name, dtype in schema.items()})


def _stored_type(name: str, dtype: pl.DataType) -> pl.DataType:
    if isinstance(dtype, _REFUSED):
        raise SchemaError(
            f"a Delta table cannot hold column {name!r} of type {dtype}: cast it, for example to Int64 or String"
        )
    if isinstance(dtype, pl.Datetime) and (
        dtype.time_unit == "ns" or dtype.time_zone not in {None, "UTC"}
    ):
        raise SchemaError(
            f"a Delta table holds microseconds, without a zone or in UTC, and column {name!r} is {dtype}: "
            "say .dt.cast_time_unit('us') or .dt.convert_time_zone('UTC')"
        )
    if isinstance(dtype, pl.Datetime):
        return pl.Datetime("us", dtype.time_zone)
    if isinstance(dtype, pl.List):
        return pl.List(_stored_type(name, dtype.inner))  # type: ignore[arg-type]
    if isinstance(dtype, pl.Struct):
        return pl.Struct({f.name: _stored_type(name, f.dtype) for f in dtype.fields})  # type: ignore[arg-type]
    return _STORED_AS.get(type(dtype), dtype)


def _commit(
    target: DeltaTarget, table: DeltaTable | None, rows: _Counted, write_id: str | None
) -> None:
    from deltalake import CommitProperties, Transaction, write_deltalake

    once = [Transaction(write_id, 1)] if write_id else None
    with _delta_errors(target, rows):
        write_deltalake(
            table if table is not None else target.uri,
            rows.reader(),
            mode=target.mode,
            partition_by=list(target.partition_by) or None,
            schema_mode="overwrite" if target.mode == "overwrite" else target.schema_mode,
            storage_options=target.options or None,
            commit_properties=CommitProperties(app_transactions=once),
        )


@contextmanager
def _delta_errors(target: DeltaTarget, rows: _Counted | None = None) -> Iterator[None]:
    """Raise deltalake's errors as scalekit's, and the error of a part as it was."""
    try:
        yield
    except TargetError:
        raise
    except Exception as error:
        if rows is not None and rows.error is not None:
            raise rows.error from None
        raise _translate(target, error) from error


def _translate(target: DeltaTarget, error: Exception) -> Exception:
    from deltalake import exceptions

    where = target.describe()
    text = redact(str(error).partition("\n")[0], secret_values(target.options))
    if isinstance(error, exceptions.CommitFailedError) or "already exists" in text:
        return WriteConflictError(
            f"another writer committed to {where} since this write began; nothing of this write is "
            f"visible. Read the new state, then write again ({text})"
        )
    if isinstance(error, exceptions.SchemaMismatchError) or "chema" in text:
        return SchemaError(
            f"the new rows do not fit {where}: {text}. Select and cast to its columns, or say "
            "schema_mode='merge' or mode='overwrite'"
        )
    return TargetError(f"cannot write {where}: {text}")
