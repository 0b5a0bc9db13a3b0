"""Rows, stores and a look at folders, for the tests of targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest

from tests.battery.s3_server import s3_server


@pytest.fixture
def frame() -> pl.DataFrame:
    return pl.DataFrame({"k": ["a", "b", None, "007"], "v": [1, 2, 3, 4]})


@pytest.fixture
def tree(tmp_path: Path) -> Callable[[], list[str]]:
    """Everything below the test's folder, hidden files included."""
    return lambda: sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*"))


@pytest.fixture(scope="session")
def s3() -> Iterator[dict[str, str]]:
    with s3_server() as options:
        yield options
