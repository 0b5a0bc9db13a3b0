"""Every metric against scikit-learn, or a plain formula where it has none, on the same rows."""

from __future__ import annotations

import warnings

import numpy as np
import polars as pl
import pytest
from sklearn import metrics as sk
from sklearn.linear_model import LogisticRegression

from scalekit.judge.metrics import METRICS
from scalekit.judge.statistics import Layout, joined, results, tally

EXACT = 1e-10
N = 6000


def judged(layout, y, said, weight=None, scale=None):
    """Values and bounds by metric, from three parts."""
    random = np.random.default_rng(1)
    blocks = random.integers(0, layout.blocks, len(y))
    whole = None
    for rows in np.array_split(random.permutation(len(y)), 3):
        part = tally(
            layout, y[rows], {"model": said[rows]}, blocks[rows],
            weight=None if weight is None else weight[rows],
            scale=None if scale is None else scale[rows],
        )  # fmt: skip
        whole = part if whole is None else joined(whole, part)
    table = results(whole, metrics=layout.metrics)
    return {row["metric"]: row for row in table.iter_rows(named=True)}


def weights(kind, count):
    return None if kind == "plain" else np.random.default_rng(7).uniform(0.2, 3.0, count)


def check(found, expected, name):
    row = found[name]
    if np.isnan(expected):
        assert row["value"] is None, name
        return
    if row["bound_low"] == row["bound_high"]:
        assert row["value"] == pytest.approx(expected, rel=EXACT, abs=EXACT), name
    else:
        slack = 1e-12 * max(1.0, abs(expected))
        assert row["bound_low"] - slack <= expected <= row["bound_high"] + slack, name
        assert row["bound_low"] <= row["value"] <= row["bound_high"], name


each_weight = pytest.mark.parametrize("kind", ["plain", "weighted"])

# Two classes


def scores(case):
    random = np.random.default_rng(3)
    z = random.normal(size=N)
    chance = 1 / (1 + np.exp(-z))
    p = 1 / (1 + np.exp(-(z + random.normal(size=N))))
    match case:
        case "rare":
            n = 200_000
            z = random.normal(size=n)
            p = np.clip(1e-3 * np.exp(z), 0, 0.999)
            return (random.random(n) < 1.5e-3 * np.exp(z - 0.5)).astype(int), p
        case "ties":
            p = p.round(2)
        case "constant":
            p = np.full(N, 0.3)
        case "extreme":
            p = np.where(random.random(N) < 0.1, 0.0, np.where(random.random(N) < 0.1, 1.0, p))
        case "right":
            return (chance > 0.5).astype(int), chance
        case "tiny":
            p = p * 1e-9
    return (random.random(N) < chance).astype(int), p


each_case = pytest.mark.parametrize(
    "case", ["plain", "ties", "constant", "extreme", "rare", "right", "tiny"]
)


def of_binary(y, p, w):
    said = (p >= 0.5).astype(int)
    k = {"sample_weight": w}
    tn, fp, fn, tp = sk.confusion_matrix(y, said, **k).ravel()
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "log_loss": sk.log_loss(y, p, **k),
            "brier": sk.brier_score_loss(y, p, **k),
            "d2_log_loss": sk.d2_log_loss_score(y, p, **k),
            "d2_brier": sk.d2_brier_score(y, p, **k),
            "roc_auc": sk.roc_auc_score(y, p, **k),
            "average_precision": sk.average_precision_score(y, p, **k),
            "accuracy": sk.accuracy_score(y, said, **k),
            "balanced_accuracy": sk.balanced_accuracy_score(y, said, **k),
            "precision": tp / (tp + fp),
            "recall": sk.recall_score(y, said, **k),
            "specificity": sk.recall_score(y, said, pos_label=0, **k),
            "npv": tn / (tn + fn),
            "f1": sk.f1_score(y, said, **k),
            "jaccard": sk.jaccard_score(y, said, **k),
            "mcc": sk.matthews_corrcoef(y, said, **k),
            "kappa": sk.cohen_kappa_score(y, said, **k),
            "lr_positive": tp / (tp + fn) / (fp / (fp + tn)) if tp else np.nan,
            "lr_negative": fn / (tp + fn) / (tn / (fp + tn)),
            "positive_rate": np.average(said, weights=w),
        }


