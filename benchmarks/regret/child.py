"""Runs what it is asked over its standard input, line by line, in a process that may be killed: see ``asked``."""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import IO, Any

import scalekit as sk
from benchmarks.memory.cases import Case
from scalekit import run
from scalekit.backends.decision import Candidate
from scalekit.config import resolve
from scalekit.estimate.costs import load_costs
from scalekit.estimate.seconds import sizes_of, total
from scalekit.estimate.work import work_of
from scalekit.kernels.compile import to_lazy
from scalekit.plan.nodes import Plan


class Built:
    """The frame of the case that was asked for last: its source is looked at once, not by each run."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._case: Case | None = None
        self._frame: sk.Frame | None = None

    def frame(self, case: Case) -> sk.Frame:
        """The plan of a case, not run."""
        if self._frame is None or case != self._case:
            self._case, self._frame = case, case.build(self._root)
        return self._frame


def connect(backends: list[str]) -> dict[str, Any]:
    """Connect to the clusters: a first query starts them."""
    for backend in backends:
        sk.from_dict({"a": [1]}).filter(sk.col("a") > 0).collect(backend=backend)
    gc.freeze()  # what is there stays there: to look through it before every run takes longer than some runs
    return {}


def timed(frame: sk.Frame, backend: str) -> dict[str, Any]:
    """One run; ``"memory"`` is Polars' engine in memory, which auto may take too."""
    gc.collect()
    begun = time.perf_counter()
    if backend == "memory":
        plan = run.optimized_plan(frame._plan, resolve(backend="polars"))
        rows = to_lazy(plan).collect(engine="in-memory").height
    else:
        rows = frame.collect(backend=backend, progress=False).height
    return {"seconds": time.perf_counter() - begun, "rows": rows}


def decided(case: Case, root: Path) -> dict[str, Any]:
    """Whom ``auto`` picks for a frame that was made just now, and the seconds that it takes to say so."""
    plan = run.optimized_plan(case.build(root)._plan, resolve(backend="auto"))
    gc.collect()
    begun = time.perf_counter()
    decision = run.choose(plan, resolve(backend="auto"))
    took = time.perf_counter() - begun
    told = {"backend": name_of(decision.chosen), "reason": decision.reason, "seconds": took}
    return {**told, "predicted": predicted(plan)}


def name_of(way: Candidate) -> str:
    """The name under which a way was timed."""
    return "memory" if way.engine == "in-memory" else way.backend


def predicted(plan: Plan) -> dict[str, float]:
    """What the constants of this machine say of each backend."""
    work, costs = work_of(plan, sizes_of(run.estimates(plan))), load_costs()
    return {
        engine: total(work, constants, constants.slots if constants.stage else None)
        for engine, constants in costs.engines.items()
    }


def answer(asked: Mapping[str, Any], built: Built, root: Path) -> dict[str, Any]:
    """What one line asks for: to connect, to run a case on a backend, or to decide on one."""
    if asked["do"] == "connect":
        return connect(asked["backends"])
    case = Case(**asked["case"])
    if asked["do"] == "decide":
        return decided(case, root)
    return timed(built.frame(case), asked["backend"])


def main(arguments: list[str]) -> int:
    """Answer until there are no more lines."""
    root = Path(arguments[0])
    built = Built(root)
    with _own_output() as out:
        for line in sys.stdin:
            told = _guarded(partial(answer, json.loads(line), built, root))
            print(json.dumps(told), file=out, flush=True)
    return 0


def _guarded(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return work()
    except Exception as error:  # what fails is a result: the other backends are still wanted
        return {"failed": f"{type(error).__name__}: {error}"[:300]}


def _own_output() -> IO[str]:
    """The standard output for answers only: whatever else is printed goes to the standard error."""
    kept = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return kept


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
