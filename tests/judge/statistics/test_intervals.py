"""Intervals, differences and p values: against scipy, formulas of the field, and small simulations of fixed seed."""

from __future__ import annotations

from math import ceil, sqrt

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy import stats
from sklearn.metrics import cohen_kappa_score, roc_auc_score

from benchmarks import simulate
from scalekit.errors import InvalidOperationError
from scalekit.judge.statistics import (
    Layout,
    agreement,
    benjamini_hochberg,
    from_tables,
    holm,
    paired,
    results,
    skill,
    tally,
    to_tables,
)
from scalekit.judge.statistics.distributions import (
    binomial_two_sided,
    incomplete_beta,
    t_quantile,
    t_two_sided,
    wilson,
)
from scalekit.judge.statistics.intervals import jackknife
from scalekit.judge.statistics.thresholds import thresholds


@pytest.mark.parametrize("df", [1.0, 2.5, 19.0, 199.0, 1e5])
def test_students_t_is_that_of_scipy(df):
    for t in (0.0, 0.1, 1.96, 5.0, 30.0):
        assert t_two_sided(t, df) == pytest.approx(2 * stats.t.sf(t, df), rel=1e-8, abs=1e-15)
    for level in (0.5, 0.95, 0.999):
        assert t_quantile(level, df) == pytest.approx(stats.t.ppf(0.5 + level / 2, df), rel=1e-6)


