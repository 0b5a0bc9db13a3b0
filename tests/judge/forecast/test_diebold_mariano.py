"""The Diebold-Mariano test against its definition with loops, and what it finds where it is known."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pytest
from scipy import stats

from scalekit.errors import InvalidOperationError
from scalekit.judge.forecast.diebold_mariano import diebold_mariano, long_run_variance


def by_hand(first: list[float], second: list[float], horizon: int) -> tuple[float, float]:
    """Statistic and p of Diebold and Mariano (1995) with the correction of Harvey, Leybourne and Newbold (1997)."""
    d = [b - a for a, b in zip(first, second, strict=True)]
    n = len(d)
    mean = sum(d) / n
    variance = 0.0
    for lag in range(horizon):
        covariance = sum((d[t] - mean) * (d[t - lag] - mean) for t in range(lag, n)) / n
        variance += covariance if lag == 0 else 2 * covariance
    statistic = mean / sqrt(variance / n)
    statistic *= sqrt((n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n)
    return statistic, 2 * float(stats.t.sf(abs(statistic), n - 1))


@pytest.mark.parametrize("horizon", [1, 2, 5])
def test_it_is_the_statistic_of_the_definition(horizon: int) -> None:
    rng = np.random.default_rng(horizon)
    noise = rng.normal(size=80)
    first = np.square(np.convolve(noise, np.ones(horizon), "same"))
    second = first * 0.9 + rng.normal(size=80) * 0.1
    found = diebold_mariano(first, second, horizon=horizon)
    statistic, p = by_hand(first.tolist(), second.tolist(), horizon)
    assert found.statistic == pytest.approx(statistic)
    assert found.p == pytest.approx(p)
    assert found.difference == pytest.approx(float(np.mean(second - first)))
    assert found.low < found.difference < found.high
    assert found.periods == 80


def test_zero_is_outside_of_the_interval_where_p_is_small() -> None:
    rng = np.random.default_rng(1)
    for shift in np.linspace(-0.6, 0.6, 13):
        d = rng.normal(size=40)
        found = diebold_mariano(np.zeros(40), d + shift, horizon=3, level=0.9)
        assert (found.low > 0 or found.high < 0) == (found.p < 0.1)


def test_turning_the_forecasts_turns_the_sign() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(2, 30))
    there, back = diebold_mariano(a, b), diebold_mariano(b, a)
    assert (there.difference, there.p) == (-back.difference, back.p)
    assert (there.low, there.high) == (-back.high, -back.low)


def test_a_variance_that_would_be_negative_is_that_of_bartlett() -> None:
    d = np.array([1.0, -1.0] * 10)  # neighbours cancel
    assert long_run_variance(d, 2) == pytest.approx(1 + 2 * 0.5 * -0.95)
    found = diebold_mariano(np.zeros(20), d + 0.1, horizon=2)
    assert np.isfinite(found.statistic)


def test_losses_that_always_differ_by_the_same_differ_for_certain() -> None:
    assert diebold_mariano([1.0] * 5, [0.5] * 5).p == 0
    assert diebold_mariano([1.0] * 5, [1.0] * 5).p == 1


def test_of_equally_good_forecasts_about_one_in_twenty_differs() -> None:
    """Type I error with errors that are correlated over the horizon: 400 draws, seeded, so no chance is left."""
    rng = np.random.default_rng(3)
    found = 0
    for _ in range(400):
        noise = rng.normal(size=(2, 122))
        first, second = (np.square(np.convolve(one, np.ones(3), "valid")) for one in noise)
        found += diebold_mariano(first, second, horizon=3).p < 0.05
    assert 0.03 <= found / 400 <= 0.08


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([1, 2, 3], [1, 2]), "shapes"),
        (([1, 2], [1, 2]), "2 periods are too few for horizon=1"),
        (([1, 2, 3, float("nan")], [1, 2, 3, 4]), "finite"),
    ],
    ids=str,
)
def test_losses_that_cannot_be_compared(arguments: Any, says: str) -> None:
    with pytest.raises(InvalidOperationError, match=says):
        diebold_mariano(*arguments)
    with pytest.raises(InvalidOperationError, match="horizon=0"):
        diebold_mariano([1, 2, 3], [1, 2, 3], horizon=0)
    with pytest.raises(InvalidOperationError, match="7 periods are too few for horizon=4"):
        diebold_mariano(range(7), range(7), horizon=4)
    with pytest.raises(InvalidOperationError, match="level=95"):
        diebold_mariano([1, 2, 3], [1, 2, 3], level=95)
