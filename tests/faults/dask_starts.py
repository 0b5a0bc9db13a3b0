"""Start the embedded Dask again and again, and look at what listens where and what stays behind.

    python -m tests.faults.dask_starts [--starts 20]

Prints one line of JSON; exits with 1 where anything listened off loopback, or lived on after it was stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import psutil

import scalekit as sk
from scalekit.backends.dask import close


def start() -> tuple[set[str], list[str]]:
    """Start a cluster, run a query, stop it: where it listened, and what is left of it."""
    me = psutil.Process()
    before = {child.pid for child in me.children(recursive=True)}
    folders = _folders()
    with sk.config(backend="dask", workers=2, worker_memory="1GiB", progress=False, partitions=2):
        found = sk.from_dict({"x": [1, 2, 3]}).filter(sk.col("x") > 1).collect()
    assert found["x"].to_list() == [2, 3]
    heard = {
        connection.laddr.ip.removeprefix("::ffff:")  # where Ray runs beside it
        for process in [me, *me.children(recursive=True)]
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    close()
    return heard, [*_alive(before), *sorted(map(str, _folders() - folders))]


def _alive(before: set[int]) -> list[str]:
    """Processes that live on, but for the one that Python keeps for all that are spawned."""
    deadline = time.monotonic() + 30
    while True:
        left = [
            " ".join(child.cmdline())
            for child in psutil.Process().children(recursive=True)
            if child.pid not in before and child.status() != psutil.STATUS_ZOMBIE
        ]
        left = [command for command in left if command and "resource_tracker" not in command]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.1)


def _folders() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob(f"scalekit-dask-{os.getpid()}-*"))


def main() -> int:
    """Start as often as asked for, and report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--starts", type=int, default=20)
    given = parser.parse_args()
    found = [start() for _ in range(given.starts)]
    heard = sorted(set().union(*(where for where, _ in found)))
    left = [line for _, lines in found for line in lines]
    print(json.dumps({"starts": len(found), "listened on": heard, "left behind": left}))
    return int(heard != ["127.0.0.1"] or bool(left))


if __name__ == "__main__":
    sys.exit(main())
