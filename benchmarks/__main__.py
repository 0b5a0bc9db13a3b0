"""Which benchmark to run: ``python -m benchmarks <benchmark> --help`` says what each one takes."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

# Loaded by name when chosen, so that none needs what only another one imports.
COMMANDS = {
    "pdsh": ("benchmarks.pdsh.command", "22 queries on scalekit's backends, raw Polars and DuckDB"),
    "fit": (
        "benchmarks.fit.command",
        "fits over partitions in time and memory, beside scikit-learn in memory and dask-ml",
    ),
    "fit-overhead": (
        "benchmarks.learn_overhead",
        "what `sk.fit` costs over the estimator's own `fit`",
    ),
    "cost": (
        "benchmarks.cluster_cost",
        "what the driver costs per task, with a cluster that runs nothing",
    ),
    "memory": (
        "benchmarks.memory.command",
        "predicted over measured peaks of memory, and rows of results",
    ),
    "sample": (
        "benchmarks.sample.command",
        "what samples keep of joins, and how true forecasts are, over PDS-H",
    ),
    "verify": ("benchmarks.verify", "whether PDS-H has one answer in every way to run it"),
    "calibrate": (
        "benchmarks.calibrate.command",
        "what each kind of work costs on this machine, for the choice of a backend",
    ),
    "regret": (
        "benchmarks.regret.command",
        "the time of auto over that of the best backend, and that of its decision",
    ),
    "judge": (
        "benchmarks.judge.command",
        "what judging models in one pass costs over asking them alone",
    ),
    "simulate": (
        "benchmarks.simulate",
        "how often intervals hold the truth, and tests find a difference where there is none",
    ),
    "import": ("benchmarks.imports", "what `import scalekit` costs over `import polars`"),
}


def main(arguments: list[str]) -> int:
    """Run the benchmark that the arguments name and give its exit code."""
    listing = "\n".join(f"  {name:12} {text}" for name, (_, text) in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        usage="%(prog)s [-h] benchmark [options]",
        description="Measure scalekit on this machine.",
        epilog=f"benchmarks:\n{listing}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("benchmark", choices=COMMANDS, help="what to measure; each has a --help")
    chosen = parser.parse_args(arguments[:1])  # the rest belongs to the benchmark
    module, _ = COMMANDS[chosen.benchmark]
    code: int = import_module(module).main(arguments[1:])
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
