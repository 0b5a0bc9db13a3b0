"""Metrics of probabilities: skill over the prior, calibration error, slope and intercept of a calibration."""

from __future__ import annotations

from dataclasses import dataclass
from math import erf, isfinite, pi, sqrt

import numpy as np

from scalekit.judge.metrics.arrays import Array, divided
from scalekit.judge.metrics.bins import score_logits
from scalekit.judge.metrics.metric import Pooled, Value

ECE_BINS = 15
_STEPS = 30
_HALVINGS = 12
_FARTHEST = 40.0


def mean_of(term: str) -> Value:
    """The metric that is the mean of a term."""

    def value(pooled: Pooled) -> Array:
        return pooled.mean(term)

    return value


def d2_log_loss(pooled: Pooled) -> Array:
    """1 - log loss over that of always saying the shares of the classes."""
    term = "log_loss" if pooled.task == "binary" else "log_loss_of_classes"
    true = _true(pooled)
    total = true.sum(axis=-1)
    share = divided(true, total[:, None])
    with np.errstate(divide="ignore", invalid="ignore"):
        prior = -np.where(true > 0, share * np.log(share), 0.0).sum(axis=-1)
    return 1.0 - _over_positive(pooled.mean(term), prior)


def d2_brier(pooled: Pooled) -> Array:
    """1 - Brier score over that of always saying the shares of the classes."""
    share = divided(_true(pooled), _true(pooled).sum(axis=-1)[:, None])
    if pooled.task == "binary":
        return 1.0 - _over_positive(pooled.mean("brier"), share[:, 0] * share[:, 1])
    return 1.0 - _over_positive(pooled.mean("brier_of_classes"), (share * (1 - share)).sum(axis=-1))


def expected_calibration_error(pooled: Pooled) -> Array:
    """The mean over 15 groups of equal size by score of |mean score - share of positives|.

    Groups are made of whole fine bins, so that equal scores stay together (Nixon et al., 2019).
    """
    assert pooled.scores is not None
    groups = equal_groups(pooled.scores[:, 0].sum(axis=(0, 1)), ECE_BINS)
    return np.asarray(np.abs(_gaps(pooled, groups)).sum(axis=-1))


def calibration_noise(without: Pooled) -> float:
    """What chance alone adds to the calibration error: each group's gap, were it a normal variable.

    The absolute value of a gap of size d that is known to s has the mean of a folded normal variable, which is
    above d; d^2 itself is estimated by the squared gap less s^2.
    """
    assert without.scores is not None
    groups = equal_groups(without.scores[:, 0].sum(axis=(0, 1)), ECE_BINS)
    gaps = _gaps(without, groups)
    blocks = len(gaps)
    centre = gaps.mean(axis=0)
    s = np.sqrt((blocks - 1.0) / blocks * ((gaps - centre) ** 2).sum(axis=0))
    d = np.sqrt(np.maximum(centre**2 - s**2, 0.0))
    ratio = divided(d, s)
    tail = np.array([erf(x / sqrt(2.0)) if isfinite(x) else 1.0 for x in ratio])
    folded = (
        s * sqrt(2.0 / pi) * np.exp(-(np.minimum(np.nan_to_num(ratio), 40.0) ** 2) / 2) + d * tail
    )
    return float((folded - d).sum())


def _gaps(pooled: Pooled, groups: Array) -> Array:
    """(R, groups): of each group, the sum of scores less the positives, as a share of all rows."""
    assert pooled.scores is not None
    counts = pooled.scores[:, 0]
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
    gaps = np.add.reduceat(_score_sums(pooled) - counts[:, 1], starts, axis=-1)
    return divided(gaps, counts.sum(axis=(1, 2))[:, None])


def equal_groups(counts: Array, groups: int) -> Array:
    """Which of some groups of nearly equal size each bin belongs to, (B,), not decreasing."""
    total = counts.sum()
    if total == 0:
        return np.zeros(len(counts), dtype=np.int64)
    middle = np.cumsum(counts) - counts / 2
    return np.asarray(np.minimum((groups * middle / total).astype(np.int64), groups - 1))


def calibration_slope(pooled: Pooled) -> Array:
    """The slope of a logistic regression of the outcome on the log odds of the score (Cox, 1958)."""
    return _recalibrated(pooled, has_slope=True)[1]


def calibration_intercept(pooled: Pooled) -> Array:
    """What is to be added to all log odds for the mean to be right: calibration in the large, at slope 1."""
    return _recalibrated(pooled, has_slope=False)[0]


