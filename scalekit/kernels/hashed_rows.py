"""Rows of a part whose values are hashed once, whatever the hashes of rows are that are made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import polars as pl

from scalekit.kernels.row_hash import Purpose, column_hashes, salt
from scalekit.kernels.value_hash import U64, mix

Shares: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"

_WORD = float(1 << 64)


class HashedRows:
    """Some rows, for several hashes of them.

    A hash of a row mixes hashes of its values with a salt; what the values hash to has nothing to do with what the
    hash is for.

    Parameters
    ----------
    rows
        In memory.
    """

    def __init__(self, rows: pl.DataFrame) -> None:
        self.rows = rows
        self._columns: dict[str, U64] = {}

    def of(self, columns: Sequence[str], *, seed: int | str = 0, purpose: Purpose = "rows") -> U64:
        """What :func:`~scalekit.kernels.row_hash.hash_rows` makes of these columns."""
        out = np.full(self.rows.height, salt(purpose, seed), dtype=np.uint64)
        for name in columns:
            out ^= self._values(name)
            mix(out)
        return out

    def shares(self, columns: Sequence[str], *, seed: int | str, purpose: Purpose) -> Shares:
        """The same as numbers in [0, 1): below a share are about so many of the rows."""
        return self.of(columns, seed=seed, purpose=purpose) / _WORD

    def _values(self, name: str) -> U64:
        if name not in self._columns:
            self._columns[name] = column_hashes(self.rows, name)
        return self._columns[name]
