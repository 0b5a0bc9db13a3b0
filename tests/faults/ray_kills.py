"""Kill a worker of Ray at every stage of every workload, or all of Ray, and see what comes of it.

    python -m tests.faults.ray_kills [--only NAME] [--rounds N] [--starts N]

One worker of two is killed at the start, in the middle and at the end of each stage, and after that each process of
the control plane in the middle of a stage: the answer has to be right, or the error clean, within 60 s, and the next
query right. Then Ray is started some times, and who listens is looked at. Prints a line for each and one of JSON;
exits with 1 on any other outcome.
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
from ipaddress import ip_address
from pathlib import Path

import psutil

import scalekit as sk
from scalekit.backends.ray import RayBackend, close, hosted
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
    "backend": "ray", "workers": 2, "worker_memory": "1GiB", "partitions": PARTS,
    "broadcast_bytes": 0, "progress": False,
}  # fmt: skip

CONTROL = ("gcs_server", "raylet")


def kill_worker_at(workload: Workload, stage: int, moment: str, number: int) -> Outcome:
    """Run a workload, and kill one worker at a moment of a stage."""
    RayBackend().connect(resolve())
    workers_there()

    def kill() -> None:
        pids = workers_there()
        os.kill(pids[number % len(pids)], signal.SIGKILL)

    return outcome(workload, Disturbance(stage, moment, kill))


def kill_control_at(workload: Workload, process: str, stage: int, moment: str) -> Outcome:
    """Run a workload, and kill a process of the control plane at a moment of a stage."""
    RayBackend().connect(resolve())
    workers_there()

    def kill() -> None:
        (victim,) = [p for p in _children() if _is_running(p, process)]
        victim.kill()

    return outcome(workload, Disturbance(stage, moment, kill))


def workers_there() -> list[int]:
    """The processes that run tasks, as soon as there are any."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if found := processes("ray::IDLE", "ray::scalekit_"):
            return found
        time.sleep(0.05)
    raise TimeoutError("no worker of Ray came")


def processes(*names: str) -> list[int]:
    """Those of Ray that run under one of these names."""
    return sorted(p.pid for p in _children() if _is_running(p, *names))


def _children() -> list[psutil.Process]:
    """What the process that drives Ray has started."""
    assert hosted._Open.host is not None
    return psutil.Process(hosted._Open.host._process.pid).children(recursive=True)


def _is_running(process: psutil.Process, *names: str) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        first = process.cmdline()[0]
    except (psutil.Error, IndexError):
        return False
    return any(first.startswith(name) or first.endswith(f"/{name}") for name in names)


def strangers() -> list[str]:
    """Where this process and those that it started can be reached from other machines."""
    found = []
    for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
        try:
            listening = [
                c for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN
            ]
            name = process.name()
        except psutil.Error:
            continue
        for connection in listening:
            address = ip_address(connection.laddr.ip)
            address = getattr(address, "ipv4_mapped", None) or address
            if not address.is_loopback:
                found.append(f"{name} at {connection.laddr}")
    return found


def trials(only: str, rounds: int) -> Iterator[tuple[str, Outcome]]:
    """Every stage and moment of every workload, and each process of the control plane in its middle."""
    number = 0
    with tempfile.TemporaryDirectory() as folder, sk.config(**SETTINGS):
        for workload in workloads(Path(folder)):
            if only not in workload.name:
                continue
            for stage in range(stages_of(workload)):
                for moment in MOMENTS * rounds:
                    number += 1
                    found = kill_worker_at(workload, stage, moment, number)
                    yield f"{workload.name} stage {stage} {moment}", found
            for process in CONTROL:
                yield f"{workload.name} {process}", kill_control_at(workload, process, 0, "middle")
                stages_of(workload)  # which looks at the answer


def main() -> int:
    """Run the trials and report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", help="workloads whose name contains this text")
    parser.add_argument("--rounds", type=int, default=1, help="kills for each moment")
    parser.add_argument(
        "--starts", type=int, default=20, help="starts of which the listeners are looked at"
    )
    given = parser.parse_args()
    counts: Counter[str] = Counter()
    slowest = 0.0
    for name, found in trials(given.only, given.rounds):
        print(f"{name}: {found.text} in {found.seconds:.1f} s {found.detail}", flush=True)
        counts[found.text if found.is_fine else f"BAD: {found.text}"] += 1
        slowest = max(slowest, found.seconds)
    kills = counts.total()
    for _ in range(given.starts):
        close()
        with sk.config(**SETTINGS):
            sk.from_dict({"x": [1]}).collect()
        counts["BAD: reachable" if strangers() else "on loopback"] += 1
    close()
    print(json.dumps({"kills": kills, **counts, "slowest": round(slowest, 1)}))
    return int(any(name.startswith("BAD") for name in counts))


if __name__ == "__main__":
    sys.exit(main())
