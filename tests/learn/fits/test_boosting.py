"""XGBoost in parts: the same trees in any parts and with any number of threads, XGBoost's own where rows are few."""

from __future__ import annotations

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import OneHotEncoder
from xgboost import XGBClassifier, XGBRanker, XGBRegressor, XGBRFClassifier, XGBRFRegressor

import scalekit as sk
from scalekit.backends.watch import UNWATCHED, Watch
from scalekit.config import resolve
from scalekit.errors import NotDistributableError
from scalekit.kernels.gang import Seat
from scalekit.learn.over_parts import opened
from scalekit.learn.passes.drive import Driver
from scalekit.learn.roles import Roles as Columns
from scalekit.learn.strategies import common_cuts
from scalekit.learn.strategies.boosting import boosted
from scalekit.learn.strategies.choice import choose
from scalekit.learn.strategies.common_cuts import Kind, Reference
from scalekit.learn.strategies.xgboost_member import Boosting, _shut, listening
from tests.learn.fits.harness import WAYS, Roles, assert_same, numbers, over_parts, plain, scattered
from tests.learn.fits.trees import assert_same_trees

ROWS = numbers().with_columns(stage=pl.col("days") - 1, flag=pl.col("late").cast(pl.Int8))
X = ["x0", "x1", "x2", "x3", "gap", "constant", "offset", "small"]

OWN = [
    (XGBClassifier(n_estimators=100), Roles(X, "late")),
    (XGBClassifier(n_estimators=10), Roles(X, "flag", "w")),
    (XGBClassifier(n_estimators=10, scale_pos_weight=3, max_depth=3), Roles(X, "late")),
    (XGBClassifier(n_estimators=8, colsample_bytree=0.5, random_state=3), Roles(X, "stage", "w")),
    (XGBRegressor(n_estimators=20, grow_policy="lossguide", max_leaves=20), Roles(X, "y", "w")),
    (XGBRegressor(n_estimators=8, base_score=0.5, max_bin=32), Roles(X, "y")),
    (XGBRegressor(n_estimators=8, monotone_constraints={"x0": 1}), Roles(X, ["y", "amount"])),
    (XGBRegressor(n_estimators=8, objective="count:poisson"), Roles(X, "count")),
    (XGBRegressor(n_estimators=8, objective="reg:gamma"), Roles(X, "amount", "days")),
    (XGBRegressor(n_estimators=8, objective="reg:tweedie"), Roles(X, "amount")),
    (XGBRegressor(n_estimators=8, objective="reg:pseudohubererror"), Roles(X, "y")),
    (XGBRegressor(n_estimators=4, missing=0.0, num_parallel_tree=2), Roles(X, "y")),
    (XGBRFRegressor(n_estimators=5, subsample=1), Roles(X, "y")),
]
"""Fits that give XGBoost's own model, where all rows make the cuts."""

DRAWN = [
    (XGBClassifier(n_estimators=8, subsample=0.7), Roles(X, "late", "w")),
    (XGBClassifier(n_estimators=5, subsample=0.5, random_state=1), Roles(X, "stage")),
    (XGBRegressor(n_estimators=8, subsample=0.7), Roles(X, ["y", "amount"])),
    (XGBRegressor(n_estimators=8, subsample=0.7, objective="count:poisson"), Roles(X, "count")),
    (XGBRFClassifier(n_estimators=5), Roles(X, "stage")),
    (XGBRFRegressor(n_estimators=5), Roles(X, "y")),
]
"""Fits that draw rows for each tree, as XGBoost does by chance."""

CASES = [(estimator, roles, 1e-6, {}) for estimator, roles in [*OWN, *DRAWN]]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("estimator", "roles"), OWN, ids=[f"{e.objective}-{n}" for n, (e, _) in enumerate(OWN)])  # fmt: skip
def test_equals_the_plain_fit(estimator: Any, roles: Roles, way: str, tmp_path: Path) -> None:
    with scattered(ROWS, way, tmp_path) as frame:
        found = over_parts(estimator, frame, roles)
    wanted = plain(estimator, ROWS, roles)
    assert_same(found, wanted, 1e-6)
    assert_same_trees(found, wanted, ROWS.select(X))
    assert found.scalekit_fit_.passes == 3
    assert found.scalekit_fit_.rows == ROWS.height
    np.testing.assert_allclose(found.feature_importances_, wanted.feature_importances_, rtol=1e-6)
    assert list(found.feature_names_in_) == X
    assert _settings(found) == _settings(wanted)


