"""The harness does what it says: parts are uneven, one is empty, one has a single row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scalekit import parts
from scalekit.config import resolve
from scalekit.learn.matrix import to_features
from tests.learn.fits.harness import numbers, scattered

ROWS = numbers()
WANTED = {
    "serial-1": [2000],
    "serial-3": [400, 1000, 600],
    "serial-8": [620, 1, 100, 480, 340, 40, 419],
}


@pytest.mark.parametrize("way", WANTED)
def test_parts_are_uneven(way: str, tmp_path: Path) -> None:
    with scattered(ROWS, way, tmp_path) as frame:
        found: list[Any] = list(parts.answers(frame._plan, to_features, resolve()))
        assert frame.collect().equals(ROWS)
    assert [len(part) for part in found] == WANTED[way]


def test_one_machine_reads_batches(tmp_path: Path) -> None:
    with scattered(ROWS, "polars", tmp_path) as frame:
        found: list[Any] = list(parts.answers(frame._plan, to_features, resolve()))
    assert sum(map(len, found)) == ROWS.height
    assert len(found) > 10
