"""Kernels give the same bytes twice, with 1, 2 and 8 threads: a retried task must not differ from its first run."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

import scalekit as sk
from scalekit import col
from scalekit.testing.cases import CASES


def _fingerprints(threads: int) -> dict[str, list[str]]:
    # Small morsels let threads meet on few rows; Polars reads both settings when it is imported.
    environment = {
        **os.environ,
        "POLARS_MAX_THREADS": str(threads),
        "POLARS_IDEAL_MORSEL_SIZE": "16",
    }
    done = subprocess.run(
        [sys.executable, "-m", "scalekit.testing.fingerprint"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )
    rows = (json.loads(line) for line in done.stdout.splitlines())
    return {name: seen for name, *seen in rows}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_fragment_repeats_to_the_byte() -> None:
    one, two, eight = map(_fingerprints, (1, 2, 8))
    assert len(one) >= 0.99 * len(CASES)
    differing = {name for name in one if len({*one[name], *two[name], *eight[name]}) > 1}
    assert not differing


@pytest.mark.parametrize("backend", ["polars", "pandas"])
def test_deterministic_runs_repeat(backend: str) -> None:
    frame = sk.from_dict({"k": [i % 7 for i in range(5000)], "x": [0.1 * i for i in range(5000)]})
    joined = frame.group_by("k").agg(col("x").sum()).join(frame.select("k").unique(), on="k")
    first = joined.collect(backend=backend, deterministic=True)
    assert all(joined.collect(backend=backend, deterministic=True).equals(first) for _ in range(10))
