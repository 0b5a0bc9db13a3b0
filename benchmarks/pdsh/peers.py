"""Who else runs the queries on the same cluster: Dask's own DataFrame, and Daft on Ray."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import polars as pl

from benchmarks.pdsh.tables import Tables

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Peer:
    """A library that runs queries of its own on a cluster.

    Attributes
    ----------
    name
        What its figures stand under.
    queries
        The module with its queries.
    scan
        How it opens a file.
    collect
        How an answer becomes a Polars frame.
    prepare
        What it needs to be told before it runs on the cluster that is there.
    """

    name: str
    queries: str
    scan: Callable[[Path], Any]
    collect: Callable[[Any], pl.DataFrame]
    prepare: Callable[[], object]

    def numbers(self) -> list[int]:
        """The queries that it has."""
        return list(import_module(self.queries).QUERIES)

    def run(self, number: int, folder: Path, scale: float) -> pl.DataFrame:
        """Run a query and bring its answer here."""
        query = import_module(self.queries).QUERIES[number]
        return self.collect(query(Tables(self.scan, folder, scale)))


def _scan_dask(path: Path) -> Any:
    import dask.dataframe as dd

    return dd.read_parquet(path)


def _collect_dask(found: Any) -> pl.DataFrame:
    frame = found.compute() if hasattr(found, "compute") else found
    return pl.from_pandas(frame.reset_index(drop=True))


def _scan_daft(path: Path) -> Any:
    import daft

    return daft.read_parquet(str(path))


def _collect_daft(found: Any) -> pl.DataFrame:
    frame = pl.from_arrow(found.to_arrow())
    assert isinstance(frame, pl.DataFrame)
    return frame


def _on_ray() -> None:
    import daft

    daft.set_runner_ray(noop_if_initialized=True)


PEERS: Mapping[str, Peer] = {
    "dask": Peer(
        "dask dataframe", "benchmarks.pdsh.queries_dask", _scan_dask, _collect_dask, lambda: None
    ),
    "ray": Peer("daft on ray", "benchmarks.pdsh.queries_daft", _scan_daft, _collect_daft, _on_ray),
}
"""By the backend whose cluster they share."""
