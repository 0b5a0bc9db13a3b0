"""``python -m benchmarks verify``: no false alarm on the 22 queries of PDS-H, in every way to run them."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from benchmarks.arguments import names
from benchmarks.pdsh import clusters, data
from benchmarks.pdsh.command import query_numbers
from benchmarks.pdsh.measure import build

OUT = Path(__file__).parent / "results"


def main(arguments: list[str]) -> int:
    """Verify the queries; 1 where one differs or a backend refuses it, 0 otherwise."""
    options = parser().parse_args(arguments)
    folder = data.prepare(options.scale, options.data or data.folder_of(options.scale))
    size = clusters.Size(options.workers, options.worker_memory)
    found: list[dict[str, object]] = []
    with clusters.started(options.backend, size):
        for number in options.queries:
            found.append(_verified(number, folder, options))
            print(
                "{query:>2}  {outcome:8}  {seconds:6.1f} s  {rows:>7} rows  {ulps:>5} ulps  {input}".format(
                    **found[-1]
                ),
                flush=True,
            )
    wrong = [one for one in found if one["outcome"] != "agrees"]
    print(f"{len(found) - len(wrong)} of {len(found)} agree on {', '.join(options.backend)}")
    for one in wrong:
        print(one["text"])
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / f"verify-scale-{options.scale:g}.json"
    path.write_text(
        json.dumps(
            {"scale": options.scale, "backends": options.backend, "queries": found}, indent=1
        )
    )
    print(f"written: {path}")
    return int(bool(wrong))


def parser() -> argparse.ArgumentParser:
    """What the command takes."""
    made = argparse.ArgumentParser(
        prog="python -m benchmarks verify",
        description="Verify the 22 queries of PDS-H on each backend in several numbers of parts.",
    )
    add = made.add_argument
    add("--scale", type=float, default=1.0, help="scale factor (1)")
    add(
        "--backend",
        type=names,
        default="polars,pandas,serial,dask,ray",
        help="(%(default)s)",
    )
    add("--partitions", type=_parts, default="1,2,7", help="numbers of parts (%(default)s)")
    add("--queries", type=query_numbers, default="1-22", help="such as 1,3,5 or 7-9 (%(default)s)")
    add(
        "--rows",
        type=int,
        default=1_000_000,
        help="rows of input up to which all is run (%(default)s)",
    )
    add("--data", type=Path, help="folder of the tables, made if absent (data/pdsh/scale-SCALE)")
    add("--out", type=Path, default=OUT, help="folder for the JSON (benchmarks/results)")
    add("--workers", type=int, default=2, help="workers of one thread on a cluster (%(default)s)")
    add("--worker-memory", default="3GB", help="memory of each worker of Dask (%(default)s)")
    return made


def _verified(number: int, folder: Path, options: argparse.Namespace) -> dict[str, object]:
    started = time.perf_counter()
    certificate = build(number, folder, options.scale).verify(
        options.backend, options.partitions, rows=options.rows, progress=False
    )
    seen = certificate.found
    outcome = "differs" if not certificate else "refused" if seen.refused else "agrees"
    return {
        "query": number,
        "outcome": outcome,
        "seconds": round(time.perf_counter() - started, 2),
        "rows": certificate.rows,
        "ulps": seen.ulps,
        "ties": [str(way) for way in seen.ties],
        "ways": [str(way) for way in seen.ways],
        "input": f"{seen.sample.how}: {seen.sample.rows:,} of {seen.sample.total:,}",
        "text": repr(certificate),
    }


def _parts(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]
