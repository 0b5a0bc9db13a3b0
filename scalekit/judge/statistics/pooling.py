"""From the cells of a tally to what metrics are made of: all rows, all but one block, or blocks drawn again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from scalekit.judge.metrics.arrays import Array, ratio_or
from scalekit.judge.metrics.bins import error_edges, score_bins, score_edges, value_edges
from scalekit.judge.metrics.metric import Pooled
from scalekit.judge.metrics.terms import TERMS
from scalekit.judge.statistics.layout import Layout
from scalekit.judge.statistics.tally import Tally

_EXTREMES = ("largest_error", "largest_target", "smallest_target")


def whole(
    tally: Tally, model: int, place: int | None = None, threshold: float | None = None
) -> Pooled:
    """All rows, or those of a level of a slice, in one version.

    All rows have the fine bins, a level the coarse ones.
    """
    layout = tally.layout
    cells = layout.cells_of(place)
    pooled = versions(tally, model, np.ones((1, cells.stop - cells.start)), place, threshold)
    if place is not None:
        return pooled
    fine = _fine(tally, model)
    if threshold is not None and threshold != layout.threshold:
        fine["labels"] = _labels_at(tally, model, threshold)[0]
    return replace(pooled, **fine)


def versions(
    tally: Tally,
    model: int,
    weights: Array,
    place: int | None = None,
    threshold: float | None = None,
) -> Pooled:
    """As many versions as there are rows in ``weights``: how often each block counts in each version."""
    layout = tally.layout
    cells = layout.cells_of(place)
    pooled = Pooled(
        layout.task,
        weights @ tally.arrays["rows"][cells],
        {name: _weighted(weights, _cells_of(tally, name, model)[cells]) for name in layout.terms},
        quantiles=layout.quantiles,
        **_histograms(tally, model, weights, cells),
    )
    if not layout.is_classification:
        return pooled
    if threshold is None or threshold == layout.threshold:
        hits, said, true = (
            _cells_of(tally, name, model)[cells] for name in ("hits", "said", "true")
        )
        return replace(pooled, labels=np.stack([weights @ a for a in (hits, said, true)], axis=-1))
    share = _labels_at(tally, model, threshold)[1]
    return replace(pooled, labels=_labels_of_coarse(pooled, share, threshold, layout.coarse_bins))


def present_blocks(tally: Tally, place: int | None = None) -> Array:
    """Which blocks have rows."""
    return np.flatnonzero(tally.arrays["rows"][tally.layout.cells_of(place)])


def without_each(tally: Tally, place: int | None = None) -> Array:
    """Weights that leave out each block that has rows, in turn."""
    present = present_blocks(tally, place)
    cells = tally.layout.cells_of(place)
    weights = np.ones((len(present), cells.stop - cells.start))
    weights[np.arange(len(present)), present] = 0.0
    return weights


def _cells_of(tally: Tally, name: str, model: int) -> Array:
    """An array by cell, of a model where each has its own."""
    array = tally.total(name)
    is_shared = name == "true" or (name in TERMS and TERMS[name].is_shared)
    return array if is_shared else array[model]


def _weighted(weights: Array, cells: Array) -> Array:
    with np.errstate(invalid="ignore"):
        return np.tensordot(weights, cells.astype(np.float64, copy=False), axes=1)


def _histograms(tally: Tally, model: int, weights: Array, cells: slice) -> dict[str, Any]:
    """The coarse ones."""
    layout = tally.layout
    found: dict[str, Any] = {}
    if layout.scored and cells.stop <= layout.score_cells:
        found["scores"] = _weighted(weights, tally.arrays["cell_scores"][model, cells])
        found["is_pure"] = _coarse_purity(_purity(tally, model), layout.coarse_bins)
    if layout.is_of_numbers:
        found["errors"] = _weighted(weights, tally.arrays["cell_errors"][model, cells])[:, None]
        found["edges"] = _edges(layout, layout.block_bins)
        found["centre"] = layout.centre
        found["extremes"] = {k: float(tally.arrays[k][-1]) for k in _EXTREMES[1:]}
    if layout.is_of_numbers and "targets" in layout.needs:
        found["targets"] = _weighted(weights, tally.arrays["cell_targets"][cells])
        found["target_means"] = _weighted(weights, tally.total("cell_target_sums")[cells])
        purity = np.isfinite(tally.arrays["target_exemplar"])[None], tally.arrays["targets"][None]
        found["is_pure"] = _coarse_purity(purity, layout.block_bins)
    return found


def _fine(tally: Tally, model: int) -> dict[str, Any]:
    """The fine histograms of all rows, in one version."""
    layout, arrays = tally.layout, tally.arrays
    found: dict[str, Any] = {}
    if layout.scored:
        found["scores"] = arrays["scores"][model][None]
        found["means"] = tally.total("score_sums")[model][None]
        found["is_pure"] = np.isfinite(arrays["score_exemplar"][model])
    if layout.is_of_numbers:
        found["errors"] = arrays["errors"][model][None]
        found["edges"] = _edges(layout, layout.bins, layout.bins)
        found["extremes"] = {
            "largest_error": float(arrays["largest_error"][model]),
            **{k: float(arrays[k][0]) for k in _EXTREMES[1:]},
        }
    if layout.is_of_numbers and "targets" in layout.needs:
        found["targets"] = arrays["targets"][None]
        found["target_means"] = tally.total("target_sums")[None]
        found["is_pure"] = np.isfinite(arrays["target_exemplar"])[None]
    return found


def _edges(layout: Layout, bins: int, error_count: int | None = None) -> Mapping[str, Array]:
    return {
        "errors": error_edges(2 * bins if error_count is None else error_count),
        "targets": value_edges(layout.centre, layout.scale, bins),
    }


def _purity(tally: Tally, model: int) -> tuple[Array, Array]:
    """(K, B) of fine bins: whether all scores are one, and how many rows there are."""
    is_pure = np.isfinite(tally.arrays["score_exemplar"][model])
    return is_pure, tally.arrays["scores"][model].sum(axis=1)


def _coarse_purity(fine: tuple[Array, Array], bins: int) -> Array:
    """A coarse bin is of one score where it has one fine bin with rows, and that is."""
    is_pure, rows = (array.reshape(len(array), bins, -1) for array in fine)
    return np.asarray(((rows > 0).sum(axis=-1) <= 1) & (is_pure | (rows == 0)).all(axis=-1))


def _labels_at(tally: Tally, model: int, threshold: float) -> tuple[Array, Array]:
    """Counts of labels of all rows at a threshold, (1, 2, 3), and what share of its coarse bin is above, by class."""
    layout = tally.layout
    bins, coarse = layout.fine_bins, layout.coarse_bins
    scores = tally.arrays["scores"][model, 0].astype(np.float64)
    place = int(score_bins(np.array([np.clip(threshold, 0.0, 1.0)]), bins)[0])
    part = share_above(tally.arrays["score_exemplar"][model, 0], place, threshold, bins)
    above = scores[:, place + 1 :].sum(axis=1) + part * scores[:, place]
    factor = bins // coarse
    first = place // factor * factor
    within = scores[:, first : first + factor]
    inside = scores[:, place + 1 : first + factor].sum(axis=1) + part * scores[:, place]
    return _labels_of(scores.sum(axis=1)[None], above[None]), ratio_or(
        inside, within.sum(axis=1), 0.0
    )


def share_above(exemplar: Array, place: int, threshold: float, bins: int) -> float:
    """Which share of a bin's rows is at or above a threshold inside of it; exact at its edge, or for one score."""
    if threshold > 1.0:
        return 0.0
    low = score_edges(bins)[place]
    if threshold <= low:
        return 1.0
    if np.isfinite(exemplar[place]):
        return float(exemplar[place] >= threshold)
    high = score_edges(bins)[place + 1] if place + 1 < bins else 1.0
    return float((high - threshold) / (high - low))


def _labels_of_coarse(pooled: Pooled, share: Array, threshold: float, bins: int) -> Array:
    assert pooled.scores is not None
    binary = pooled.scores[:, 0]
    place = int(score_bins(np.array([np.clip(threshold, 0.0, 1.0)]), bins)[0])
    above = binary[..., place + 1 :].sum(axis=-1) + share * binary[..., place]
    return _labels_of(binary.sum(axis=-1), above)


def _labels_of(total: Array, above: Array) -> Array:
    """(R, 2, 3) from how many negatives and positives there are, and are at or above a threshold."""
    said = above.sum(axis=-1)
    hits = np.stack([total[:, 0] - above[:, 0], above[:, 1]], axis=-1)
    both = np.stack([total.sum(axis=-1) - said, said], axis=-1)
    return np.stack([hits, both, total], axis=-1)
