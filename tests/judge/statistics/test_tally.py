"""Tallies: the same however rows are cut, ordered and joined; what cannot be judged is counted, not dropped."""

from __future__ import annotations

import pickle
from functools import reduce

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from sklearn.metrics import roc_auc_score

from scalekit.errors import CorruptFileError, InvalidOperationError
from scalekit.judge.metrics.bins import score_bins, score_edges
from scalekit.judge.statistics import (
    Layout,
    absorbed,
    empty,
    from_tables,
    joined,
    paired,
    positions,
    results,
    tally,
    to_tables,
)
from scalekit.judge.statistics.tally import kept

SLICES = (("region", ("north", "south", "west")), ("plan", ("free", "paid")))


def layout_of(task, **more):
    given = {
        "binary": {"classes": ("no", "yes")},
        "multiclass": {"classes": ("a", "b", "c")},
        "quantile": {"quantiles": (0.1, 0.9)},
    }.get(task, {})
    return Layout(task, ("one", "two"), slices=SLICES, blocks=20, slice_blocks=5, **given, **more)


def rows_of(task, n, seed=0, weighted=False):
    random = np.random.default_rng(seed)
    z, noise = random.normal(size=(2, n))
    p = 1 / (1 + np.exp(-z))
    y = z + 1e5
    outputs = {"one": y + noise, "two": y - noise / 2}
    if task == "binary":
        y = (random.random(n) < p).astype(int)
        outputs = {"one": p, "two": (p + 0.1 * random.random(n)).clip(0, 1).round(2)}
    elif task == "multiclass":
        y = random.integers(0, 3, n)
        outputs = {name: random.dirichlet([1, 1, 1], n) for name in ("one", "two")}
    elif task == "quantile":
        outputs = {name: np.stack([y - 1, y + 1 + noise], axis=1) for name in ("one", "two")}
    elif task == "count":
        y = random.poisson(p * 5).astype(float)
        outputs = {"one": 5 * p, "two": p + 1}
    return {
        "y": y,
        "outputs": outputs,
        "block": random.integers(0, 20, n),
        "slices": random.integers(-1, [3, 2], (n, 2)),
        "weight": random.uniform(0.5, 2, n) if weighted else None,
        "scale": random.uniform(0.5, 2, n),
    }


def some(rows, which):
    def cut(value):
        return None if value is None else value[which]

    outputs = {name: f[which] for name, f in rows["outputs"].items()}
    return {**{k: cut(v) for k, v in rows.items() if k != "outputs"}, "outputs": outputs}


TASKS = ("binary", "multiclass", "regression", "count", "quantile", "forecast")
each_task = pytest.mark.parametrize("task", TASKS)


def assert_same(left, right):
    """Whole numbers to the last one, sums to rounding."""
    for name, what in kept(left.layout).items():
        if what.kind == "sum":
            continue  # about other centres: judged by what is made of them
        a, b = left.arrays[name], right.arrays[name]
        if what.kind == "count" and left.layout.is_weighted:
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-9)
        else:
            np.testing.assert_array_equal(a, b)
    assert_frame_equal(
        results(left), results(right), check_exact=False, rel_tol=1e-8, abs_tol=1e-10
    )


@each_task
@pytest.mark.parametrize("weighted", [False, True])
def test_any_cut_and_order_gives_the_same(task, weighted):
    layout, rows = layout_of(task, is_weighted=weighted), rows_of(task, 700, weighted=weighted)
    whole = tally(layout, **rows)
    random = np.random.default_rng(4)
    for cuts in (2, 7, 700):
        order = random.permutation(700)
        parts = [tally(layout, **some(rows, r)) for r in np.array_split(order, cuts)[:40]]
        rest = np.concatenate(np.array_split(order, cuts)[40:] or [np.zeros(0, int)])
        parts += [tally(layout, **some(rows, rest)), empty(layout)]
        random.shuffle(parts)
        assert_same(reduce(joined, parts), whole)
        arrived = [pickle.loads(pickle.dumps(part)) for part in parts]
        assert_same(reduce(absorbed, arrived), whole)


def test_a_tally_that_absorbs_another_has_the_same_bits_and_leaves_the_other_alone():
    layout, rows = layout_of("regression"), rows_of("regression", 400)
    left, right = (tally(layout, **some(rows, np.arange(start, start + 200))) for start in (0, 200))
    both, before = joined(left, right), pickle.dumps(right)
    found = absorbed(left, right)
    for name, array in both.arrays.items():
        np.testing.assert_array_equal(found.arrays[name], array)
    assert pickle.dumps(right) == before
    assert not any(array.flags.writeable for array in found.arrays.values())


