"""Tables whose rows are numbered keep their own numbers where one task reads several tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

import scalekit as sk
from scalekit import col
from scalekit.config import config
from scalekit.frame.frame import Frame
from scalekit.testing.compare import assert_conforms

Tables = tuple[Frame, Frame]


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tables:
    """A table of a few parts, and one so small that each of their tasks computes it."""
    monkeypatch.setattr("scalekit.backends.tasks.scan.SMALL", 2_000)
    large = pl.DataFrame({"k": [n % 50 for n in range(2_000)], "v": range(2_000)})
    large.write_parquet(tmp_path / "large.parquet", row_group_size=100)
    few = pl.DataFrame({"k": [n % 59 for n in range(62)], "w": range(62)})
    few.write_parquet(tmp_path / "few.parquet", row_group_size=10)
    return sk.scan_parquet(tmp_path / "large.parquet"), sk.scan_parquet(tmp_path / "few.parquet")


CASES: dict[str, Callable[[Frame, Frame], Frame]] = {
    "both": lambda a, b: a.with_row_index("q").join(b.with_row_index("r"), on="k"),
    "few": lambda a, b: a.join(b.filter(col("w") != 5).with_row_index("r"), on="k"),
    "large": lambda a, b: a.with_row_index("q").join(b, on="k"),
    "in order of the left": lambda a, b: a.with_row_index("q").join(
        b.with_row_index("r"), on="k", how="left", maintain_order="left_right"
    ),
    "in order of the right": lambda a, b: a.join(b, on="k", maintain_order="right_left"),
    "on the right": lambda a, b: b.with_row_index("r").join(
        a.with_row_index("q"), on="k", how="right", maintain_order="right_left"
    ),
    "the ends of both": lambda a, b: a.slice(-700, 400).join(b.slice(-40, 30), on="k"),
    "an end of one": lambda a, b: a.slice(-700, 400).join(b.slice(4), on="k", how="left"),
    "all pairs": lambda a, b: a.slice(-700, 40).join(b.slice(-40, 30), how="cross"),
    "side by side": lambda a, b: sk.concat(
        [a.slice(-90, 30).select("v"), b.slice(-40, 30).select("w")], how="horizontal"
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("partitions", [None, 1])
def test_numbers_are_those_of_each_table(
    case: str, partitions: int | None, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scalekit.physical.limits.FEW", 10)  # ends are taken by their numbers
    frame = CASES[case](*tables)
    for broadcast_bytes in (0, 2**20):
        for partition_bytes in (20_000, 2**26):
            with config(
                partitions=partitions,
                broadcast_bytes=broadcast_bytes,
                partition_bytes=partition_bytes,
            ):
                assert_conforms(frame, "serial")
