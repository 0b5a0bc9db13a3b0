"""Nobody dies: plans that hold more than the memory budget, one after the other in one session.

    python -m tests.battery.memory                       all plans under 2 GB, half an hour
    python -m tests.battery.memory --budget 300MB --rows 4500000 --only "self join"

Each plan finishes with the right answer, is refused before it starts, or is stopped; the session then answers a small
query. Memory is what the session and its processes hold together, without mapped files, looked at a hundred times a
second; the last line has the most that one process had by the kernel's own count, mapped files and all. Exits
with 1 if anything was wrong. Where the machine lets you make a cgroup, run it in one: its limit then holds as well.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

import scalekit as sk
from scalekit.config import resolve
from scalekit.errors import MemoryBudgetError
from tests.battery.memory_plans import CASES, ROWS, Case, Facts, make

ROOT = Path("data") / "battery"
"""Where the table is made, and files are written; on a disk."""

ALLOWED = 1.1
"""Peak over budget."""

LARGE = 1_000_000_000
"""Budget below which the peak is counted above what the idle session holds, which is not the query's."""


@dataclass(frozen=True)
class Outcome:
    """What became of one plan."""

    name: str
    what: str
    seconds: float
    peak: int
    wrong: str = ""
    over: str = ""
    counted: int = 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the battery in a session of its own, and print what became of each plan."""
    options = _parser().parse_args(arguments)
    if options.session:
        return session(options.root, options.rows, options.only)
    budget = resolve(memory_budget=options.budget).memory_budget
    assert budget is not None
    outcomes = []
    for outcome in watched(options.root, options.rows, budget, options.only):
        print(line(outcome, budget), flush=True)
        outcomes.append(outcome)
    print(table(outcomes, budget))
    return int(any(outcome.wrong or outcome.over for outcome in outcomes))


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m tests.battery.memory")
    made.add_argument("--budget", default="2GB", help="memory_budget of the session (%(default)s)")
    made.add_argument("--rows", type=int, default=ROWS, help="of the table (%(default)s)")
    made.add_argument("--only", action="append", help="name of a plan; all by default")
    made.add_argument("--root", type=Path, default=ROOT, help="folder for data (%(default)s)")
    made.add_argument("--session", action="store_true", help="run the plans in this process")
    return made


# The session


def session(root: Path, rows: int, only: Sequence[str] | None) -> int:
    """Run the plans, and tell the process that watches when each begins and what became of it."""
    frame, facts = make(root / f"rows-{rows}", rows), Facts.of(rows)
    for case in _wanted(only):
        _tell(begin=case.name)
        begun = time.perf_counter()
        what, wrong = outcome_of(case, frame, facts, root)
        wrong = wrong or small_query()
        _tell(what=what, wrong=wrong, seconds=time.perf_counter() - begun, counted=_counted())
    return 0


def outcome_of(case: Case, frame: sk.Frame, facts: Facts, folder: Path) -> tuple[str, str]:
    """Run one plan: how it ended, and what is wrong about that."""
    try:
        answer = case.run(frame, folder)
    except MemoryBudgetError as error:
        how = "refused" if " would " in str(error) else "stopped"
        silent = "Ways out" not in str(error)
        return how, "the message names no way out" if silent else ""
    except Exception as error:
        return "failed", f"{type(error).__name__}: {error}"[:500]
    right = case.answer(facts)
    wrong = "" if _same(answer, right) else f"gave {answer}, right is {right}"
    return "finished", wrong


def _counted() -> int:
    """The most memory that the session or one of its processes has had until now, as the kernel counts it."""
    found = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(one).ru_maxrss for one in found) * 1024


def _same(answer: tuple[object, ...], right: tuple[object, ...]) -> bool:
    return len(answer) == len(right) and all(
        abs(a - b) <= 1e-9 * abs(b) if isinstance(b, float) and isinstance(a, float) else a == b
        for a, b in zip(answer, right, strict=True)
    )


def small_query() -> str:
    """Whether the session still answers; what is wrong if not."""
    frame = sk.from_dict({"g": ["a", "b", "a"], "x": [1, 2, 4]})
    found = frame.group_by("g").agg(sk.col("x").sum()).sort("g").collect()
    return "" if found.rows() == [("a", 5), ("b", 2)] else f"a small query gave {found.rows()}"


def _wanted(only: Sequence[str] | None) -> Iterator[Case]:
    yield from (case for case in CASES if only is None or case.name in only)


def _tell(**what: object) -> None:
    print(json.dumps(what), flush=True)


# The process that watches


def watched(
    root: Path, rows: int, budget: int, only: Sequence[str] | None = None
) -> Iterator[Outcome]:
    """Start a session under the budget and watch its memory while it runs the plans."""
    make(root / f"rows-{rows}", rows)
    command = [sys.executable, "-m", "tests.battery.memory", "--session"]
    command += ["--rows", str(rows), "--root", str(root)]
    command += [part for name in only or () for part in ("--only", name)]
    environment = {**os.environ, "SCALEKIT_MEMORY_BUDGET": str(budget), "SCALEKIT_PROGRESS": "0"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as running:
        assert running.stdout is not None
        peak = Peak(running.pid)
        name, idle = "", 0
        for text in running.stdout:
            told = json.loads(text)
            if "begin" in told:
                name = told["begin"]
                peak.forget()
                idle = idle or peak.now()
                continue
            most = peak.most()
            taken = most if budget >= LARGE else most - idle
            over = f"{taken / budget:.2f} times the budget" if taken > ALLOWED * budget else ""
            what, seconds = told["what"], told["seconds"]
            yield Outcome(name, what, seconds, most, told["wrong"], over, told["counted"])
            name = ""
        peak.end()
    if running.returncode or name:
        yield Outcome(
            name, "killed", 0.0, peak.most(), f"the session ended with {running.returncode}"
        )


class Peak:
    """The most memory that a process and those below it hold, looked at from a thread of its own."""

    def __init__(self, pid: int) -> None:
        self._pid, self._most, self._is_over = pid, 0, False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def forget(self) -> None:
        """Begin anew."""
        with self._lock:
            self._most = 0

    def most(self) -> int:
        """The most since then."""
        with self._lock:
            return self._most

    def now(self) -> int:
        """What they hold together now."""
        own = _command(
            self._pid
        )  # a process that has just been made is its parent still, and so is its memory
        below = [pid for pid in _below(self._pid) if _command(pid) != own]
        return sum(map(_held, (self._pid, *below)))

    def end(self) -> None:
        """Look no more."""
        self._is_over = True
        self._thread.join()

    def _look(self) -> None:
        while not self._is_over:
            now = self.now()
            with self._lock:
                self._most = max(self._most, now)
            time.sleep(0.01)


def _held(pid: int) -> int:
    """Bytes that a process holds and nothing else can: without files that are mapped."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()
    except OSError:
        return 0
    return (int(pages[1]) - int(pages[2])) * os.sysconf("SC_PAGE_SIZE")


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _below(pid: int) -> list[int]:
    """Processes that a process started, and theirs."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(child) for child in task.read_text().split()]
        except OSError:
            continue
    return [*found, *(below for child in found for below in _below(child))]


def table(outcomes: Sequence[Outcome], budget: int) -> str:
    """All outcomes, and how many of each kind."""
    kinds = pl.Series([outcome.what for outcome in outcomes], dtype=pl.String).value_counts(
        sort=True
    )
    counts = ", ".join(f"{count} {kind}" for kind, count in kinds.rows())
    worst = max((outcome.peak for outcome in outcomes), default=0)
    wrong = sum(bool(outcome.wrong or outcome.over) for outcome in outcomes)
    counted = max((outcome.counted for outcome in outcomes), default=0)
    return (
        f"{len(outcomes)} plans: {counts}; peak at most {worst / budget:.2f} times the budget, of one process with "
        f"mapped files {counted / budget:.2f} times; {wrong} wrong"
    )


def line(outcome: Outcome, budget: int) -> str:
    """One outcome: what became of it, in what time, and its peak."""
    text = f"{outcome.name:36}{outcome.what:10}{outcome.seconds:7.1f} s{outcome.peak / 1e6:8.0f} MB{outcome.peak / budget:6.2f}"
    return f"{text}  {outcome.wrong}{outcome.over}".rstrip()


if __name__ == "__main__":
    sys.exit(main())