def _recalibrated(pooled: Pooled, *, has_slope: bool) -> tuple[Array, Array]:
    """Intercept and slope in all versions at once; NaN where there is no finite answer."""
    assert pooled.scores is not None
    positive, rows, x = pooled.scores[:, 0, 1], pooled.scores[:, 0].sum(axis=1), _logits(pooled)
    is_filled = rows.any(axis=0)
    odds = _Odds(positive[:, is_filled], rows[:, is_filled], x[:, is_filled])
    start = np.zeros(1), np.ones(1)
    if len(rows) > 1 and len(x) == 1:  # versions are near what all of them say together
        a, b, _ = _newton(odds.together(), start, has_slope=has_slope)
        start = (a, b) if np.isfinite(a + b).all() else start
    a, b, is_done = _newton(odds, start, has_slope=has_slope)
    events = positive.sum(axis=-1)
    is_there = is_done & (events > 0) & (rows.sum(axis=-1) > events)
    return np.where(is_there, a, np.nan), np.where(is_there, b, np.nan)


@dataclass(frozen=True, eq=False)
class _Odds:
    """Rows and positives by bin, (R, B), and the log odds of the bins, (R or 1, B)."""

    positive: Array
    rows: Array
    x: Array

    def together(self) -> _Odds:
        """All versions as one."""
        positive, rows = (one.sum(axis=0, keepdims=True) for one in (self.positive, self.rows))
        return _Odds(positive, rows, self.x)

    def at(self, a: Array, b: Array) -> tuple[Array, Array]:
        """The chance in each bin, and how likely what happened is in each version."""
        odds = np.clip(a[:, None] + b[:, None] * self.x, -_FARTHEST, _FARTHEST)
        small = np.exp(-np.abs(odds))
        chance = np.where(odds < 0, small, 1.0) / (1.0 + small)
        with np.errstate(invalid="ignore"):  # of versions that have no answer
            loss = self.rows * (np.maximum(odds, 0.0) + np.log1p(small)) - self.positive * odds
        return chance, -loss.sum(axis=-1)


def _newton(
    odds: _Odds, start: tuple[Array, Array], *, has_slope: bool
) -> tuple[Array, Array, Array]:
    """Newton's method: intercepts, slopes, and whether they were found.

    A step that would make the answer less likely is halved: of scores that are far too extreme, the first ones are
    too long.
    """
    a, b = (np.repeat(one, len(odds.rows)) for one in start)
    chance, likely = odds.at(a, b)
    is_done = np.zeros(len(a), dtype=bool)
    for _ in range(_STEPS):
        residual, bend = odds.positive - odds.rows * chance, odds.rows * chance * (1.0 - chance)
        step_a, step_b = _newton_step(residual, bend, odds.x, has_slope=has_slope)
        chance, after = odds.at(a + step_a, b + step_b)
        for _ in range(_HALVINGS):
            is_worse = after < likely - 1e-9 * np.abs(likely)
            if not is_worse.any():
                break
            step_a, step_b = (np.where(is_worse, s / 2.0, s) for s in (step_a, step_b))
            chance, after = odds.at(a + step_a, b + step_b)
        a, b, likely = a + step_a, b + step_b, after
        is_done = np.maximum(np.abs(step_a), np.abs(step_b)) < 1e-10
        if is_done.all() or not np.isfinite(a + b).any():
            break
    return a, b, is_done


def _newton_step(residual: Array, bend: Array, x: Array, *, has_slope: bool) -> tuple[Array, Array]:
    g0, h00 = residual.sum(axis=-1), bend.sum(axis=-1)
    if not has_slope:
        return np.clip(divided(g0, h00), -4.0, 4.0), np.zeros(len(g0))
    g1 = (residual * x).sum(axis=-1)
    h01, h11 = (bend * x).sum(axis=-1), (bend * x * x).sum(axis=-1)
    scale = h00 * h11
    determinant = np.where(scale - h01**2 > 1e-9 * scale, scale - h01**2, np.nan)
    step_a, step_b = (h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant
    return np.clip(step_a, -4.0, 4.0), np.clip(step_b, -4.0, 4.0)


def _logits(pooled: Pooled) -> Array:
    """(R or 1, B): of the mean score of a bin where it is known, else of the bin's middle."""
    assert pooled.scores is not None
    middle = score_logits(pooled.scores.shape[-1])
    if pooled.means is None:
        return middle[None, :]
    rows = pooled.scores[:, 0].sum(axis=1)
    mean = divided(pooled.means[:, 0], rows)
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.log(mean) - np.log1p(-mean)
    return np.where(rows > 0, np.clip(odds, -_FARTHEST, _FARTHEST), middle)


def _score_sums(pooled: Pooled) -> Array:
    """(R, B) the sum of the scores in each bin."""
    assert pooled.scores is not None
    if pooled.means is not None:
        return pooled.means[:, 0]
    middle = 1.0 / (1.0 + np.exp(-score_logits(pooled.scores.shape[-1])))
    return np.asarray(pooled.scores[:, 0].sum(axis=1) * middle)


def _true(pooled: Pooled) -> Array:
    assert pooled.labels is not None
    return pooled.labels[..., 2].astype(np.float64)


def _over_positive(top: Array, bottom: Array) -> Array:
    """A ratio of losses; NaN where the prior alone is right, as in a slice of one class."""
    return np.where(bottom > 0, divided(top, bottom), np.nan)
