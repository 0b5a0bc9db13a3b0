"""A worker of Ray dies while a query runs, or all of Ray; ``make faults`` does it at every moment of every stage."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import scalekit as sk
from scalekit.backends.ray import close
from tests.faults.ray_kills import CONTROL, SETTINGS, kill_control_at, kill_worker_at
from tests.faults.workloads import Workload, workloads

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.timeout(300)]

KILLS = [
    ("scan-aggregate", "end"),
    ("join-aggregate", "middle"),
    ("sort", "start"),
    ("write", "middle"),
    ("fit-logistic", "middle"),
]


@pytest.fixture
def settings() -> Iterator[None]:
    with sk.config(**SETTINGS):
        yield


@pytest.fixture(scope="module", autouse=True)
def stopped() -> Iterator[None]:
    yield
    close()


def workload(folder: Path, name: str) -> Workload:
    (found,) = [w for w in workloads(folder) if w.name == name]
    return found


@pytest.mark.parametrize(("name", "moment"), KILLS)
def test_a_worker_is_killed(tmp_path: Path, settings: None, name: str, moment: str) -> None:
    found = kill_worker_at(workload(tmp_path, name), 0, moment, 1)
    assert found.is_fine, found


@pytest.mark.parametrize("process", CONTROL)
def test_ray_is_killed_and_the_next_query_is_right(
    tmp_path: Path, settings: None, process: str
) -> None:
    sorted_rows = workload(tmp_path, "sort")
    found = kill_control_at(sorted_rows, process, 0, "start")
    assert found.is_fine, found
    assert sorted_rows.run().equals(sorted_rows.expected)
