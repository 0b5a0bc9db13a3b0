"""What every source of rows provides: a schema, readable splits, and statistics."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import polars as pl

from scalekit.sources.column_statistics import ColumnStatistics
from scalekit.sources.conditions import Condition


@dataclass(frozen=True)
class Statistics:
    """What is known of a source's size before it is read.

    ``rows`` and ``bytes`` are None where nothing is known. ``exact`` tells a measurement (a footer, a
    frame in memory) from a guess. ``bytes`` is the size in memory, not on disk. ``column_bytes`` parts
    it by column, in the order of the schema, where that is known: a query pays for what it reads only.
    """

    rows: int | None = None
    bytes: int | None = None
    exact: bool = False
    column_bytes: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """A split and its size, of which tasks are made.

    ``bytes`` is what the wanted columns take in memory, about, and ``rows`` is None where it is unknown.
    ``can_cut`` tells that some of its rows can be read for little more than their share of the cost.
    """

    split: Any
    bytes: int
    rows: int | None = None
    can_cut: bool = False


class Source(ABC):
    """Where rows come from. Concrete sources are frozen dataclasses: hashable, picklable, compared by value."""

    form: ClassVar[str] = "columns"
    """What reading takes: ``"columns"`` decodes those that are wanted, text is parsed, a ``"frame"`` is there."""

    @property
    @abstractmethod
    def schema(self) -> pl.Schema:
        """Names and types of the columns, known without reading the rows."""

    @abstractmethod
    def splits(self) -> tuple[Any, ...]:
        """The readable pieces, picklable, in file and row order; at least one."""

    def shares(self, columns: Sequence[str]) -> tuple[Share, ...]:
        """The splits with what ``columns`` take of each."""
        splits, known = self.splits(), self.statistics()
        size = sum(dict(known.column_bytes).get(name, 0) for name in columns) or known.bytes or 0
        return tuple(Share(split, size // len(splits)) for split in splits)

    def without_excluded(
        self,
        shares: Sequence[Share],
        conditions: Sequence[Condition],  # noqa: ARG002 - for those that know values
    ) -> tuple[Share, ...]:
        """The shares that can hold a row that meets all conditions, as far as that is known."""
        return tuple(shares)

    def cut(self, split: Any, start: int, stop: int) -> Any:
        """The rows from ``start`` to ``stop`` of a split that can be cut."""
        raise NotImplementedError(f"{type(self).__name__} says of no split that it can be cut")

    def shell(self) -> Source:
        """The source without what only some tasks need; every task of a stage receives it."""
        return self

    def packed(self, splits: Sequence[Any]) -> tuple[Any, ...]:
        """The splits with what the :meth:`shell` lacks to read them; each goes to one task."""
        return tuple(splits)

    def narrowed(self, packed: Sequence[Any]) -> Source:  # noqa: ARG002 - for those with many files
        """The source as one task sees it, for errors: what it reads, and whether that changed."""
        return self

    @abstractmethod
    def read(self, splits: Sequence[Any] | None = None) -> pl.LazyFrame:
        """The rows of ``splits``, packed or not, in order, or all of them, with exactly :attr:`schema`."""

    @abstractmethod
    def statistics(self) -> Statistics:
        """Rows and bytes, as far as they are known without reading the rows."""

    def column_statistics(
        self,
        columns: Sequence[str],  # noqa: ARG002 - for those that know values
    ) -> Mapping[str, ColumnStatistics]:
        """What is known of the values of some columns, from a few blocks at most; a guess, as sizes may be."""
        return {}

    @abstractmethod
    def describe(self) -> str:
        """One line for plans and errors, with secrets redacted."""

    def inputs(self) -> tuple[str, ...]:
        """Canonical identities of what is read (real paths, normalised URIs), for the check against targets."""
        return ()

    def local_paths(self) -> tuple[str, ...]:
        """Paths of this machine that whoever reads the source has to have."""
        return ()

    def travels(self) -> bool:
        """Whether another process can read the rows by this description alone."""
        return True

    def lend(self, backend: str) -> Any | None:  # noqa: ARG002 - for rows that a cluster has
        """The rows as a collection of the engine of ``backend``, where they are there already."""
        return None

    def block_rows(self) -> int | None:
        """Rows that a reader gives at a time, about; None where they lie in memory already or nobody knows."""
        return None

    def has_cheap_head(self) -> bool:
        """Whether the first rows can be had without computing the others: only then is there a preview."""
        return True

    def keeps_order(self) -> bool:
        """Whether each reading gives the rows in the same order, so that their places tell them apart."""
        return True

    def refreshed(self) -> Source:
        """The source as it is now, where files were replaced since it was made; otherwise itself.

        Raises
        ------
        SourceError
            When what is there now cannot stand in for what was scanned.
        """
        return self

    def is_stale(self) -> bool:
        """Whether what would be read now is another generation than the one that was looked at."""
        return False
