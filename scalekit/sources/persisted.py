"""Rows that a query left where it ran: the parts stay on their cluster as long as somebody refers to them."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
from polars.io.plugins import register_io_source

from scalekit.errors import ScalekitError, SourceError
from scalekit.sources.align import Types
from scalekit.sources.base import Source, Statistics
from scalekit.sources.footer import width
from scalekit.sources.sizes import counted, size_text

_PREVIEWED = 64 * 1024**2
"""Bytes of a part that a preview may bring here."""


class Holder(ABC):
    """What has the parts: the references that keep them, and the way to bring them here.

    Attributes
    ----------
    backend
        The name of the backend that ran the query.
    rows, bytes
        Of each part.
    """

    backend: str
    rows: tuple[int, ...]
    bytes: tuple[int, ...]

    @property
    @abstractmethod
    def is_alive(self) -> bool:
        """Whether what holds the parts can be talked to."""

    @abstractmethod
    def fetch(self, part: int) -> Iterator[pl.DataFrame]:
        """The rows of one part, brought here."""

    def lend(self, schema: pl.Schema) -> Any | None:  # noqa: ARG002 - for engines with collections of their own
        """The parts as a collection of the engine's own, where it has one."""
        return None


@dataclass(frozen=True, eq=False, repr=False)
class PersistedSource(Source):
    """Parts on a cluster, equal to a source of the same token; they are freed with the last frame over them.

    Parameters
    ----------
    holder
        What has the parts.
    fields
        Names and types of the columns.
    token
        The identity of the rows.
    """

    holder: Holder
    fields: Types
    token: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __hash__(self) -> int:
        return hash(self.token)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PersistedSource) and self.token == other.token

    def __repr__(self) -> str:
        return f"<{self.describe()}>"

    def __getstate__(self) -> dict[str, Any]:
        raise SourceError(
            f"rows {self.describe()} belong to this process and its connection: write them to files, or pickle "
            "the frame that they were made from"
        )

    @property
    def home(self) -> str | None:
        """The backend that has the rows, as long as it can be talked to."""
        return self.holder.backend if self.holder.is_alive else None

    @property
    def schema(self) -> pl.Schema:
        """Names and types of the columns."""
        return pl.Schema(self.fields)

    def has_cheap_head(self) -> bool:
        """Whether the first part is small enough to be brought for a preview."""
        return self.holder.bytes[:1] <= (_PREVIEWED,)

    def splits(self) -> tuple[int, ...]:
        """Numbers of the parts."""
        return tuple(range(len(self.holder.rows)))

    def read(self, splits: Sequence[Any] | None = None) -> pl.LazyFrame:
        """The rows, brought here part by part when a query runs, and no more parts than it needs.

        Raises
        ------
        SourceError
            When the query runs, and the cluster or the parts are gone.
        """
        parts = self.splits() if splits is None else tuple(splits)

        def rows(
            columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _: int | None
        ) -> Iterator[pl.DataFrame]:
            # Polars trusts a source to stop at n_rows, which counts before the predicate.
            left = n_rows
            if left == 0:
                return
            for frame in self._fetched(parts):
                found = frame if left is None else frame.head(left)
                left = None if left is None else left - found.height
                found = found if columns is None else found.select(columns)
                yield found if predicate is None else found.filter(predicate)
                if left == 0:  # the next part is not brought for nothing
                    return

        return register_io_source(rows, schema=dict(self.schema), is_pure=True)

    def _fetched(self, parts: Sequence[int]) -> Iterator[pl.DataFrame]:
        try:
            for part in parts:
                yield from self.holder.fetch(part)
        except ScalekitError as error:
            raise SourceError(
                f"the rows {self.describe()} are gone, with the cluster or the worker that had them; make them "
                f"again with persist() on the frame that they came from ({error})"
            ) from None

    def statistics(self) -> Statistics:
        """Rows and bytes, as they were measured."""
        rows, size = sum(self.holder.rows), sum(self.holder.bytes)
        widths = {name: width(dtype) + 1 / 8 for name, dtype in self.fields}
        by_width = size / max(1.0, sum(widths.values()))
        return Statistics(
            rows=rows,
            bytes=size,
            exact=True,
            column_bytes=tuple((name, int(by_width * each)) for name, each in widths.items()),
        )

    def lend(self, backend: str) -> Any | None:
        """The parts as a collection of the engine that has them, if it is this one."""
        return self.holder.lend(self.schema) if self.holder.backend == backend else None

    def travels(self) -> bool:
        """No: references to the parts belong to this process."""
        return False

    def describe(self) -> str:
        """Where the rows are, and how many."""
        return persisted_on(self.holder.backend, self.holder.rows, sum(self.holder.bytes))


def persisted_on(backend: str, rows: Sequence[int], size: int) -> str:
    """Where rows are and how many, in a line.

    Examples
    --------
    >>> persisted_on("dask", [600, 634], 3 * 1024**2)
    'persisted on dask: 2 parts, 1,234 rows, 3.0 MiB'
    """
    parts = counted(len(rows), "part")
    return f"persisted on {backend}: {parts}, {counted(sum(rows), 'row')}, {size_text(size)}"
