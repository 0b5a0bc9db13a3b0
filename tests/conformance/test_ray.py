"""Every case gives the reference's answer on Ray: on ordinary and on awkward rows, in three parts."""

from __future__ import annotations

from zlib import crc32

import pytest

import scalekit as sk
from scalekit.testing.case import Case
from scalekit.testing.cases import CASES
from scalekit.testing.data import DATASETS
from scalekit.testing.fuzz import check
from scalekit.testing.in_parts import BROADCASTS, Parts, differences

pytestmark = [pytest.mark.ray, pytest.mark.timeout(400)]

SHARES = 8
"""Tests into which the cases are put: one for each case would take longer to set up than to run."""


@pytest.fixture(autouse=True)
def small_cluster() -> None:
    """One cluster for each process that runs tests: it is found again by the same settings."""
    sk.configure(workers=2, worker_memory="1GiB")


def ways(case: Case) -> list[Parts]:
    never, always = BROADCASTS
    awkward = DATASETS[crc32(str(case).encode()) % len(DATASETS)]
    return [Parts("ordinary", 3, never), Parts(awkward, 3, always)]


@pytest.mark.parametrize("share", range(SHARES))
def test_cases_in_parts(share: int) -> None:
    found = {str(case): differences(case, ways(case), "ray") for case in CASES[share::SHARES]}
    assert not {case: wrong for case, wrong in found.items() if wrong}


def test_random_plans_agree() -> None:
    for seed in range(300_000, 300_020):
        assert not check(seed, ["ray"]), seed
