"""Columns may have any name, also those that summaries of a pass use for themselves."""

from __future__ import annotations

import numpy as np
import polars as pl

from scalekit.judge.findings.summaries import Moments


def test_columns_of_every_name_have_their_moments() -> None:
    names = ("x", "column", "value", "variable", "n", "sum")
    rows = pl.DataFrame({name: [float(i), 2.0] for i, name in enumerate(names)})
    role = np.array([0, 2], dtype=np.int8)
    found = Moments(names).of(rows, role)
    sums = {(row["column"], row["__role"]): row["sum"] for row in found.to_dicts()}
    expected = {(name, 0): float(i) for i, name in enumerate(names)}
    assert sums == expected | {(name, 2): 2.0 for name in names}
