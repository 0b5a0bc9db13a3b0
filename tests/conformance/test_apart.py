"""Every case by way of a file, spilling to the disk whatever can be spilled: what a process of its own does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CODE = """
import sys
from pathlib import Path
import polars as pl
from scalekit import run
from scalekit.backends.apart.messages import Job, result_of
from scalekit.backends.apart.parcel import mapped
from scalekit.backends.apart.work import Line, do
from scalekit.config import resolve
from scalekit.frame.frame import Frame
from scalekit.kernels.compare import assert_equal
from scalekit.kernels.pin import pin_schema
from scalekit.kernels.schema import schema_of
from scalekit.plan.nodes import Scan
from scalekit.plan.order import has_total_order
from scalekit.sources.memory import MemorySource
from scalekit.testing.cases import CASES
from scalekit.testing.compare import expected_of
from scalekit.testing.data import dataset

folder, config = Path(sys.argv[1]), resolve(backend="polars")
ran = 0
for data in ("ordinary", "empty"):
    table = Frame(Scan(MemorySource(dataset(data))))
    for case in CASES:
        plan = case.build(table)._plan
        here = folder / f"{ran}"
        here.mkdir()
        schema = tuple(schema_of(plan).items())
        expected = expected_of(Frame(plan))
        try:
            do(Job(run.optimized_plan(plan, config), "polars", config, schema), here, None)
            found = pin_schema(mapped(result_of(here)), schema_of(plan))
        except Exception as error:
            assert isinstance(expected, Exception), (data, str(case), error)
        else:
            try:
                assert_equal(found, expected, ordered=has_total_order(plan))
            except AssertionError as error:
                print(data, case, error)
        ran += 1
print(ran, "cases")
"""


def test_every_case_gives_the_same_by_way_of_files_and_spilling(tmp_path: Path) -> None:
    spilling = {
        "POLARS_OOC_MEMORY_BUDGET_MB": "1",
        "POLARS_OOC_SPILL_MIN_BYTES": "1",
        "POLARS_OOC_SPILL_DIR": str(tmp_path / "spill"),
    }
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(tmp_path)], env=os.environ | spilling,
        capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    *differences, last = done.stdout.splitlines()
    assert differences == []
    assert last.endswith(" cases")