def test_what_was_worked_out_of_a_tally_does_not_outlive_its_rows():
    layout, rows = layout_of("binary"), rows_of("binary", 400)
    left, right = (tally(layout, **some(rows, np.arange(start, start + 200))) for start in (0, 200))
    alone = results(left)
    assert_frame_equal(results(left), alone)
    both = absorbed(left, right)
    for threshold in (None, 0.2, 0.5, 0.8):
        fresh = results(tally(layout, **rows), threshold=threshold)
        assert_frame_equal(results(both, threshold=threshold), fresh)


@settings(max_examples=40, deadline=None)
@given(
    task=st.sampled_from(TASKS),
    sizes=st.lists(st.integers(0, 30), min_size=1, max_size=6),
    seed=st.integers(0, 1000),
    data=st.data(),
)
def test_parts_of_any_size_join_in_any_order(task, sizes, seed, data):
    layout = layout_of(task, bins=512, block_bins=128)
    rows = rows_of(task, sum(sizes), seed)
    ends = np.cumsum(sizes)
    cuts = [np.arange(end - size, end) for size, end in zip(sizes, ends, strict=True)]
    parts = [tally(layout, **some(rows, cut)) for cut in data.draw(st.permutations(cuts))]
    while len(parts) > 1:  # pairs in any order, not only from the left
        i = data.draw(st.integers(0, len(parts) - 2))
        parts[i : i + 2] = [joined(parts[i], parts[i + 1])]
    assert_same(parts[0], tally(layout, **rows))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.floats(0, 1, allow_nan=False), min_size=2, max_size=50),
    st.sampled_from([128, 16384]),
)
def test_a_larger_score_is_never_in_a_lower_bin(scores, bins):
    ordered = np.sort(np.array(scores))
    places = score_bins(ordered, bins)
    assert (np.diff(places) >= 0).all()
    assert (score_edges(bins)[places] <= ordered).all()
    above = places + 1 < bins
    assert (score_edges(bins)[places[above] + 1] > ordered[above]).all()


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_bounds_hold_the_area_for_any_scores(data):
    n = data.draw(st.integers(2, 60))
    some_floats = st.one_of(
        st.floats(0, 1, allow_nan=False), st.sampled_from([0.0, 0.25, 0.5, 1.0, 1e-300])
    )
    p = np.array(data.draw(st.lists(some_floats, min_size=n, max_size=n)))
    y = np.array(data.draw(st.lists(st.integers(0, 1), min_size=n, max_size=n)))
    layout = Layout("binary", ("m",), classes=(0, 1), metrics=("roc_auc", "average_precision"),
                    bins=256, block_bins=128)  # fmt: skip
    row = results(tally(layout, y, {"m": p}, np.zeros(n, int))).row(0, named=True)
    if len(set(y)) < 2:
        assert row["value"] is None
    else:
        area = roc_auc_score(y, p)
        assert row["bound_low"] - 1e-12 <= area <= row["bound_high"] + 1e-12


def test_outputs_that_are_none_are_counted_and_leave_no_value():
    layout, rows = layout_of("binary"), rows_of("binary", 400)
    rows["outputs"]["one"] = rows["outputs"]["one"].copy()
    rows["outputs"]["one"][[3, 4, 5]] = [np.nan, np.inf, 1.5]
    rows["slices"][[3, 4, 5], 0] = 1
    counted = tally(layout, **rows)
    assert counted.invalid("one") == 3
    assert counted.invalid("two") == 0
    table = results(counted)
    one = table.filter(pl.col("model") == "one", pl.col("slice").is_null())
    assert one["value"].null_count() == one.height
    assert set(one["method"]) == {"invalid"}
    assert set(one["invalid"]) == {3}
    elsewhere = table.filter(pl.col("model") == "one", pl.col("level") == "west")
    assert elsewhere["value"].null_count() == 0  # a slice without them has values
    other = table.filter(pl.col("model") == "two", pl.col("slice").is_null())
    assert other["value"].null_count() == 0
    assert paired(counted, "one", "two")["p"].null_count() == len(layout.metrics)


