"""Write one part of a result to a place of its own, where nobody reads it until a commit takes it up.

This is what a worker runs: it may be repeated, run twice at once, or die halfway; the driver takes one
attempt for each part.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from scalekit.errors import SchemaError, TargetError
from scalekit.storage import filesystem as fs
from scalekit.storage.folder import KEY_TYPES
from scalekit.storage.names import NULL_KEY, hive_segment
from scalekit.targets.base import FileTarget, Part
from scalekit.targets.faults import as_target_errors

ATTEMPTS = "attempts"
if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa
    from polars.io.partition import FileProviderArgs

# neither a data suffix, so that no glob of a reader finds it, nor an empty name
_UNFINISHED = ".tmp"
_FINISHED = ".done"


@dataclass(frozen=True)
class Staging:
    """What a worker needs to write an attempt: plain data, to be pickled and sent.

    Parameters
    ----------
    target
        Where the result will be.
    write
        The 16 digits that stand for the write's id.
    nonce
        The 8 digits of this session, so that two sessions of one write never share a name.
    generation
        The number that the commit will have unless others come in between.
    root
        The folder for attempts; empty for an object store, where attempts take their final names.
    """

    target: FileTarget
    write: str
    nonce: str
    generation: int
    root: str


@dataclass(frozen=True)
class StagedFile:
    """A complete file, on the disk, that nobody sees yet.

    Parameters
    ----------
    folder
        The folders ``key=value/`` it belongs in; empty without partition keys.
    staged
        Where it is: a path, or a key of the object store.
    rows, bytes, checksum
        Its rows, its bytes and their SHA-256.
    """

    folder: str
    staged: str
    rows: int
    bytes: int
    checksum: str


@dataclass(frozen=True)
class Attempt:
    """One finished try at writing part ``index``; plain data, to be sent back to the driver."""

    index: int
    rows: int
    schema: pl.Schema
    files: tuple[StagedFile, ...]


def stage_part(target: FileTarget, attempts: Path, index: int, part: Part) -> Attempt:
    """Write ``part`` below the folder ``attempts``, bring it to the disk, then give it its name.

    Raises
    ------
    TargetError
        The rows in the files are not as many as the kernel reported.
    SchemaError
        A partition key that is missing or whose type cannot be a folder's name.
    """
    name = f"{index:05}-{uuid.uuid4().hex[:12]}"
    folder = attempts / f"{name}{_UNFINISHED}"
    with as_target_errors(target):
        fs.make_dir(folder)
        fs.step("write", folder)
    with as_target_errors(target, writing=folder):
        reported, schema = _write_rows(target, part, folder)
    with as_target_errors(target):
        files = [_finish(target, path, folder) for path in sorted(folder.rglob("*.tmp"))]
        rows = sum(file.rows for file in files)
        if reported is not None and rows != reported:
            raise TargetError(
                f"part {index} of {target.describe()} has {rows} rows on disk, and the kernel reported "
                f"{reported}: nothing was written. Write it again"
            )
        done = attempts / f"{name}{_FINISHED}"
        fs.rename(folder, done)
    return Attempt(
        index, rows, schema, tuple(replace(f, staged=str(done / f.staged)) for f in files)
    )


def _write_rows(target: FileTarget, part: Part, folder: Path) -> tuple[int | None, pl.Schema]:
    """Write a part to files ``*.tmp`` in ``folder``: the rows reported, if any, and the schema."""
    single = folder / "0.tmp"
    if callable(part):
        if target.partition_by:
            raise TargetError("a function writes one file: give rows where partition_by is used")
        return part(str(single)), target.read_schema(single)
    frame, rows = _as_lazy(part)
    schema = frame.collect_schema()
    target.check_schema(schema)
    if not target.partition_by:
        with single.open("wb") as into:
            target.write_file(frame, into)
        return rows, schema
    check_keys(schema, target.partition_by)
    is_open = [True]
    try:
        target.write_file(frame, _partitioned(folder, target.partition_by, is_open))
    finally:
        is_open.clear()
    if not any(folder.iterdir()):
        _write_empty(target, schema, folder)
    return rows, schema


def _as_lazy(
    part: pl.DataFrame | pl.LazyFrame | pa.Table | pa.RecordBatch,
) -> tuple[pl.LazyFrame, int | None]:
    if isinstance(part, pl.LazyFrame):
        return part, None
    frame = part if isinstance(part, pl.DataFrame) else pl.DataFrame(part)
    return frame.lazy(), frame.height


def check_keys(schema: pl.Schema, keys: tuple[str, ...]) -> None:
    """Refuse partition keys that do not exist, take all columns, or would not read back the same."""
    if missing := [key for key in keys if key not in schema]:
        raise SchemaError(
            f"partition_by names {', '.join(map(repr, missing))}, which the frame does not have; "
            f"columns: {', '.join(map(repr, schema))}"
        )
    if len(set(keys)) == len(schema):
        raise SchemaError("partition_by takes every column: at least one has to stay in the files")
    for key in keys:
        if key_type(schema[key]) is None:
            raise SchemaError(
                f"partition_by={key!r} has type {schema[key]}, which has no exact spelling as a folder: "
                f"cast it, for example to String or Date; possible: {', '.join(KEY_TYPES)}"
            )


def key_type(dtype: pl.DataType) -> str | None:
    """The name under which a commit records the type of a partition key; None where it cannot."""
    # an Enum's list of categories is too long for a name: it comes back as its strings
    name = (
        "String"
        if isinstance(dtype, pl.Enum)
        else "Categorical"
        if isinstance(dtype, pl.Categorical)
        else str(dtype)
    )
    return name if name in KEY_TYPES else None


def _partitioned(folder: Path, keys: tuple[str, ...], is_open: list[bool]) -> pl.PartitionBy:
    """One file for each value of the keys; none any more once ``is_open`` is empty."""

    def place(args: FileProviderArgs) -> str:
        values = args.partition_keys.select(pl.all().cast(pl.String)).row(0)
        if NULL_KEY in values:
            raise SchemaError(
                f"the text {NULL_KEY!r} stands for null in folder names: replace it first"
            )
        if not is_open:
            raise TargetError("the write has ended")
        inner = folder
        for segment in _segments(keys, values).split("/")[:-1]:
            inner /= segment
            # Not with its parents: where the folder is gone, the write was given up, and nothing is left behind.
            inner.mkdir(exist_ok=True)
        return str(inner / f"{args.index_in_partition:05}.tmp")

    return pl.PartitionBy(folder, key=list(keys), include_key=False, file_path_provider=place)


def _write_empty(target: FileTarget, schema: pl.Schema, folder: Path) -> None:
    """One file without rows, so that the schema is not lost."""
    inner = folder / _segments(target.partition_by, (None,) * len(target.partition_by))
    fs.make_dirs(inner)
    rest = {name: dtype for name, dtype in schema.items() if name not in target.partition_by}
    with (inner / "0.tmp").open("wb") as into:
        target.write_file(pl.LazyFrame(schema=rest), into)


def _segments(keys: tuple[str, ...], values: tuple[str | None, ...]) -> str:
    return "".join(f"{hive_segment(k, v)}/" for k, v in zip(keys, values, strict=True))


def _finish(target: FileTarget, path: Path, folder: Path) -> StagedFile:
    """Bring a written file to the disk and measure it."""
    fs.sync(path)
    rows = target.count_rows(path)
    with path.open("rb") as file:
        checksum = hashlib.file_digest(file, "sha256").hexdigest()
    relative = path.relative_to(folder).as_posix()
    return StagedFile(
        relative.rpartition("/")[0] + ("/" if "/" in relative else ""),
        relative,
        rows,
        path.stat().st_size,
        checksum,
    )


__all__ = ["ATTEMPTS", "Attempt", "StagedFile", "Staging", "check_keys", "key_type", "stage_part"]