def test_other_distributions_are_those_of_scipy():
    for successes, trials in ((0, 10), (8, 10), (5, 10), (60, 100), (3, 3), (5200, 10_000)):
        expected = stats.binomtest(successes, trials).pvalue
        assert binomial_two_sided(successes, trials) == pytest.approx(expected, rel=1e-9)
    for share, n in ((0.0, 10), (0.9, 30), (1.0, 1000), (0.5, 7)):
        expected = stats.binomtest(round(share * n), n).proportion_ci(0.95, "wilson")
        found = wilson(round(share * n) / n, n, stats.norm.ppf(0.975))
        assert found == pytest.approx((expected.low, expected.high), abs=1e-12)
    for a, b, x in ((0.5, 0.5, 0.3), (100.0, 2.0, 0.99), (2.0, 300.0, 0.01)):
        assert incomplete_beta(a, b, x) == pytest.approx(stats.beta.cdf(x, a, b), rel=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_adjusted_p_values_are_those_of_their_definitions(seed):
    p = np.random.default_rng(seed).uniform(0, 0.2, 12)
    m = len(p)
    step_down = [max(min(1, (m - j) * np.sort(p)[j]) for j in range(np.sum(p <= x))) for x in p]
    np.testing.assert_allclose(holm(p), step_down)
    np.testing.assert_allclose(benjamini_hochberg(p), stats.false_discovery_control(p))
    gaps = np.insert(p, 4, np.nan)
    np.testing.assert_allclose(np.delete(holm(gaps), 4), holm(p))
    assert np.isnan(benjamini_hochberg(gaps)[4])
    assert holm([]).tolist() == []


def test_the_jackknife_of_a_mean_is_its_standard_error():
    random = np.random.default_rng(0)
    y = random.normal(size=5000)
    layout = Layout("regression", ("m",), metrics=("bias",))
    counted = tally(layout, y, {"m": np.zeros(5000)}, random.integers(0, 200, 5000))
    row = results(counted).row(0, named=True)
    half = (row["high"] - row["low"]) / 2
    assert half == pytest.approx(1.972 * y.std() / sqrt(5000), rel=0.15)
    assert row["method"] == "jackknife"


def test_degrees_of_freedom_fall_where_few_blocks_carry_the_variance():
    even = jackknife(np.random.default_rng(0).normal(size=200))
    one = np.zeros(200)
    one[3] = 1.0
    assert 100 < even.df <= 199
    assert jackknife(one).df < 3


def test_the_area_varies_as_delong_says():
    random = np.random.default_rng(1)
    n = 20_000
    z = random.normal(size=n)
    y = (random.random(n) < 1 / (1 + np.exp(-z))).astype(int)
    p = 1 / (1 + np.exp(-(z + random.normal(size=n))))
    layout = Layout("binary", ("m",), classes=(0, 1), metrics=("roc_auc",))
    row = results(tally(layout, y, {"m": p}, np.arange(n) % 200)).row(0, named=True)
    rank = stats.rankdata(p)
    positive, negative = p[y == 1], p[y == 0]
    v10 = (rank[y == 1] - stats.rankdata(positive)) / len(negative)
    v01 = 1 - (rank[y == 0] - stats.rankdata(negative)) / len(positive)
    se = sqrt(v10.var(ddof=1) / len(positive) + v01.var(ddof=1) / len(negative))
    assert (row["high"] - row["low"]) / 2 / 1.972 == pytest.approx(se, rel=0.15)


@pytest.mark.parametrize("right", [1.0, 0.998])
def test_proportions_of_few_cases_have_wilsons_interval(right):
    n = 1000
    y = np.zeros(n, dtype=int)
    y[:500] = 1
    p = np.where(y == 1, 0.9, 0.1)
    wrong = round(n * (1 - right))
    p[:wrong] = 0.1
    layout = Layout("binary", ("m",), classes=(0, 1), metrics=("accuracy", "recall", "roc_auc"))
    table = results(tally(layout, y, {"m": p}, np.arange(n) % 200))
    row = table.row(0, named=True)
    assert row["method"] == "wilson"
    assert row["low"] <= stats.binomtest(n - wrong, n).proportion_ci(0.95, "wilson").low + 2e-3
    assert row["low"] < right <= row["high"]
    if right == 1.0:
        assert table["high"].to_list() == [1.0] * 3
        assert (table["low"] < 1.0).all()  # an area of 1 among 500 rows is not known to be 1 either


def test_quantiles_of_errors_have_intervals_of_order_statistics():
    random = np.random.default_rng(3)
    n = 5000
    e = np.abs(random.normal(size=n))
    layout = Layout("regression", ("m",), metrics=("median_ae", "p90_ae"))
    table = results(tally(layout, np.zeros(n), {"m": e}, random.integers(0, 200, n)))
    assert table["method"].to_list() == ["order", "order"]
    for q, row in zip((0.5, 0.9), table.iter_rows(named=True), strict=True):
        half = 1.96 * sqrt(n * q * (1 - q))
        low, high = np.sort(e)[[int(n * q - half), ceil(n * q + half)]]
        assert (row["low"], row["high"]) == pytest.approx((low, high), rel=0.03)


# Two models


def two_models(n=4000, seed=0, better=0.3, metrics=(), **more):
    random = np.random.default_rng(seed)
    z, e1, e2 = random.normal(size=(3, n))
    y = (random.random(n) < 1 / (1 + np.exp(-z))).astype(int)
    said = {"a": 1 / (1 + np.exp(-(z + e1))), "b": 1 / (1 + np.exp(-(z + better * e2)))}
    given = {"y": y, "block": random.integers(0, 200, n), **more}
    return Layout("binary", ("a", "b"), classes=(0, 1), metrics=metrics), given, said


def test_differences_are_of_the_values_and_the_better_model_is_found():
    layout, given, said = two_models()
    counted = tally(layout, outputs=said, **given)
    table = paired(counted, "a", "b")
    values = results(counted).pivot("model", index="metric", values="value")
    both = table.join(values, on="metric", suffix="_in_results")
    assert both["a"].to_list() == both["a_in_results"].to_list()
    np.testing.assert_allclose(both["value"], both["b"] - both["a"])
    found = dict(zip(table["metric"], table["better"], strict=True))
    assert found["log_loss"] is True  # down is better
    assert found["roc_auc"] is True  # up is better
    assert found["calibration_slope"] is True  # nearer to 1
    back = paired(counted, "b", "a")
    np.testing.assert_allclose(back["value"], -table["value"])
    np.testing.assert_allclose(back["p"], table["p"])
    assert dict(zip(back["metric"], back["better"], strict=True))["log_loss"] is False


def test_two_stored_tallies_compare_as_one_does():
    layout, given, said = two_models()
    whole = tally(layout, outputs=said, **given)
    alone = [
        from_tables(to_tables(tally(
            Layout("binary", (name,), classes=(0, 1)), outputs={name: said[name]}, **given
        )))
        for name in ("a", "b")
    ]  # fmt: skip
    assert_frame_equal(paired(alone[0], "a", "b", other=alone[1]), paired(whole, "a", "b"))


def test_tallies_of_other_rows_are_not_compared():
    layout, given, said = two_models()
    left = tally(layout, outputs=said, **given)
    _, given, said = two_models(seed=1)
    with pytest.raises(InvalidOperationError, match="other rows"):
        paired(left, "a", "b", other=tally(layout, outputs=said, **given))
    classes = Layout("binary", ("a", "b"), classes=("n", "y"))
    with pytest.raises(InvalidOperationError, match="one protocol"):
        paired(left, "a", "b", other=tally(classes, outputs=said, **given))
    with pytest.raises(InvalidOperationError, match="no model 'c'"):
        paired(left, "a", "c")


def test_a_model_does_not_differ_from_itself():
    layout, given, said = two_models()
    counted = tally(layout, outputs={"a": said["a"], "b": said["a"]}, **given)
    table = paired(counted, "a", "b")
    assert set(table["p"]) == {1.0}
    assert set(table["value"]) == {0.0}
    assert table["better"].null_count() == table.height


def test_differences_by_slice():
    layout, given, said = two_models()
    layout = Layout("binary", ("a", "b"), classes=(0, 1), slices=(("s", ("u", "v")),))
    random = np.random.default_rng(9)
    counted = tally(layout, outputs=said, slices=random.integers(0, 2, (4000, 1)), **given)
    table = paired(counted, "a", "b", ["log_loss", "accuracy"], slices=True)
    assert table["level"].to_list() == [None, None, "u", "u", "v", "v"]
    assert (table.filter(pl.col("metric") == "log_loss")["p"] < 0.05).all()


def test_thresholds_of_each_model_at_an_edge_are_exact():
    layout, given, said = two_models()
    counted = tally(layout, outputs=said, **given)
    at = thresholds(counted, "a", points=9)["threshold"][4]
    fixed = Layout("binary", ("a", "b"), classes=(0, 1), threshold=at)
    exact = results(tally(fixed, outputs=said, **given))
    found = results(counted, threshold=at)
    assert found["value"].to_list() == exact["value"].to_list()
    for side in ("low", "high"):
        np.testing.assert_allclose(found[side], exact[side], atol=3e-3)
    both = paired(counted, "a", "b", threshold=at, other_threshold=0.5)
    assert both["a"].to_list() == exact.filter(pl.col("model") == "a")["value"].to_list()


def test_skill_over_a_baseline():
    layout, given, said = two_models()
    y = given["y"]
    layout = Layout("binary", ("dummy", "b"), classes=(0, 1))
    counted = tally(layout, outputs={"dummy": np.full(4000, y.mean()), "b": said["b"]}, **given)
    value, low, high = skill(counted, "b", "dummy")
    table = results(counted, models=["b"], metrics=["d2_log_loss"])
    assert value == pytest.approx(table["value"][0])
    assert 0 < low < value < high < 1
    value, low, high = skill(counted, "dummy", "b")
    assert high < 0
    area = skill(counted, "b", "dummy", "roc_auc")
    assert area[0] == pytest.approx(1 - (1 - roc_auc_score(y, said["b"])) / 0.5, abs=1e-5)


def test_agreement_of_two_models():
    layout, given, said = two_models()
    said["a"] = said["a"].round(1)
    counted = tally(layout, outputs=said, **given)
    found, y = agreement(counted, "a", "b"), given["y"]
    one, two = (said["a"] >= 0.5) == y, (said["b"] >= 0.5) == y
    assert found.both_right == (one & two).sum()
    assert found.only_a == (one & ~two).sum()
    assert found.only_b == (~one & two).sum()
    assert found.same == pytest.approx(((said["a"] >= 0.5) == (said["b"] >= 0.5)).mean())
    assert found.correlation == pytest.approx(np.corrcoef(said["a"], said["b"])[0, 1])
    expected = stats.binomtest(int(found.only_a), int(found.only_a + found.only_b)).pvalue
    assert found.p == pytest.approx(expected)
    back = agreement(counted, "b", "a")
    assert (back.only_a, back.only_b) == (found.only_b, found.only_a)
    assert found.psi > 0.1
    assert cohen_kappa_score(said["a"] >= 0.5, said["b"] >= 0.5) > 0.2


def test_correlation_of_predictions_far_from_zero():
    random = np.random.default_rng(0)
    y, e = random.normal(size=(2, 1000))
    y += 1e6
    layout = Layout("regression", ("a", "b"))
    counted = tally(layout, y, {"a": y + e, "b": y - e}, np.arange(1000) % 200)
    expected = np.corrcoef(y + e, y - e)[0, 1]
    assert agreement(counted, "a", "b").correlation == pytest.approx(expected, abs=1e-9)


# Simulations: a bounded share of `make simulate`; a share of n draws is off by four standard errors at most


REPEAT = 60


def assert_share(found, low, high):
    """Within [low, high], or as near as a share of so few draws is known."""
    slack = 4 * sqrt(0.95 * 0.05 / REPEAT)
    assert low - slack <= found <= high + slack


@pytest.mark.parametrize("case", ["binary", "regression", "grouped regression"])
def test_intervals_hold_the_truth_and_tests_rarely_err(case, monkeypatch):
    monkeypatch.setattr(simulate, "ROWS_OF_TRUTH", 200_000)
    which = simulate.CASES[case]
    small = type(which)(**{**vars(which), "sizes": which.sizes[:1], "metrics": which.metrics[:3]})
    monkeypatch.setitem(simulate.CASES, case, small)
    for found in simulate.simulate(case, REPEAT, seed=5):
        assert_share(found.coverage, 0.92, 0.98)
        assert_share(found.type_one, 0.03, 0.08)


def test_blocks_of_rows_are_wrong_for_grouped_rows(monkeypatch):
    monkeypatch.setattr(simulate, "ROWS_OF_TRUTH", 200_000)
    which = simulate.CASES["grouped regression"]
    small = type(which)(**{**vars(which), "metrics": ("mae",)})
    monkeypatch.setitem(simulate.CASES, "grouped regression", small)
    (by_group,) = simulate.simulate("grouped regression", REPEAT, seed=5)
    (by_row,) = simulate.simulate("grouped regression", REPEAT, seed=5, block_by="row")
    assert by_row.coverage < 0.8 < by_group.coverage


def test_pairs_find_what_separate_intervals_do_not():
    by_pairs, apart = simulate.power(REPEAT)
    assert by_pairs > apart + 0.2
