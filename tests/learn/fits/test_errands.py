"""Work without rows runs on all workers at once, and its results come in order."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest

import scalekit as sk
from scalekit.backends.watch import UNWATCHED
from scalekit.config import resolve
from scalekit.learn.passes.errands import run_errands
from scalekit.learn.passes.requests import Errands

NO_ROWS: Any = None
RAY = {"backend": "ray", "workers": 2, "worker_memory": "1GiB", "progress": False}


def squared(number: int) -> int:
    """What a worker does."""
    if number < 0:
        raise ArithmeticError(f"{number} is negative")
    return number**2


def worker(_: int) -> int:
    """Say who works, after the others had time to begin."""
    time.sleep(0.2)
    return os.getpid()


@pytest.mark.parametrize("backend", ["polars", "serial"])
def test_results_come_in_order(backend: str) -> None:
    with sk.config(backend=backend):
        found = run_errands(Errands(NO_ROWS, squared, tuple(range(20))), resolve(), UNWATCHED)
    assert found == [number**2 for number in range(20)]


@pytest.mark.parametrize("backend", ["polars", "serial"])
def test_what_one_raises_is_raised_here(backend: str) -> None:
    errands = Errands(NO_ROWS, squared, (1, -1, 2))
    with sk.config(backend=backend), pytest.raises(ArithmeticError, match="-1 is negative"):
        run_errands(errands, resolve(), UNWATCHED)


@pytest.mark.dask
def test_all_workers_of_dask_take_part(dask_settings: Any) -> None:
    with sk.config(**dask_settings):
        found = run_errands(Errands(NO_ROWS, worker, tuple(range(8))), resolve(), UNWATCHED)
    assert len(set(found)) == 2


@pytest.mark.ray
def test_all_workers_of_ray_take_part() -> None:
    with sk.config(**RAY):  # type: ignore[arg-type]
        found = run_errands(Errands(NO_ROWS, worker, tuple(range(8))), resolve(), UNWATCHED)
    assert len(set(found)) == 2
