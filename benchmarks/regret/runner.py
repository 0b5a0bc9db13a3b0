"""A process that runs queries for us and is ended when one of them takes too long or too much memory."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

STARTING = 180.0
"""Seconds for clusters to start."""

ENDING = 60.0
"""Seconds for them to stop by themselves."""

LOOK = 0.05
"""Seconds between looks at the memory."""


class Runner:
    """One process; it is started when first asked, and anew after it was ended.

    Parameters
    ----------
    root
        Where the data lie.
    clusters
        Backends that it connects to.
    memory
        Bytes that it may have.
    """

    def __init__(self, root: Path, clusters: Sequence[str], memory: int) -> None:
        self._root, self._clusters, self._memory = root, list(clusters), memory
        self._process: subprocess.Popen[str] | None = None

    def ask(self, asked: dict[str, Any], timeout: float) -> dict[str, Any]:
        """Its answer, or ``failed`` with the reason."""
        if self._process is None:
            self._start()
            if self._clusters:
                told = self._answer({"do": "connect", "backends": self._clusters}, STARTING)
                if "failed" in told:
                    raise SystemExit(f"no clusters: {told['failed']}")
        return self._answer(asked, timeout)

    def close(self) -> None:
        """End it, and what it started."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        with suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(ENDING)
        except subprocess.TimeoutExpired:
            _kill(process)
        else:
            _shut(process)

    def _start(self) -> None:
        command = [sys.executable, "-m", "benchmarks.regret.child", str(self._root)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def _answer(self, asked: dict[str, Any], timeout: float) -> dict[str, Any]:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(asked) + "\n")
        process.stdin.flush()
        until, peak = time.monotonic() + timeout, 0
        while True:
            if select.select([process.stdout], [], [], LOOK)[0]:
                line = process.stdout.readline()
                if not line:
                    return self._ended(f"the process ended with {process.wait()}")
                return {**json.loads(line), "peak": peak}
            peak = max(peak, _memory_of(process.pid))
            if peak > self._memory:
                return self._ended(f"more than {self._memory / 1e9:.1f} GB", kind="memory")
            if time.monotonic() > until:
                return self._ended(f"no answer within {timeout:.0f} s", kind="time")

    def _ended(self, why: str, kind: str = "error") -> dict[str, Any]:
        process, self._process = self._process, None
        assert process is not None
        _kill(process)
        return {"failed": why, "kind": kind}


def _kill(process: subprocess.Popen[str]) -> None:
    """The process and all of its group, which has no others."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    _shut(process)


def _shut(process: subprocess.Popen[str]) -> None:
    """Wait for a process that ends, and close what leads to it."""
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()


def _memory_of(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