@each_weight
@each_case
def test_binary(case, kind):
    y, p = scores(case)
    w = weights(kind, len(y))
    layout = Layout(
        "binary",
        ("model",),
        classes=(0, 1),
        metrics=tuple(METRICS["binary"]),
        is_weighted=w is not None,
    )
    found = judged(layout, y, p, w)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = of_binary(y, p, w)
    for name, value in expected.items():
        if name in ("mcc", "kappa") and not (p >= 0.5).any():
            assert found[name]["value"] == pytest.approx(0.0)  # nothing is said: no correlation
        elif name.startswith("lr_") and not np.isfinite(value):
            assert found[name]["value"] is None
        else:
            check(found, value, name)
    assert set(expected) | set(OTHERWISE) == set(METRICS["binary"])


OTHERWISE = ("ece", "calibration_slope", "calibration_intercept", "ks", "lift_10")
"""Metrics that scikit-learn does not have: each has a test of its own."""


@each_weight
@pytest.mark.parametrize("case", ["plain", "ties", "constant", "extreme", "rare", "tiny"])
def test_bounds_of_ranks_are_narrow_and_those_of_ties_closed(case, kind):
    y, p = scores(case)
    w = weights(kind, len(y))
    layout = Layout(
        "binary",
        ("model",),
        classes=(0, 1),
        is_weighted=w is not None,
        metrics=("roc_auc", "average_precision"),
    )
    found = judged(layout, y, p, w)
    for row in found.values():
        if (
            case != "tiny"
        ):  # a billionth of a chance each: few bins, and what they leave open is said
            assert row["bound_high"] - row["bound_low"] <= 1e-3
    if case in ("ties", "constant"):
        for row in found.values():
            assert row["bound_high"] - row["bound_low"] <= 1e-15
    tolerance = 1e-3 if case == "tiny" else 1e-5
    expected = sk.roc_auc_score(y, p, sample_weight=w)
    assert found["roc_auc"]["value"] == pytest.approx(expected, abs=tolerance)


@pytest.mark.parametrize("case", ["plain", "ties"])
def test_ks_is_the_largest_distance_of_two_curves(case):
    y, p = scores(case)
    found = judged(Layout("binary", ("model",), classes=(0, 1), metrics=("ks",)), y, p)
    false, true, _ = sk.roc_curve(y, p, drop_intermediate=False)
    expected = (true - false).max()
    check(found, expected, "ks")
    assert found["ks"]["value"] == pytest.approx(expected, abs=1e-12 if case == "ties" else 1e-3)


def test_lift_of_the_first_tenth():
    y, p = scores("plain")
    found = judged(Layout("binary", ("model",), classes=(0, 1), metrics=("lift_10",)), y, p)
    first = np.argsort(-p)[: N // 10]
    expected = y[first].mean() / y.mean()
    assert found["lift_10"]["bound_low"] <= expected <= found["lift_10"]["bound_high"]
    assert found["lift_10"]["value"] == pytest.approx(expected, rel=1e-3)


@each_weight
def test_calibration_error_is_that_of_fifteen_equal_groups(kind):
    y, p = scores("plain")
    w = weights(kind, N)
    layout = Layout(
        "binary", ("model",), classes=(0, 1), metrics=("ece",), is_weighted=w is not None
    )
    found = judged(layout, y, p, w)
    weight = np.ones(N) if w is None else w
    order = np.argsort(p, kind="stable")
    groups = np.minimum(
        (15 * (np.cumsum(weight[order]) - weight[order] / 2) / weight.sum()).astype(int), 14
    )
    gaps = np.bincount(groups, (weight * (p - y))[order], 15)
    assert found["ece"]["value"] == pytest.approx(np.abs(gaps).sum() / weight.sum(), abs=2e-4)


@each_weight
@pytest.mark.parametrize("case", ["plain", "ties", "rare"])
def test_calibration_slope_is_that_of_a_logistic_regression(case, kind):
    y, p = scores(case)
    keep = (p > 0) & (p < 1)
    y, p = y[keep], p[keep]
    w = weights(kind, len(y))
    layout = Layout("binary", ("model",), classes=(0, 1), is_weighted=w is not None,
                    metrics=("calibration_slope", "calibration_intercept"))  # fmt: skip
    found = judged(layout, y, p, w)
    odds = np.log(p / (1 - p))
    fitted = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000, solver="newton-cholesky")
    fitted.fit(odds[:, None], y, sample_weight=w)
    assert found["calibration_slope"]["value"] == pytest.approx(fitted.coef_[0, 0], abs=5e-5)
    a = found["calibration_intercept"]["value"]
    said = 1 / (1 + np.exp(-(odds + a)))
    assert np.average(said, weights=w) == pytest.approx(np.average(y, weights=w), abs=1e-5)


