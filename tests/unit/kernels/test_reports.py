"""What travels besides tables: no frame of Polars, which waits for threads while it is pickled."""

from __future__ import annotations

import pickle

import polars as pl
import pyarrow as pa
import pytest

from scalekit.expr.node import Column, SortKey
from scalekit.kernels.outputs import Output, Whole, by_range
from scalekit.kernels.task import Facts, Stage, TableSlot, pack, run_task
from scalekit.plan.nodes import Input

ROWS = pl.DataFrame(
    {"k": [3, 1, 2, None], "s": ["b", None, "a", "c"]},
    schema={"k": pl.Int128, "s": pl.Categorical},
)
SCHEMA = tuple(ROWS.schema.items())
BY = (SortKey(Column("k")), SortKey(Column("s")))


@pytest.fixture(autouse=True)
def no_pickled_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: pl.DataFrame) -> bytes:
        raise AssertionError("a frame is pickled, with the interpreter's lock held")

    monkeypatch.setattr(pl.DataFrame, "__getstate__", refused)


def ran(output: Output, rows: pl.DataFrame) -> tuple[list[pa.Table], object]:
    stage = Stage("s", Input(0, SCHEMA), (TableSlot(SCHEMA),), output, SCHEMA)
    from scalekit.kernels.tables import to_table

    made, report = run_task(pack(stage), Facts(0, (1,)), to_table(rows))
    return made, pickle.loads(pickle.dumps(report)).sample


def test_keys_of_a_report_are_an_arrow_table():
    _, sample = ran(Whole(BY), ROWS)
    assert isinstance(sample, pa.Table)


def test_bounds_of_a_stage_are_an_arrow_table():
    bounds = ROWS.select(key_0="k", key_1="s").sort("key_0", "key_1").tail(2)
    output = by_range(BY, bounds)
    assert output.buckets == output.parts == 3
    made, sample = ran(output, ROWS)
    assert len(made) == 3
    assert sample is None
