"""Runs one plan in a process of its own and says what was predicted and what it took: ``python -m benchmarks.memory.child``."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.memory.cases import Case
from scalekit import run
from scalekit.config import resolve


def main(arguments: list[str]) -> int:
    """Run the case that JSON names and print JSON."""
    asked = json.loads(arguments[0])
    case = Case(**asked["case"])
    print(json.dumps(measured(case, asked["backend"], Path(asked["root"]))))
    return 0


def measured(case: Case, backend: str, root: Path) -> dict[str, Any]:
    """Predicted and measured peak, rows and bytes of one case."""
    frame = case.build(root)
    config = resolve(backend=backend)
    predicted = predictions(frame, config)
    before = _reset_peak()
    clock = time.perf_counter()
    answer = frame.collect(backend=backend)
    seconds = time.perf_counter() - clock
    return {
        **predicted,
        "peak": _peak() - before,
        "seconds": seconds,
        "rows": answer.height,
        "bytes": int(answer.estimated_size()),
    }


def predictions(frame: Any, config: Any) -> dict[str, Any]:
    """What the library says of a plan before it runs."""
    optimized = run.optimized_plan(frame._plan, config)
    found = run.estimates(optimized)[optimized]
    return {"predicted_rows": found.rows, "predicted_bytes": found.bytes}


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
