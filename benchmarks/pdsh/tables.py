"""The eight tables of PDS-H, scanned on first use by whatever scan function is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from pathlib import Path

F = TypeVar("F")

NAMES = ("region", "nation", "supplier", "customer", "part", "partsupp", "orders", "lineitem")


@dataclass(frozen=True)
class Tables(Generic[F]):
    """The tables of one scale; a table that a query does not read is not opened."""

    scan: Callable[[Path], F]
    folder: Path
    scale: float

    @cached_property
    def region(self) -> F:
        return self._scan("region")

    @cached_property
    def nation(self) -> F:
        return self._scan("nation")

    @cached_property
    def supplier(self) -> F:
        return self._scan("supplier")

    @cached_property
    def customer(self) -> F:
        return self._scan("customer")

    @cached_property
    def part(self) -> F:
        return self._scan("part")

    @cached_property
    def partsupp(self) -> F:
        return self._scan("partsupp")

    @cached_property
    def orders(self) -> F:
        return self._scan("orders")

    @cached_property
    def lineitem(self) -> F:
        return self._scan("lineitem")

    def _scan(self, name: str) -> F:
        return self.scan(path_of(self.folder, name))


def path_of(folder: Path, name: str) -> Path:
    """Where the table of this name lies."""
    return folder / f"{name}.parquet"
