"""``python -m benchmarks judge``: models judged in one pass, beside the same models that are only asked."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.arguments import names
from benchmarks.judge import rows as data
from benchmarks.judge.child import CLUSTERS
from benchmarks.judge.models import MODELS
from scalekit.config import resolve

OUT = Path("benchmarks") / "results" / "judge.json"
ROWS, LEARN = 100_000_000, 200_000
QUICK_ROWS, QUICK_EACH, QUICK_LEARN, QUICK_PARTS = 20_000, 5_000, 2_000, 4
RATIO, PAGE, STATE = 1.3, 2_000_000, 2_000_000
"""Goals: time over that of predictions alone; bytes of a page, and of what a part sends back of one model."""
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")


def main(arguments: list[str]) -> int:
    """Judge on every backend that is asked for, print what it took, and write it as JSON; 1 where a goal is missed."""
    options = _parser().parse_args(arguments)
    rows = options.rows or (QUICK_ROWS if options.quick else ROWS)
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="scalekit-judge-") as scratch:
        folder = Path(scratch) if options.quick else options.data
        files = data.prepare(rows, folder, QUICK_EACH if options.quick else data.ROWS)
        for way in options.backend:
            found[way] = one = _asked(way, files, options)
            print("\n".join(told(way, one)), flush=True)
    settings = {name: str(value) for name, value in vars(options).items()}
    _write(options.out, found, settings)
    print(f"written: {options.out}")
    memory = resolve(worker_memory=options.memory).worker_memory or 0
    missed = {
        way: "failure" in one if options.quick else missing(one, memory)
        for way, one in found.items()
    }
    for way, goals in missed.items():
        if goals:
            print(f"{way}: {goals if isinstance(goals, list) else 'failed'}")
    return int(any(missed.values()))


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m benchmarks judge",
        description="Compare models by ten slices in one pass over all rows, on two small workers, beside a pass that "
        "only asks the same models.",
    )
    add = made.add_argument
    add("--rows", type=int, help=f"how many ({ROWS:,})")
    add(
        "--models",
        type=names,
        default="logistic,boosted,splines",
        help=f"of {', '.join(MODELS)} (%(default)s)",
    )
    add("--slices", type=int, default=len(data.SLICES), help="how many (%(default)s)")
    add(
        "--split",
        choices=("hash", "given"),
        default="hash",
        help="roles by hash, or all rows for the test",
    )
    add("--backend", type=names, default="dask", help="(%(default)s)")
    add("--workers", type=int, default=2, help="of one thread (%(default)s)")
    add("--memory", default="2GB", help="of each worker (%(default)s)")
    add(
        "--partitions",
        type=int,
        help="parts of the rows; by default their number is left to scalekit",
    )
    add("--patience", type=float, default=14_400.0, help="seconds for one backend (%(default)s)")
    add("--data", type=Path, default=data.ROOT, help="folder of the rows (%(default)s)")
    add("--out", type=Path, default=OUT, help="JSON with all figures (%(default)s)")
    add("--quick", action="store_true", help=f"{QUICK_ROWS:,} rows, whatever the goals")
    return made


def _asked(way: str, files: Sequence[str], options: argparse.Namespace) -> dict[str, Any]:
    """What a process of its own says, or how it failed."""
    quick = options.quick
    asked = {
        "way": way, "files": list(files), "models": options.models, "split": options.split,
        "slices": data.SLICES[: options.slices], "workers": options.workers, "memory": options.memory,
        "learn": QUICK_LEARN if quick else LEARN,
        "partitions": options.partitions or (QUICK_PARTS if quick else None),
    }  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if name not in THREADS}
    if way not in CLUSTERS:  # workers of clusters are told theirs by who starts them
        environment |= dict.fromkeys(THREADS, str(options.workers))
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.judge.child", json.dumps(asked)],
        capture_output=True, text=True, env=environment, timeout=options.patience, check=False,
    )  # fmt: skip
    if ran.returncode:
        return {
            "failure": (ran.stderr.strip().splitlines() or [f"exit code {ran.returncode}"])[-1][
                :300
            ]
        }
    said: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return said | {"ratio": said["seconds"] / min(said["alone"])}


def told(way: str, one: Mapping[str, Any]) -> list[str]:
    """What a run said, for readers."""
    if "failure" in one:
        return [f"{way}: {one['failure']}"]
    alone, rows = min(one["alone"]), one["rows"]
    asides = ", ".join(f"{seconds:.1f} s" for seconds in one["queries"]) or "none"
    held = ", ".join(f"{peak / 1e6:,.0f} MB" for peak in one["peaks"]) or "in this process"
    return [
        f"{way}: {rows:,} rows, {len(one['said'])} models, {one['slices']} slices of {one['levels']} levels",
        f"  models alone {alone:.1f} s ({alone / rows * 1e6:.2f} us a row); judged {one['seconds']:.1f} s "
        f"({one['seconds'] / rows * 1e6:.2f} us a row), {one['ratio']:.2f} times as long",
        f"  passes that score: {len(one['passes'])} of {sum(one['passes']):.1f} s over {one['parts']} parts; "
        f"queries beside: {asides}",
        f"  a part sends back {one['state'] / 1e6:.2f} MB; pages "
        + ", ".join(f"{name} {size / 1e6:.2f} MB" for name, size in one["pages"].items())
        + f", drawn in {one['drawing']:.1f} s",
        f"  peak of each worker: {held}; of the driver {one['here'] / 1e6:,.0f} MB",
    ]


def missing(one: Mapping[str, Any], memory: int) -> list[str]:
    """The goals that a run misses."""
    if "failure" in one:
        return [one["failure"]]
    goals = {
        f"takes {one['ratio']:.2f} of the time of predictions alone, goal {RATIO}": one["ratio"]
        <= RATIO,
        f"{len(one['passes'])} passes that score, goal 1": len(one["passes"]) == 1,
        f"pages of {one['pages']} bytes, goal {PAGE:,}": max(one["pages"].values()) < PAGE,
        f"a part sends back {one['state']:,} bytes": one["state"] < STATE * (len(one["said"]) + 1),
        f"workers hold {one['peaks']}, goal {memory:,}": max(one["peaks"], default=0) < memory,
    }
    return [text for text, is_met in goals.items() if not is_met]


def _write(out: Path, found: Mapping[str, Any], settings: Mapping[str, str]) -> None:
    machine = {
        "system": platform.system(), "architecture": platform.machine(), "cores": os.cpu_count(),
        "load": os.getloadavg(), "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }  # fmt: skip
    text = {
        "benchmark": "judge",
        "settings": dict(settings),
        "machine": machine,
        "runs": dict(found),
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(text, indent=1) + "\n", encoding="utf-8")
