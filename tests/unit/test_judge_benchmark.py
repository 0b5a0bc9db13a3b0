"""The benchmark of judging: its rows, what it calls a miss, and that it runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from benchmarks.judge import command
from benchmarks.judge.rows import FEATURES, KEY, SLICES, TARGET, TIME, prepare

MB = 10**6

MET: dict[str, Any] = {
    "ratio": 1.2, "passes": [3.0], "pages": {"report": MB}, "state": 3 * MB, "said": {"a": 1, "b": 2},
    "peaks": [900 * MB],
}  # fmt: skip


def test_a_smaller_table_is_the_first_files_of_a_larger_one(tmp_path: Path) -> None:
    larger = prepare(2_500, tmp_path, 1_000)
    assert prepare(2_000, tmp_path, 1_000) == larger[:2]
    rows = pl.read_parquet(larger)
    assert set(rows.columns) == {KEY, TIME, TARGET, *FEATURES}
    assert rows[KEY].to_list() == list(range(2_500))
    assert len(SLICES) == 10


def test_goals_that_are_missed_are_named() -> None:
    assert command.missing(MET, 2_000 * MB) == []
    (slow,) = command.missing(MET | {"ratio": 1.31}, 2_000 * MB)
    assert "1.31" in slow
    worse = {"passes": [1.0, 1.0], "pages": {"report": 2 * MB}, "state": 6 * MB}
    assert len(command.missing(MET | worse, 800 * MB)) == 4
    assert command.missing({"failure": "KeyError: no"}, MB) == ["KeyError: no"]
    assert command.told("dask", {"failure": "KeyError: no"}) == ["dask: KeyError: no"]


def run(folder: Path, backend: str, *more: str) -> tuple[int, dict[str, Any]]:
    out = folder / "judge.json"
    code = command.main(["--quick", "--out", str(out), "--backend", backend, *more])
    found: dict[str, Any] = json.loads(out.read_text())["runs"][backend]
    return code, found


@pytest.mark.timeout(400)  # it starts processes that load everything
def test_it_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run(tmp_path, "polars", "--models", "logistic,histogram", "--split", "given")
    assert code == 0, found
    assert (found["rows"], found["slices"], len(found["passes"])) == (20_000, 10, 1)
    assert found["by_role"] == {"test": 20_000}
    assert max(found["pages"].values()) < 2 * MB
    assert "polars: 20,000 rows, 2 models" in capsys.readouterr().out
    code, found = run(tmp_path, "polars", "--models", "nobody")
    assert (code, found) == (1, {"failure": "KeyError: 'nobody'"})


@pytest.mark.dask
@pytest.mark.timeout(400)
def test_it_runs_on_workers(tmp_path: Path) -> None:
    code, found = run(tmp_path, "dask")
    assert code == 0, found
    assert (found["rows"], len(found["passes"])) == (20_000, 1)
    assert len(found["peaks"]) >= 2
    assert 0 < found["state"] < 2 * MB * 4
