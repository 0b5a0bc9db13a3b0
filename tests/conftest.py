"""How generated examples are drawn: the same on every run and machine, and none measured by a clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("scalekit", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("scalekit")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--update-golden``, which rewrites golden files; read the difference before it is committed."""
    parser.addoption(
        "--all-tasks",
        action="store_true",
        help="run the tasks of every case twice, not of a fifth",
    )
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files")


@pytest.fixture(scope="session")
def dask_settings() -> Iterator[dict[str, Any]]:
    """Settings under which queries run on one small Dask cluster, started when first needed."""
    from scalekit.backends.dask import close

    yield {"backend": "dask", "workers": 2, "worker_memory": "1GiB", "progress": False}
    close()
