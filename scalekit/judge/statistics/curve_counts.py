"""What curves of scores are made of: counts by bin, of all rows and without each block, and bands from these."""

from __future__ import annotations

import numpy as np
import polars as pl

from scalekit.errors import InvalidOperationError
from scalekit.judge.metrics.arrays import Array, ratio_or
from scalekit.judge.statistics.distributions import t_quantile
from scalekit.judge.statistics.pooling import without_each
from scalekit.judge.statistics.tally import Tally


def counts_of(tally: Tally, model: str, of: int | None) -> tuple[Array, Array]:
    """(1, 2, fine bins) of all rows, and (blocks, 2, coarse bins) of all but a block."""
    c, place = class_of(tally, of), tally.layout.model(model)
    fine = against_rest(tally.arrays["scores"][place, c][None], c)
    cells = against_rest(tally.arrays["cell_scores"][place, : tally.layout.blocks, c], c)
    without = np.tensordot(without_each(tally), cells.astype(np.float64), axes=1)
    return fine.astype(np.float64), without


def class_of(tally: Tally, of: int | None) -> int:
    """The place of the class that is set against the rest; of two classes there is one."""
    layout = tally.layout
    if not layout.scored:
        raise InvalidOperationError(f"a {layout.task} task has no scores: residuals are for it")
    if layout.task == "binary":
        return 0
    if of is None or not 0 <= of < len(layout.classes):
        raise InvalidOperationError(
            f"of={of!r}: of several classes, give the position of one, from 0 to {len(layout.classes) - 1}"
        )
    return of


def against_rest(counts: Array, c: int) -> Array:
    """Others and those of the class, where each true class was counted apart."""
    if counts.shape[1] == 2:
        return counts
    own = counts[:, c]
    return np.stack([counts.sum(axis=1) - own, own], axis=1)


def at_or_above(counts: Array) -> Array:
    """How many there are in each bin or above it."""
    return np.cumsum(counts[..., ::-1], axis=-1)[..., ::-1]


def shares_by_group(fine: Array, coarse: int, group: Array, groups: int) -> Array:
    """(2, coarse bins, groups) which share of each coarse bin's rows is in each group."""
    factor = fine.shape[-1] // coarse
    index = (np.arange(fine.shape[-1]) // factor) * groups + group
    parts = np.stack([np.bincount(index, side, coarse * groups) for side in fine])
    parts = parts.reshape(2, coarse, groups)
    return ratio_or(parts, parts.sum(axis=-1, keepdims=True), 0.0)


def banded(
    x_name: str, y_name: str, x: Array, y: Array, without: Array, level: float, most: float = 1.0
) -> pl.DataFrame:
    """A curve with its pointwise band; without rows where it does not exist."""
    g = len(without)
    if np.isnan(y).all():
        return pl.DataFrame(schema=dict.fromkeys((x_name, y_name, "low", "high"), pl.Float64))
    if g < 2:
        half = np.full(len(x), np.nan)
    else:
        moved = without - without.mean(axis=0)
        half = t_quantile(level, g - 1.0) * np.sqrt((g - 1.0) / g * (moved**2).sum(axis=0))
    low, high = np.maximum(y[0] - half, 0.0), np.minimum(y[0] + half, most)
    table = pl.DataFrame({x_name: x, y_name: y[0], "low": low, "high": high})
    return table.fill_nan(None)


def by_group(counts: Array, group: Array, groups: int) -> Array:
    """(2, groups)."""
    return np.stack([np.bincount(group, side, groups) for side in counts])
