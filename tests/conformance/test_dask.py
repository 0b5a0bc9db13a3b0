"""Every case gives the reference's answer on Dask: on rows that go with its name, in three parts."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from zlib import crc32

import pytest

import scalekit as sk
from scalekit.testing.case import Case
from scalekit.testing.cases import CASES
from scalekit.testing.data import DATASETS
from scalekit.testing.fuzz import check
from scalekit.testing.in_parts import BROADCASTS, Parts, differences

pytestmark = [pytest.mark.dask, pytest.mark.timeout(400)]

SHARES = 8
"""Tests into which the cases are put."""

AT_ONCE = 4
"""Cases that run at one time: a query on few rows waits for messages most of the time."""


def way(case: Case) -> Parts:
    """Another data set for each case, with and without broadcasts."""
    place = crc32(str(case).encode())
    return Parts(DATASETS[place % len(DATASETS)], 3, BROADCASTS[place // 16 % 2])


@pytest.mark.parametrize("share", range(SHARES))
def test_cases_in_parts(dask_settings: Any, share: int) -> None:
    sk.configure(**{**dask_settings, "backend": None})

    def wrong(case: Case) -> tuple[str, Mapping[Parts, str]]:
        return str(case), differences(case, [way(case)], "dask")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = dict(pool.map(wrong, CASES[share::SHARES]))
    assert not {case: texts for case, texts in found.items() if texts}


def test_random_plans_agree(dask_settings: Any) -> None:
    sk.configure(**{**dask_settings, "backend": None})
    for seed in range(400_000, 400_020):
        assert not check(seed, ["dask"]), seed
