"""Database tables: all rows in one transaction, through ADBC where there is a driver, else SQLAlchemy."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl

from scalekit.errors import TargetError
from scalekit.storage.redaction import redact
from scalekit.targets.base import MODES, Mode, Part, Target, WriteResult
from scalekit.targets.database_adbc import write_through_adbc
from scalekit.targets.database_sqlalchemy import write_through_sqlalchemy
from scalekit.targets.frames import next_write_id, with_schema
from scalekit.targets.table import TableWrite

# the ADBC driver of a scheme; a URI such as postgresql+psycopg:// names a SQLAlchemy driver instead
_ADBC = {
    "sqlite": "adbc_driver_sqlite",
    "postgresql": "adbc_driver_postgresql",
    "postgres": "adbc_driver_postgresql",
}


@dataclass(frozen=True, kw_only=True)
class DatabaseTarget(Target):
    """A table of a database.

    Parameters
    ----------
    table
        Its name, with that of the schema before a point where there is one.
    uri
        The database, as ``postgresql://user@host/name`` or ``sqlite:///folder/file.db``.
    mode
        ``"error"``, ``"overwrite"`` (the table is dropped and made anew) or ``"append"``.
    engine
        ``"adbc"`` or ``"sqlalchemy"``; the first that has a driver by default.
    """

    table: str
    uri: str
    mode: Mode = "error"
    engine: Literal["auto", "adbc", "sqlalchemy"] = "auto"

    def __post_init__(self) -> None:
        # a SQLAlchemy engine has its URI; the target has to travel, and an engine cannot
        url = getattr(self.uri, "url", self.uri)
        render = getattr(url, "render_as_string", None)
        object.__setattr__(self, "uri", render(hide_password=False) if render else str(url))
        if self.mode not in MODES:
            raise TargetError(f"unknown mode {self.mode!r}; known: {', '.join(MODES)}")
        if "://" not in self.uri:
            raise TargetError(
                f"{redact(self.uri)} is no database URI: write sqlite:///folder/file.db or "
                "postgresql://user@host/name"
            )
        if not self.table:
            raise TargetError(f"{self.describe()} needs the name of a table")

    def __repr__(self) -> str:
        return f"DatabaseTarget({self.describe()}, mode={self.mode!r})"

    @property
    def scheme(self) -> str:
        """What the URI begins with."""
        return self.uri.partition("://")[0].lower()

    def describe(self) -> str:
        """Table and database, with secrets redacted."""
        return f"table {self.table} of {redact(self.uri)}"


def write_database(
    target: DatabaseTarget,
    parts: Iterable[Part],
    *,
    write_id: str | None = None,
    schema: pl.Schema | None = None,
) -> WriteResult:
    """Write ``parts`` to a table in one transaction.

    Lazy parts are computed first, to this machine's disk: the transaction is short, and a query that
    reads the table it is about to replace does not wait for itself.

    Parameters
    ----------
    target
        The table.
    parts
        Frames or Arrow tables.
    write_id
        The identity of the write, kept in the table ``_scalekit_writes``: a second run adds nothing.
    schema
        The columns where there is no part at all.

    Raises
    ------
    TargetExistsError
        ``mode="error"`` and the table is there.
    SchemaError
        Types or columns that the database or the table cannot hold.
    TargetError
        The database refused; the transaction was taken back.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="scalekit-")))
        staged = [_stage(part, folder / f"{index}.arrow") for index, part in enumerate(parts)]
        columns, frames = with_schema(target, staged, schema)
        schema_name, _, table = target.table.rpartition(".")
        write = TableWrite(
            describe=target.describe(),
            uri=target.uri,
            schema_name=schema_name or None,
            table=table,
            mode=target.mode,
            write_id=write_id,
            columns=columns,
        )
        through = write_through_adbc if _uses_adbc(target) else write_through_sqlalchemy
        rows = through(write, _without_empty(frames))
    identity = next_write_id(write_id)
    return WriteResult(target.describe(), rows or 0, 0, (), identity, committed=rows is not None)


def _stage(part: Part, path: Path) -> Part:
    """Compute a lazy part now."""
    if not isinstance(part, pl.LazyFrame):
        return part
    part.sink_ipc(path, compression="lz4")
    return pl.scan_ipc(path, glob=False, hive_partitioning=False)


def _without_empty(frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    return (frame for frame in frames if frame.height)


def _uses_adbc(target: DatabaseTarget) -> bool:
    driver = _ADBC.get(target.scheme)
    if target.engine == "adbc" and driver is None:
        raise TargetError(
            f"no ADBC driver is known for {target.scheme}://: use engine='sqlalchemy'"
        )
    if target.engine != "auto" or driver is None:
        return target.engine == "adbc"
    return importlib.util.find_spec(driver) is not None
