"""Drift is found where it is, and not where rows differ by chance."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest
from scipy import stats

import scalekit as sk
from scalekit.checks.distance import (
    ks,
    ks_by_chance,
    psi,
    psi_by_chance,
    rate_by_chance,
)
from scalekit.checks.profile import KNOWN, profiles_of
from scalekit.config import resolve


def rows(seed: int, height: int, shift: float = 0.0) -> sk.Frame:
    random = np.random.default_rng(seed)
    x = random.normal(shift, 1.0, height)
    return sk.from_polars(
        pl.DataFrame(
            {
                "x": x,
                "n": random.poisson(3, height),
                "kind": random.choice(["a", "b", "c"], height, p=[0.6, 0.3, 0.1]),
                "yes": random.random(height) < 0.3,
                "day": [
                    dt.date(2024, 1, 1) + dt.timedelta(days=int(d))
                    for d in random.integers(0, 60, height)
                ],
                "some": pl.Series(x).set(pl.Series(random.random(height) < 0.1), None),
            }
        )
    )


EVERY = {name: {"drift": True} for name in ("x", "n", "kind", "yes", "day", "some")}


def test_the_same_distribution_does_not_drift():
    raised = 0
    for seed in range(20):
        report = sk.check(rows(seed, 300), EVERY, reference=rows(1000 + seed, 300))
        raised += len(report.at_level("warn"))
    assert raised <= 2  # 20 runs of 14 rules, one in a thousand each: more than two in 1 of 300


@pytest.mark.parametrize("height", [100, 300, 3000])
def test_a_shift_drifts(height):
    report = sk.check(
        rows(1, height, shift=1.0), {"x": {"psi": True, "ks": True}}, reference=rows(2, height)
    )
    assert [outcome.level for outcome in report.outcomes] == ["error", "error"]


def test_new_values_and_more_nulls_are_found():
    reference = sk.from_dict({"kind": ["a", "b"] * 50, "x": [1.0] * 100})
    found = sk.from_dict({"kind": ["a", "b", "z"] * 33, "x": [1.0, None] * 49 + [2.0]})
    report = sk.check(found, {"kind": {"drift": True}, "x": {"drift": True}}, reference=reference)
    by_rule = {outcome.rule: outcome for outcome in report.outcomes}
    new = by_rule["kind: no values that the reference does not have"]
    assert (new.level, new.failing) == ("error", 33)
    assert report.failing(new.rule).collect()["kind"].unique().to_list() == ["z"]
    jump = by_rule["x: no more nulls than in the reference"]
    assert (jump.level, jump.value) == ("error", "0 % then, 49.5 % now")
    assert report.failing(jump.rule).collect().height == 49


def test_new_values_among_more_than_a_profile_keeps():
    many = [f"v{i}" for i in range(KNOWN + 50)]
    report = sk.check(
        sk.from_dict({"s": [*many, "new", None]}),
        {"s": {"new_values": False}},
        reference=sk.from_dict({"s": many}),
    )
    assert (report.outcomes[0].failing, report.queries) == (1, 2)
    assert report.failing(report.outcomes[0].rule).collect()["s"].to_list() == ["new"]


def test_what_has_no_order_or_no_counterpart_is_said():
    reference = sk.from_dict({"s": ["a"], "x": [1], "li": [[1]], "was": ["1"]})
    frame = sk.from_dict({"s": ["a"], "x": [1], "li": [[1]], "was": [1], "other": [1]})
    rules = {
        "s": {"ks": True},
        "x": {"new_values": False},
        "li": {"psi": True},
        "was": {"psi": True},
        "other": {"psi": True},
    }
    notes = {o.column: o.note for o in sk.check(frame, rules, reference=reference).outcomes}
    assert "no order" in notes["s"]
    assert "use psi" in notes["x"]
    assert "not measured" in notes["li"]
    assert "String in the reference" in notes["was"]
    assert "no such column" in notes["other"]


def test_edges_are_quantiles_and_counts_are_those_of_numpy():
    x = np.random.default_rng(3).normal(size=1000)
    frame = sk.from_polars(pl.DataFrame({"x": x}))
    profile = profiles_of(frame, [("x", 10)], resolve(backend="polars"))["x", 10]
    assert profile.edges == tuple(np.quantile(x, np.arange(1, 10) / 10, method="nearest"))
    inside = np.searchsorted(profile.edges, x, side="left")
    assert profile.counts == tuple(np.bincount(inside, minlength=10))


def test_ties_share_a_bin():
    frame = sk.from_dict({"x": [0] * 90 + [1] * 10})
    profile = profiles_of(frame, [("x", 10)], resolve(backend="polars"))["x", 10]
    assert (profile.edges, profile.counts) == ((0,), (90, 10))


def test_psi_is_its_definition():
    p, q = np.array([0.2, 0.3, 0.5]), np.array([0.4, 0.4, 0.2])
    expected = float(np.sum((q - p) * np.log(q / p)))
    assert psi([20, 30, 50], [400, 400, 200]) == pytest.approx(expected)
    assert psi([5, 0], [5, 0]) == 0


def test_chance_is_that_of_chi_square_and_of_kolmogorov():
    assert psi_by_chance([100] * 10, [50] * 10) == pytest.approx(
        stats.chi2.ppf(0.999, 9) * (1 / 1000 + 1 / 500), rel=0.01
    )
    assert ks_by_chance([500], [500]) == pytest.approx(
        stats.kstwobign.ppf(0.999) * (1 / 500 + 1 / 500) ** 0.5, rel=0.001
    )
    assert rate_by_chance(10, 100, 10, 100) == pytest.approx(
        3.09 * (0.1 * 0.9 * 2 / 100) ** 0.5, rel=0.001
    )


def test_ks_is_below_that_of_all_values():
    random = np.random.default_rng(5)
    a, b = random.normal(size=500), random.normal(0.3, size=400)
    edges = np.quantile(a, np.arange(1, 10) / 10)
    binned = ks(
        np.bincount(np.searchsorted(edges, a)), np.bincount(np.searchsorted(edges, b), minlength=10)
    )
    whole = stats.ks_2samp(a, b).statistic
    assert whole - 0.05 < binned <= whole