# Several classes


@each_weight
def test_several_classes(kind):
    random = np.random.default_rng(5)
    k = 4
    z = random.normal(size=(N, k))
    y = np.array([random.choice(k, p=np.exp(row) / np.exp(row).sum()) for row in z])
    p = np.exp(z + random.normal(size=(N, k)))
    p /= p.sum(axis=1, keepdims=True)
    p = p.round(3)  # ties
    w = weights(kind, N)
    classes = ("a", "b", "c", "d")
    layout = Layout(
        "multiclass",
        ("model",),
        classes=classes,
        metrics=tuple(METRICS["multiclass"]),
        is_weighted=w is not None,
    )
    found = judged(layout, y, p, w)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = of_classes(y, p, w, classes)
    for name, value in expected.items():
        check(found, value, name)
    assert set(expected) == set(found)


def of_classes(y, p, w, classes):
    said = p.argmax(axis=1)
    k = {"sample_weight": w}
    normed = p / p.sum(axis=1, keepdims=True)
    table = {
        "log_loss": sk.log_loss(y, p, **k),
        "brier": float(np.average(((p - np.eye(4)[y]) ** 2).sum(axis=1), weights=w)),
        "d2_log_loss": sk.d2_log_loss_score(y, p, **k),
        "accuracy": sk.accuracy_score(y, said, **k),
        "balanced_accuracy": sk.balanced_accuracy_score(y, said, **k),
        "mcc": sk.matthews_corrcoef(y, said, **k),
        "kappa": sk.cohen_kappa_score(y, said, **k),
        "top_2": sk.top_k_accuracy_score(y, p, k=2, **k),
        "top_3": sk.top_k_accuracy_score(y, p, k=3, **k),
        "top_5": 1.0,
    }
    share = np.array([np.average(y == c, weights=w) for c in range(4)])
    table["d2_brier"] = 1 - table["brier"] / (share * (1 - share)).sum()
    areas = [sk.roc_auc_score(y == c, p[:, c], **k) for c in range(4)]
    table["roc_auc_ovr"] = float(np.mean(areas))
    table["roc_auc_ovr_weighted"] = float(np.average(areas, weights=share))
    if w is None:
        assert np.mean(areas) == pytest.approx(
            sk.roc_auc_score(y, normed, multi_class="ovr"), abs=1e-3
        )
    table["roc_auc_ovo"] = hand_and_till(y, p, w)
    for c, name in enumerate(classes):
        table[f"roc_auc[{name}]"] = areas[c]
    for average in ("macro", "weighted"):
        for name, score in SCORES.items():
            if (name, average) != ("jaccard", "weighted"):
                table[f"{name}_{average}"] = score(y, said, average=average, **k)
    for name in ("precision", "recall", "f1"):
        for c, value in enumerate(SCORES[name](y, said, average=None, **k)):
            table[f"{name}[{classes[c]}]"] = value
    return table


SCORES = {
    "precision": sk.precision_score,
    "recall": sk.recall_score,
    "f1": sk.f1_score,
    "jaccard": sk.jaccard_score,
}


def hand_and_till(y, p, w):
    areas = []
    for i in range(4):
        for j in range(i):
            rows = (y == i) | (y == j)
            k = {"sample_weight": None if w is None else w[rows]}
            areas.append(sk.roc_auc_score(y[rows] == i, p[rows, i], **k))
            areas.append(sk.roc_auc_score(y[rows] == j, p[rows, j], **k))
    return float(np.mean(areas))


# Numbers


