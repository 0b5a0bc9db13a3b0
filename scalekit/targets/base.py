"""What every target of rows says of itself, and what a finished write reports."""

from __future__ import annotations

import os
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, ClassVar, Literal, TypeAlias

import polars as pl

from scalekit.errors import SchemaError, TargetError
from scalekit.storage.location import Location, parse_location
from scalekit.storage.redaction import redact, secret_values

if TYPE_CHECKING:
    import pyarrow as pa

Mode: TypeAlias = Literal["error", "overwrite", "append"]
MODES: tuple[Mode, ...] = ("error", "overwrite", "append")

Part: TypeAlias = (
    "pl.DataFrame | pl.LazyFrame | pa.Table | pa.RecordBatch | Callable[[str], int | None]"
)
"""Rows to write: a frame, an Arrow table, or a function that writes one file and returns its rows."""


@dataclass(frozen=True)
class WriteResult:
    """What a write did.

    Parameters
    ----------
    path
        Where it went, with secrets redacted.
    rows, bytes
        Rows and bytes that this write added; ``bytes`` is 0 where a database does not say.
    files
        The files that it added.
    write_id
        The identity of the write.
    committed
        False where the same write had been committed before and nothing was added.
    sample
        What the rows are a sample of, where they are not all of them; empty otherwise.
    """

    path: str
    rows: int
    bytes: int
    files: tuple[str, ...]
    write_id: str
    committed: bool = True
    sample: str = ""


class Target(ABC):
    """Where rows go. Concrete targets are frozen dataclasses: hashable, picklable, compared by value."""

    @abstractmethod
    def describe(self) -> str:
        """One line for plans and errors, with secrets redacted."""

    @property
    def location(self) -> Location | None:
        """The place that is written, where it has one that can be compared with a source's."""
        return None


@dataclass(frozen=True, kw_only=True)
class FileTarget(Target):
    """A file or a folder of files.

    Parameters
    ----------
    path
        A path with a suffix is one file; one without, or ending in ``/``, is a folder of part files.
    mode
        ``"error"`` refuses to touch what exists, ``"overwrite"`` replaces it in one step,
        ``"append"`` adds to it in one step.
    partition_by
        Columns whose values become folders ``key=value``; needs a folder.
    overwrite_foreign
        Whether ``mode="overwrite"`` may remove files that scalekit did not write.
    storage_options
        Options of the object store, as for Polars.
    """

    formats: ClassVar[str]
    suffix: ClassVar[str]
    cannot_hold: ClassVar[tuple[type[pl.DataType], ...]] = (pl.Object,)

    path: str
    mode: Mode = "error"
    partition_by: tuple[str, ...] = ()
    overwrite_foreign: bool = False
    storage_options: tuple[tuple[str, object], ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", os.fspath(self.path))
        keys = (self.partition_by,) if isinstance(self.partition_by, str) else self.partition_by
        object.__setattr__(self, "partition_by", tuple(keys or ()))
        options = self.storage_options
        pairs = options.items() if isinstance(options, Mapping) else (options or ())
        object.__setattr__(self, "storage_options", tuple(sorted(pairs)))
        self._check()

    def _check(self) -> None:
        if self.mode not in MODES:
            raise TargetError(f"unknown mode {self.mode!r}; known: {', '.join(MODES)}")
        if not self.path:
            raise TargetError(f"write_{self.formats} needs a path")
        if self.partition_by and not self.is_dataset:
            raise TargetError(
                f"partition_by writes a folder, and {self.describe()} names a file: "
                f"end the path with '/' ({redact(self.path)}/)"
            )
        if not (self.location.is_local or self.location.is_object_store):
            raise TargetError(
                f"cannot write to {self.describe()}: known are local paths, file://, s3://, gs://, az://"
            )

    @property
    def is_dataset(self) -> bool:
        """Whether the target is a folder of part files rather than one file."""
        # "month=1.5" and "run.2024" are folders: a suffix that says a format begins with a letter
        return not re.match(r"\.[A-Za-z]", Path(self.path.rpartition("/")[2]).suffix)

    @property
    def location(self) -> Location:
        """The real path, or the normalised bucket and key."""
        return parse_location(self.path)

    @property
    def options(self) -> dict[str, object]:
        """The options of the object store, as a dictionary."""
        return dict(self.storage_options)

    def describe(self) -> str:
        """The path, with secrets redacted."""
        return redact(self.path, secret_values(self.options))

    @property
    def part_suffix(self) -> str:
        """The suffix of a part file in a dataset of this format."""
        return self.suffix

    def check_schema(self, schema: pl.Schema) -> None:
        """Refuse types that the format cannot hold; to be called before any row is computed.

        Raises
        ------
        SchemaError
            A column has one.
        """
        for name, dtype in schema.items():
            if found := _find_type(dtype, self.cannot_hold):
                inside = "" if found == dtype else f" (inside {dtype})"
                raise SchemaError(
                    f"{self.formats.upper()} cannot hold column {name!r} of type {found}{inside}: cast it, "
                    "for example to String, or write Parquet"
                )

    @abstractmethod
    def write_file(self, frame: pl.LazyFrame, into: IO[bytes] | pl.PartitionBy) -> None:
        """Write rows to an open file, or to one file for each partition.

        An open file, because Polars may create a path that it was given after it has failed.
        """

    @abstractmethod
    def count_rows(self, path: Path) -> int:
        """Count the rows of a file that this target wrote."""

    @abstractmethod
    def read_schema(self, path: Path) -> pl.Schema:
        """The columns of a file of this format; text formats know the names only, as strings."""

    @abstractmethod
    def merge(
        self,
        paths: list[Path],
        merged: Path,
        *,
        schema: pl.Schema,
        write_ids: tuple[str, ...] = (),
    ) -> None:
        """Write the rows of several files, in order, to one new file."""

    def read_write_ids(self, path: Path) -> tuple[str, ...]:  # noqa: ARG002 - for those that can
        """The identities of the writes that a single file records, where the format can hold them."""
        return ()

    @property
    def records_write_ids(self) -> bool:
        """Whether a single file of this format can hold the identities of writes."""
        return False


def _find_type(dtype: pl.DataType, wanted: tuple[type[pl.DataType], ...]) -> pl.DataType | None:
    """The first of ``wanted`` that a type is or holds."""
    if isinstance(dtype, wanted):
        return dtype
    if isinstance(dtype, pl.List | pl.Array):
        inner = [dtype.inner]
    elif isinstance(dtype, pl.Struct):
        inner = [field.dtype for field in dtype.fields]
    else:
        return None
    found = (_find_type(item, wanted) for item in inner if isinstance(item, pl.DataType))
    return next(filter(None, found), None)
