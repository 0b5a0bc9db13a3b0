"""Runs one plan in processes of its own: ``python -m benchmarks.memory.child predict|measure|count JSON``.

The first process scans and predicts; the second one only runs what was planned, as a scan of text leaves memory
behind which a query would seem not to need.
"""

from __future__ import annotations

import json
import pickle
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl

import scalekit as sk
from benchmarks.memory.cases import Case
from scalekit import run
from scalekit.config import Config, resolve
from scalekit.estimate.peak import peaks
from scalekit.kernels.compile import to_lazy
from scalekit.plan.explain import title
from scalekit.plan.nodes import Aggregate, Filter, Join, Plan
from scalekit.tree import walk


def main(arguments: list[str]) -> int:
    """Do what the first argument says with the case in the second, and print JSON."""
    asked = json.loads(arguments[1])
    print(json.dumps({"predict": predict, "measure": measure, "count": count}[arguments[0]](asked)))
    return 0


def predict(asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Plan cases, keep the plans, and say what the library says of each before it runs."""
    found = []
    for number, case in enumerate(asked["cases"]):
        frame = Case(**case).build(Path(asked["root"]))
        Path(asked["plans"], str(number)).write_bytes(pickle.dumps(frame._plan))
        found.append({b: predictions(frame._plan, resolve(backend=b)) for b in asked["backends"]})
    return found


def measure(asked: dict[str, Any]) -> dict[str, Any]:
    """Run the plan that was kept; the peak counts from the memory that the process has without it."""
    plan: Plan = pickle.loads(Path(asked["plan"]).read_bytes())
    config = resolve(backend=asked["backend"], memory_budget="100GB")
    run.optimized_plan(plan, config)
    _load(asked["backend"])
    before = _reset_peak()
    clock = time.perf_counter()
    answer = run.collect(plan, config)
    seconds = time.perf_counter() - clock
    return {
        "peak": _peak() - before,
        "seconds": seconds,
        "rows": answer.height,
        "bytes": int(answer.estimated_size()),
    }


def _load(backend: str) -> None:
    """Have everything loaded that any query needs, which no query takes for itself."""
    import_module("pyarrow.parquet")
    sk.from_dict({"k": [1, 2], "x": [1, 2]}).group_by("k").agg(sk.len()).collect(backend=backend)


def count(asked: dict[str, Any]) -> dict[str, Any]:
    """Rows of every filter, join and group of the plan, as guessed and as they are."""
    plan: Plan = pickle.loads(Path(asked["plan"]).read_bytes())
    optimized = run.optimized_plan(plan, resolve(backend="polars"))
    found = run.estimates(optimized)
    steps = [node for node in walk(optimized) if isinstance(node, Filter | Join | Aggregate)]
    steps = [node for node in steps if not (isinstance(node, Aggregate) and not node.keys)]
    told = []
    for node in steps:
        (rows,) = to_lazy(node).select(pl.len()).collect(engine="streaming").row(0)
        guess = found[node].rows
        told.append([title(node), None if guess is None else guess.guess, rows])
    return {"steps": told}


def predictions(plan: Plan, config: Config) -> dict[str, Any]:
    """Rows, bytes and peak memory as they are expected."""
    optimized = run.optimized_plan(plan, config)
    found = run.estimates(optimized)[optimized]
    peak = getattr(peaks(optimized), config.backend, None)
    return {
        "predicted_rows": None if found.rows is None else found.rows.guess,
        "predicted_bytes": None if found.bytes is None else found.bytes.guess,
        "predicted_peak": None if peak is None else peak.guess,
        "predicted_most": None if peak is None else peak.high,
    }


def _reset_peak() -> int:
    """Forget the peak until now; the memory that the process has."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def _peak() -> int:
    return _status("VmHWM")


def _status(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"/proc/self/status has no {name}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