def _settings(model: Any) -> Any:
    """All that a booster knows, but who made the first guess; that is rounded, and compared with the outputs."""
    found = json.loads(model.get_booster().save_config())
    for name in ("boost_from_average", "base_score"):
        del found["learner"]["learner_model_param"][name]
    return found


@pytest.mark.parametrize(("estimator", "roles"), DRAWN, ids=[f"{type(e).__name__}-{n}" for n, (e, _) in enumerate(DRAWN)])  # fmt: skip
def test_draws_the_same_rows_in_any_parts(
    estimator: Any, roles: Roles, tmp_path_factory: Any
) -> None:
    models = []
    for way in WAYS:
        with scattered(ROWS, way, tmp_path_factory.mktemp(way)) as frame:
            models.append(over_parts(estimator, frame, roles))
    wanted = plain(estimator, ROWS, roles)
    assert_same(models[0], wanted, 1e-6)
    for model in models:
        assert_same_trees(model, models[0], ROWS.select(X))
    boosters = [m.get_booster() for m in (models[0], wanted)]
    ours, theirs = (booster.num_boosted_rounds() for booster in boosters)
    assert ours == theirs
    assert len(boosters[0].get_dump()) == len(boosters[1].get_dump())
    assert _settings(models[0]) == _settings(wanted)


def test_drawn_rows_are_the_share_that_was_asked_for(tmp_path: Path) -> None:
    roles = Roles(X, "y")
    with scattered(ROWS, "serial-8", tmp_path) as frame:
        model = over_parts(XGBRegressor(n_estimators=20, subsample=0.3), frame, roles)
    trees = model.get_booster().trees_to_dataframe()
    covers = trees[trees["Node"] == 0]["Cover"].to_numpy() / ROWS.height
    assert np.abs(covers - 0.3).max() < 0.05  # five standard deviations
    assert len(set(covers)) > 10  # other rows for each tree


def test_forests_are_as_good_as_the_plain_ones(tmp_path: Path) -> None:
    rows = numbers(6000, seed=1)
    learned, held = rows.head(3000), rows.tail(3000)
    estimator, roles = XGBRFClassifier(n_estimators=40, max_depth=5), Roles(X, "late")
    with scattered(learned, "serial-3", tmp_path) as frame:
        found = over_parts(estimator, frame, roles)
    scores = [
        roc_auc_score(held["late"], model.predict_proba(held.select(X).to_pandas())[:, 1])
        for model in (found, plain(estimator, learned, roles))
    ]
    assert abs(scores[0] - scores[1]) < 0.02  # two standard errors


def test_cuts_of_more_rows_than_a_sketch_holds_are_the_plain_ones(tmp_path: Path) -> None:
    rows = numbers(9000, seed=2)
    estimator, roles = XGBClassifier(n_estimators=10), Roles(X, "late")
    with scattered(rows, "serial-8", tmp_path) as frame:
        found = over_parts(estimator, frame, roles)
    assert_same_trees(found, plain(estimator, rows, roles), rows.select(X))


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_make_no_difference(threads: int, tmp_path: Path) -> None:
    estimator, roles = XGBClassifier(n_estimators=30), Roles(X, "late")
    with scattered(ROWS, "polars", tmp_path) as frame:
        found = over_parts(clone(estimator).set_params(n_jobs=threads), frame, roles)
    assert_same_trees(found, plain(estimator, ROWS, roles), ROWS.select(X))


