"""Write rows to files: begin, stage attempts, commit; the whole of it in ``write_files``.

with begin(target) as session:
    for index, part in enumerate(parts):
        session.record(write_attempt(session.staging, index, part))   # anywhere, more than once
    result = session.commit()                                        # here, once
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from scalekit.targets.attempts import Attempt, Staging, check_keys, stage_part
from scalekit.targets.base import FileTarget, Part, WriteResult
from scalekit.targets.local import LocalFileSession
from scalekit.targets.local_dataset import LocalDatasetSession
from scalekit.targets.session import WriteSession
from scalekit.targets.store_dataset import StoreDatasetSession, upload_attempt
from scalekit.targets.store_object import StoreObjectSession


def begin(target: FileTarget, *, write_id: str | None = None) -> WriteSession:
    """Check the target and make room for attempts; nothing that exists is touched.

    Parameters
    ----------
    target
        Where the rows will be.
    write_id
        The identity of the write: beginning it again after it was committed gives a session that is
        ``done``. A new one by default.

    Raises
    ------
    TargetExistsError
        ``mode="error"`` and something is there.
    TargetError
        The target cannot be written.
    """
    kinds: dict[tuple[bool, bool], type[WriteSession]] = {
        (True, True): LocalDatasetSession,
        (True, False): LocalFileSession,
        (False, True): StoreDatasetSession,
        (False, False): StoreObjectSession,
    }
    return kinds[target.location.is_local, target.is_dataset](target, write_id)


def write_attempt(staging: Staging, index: int, part: Part) -> Attempt:
    """Write part ``index`` where no reader sees it; runs in any process that reaches the store.

    Raises
    ------
    TargetError
        The disk is full, or the rows on it are not those that the part has.
    """
    if not staging.root:
        return upload_attempt(staging, index, part)
    return stage_part(staging.target, Path(staging.root), index, part)


def write_files(
    target: FileTarget,
    parts: Iterable[Part],
    *,
    write_id: str | None = None,
    schema: pl.Schema | None = None,
    rows: int | None = None,
) -> WriteResult:
    """Write ``parts``, in order, all or nothing.

    Parameters
    ----------
    target
        Where the rows go.
    parts
        Frames, Arrow tables, or functions that write one file.
    write_id
        See ``begin``.
    schema
        The columns, where they are known: then types that the format cannot hold are refused before
        any part is computed, and a result without any part still has its schema.
    rows
        The rows that there have to be, where they are known.

    Examples
    --------
    >>> import tempfile, polars as pl
    >>> from scalekit.targets import ParquetTarget
    >>> folder = tempfile.mkdtemp() + "/flights"
    >>> write_files(ParquetTarget(path=folder), [pl.DataFrame({"x": [1, 2]})]).rows
    2
    >>> pl.read_parquet(folder).to_dicts()
    [{'x': 1}, {'x': 2}]
    """
    if schema is not None:
        target.check_schema(schema)
        check_keys(schema, target.partition_by)
    with begin(target, write_id=write_id) as session:
        if session.done is not None:
            return session.done
        for index, part in enumerate(parts):
            session.record(write_attempt(session.staging, index, part))
        if not session.attempts and schema is not None:
            session.record(write_attempt(session.staging, 0, pl.DataFrame(schema=schema)))
        return session.commit(rows=rows)
