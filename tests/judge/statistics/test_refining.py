"""A second pass makes metrics of ranks exact, whatever the scores."""

from __future__ import annotations

import pickle
from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from scalekit.errors import InvalidOperationError
from scalekit.judge.statistics import (
    Layout,
    empty,
    joined_refined,
    refine,
    refinement,
    results,
    tally,
)

RANKS = ("roc_auc", "average_precision", "ks", "lift_10", "ece")


def scores(case, n=30_000):
    random = np.random.default_rng(0)
    z = random.normal(size=n)
    y = (random.random(n) < 1 / (1 + np.exp(-z))).astype(int)
    p = 1 / (1 + np.exp(-(z + random.normal(size=n))))
    match case:
        case "rare":
            p = np.clip(1e-3 * np.exp(z), 0, 1)
            y = (random.random(n) < p).astype(int)
        case "narrow":
            p = 0.3 + 1e-9 * p  # all in one bin
        case "tiny":
            p = p * 1e-12
        case "float32":
            p = p.astype(np.float32)
        case "ties":
            p = p.round(4)
        case "ends":
            p = np.where(p > 0.6, 1.0, np.where(p < 0.2, 0.0, p))
        case "floats":
            p = np.nextafter(np.full(n, 0.5), 1) + random.integers(0, 40, n) * 2.0**-53
    return y, p


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    "case", ["plain", "rare", "narrow", "tiny", "float32", "ties", "ends", "floats"]
)
def test_areas_are_those_of_sklearn(case, weighted):
    y, p = scores(case)
    w = np.random.default_rng(1).uniform(0.5, 2, len(y)) if weighted else None
    layout = Layout("binary", ("m",), classes=(0, 1), metrics=RANKS, is_weighted=weighted)
    counted = tally(layout, y, {"m": p}, np.arange(len(y)) % 200, weight=w)
    cuts = np.array_split(np.random.default_rng(2).permutation(len(y)), 4)
    found, passes = None, 0
    while (plan := pickle.loads(pickle.dumps(refinement(counted, found)))).is_needed:
        parts = [
            refine(plan, y[r], {"m": p[r]}, None if w is None else w[r], before=found) for r in cuts
        ]
        found, passes = reduce(joined_refined, parts), passes + 1
    assert passes == {"narrow": 2, "floats": 2, "tiny": 2}.get(case, 1)
    rows = {r["metric"]: r for r in results(counted, refined=found).iter_rows(named=True)}
    area = roc_auc_score(y, p, sample_weight=w)
    assert rows["roc_auc"]["value"] == pytest.approx(area, abs=1e-6)
    assert rows["roc_auc"]["bound_low"] - 1e-12 <= area <= rows["roc_auc"]["bound_high"] + 1e-12
    assert rows["roc_auc"]["bound_high"] - rows["roc_auc"]["bound_low"] <= 2e-6
    precision = average_precision_score(y, p, sample_weight=w)
    assert rows["average_precision"]["value"] == pytest.approx(precision, abs=1e-6)
    false, true, _ = roc_curve(y, p, sample_weight=w, drop_intermediate=False)
    assert rows["ks"]["value"] == pytest.approx((true - false).max(), abs=1e-4)
    before = {r["metric"]: r for r in results(counted).iter_rows(named=True)}
    assert rows["ece"] == before["ece"]
    if case != "rare":
        assert 0.003 < area - rows["roc_auc"]["low"] < 0.03  # in one bin or in many


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_scores(data):
    n = data.draw(st.integers(2, 40))
    some = st.one_of(
        st.floats(0, 1, allow_nan=False), st.sampled_from([0.0, 0.5, 0.5 + 2**-53, 1.0])
    )
    p = np.array(data.draw(st.lists(some, min_size=n, max_size=n)))
    y = np.array(data.draw(st.lists(st.integers(0, 1), min_size=n, max_size=n)))
    layout = Layout(
        "binary", ("m",), classes=(0, 1), metrics=("roc_auc",), bins=256, block_bins=128
    )
    counted = tally(layout, y, {"m": p}, np.zeros(n, int))
    plan = refinement(counted)
    first = refine(plan, y, {"m": p})
    second = refine(refinement(counted, first), y, {"m": p}, before=first)
    for once in (first, second):
        found = results(counted, refined=once).row(0, named=True)
        holds_area(found, y, p)


def holds_area(found, y, p):
    n = len(y)
    if 0 < y.sum() < n:
        area = roc_auc_score(y, p)
        assert found["bound_low"] - 1e-12 <= area <= found["bound_high"] + 1e-12


def test_both_passes_are_over_the_same_rows():
    y, p = scores("plain")
    layout = Layout("binary", ("m",), classes=(0, 1), metrics=("roc_auc",))
    counted = tally(layout, y, {"m": p}, np.arange(len(y)) % 200)
    found = refine(refinement(counted), y[:-5000], {"m": p[:-5000]})
    with pytest.raises(InvalidOperationError, match="the same rows"):
        results(counted, refined=found)
    with pytest.raises(InvalidOperationError, match="binary tasks"):
        refinement(empty(Layout("regression", ("m",))))
    nothing = empty(layout)
    assert refinement(nothing).divisions["m"].total == 0


def test_invalid_scores_and_rows_without_a_target_are_left_out_of_both():
    y, p = scores("plain")
    y[:10], p[10:20] = -1, np.nan
    layout = Layout("binary", ("m", "n"), classes=(0, 1), metrics=("roc_auc",))
    said = {"m": p, "n": np.nan_to_num(p)}
    counted = tally(layout, y, said, np.arange(len(y)) % 200)
    found = results(counted, refined=refine(refinement(counted), y, said))
    assert found["method"].to_list() == ["invalid", "jackknife"]
    expected = roc_auc_score(y[10:], said["n"][10:])
    assert found["value"][1] == pytest.approx(expected, abs=1e-6)
