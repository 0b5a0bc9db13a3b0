"""Columns may have any name, also those that summaries of a pass use for themselves."""

from __future__ import annotations

import numpy as np
import polars as pl

from scalekit.judge.findings.summaries import Moments
from scalekit.kernels.hashed_rows import HashedRows


def test_columns_of_every_name_have_their_moments() -> None:
    names = ("x", "column", "value", "variable", "n", "sum")
    rows = pl.DataFrame({name: [float(i), 2.0] for i, name in enumerate(names)})
    role = np.array([0, 2], dtype=np.int8)
    found = Moments(names).of(HashedRows(rows), role)
    assert list(found) == list(names)
    for i, name in enumerate(names):  # count, sum and sum of squares of each role
        assert found[name].tolist() == [[1.0, i, i * i], [0.0, 0.0, 0.0], [1.0, 2.0, 4.0]]
