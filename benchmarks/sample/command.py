"""``python -m benchmarks sample``: do joins keep their matches on a sample, and is what it tells of all rows true?"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import mean

import scalekit as sk
from benchmarks.pdsh import data
from benchmarks.pdsh.queries_scalekit import QUERIES
from benchmarks.pdsh.tables import Tables
from benchmarks.sample import cores
from benchmarks.sample.measure import Found, measured

OUT = Path("benchmarks") / "results" / "sample.json"
ROWS, TIME, SCORE = 2.0, 3.0, 4.0
"""Factors within which rows and times should be told, and standard deviations within which counts should be."""


def main(arguments: list[str]) -> int:
    """Print a line for each query and share, and how many of them are as they should be."""
    options = _parser().parse_args(arguments)
    folder = data.prepare(options.scale, data.folder_of(options.scale))
    tables = Tables(sk.scan_parquet, folder, options.scale)
    print(_HEAD)
    found = []
    for share in options.shares:
        for query, build in QUERIES.items():
            found.append(measured(query, build(tables), share, cores=query in cores.QUERIES))
            print(_line(found[-1]), flush=True)
        print(summary([one for one in found if one.share == share]))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps([asdict(one) for one in found], indent=1) + "\n")
    print(f"written: {options.out}")
    return 0


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m benchmarks sample",
        description="Run the 22 queries of PDS-H on samples, compare what forecasts tell with runs on all rows, and "
        "count what the joins of ten of them keep.",
    )
    made.add_argument("--scale", type=float, default=1.0, help="of PDS-H (%(default)s)")
    made.add_argument("--shares", type=_shares, default="0.01,0.1", help="of samples (%(default)s)")
    made.add_argument("--out", type=Path, default=OUT, help="JSON with all figures (%(default)s)")
    return made


def _shares(text: str) -> list[float]:
    return [float(one) for one in text.split(",")]


_HEAD = (
    f"{'query':>5} {'share':>6} {'joined':>9} {'kept':>6} {'sigma':>6} {'rows':>8} {'told':>8} {'ratio':>6} "
    f"{'seconds':>8} {'told':>7} {'ratio':>6}  sample by"
)


def _line(one: Found) -> str:
    joins = f"{'':>9} {'':>6} {'':>6}"
    if one.counted is not None and one.core_ratio is not None:
        joins = f"{one.counted.whole:9} {one.core_ratio:6.2f} {one.counted.score:6.1f}"
    beware = f"; beware: {len(one.doubts)}" if one.doubts else ""
    return (
        f"{one.query:5} {one.share:6.2f} {joins} {one.true_rows:8} {one.told_rows:8} {one.rows_ratio:6.2f} "
        f"{one.true_seconds:8.3f} {one.told_seconds:7.3f} {one.time_ratio:6.2f}  {one.by}{beware}"
    )


def summary(found: Sequence[Found]) -> str:
    """How many are as they should be, in a line."""
    kept = [one.counted for one in found if one.counted is not None]
    fine = sum(abs(one.score) <= SCORE for one in kept)
    share = sum(one.rows for one in kept) / max(1.0, sum(one.whole * one.share for one in kept))
    return (
        f"share {found[0].share:g}: joins of {fine} of {len(kept)} queries within {SCORE:g} sigma (mean "
        f"{mean(one.score for one in kept):+.2f}, {share:.3f} of the rows expected); rows of "
        f"{_within(found, lambda one: one.rows_ratio, ROWS)} within {ROWS:g}x; times of "
        f"{_within(found, lambda one: one.time_ratio, TIME)} within {TIME:g}x"
    )


def _within(found: Sequence[Found], ratio: Callable[[Found], float], factor: float) -> str:
    fine = [one for one in found if 1 / factor <= ratio(one) <= factor]
    others = ", ".join(f"q{one.query} {ratio(one):.2f}" for one in found if one not in fine)
    return f"{len(fine)} of {len(found)}{f' (not {others})' if others else ''}"