def numbers(case):
    random = np.random.default_rng(11)
    x = random.normal(size=N)
    match case:
        case "plain":
            return x, x * 0.8 + random.normal(size=N)
        case "offset":
            return 1e6 + x, 1e6 + x * 0.8 + random.normal(size=N) * 0.3
        case "tails":
            y = np.exp(3 * x)
            return y, y * np.exp(random.normal(size=N))
        case "counts":
            rate = np.exp(x)
            return random.poisson(rate).astype(float), rate * 1.1
        case "many":
            return random.poisson(1000 * np.exp(x)).astype(float), 1000 * np.exp(x)
        case "small":
            return 1e-7 * x, 1e-7 * (x + random.normal(size=N))


def of_numbers(y, f, w):
    k = {"sample_weight": w}
    e = np.abs(f - y)
    weight = np.ones(len(y)) if w is None else w
    table = {
        "rmse": sk.root_mean_squared_error(y, f, **k),
        "mse": sk.mean_squared_error(y, f, **k),
        "mae": sk.mean_absolute_error(y, f, **k),
        "r2": sk.r2_score(y, f, **k),
        "explained_variance": sk.explained_variance_score(y, f, **k),
        "bias": float(np.average(f - y, weights=w)),
        "mape": sk.mean_absolute_percentage_error(y, f, **k),
        "smape": float(np.average(2 * e / (np.abs(y) + np.abs(f)), weights=w)),
        "wape": float((weight * e).sum() / (weight * np.abs(y)).sum()),
        "max_error": sk.max_error(y, f),
        "calibration_slope": float(
            np.cov(y, f, aweights=weight)[0, 1] / np.cov(f, aweights=weight)
        ),
        "correlation": float(
            np.cov(y, f, aweights=weight)[0, 1]
            / np.sqrt(np.cov(f, aweights=weight) * np.cov(y, aweights=weight))
        ),
        "d2_absolute_error": sk.d2_absolute_error_score(y, f, **k),
    }
    if w is None:
        table["median_ae"] = sk.median_absolute_error(y, f)
        table["p90_ae"] = float(np.quantile(e, 0.9))
    if (
        min(y.min(), f.min()) >= 0 and y.mean() < 1e5
    ):  # D2 is a small difference of large means there
        table["msle"] = sk.mean_squared_log_error(y, f, **k)
        table["rmsle"] = sk.root_mean_squared_log_error(y, f, **k)
        table["poisson_deviance"] = sk.mean_poisson_deviance(y, f, **k)
        table["d2_poisson"] = sk.d2_tweedie_score(y, f, power=1, **k)
        table["tweedie_deviance"] = sk.mean_tweedie_deviance(y, f, power=1.5, **k)
        table["d2_tweedie"] = sk.d2_tweedie_score(y, f, power=1.5, **k)
    if y.min() > 0 and f.min() > 0 and y.mean() < 1e5:
        table["gamma_deviance"] = sk.mean_gamma_deviance(y, f, **k)
        table["d2_gamma"] = sk.d2_tweedie_score(y, f, power=2, **k)
    return table


@each_weight
@pytest.mark.parametrize("case", ["plain", "offset", "tails", "counts", "many", "small"])
def test_numbers(case, kind):
    y, f = numbers(case)
    w = weights(kind, N)
    layout = Layout(
        "regression",
        ("model",),
        metrics=tuple(METRICS["regression"]),
        is_weighted=w is not None,
        centre=float(y.mean()),
        scale=float(y.std()),
    )
    found = judged(layout, y, f, w)
    expected = of_numbers(y, f, w)
    for name, value in expected.items():
        if case == "offset" and name in ("r2", "explained_variance", "calibration_slope"):
            assert found[name]["value"] == pytest.approx(
                value, abs=1e-9
            )  # as far as 1e6 + x knows x
        else:
            check(found, value, name)
    if w is None and case == "tails":
        assert set(expected) == set(METRICS["regression"])


@pytest.mark.parametrize("centre", [0.0, 1e6])
def test_a_mean_far_from_zero_costs_no_digits(centre):
    y, f = numbers("offset")
    found = judged(Layout("regression", ("model",), metrics=("r2",), centre=centre), y, f)
    assert found["r2"]["value"] == pytest.approx(sk.r2_score(y, f), abs=1e-9)


