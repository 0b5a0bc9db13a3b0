"""Rows of all parts, brought together in this process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scalekit.learn.passes.batch import POSITION, Batch


@dataclass(frozen=True)
class Gathered:
    """X, y, weights and positions of many rows; each but X is None where there is none."""

    X: Any
    y: Any
    weight: Any
    positions: Any

    @property
    def height(self) -> int:
        """The number of rows."""
        return int(self.X.shape[0])


def gathered(batch: Batch) -> Gathered:
    """The rows of one batch."""
    positions = batch.positions if POSITION in batch.rows.columns else None
    return Gathered(batch.X, batch.y, batch.weight, positions)


def listed(batch: Batch) -> list[Gathered]:
    """The rows of one batch, as a list that others are added to."""
    return [gathered(batch)]


def stacked(parts: Sequence[Gathered]) -> Gathered:
    """The rows of several, in order."""
    if len(parts) == 1:
        return parts[0]

    def joined(values: Sequence[Any]) -> Any:
        return None if values[0] is None else np.concatenate(values)

    return Gathered(
        stack([part.X for part in parts]),
        joined([part.y for part in parts]),
        joined([part.weight for part in parts]),
        joined([part.positions for part in parts]),
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

    if frames[0].ndim == 1:
        return list(frames)
    kinds = [name for name, dtype in frames[0].dtypes.items() if str(dtype) == "category"]
    frames = [frame.copy(deep=False) for frame in frames] if kinds else list(frames)
    for name in kinds:
        known = union_categoricals(
            [frame[name] for frame in frames], sort_categories=True
        ).categories
        for frame in frames:
            frame[name] = frame[name].cat.set_categories(known)
    return list(frames)
