"""Exact quantiles are NumPy's and scikit-learn's to the last bit, in four passes at the most."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import sparse
from sklearn.utils.stats import _weighted_percentile

from scalekit.learn.passes import quantiles
from scalekit.learn.passes.batch import Batch
from scalekit.learn.passes.columns import Features
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.percentiles import PLACES, medians, percentiles, weighted_percentiles
from scalekit.learn.passes.requests import Pass, Steps
from scalekit.learn.passes.views import Table, View
from scalekit.learn.roles import Roles

SHARES = np.concatenate([np.linspace(0, 1, 7), [0.123, 0.5001, 0.999]])


def values(seed: int, rows: int) -> np.ndarray[Any, Any]:
    """Columns of all scales, whole numbers, gaps."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 5)) * 10.0 ** np.array([0, 3, 200, -310, 0])
    x[:, 1] += 1e6
    x[:, 4] = np.round(x[:, 4])
    x[rng.random(x.shape) < 0.1] = np.nan
    return x


def run(steps: Steps, parts: list[Batch]) -> tuple[Any, int]:
    """Answer the passes of a fit from batches, and count them."""
    answer, passes = None, 0
    while True:
        try:
            request: Pass = steps.send(answer)
        except StopIteration as end:
            return end.value, passes
        passes, answer = passes + 1, None
        for part in parts:
            found = request.kernel(part, *request.broadcast)
            answer = found if answer is None else request.combine(answer, found)


def batches(x: Any, weight: Any = None, size: int = 70) -> list[Batch]:
    """Rows in parts."""
    found = []
    for start in range(0, x.shape[0], size):
        rows = slice(start, start + size)
        block, w = x[rows], None if weight is None else weight[rows]
        table = pl.DataFrame({"row": np.arange(block.shape[0])})
        found.append(Batch(table, lambda b=block: b, lambda: None, lambda w=w: w))
    return found


def data(x: Any) -> Data:
    view = View(Table(None, Roles((), (), None)))  # type: ignore[arg-type]
    return Data(view, x, None, weighted=False, local=True, fitter=None)  # type: ignore[arg-type]


@pytest.fixture(params=["few", "many", "cramped"])
def _sizes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether values are brought here after the first pass, never, or cells are few."""
    if request.param != "few":
        monkeypatch.setattr(quantiles, "FEW", 0)
    if request.param == "cramped":
        monkeypatch.setattr(quantiles, "CELLS", 200)


@pytest.mark.usefixtures("_sizes")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("rows", [1, 2, 3, 10, 301])
@pytest.mark.parametrize("method", PLACES)
def test_percentiles(method: str, rows: int, dtype: Any) -> None:
    x = np.clip(values(rows, rows), -1e30, 1e30).astype(dtype)
    steps = percentiles(data(x), Features("it"), SHARES, method=method, dtype=dtype)
    found, passes = run(steps, batches(x.astype(np.float64)))
    for ours, column in zip(found, x.T, strict=True):
        there = column[~np.isnan(column)]
        wanted = np.quantile(there, SHARES, method=method) if len(there) else np.full(10, np.nan)
        assert np.array_equal(ours, wanted, equal_nan=True)
        assert ours.dtype == np.asarray(wanted, ours.dtype if not len(there) else None).dtype
    assert passes <= 4


@pytest.mark.usefixtures("_sizes")
@pytest.mark.parametrize("rows", [1, 2, 300, 301])
def test_medians(rows: int) -> None:
    x = values(rows, rows)
    found, passes = run(medians(data(x), Features("it")), batches(x))
    with np.errstate(invalid="ignore"):
        wanted = [np.median(c[~np.isnan(c)]) if np.isfinite(c).any() else np.nan for c in x.T]
    assert np.array_equal(found, wanted, equal_nan=True)
    assert passes <= 4


@pytest.mark.usefixtures("_sizes")
@pytest.mark.parametrize("average", [False, True])
@pytest.mark.parametrize("whole", [False, True])
def test_weighted_percentiles(*, whole: bool, average: bool) -> None:
    rng = np.random.default_rng(5)
    x = values(9, 400)
    if average:  # with which scikit-learn takes a missing value for the one after the last
        x = np.nan_to_num(x)
    weight = rng.integers(0, 4, size=400).astype(float) if whole else rng.random(400)
    percent = np.array([0.0, 10, 25, 50, 75, 100])
    steps = weighted_percentiles(
        data(x), Features("it", weighted=True), percent, average=average, eps=2.0**-52
    )
    found, passes = run(steps, batches(x, weight))
    assert np.array_equal(found, _weighted_percentile(x, weight, percent, average=average))
    assert passes <= 4


def test_sparse_columns_and_values_that_stand_for_missing_ones() -> None:
    x = sparse.random(300, 4, density=0.3, format="csr", random_state=0)
    x.data[::7] = -1
    found, _ = run(percentiles(data(x), Features("it"), SHARES), batches(x))
    assert np.array_equal(found, np.quantile(x.toarray(), SHARES, axis=0).T)
    found, _ = run(percentiles(data(x), Features("it", stored=True), SHARES), batches(x))
    assert np.array_equal(found, [np.quantile(x[:, j].data, SHARES) for j in range(4)])
    found, _ = run(percentiles(data(x), Features("it", missing=-1), SHARES), batches(x))
    dense = x.toarray()
    assert np.array_equal(found, [np.quantile(c[c != -1], SHARES) for c in dense.T])


def test_zeros_of_both_signs_and_the_ends_of_the_scale() -> None:
    tiny, huge = np.finfo(float).smallest_subnormal, np.finfo(float).max
    x = np.array([0.0, -0.0, tiny, -tiny, huge, -huge, 1.0, -1.0])
    assert np.array_equal(quantiles.value_of(quantiles.key_of(x)), x)
    assert np.array_equal(x[np.argsort(quantiles.key_of(x), kind="stable")], np.sort(x))
    assert len(set(quantiles.key_of(x[:2]))) == 1
