"""What a metric is: a value made of the statistics of some rows, and how its interval is found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from scalekit.judge.metrics.arrays import Array

Direction: TypeAlias = Literal["up", "down", "near"]
Transform: TypeAlias = Literal["none", "log", "logit", "log1m", "atanh"]
Kind: TypeAlias = Literal["smooth", "upward", "order", "extreme"]


@dataclass(frozen=True)
class Pooled:
    """What is known of some rows and one model, in R versions: all rows, or all but a block, or resampled blocks.

    Attributes
    ----------
    task
        That of the layout.
    rows
        (R,) how many rows.
    sums
        Term -> (R,), or (R, q) of terms by quantile.
    labels
        (R, k, 3): of each class the weight of the rows that were it and said to be, that were said to be
        it, and that were it.
    scores
        (R, K, T, B): of each class that has a score (one in binary tasks) the weight of the rows in each
        bin, apart for those that are not of the class and those that are; or, where pairs of classes are
        needed, for each true class.
    means
        (R, K, B) the sum of the scores in each bin, where it was kept.
    is_pure
        (K, B) whether all rows of a bin have one and the same score; of targets (1, B).
    errors
        (R, 2, B) rows by the size of their error, apart for predictions that were too low and others.
    targets
        (R, B) rows by their target; with ``target_means`` (R, B) the sum of the targets in a bin, less
        ``centre``.
    edges
        The ends of the bins of errors, or of targets, as ``"errors"`` and ``"targets"``.
    extremes
        ``"largest_error"``, ``"smallest_target"`` and so on, of all rows.
    """

    task: str
    rows: Array
    sums: Mapping[str, Array]
    labels: Array | None = None
    scores: Array | None = None
    means: Array | None = None
    is_pure: Array | None = None
    errors: Array | None = None
    targets: Array | None = None
    target_means: Array | None = None
    centre: float = 0.0
    quantiles: tuple[float, ...] = ()
    edges: Mapping[str, Array] = field(default_factory=dict)
    extremes: Mapping[str, float] = field(default_factory=dict)

    @property
    def weight(self) -> Array:
        """(R,) the sum of the weights."""
        return self.sums["weight"]

    def mean(self, term: str) -> Array:
        """The mean of a term; (R,) or (R, q), NaN where there are no rows."""
        top = self.sums[term]
        bottom = self.weight if top.ndim == 1 else self.weight[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(bottom > 0, top / bottom, np.nan))


Value: TypeAlias = Callable[[Pooled], Array]


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes
    ----------
    name
        What it is called everywhere.
    tasks
        The tasks that it has a meaning for.
    direction
        ``"up"`` where more is better, ``"down"`` where less is, ``"near"`` where the value should be
        near ``goal``, as the slope of a calibration should be near 1.
    value
        Its value from pooled statistics, (R,), or (R, each) for metrics by class or quantile.
    text
        What it is, in one line, with its formula or source.
    terms
        The sums that it is made of.
    needs
        The other statistics: ``"labels"``, ``"scores"``, ``"pairs"`` (scores by true class), ``"errors"``,
        ``"targets"``.
    transform
        The scale on which its interval is symmetric.
    trials
        Of a proportion, how many trials it is made of: its interval is Wilson's where few of them have one
        of the two outcomes.
    at_limits
        The same where only a value of exactly 0 or 1 has that interval.
    bounds
        What the value lies between for certain, where it is made of bins.
    each
        ``"class"`` or ``"quantile"``: one value for each of them.
    goal
        The value to be near, for the direction ``"near"``.
    kind
        ``"smooth"`` (a jackknife is valid), ``"upward"`` (noise makes the value larger, as it does a maximum
        or a sum of absolute gaps: the interval is about the value less what noise adds), ``"order"`` (a
        quantile of errors) or ``"extreme"`` (no interval).
    noise
        Of an upward metric, what noise adds to its value at most, from the statistics without each block;
        where it is not given, twice what drawing blocks again adds.
    """

    name: str
    tasks: tuple[str, ...]
    direction: Direction
    value: Value
    text: str
    terms: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    transform: Transform = "none"
    trials: Value | None = None
    at_limits: Value | None = None
    bounds: Callable[[Pooled], tuple[Array, Array]] | None = None
    each: Literal["class", "quantile"] | None = None
    goal: float | None = None
    kind: Kind = "smooth"
    noise: Callable[[Pooled], float] | None = None

    @property
    def is_of_means(self) -> bool:
        """Whether it is a function of means of terms alone, such as RMSE, and not of ranks or labels."""
        return bool(self.terms) and not self.needs and self.kind == "smooth"

    def loss(self, value: float) -> float:
        """The value turned so that less is better: for deltas and ranks over metrics of all directions."""
        if self.direction == "near":
            return abs(value - (self.goal or 0.0))
        return -value if self.direction == "up" else value
