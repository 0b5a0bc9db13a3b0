"""Every case gives the reference's answer in parts: a share of them at each number of partitions."""

from __future__ import annotations

import pytest

from scalekit.config import config
from scalekit.frame.frame import Frame
from scalekit.plan.nodes import Scan
from scalekit.sources.memory import MemorySource
from scalekit.testing.case import Case
from scalekit.testing.cases import CASES
from scalekit.testing.compare import assert_conforms
from scalekit.testing.data import DATASETS, dataset

NEVER, ALWAYS = 0, 2**30
"""Bytes up to which a table is broadcast: joins are exchanged in one run and broadcast in the other."""


@pytest.mark.parametrize(("partitions", "broadcast"), [(1, ALWAYS), (2, ALWAYS), (3, NEVER), (7, NEVER)])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_case_in_parts(case: Case, partitions: int, broadcast: int) -> None:
    # All data sets in one test: a test of its own for each would take longer to set up than to run.
    for data in DATASETS:
        frame = case.build(Frame(Scan(MemorySource(dataset(data)))))
        with config(partitions=partitions, broadcast_bytes=broadcast):
            assert_conforms(frame, "serial")
