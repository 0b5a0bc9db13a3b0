"""The one door for who has rows and a target: check, then write, whatever kind of target it is."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from scalekit.errors import TargetError
from scalekit.targets.base import FileTarget, Part, Target, WriteResult
from scalekit.targets.check import check_target
from scalekit.targets.commit import write_files
from scalekit.targets.database import DatabaseTarget, write_database
from scalekit.targets.delta import DeltaTarget, write_delta


def write(
    target: Target,
    parts: Iterable[Part],
    *,
    inputs: Iterable[str] = (),
    write_id: str | None = None,
    schema: pl.Schema | None = None,
) -> WriteResult:
    """Write ``parts``, in order, all or nothing.

    Parameters
    ----------
    target
        Where the rows go.
    parts
        Frames, lazy frames or Arrow tables; for files also functions that write one file.
    inputs
        The paths and URIs that the rows are read from, which must not be the target.
    write_id
        The identity of the write: once it is committed, a second run adds nothing. A new one by default.
    schema
        The columns where there is no part at all.

    Raises
    ------
    TargetExistsError
        ``mode="error"``, the default, and something is there.
    WriteConflictError
        Another writer committed first.
    TargetError
        The target cannot be written; readers see what they saw before.

    Examples
    --------
    >>> import tempfile, polars as pl
    >>> from scalekit.targets import CsvTarget
    >>> path = tempfile.mkdtemp() + "/a.csv"
    >>> write(CsvTarget(path=path), [pl.DataFrame({"x": [1, 2]})]).rows
    2
    """
    check_target(target, inputs)
    match target:
        case FileTarget():
            return write_files(target, parts, write_id=write_id, schema=schema)
        case DeltaTarget():
            return write_delta(target, parts, write_id=write_id, schema=schema)
        case DatabaseTarget():
            return write_database(target, parts, write_id=write_id, schema=schema)
        case _:
            raise TargetError(
                f"cannot write {target.describe()}: unknown kind {type(target).__name__}"
            )
