"""Kill a Dask worker at every stage of every workload, and see what comes of it.

    python -m tests.faults.dask_kills [--only NAME] [--rounds N]

One worker of two is killed at the start, in the middle and at the end of each stage: the answer has to be
right, or the error clean, within 60 s. Prints a line for each kill and one of JSON; exits with 1 on any other outcome.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import scalekit as sk
from scalekit.backends.dask import close
from scalekit.backends.dask.connections import connect
from scalekit.config import resolve
from tests.faults.workloads import (
    MOMENTS,
    PARTS,
    Disturbance,
    Outcome,
    Workload,
    outcome,
    stages_of,
    workloads,
)

SETTINGS = {
    "backend": "dask", "workers": 2, "worker_memory": "1GiB", "partitions": PARTS,
    "broadcast_bytes": 0, "progress": False,
}  # fmt: skip


def kill_at(workload: Workload, stage: int, moment: str, number: int) -> Outcome:
    """Run a workload, and kill one worker of two at a moment of a stage."""
    pids = workers_of(2)
    return outcome(workload, Disturbance(stage, moment, lambda: _kill(pids[number % len(pids)])))


def kill_all_at(workload: Workload, stage: int, moment: str, count: int) -> Outcome:
    """Run a workload, and kill all of ``count`` workers at a moment of a stage: others come, at other addresses."""
    pids = workers_of(count)
    return outcome(workload, Disturbance(stage, moment, lambda: _kill(*pids)))


def _kill(*pids: int) -> None:
    for pid in pids:
        # Dask itself ends a worker whose predecessor was lost 15 s ago, if it is not there yet.
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def workers_of(count: int) -> list[int]:
    """The processes of the workers, as soon as there are ``count`` again."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        client = connect(resolve()).client
        told = client.run(os.getpid, on_error="return")
        pids = sorted(pid for pid in told.values() if isinstance(pid, int))
        if len(pids) == count:
            return pids
        time.sleep(0.2)
    nannies = connect(resolve()).embedded.cluster.workers
    raise TimeoutError(
        f"the workers did not come back: {[(n, w.status) for n, w in nannies.items()]}"
    )


def trials(only: str = "", rounds: int = 1) -> Iterator[tuple[str, Outcome]]:
    """Every stage and moment of every workload."""
    number = 0
    with tempfile.TemporaryDirectory() as folder, sk.config(**SETTINGS):
        for workload in workloads(Path(folder)):
            if only not in workload.name:
                continue
            for stage in range(stages_of(workload)):
                for moment in MOMENTS * rounds:
                    number += 1
                    found = kill_at(workload, stage, moment, number)
                    yield f"{workload.name} stage {stage} {moment}", found


def main() -> int:
    """Run the trials and report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", help="workloads whose name contains this text")
    parser.add_argument("--rounds", type=int, default=1, help="kills for each moment")
    given = parser.parse_args()
    counts: Counter[str] = Counter()
    slowest = 0.0
    for name, found in trials(given.only, given.rounds):
        print(f"{name}: {found.text} in {found.seconds:.1f} s {found.detail}", flush=True)
        counts[found.text if found.is_fine else f"BAD: {found.text}"] += 1
        slowest = max(slowest, found.seconds)
    close()
    print(json.dumps({"kills": counts.total(), **counts, "slowest": round(slowest, 1)}))
    return int(any(name.startswith("BAD") for name in counts))


if __name__ == "__main__":
    sys.exit(main())
