"""Exchanges larger than memory on Dask: pieces by themselves, and the tables they are cut from go."""

from __future__ import annotations

from typing import Any

import polars as pl
import pyarrow as pa
import pytest

import scalekit as sk
from scalekit import col
from scalekit.backends.dask import scattering
from scalekit.backends.dask.flights import Flight, Sent
from scalekit.backends.dask.scattering import Scattering
from scalekit.backends.dask.work import Made, cut
from scalekit.config import config
from scalekit.kernels.task import Facts, Report

pytestmark = pytest.mark.dask

ONE, OTHER = Sent(b"one", b"one"), Sent(b"other", b"other")


def landed(stage: Sent, *sizes: int) -> Flight:
    report = Report((1,) * len(sizes), sizes, 0.0, 0.0, "w")
    return Flight(stage, Facts(0, 0, ()), (), len(sizes), report=report)


class TestWhatIsDue:
    def test_nothing_while_a_stage_fits(self):
        tasks = [landed(ONE, 30, 20), landed(ONE, 25, 25)]
        assert Scattering().due(tasks, 1000) == []

    def test_what_comes_after_a_tenth_of_the_memory(self):
        tasks = [landed(ONE, 60, 20), landed(ONE, 25, 25), landed(ONE, 1, 1)]
        assert Scattering().due(tasks, 1000) == tasks[1:]

    def test_each_stage_by_itself(self):
        scattering = Scattering()
        assert scattering.due([landed(ONE, 60, 20)], 1000) == []
        assert scattering.due([landed(OTHER, 60, 20)], 1000) == []

    def test_no_table_that_is_one_piece(self):
        assert Scattering().due([landed(ONE, 10_000)], 1000) == []


def test_a_piece_has_memory_of_its_own():
    whole = pa.table({"x": pa.array(range(1000))})
    piece = cut(1, Made([whole.slice(0, 10), whole.slice(10, 20)])).tables[0]
    assert piece.equals(whole.slice(10, 20))
    assert piece.get_total_buffer_size() < whole.get_total_buffer_size() / 10


@pytest.mark.parametrize("partitions", [2, 7, 16])
def test_answers_are_the_same(
    dask_settings: dict[str, Any], partitions: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    apart: list[Flight] = []
    keep = scattering.let_go

    def counted(flight: Flight, futures: Any) -> None:
        keep(flight, futures)
        apart.append(flight)

    monkeypatch.setattr(scattering, "SHARE", 0.0)
    monkeypatch.setattr("scalekit.backends.dask.cluster.let_go", counted)
    rows = pl.DataFrame({"k": [n * n % 83 for n in range(2000)], "x": range(2000)})
    frame = sk.from_polars(rows)
    joined = frame.join(frame.group_by("k").agg(s=col("x").sum()), on="k").sort("x")
    with config(**dask_settings, partitions=partitions, broadcast_bytes=0):
        answer = joined.collect()
    assert answer.equals(joined.collect(backend="polars"))
    assert len(apart) >= 2 * partitions
    assert all(flight.future is None and flight.pieces is not None for flight in apart)
