"""The benchmark of fits: its rows, what it judges, and that it runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE
from typing import Any

import polars as pl
import pytest

from benchmarks.fit import command
from benchmarks.fit.models import MODELS
from benchmarks.fit.report import Judged, across, as_data, line
from benchmarks.fit.rows import KINDS, NUMBERS, prepare
from benchmarks.fit.runner import Ran
from benchmarks.fit.watching import Watch

GB = 10**9


def ran(way: str, seconds: float, model: str = "Ridge", **more: Any) -> Ran:
    said = {
        "seconds": seconds,
        "fit_seconds": seconds / 2,
        "here": GB,
        "answers": [1.0, -2.0],
        **more,
    }
    return Ran(model, way, 1_000_000, [said])


def on_dask(seconds: float = 3.0, *, model: str = "Ridge", grown: int = 0, **more: Any) -> Ran:
    held = {"idle": [GB // 5] * 2, "peaks": [GB // 5, GB // 5 + grown], "model_bytes": 0}
    return ran("dask", seconds, model, passes=1, partition_bytes=10**8, **{**held, **more})


def judged(one: Ran, plain: Ran | None = None) -> Judged:
    return Judged(one, plain, 2, 2 * GB)


def test_a_smaller_table_is_the_first_files_of_a_larger_one(tmp_path: Path) -> None:
    larger = prepare(2_500, tmp_path, 1_000)
    before = [Path(path).stat().st_mtime_ns for path in larger]
    assert prepare(2_000, tmp_path, 1_000) == larger[:2]
    assert [Path(path).stat().st_mtime_ns for path in larger] == before
    rows = pl.read_parquet(larger)
    assert rows.height == 2_500
    assert rows.columns == [*NUMBERS, *KINDS, "y", "late"]
    assert rows.null_count().sum_horizontal().item() == 0
    assert rows.unique().height == rows.height
    again = prepare(2_500, tmp_path / "again", 1_000)
    assert pl.read_parquet(again).equals(rows)


def test_time_is_compared_with_reading_and_fitting_and_with_fitting_alone() -> None:
    one = judged(on_dask(3.0), ran("plain", 2.0))
    assert (one.ratio, one.fit_ratio, one.apart) == (1.5, 3.0, 0.0)
    assert one.missed == []
    assert judged(on_dask(3.1), ran("plain", 2.0)).missed == [
        "takes 1.55 of plain's time, goal 1.5"
    ]
    assert judged(on_dask(4.9, model="KMeans"), ran("plain", 2.0, "KMeans")).missed == []


def test_a_search_has_to_win_also_against_one_that_was_ended() -> None:
    plain = Ran("LassoCV", "plain", 1_000_000, failure="ended after 60 s", at_least=60.0)
    one = judged(on_dask(30.0, model="LassoCV"), plain)
    assert one.ratio == 0.5
    assert "<0.50" in line(one)
    equal = judged(on_dask(60.0, model="LassoCV"), plain)
    assert equal.missed == ["takes 1.00 of plain's time, goal 1"]


def test_memory_is_counted_in_partitions_above_an_idle_worker() -> None:
    assert judged(on_dask(grown=150_000_000)).partitions == 1.5
    assert judged(on_dask(grown=150_000_000)).missed == []
    assert judged(on_dask(grown=160_000_000)).missed == ["holds 1.60 partitions, goal 1.5"]
    matrix = MODELS["LogisticRegression"].held * 1_000_000 // 2
    kept = on_dask(model="LogisticRegression", grown=matrix + 10**8)
    assert judged(kept).partitions == pytest.approx(1.0)


def test_answers_that_differ_and_fits_that_fail_are_misses() -> None:
    plain = ran("plain", 3.0)
    wrong = on_dask(answers=[1.0, -2.1])
    assert judged(wrong, plain).missed == ["answers are 5.0e-02 apart, goal 1e-08"]
    assert across([judged(on_dask()), judged(wrong)]) == [
        "Ridge, 1,000,000 rows: dask and dask are 4.8e-02 apart"
    ]
    failed = Ran("Ridge", "ray", 10, failure="ValueError: no")
    assert judged(failed, plain).missed == ["ValueError: no"]
    assert line(judged(failed, plain)).endswith("ValueError: no")
    assert json.dumps(as_data([judged(failed, plain), judged(wrong, plain)], {}))


def test_a_process_that_comes_later_counts_from_what_the_others_had_loaded() -> None:
    waits = "import sys; held = b'x' * {}; print(flush=True); sys.stdin.read()"

    def started(size: int) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", waits.format(size)]
        found = subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True)
        assert found.stdout is not None
        found.stdout.readline()
        return found

    workers = [started(50_000_000)]
    try:
        with Watch() as watch:
            workers.append(started(10_000_000))
    finally:
        for worker in workers:
            worker.communicate()
    first, later = (watch.found.workers[worker.pid] for worker in workers)
    assert first.peak >= first.idle >= 50_000_000
    assert later.idle >= first.idle  # which is the larger of both


def run(folder: Path, *arguments: str) -> dict[str, Any]:
    out = folder / "fit.json"
    assert command.main(["--quick", "--out", str(out), *arguments]) == 0
    found: dict[str, Any] = json.loads(out.read_text())
    assert not [fit["failure"] for fit in found["fits"] if fit["failure"]]
    return found


@pytest.mark.timeout(400)  # it starts processes that load everything
def test_it_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run(tmp_path, "--stage", "plain", "--model", "StandardScaler", "--backend", "")
    assert [(fit["way"], fit["rows"]) for fit in found["fits"]] == [
        ("plain", 2_400),
        ("polars", 2_400),
    ]
    assert found["fits"][1]["apart"] == 0.0
    assert "StandardScaler" in capsys.readouterr().out


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    "backend",
    [pytest.param("dask", marks=pytest.mark.dask), pytest.param("ray", marks=pytest.mark.ray)],
)
def test_it_runs_on_clusters(backend: str, tmp_path: Path) -> None:
    found = run(tmp_path, "--stage", "large", "--model", "Ridge", "--backend", backend)
    (fit,) = found["fits"]
    assert (fit["way"], fit["rows"]) == (backend, 24_000)
    assert fit["runs"][0]["passes"] <= 2
    assert len(fit["runs"][0]["peaks"]) >= 2
    assert fit["peak"] > 0