@pytest.mark.parametrize("task", ["regression", "quantile", "multiclass"])
def test_invalid_outputs_of_other_tasks(task):
    layout, rows = layout_of(task), rows_of(task, 100)
    rows["outputs"]["two"] = rows["outputs"]["two"].copy()
    rows["outputs"]["two"][7] = np.inf
    counted = tally(layout, **rows)
    assert (counted.invalid("one"), counted.invalid("two")) == (0, 1)
    assert results(counted, models=["two"])["value"][0] is None
    assert results(counted, models=["one"])["value"][0] is not None


def test_rounding_beyond_the_ends_is_no_error():
    layout = Layout("binary", ("m",), classes=(0, 1))
    p = np.array([1 + 2e-16, -1e-17, np.float32(1.0000001)])
    counted = tally(layout, np.array([1, 0, 1]), {"m": p}, np.arange(3))
    assert counted.invalid("m") == 0


def test_rows_without_a_target_are_counted_apart():
    layout, rows = layout_of("regression"), rows_of("regression", 50)
    rows["y"][[0, 1]] = [np.nan, np.inf]
    counted = tally(layout, **rows)
    assert (counted.rows, counted.unlabelled) == (48, 2)
    labels = pl.Series(["yes", None, "no", "maybe"])
    layout = Layout("binary", ("m",), classes=("no", "yes"))
    counted = tally(layout, positions(layout, labels), {"m": np.full(4, 0.4)}, np.arange(4))
    assert (counted.rows, counted.unlabelled) == (2, 2)
    none = tally(layout, np.full(3, -1), {"m": np.full(3, 0.4)}, np.arange(3))
    assert (none.rows, none.unlabelled) == (0, 3)


@pytest.mark.parametrize(
    ("classes", "labels"),
    [
        ((0, 1), pl.Series([1, None, 0, 7])),
        ((0, 1), pl.Series([True, None, False, None])),
        ((False, True), pl.Series([True, None, False, None])),
        ((0.0, 1.0), pl.Series([1, None, 0, 7], dtype=pl.Int8)),
        (("a", "b"), pl.Series(["b", None, "a", "z"], dtype=pl.Categorical)),
        ((1, 2), np.array([2.0, np.nan, 1.0, 7.0])),
    ],
)
def test_positions_of_labels_of_any_type(classes, labels):
    layout = Layout("binary", ("m",), classes=classes)
    assert positions(layout, labels).tolist() == [1, -1, 0, -1]


def test_one_class_only_in_a_slice_and_in_blocks():
    layout, rows = layout_of("binary"), rows_of("binary", 3000)
    rows["y"] = np.where(rows["slices"][:, 0] == 0, 1, rows["y"])
    rows["y"] = np.where(rows["block"] < 4, 0, rows["y"])
    table = results(tally(layout, **rows), models=["one"])
    whole = table.filter(pl.col("slice").is_null())
    assert whole["value"].null_count() == 0
    assert whole["low"].null_count() == 0
    rows["y"][:] = 1
    table = results(
        tally(layout, **rows), models=["one"], metrics=["roc_auc", "recall", "log_loss"]
    )
    whole = table.filter(pl.col("slice").is_null())
    assert whole["value"].is_null().to_list() == [True, False, False]
    assert whole["low"].is_null().to_list() == [True, False, False]


def test_empty_blocks_and_one_block():
    layout, rows = layout_of("regression"), rows_of("regression", 300)
    rows["block"] = rows["block"] % 7
    table = results(tally(layout, **rows), models=["one"])
    assert table.filter(pl.col("metric") == "rmse")["low"].null_count() == 0
    rows["block"][:] = 3
    table = results(tally(layout, **rows), models=["one"])
    rmse = table.filter(pl.col("metric") == "rmse")
    assert rmse["value"].null_count() == 0
    assert rmse["low"].null_count() == rmse.height  # nothing is known of how far it varies


@each_task
def test_no_rows_have_no_values(task):
    layout = layout_of(task)
    table = results(empty(layout))
    assert table["value"].null_count() == table.height
    nothing = tally(layout, **some(rows_of(task, 5), slice(0, 0)))
    assert nothing.rows == 0


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_slices_are_tallies_of_their_rows(task):
    layout, rows = layout_of(task), rows_of(task, 2000)
    found = results(tally(layout, **rows), models=["one"])
    which = rows["slices"][:, 1] == 1
    alone = results(tally(layout, **some(rows, which)), models=["one"]).filter(
        pl.col("slice").is_null()
    )
    mine = found.filter(pl.col("level") == "paid")
    both = mine.join(alone, on="metric", suffix="_alone")
    assert both["n"].to_list() == both["n_alone"].to_list()
    exact = both.filter(pl.col("bound_low") == pl.col("bound_high"))
    assert exact.height >= 5
    coarse = ("ece", "calibration_slope", "calibration_intercept")
    for row in both.iter_rows(named=True):
        if row["bound_low"] == row["bound_high"]:
            within = 0.02 if task == "binary" and row["metric"] in coarse else 1e-9
            assert row["value"] == pytest.approx(row["value_alone"], abs=within), row["metric"]
        else:
            low = -np.inf if row["bound_low"] is None else row["bound_low"]
            assert low <= row["value_alone"] <= row["bound_high"]


