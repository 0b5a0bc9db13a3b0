"""The tables of PDS-H at a small scale and DuckDB's answers, made once for all tests."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.pdsh import data
from benchmarks.pdsh.check import Expected, Reference
from benchmarks.pdsh.queries_scalekit import QUERIES


@pytest.fixture(scope="session")
def scale() -> float:
    return 0.05  # at 0.02 query 11 finds nothing, at 0.01 query 17


@pytest.fixture(scope="session")
def folder(scale: float, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return data.prepare(scale, tmp_path_factory.mktemp("pdsh") / "tables")


@pytest.fixture(scope="session")
def answers(folder: Path, scale: float) -> dict[int, Expected]:
    with closing(Reference(folder, scale)) as duckdb:
        return {number: duckdb.answer(number) for number in QUERIES}
