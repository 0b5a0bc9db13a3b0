"""Rows of all parts, brought together in this process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from scalekit.learn.passes.batch import HASH, POSITION, Batch


@dataclass(frozen=True)
class Gathered:
    """X, y and weights of many rows; y and weights are None where there are none.

    ``rows`` has what is left of the rows as they were read: their positions, where a fit asked for them.
    """

    X: Any
    y: Any
    weight: Any
    rows: pl.DataFrame

    @property
    def height(self) -> int:
        """The number of rows."""
        return int(self.X.shape[0])


def gathered(batch: Batch) -> Gathered:
    """The rows of one batch."""
    rows = batch.rows.select(name for name in (POSITION, HASH) if name in batch.rows.columns)
    return Gathered(batch.X, batch.y, batch.weight, rows)


def stacked(parts: Sequence[Gathered]) -> Gathered:
    """The rows of several, in order."""
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    return Gathered(
        stack([part.X for part in parts]),
        None if first.y is None else np.concatenate([part.y for part in parts]),
        None if first.weight is None else np.concatenate([part.weight for part in parts]),
        pl.concat([part.rows for part in parts]),
    )


def stack(blocks: Sequence[Any]) -> Any:
    """Frames or matrices of the same columns, one below the other."""
    if hasattr(blocks[0], "iloc"):
        import pandas as pd

        return pd.concat(_same_categories(blocks), ignore_index=True)
    if hasattr(blocks[0], "tocsr"):
        from scipy import sparse

        return sparse.vstack(blocks, format="csr")
    return np.concatenate(blocks)


def _same_categories(frames: Sequence[Any]) -> list[Any]:
    """Frames whose categories are the same: each part knows those of its own rows only."""
    from pandas.api.types import union_categoricals

    kinds = [name for name, dtype in frames[0].dtypes.items() if str(dtype) == "category"]
    frames = [frame.copy(deep=False) for frame in frames] if kinds else list(frames)
    for name in kinds:
        known = union_categoricals(
            [frame[name] for frame in frames], sort_categories=True
        ).categories
        for frame in frames:
            frame[name] = frame[name].cat.set_categories(known)
    return list(frames)
