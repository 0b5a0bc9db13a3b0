"""The 22 queries of PDS-H answer as DuckDB does, on every local backend."""

from __future__ import annotations

from inspect import getsource
from pathlib import Path

import pytest

from benchmarks.pdsh import queries_polars, queries_scalekit
from benchmarks.pdsh.check import Expected, differences
from benchmarks.pdsh.measure import plan, run, run_raw

BACKENDS = ("polars", "pandas")
NUMBERS = sorted(queries_scalekit.QUERIES)


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_query(
    backend: str, number: int, folder: Path, scale: float, answers: dict[int, Expected]
) -> None:
    assert differences(answers[number], run(number, folder, scale, backend)) == []


@pytest.mark.parametrize("number", NUMBERS)
def test_raw_polars(number: int, folder: Path, scale: float, answers: dict[int, Expected]) -> None:
    assert differences(answers[number], run_raw(number, folder, scale)) == []


@pytest.mark.parametrize("number", NUMBERS)
def test_the_question_is_not_empty(number: int, answers: dict[int, Expected]) -> None:
    frame = answers[number].frame
    assert frame.height > 0
    assert set(frame.row(0)) - {None, 0}  # a sum over no rows is 0


@pytest.mark.parametrize("number", NUMBERS)
def test_raw_polars_asks_the_same(number: int) -> None:
    ours = getsource(queries_scalekit.QUERIES[number]).replace("sk.Frame", "pl.LazyFrame")
    assert ours.replace("sk.", "pl.") == getsource(queries_polars.QUERIES[number])


@pytest.mark.parametrize("number", NUMBERS)
def test_polars_knows_the_size_of_every_table(number: int, folder: Path, scale: float) -> None:
    """Without it, Polars joins from the larger side and pushes no filter from the smaller one."""
    shown = plan(number, folder, scale).explain(engine="streaming")
    assert shown.count("Parquet SCAN") == shown.count("ESTIMATED ROWS") > 0
