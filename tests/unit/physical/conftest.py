"""What a physical plan is made of, and what running it took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl
import pytest

from scalekit.backends.serial import SerialCluster
from scalekit.backends.tasks.cluster import Ref, Submitted
from scalekit.backends.tasks.driver import collect
from scalekit.backends.watch import UNWATCHED
from scalekit.config import Config
from scalekit.frame.frame import Frame
from scalekit.kernels.task import Facts
from scalekit.optimize import optimize
from scalekit.physical.lower import lower
from scalekit.tree import walk


class CountingCluster(SerialCluster):
    """Runs tasks in this process, and counts them and the tables, rows and bytes that they give."""

    def __init__(self) -> None:
        self.tasks = self.objects = self.rows = self.bytes = 0

    def submit(self, packed: Ref, facts: Facts, tables: Sequence[Ref], outputs: int) -> Submitted:
        done = super().submit(packed, facts, tables, outputs)
        self.tasks += 1
        self.objects += outputs
        self.rows += sum(done.report.rows)
        self.bytes += sum(done.report.bytes)
        return done


@pytest.fixture
def steps() -> Callable[[Frame], Counter[str]]:
    """How many physical nodes of each type a frame is lowered to."""

    def count(frame: Frame) -> Counter[str]:
        plan = lower(optimize(frame._plan))
        return Counter(type(node).__name__ for node in walk(plan))

    return count


@pytest.fixture
def counted() -> Callable[..., tuple[pl.DataFrame, CountingCluster]]:
    """Run a frame, and give its rows and what was counted."""

    def run(frame: Frame, **settings: Any) -> tuple[pl.DataFrame, CountingCluster]:
        cluster = CountingCluster()
        plan = lower(optimize(frame._plan))
        return collect(plan, cluster, Config(**settings), UNWATCHED), cluster

    return run
