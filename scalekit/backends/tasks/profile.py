"""What a query took on a cluster, stage by stage, as a frame."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import polars as pl

from scalekit.backends.tasks.driver import evaluate
from scalekit.backends.tasks.history import StageHistory
from scalekit.backends.tasks.results import whole
from scalekit.backends.tasks.run import Run
from scalekit.physical.nodes import Physical

RESULT = "bring the rows here"

_SCHEMA = {
    "node": pl.String(),
    "start": pl.Int64(),
    "end": pl.Int64(),
    "tasks": pl.Int64(),
    "rows": pl.Int64(),
    "bytes": pl.Int64(),
    "seconds": pl.Float64(),
    "workers": pl.Int64(),
    "retries": pl.Int64(),
    "spilled": pl.Int64(),
    "runs": pl.List(pl.Struct({"worker": pl.String(), "start": pl.Int64(), "end": pl.Int64()})),
}


def profile(program: Physical, run: Run) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Run a physical plan, bring its rows here, and say what each stage took."""
    run.is_profiled = True
    begun = time.time()
    table = evaluate(program, run)
    table = table if run.ends_here(table) else run.store(table)
    computed = time.time()
    result = whole(table, run)
    stages = [_stage(history, begun) for history in run.history]
    last = {
        "node": RESULT,
        "start": _micros(computed - begun),
        "end": _micros(time.time() - begun),
        "rows": result.height,
        "bytes": int(result.estimated_size()),
    }
    return result, pl.DataFrame(_complete([*stages, last]), schema=_SCHEMA)


def _stage(history: StageHistory, begun: float) -> Mapping[str, object]:
    return {
        "node": history.name,
        "start": _micros(history.started - begun),
        "end": _micros(history.ended - begun),
        "tasks": history.tasks,
        "rows": history.rows,
        "bytes": history.bytes,
        "seconds": history.seconds,
        "workers": len({span.worker for span in history.spans}),
        "retries": history.retries,
        "spilled": history.spilled,
        "runs": [
            {
                "worker": span.worker,
                "start": _micros(span.started - begun),
                "end": _micros(span.started + span.seconds - begun),
            }
            for span in history.spans
        ],
    }


def _complete(rows: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    return [{name: row.get(name) for name in _SCHEMA} for row in rows]


def _micros(seconds: float) -> int:
    # The clocks of machines differ a little: nothing starts before the query does.
    return max(0, round(seconds * 1e6))
