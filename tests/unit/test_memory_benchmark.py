"""The benchmark of predicted memory: what it sums up, and what its cases are."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from benchmarks.memory import messy
from benchmarks.memory.cases import cases
from benchmarks.memory.report import summary


def seen(case: str, predicted: float, peak: float, rows: int = 10) -> dict[str, object]:
    return {
        "case": case, "backend": "polars", "predicted_peak": predicted, "peak": peak,
        "predicted_rows": 10, "rows": rows,
    }  # fmt: skip


def test_a_summary_counts_what_is_within_and_names_what_is_under() -> None:
    failed = {"case": "d", "backend": "polars", "failed": "no answer"}
    text = summary([seen("a", 100, 100), seen("b", 40, 100), seen("c", 300, 100, rows=20), failed])
    assert "4 cases, 1 failed" in text
    assert "1 of 3 within 0.5 to 2 times (33.3%)" in text
    assert "least 0.40 (b), most 3.00 (c)" in text
    assert "under 0.5: b (0.40)" in text


def test_nothing_under_is_said() -> None:
    assert "under 0.5: none" in summary([seen("a", 100, 100), seen("b", 90, 100)])


def test_every_query_and_every_messy_plan_is_a_case() -> None:
    found = cases([0.1, 1.0], ["parquet", "csv"])
    assert len(found) == 22 * 2 * 2 + sum(map(len, messy.PLANS.values()))
    assert messy.DATA.keys() == messy.PLANS.keys()
    assert len({case.title for case in found}) == len(found)


def test_files_are_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = {"dates": lambda random: pl.DataFrame({"x": random.random(3)})}
    monkeypatch.setattr(messy, "DATA", small)
    folder = messy.prepare(tmp_path / "messy")
    first = messy.path_of(folder, "dates").stat().st_mtime_ns
    messy.prepare(folder)
    assert messy.path_of(folder, "dates").stat().st_mtime_ns == first
