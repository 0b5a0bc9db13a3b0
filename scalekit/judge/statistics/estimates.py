"""The value of each metric for one model and slice, what it is without each block, and its interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from scalekit.judge.metrics.arrays import Array, divided
from scalekit.judge.metrics.errors import quantile_of
from scalekit.judge.metrics.metric import Metric, Pooled
from scalekit.judge.statistics.intervals import (
    NONE,
    Interval,
    jackknife,
    of_proportion,
    shifted,
    symmetric,
)
from scalekit.judge.statistics.pooling import present_blocks, versions, whole, without_each
from scalekit.judge.statistics.tally import Tally

T = TypeVar("T")

_DRAWS = 400
_ORDER_LEVELS = {"median_ae": 0.5, "p90_ae": 0.9}


@dataclass(frozen=True, eq=False)
class Estimates:
    """What is known of one model among all rows (``place`` None) or those of a level of a slice."""

    tally: Tally
    model: int
    place: int | None = None
    threshold: float | None = None

    @cached_property
    def pooled(self) -> Pooled:
        """All rows."""
        return whole(self.tally, self.model, self.place, self.threshold)

    @cached_property
    def without(self) -> Pooled:
        """All rows but those of each block."""
        return self.version(without_each(self.tally, self.place))

    @cached_property
    def drawn(self) -> Pooled:
        """Blocks drawn with replacement, the same in every run and for all models."""
        return self.version(self.drawn_weights)

    def version(self, weights: Array) -> Pooled:
        """(versions, blocks) how often each block counts in each."""
        return versions(self.tally, self.model, weights, self.place, self.threshold)

    @cached_property
    def drawn_weights(self) -> Array:
        """(draws, blocks) how often each block is drawn."""
        return _draws(self.tally, self.place)

    @property
    def rows(self) -> int:
        """How many rows."""
        return int(self.tally.arrays["rows"][self._cells].sum())

    @property
    def events(self) -> int | None:
        """How many positive rows, of a binary task."""
        if self.tally.layout.task != "binary":
            return None
        return int(self.tally.arrays["rows_of_class"][self._cells, 1].sum())

    @property
    def invalid(self) -> int:
        """How many of the model's outputs could not be judged."""
        return int(self.tally.arrays["invalid"][self.model, self._cells].sum())

    @property
    def _cells(self) -> slice:
        return self.tally.layout.cells_of(self.place)

    def has(self, metric: Metric) -> bool:
        """Whether the statistics that it needs are kept here: of slices some are not."""
        if self.place is None:
            return True
        kept = self.tally.layout.score_cells == self.tally.layout.cells
        return metric.kind != "extreme" and (kept or "scores" not in metric.needs)

    def value(self, metric: Metric) -> Array:
        """(E,): one value, or one for each class or quantile."""
        return self._once(
            "value", metric, lambda: np.asarray(_columns(metric.value(self.pooled))[0])
        )

    def values_without(self, metric: Metric) -> Array:
        """(blocks, E)."""
        return self._once("without", metric, lambda: _columns(metric.value(self.without)))

    def values_drawn(self, metric: Metric) -> Array:
        """(draws, E), in the same draws for all models of the same rows."""
        return self._once("drawn", metric, lambda: _columns(metric.value(self.drawn)))

    def bounds(self, metric: Metric) -> tuple[Array, Array]:
        """What the values lie between for certain: themselves, unless they are made of bins."""
        if metric.bounds is None:
            value = self.value(metric)
            return value, value
        low, high = self._once("bounds", metric, lambda: self._bounds(metric))
        return low, high

    def _bounds(self, metric: Metric) -> Array:
        assert metric.bounds is not None
        low, high = metric.bounds(self.pooled)
        return np.stack([_columns(np.minimum(low, high))[0], _columns(np.maximum(low, high))[0]])

    def _once(self, what: str | tuple[str, float], metric: Metric, work: Callable[[], T]) -> T:
        """What several tables are made of is worked out by the first of them; the threshold is for labels alone."""
        threshold = None if "labels" not in metric.needs else self.threshold
        place = (what, metric.name, self.model, self.place, threshold)
        known = self._known
        if place not in known:
            known[place] = work()
        found: T = known[place]
        return found

    @property
    def _known(self) -> dict[Any, Any]:
        return self.tally.known

    def intervals(self, metric: Metric, level: float) -> list[Interval]:
        """One for each value."""
        return self._once(("intervals", level), metric, lambda: self._intervals(metric, level))

    def _intervals(self, metric: Metric, level: float) -> list[Interval]:
        values = self.value(metric)
        if metric.kind == "extreme" or not np.isfinite(values).any():
            return [NONE] * len(values)
        if metric.kind == "order":
            return [self._woodruff(metric, float(values[0]), level)]
        without = self.values_without(metric)
        return [
            self._interval(metric, place, float(value), without[:, place], level)
            for place, value in enumerate(values)
        ]

    def _interval(
        self, metric: Metric, place: int, value: float, without: Array, level: float
    ) -> Interval:
        spread = jackknife(without, is_of_means=metric.is_of_means)
        if metric.trials is not None:
            trials = float(_columns(metric.trials(self.pooled))[0][place]) * self._kish(metric)
            return of_proportion(value, spread, trials, metric.transform, level)
        if metric.at_limits is not None and value in (0.0, 1.0):
            trials = float(metric.at_limits(self.pooled)[0]) * self._kish(metric)
            return of_proportion(value, spread, trials, metric.transform, level)
        if metric.kind == "upward":
            return shifted(value, self._noise(metric, place), spread, level)
        return symmetric(value, spread, metric.transform, level)

    def _noise(self, metric: Metric, place: int) -> tuple[float, float]:
        """What noise adds to a value that it can only make larger, at least and at most.

        Blocks drawn again show what more noise adds to what has some already: that is less than what the first
        noise added, in simulations about half of it.
        """
        even = np.ones((1, self.drawn_weights.shape[1]))
        plain = self.version(even)
        drawn = self.values_drawn(metric)[:, place]
        again = max(float(np.nanmean(drawn) - _columns(metric.value(plain))[0, place]), 0.0)
        most = 2.0 * again if metric.noise is None else metric.noise(self.without)
        return again, max(again, most)

    def _kish(self, metric: Metric) -> float:
        """How many rows a unit of weight is worth."""
        sums = self.pooled.sums
        if "squared_weight" not in sums or metric.trials is None or _is_of_rows(metric):
            return 1.0
        return float(sums["weight"][0] / sums["squared_weight"][0])

    def _woodruff(self, metric: Metric, value: float, level: float) -> Interval:
        """Of a quantile of errors: the interval of the share of rows below it, read off the quantiles."""
        counts, edges = self.without.errors, self.without.edges["errors"]
        assert counts is not None
        below = _share_below(counts[:, 0], edges, value)
        q = _ORDER_LEVELS[metric.name]
        shares = symmetric(q, jackknife(below), "logit", level)
        fine = self.pooled.errors
        assert fine is not None
        ends = [
            float(quantile_of(fine.sum(axis=1), self.pooled.edges["errors"], share)[0])
            for share in (shares.low, shares.high)
        ]
        return Interval(ends[0], ends[1], "order")


def _columns(values: Array) -> Array:
    return values if values.ndim == 2 else values[:, None]


def _is_of_rows(metric: Metric) -> bool:
    return metric.trials is not None and metric.trials.__name__ == "all_rows"


def _share_below(counts: Array, edges: Array, value: float) -> Array:
    """The share of rows below a value, in each version, taken as evenly spread within its bin."""
    above = np.cumsum(counts, axis=-1)
    place = min(int(np.searchsorted(edges, value, side="right")) - 1, counts.shape[-1] - 1)
    width = edges[place + 1] - edges[place]
    part = (value - edges[place]) / width if np.isfinite(width) and width > 0 else 0.5
    return divided(above[:, place] - (1.0 - part) * counts[:, place], above[:, -1])


def _draws(tally: Tally, place: int | None) -> Array:
    present = present_blocks(tally, place)
    cells = tally.layout.cells_of(place)
    weights = np.zeros((_DRAWS, cells.stop - cells.start))
    even = np.full(len(present), 1.0 / len(present))
    random = np.random.default_rng(20240229)
    weights[:, present] = random.multinomial(len(present), even, size=_DRAWS)
    return weights
