"""What does `import scalekit` cost over `import polars`, in fresh processes taken in pairs.

Both from bytecode, as installed packages have it: it is written to a folder of this run, so that a checkout
without bytecode, or PYTHONDONTWRITEBYTECODE, does not time the compiler.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from statistics import median
from tempfile import TemporaryDirectory

TIMED = """
import time
start = time.perf_counter()
import {module}
print(time.perf_counter() - start)
"""
GOAL = 0.15


def main(arguments: list[str]) -> int:
    """Print both medians and their difference; 1 where the difference passes the goal."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks import", description=__doc__)
    parser.add_argument("--repeat", type=int, default=15, help="pairs of processes (default 15)")
    options = parser.parse_args(arguments)
    pairs = measure(options.repeat)
    polars, scalekit = (median(column) for column in zip(*pairs, strict=True))
    over = median(ours - theirs for theirs, ours in pairs)
    print(f"import polars    {polars:.3f} s")
    print(f"import scalekit  {scalekit:.3f} s")
    print(f"scalekit over polars: {over:.3f} s (median of {len(pairs)} pairs, goal <= {GOAL} s)")
    return 0 if over <= GOAL else 1


def measure(repeat: int) -> list[tuple[float, float]]:
    """Seconds to import Polars and scalekit, side by side so that both see the same machine."""
    modules = ("polars", "scalekit")
    with TemporaryDirectory() as bytecode:
        for module in modules:  # compiles
            _seconds(module, bytecode)
        timed = [[_seconds(m, bytecode) for m in modules] for _ in range(max(1, repeat))]
    return [(theirs, ours) for theirs, ours in timed]


def _seconds(module: str, bytecode: str) -> float:
    command = [sys.executable, "-c", TIMED.format(module=module)]
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment = {**kept, "PYTHONPYCACHEPREFIX": bytecode}
    ran = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return float(ran.stdout)
