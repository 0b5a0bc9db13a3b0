"""How long each query takes, raw Polars and scalekit taking turns so that drift meets both alike."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from statistics import geometric_mean, median
from typing import TYPE_CHECKING

import polars as pl

import scalekit as sk
from benchmarks.pdsh import queries_polars, queries_scalekit
from benchmarks.pdsh.check import Expected, differences
from benchmarks.pdsh.peers import PEERS
from benchmarks.pdsh.tables import Tables
from scalekit.config import resolve
from scalekit.run import prepare

if TYPE_CHECKING:
    from pathlib import Path

RAW = "raw polars"
PAIRS = ((RAW, "scalekit polars"), *((f"scalekit {b}", peer.name) for b, peer in PEERS.items()))
"""Who takes turns, so that both meet the same machine."""
SETTLED = 2.0  # seconds of measuring after which the median of a quick query holds still
PATIENCE = 30.0  # seconds after which a slow backend is not asked again

Run = Callable[[], pl.DataFrame]


@dataclass
class Measured:
    """What was seen of one query, by contender: seconds of every run, and what was wrong."""

    query: int
    rows: int | None = None
    planning: list[float] = field(default_factory=list)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    wrong: dict[str, list[str]] = field(default_factory=dict)

    def median(self, name: str) -> float | None:
        """The middle run of a contender, in seconds; None where it failed."""
        return median(self.seconds[name]) if name in self.seconds else None

    def ratio(self, name: str) -> float | None:
        """A contender's median over raw Polars'."""
        ours, theirs = self.median(name), self.median(RAW)
        return None if ours is None or theirs is None else ours / theirs

    def turn_ratio(self, name: str) -> float | None:
        """The middle of a contender's runs over the raw run of the same turn, which saw the same machine."""
        ours, theirs = self.seconds.get(name, []), self.seconds.get(RAW, [])
        if not ours or len(ours) != len(theirs):
            return None
        return median(a / b for a, b in zip(ours, theirs, strict=True))


def contender(backend: str) -> str:
    """The name under which a backend's figures stand."""
    return f"scalekit {backend}"


def build_raw(number: int, folder: Path, scale: float) -> pl.LazyFrame:
    """Query `number` in Polars, not run."""
    return queries_polars.QUERIES[number](Tables(pl.scan_parquet, folder, scale))


def build(number: int, folder: Path, scale: float) -> sk.Frame:
    """Query `number` in scalekit, not run."""
    return queries_scalekit.QUERIES[number](Tables(sk.scan_parquet, folder, scale))


def run_raw(number: int, folder: Path, scale: float) -> pl.DataFrame:
    """Query `number` in Polars, on the engine that scalekit's backend uses."""
    return build_raw(number, folder, scale).collect(engine="streaming")


def run(number: int, folder: Path, scale: float, backend: str) -> pl.DataFrame:
    """Query `number` in scalekit on a backend."""
    return build(number, folder, scale).collect(backend=backend)


def measure(
    number: int,
    folder: Path,
    scale: float,
    backends: list[str],
    repeat: int,
    expected: Expected | None,
    *,
    peers: bool = False,
) -> Measured:
    """Check query `number` on every contender, then time it; with ``peers`` also who shares a cluster."""
    contestants: dict[str, Run] = {RAW: partial(run_raw, number, folder, scale)}
    for backend in backends:
        contestants[contender(backend)] = partial(run, number, folder, scale, backend)
        if peers and backend in PEERS and number in PEERS[backend].numbers():
            peer = PEERS[backend]
            contestants[peer.name] = partial(peer.run, number, folder, scale)
    seen = Measured(number)
    for name, contestant in list(contestants.items()):
        try:
            answer = contestant()  # also warms the caches before anything is timed
        except Exception as error:  # a query that fails is a result; the others are still wanted
            seen.wrong[name] = [f"failed: {type(error).__name__}: {error}"]
            del contestants[name]
        else:
            seen.rows = answer.height if seen.rows is None else seen.rows
            seen.wrong[name] = [] if expected is None else differences(expected, answer)
    if len(contestants) > 1:
        seen.planning = planning(number, folder, scale)
    pairs = [{n: contestants.pop(n) for n in pair if n in contestants} for pair in PAIRS]
    for paired in [*pairs, *({name: slower} for name, slower in contestants.items())]:
        seen.seconds.update(_take_turns(paired, repeat, seen.wrong))
    return seen


def planning(number: int, folder: Path, scale: float, repeat: int = 15) -> list[float]:
    """Seconds, run by run, for all of query `number` that comes before its execution."""
    gc.collect()
    return [_timed(partial(plan, number, folder, scale)) for _ in range(repeat)]


def plan(number: int, folder: Path, scale: float) -> pl.LazyFrame:
    """Build query `number` with its schema checks, optimize it and lower it to Polars."""
    _, program = prepare(build(number, folder, scale)._plan, resolve(backend="polars"))
    lowered: pl.LazyFrame = program
    return lowered


def overhead(measured: list[Measured], name: str) -> float | None:
    """Geometric mean, over the queries, of a contender's median over raw Polars'."""
    return _mean([seen.ratio(name) for seen in measured])


def peer_ratio(measured: list[Measured], backend: str) -> tuple[float, int] | None:
    """How much longer the peer on a backend's cluster takes, over the queries that both ran, and their number."""
    theirs, ours = PEERS[backend].name, contender(backend)
    both = [(seen.median(theirs), seen.median(ours)) for seen in measured]
    ratios = [a / b for a, b in both if a is not None and b is not None]
    return (geometric_mean(ratios), len(ratios)) if ratios else None


def turn_overhead(measured: list[Measured], name: str) -> float | None:
    """The same of ratios taken turn by turn: steadier on a machine that others use."""
    return _mean([seen.turn_ratio(name) for seen in measured])


def _mean(ratios: list[float | None]) -> float | None:
    known = [ratio for ratio in ratios if ratio is not None]
    return geometric_mean(known) if known and len(known) == len(ratios) else None


def _take_turns(
    contestants: dict[str, Run], repeat: int, wrong: dict[str, list[str]]
) -> dict[str, list[float]]:
    """The seconds of each; who fails now, and did not before, is out and told of in ``wrong``."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    gc.collect()  # nobody pays for what came before; what comes now, everybody pays alike
    for turn in _turns(repeat, seconds):
        # who goes second finds warmer caches: each goes first half of the time
        names = list(contestants) if turn % 2 == 0 else list(reversed(contestants))
        for name in [name for name in names if name in seconds]:
            try:
                seconds[name].append(_timed(contestants[name]))
            except Exception as error:
                wrong[name] = [f"failed when run again: {type(error).__name__}: {error}"]
                del seconds[name]
    return seconds


def _turns(repeat: int, seconds: dict[str, list[float]]) -> Iterator[int]:
    for turn in count():
        spent = sum(map(sum, seconds.values()))
        if turn >= repeat and (spent >= SETTLED or turn >= 10 * repeat):
            return
        if turn and spent >= PATIENCE:
            return
        yield turn


def _timed(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start
