"""A worker of Dask dies while a query runs; ``make faults`` kills one at every moment of every stage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import scalekit as sk
from scalekit.errors import ExecutionError
from tests.faults.dask_kills import SETTINGS, kill_all_at, kill_at
from tests.faults.workloads import poisoned, workloads

pytestmark = [pytest.mark.dask, pytest.mark.slow]

KILLS = [
    ("scan-aggregate", "end"),
    ("join-aggregate", "middle"),
    ("sort", "start"),
    ("write", "middle"),
    ("fit-scaler", "middle"),
    ("fit-logistic", "middle"),
]


@pytest.mark.parametrize(("name", "moment"), KILLS)
def test_a_worker_is_killed(tmp_path: Path, dask_settings: Any, name: str, moment: str) -> None:
    with sk.config(**SETTINGS):
        (workload,) = [w for w in workloads(tmp_path) if w.name == name]
        found = kill_at(workload, 0, moment, 1)
    assert found.is_fine, found


@pytest.mark.parametrize("count", [2, 1])
def test_all_workers_are_killed(tmp_path: Path, dask_settings: Any, count: int) -> None:
    with sk.config(**{**SETTINGS, "workers": count}):
        (workload,) = [w for w in workloads(tmp_path) if w.name == "join-aggregate"]
        found = kill_all_at(workload, 2, "middle", count)
    assert found.is_fine, found
    assert found.text == "right", found


def test_a_part_that_kills_its_worker_is_named(tmp_path: Path, dask_settings: Any) -> None:
    with sk.config(**SETTINGS), pytest.raises(ExecutionError) as caught:
        poisoned(tmp_path).collect()
    message = str(caught.value)
    assert "died each of the 4 times" in message
    assert "in part 4 of stage" in message
    assert "orders" in message
    assert "map batches" in message