@each_task
def test_tallies_travel_and_are_stored(task):
    counted = tally(layout_of(task), **rows_of(task, 500))
    for again in (pickle.loads(pickle.dumps(counted)), from_tables(to_tables(counted))):
        assert again.layout == counted.layout
        for name, array in counted.arrays.items():
            np.testing.assert_array_equal(again.arrays[name], array)
            assert again.arrays[name].dtype == array.dtype
    assert len(pickle.dumps(counted)) < 400_000


def test_a_state_of_the_default_layout_is_small():
    layout = Layout("binary", ("a",), classes=(0, 1), slices=SLICES)
    random = np.random.default_rng(0)
    n = 300_000
    p = random.random(n)
    counted = tally(layout, (random.random(n) < p).astype(int), {"a": p},
                    random.integers(0, 200, n), random.integers(0, 2, (n, 2)))  # fmt: skip
    assert len(pickle.dumps(counted)) < 2_000_000


def test_tables_of_something_else_are_refused():
    tables = {
        k: t.replace_schema_metadata({}) for k, t in to_tables(empty(layout_of("binary"))).items()
    }
    with pytest.raises(CorruptFileError, match="no tally"):
        from_tables(tables)


def test_what_does_not_fit_the_layout_is_refused():
    layout, rows = layout_of("binary"), rows_of("binary", 10)
    cases = {
        "outputs of": {"outputs": {"one": rows["outputs"]["one"]}},
        "have the shape": {"outputs": {"one": np.zeros(9), "two": np.zeros(10)}},
        "positions of classes": {"y": np.array(["no"] * 10)},
        "at position 2": {"y": np.full(10, 2)},
        "blocks from": {"block": np.full(10, 20)},
        "slices of shape": {"slices": np.zeros((10, 1), int)},
        "past the last of 3 levels": {"slices": np.full((10, 2), 3)},
        "has slices by": {"slices": None},
        "go together": {"weight": np.ones(10)},
        "block has the shape": {"block": np.zeros(3, int)},
    }
    for message, change in cases.items():
        with pytest.raises(InvalidOperationError, match=message):
            tally(layout, **{**rows, **change})
    weighted = layout_of("binary", is_weighted=True)
    with pytest.raises(InvalidOperationError, match="finite and not negative"):
        tally(weighted, **{**rows, "weight": np.full(10, -1.0)})
    with pytest.raises(InvalidOperationError, match="two layouts"):
        joined(empty(layout), empty(weighted))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"task": "binary", "classes": (1,)}, "a binary task has two"),
        ({"task": "quantile"}, "increasing levels"),
        ({"task": "quantile", "quantiles": (0.9, 0.1)}, "increasing levels"),
        ({"task": "regression", "bins": 1000}, "a power of two"),
        ({"task": "regression", "blocks": 1}, "at least two blocks"),
        ({"task": "regression", "scale": 0.0}, "above 0"),
        ({"task": "regression", "models": ("a", "a")}, "a name of its own"),
        ({"task": "multiclass", "classes": tuple(range(30)), "metrics": ("roc_auc_ovo",)}, "roc_auc_ovr"),
        ({"task": "multiclass", "classes": tuple(range(300))}, "join the rare ones"),
        ({"task": "regression", "metrics": ("rmse", "rmse")}, "each metric once"),
    ],
)  # fmt: skip
def test_layouts_that_contradict_themselves(fields, message):
    with pytest.raises(InvalidOperationError, match=message):
        Layout(**{"models": ("m",), **fields})


def test_unknown_metrics_name_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'roc_auc'"):
        Layout("binary", ("m",), classes=(0, 1), metrics=("rocauc",))
    counted = tally(layout_of("regression", metrics=("rmse",)), **rows_of("regression", 10))
    with pytest.raises(InvalidOperationError, match="name it in the layout"):
        results(counted, metrics=["mape"])
