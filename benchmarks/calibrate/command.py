"""``python -m benchmarks calibrate``: measure what work costs here, and keep it for ``auto``."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from statistics import geometric_mean, quantiles

import polars as pl

import scalekit as sk
from benchmarks.arguments import names
from benchmarks.calibrate import measure, micro, stages
from scalekit.estimate.costs import (
    KINDS,
    Costs,
    EngineCosts,
    costs_path,
    load_costs,
    save_costs,
    this_machine,
)

ROWS = (100_000, 600_000)


def main(arguments: list[str]) -> int:
    """Measure the backends that were asked for, print their constants and write them."""
    options = _parser().parse_args(arguments)
    before = load_costs(options.out)
    begun = time.perf_counter()
    made = _measured(before, options)
    print(table(before, made))
    print("\n".join(map(summary, made)))
    engines = {**before.engines, **{one.engine: one.costs for one in made}}
    path = save_costs(Costs(this_machine(), engines), options.out)
    print(f"written: {path}, for {this_machine()}, after {time.perf_counter() - begun:.0f} s")
    return 0


def _measured(before: Costs, options: argparse.Namespace) -> list[measure.Calibrated]:
    engines, made = options.backend, []
    clusters = [engine for engine in engines if engine in measure.CLUSTERS]
    with tempfile.TemporaryDirectory(prefix="scalekit-calibrate-") as folder:
        tables = [micro.made(Path(folder) / str(rows), rows) for rows in options.rows]
        queries = measure.queries(tables)
        with _started(clusters, options.workers):
            found = {engine: [*queries] for engine in engines}
            for engine in clusters:
                found[engine] += stages.in_parts(queries, engine, options.workers)
            shown = _Progress(sum(map(len, found.values())) * (1 + options.repeat))
            seen = measure.times(found, options.repeat, shown.next)
        shown.clear()
    memory = before.of("memory")
    for engine in engines:  # Polars in memory comes before the clusters
        prior = memory if engine in clusters else before.of(engine)
        slots = options.workers if engine in clusters else pl.thread_pool_size()
        made.append(measure.calibrated(engine, found[engine], seen[engine], prior, slots))
        memory = made[-1].costs if engine == "memory" else memory
    return made


def table(before: Costs, made: Sequence[measure.Calibrated]) -> str:
    """The constants, as they were and as they are, in nanoseconds (milliseconds where they are large)."""
    lines = [f"{'':16}" + "".join(f"{one.engine:>22}" for one in made)]
    for kind in KINDS:
        cells = [
            f"{_number(getattr(_old(before, one), kind))} -> {_number(getattr(one.costs, kind))}"
            for one in made
        ]
        lines.append(f"{kind:16}" + "".join(f"{cell:>22}" for cell in cells))
    return "\n".join(lines)


def _old(before: Costs, one: measure.Calibrated) -> EngineCosts:
    return before.engines.get(one.engine, EngineCosts())


def _number(seconds: float) -> str:
    if seconds >= 1e-5:
        return f"{seconds * 1e3:.3g} ms"
    return f"{seconds * 1e9:.3g} ns" if seconds else "0"


def summary(one: measure.Calibrated) -> str:
    """How far the constants are from the times that they were made of."""
    ratios = sorted(one.ratios.values())
    tenths = quantiles(ratios, n=10) if len(ratios) > 1 else ratios
    (low, _), (high, _) = (
        pick(one.ratios.items(), key=lambda item: item[1]) for pick in (min, max)
    )
    return (
        f"{one.engine}: predicted over measured, tenths {', '.join(f'{t:.2f}' for t in tenths)}; geometric mean "
        f"{geometric_mean(ratios):.2f}; least {ratios[0]:.2f} ({low[0]}, {low[1]:,} rows), "
        f"most {ratios[-1]:.2f} ({high[0]}, {high[1]:,} rows)"
    )


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m benchmarks calibrate",
        description="Measure with small queries what each kind of work costs on each backend of this machine, and "
        "keep the constants for the choice of a backend. Clusters are started on loopback, and stopped.",
    )
    add = made.add_argument
    add("--backend", type=_engines, default=_installed(), help="such as polars,memory,dask (all)")
    add("--repeat", type=int, default=3, help="timed runs of each query (%(default)s)")
    add("--workers", type=int, default=2, help="of a cluster (%(default)s)")
    add("--rows", type=_rows, default=ROWS, help=f"sizes, such as {ROWS[0]},{ROWS[1]}")
    add("--out", type=Path, default=costs_path(), help="the file of constants (%(default)s)")
    return made


def _installed() -> list[str]:
    packages = {"pandas": "pandas", "dask": "distributed", "ray": "ray"}
    return [name for name in measure.ENGINES if find_spec(packages.get(name, "polars"))]


def _engines(text: str) -> list[str]:
    found = names(text)
    unknown = [name for name in found if name not in measure.ENGINES]
    if unknown:
        raise argparse.ArgumentTypeError(
            f"no backend {unknown[0]!r}: there are {', '.join(measure.ENGINES)}"
        )
    return sorted(found, key=measure.ENGINES.index)


def _rows(text: str) -> tuple[int, ...]:
    return tuple(sorted(int(one) for one in text.split(",")))


@contextmanager
def _started(clusters: Sequence[str], workers: int) -> Iterator[None]:
    """With clusters on this machine, stopped at the end: those that wait take next to nothing."""
    with sk.config(workers=workers):
        try:
            yield
        finally:
            for engine in clusters:
                import_module(f"scalekit.backends.{engine}").close()


class _Progress:
    """One line that says what is being measured, where somebody watches."""

    def __init__(self, steps: int) -> None:
        self._steps, self._done = steps, 0
        self._watched = sys.stderr.isatty()

    def next(self, engine: str, query: str) -> None:
        """Another run begins."""
        if self._watched:
            share = self._done / self._steps
            print(f"\r\x1b[K{share:4.0%}  {engine}: {query}", end="", file=sys.stderr, flush=True)
        self._done += 1

    def clear(self) -> None:
        """Take the line away."""
        if self._watched:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
