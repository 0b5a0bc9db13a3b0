"""Ray's own datasets: read where their blocks are, and made of results without moving them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pandas as pd
import pytest

import scalekit as sk
from scalekit.backends.tasks import scan
from scalekit.sources.on_request import disarm

pytestmark = [
    pytest.mark.ray,
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed"),
]

ROWS = pd.DataFrame({"i": range(100), "s": [str(n % 5) for n in range(100)]})


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    """One small Ray on loopback in this process, as scalekit starts it in another."""
    from scalekit.backends.ray import embedded

    embedded.start(2, 256 * 2**20)
    import ray.data

    logging.getLogger("ray.data").setLevel("ERROR")
    disarm()
    yield ray
    ray.shutdown()
    embedded.clear()


@pytest.fixture
def stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent to Ray from here."""

    def refuse(*_: Any) -> None:
        raise AssertionError("the rows were brought here")

    monkeypatch.setattr(scan, "_put", refuse)


@pytest.mark.usefixtures("stays")
@pytest.mark.parametrize("kind", ["pandas", "arrow", "materialized", "lazy"])
def test_blocks_are_read_where_they_are(ray: Any, kind: str) -> None:
    data = ray.data.from_pandas([ROWS[:30], ROWS[30:]])
    if kind == "arrow":
        data = ray.data.from_arrow(sk.from_pandas(ROWS).to_arrow())
    elif kind == "materialized":
        data = data.materialize()
    elif kind == "lazy":
        data = data.map_batches(lambda batch: batch, batch_format="pyarrow")
    frame = sk.from_ray(data)
    expected = sk.from_pandas(ROWS).collect(backend="polars")
    assert frame.collect(backend="ray").equals(expected)
    assert frame.with_row_index().collect(backend="ray")["index"].to_list() == list(range(100))
    assert frame.select("s").head(3).collect(backend="ray").equals(expected.select("s").head(3))


def test_a_result_becomes_a_dataset_where_it_is(ray: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from scalekit.backends.ray.cluster import RayCluster

    tables: list[Any] = []
    fetch = RayCluster.fetch

    def noted(self: Any, refs: Any) -> list[Any]:
        found = fetch(self, refs)
        tables.extend(value for value in found if hasattr(value, "num_rows"))
        return found

    monkeypatch.setattr(RayCluster, "fetch", noted)
    doubled = sk.from_pandas(ROWS).with_columns(d=sk.col("i") * 2)
    data = doubled.to_ray(backend="ray", partitions=3)
    assert not tables
    assert data.count() == 100
    assert data.sum("d") == 9900
    assert data.take(2) == [{"i": 0, "s": "0", "d": 0}, {"i": 1, "s": "1", "d": 2}]


def test_a_result_of_another_backend_is_put_there(ray: Any) -> None:
    assert sk.from_pandas(ROWS).to_ray(backend="polars").sum("i") == 4950