@pytest.mark.parametrize("repeated", [1, 40])
def test_cuts_of_a_share_are_the_same_in_any_parts(
    repeated: int, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: Any
) -> None:
    """Where rows repeat each other, few different ones are drawn at first: the share is raised."""
    monkeypatch.setattr(common_cuts, "ROWS", 400)
    monkeypatch.setattr(common_cuts, "ENOUGH", 100)
    rows = pl.concat([ROWS.head(ROWS.height // repeated)] * repeated)
    models = []
    for way in WAYS:
        with scattered(rows, way, tmp_path_factory.mktemp(way)) as frame:
            models.append(over_parts(XGBRegressor(n_estimators=10), frame, Roles(X, "y", "w")))
    for model in models:
        assert_same_trees(model, models[0], rows.select(X))
    assert models[0].scalekit_fit_.passes == (3 if repeated == 1 else 4)
    used = [len(values) for values in _thresholds(models[0]).values()]
    assert max(used) > 20


def test_rows_without_an_order_are_cut_alike(tmp_path_factory: Any) -> None:
    """A join gives them as they come, and cuts of many rows depend on that."""
    rows = numbers(5000, seed=3).with_row_index("key")
    other = sk.from_polars(rows.select("key", z=pl.col("x0") + 1))
    models = []
    for way in ("polars", "serial-3", "serial-8"):
        with scattered(rows, way, tmp_path_factory.mktemp(way)) as frame:
            joined = frame.join(other, on="key")
            models.append(over_parts(XGBRegressor(n_estimators=10), joined, Roles([*X, "z"], "y")))
    for model in models:
        assert model.get_booster().get_dump() == models[0].get_booster().get_dump()


def _thresholds(model: Any) -> dict[str, set[float]]:
    trees = model.get_booster().trees_to_dataframe()
    splits = trees[trees["Feature"] != "Leaf"]
    return {name: set(group) for name, group in splits.groupby("Feature")["Split"]}


def test_one_machine_follows_the_same_rule(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: Any
) -> None:
    monkeypatch.setattr(common_cuts, "ROWS", 400)
    estimator, roles = XGBClassifier(n_estimators=10), Roles(X, "late")
    with scattered(ROWS, "serial-8", tmp_path_factory.mktemp("serial")) as frame:
        wanted = over_parts(estimator, frame, roles)
    for backend in ("polars", "pandas"):
        with sk.config(backend=backend):
            frame = sk.from_polars(ROWS)
            found = sk.fit(estimator, frame, target="late", features=X)
        assert found.scalekit_fit_.strategy == "gang"
        assert_same_trees(found, wanted, ROWS.select(X))


def test_sparse_columns_stay_sparse(tmp_path: Path) -> None:
    """What a sparse matrix does not store is missing to XGBoost, not 0."""
    columns = Columns(("kind", "city"), ("y",), None)
    encoder = OneHotEncoder().fit(ROWS.select("kind", "city").to_pandas())
    with scattered(ROWS, "serial-8", tmp_path) as frame:
        config = resolve().given("test", backend="serial")
        data = opened(frame.select(*columns.columns)._plan, columns, config)
        found = Driver(config, UNWATCHED).run(
            boosted(XGBRegressor(n_estimators=5), data.transformed(encoder))
        )
    x = encoder.transform(ROWS.select("kind", "city").to_pandas())
    wanted = XGBRegressor(n_estimators=5).fit(x, ROWS["y"].to_numpy())
    assert found.get_booster().get_dump() == wanted.get_booster().get_dump()


REFUSED = [
    (XGBClassifier(booster="dart"), "gbtree"),
    (XGBClassifier(tree_method="exact"), "hist"),
    (XGBClassifier(device="cuda"), "cpu"),
    (XGBClassifier(early_stopping_rounds=5), "GridSearchCV"),
    (XGBClassifier(callbacks=[]), "leave them out"),
    (XGBClassifier(enable_categorical=True), "OneHotEncoder"),
    (XGBClassifier(updater="refresh"), "leave them out"),
    (XGBClassifier(subsample=0.5, num_parallel_tree=3), "XGBRFClassifier"),
    (XGBClassifier(subsample=0.5, sampling_method="gradient_based"), "uniform"),
    (XGBRegressor(objective="reg:absoluteerror"), "pseudohuber"),
    (XGBRegressor(objective="reg:gamma", subsample=0.5), "subsample=1"),
    (XGBRegressor(objective=lambda y, p: (p - y, np.ones_like(y))), "name one"),
    (XGBRegressor(multi_strategy="multi_output_tree"), "one_output_per_tree"),
    (XGBRanker(), "relevance of each row"),
]


@pytest.mark.parametrize(("estimator", "way_out"), REFUSED, ids=[str(n) for n in range(len(REFUSED))])  # fmt: skip
def test_says_what_it_cannot_do(estimator: Any, way_out: str) -> None:
    (reason,) = choose(estimator).refusals
    assert way_out in reason
    assert choose(estimator, "gather").is_everywhere is False  # on one machine it is XGBoost's own


def test_categories_are_fitted_on_one_machine_only() -> None:
    rows = ROWS.with_columns(city=pl.col("city").cast(pl.Categorical))
    estimator = XGBRegressor(n_estimators=3, enable_categorical=True)
    with sk.config(backend="polars"):
        found = sk.fit(estimator, sk.from_polars(rows), target="y", features=["x0", "city"])
    assert found.scalekit_fit_.strategy == "local"
    with sk.config(backend="serial"), pytest.raises(NotDistributableError, match="OneHotEncoder"):
        sk.fit(estimator, sk.from_polars(rows), target="y", features=["x0", "city"])


@pytest.mark.parametrize(
    ("change", "roles", "message"),
    [
        (pl.lit(0.0), Roles(["x0", "city"], "y"), "DataFrame.dtypes for data must be int, float, bool or category"),
        (pl.lit(0.0), Roles(["x0"], "mode"), "Invalid classes inferred"),
        (pl.lit(0.0), Roles(["x0"], "days"), "Invalid classes inferred"),
        (pl.when(pl.col("x1") > 2.4).then(float("inf")).otherwise(0.0), Roles(["changed"], "late"), "Input data contains `inf`"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("way", ["polars", "serial-8"])
def test_xgboost_itself_refuses(
    change: pl.Expr, roles: Roles, message: str, way: str, tmp_path: Path
) -> None:
    estimator = XGBClassifier() if roles.target != "y" else XGBRegressor()
    rows = ROWS.with_columns(changed=change)
    with scattered(rows, way, tmp_path) as frame, pytest.raises(ValueError, match=message):
        over_parts(estimator, frame, roles)


def test_a_member_without_rows_counts_nothing() -> None:
    reference = Reference(np.ones((1, 3), "f4"), None)
    work = Boosting({}, 1, reference, {}, Kind(), np.nan, np.array(7.0))
    (block,) = work.blocks([], [])
    assert block["weight"].tolist() == [0.0]
    assert block["label"].tolist() == [7.0]


class Steps(Watch):
    """Notes the stages that are told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int, int]] = []

    def stage(self, name: str, place: int, done: int, total: int, size: int) -> None:
        self.told.append((name, done, total))


def test_tells_how_many_trees_are_grown(tmp_path: Path) -> None:
    watch = Steps()
    columns = Columns(("x0", "x1"), ("y",), None)
    with scattered(ROWS, "serial-3", tmp_path) as frame:
        config = resolve().given("test", backend="serial")
        data = opened(frame.select(*columns.columns)._plan, columns, config)
        Driver(config, watch).run(boosted(XGBRegressor(n_estimators=5), data))
    grown = [(done, total) for name, done, total in watch.told if "growing trees" in name]
    assert grown[-1] == (5, 5)


def test_stops_when_nobody_waits() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100, 3)).astype("f4")
    work = Boosting(
        {"objective": "reg:squarederror", "base_score": 0.0}, 50,
        Reference(x, None), {}, Kind(), np.nan, np.array(0.0),
    )  # fmt: skip
    done: list[int] = []
    with pytest.raises(Exception, match="nobody waits"):
        work([], Seat(is_stopped=lambda: len(done) >= 3, tell=done.append))
    assert done == [1, 2, 3]


def test_who_listens_is_found_and_ended() -> None:
    """XGBoost leaves a thread behind that waits for others where one of them died."""
    before = listening()
    with socket.create_server(("127.0.0.1", 0)) as server:
        ((descriptor, address),) = listening() - before
        assert address == server.getsockname()
        with ThreadPoolExecutor(1) as pool:
            accepted = pool.submit(server.accept)
            time.sleep(0.05)
            _shut(descriptor)
            with pytest.raises(OSError, match="Invalid argument"):
                accepted.result(10)
