"""Dask's own collections: read where their partitions are, and made of results without moving them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import scalekit as sk
from scalekit.backends.tasks import scan
from scalekit.errors import ScalekitError

pytest.importorskip("dask.dataframe")
import dask.dataframe as dd
from distributed import Client, LocalCluster

pytestmark = pytest.mark.dask

ROWS = pd.DataFrame(
    {"i": range(100), "s": [str(n % 5) for n in range(100)], "f": [n / 2 for n in range(100)]}
)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with (
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=False,
            protocol="tcp",
            host="127.0.0.1",
            silence_logs=50,
            dashboard_address="127.0.0.1:0",
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client
        from scalekit.backends.dask import close

        close()


@pytest.fixture
def stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent to the cluster from here."""

    def refuse(*_: Any) -> None:
        raise AssertionError("the rows were brought here")

    monkeypatch.setattr(scan, "_put", refuse)


@pytest.fixture
def frame(client: Client) -> Any:
    data = dd.from_pandas(ROWS, npartitions=4)
    return sk.from_dask(data[data["i"] >= 10])


@pytest.mark.usefixtures("stays")
class TestReading:
    def test_rows_come_in_order_and_with_their_types(self, frame: Any) -> None:
        expected = sk.from_pandas(ROWS).filter(sk.col("i") >= 10).collect(backend="polars")
        assert frame.collect(backend="dask").equals(expected)
        assert frame.select("s").collect(backend="dask").equals(expected.select("s"))

    def test_what_counts_rows_knows_how_many_there_are(self, frame: Any) -> None:
        numbered = frame.with_row_index().collect(backend="dask")
        assert numbered["index"].to_list() == list(range(90))
        assert frame.head(3).collect(backend="dask")["i"].to_list() == [10, 11, 12]
        assert frame.select(sk.len()).collect(backend="dask").item() == 90

    def test_groups(self, frame: Any) -> None:
        found = frame.group_by("s").agg(n=sk.len()).sort("s").collect(backend="dask")
        assert found["n"].to_list() == [18] * 5

    def test_a_persisted_collection(self, client: Client) -> None:
        data = client.persist(dd.from_pandas(ROWS, npartitions=3))
        found = sk.from_dask(data).select(sk.col("i").sum()).collect(backend="dask")
        assert found.item() == 4950

    def test_a_partition_that_is_not_what_was_announced(self, client: Client) -> None:
        data = dd.from_pandas(ROWS, npartitions=2)
        meta = pd.DataFrame({"i": pd.Series(dtype="int64")})
        odd = data.map_partitions(lambda part: part.assign(i="x")[["i"]], meta=meta)
        with pytest.raises(ScalekitError, match=r"partition \d of the Dask DataFrame"):
            sk.from_dask(odd).collect(backend="dask")


def test_a_result_becomes_a_collection_where_it_is(frame: Any, monkeypatch: Any) -> None:
    from scalekit.backends.dask.cluster import DaskCluster

    tables: list[Any] = []
    fetch = DaskCluster.fetch

    def noted(self: DaskCluster, refs: Any) -> list[Any]:
        found = fetch(self, refs)
        tables.extend(value for value in found if isinstance(value, pa.Table))
        return found

    monkeypatch.setattr(DaskCluster, "fetch", noted)
    doubled = frame.with_columns(d=sk.col("i") * 2)
    data = doubled.to_dask(backend="dask")
    assert not tables
    assert data.npartitions == 4
    assert dict(data.dtypes)["i"] == pd.ArrowDtype(pa.int64())
    assert data["d"].sum().compute() == 2 * sum(range(10, 100))
    monkeypatch.undo()
    here = pl.from_pandas(data.compute().reset_index(drop=True))
    assert here.equals(doubled.collect(backend="polars"))


def test_a_result_of_another_backend_is_brought(frame: Any) -> None:
    assert frame.to_dask(backend="polars")["i"].sum().compute() == sum(range(10, 100))
