"""One write from its beginning to its commit: what the sessions of all stores share."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

import polars as pl

from scalekit.errors import SchemaError, TargetError
from scalekit.storage.names import PartName, write_token
from scalekit.targets.attempts import Attempt, StagedFile, Staging
from scalekit.targets.base import FileTarget, WriteResult

if TYPE_CHECKING:
    from types import TracebackType


class WriteSession(ABC):
    """Collects attempts and makes them visible at once, or not at all.

    Use it as a context manager: an exception inside aborts the write. ``staging`` goes to whoever
    writes attempts; ``done`` is the result where the same write was committed before.
    """

    staging: Staging
    done: WriteResult | None = None

    def __init__(self, target: FileTarget, write_id: str | None) -> None:
        self.target = target
        self.write_id = write_id or uuid.uuid4().hex
        self.is_named = write_id is not None
        self.write = write_token(self.write_id)
        self.nonce = uuid.uuid4().hex[:8]
        self.attempts: dict[int, Attempt] = {}
        self.is_open = True

    def record(self, attempt: Attempt) -> bool:
        """Take up an attempt; False where another one of the same part came first."""
        return self.attempts.setdefault(attempt.index, attempt) is attempt

    def commit(self, *, rows: int | None = None, parts: int | None = None) -> WriteResult:
        """Make the recorded attempts visible, all in one step.

        Parameters
        ----------
        rows
            The rows that the result has, where the caller knows it.
        parts
            The number of parts that there have to be, where the caller knows it.

        Raises
        ------
        TargetError
            Rows or parts are missing, or the store refused; readers see what they saw before.
        TargetExistsError, WriteConflictError
            Another writer committed first.
        """
        if self.done is not None:
            return self.done
        self._check_recorded(rows, parts)
        self.done = self._commit()
        self.is_open = False
        return self.done

    @abstractmethod
    def _commit(self) -> WriteResult:
        """Publish the attempts; nothing may be visible when it raises."""

    @abstractmethod
    def abort(self) -> None:
        """Remove everything that was staged; nothing was visible. Never raises."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.is_open:
            self.abort()
            self.is_open = False

    @property
    def ordered(self) -> list[Attempt]:
        """The attempts in the order of their parts."""
        return [self.attempts[index] for index in sorted(self.attempts)]

    @property
    def schema(self) -> pl.Schema:
        """The schema that all attempts share."""
        return self.ordered[0].schema

    def result(self, files: tuple[str, ...], *, rows: int | None = None) -> WriteResult:
        """The report of this write."""
        staged = [file for attempt in self.ordered for file in attempt.files]
        return WriteResult(
            self.target.describe(),
            sum(file.rows for file in staged) if rows is None else rows,
            sum(file.bytes for file in staged),
            files,
            self.write_id,
        )

    def finish_as_done(self) -> WriteResult:
        """End a write that was committed before: nothing is added."""
        self.is_open = False
        where = self.target.describe()
        self.done = WriteResult(where, 0, 0, (), self.write_id, committed=False)
        return self.done

    def _check_recorded(self, rows: int | None, parts: int | None) -> None:
        where = self.target.describe()
        if not self.attempts:
            raise TargetError(
                f"nothing to write to {where}: give one part at least, if without rows"
            )
        expected = range(len(self.attempts) if parts is None else parts)
        if missing := sorted(set(expected) - set(self.attempts)):
            raise TargetError(
                f"{where}: parts {missing[:10]} were never written; nothing is visible"
            )
        found = sum(file.rows for attempt in self.ordered for file in attempt.files)
        reported = sum(attempt.rows for attempt in self.ordered)
        if found != reported or (rows is not None and found != rows):
            raise TargetError(
                f"{where}: {found} rows are on disk, {reported} were reported by the kernels"
                + (f", {rows} are expected" if rows is not None else "")
                + "; nothing is visible. Write it again"
            )
        for attempt in self.ordered:
            if attempt.schema != self.schema:
                raise SchemaError(
                    f"{where}: part {attempt.index} has the columns {dict(attempt.schema)}, "
                    f"part {self.ordered[0].index} has {dict(self.schema)}: cast them to one schema"
                )


def check_same_columns(
    target: FileTarget, there: Mapping[str, pl.DataType] | None, new: Mapping[str, pl.DataType]
) -> None:
    """Refuse to append rows of other columns; a header knows names and order only.

    Raises
    ------
    SchemaError
        They differ.
    """
    if not there:
        return
    text = target.formats == "csv"
    if list(there) != list(new) if text else dict(there) != dict(new):
        raise SchemaError(
            f"cannot append to {target.describe()}: it has the columns "
            f"{list(there) if text else dict(there)}, and the new rows have "
            f"{list(new) if text else dict(new)}. Select and cast to the same columns, or say "
            "mode='overwrite'"
        )


def name_part(staging: Staging, attempt: Attempt, file: StagedFile, generation: int) -> str:
    """The final relative path of a staged file."""
    suffix = staging.target.part_suffix
    part = PartName(generation, attempt.index, staging.write, staging.nonce, file.checksum, suffix)
    return f"{file.folder}{part}"
