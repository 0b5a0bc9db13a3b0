"""The regret of auto: its arithmetic, and what is measured of a backend that is slow or ends its process."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from datetime import date

import polars as pl
import pytest

import scalekit as sk
from benchmarks.memory.cases import Case
from benchmarks.regret import command
from benchmarks.regret.child import Built, answer, name_of, timed
from benchmarks.regret.report import Judged, agreement, line, summary
from benchmarks.regret.runner import Runner
from benchmarks.regret.timing import HOPELESS, Cell, fill
from scalekit.backends.decision import Candidate

CASE = Case("pdsh", "1", 0.1, "parquet")


def _cell(number=1, **seconds):
    case = Case("pdsh", str(number), 0.1, "parquet")
    return Cell(case, {name: [took] for name, took in seconds.items()})


def _judged(chosen, number=1, took=0.001, **seconds):
    return Judged(_cell(number, **seconds), {"backend": chosen, "reason": "", "seconds": took})


def test_regret_is_the_time_of_the_chosen_over_the_best() -> None:
    assert _judged("polars", polars=2.0, dask=1.0).regret == 2.0
    assert _judged("dask", polars=2.0, dask=1.0).regret == 1.0
    assert _judged("dask", polars=2.0, dask=1.0).best == "dask"


def test_who_cannot_do_it_is_regretted_without_end_and_nobody_is_not_counted() -> None:
    assert _judged("ray", polars=2.0).regret == math.inf
    assert _judged("ray").regret is None


def test_the_middle_run_counts() -> None:
    cell = Cell(CASE, {"polars": [1.0, 100.0, 2.0], "dask": [4.0]})
    assert Judged(cell, {"backend": "dask"}).regret == 2.0


def test_the_summary() -> None:
    found = [
        _judged("polars", 1, 0.001, polars=1.0, dask=2.0),
        _judged("polars", 2, 0.003, polars=4.0, dask=1.0),
        _judged("ray", 3, 0.010, polars=1.0),
    ]
    text = summary(found)
    assert "3 cells, 1 of which auto gives to a backend that cannot do them" in text
    assert (
        "geometric mean 2.000 (goal 1.1), worst 4.00 (query 2, scale 0.1, parquet; goal 2)" in text
    )
    assert "always polars: mean 1.59, worst 4.0, 0 not possible" in text
    assert "always dask: mean 1.41, worst 2.0, 1 not possible" in text
    assert "decision: median 3.00 ms, worst 10.00 ms (goal 5 ms)" in text
    assert not command.is_good(found)
    assert command.is_good([_judged("polars", polars=1.0, dask=2.0)])
    assert not command.is_good([])


def test_predictions_are_compared_with_what_was_measured() -> None:
    judged = Judged(
        _cell(polars=1.0, dask=4.0), {"backend": "polars", "predicted": {"polars": 2.0, "ray": 1.0}}
    )
    text = summary([judged, judged])
    assert "polars: predicted over measured seconds, tenths 2.00" in text
    assert "100% within 0.5 to 2" in text
    assert "ray: predicted" not in text


def test_a_line_says_who_failed_and_why() -> None:
    one = _judged("polars", polars=1.0)
    one.cell.failed["pandas"] = {"failed": "more than 1.0 GB"}
    assert "pandas: more than 1.0 GB" in line(one)
    assert " 1.00  auto polars " in line(one)


def test_auto_itself_over_what_it_chose() -> None:
    found = [_judged("polars", polars=2.0, dask=1.0)]
    assert "1 cells: geometric mean 1.500" in agreement(found, {CASE.title: 3.0})
    assert agreement(found, {}) == "auto itself: not run"


def test_cells_come_back_as_they_were_written() -> None:
    cell = Cell(CASE, {"polars": [1.0, 2.0]}, {"ray": {"failed": "no"}})
    assert Cell.of(json.loads(json.dumps(cell.as_json()))) == cell


class Clock:
    """Backends that take so long, or fail."""

    def __init__(self, **seconds):
        self.seconds = seconds
        self.asked = []

    def __call__(self, backend, limit):
        self.asked.append((backend, limit))
        took = self.seconds[backend]
        return {"failed": "too long", "kind": "time"} if took > limit else {"seconds": took}


def test_the_quick_take_turns_and_the_slow_ones_have_one_run() -> None:
    clock = Clock(polars=1.0, dask=2.0, pandas=9.0)
    cell = fill(Cell(CASE), ["polars", "dask", "pandas"], clock, 3, 100.0)
    assert cell.medians() == {"polars": 1.0, "dask": 2.0, "pandas": 9.0}
    assert len(cell.seconds["pandas"]) == 1
    assert len(cell.seconds["polars"]) >= 3
    assert len(cell.seconds["dask"]) == len(cell.seconds["polars"])


def test_nobody_has_more_time_than_what_makes_it_hopeless() -> None:
    clock = Clock(polars=10.0, dask=1000.0)
    cell = fill(Cell(CASE), ["polars", "dask"], clock, 1, 500.0)
    assert cell.failed["dask"]["kind"] == "time"
    assert max(limit for name, limit in clock.asked if name == "dask") == HOPELESS * 10.0 + 10.0


def test_the_grid_has_small_scales_first() -> None:
    found = command.grid([10.0, 0.1], ["parquet", "csv"], [1, 2])
    assert [(case.scale, case.form, case.name) for case in found][:3] == [
        (0.1, "parquet", "1"),
        (0.1, "parquet", "2"),
        (0.1, "csv", "1"),
    ]
    assert len(found) == 8


@pytest.fixture
def runner(tmp_path):
    made = Runner(tmp_path, [], 4_000_000_000)
    yield made
    made.close()


def test_a_failing_case_is_an_answer_and_the_process_goes_on(runner) -> None:
    asked = {"do": "run", "case": asdict(CASE), "backend": "polars"}
    for _ in range(2):
        assert "PathNotFoundError" in runner.ask(asked, 60.0)["failed"]


def test_a_process_that_takes_too_long_is_ended_and_started_anew(runner) -> None:
    asked = {"do": "run", "case": asdict(CASE), "backend": "polars"}
    assert runner.ask(asked, 0.0)["kind"] == "time"
    assert "PathNotFoundError" in runner.ask(asked, 60.0)["failed"]


def test_a_process_that_takes_too_much_memory_is_ended(tmp_path) -> None:
    small = Runner(tmp_path, [], 1_000_000)
    asked = {"do": "run", "case": asdict(CASE), "backend": "polars"}
    assert small.ask(asked, 60.0)["kind"] == "memory"
    small.close()


def test_polars_in_memory_is_timed_under_a_name_of_its_own() -> None:
    rows = sk.from_dict({"a": [1, 2, 3]}).filter(sk.col("a") > 1)
    for backend in ("polars", "memory", "pandas"):
        told = timed(rows, backend)
        assert told["rows"] == 2
        assert told["seconds"] > 0
    assert name_of(Candidate("polars", "in-memory")) == "memory"
    assert name_of(Candidate("polars", "streaming")) == "polars"
    assert name_of(Candidate("dask", "dask")) == "dask"


def test_a_child_says_what_it_decided_and_predicts(tmp_path) -> None:
    folder = tmp_path / "pdsh" / "scale-0.1"
    folder.mkdir(parents=True)
    columns = {"l_shipdate": [date(1994, 5, 1)], "l_discount": [0.06], "l_quantity": [1.0]}
    rows = pl.DataFrame({**columns, "l_extendedprice": [2.0]})
    rows.write_parquet(folder / "lineitem.parquet")
    case = Case("pdsh", "6", 0.1, "parquet")
    told = answer({"do": "decide", "case": asdict(case)}, Built(tmp_path), tmp_path)
    assert told["backend"] in {"polars", "memory", "pandas"}
    assert told["predicted"].keys() >= {"polars", "memory", "pandas", "dask", "ray"}
    assert all(seconds > 0 for seconds in told["predicted"].values())
    ran = answer({"do": "run", "case": asdict(case), "backend": "auto"}, Built(tmp_path), tmp_path)
    assert ran["rows"] == 1
