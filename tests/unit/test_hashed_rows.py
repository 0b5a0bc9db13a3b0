"""Hashes of rows from hashes of values that are made once: the same as those that are made anew."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from scalekit.errors import SchemaError
from scalekit.kernels.hashed_rows import HashedRows
from scalekit.kernels.row_hash import hash_rows

ROWS = pl.DataFrame(
    {
        "id": [3, None, 1 << 40],
        "text": ["a", "", None],
        "kind": pl.Series(["x", "y", "x"], dtype=pl.Categorical),
        "number": [0.5, float("nan"), None],
        "wide": pl.Series([1, -(1 << 80), None], dtype=pl.Int128),
    }
)


def test_the_hashes_are_those_of_the_row_hash():
    hashed = HashedRows(ROWS)
    for columns in (["id"], ["text", "id"], ["id", "text"], ROWS.columns):
        for seed, purpose in ((0, "rows"), ("findings", "sample"), (7, "block")):
            wanted = hash_rows(ROWS, columns, seed=seed, purpose=purpose)
            assert np.array_equal(hashed.of(columns, seed=seed, purpose=purpose), wanted)


def test_no_rows_have_no_hashes_and_objects_have_none():
    assert len(HashedRows(ROWS.clear()).of(["id", "kind"])) == 0
    objects = pl.DataFrame({"o": pl.Series([object()], dtype=pl.Object)})
    with pytest.raises(SchemaError, match="no row hash"):
        HashedRows(objects).of(["o"])
