"""What a function says of parts: one answer for each, in their order, however tasks take them together."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

import scalekit as sk
from scalekit import parts
from scalekit.backends.serial import SerialBackend, SerialCluster
from scalekit.config import resolve
from scalekit.kernels.task import Facts

ROWS = 1_000


class Seated(SerialCluster):
    """Its tables lie, one after the other, at three workers; it notes how many tables each task reads."""

    read: list[int] = []

    def submit(self, packed: Any, facts: Facts, tables: Any, outputs: int) -> Any:
        self.read.append(len(tables))
        return super().submit(packed, facts, tables, outputs)

    def holder(self, tables: Any) -> str | None:
        return f"worker {tables[0]['x'][0].as_py() % 3}"


@pytest.fixture
def seated(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    cluster = Seated()
    monkeypatch.setattr(SerialBackend, "connect", lambda _self, _config: cluster)
    monkeypatch.setattr(SerialBackend, "_holding", lambda *_: cluster)
    Seated.read.clear()
    return Seated.read


def said(rows: pl.DataFrame) -> tuple[int, int]:
    return rows.height, int(rows["x"].sum())


def frame() -> sk.Frame:
    return sk.from_dict({"x": list(range(ROWS)), "y": [i % 5 for i in range(ROWS)]})


@pytest.mark.parametrize("count", [1, 2, 3, 7, 129])
def test_the_answers_of_stored_parts_come_in_their_order(count: int, seated: list[int]) -> None:
    with sk.config(backend="serial", partitions=count):
        kept = frame().persist()
        config = resolve()
        alone = list(parts.answers(frame()._plan, said, config))
        seated.clear()
        together = list(parts.answers(kept._plan, said, config))
    assert together == alone
    assert len(together) == count
    assert sum(seated) == count  # every part is read by one task
    assert len(seated) <= max(3, count / 4)  # and not each by one of its own


def test_parts_that_a_filter_empties_say_nothing(seated: list[int]) -> None:
    with sk.config(backend="serial", partitions=7):
        kept = frame().persist().filter(sk.col("x") >= 500)
        found = list(parts.answers(kept._plan, said, resolve()))
    assert sum(height for height, _ in found) == 500
    assert sum(total for _, total in found) == sum(range(500, ROWS))
    assert len(found) < 7
    assert seated
