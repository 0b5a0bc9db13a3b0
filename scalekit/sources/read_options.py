"""What every reader of files can be told: a row limit, a row number, a column of paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from scalekit.errors import InvalidOperationError


@dataclass(frozen=True)
class RowIndex:
    """A column that numbers the rows."""

    name: str
    offset: int = 0


@dataclass(frozen=True)
class ReadOptions:
    """What every reader of files can be told."""

    n_rows: int | None = None
    row_index: RowIndex | None = None
    file_path_column: str | None = None

    @classmethod
    def of(
        cls,
        n_rows: int | None,
        row_index_name: str | None,
        row_index_offset: int,
        include_file_paths: str | None,
    ) -> Self:
        """Check the arguments and pack them.

        Raises
        ------
        InvalidOperationError
            For a negative number of rows or offset.
        """
        for name, value in (("n_rows", n_rows), ("row_index_offset", row_index_offset)):
            if value is not None and value < 0:
                raise InvalidOperationError(f"{name} must be 0 or more, not {value}")
        index = RowIndex(row_index_name, row_index_offset) if row_index_name is not None else None
        return cls(n_rows, index, include_file_paths)
