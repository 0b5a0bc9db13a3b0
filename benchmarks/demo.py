"""Run the quickstart notebook on every backend and compare the answers: ``make demo``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import polars as pl
from polars.testing import assert_frame_equal

from benchmarks.notebook import Ran, run_notebook, to_html, warm_up

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "notebooks" / "quickstart.ipynb"
BACKENDS = "polars,pandas,dask,ray"
# The order in which floats are added is not fixed (CONTRACT, section 1), and a model is fitted to sums of them.
RELATIVE, ABSOLUTE = 1e-9, 1e-12
LINE = 79

Wrong = dict[str, dict[str, str]]
"""Backend to result to what is wrong with it."""


def main(arguments: list[str]) -> int:
    """Run the demo and give its exit code: 0 where every cell ran and all answers agree."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.demo", description=__doc__)
    parser.add_argument("--backend", default=BACKENDS, help="names; the first one is the reference")
    parser.add_argument("--notebook", type=Path, default=NOTEBOOK)
    parser.add_argument("--output", type=Path, default=ROOT / "demo-output")
    chosen = parser.parse_args(arguments)

    print(f"{chosen.notebook.name} on each backend, in a kernel of its own:")
    _say("  warming up", end="")
    warm_up(chosen.notebook)
    runs = [_run(chosen.notebook, backend) for backend in chosen.backend.split(",")]
    wrong = {run.backend: differences(run, runs[0]) for run in runs[1:]}
    print(f"\n{table(runs, wrong)}\n")
    problems = _problems(runs, wrong)
    print("\n".join(problems) if problems else f"all answers are those of {runs[0].backend}")
    print("\nthe executed notebooks:")
    chosen.output.mkdir(parents=True, exist_ok=True)
    for run in runs:
        page = chosen.output / f"{chosen.notebook.stem}-{run.backend}.html"
        page.write_text(to_html(run), encoding="utf-8")
        print(f"  {page}")
    return 1 if problems else 0


def differences(run: Ran, reference: Ran) -> dict[str, str]:
    """What is wrong with each result that differs from the reference; nothing where either run failed."""
    if run.failure or reference.failure:
        return {}
    compared = {
        name: difference(run.results[name], reference.results[name]) for name in reference.results
    }
    return {name: text for name, text in compared.items() if text}


def difference(answer: pl.DataFrame, expected: pl.DataFrame) -> str | None:
    """The first difference of values, types, names or order; None where there is none."""
    try:
        assert_frame_equal(answer, expected, check_exact=False, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    except AssertionError as error:
        return str(error)
    return None


def table(runs: list[Ran], wrong: Wrong) -> str:
    """A column for each backend, a row for each figure and each result."""
    lines = [
        ["", *(run.backend for run in runs)],
        ["rows in", *("-" if run.rows is None else f"{run.rows:,}" for run in runs)],
        ["seconds", *(f"{run.seconds:.1f}" for run in runs)],
        ["peak memory", *(f"{run.peak / 2**20:,.0f} MiB" for run in runs)],
        ["processes", *(f"{run.processes}" for run in runs)],
        [f"same answer as {runs[0].backend}:"],
    ]
    names = runs[0].notebook.metadata.get("scalekit", {}).get("results", [])
    lines += [
        [f"  {name}", *(_verdict(run, runs[0], name, wrong) for run in runs)] for name in names
    ]
    widest = max(len(line[0]) for line in lines)
    return "\n".join(
        f"{line[0]:{widest}}" + "".join(f"{cell:>13}" for cell in line[1:]) for line in lines
    )


def _verdict(run: Ran, reference: Ran, name: str, wrong: Wrong) -> str:
    if run.failure:
        return "failed"
    if run is reference or reference.failure:
        return "-"
    return "NO" if name in wrong[run.backend] else "yes"


def _problems(runs: list[Ran], wrong: Wrong) -> list[str]:
    failed = [f"{run.backend}: {run.failure}" for run in runs if run.failure]
    return failed + [
        f"{backend}: {name} differs from {runs[0].backend}: {text}"
        for backend, found in wrong.items()
        for name, text in found.items()
    ]


def _run(notebook: Path, backend: str) -> Ran:
    """Run, and say how far it is."""

    def report(cell: int, cells: int, heading: str) -> None:
        _say(f"  {backend:10} cell {cell} of {cells}: {heading}", end="")

    ran = run_notebook(notebook, backend, report)
    _say(f"  {backend:10} {'failed' if ran.failure else 'ran'} after {ran.seconds:.1f} s", end="\n")
    return ran


def _say(text: str, end: str) -> None:
    """Write a line over the one before; where nobody is watching, only what ends a line."""
    if sys.stdout.isatty():
        print(f"\r{text[:LINE]:{LINE}}", end=end, flush=True)
    elif end:
        print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
