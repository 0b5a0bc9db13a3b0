"""A sample of the battery of writes; the whole of it is ``make battery``."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

pytestmark = pytest.mark.slow


def battery(*arguments: str) -> dict[str, Any]:
    """Run the battery in a process that has started no thread, as it forks."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.battery.writes", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("store", "mode"),
    [
        *(
            (store, mode)
            for store in ("folder", "file")
            for mode in ("error", "overwrite", "append")
        ),
        ("swapless", "overwrite"),
        pytest.param("s3", "overwrite", marks=pytest.mark.s3),
        pytest.param("s3", "error", marks=pytest.mark.s3),
        pytest.param("s3", "append", marks=pytest.mark.s3),
    ],
)
def test_a_write_that_is_killed_leaves_the_old_state_or_the_new(store: str, mode: str) -> None:
    report = battery("kill", "--store", store, "--mode", mode, "--every", "40")
    assert report["ok"], report
    assert report["points"] >= 40
    assert report["wrong"] == 0


@pytest.mark.parametrize("store", ["folder", "hive", "file"])
def test_a_reader_beside_a_writer_never_sees_a_mixture(store: str) -> None:
    report = battery("mixture", "--store", store, "--reads", "300")
    assert report["ok"], report
    assert report["generations"] >= 6


@pytest.mark.parametrize("store", ["folder", "file", pytest.param("s3", marks=pytest.mark.s3)])
def test_four_processes_that_overwrite_have_one_winner_per_generation(store: str) -> None:
    report = battery("race", "--store", store, "--generations", "3")
    assert report["ok"], report
    assert (report["won"], report["lost"]) == (3, 9)
