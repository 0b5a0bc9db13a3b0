"""What both ways into a database share: what is to be written, and the record of writes by their ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import polars as pl

from scalekit.errors import SchemaError, TargetError, TargetExistsError
from scalekit.storage.redaction import redact
from scalekit.targets.base import Mode

WRITES = "_scalekit_writes"
_LARGEST = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class TableWrite:
    """One write to a table.

    Parameters
    ----------
    describe
        Table and database, with secrets redacted.
    uri
        The database.
    schema_name, table
        The table.
    mode
        ``"error"``, ``"overwrite"`` or ``"append"``.
    write_id
        The identity to record, if it has one.
    columns
        Names and types of the rows.
    """

    describe: str
    uri: str
    schema_name: str | None
    table: str
    mode: Mode
    write_id: str | None
    columns: pl.Schema

    @property
    def full_name(self) -> str:
        """The name under which the write is recorded."""
        return f"{self.schema_name}.{self.table}" if self.schema_name else self.table

    def exists_error(self) -> TargetExistsError:
        """The error for ``mode="error"`` where the table is there."""
        return TargetExistsError(
            f"{self.describe} exists already: say mode='overwrite' or mode='append', or name another table"
        )

    def failure(self, error: BaseException) -> TargetError:
        """The error for what the database said; the transaction has been taken back."""
        text = redact(" ".join(str(error).split())[:500], (self.uri,))
        return TargetError(
            f"cannot write {self.describe}: {text}. Nothing of this write is visible"
        )

    def check_columns(self, there: Iterable[str]) -> None:
        """Refuse an append of other columns than the table has, in whatever order.

        Raises
        ------
        SchemaError
            They differ.
        """
        names = list(there)
        if set(names) != set(self.columns):
            raise SchemaError(
                f"cannot append to {self.describe}: it has the columns {names}, and the new rows have "
                f"{list(self.columns)}. Select the same columns, or say mode='overwrite'"
            )


def storable(write: TableWrite, frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Pass frames on, refusing values that the database would store as others.

    Raises
    ------
    TargetError
        NaN in SQLite, which stores it as NULL; an unsigned integer beyond the signed ones.
    """
    floats = [n for n, t in write.columns.items() if t.is_float()]
    unsigned = [n for n, t in write.columns.items() if t == pl.UInt64]
    no_nan = write.uri.startswith("sqlite")
    for frame in frames:
        for name in floats if no_nan else ():
            if frame[name].is_nan().any():
                raise TargetError(
                    f"cannot write {write.describe}: SQLite stores NaN as NULL, and column {name!r} has "
                    "NaN: say .fill_nan(None) where that is meant"
                )
        for name in unsigned:
            if (frame[name] > _LARGEST).any():
                raise TargetError(
                    f"cannot write {write.describe}: column {name!r} has values above {_LARGEST}, the "
                    "largest integer of the database: cast it to String or Decimal"
                )
        yield frame
