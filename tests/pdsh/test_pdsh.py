"""The 22 queries of PDS-H answer as DuckDB does, on every local backend."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from inspect import getsource
from pathlib import Path

import pytest

from benchmarks.pdsh import data, queries_polars, queries_scalekit
from benchmarks.pdsh.check import Expected, Reference, differences
from benchmarks.pdsh.measure import run, run_raw

SCALE = 0.05  # the least at which every query has something to find
NUMBERS = sorted(queries_scalekit.QUERIES)
BACKENDS = ("polars", "pandas")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return data.prepare(SCALE, tmp_path_factory.mktemp("pdsh") / "tables")


@pytest.fixture(scope="session")
def answers(folder: Path) -> Iterator[dict[int, Expected]]:
    with closing(Reference(folder, SCALE)) as duckdb:
        yield {number: duckdb.answer(number) for number in NUMBERS}


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_query(backend: str, number: int, folder: Path, answers: dict[int, Expected]) -> None:
    assert differences(answers[number], run(number, folder, SCALE, backend)) == []


@pytest.mark.parametrize("number", NUMBERS)
def test_raw_polars(number: int, folder: Path, answers: dict[int, Expected]) -> None:
    assert differences(answers[number], run_raw(number, folder, SCALE)) == []


@pytest.mark.parametrize("number", NUMBERS)
def test_the_question_is_not_empty(number: int, answers: dict[int, Expected]) -> None:
    frame = answers[number].frame
    assert frame.height > 0
    assert not any(value in (None, 0, 0.0) for value in frame.row(0)[-1:])


@pytest.mark.parametrize("number", NUMBERS)
def test_raw_polars_asks_the_same(number: int) -> None:
    ours = getsource(queries_scalekit.QUERIES[number]).replace("sk.Frame", "pl.LazyFrame")
    assert ours.replace("sk.", "pl.") == getsource(queries_polars.QUERIES[number])
