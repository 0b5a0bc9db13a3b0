"""Curves and pictures from tallies against the same from rows."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import confusion_matrix, f1_score, precision_recall_curve, roc_curve

from scalekit.errors import InvalidOperationError
from scalekit.judge.statistics import Layout, curves, empty, residuals, tally, thresholds

N = 20_000


@pytest.fixture(scope="module")
def rows():
    random = np.random.default_rng(0)
    z = random.normal(size=N)
    y = (random.random(N) < 1 / (1 + np.exp(-z))).astype(int)
    return y, 1 / (1 + np.exp(-(z + random.normal(size=N))))


@pytest.fixture(scope="module")
def counted(rows):
    y, p = rows
    layout = Layout("binary", ("m",), classes=("no", "yes"))
    return tally(layout, y, {"m": p}, np.random.default_rng(1).integers(0, 200, N))


def test_roc(rows, counted):
    table = curves.roc_curve(counted, "m", points=101)
    false, true, _ = roc_curve(*rows, drop_intermediate=False)
    expected = np.interp(table["false_positive_rate"], false, true)
    np.testing.assert_allclose(table["true_positive_rate"], expected, atol=1e-3)
    assert (
        (table["low"] <= table["true_positive_rate"])
        & (table["true_positive_rate"] <= table["high"])
    ).all()
    assert 0.005 < (table["high"] - table["low"])[50] < 0.05


def test_precision_by_recall(rows, counted):
    table = curves.precision_recall_curve(counted, "m", points=50)
    precision, recall, _ = precision_recall_curve(*rows)
    for r, found in table.select("recall", "precision").iter_rows():
        first = precision[recall >= r - 1e-12][
            -1
        ]  # the highest threshold at which so much is found
        assert found == pytest.approx(first, abs=5e-3 if r > 0.05 else 5e-2)


def test_gain(rows, counted):
    y, p = rows
    table = curves.gain_curve(counted, "m", points=10)
    order = np.argsort(-p)
    for share, found in table.select("share", "found").iter_rows():
        assert found == pytest.approx(y[order][: round(share * N)].sum() / y.sum(), abs=1e-3)
    assert table["lift"][0] > 1.3
    assert table["found"][-1] == 1.0


def test_reliability(rows, counted):
    y, p = rows
    table = curves.reliability_curve(counted, "m", groups=10)
    rate, score = calibration_curve(y, p, n_bins=10, strategy="quantile")
    np.testing.assert_allclose(table["score"], score, atol=2e-3)
    np.testing.assert_allclose(table["rate"], rate, atol=5e-3)
    assert table["n"].sum() == N
    half = (table["high"] - table["low"]).to_numpy() / 2
    simple = 1.972 * np.sqrt(rate * (1 - rate) / (N / 10))
    np.testing.assert_allclose(half, simple, rtol=0.3)


def test_histogram_of_scores(rows, counted):
    y, p = rows
    table = curves.score_histogram(counted, "m", bins=20)
    for side, name in enumerate(("negative", "positive")):
        expected = np.histogram(p[y == side], bins=20, range=(0, 1))[0]
        np.testing.assert_allclose(table[name], expected, atol=6)
        assert table[name].sum() == (y == side).sum()


def test_thresholds_are_exact(rows, counted):
    y, p = rows
    table = thresholds.thresholds(counted, "m", points=50)
    for row in table.iter_rows(named=True):
        tn, fp, fn, tp = confusion_matrix(y, p >= row["threshold"]).ravel()
        assert (row["tn"], row["fp"], row["fn"], row["tp"]) == (tn, fp, fn, tp)
        assert row["f1"] == pytest.approx(f1_score(y, p >= row["threshold"]))
    assert table["threshold"].is_sorted()
    assert table["tp"][0] + table["fp"][0] == N
    assert table["tp"][-1] == 0


def test_thresholds_of_few_scores_are_those_scores():
    layout = Layout("binary", ("m",), classes=(0, 1))
    y, p = np.array([0, 1, 0, 1, 1]), np.array([0.1, 0.3, 0.3, 0.7, 0.7])
    table = thresholds.thresholds(tally(layout, y, {"m": p}, np.arange(5)), "m")
    assert table["threshold"].to_list()[:3] == [0.1, 0.3, 0.7]


def test_costs(rows, counted):
    y, p = rows
    table = thresholds.cost_curve(counted, "m", false_positive=1, false_negative=5, points=40)
    for at, cost in table.select("threshold", "cost").iter_rows():
        said = p >= at
        assert cost == pytest.approx(
            (((said == 1) & (y == 0)).sum() + 5 * ((said == 0) & (y == 1)).sum()) / N
        )
    assert (table["high"] >= table["low"]).all()


def test_confusion_at_any_threshold(rows, counted):
    y, p = rows
    at = thresholds.thresholds(counted, "m", points=7)["threshold"][3]
    table = thresholds.confusion(counted, "m", threshold=at)
    assert table["n"].to_list() == confusion_matrix(y, p >= at).ravel().tolist()
    between = thresholds.confusion(counted, "m", threshold=0.3456)["n"].to_numpy()
    np.testing.assert_allclose(between, confusion_matrix(y, p >= 0.3456).ravel(), atol=4)


def test_curves_of_several_classes():
    random = np.random.default_rng(0)
    y, p = random.integers(0, 3, 5000), random.dirichlet([1, 1, 1], 5000)
    p[np.arange(5000), y] += 0.5
    p /= p.sum(axis=1, keepdims=True)
    for more in ({}, {"metrics": ("roc_auc_ovo",)}):
        layout = Layout("multiclass", ("m",), classes=("a", "b", "c"), **more)
        counted = tally(layout, y, {"m": p}, np.arange(5000) % 200)
        table = curves.roc_curve(counted, "m", points=51, of=1)
        false, true, _ = roc_curve(y == 1, p[:, 1], drop_intermediate=False)
        expected = np.interp(table["false_positive_rate"], false, true)
        np.testing.assert_allclose(table["true_positive_rate"], expected, atol=2e-3)
        assert curves.reliability_curve(counted, "m", of=2)["n"].sum() == 5000
        assert thresholds.confusion(counted, "m")["n"].sum() == 5000
        with pytest.raises(InvalidOperationError, match="give the position of one"):
            curves.roc_curve(counted, "m")


def test_rare_positives_have_a_reliability_curve_of_ten_groups():
    random = np.random.default_rng(0)
    n = 200_000
    z = random.normal(size=n)
    p = 1.5e-3 * np.exp(z) / np.exp(0.5)
    y = (random.random(n) < p).astype(int)
    layout = Layout("binary", ("m",), classes=(0, 1))
    counted = tally(layout, y, {"m": p}, random.integers(0, 200, n))
    table = curves.reliability_curve(counted, "m")
    assert table.height == 10
    assert ((table["low"] <= table["score"]) & (table["score"] <= table["high"])).sum() >= 8


# Numbers


@pytest.fixture(scope="module")
def numbers():
    random = np.random.default_rng(0)
    y = 1000 + 50 * random.normal(size=N)
    return y, 0.8 * (y - 1000) + 1010 + 20 * random.normal(size=N)


@pytest.fixture(scope="module")
def counted_numbers(numbers):
    y, f = numbers
    layout = Layout("regression", ("m",), centre=float(y.mean()), scale=float(y.std()))
    return tally(layout, y, {"m": f}, np.random.default_rng(1).integers(0, 200, N))


def test_quantiles_of_errors(numbers, counted_numbers):
    y, f = numbers
    table = residuals.error_quantiles(counted_numbers, "m", points=9)
    np.testing.assert_allclose(
        table["error"], np.quantile(f - y, table["quantile"]), rtol=0.01, atol=0.05
    )
    np.testing.assert_allclose(
        table["absolute"], np.quantile(abs(f - y), table["quantile"]), rtol=0.01
    )


def test_histogram_of_errors(numbers, counted_numbers):
    y, f = numbers
    table = residuals.error_histogram(counted_numbers, "m", bins=30)
    assert table["n"].sum() == N
    ends = np.r_[table["low"].to_numpy(), table["high"][-1]]
    inside = np.histogram(f - y, bins=ends)[0]
    np.testing.assert_allclose(table["n"][1:-1], inside[1:-1], rtol=0.1, atol=15)


def test_bias_by_prediction(numbers, counted_numbers):
    y, f = numbers
    table = residuals.bias_by_prediction(counted_numbers, "m", groups=10)
    assert table["n"].sum() == N
    assert (table["n"] > N / 15).all()
    groups = np.array_split(np.argsort(f), np.cumsum(table["n"].to_numpy())[:-1].astype(int))
    for row, group in zip(table.iter_rows(named=True), groups, strict=True):
        assert row["prediction"] == pytest.approx(f[group].mean(), rel=1e-9)
        assert row["target"] == pytest.approx(y[group].mean(), rel=1e-9)
        assert row["low"] < row["bias"] < row["high"]
        expected = 1.972 * (f - y)[group].std() / np.sqrt(len(group))
        assert (row["high"] - row["low"]) / 2 == pytest.approx(expected, rel=0.35)


def test_predicted_against_actual(numbers, counted_numbers):
    y, f = numbers
    table = residuals.predicted_against_actual(counted_numbers, "m")
    assert table["n"].sum() == N
    assert table["actual_low"].min() == y.min()
    assert table["predicted_high"].max() == f.max()
    row = table.sort("n").row(-1, named=True)
    inside = ((f >= row["predicted_low"]) & (f < row["predicted_high"])
              & (y >= row["actual_low"]) & (y < row["actual_high"]))  # fmt: skip
    assert inside.sum() == pytest.approx(row["n"], abs=1)


def test_pictures_of_nothing_are_empty():
    nothing = empty(Layout("regression", ("m",)))
    assert residuals.predicted_against_actual(nothing, "m").height == 0
    assert residuals.bias_by_prediction(nothing, "m").height == 0
    assert residuals.error_histogram(nothing, "m").height == 0
    nothing = empty(Layout("binary", ("m",), classes=(0, 1)))
    assert curves.roc_curve(nothing, "m").height == 0
    assert curves.reliability_curve(nothing, "m").height == 0
    assert thresholds.thresholds(nothing, "m").height == 1


def test_pictures_of_another_task_are_refused(counted, counted_numbers):
    with pytest.raises(InvalidOperationError, match="no residuals"):
        residuals.error_histogram(counted, "m")
    with pytest.raises(InvalidOperationError, match="no scores"):
        curves.roc_curve(counted_numbers, "m")
    with pytest.raises(InvalidOperationError, match="no classes to confuse"):
        thresholds.confusion(counted_numbers, "m")


def test_one_score_for_all_gives_straight_lines():
    y = np.arange(100) % 4 == 0
    layout = Layout("binary", ("m",), classes=(False, True))
    counted = tally(layout, y, {"m": np.full(100, 0.25)}, np.arange(100))
    table = curves.roc_curve(counted, "m", points=5)
    np.testing.assert_allclose(table["true_positive_rate"], table["false_positive_rate"])
    gain = curves.gain_curve(counted, "m", points=4)
    assert gain.select(pl.col("lift").round(9)).to_series().to_list() == [1.0] * 4
    assert curves.reliability_curve(counted, "m").height == 1
