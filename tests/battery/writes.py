"""The battery of writes: killed at every change, read while written, raced by several writers.

    python -m tests.battery.writes kill  --store folder|hive|swapless|file|s3 --mode error|overwrite|append [--every N]
    python -m tests.battery.writes mixture --reads N
    python -m tests.battery.writes race --store folder|file|s3 --generations N
    python -m tests.battery.writes all      what an acceptance wants, in minutes

Each prints one line of JSON and exits with 1 if anything was wrong. A trial runs in a fork of a process that
has imported everything and started no thread, so that a kill costs milliseconds.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest import mock

import polars as pl

from scalekit.errors import PathNotFoundError, WriteConflictError
from scalekit.storage import committed_files
from scalekit.storage import filesystem as fs
from scalekit.storage.location import parse_location
from scalekit.storage.objects import ObjectStore
from scalekit.targets import ParquetTarget, begin, write_attempt, write_files
from tests.battery.s3_server import BUCKET, s3_server

# "swapless" is a folder on a file system whose rename can neither exchange nor refuse to replace
PARTS = {"folder": 8, "hive": 4, "swapless": 8, "file": 10, "s3": 9}
ROWS = 3
LEAST_POINTS = 40
# exit codes of a verifying fork
OLD, NEW, WRONG = 10, 11, 12
_FORK = multiprocessing.get_context("fork")


def rows(generation: str, index: int) -> pl.DataFrame:
    """The rows of one part; every value says what wrote it."""
    return pl.DataFrame({"g": [generation] * ROWS, "i": range(index * ROWS, (index + 1) * ROWS)})


def write(place: Place, generation: str, mode: str, write_id: str | None = None) -> None:
    """Write all parts of a generation, the first of them in two halves with a change between."""

    def in_halves(path: str) -> int:
        rows(generation, 0).write_parquet(path)
        content = Path(path).read_bytes()
        for part, flags in ((content[:100], "wb"), (content[100:], "ab")):
            fs.step("half", path)
            with open(path, flags) as file:
                file.write(part)
        return ROWS

    whole = [rows(generation, i) for i in range(place.parts)]
    parts = whole if place.store == "hive" else [in_halves, *whole[1:]]
    write_files(place.target(mode), parts, write_id=write_id)


class Place:
    """Where a trial writes, and how it is looked at."""

    def __init__(self, store: str, root: str, options: dict[str, str]) -> None:
        self.store, self.options = store, options
        self.parts = PARTS[store]
        name = "out.parquet" if store == "file" else "out"
        self.path = f"s3://{BUCKET}/{root}/{name}" if store == "s3" else f"{root}/{name}"

    def target(self, mode: str) -> ParquetTarget:
        options = tuple(self.options.items()) if self.store == "s3" else ()
        keys = ("i",) if self.store == "hive" else ()
        return ParquetTarget(
            path=self.path,
            mode=mode,
            partition_by=keys,
            storage_options=options,  # type: ignore[arg-type]
        )

    def read(self) -> list[tuple[str, int]]:
        """The rows that scalekit's readers see, or none where nothing is there."""
        options = self.options if self.store == "s3" else None
        try:
            found = committed_files(self.path, options)
        except PathNotFoundError:
            return []
        if self.store == "s3":
            # a third of a second faster than Polars' own reader, which starts its threads first
            store = ObjectStore(parse_location(self.path), self.options)
            keys = [parse_location(path).path for path in found.paths]
            contents = [store.read(key) for key in keys]
            if None in contents:
                raise FileNotFoundError(self.path)
            return sorted(row for c in contents for row in pl.read_parquet(c).rows())  # type: ignore[arg-type]
        frame = pl.read_parquet(
            list(found.paths),
            hive_partitioning=bool(found.keys),
            hive_schema=dict(found.keys) or None,
        )
        return sorted(frame.select("g", "i").rows())

    def read_plainly(self) -> list[tuple[str, int]]:
        """The rows that a reader sees who knows nothing of scalekit."""
        # who walks folder by folder may walk from one generation into the next
        if self.store in {"s3", "hive"} or not Path(self.path).exists():
            return self.read()
        return sorted(pl.read_parquet(self.path).rows())

    def rows_of(self, generation: str) -> list[tuple[str, int]]:
        return [(generation, i) for i in range(self.parts * ROWS)]


