"""``python -m benchmarks pdsh``: check and time the 22 queries."""

from __future__ import annotations

import argparse
from contextlib import closing, nullcontext
from pathlib import Path

from benchmarks.arguments import names
from benchmarks.pdsh import clusters, data, report
from benchmarks.pdsh.check import Reference
from benchmarks.pdsh.measure import Measured, measure
from benchmarks.pdsh.queries_scalekit import QUERIES

OUT = Path(__file__).parents[1] / "results"


def main(arguments: list[str]) -> int:
    """Run the benchmark; 1 where an answer fails or is not DuckDB's, 0 otherwise."""
    options = parser().parse_args(arguments)
    folder = data.prepare(options.scale, options.data or data.folder_of(options.scale))
    shown = report.Report(
        options.scale, data.size_of(folder), options.backend, options.check, [], options.peers
    )
    print(f"PDS-H at scale {options.scale:g}: {shown.size / 1e6:.0f} MB of Parquet in {folder}")
    print(report.heading(shown), flush=True)
    duckdb = closing(Reference(folder, options.scale)) if options.check else nullcontext()
    size = clusters.Size(options.workers, options.worker_memory, options.object_store)
    with duckdb as reference, clusters.started(options.backend, size):
        for number in options.queries:
            seen = _measured(number, folder, options, reference)
            shown.measured.append(seen)
            print(report.line(shown, seen), flush=True)
    print(report.summary(shown))
    for path in report.write(shown, options.out):
        print(f"written: {path}")
    return 1 if shown.wrong else 0


def parser() -> argparse.ArgumentParser:
    """What the command takes."""
    made = argparse.ArgumentParser(
        prog="python -m benchmarks pdsh",
        description="Run the 22 queries of PDS-H (derived from TPC-H) in scalekit on each backend and "
        "in raw Polars, check every answer in full against DuckDB on the same files, and time them.",
    )
    add = made.add_argument
    add("--scale", type=float, default=1.0, help="scale factor (1): 1 is 6 million lines of orders")
    add(
        "--backend",
        type=names,
        default="polars,pandas",
        help="scalekit's backends, separated by commas (%(default)s)",
    )
    add("--queries", type=query_numbers, default="1-22", help="such as 1,3,5 or 7-9 (%(default)s)")
    add("--repeat", type=int, default=5, help="least number of timed runs (%(default)s)")
    add("--data", type=Path, help="folder of the tables, made if absent (data/pdsh/scale-SCALE)")
    add("--out", type=Path, default=OUT, help="folder for JSON and plot (benchmarks/results)")
    add(
        "--peers",
        action="store_true",
        help="also run Dask DataFrame and Daft, on the clusters of the backends dask and ray",
    )
    add("--workers", type=int, default=2, help="workers of one thread on a cluster (%(default)s)")
    add("--worker-memory", default="8GB", help="memory of each worker of Dask (%(default)s)")
    add(
        "--object-store",
        type=int,
        default=4_000_000_000,
        help="bytes of Ray's object store (%(default)s)",
    )
    add("--no-check", dest="check", action="store_false", help="do not compare with DuckDB")
    return made


def _measured(
    number: int, folder: Path, options: argparse.Namespace, reference: Reference | None
) -> Measured:
    expected = None if reference is None else reference.answer(number)
    return measure(
        number,
        folder,
        options.scale,
        options.backend,
        options.repeat,
        expected,
        peers=options.peers,
    )


def query_numbers(text: str) -> list[int]:
    numbers: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        try:
            numbers += range(int(first), int(last or first) + 1)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{part!r} is neither a query nor a range") from None
    unknown = [number for number in numbers if number not in QUERIES]
    if unknown:
        raise argparse.ArgumentTypeError(f"no query {unknown[0]}: there are 1 to {max(QUERIES)}")
    return numbers
