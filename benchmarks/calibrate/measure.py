"""What each small query takes on a backend, and how much work it is by true numbers of rows."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import scalekit as sk
from benchmarks.calibrate.fit import PULL, fitted
from benchmarks.calibrate.micro import QUERIES, Tables
from scalekit import run
from scalekit.config import resolve
from scalekit.estimate.amounts import Size
from scalekit.estimate.costs import KINDS, EngineCosts
from scalekit.estimate.seconds import amounts, sizes_of, total
from scalekit.estimate.work import Work, work_of
from scalekit.frame.frame import Frame
from scalekit.kernels.compile import to_lazy
from scalekit.plan.nodes import Plan, Scan
from scalekit.tree import walk

CLUSTERS = ("dask", "ray")
ENGINES = ("polars", "memory", "pandas", *CLUSTERS)

_MOVING = ("stage", "task", "exchange_byte")
_KINDS: Mapping[str, tuple[str, ...]] = {
    "polars": (*_MOVING, "frame_byte", "convert_byte"),
    "memory": (*_MOVING, "frame_byte", "convert_byte"),
    "pandas": _MOVING,
    "dask": ("convert_byte",),
    "ray": ("convert_byte",),
}
"""The kinds of work that a backend does not have."""


@dataclass(frozen=True)
class Query:
    """A small query at a size, and its work."""

    name: str
    rows: int
    frame: sk.Frame
    plan: Plan
    work: tuple[Work, ...]
    parts: int | None = None


def queries(tables: Sequence[Tables]) -> list[Query]:
    """All of them; the smallest ones once."""
    found = []
    for number, size in enumerate(tables):
        for name, build in QUERIES.items():
            frame = build(size)
            plan = run.optimized_plan(frame._plan, resolve(backend="polars"))
            if number and not any(_reads_file(node) for node in walk(plan)):
                continue
            found.append(Query(name, size.rows, frame, plan, work_of(plan, true_sizes(plan))))
    return found


def _reads_file(node: Plan) -> bool:
    return isinstance(node, Scan) and (node.source.statistics().rows or 0) > 100


def true_sizes(plan: Plan) -> dict[Plan, Size]:
    """The rows that each node gives, counted, and their bytes at the estimate's width of a row."""
    sizes = sizes_of(run.estimates(plan))
    found = {}
    for node, size in sizes.items():
        rows = float(Frame(node).select(sk.len()).collect(backend="polars", progress=False).item())
        found[node] = Size(rows, rows * size.bytes / max(1.0, size.rows))
    return found


def timed(query: Query, engine: str) -> float:
    """Seconds of one run."""
    gc.collect()
    begun = time.perf_counter()
    if engine == "memory":
        plan = run.optimized_plan(query.frame._plan, resolve(backend="polars"))
        to_lazy(plan).collect(engine="in-memory")
    elif query.parts is not None:
        config = resolve(backend=engine, partitions=query.parts, broadcast_bytes=0)
        run.collect(query.frame._plan, config)
    else:
        query.frame.collect(backend=engine, progress=False)
    return time.perf_counter() - begun


_OWN = ("query", "node", "stage", "task", "frame_byte", "exchange_byte", "result_byte")
"""The kinds of work that a cluster does not do as Polars in memory does."""

FIRM = 1.0
"""How much a cluster's constants are kept near those of Polars in memory: its workers run nothing else."""

Turn = Callable[[str, str], None]
"""Told the backend and the query whose turn it is."""


def times(found: Mapping[str, Sequence[Query]], repeat: int, turn: Turn) -> dict[str, list[float]]:
    """What each query takes on each backend: the lower quartile of some runs, as others only make it longer.

    In rounds, and the backends one after the other on each query: what else the machine does at a moment meets all
    of them alike.
    """
    runs: dict[str, list[list[float]]] = {e: [[] for _ in queries] for e, queries in found.items()}
    for number in range(repeat + 1):
        gc.freeze()  # what is there stays there: to look through it again takes longer than the queries
        for place in range(max(map(len, found.values()))):
            for engine, mine in found.items():
                if place < len(mine):
                    turn(engine, mine[place].name)
                    took = timed(mine[place], engine)
                    if number:  # the first round warms up
                        runs[engine][place].append(took)
    gc.unfreeze()
    return {engine: list(map(lower, mine)) for engine, mine in runs.items()}


def lower(runs: Sequence[float]) -> float:
    """The lower quartile."""
    return sorted(runs)[(len(runs) - 1) // 4]


@dataclass(frozen=True)
class Calibrated:
    """New constants of a backend, and how far from the measured times they are, query by query."""

    engine: str
    costs: EngineCosts
    ratios: Mapping[tuple[str, int], float]


def calibrated(
    engine: str, found: Sequence[Query], seen: Sequence[float], before: EngineCosts, slots: int
) -> Calibrated:
    """The constants of a backend from its times.

    ``before`` are its constants as they were; for a cluster those of Polars in memory, which is what its
    workers run: their times tell how much slower it is there, and little of single kinds of work.
    """
    workers = slots if engine in CLUSTERS else None
    work = [amounts(query.work, slots, workers) for query in found]
    kinds = [kind for kind in KINDS if kind not in _KINDS[engine]]
    prior, pulls = before, dict.fromkeys(kinds, PULL)
    if workers is not None:
        prior = _likened(before, work, seen)
        pulls |= {kind: FIRM for kind in kinds if kind not in _OWN}
    made = fitted(work, seen, prior, kinds, slots, pulls)
    ratios = {
        (query.name, query.rows): total(query.work, made, workers) / took
        for query, took in zip(found, seen, strict=True)
    }
    return Calibrated(engine, made, ratios)


def _likened(
    memory: EngineCosts, work: Sequence[Mapping[str, float]], times: Sequence[float]
) -> EngineCosts:
    """The constants of Polars in memory times how much longer a cluster takes for the same work."""
    kinds = [kind for kind in KINDS if kind not in _OWN]
    told = [sum(one.get(k, 0.0) * getattr(memory, k) for k in kinds) for one in work]
    large = [took / t for t, took in zip(told, times, strict=True) if t > median(told)]
    factor = median(large) if large else 1.0
    return EngineCosts(
        slots=memory.slots, **{kind: factor * getattr(memory, kind) for kind in kinds}
    )