def states(place: Place, mode: str) -> dict[int, list[tuple[str, int]]]:
    """What may be seen after a kill."""
    old = [] if mode == "error" else place.rows_of("old")
    new = place.rows_of("new")
    return {OLD: old, NEW: sorted(new + old) if mode == "append" else new}


def kill_battery(store: str, mode: str, every: int) -> dict[str, Any]:
    """Kill a write before its first change, its second, and so on; look at what each leaves."""
    with ExitStack() as stack:
        options = stack.enter_context(s3_server()) if store == "s3" else {}
        root = stack.enter_context(tempfile.TemporaryDirectory())
        if store == "swapless":
            stack.enter_context(mock.patch.object(fs, "_rename_flags", return_value=False))
        points = _count(Place(store, _trial_root(store, root, "count"), options), mode)
        seen = {OLD: 0, NEW: 0, WRONG: 0}
        # the commit and what follows it are the last changes of all: none of them is left out
        tail = 6 + PARTS[store]
        for point in sorted(
            {*range(0, points, every), *range(points, points - tail, -min(every, 3))}
        ):
            place = Place(store, _trial_root(store, root, f"t{point}"), options)
            _expect_kill(place, mode, point, points)
            seen[_in_fork(lambda: _verify(place, mode))] += 1  # noqa: B023 - it runs at once
            if store != "s3":
                shutil.rmtree(Path(place.path).parent)
        wrong = seen[WRONG] or points < LEAST_POINTS or not (seen[OLD] and seen[NEW])
        return {
            "test": "kill",
            "store": store,
            "mode": mode,
            "points": points,
            "killed": sum(seen.values()),
            "old": seen[OLD],
            "new": seen[NEW],
            "wrong": seen[WRONG],
            "ok": not wrong,
        }


def _trial_root(store: str, root: str, name: str) -> str:
    if store == "s3":
        return name
    folder = Path(root, name)
    folder.mkdir()
    return str(folder)


def _count(place: Place, mode: str) -> int:
    counter = _FORK.Value("i", 0)

    def counted() -> int:
        _prepare(place, mode)

        def count(_step: str, _path: str) -> None:
            counter.value += 1

        with fs.observe(count):
            write(place, "new", mode)
        return 0

    code = _in_fork(counted)
    if code:
        raise RuntimeError(f"the write failed where nothing was killed (exit {code})")
    return int(counter.value)


def _expect_kill(place: Place, mode: str, point: int, points: int) -> None:
    """Kill before change ``point``; the last of all is no kill: the write has just returned."""

    def killed() -> int:
        _prepare(place, mode)
        left = point

        def strike(_step: str, _path: str) -> None:
            nonlocal left
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

        with fs.observe(strike):
            write(place, "new", mode)
        return 0

    code = _in_fork(killed)
    if code != (0 if point == points else -signal.SIGKILL):
        raise RuntimeError(f"exit {code} at point {point} of {points}")


def _prepare(place: Place, mode: str) -> None:
    if mode != "error":
        write(place, "old", "error")


def _verify(place: Place, mode: str) -> int:
    """Which state is seen, by both kinds of readers; then whether the next writer gets through."""
    allowed = states(place, mode)
    seen = place.read()
    plainly = seen if place.store == "s3" else place.read_plainly()
    state = next((code for code, expected in allowed.items() if seen == expected), WRONG)
    if plainly != seen:
        state = WRONG
    write(place, "next", "overwrite")
    after = [place.read()] if place.store == "s3" else [place.read(), place.read_plainly()]
    if any(found != place.rows_of("next") for found in after):
        state = WRONG
    return state


def mixture_battery(reads: int, store: str = "folder") -> dict[str, Any]:
    """Read in a loop beside a writer in a loop; every read is one whole generation or no read at all."""
    with ExitStack() as stack:
        options = stack.enter_context(s3_server()) if store == "s3" else {}
        root = stack.enter_context(tempfile.TemporaryDirectory())
        place = Place(store, _trial_root(store, root, "mix"), options)
        stop, written = _FORK.Event(), _FORK.Value("i", 0)
        _in_fork(lambda: write(place, "0", "error") or 0)  # type: ignore[func-returns-value]
        writer = _FORK.Process(target=_write_on, args=(place, stop, written))
        writer.start()
        counts = _FORK.Array("i", 4)
        reader = _FORK.Process(target=_read_on, args=(place, reads, counts, written))
        reader.start()
        reader.join()
        stop.set()
        writer.join()
        whole, mixed, retried, again = list(counts)
        ok = mixed == 0 and whole >= reads and writer.exitcode == 0
        return {
            "test": "mixture",
            "store": store,
            "reads": whole,
            "mixed": mixed,
            "not_found": retried,
            "read_again": again,
            "generations": written.value,
            "ok": ok and reader.exitcode == 0,
        }


