"""What a pass is to keep, from the protocol, the models and what is known of the target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor, isfinite, log2
from typing import Any

from scalekit.judge.census import Census
from scalekit.judge.protocol.protocol import Protocol
from scalekit.judge.statistics import Layout

POSITIVE_ONLY = "mape"
"""The metric that has a meaning for positive targets alone: it is left out where others are there."""


def layout_of(
    protocol: Protocol,
    models: Sequence[str],
    classes: Sequence[Any],
    slices: Mapping[str, tuple[str, ...]],
    census: Census,
) -> Layout:
    """The layout of a pass, the same on every backend.

    Parameters
    ----------
    protocol
        Task, metrics, blocks, quantiles.
    models
        Names, baselines too.
    classes
        Of classifications; the negative one first, of two.
    slices
        Name of the slice -> its levels.
    census
        Of a target of numbers, where it lies and how far it spreads.
    """
    whole = census.merged(tuple(census.rows)).numbers.get("all")
    centre, scale = (0.0, 1.0) if whole is None else _rounded(whole.mean, whole.deviation)
    metrics = protocol.metrics or ()
    if whole is not None and whole.least <= 0:
        metrics = tuple(
            name for name in metrics if name != POSITIVE_ONLY or name == protocol.primary
        )
    return Layout(
        task=protocol.task,
        models=tuple(models),
        classes=tuple(classes),
        metrics=tuple(metrics),
        slices=tuple(slices.items()),
        blocks=protocol.ci.blocks,
        slice_blocks=min(20, protocol.ci.blocks),
        quantiles=protocol.quantiles,
        is_weighted=protocol.weight is not None,
        centre=centre,
        scale=scale,
    )


def _rounded(mean: float, deviation: float) -> tuple[float, float]:
    """A power of two, and a multiple of a fraction of it: the last bits of a sum, which backends add in their own order, do not count."""
    if not isfinite(deviation) or not isfinite(mean):
        return 0.0, 1.0
    size = deviation or abs(mean) or 1.0
    scale = 2.0 ** floor(log2(size) + 0.5)
    return round(
        mean / scale * 8
    ) / 8 * scale or scale / 8, scale  # 0 leaves the centre to each part
