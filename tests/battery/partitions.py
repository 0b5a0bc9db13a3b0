"""The battery of partitions: every case on every data set, in 1, 2, 3, 7 and 129 parts, with and without broadcasts.

    python -m tests.battery.partitions [--backend serial] [--jobs N] [--only TEXT]

Prints each case that differs, then one line of JSON; exits with 1 if anything differed.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
from functools import partial

from scalekit.testing.cases import CASES
from scalekit.testing.in_parts import differences, everything


def run_case(number: int, backend: str) -> tuple[str, dict[str, str]]:
    """Every way of one case: its name, and what differed."""
    case = CASES[number]
    found = differences(case, everything(), backend)
    return str(case), {str(tuple(parts)): text for parts, text in found.items()}


def main() -> int:
    """Run the cases that are asked for, in processes of their own."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--backend", default="serial", help="who runs them (default: %(default)s)")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count(), help="processes (default: %(default)s)"
    )
    parser.add_argument("--only", default="", help="cases whose name contains this text")
    given = parser.parse_args()
    numbers = [number for number, case in enumerate(CASES) if given.only in str(case)]
    started, wrong = time.monotonic(), 0
    # Spawned, as Polars' threads do not survive a fork.
    with multiprocessing.get_context("spawn").Pool(given.jobs) as pool:
        for name, found in pool.imap_unordered(
            partial(run_case, backend=given.backend), numbers, chunksize=4
        ):
            for parts, text in found.items():
                wrong += 1
                sys.stdout.write(f"{name} {parts}\n{text}\n\n")
    runs = len(numbers) * len(everything())
    seconds = round(time.monotonic() - started)
    sys.stdout.write(
        json.dumps({"cases": len(numbers), "runs": runs, "differ": wrong, "seconds": seconds})
        + "\n"
    )
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