def _write_on(place: Place, stop: Any, written: Any) -> None:
    while not stop.is_set():
        write(place, str(written.value + 1), "overwrite")
        written.value += 1


def _read_on(place: Place, reads: int, counts: Any, written: Any) -> None:
    expected = [i for _, i in place.rows_of("")]
    while counts[0] < reads or written.value < reads // 50:
        reader = place.read if counts[0] % 2 else place.read_plainly
        try:
            found = reader()
        except FileNotFoundError:
            # the folder was swapped between listing and opening: list it again
            counts[2 if reader == place.read_plainly else 3] += 1
            continue
        counts[0] += 1
        if len({g for g, _ in found}) != 1 or sorted(i for _, i in found) != expected:
            counts[1] += 1


def race_battery(store: str, generations: int, writers: int = 4) -> dict[str, Any]:
    """Let several processes overwrite one dataset, each from the same generation: one wins."""
    with ExitStack() as stack:
        options = stack.enter_context(s3_server()) if store == "s3" else {}
        root = stack.enter_context(tempfile.TemporaryDirectory())
        place = Place(store, _trial_root(store, root, "race"), options)
        _in_fork(lambda: write(place, "0", "error") or 0)  # type: ignore[func-returns-value]
        barrier = _FORK.Barrier(writers)
        won, lost = _FORK.Array("i", generations), _FORK.Array("i", generations)
        wrong = _FORK.Value("i", 0)
        processes = [
            _FORK.Process(target=_race, args=(place, n, barrier, won, lost, wrong))
            for n in range(writers)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        one_each = list(won) == [1] * generations and list(lost) == [writers - 1] * generations
        clean = all(p.exitcode == 0 for p in processes)
        return {
            "test": "race",
            "store": store,
            "generations": generations,
            "won": sum(won),
            "lost": sum(lost),
            "wrong_rows": wrong.value,
            "ok": one_each and clean and wrong.value == 0,
        }


def _race(place: Place, number: int, barrier: Any, won: Any, lost: Any, wrong: Any) -> None:
    for generation in range(len(won)):
        name = f"{generation}-{number}"
        with begin(place.target("overwrite")) as session:
            for index in range(place.parts):
                session.record(write_attempt(session.staging, index, rows(name, index)))
            barrier.wait(60)
            try:
                session.commit()
            except WriteConflictError:
                with lost.get_lock():
                    lost[generation] += 1
            else:
                with won.get_lock():
                    won[generation] += 1
        barrier.wait(60)
        if {g for g, _ in place.read()} - {f"{generation}-{n}" for n in range(barrier.parties)}:
            wrong.value += 1
        barrier.wait(60)


def _in_fork(work: Callable[[], int]) -> int:
    """Run ``work`` in a fork; its result, or the negative number of the signal that ended it."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = work()
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def main() -> int:
    """Run what the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("test", choices=["kill", "mixture", "race", "all"])
    parser.add_argument("--store", choices=list(PARTS), default="folder")
    parser.add_argument("--mode", choices=["error", "overwrite", "append"], default="overwrite")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--reads", type=int, default=10_000)
    parser.add_argument("--generations", type=int, default=50)
    given = parser.parse_args()
    kills = [(s, m) for s in PARTS for m in ("error", "overwrite", "append")]
    runs: dict[str, list[Callable[[], dict[str, Any]]]] = {
        "kill": [lambda: kill_battery(given.store, given.mode, given.every)],
        "mixture": [lambda: mixture_battery(given.reads, given.store)],
        "race": [lambda: race_battery(given.store, given.generations)],
        "all": [
            *(lambda s=s, m=m: kill_battery(s, m, 1) for s, m in kills),
            lambda: mixture_battery(given.reads),
            lambda: mixture_battery(given.reads // 2, "hive"),
            lambda: mixture_battery(given.reads // 10, "s3"),
            *(lambda s=s: race_battery(s, given.generations) for s in PARTS),
        ],
    }
    good = True
    for run in runs[given.test]:
        start = time.perf_counter()
        report = run()
        good &= report["ok"]
        print(json.dumps({**report, "seconds": round(time.perf_counter() - start, 1)}), flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
