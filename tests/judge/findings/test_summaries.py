"""Summaries of large data are samples that keep twins together and are the same in any parts."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from scalekit.judge.evidence import ROLES
from scalekit.judge.findings.summaries import (
    DISTINCT,
    GROUPS,
    MOMENTS,
    ROWS,
    SAMPLED,
    TWINS,
    DistinctSketch,
    RowSketch,
    summaries_for,
)
from scalekit.judge.protocol.protocol import Protocol
from scalekit.kernels.hashed_rows import HashedRows

ROW_SKETCH = RowSketch(
    ("x", "n", "y", "id"), ("x", "n", "y"), ("x",), ("id",), 0.04, (0.1, 0.1, 0.1)
)


def rows(height: int = 40_000) -> tuple[pl.DataFrame, np.ndarray]:
    """A tenth of the test rows are copies of training rows."""
    random = np.random.default_rng(0)
    table = pl.DataFrame(
        {
            "x": random.normal(size=height),
            "n": random.integers(0, 9, height),
            "y": random.random(height) < 0.5,
        }
    )
    role = np.repeat([0, 2], [height // 2, height - height // 2]).astype(np.int8)
    copies = table.head(height // 20)
    table = pl.concat([table.head(height - copies.height), copies]).with_row_index("id")
    return table, role


def of_parts(summary, table, role, cuts):
    found = None
    for start, end in zip([0, *cuts], [*cuts, table.height], strict=True):
        own = summary.of(HashedRows(table[start:end]), role[start:end])
        found = own if found is None else summary.joined(found, own)
    return found


def test_the_share_of_copies_is_estimated_from_a_sample_of_hashes():
    table, role = rows()
    counted = of_parts(ROW_SKETCH, table, role, [])["twins"]
    assert counted["n"].sum() == pytest.approx(0.04 * table.height, rel=0.15)
    train, test = (counted.filter(part=part) for part in (0, 2))
    share = test.filter(pl.col("hash").is_in(train["hash"].implode()))["n"].sum() / test["n"].sum()
    assert share == pytest.approx(0.1, abs=0.03)


@pytest.mark.parametrize("cuts", [[1], [100, 20_000, 20_001]])
def test_parts_keep_the_same(cuts):
    table, role = rows()
    whole, parts = (of_parts(ROW_SKETCH, table, role, c) for c in ([], cuts))
    assert parts["twins"].sort("hash", "part").equals(whole["twins"].sort("hash", "part"))
    assert parts["sample"].sort("id").equals(whole["sample"].sort("id"))
    assert whole["sample"].height == pytest.approx(0.1 * table.height, rel=0.1)


def test_the_share_of_distinct_values_does_not_depend_on_the_sample():
    values = np.random.default_rng(1).integers(0, 20_000, 40_000)
    sketch = DistinctSketch(("v",), 0.05)
    found = of_parts(sketch, pl.DataFrame({"v": values}), np.zeros(40_000, np.int8), [7, 30_000])[
        "v"
    ]
    assert found.height / found["n"].sum() == pytest.approx(
        len(np.unique(values)) / 40_000, rel=0.05
    )


def test_what_is_kept_is_bounded_whatever_the_number_of_rows():
    schema = pl.Schema(
        {
            "x": pl.Float64(),
            "s": pl.String(),
            "c": pl.Int64(),
            "y": pl.Boolean(),
            "id": pl.Int64(),
            "li": pl.List(pl.Int64()),
        }
    )
    million = dict.fromkeys(ROLES, 10**9)
    by_name = {
        s.name: s
        for s in summaries_for(
            Protocol("binary", "y", key="id", group="c"), schema, ["x", "s", "li"], million
        )
    }
    assert {*by_name} == {ROWS, GROUPS, MOMENTS, DISTINCT}
    sketch = by_name[ROWS]
    assert sketch.share * 3e9 == pytest.approx(TWINS)
    assert sketch.sampled == pytest.approx([SAMPLED / 1e9] * 3)
    assert (sketch.first, sketch.drawn, sketch.hashed) == (
        ("x", "s"),
        ("id",),
        ("x", "s", "li", "y"),
    )
    few = {
        s.name: s
        for s in summaries_for(Protocol("binary", "y", key="id"), schema, ["x"], {"test": 100})
    }
    assert few[ROWS].share == 1.0
    assert few[ROWS].sampled == (1.0, 1.0, 1.0)
