"""Every case on every data set and backend gives the reference's answer."""

from __future__ import annotations

import pytest

from scalekit.frame.frame import Frame
from scalekit.plan.nodes import Scan
from scalekit.sources.memory import MemorySource
from scalekit.testing.case import Case
from scalekit.testing.cases import CASES
from scalekit.testing.compare import assert_conforms
from scalekit.testing.data import DATASETS, dataset

BACKENDS = ("polars", "pandas")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("data", DATASETS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_case(case: Case, data: str, backend: str) -> None:
    frame = Frame(Scan(MemorySource(dataset(data))))
    assert_conforms(case.build(frame), backend)
