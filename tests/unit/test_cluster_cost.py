"""What the driver costs as a cluster grows, in objects and bytes: those are the same on every machine."""

from __future__ import annotations

from math import ceil, sqrt

import pytest

from benchmarks.cluster_cost import BYTES, SLOTS, measure


@pytest.mark.parametrize("query", ["scan-aggregate", "exchange"])
def test_memory_of_a_task_stays_below_the_goal(query: str) -> None:
    for partitions in (500, 2000):
        _, memory = measure(query, partitions).per_task
        assert memory <= BYTES


def test_a_scan_has_a_task_for_each_part() -> None:
    cost = measure("scan-aggregate", 500)
    assert (cost.tasks, cost.objects) == (501, 501)


@pytest.mark.parametrize("partitions", [200, 500, 2000])
def test_an_exchange_has_two_rounds_of_root_n_tables_a_task(partitions: int) -> None:
    cost = measure("exchange", partitions)
    # Twice n root n, a root being rounded up, and the parts before and after.
    assert cost.objects <= 2 * partitions * (sqrt(partitions) + 1) + 2 * partitions
    # The first tasks, one for each slot, run to be looked at, and their parts are split in a task of their own.
    assert cost.tasks <= 2 * partitions + ceil(sqrt(partitions)) ** 2 + SLOTS
