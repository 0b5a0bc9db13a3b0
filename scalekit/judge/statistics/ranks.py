"""Scores in bins that are made ever finer where it matters: what makes areas under curves exact in a few more passes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scalekit.judge.metrics.arrays import Array
from scalekit.judge.metrics.bins import score_edges
from scalekit.judge.metrics.metric import Pooled
from scalekit.judge.metrics.ranking import average_precision_bounds, roc_auc_bounds
from scalekit.judge.statistics.tally import Tally

EXACT_TO = 1e-6
"""How far a value may be from that of the rows themselves."""

ROOM = 1 << 20
"""Bins that open ones are cut into in a pass, for each model; more only where more are open."""

CUTS = 512
"""Bins by block, each of about as many rows, for intervals."""

_LEAST_CUTS = 64
_TIED = 0.02


@dataclass(frozen=True)
class Ranks:
    """How many rows of either kind have scores between two of them, of one model and class.

    Scores are held as their bits, which are ordered as the numbers are: a bin may be as narrow as one score.

    Attributes
    ----------
    low, high
        (B,) int64, the bits of the lowest and highest score in each bin, in order; equal where all are one.
    counts
        (2, B) weight of the rows that are not of the class, and of those that are.
    """

    low: Array
    high: Array
    counts: Array

    @cached_property
    def pooled(self) -> Pooled:
        """As metrics of ranks take it."""
        is_pure = (self.low == self.high)[None]
        rows = self.counts.sum(keepdims=True)[0]
        return Pooled("binary", rows, {}, scores=self.counts[None, None], is_pure=is_pure)

    @property
    def width(self) -> float:
        """How far the bounds of the area, or of the average precision, are apart at most; 0 where neither exists."""
        if not len(self.low):
            return 0.0
        pairs = [roc_auc_bounds(self.pooled), average_precision_bounds(self.pooled)]
        return max(float(np.nan_to_num(high - low)[0]) for low, high in pairs)

    @property
    def is_exact(self) -> bool:
        """Whether that is little enough."""
        return self.width <= EXACT_TO

    def ties(self, group: Array | None = None) -> float:
        """The share of pairs of a negative and a positive row that are in one bin, or in one group of bins."""
        counts = self.counts
        if group is not None and len(group):
            counts = np.stack([np.bincount(group, row) for row in counts])
        total = float(counts[0].sum()) * float(counts[1].sum())
        return float((counts[0].astype(np.float64) * counts[1]).sum()) / total if total else 0.0


def first_ranks(tally: Tally, model: int, place: int) -> Ranks:
    """What a tally knows of the scores of a model for a class.

    Parameters
    ----------
    tally
        Of a classification.
    model
        Its place in the layout.
    place
        That of the class among those with scores.
    """
    counts = tally.arrays["scores"][model, place]
    if len(counts) > 2:  # by true class
        counts = np.stack([counts.sum(axis=0) - counts[place], counts[place]])
    edges = _bits(score_edges(counts.shape[-1]))
    ends = np.append(edges[1:] - 1, _bits(np.ones(1)))
    one = tally.arrays["score_exemplar"][model, place]
    is_one = np.isfinite(one)
    bits = _bits(np.where(is_one, one, 0.0))
    low, high = np.where(is_one, bits, edges), np.where(is_one, bits, ends)
    is_there = counts.sum(axis=0) > 0
    return Ranks(low[is_there], high[is_there], counts[:, is_there])


def finer_edges(ranks: Ranks, room: int = ROOM) -> Array:
    """Where the bins of the next pass begin: open ones are cut, most those that leave most open.

    A bin of n negatives and p positives leaves n p pairs open for the area, and for the precision of each of its p the
    order of all of its rows. Cut in s it leaves an s-th of that: the sum is least where s goes by the root. Where there are
    more open bins than room, there is room for two of each, so that every pass gains.
    """
    negative, positive = ranks.counts.astype(np.float64)
    above = np.cumsum((negative + positive)[::-1])[::-1]
    total, positives = negative.sum() or 1.0, positive.sum() or 1.0
    mass = negative / total + (negative + positive) / np.maximum(above, 1e-300)
    mass *= positive / positives
    root = np.sqrt(np.where(ranks.high > ranks.low, mass, 0.0))
    room = max(room, 2 * int(np.count_nonzero(root)))
    wide = (ranks.high - ranks.low + 1).astype(np.float64)
    pieces = np.minimum(1.0 + np.floor(room * root / (root.sum() or 1.0)), wide).astype(np.int64)
    first = np.cumsum(pieces) - pieces
    step = np.arange(pieces.sum()) - np.repeat(first, pieces)
    share = step / np.repeat(pieces, pieces)
    inside = np.floor(np.repeat(wide, pieces) * share).astype(np.int64)
    return np.unique(np.repeat(ranks.low, pieces) + inside)


def block_cuts(ranks: Ranks, classes: int = 1) -> Array:
    """Where bins by block begin: each has about as many rows of either kind as another."""
    most = max(CUTS // classes, _LEAST_CUTS)
    shares = ranks.counts / np.maximum(ranks.counts.sum(axis=1, keepdims=True), 1e-300)
    before = np.cumsum(shares.sum(axis=0)) - shares.sum(axis=0)
    group = np.floor(before / 2.0 * most)
    return ranks.low[np.flatnonzero(np.diff(group, prepend=-1.0))]


def is_fine_by_block(ranks: Ranks, cuts: Array) -> bool:
    """Whether bins by block tell as many pairs apart as the ranks do, but for a few: intervals are made of them."""
    return ranks.ties(places(cuts, ranks.low)) - ranks.ties() <= _TIED


def score_bits(score: Array) -> Array:
    """The bits of probabilities; those that rounding took out of [0, 1] are 0 and 1.

    Examples
    --------
    >>> bits = score_bits(np.array([-0.0, 1e-300, 0.5, 1.0 + 1e-9]))
    >>> bool((np.diff(bits) > 0).all()), int(bits[0])
    (True, 0)
    """
    return _bits(np.clip(score.astype(np.float64), 0.0, 1.0) + 0.0)


def places(edges: Array, bits: Array) -> Array:
    """Which bin each score is in; those below the first edge are in the first."""
    return np.asarray(np.maximum(np.searchsorted(edges, bits, side="right") - 1, 0))


@dataclass(frozen=True)
class Counted:
    """What a part of the rows has in bins: those with rows alone, so that little travels."""

    place: Array
    low: Array
    high: Array
    counts: Array


def counted(edges: Array, bits: Array, is_positive: Array, weight: Array | None) -> Counted:
    """Count the rows of a part.

    Parameters
    ----------
    edges
        Where bins begin, as bits.
    bits
        (n,) of the scores, n at least 1.
    is_positive
        (n,) bool.
    weight
        (n,), None where all count as one.
    """
    order = np.argsort(bits)
    bits, is_positive = bits[order], is_positive[order]
    heavy = np.ones(len(bits), dtype=np.int64) if weight is None else weight[order]
    place = places(edges, bits)
    start = np.flatnonzero(np.diff(place, prepend=-1))
    end = np.append(start[1:], len(bits)) - 1
    kinds = [np.where(is_positive == kind, heavy, 0) for kind in (False, True)]
    counts = np.stack([np.add.reduceat(kind, start) for kind in kinds])
    return Counted(place[start], bits[start], bits[end], counts)


class RanksFilling:
    """Ranks that parts are added to as they come.

    Parameters
    ----------
    bins
        How many.
    is_weighted
        Whether counts are sums of weights.
    """

    def __init__(self, bins: int, *, is_weighted: bool = False) -> None:
        self._low = np.full(bins, np.iinfo(np.int64).max)
        self._high = np.full(bins, -1, dtype=np.int64)
        self._counts = np.zeros((2, bins), dtype=np.float64 if is_weighted else np.int64)

    def add(self, part: Counted) -> None:
        """Add the rows of a part."""
        at = part.place
        self._low[at] = np.minimum(self._low[at], part.low)
        self._high[at] = np.maximum(self._high[at], part.high)
        self._counts[:, at] += part.counts

    def ranks(self) -> Ranks:
        """What all parts have together, of the bins with rows."""
        here = self._high >= 0
        return Ranks(self._low[here], self._high[here], self._counts[:, here])


def _bits(score: Array) -> Array:
    return np.ascontiguousarray(score, dtype=np.float64).view(np.int64)