def test_order_statistics_are_within_a_hundredth():
    y, f = numbers("tails")
    found = judged(Layout("regression", ("model",)), y, f)
    assert found["median_ae"]["value"] == pytest.approx(sk.median_absolute_error(y, f), rel=0.01)


def test_deviances_of_predictions_below_zero_do_not_exist():
    y, f = numbers("counts")
    f[0] = -1.0
    found = judged(Layout("count", ("model",)), y, f)
    assert found["poisson_deviance"]["value"] is None
    assert found["rmse"]["value"] == pytest.approx(sk.root_mean_squared_error(y, f), rel=EXACT)


@each_weight
def test_quantiles(kind):
    random = np.random.default_rng(2)
    y = random.normal(size=N)
    levels = (0.1, 0.5, 0.9)
    f = np.stack([np.full(N, -1.2), random.normal(size=N) * 0.1, np.full(N, 1.3)], axis=1)
    f[:5, 0] = 2.0  # out of order
    w = weights(kind, N)
    layout = Layout("quantile", ("model",), quantiles=levels, is_weighted=w is not None)
    found = judged(layout, y, f, w)
    losses = [
        sk.mean_pinball_loss(y, f[:, i], alpha=q, sample_weight=w) for i, q in enumerate(levels)
    ]
    inside = (f[:, 0] <= y) & (y <= f[:, 2])
    expected = {
        "pinball": float(np.mean(losses)),
        **{f"pinball[{q}]": loss for q, loss in zip(levels, losses, strict=True)},
        **{f"below[{q}]": float(np.average(y <= f[:, i], weights=w)) for i, q in enumerate(levels)},
        "coverage": float(np.average(inside, weights=w)),
        "width": float(np.average(f[:, 2] - f[:, 0], weights=w)),
        "crossing": float(np.average((np.diff(f, axis=1) < 0).any(axis=1), weights=w)),
        "interval_score": float(
            np.average(
                f[:, 2] - f[:, 0]
                + 10 * np.maximum(f[:, 0] - y, 0)
                + 10 * np.maximum(y - f[:, 2], 0),
                weights=w,
            )
        ),
    }  # fmt: skip
    for name, value in expected.items():
        check(found, value, name)
    assert set(expected) == set(found)


def test_forecasts_by_the_scale_of_their_series():
    random = np.random.default_rng(2)
    y, noise = random.normal(size=(2, N))
    scale = random.uniform(0.5, 2.0, N)
    found = judged(Layout("forecast", ("model",)), y, y + noise, scale=scale)
    check(found, float(np.mean(np.abs(noise) / scale)), "mase")
    check(found, float(np.sqrt(np.mean((noise / scale) ** 2))), "rmsse")


def test_labels_of_more_classes_than_are_there_count_as_in_sklearn():
    y = np.array([0, 0, 1, 1, 1])
    p = np.eye(4)[[0, 1, 1, 1, 0]]
    layout = Layout(
        "multiclass", ("model",), classes=tuple("abcd"), metrics=("f1_macro", "balanced_accuracy")
    )
    found = judged(layout, y, p)
    said = p.argmax(axis=1)
    check(found, sk.f1_score(y, said, average="macro"), "f1_macro")
    check(found, sk.balanced_accuracy_score(y, said), "balanced_accuracy")


def test_float32_probabilities_are_kept_from_the_limits_as_in_sklearn():
    y = np.array([0, 1, 1])
    p = np.array([0.25, 0.5, 0.0], dtype=np.float32)
    found = judged(Layout("binary", ("model",), classes=(0, 1)), y, p)
    assert found["log_loss"]["value"] == pytest.approx(sk.log_loss(y, p), rel=1e-6)


def test_confusion_is_exact_at_any_edge_and_at_the_threshold():
    y, p = scores("plain")
    p[:50] = 0.5
    p[50:100] = np.nextafter(0.5, 0)
    layout = Layout("binary", ("model",), classes=(0, 1))
    counted = tally(layout, y, {"model": p}, np.arange(N) % 200)
    assert (counted.arrays["confusion"][0] == sk.confusion_matrix(y, p >= 0.5)).all()
    table = results(counted)
    assert table.filter(pl.col("metric") == "f1")["value"][0] == sk.f1_score(y, p >= 0.5)
