"""One pass over the rows: the same tallies on every backend and however the rows are cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    QuantileRegressor,
)

import scalekit as sk
from scalekit import parts
from scalekit.errors import ComputeError
from scalekit.judge import judging, scoring
from scalekit.judge.judging import Judgement, dummy, judge, judged_model, linear
from scalekit.judge.preparing import prepare
from scalekit.judge.protocol.protocol import Protocol
from scalekit.judge.statistics import Tally
from tests.judge.rows import FEATURES, WAYS, people, read

PEOPLE = people()
X = PEOPLE.select(FEATURES).to_pandas()

QUANTILES = {
    q: QuantileRegressor(quantile=q).fit(X, PEOPLE["spend"].to_numpy()) for q in (0.1, 0.9)
}

TASKS: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "binary": ("churned", LogisticRegression().fit(X, PEOPLE["churned"].to_numpy()), {}),
    "multiclass": ("mood", LogisticRegression().fit(X, PEOPLE["mood"].to_numpy()), {"metrics": ["log_loss"]}),
    "regression": ("spend", LinearRegression().fit(X, PEOPLE["spend"].to_numpy()), {"metrics": ["rmse", "r2", "d2_absolute_error"]}),
    "count": ("calls", PoissonRegressor().fit(X, PEOPLE["calls"].to_numpy()), {}),
    "quantile": ("spend", QUANTILES, {"quantiles": (0.1, 0.9)}),
}  # fmt: skip
"""Task -> target, fitted model, keys of the protocol."""


def protocol_for(task: str, **more: Any) -> Protocol:
    target, _, keys = TASKS[task]
    given = {"key": "id", "group": "customer", "slices": ["region"], "weight": "w", **keys, **more}
    return Protocol(task, target, **given)


def judged(frame: sk.Frame, task: str, *, with_linear: bool = False, **more: Any) -> Judgement:
    prepared = prepare({"m": TASKS[task][1]}, frame, protocol_for(task, **more), features=FEATURES)
    model = judged_model("m", prepared.models["m"], prepared.ground)
    models = [model, dummy(prepared.ground)]
    if with_linear:
        baseline, why = linear(prepared.ground, FEATURES)
        assert baseline is not None, why
        models.append(baseline)
    return judge(prepared.ground, models)


def assert_same_tallies(found: Judgement, wanted: Judgement) -> None:
    assert found.layout == wanted.layout
    assert found.scored.prints == wanted.scored.prints
    assert set(found.scored.tallies) == set(wanted.scored.tallies)
    for role, tally in found.scored.tallies.items():
        assert_same(tally, wanted.scored.tallies[role])


def assert_same(found: Tally, wanted: Tally) -> None:
    """Counts of rows are equal; sums of floats are to the last bits, in which additions differ."""
    assert found.centre == wanted.centre
    for name, array in wanted.arrays.items():
        if array.dtype.kind == "i":
            assert np.array_equal(found.arrays[name], array), name
        elif name.endswith("exemplar"):
            np.testing.assert_allclose(found.arrays[name], array, rtol=1e-12, err_msg=name)
        else:
            np.testing.assert_allclose(
                found.total(name), wanted.total(name), rtol=1e-11, atol=1e-11, err_msg=name
            )


@pytest.fixture(scope="module", params=TASKS)
def whole(request: pytest.FixtureRequest) -> tuple[str, Judgement]:
    with sk.config(backend="polars"):
        return request.param, judged(sk.from_polars(PEOPLE), request.param)


@pytest.mark.parametrize("way", WAYS)
def test_tallies_are_the_same_on_every_backend(
    way: str, whole: tuple[str, Judgement], tmp_path: Path
):
    task, wanted = whole
    with read(way, PEOPLE, tmp_path) as frame:
        assert_same_tallies(judged(frame, task), wanted)


def test_without_weights_all_counts_are_whole_numbers_and_equal(tmp_path: Path):
    found = {}
    for way in WAYS:
        with read(way, PEOPLE, tmp_path) as frame:
            found[way] = judged(frame, "binary", weight=None)
    for tallies in found.values():
        assert_same_tallies(tallies, found["polars"])
        assert tallies.scored.tallies["test"].arrays["scores"].dtype == np.int64


def test_each_role_has_its_rows():
    found = judged(sk.from_polars(PEOPLE), "binary", group=())
    assert {role: tally.rows for role, tally in found.scored.tallies.items()} == {
        "train": 1055,
        "valid": 208,
        "test": 237,
    }
    assert {role: one.rows for role, one in found.scored.prints.items()} == {
        "train": 1055,
        "valid": 208,
        "test": 237,
    }


def test_the_rows_are_read_once_for_all_models_and_roles(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    asked: list[str] = []
    answers = parts.answers

    def counted(plan: Any, function: Any, *rest: Any) -> Any:
        asked.append(getattr(function, "__name__", ""))
        return answers(plan, function, *rest)

    with read("serial, 3 parts", PEOPLE, tmp_path) as frame:
        monkeypatch.setattr(parts, "answers", counted)
        judged(frame, "binary")
    assert asked == ["judge m, dummy"]


def test_large_parts_are_asked_about_piece_by_piece(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    with read("serial, 1 part", PEOPLE, tmp_path) as frame:
        wanted = {task: judged(frame, task) for task in TASKS}
        monkeypatch.setattr(scoring, "ASKED", 400)
        for task, whole in wanted.items():
            assert_same_tallies(judged(frame, task), whole)


def test_slices_are_counted_of_test_rows(tmp_path: Path):
    with read("polars", PEOPLE, tmp_path) as frame:
        found = judged(frame, "binary")
    assert {role: bool(t.layout.slices) for role, t in found.scored.tallies.items()} == {
        "train": False,
        "valid": False,
        "test": True,
    }


def test_models_are_asked_once_for_each_part(tmp_path: Path):
    class Counting:
        asked = 0

        def predict(self, rows: Any) -> Any:
            type(self).asked += 1
            return np.zeros(len(rows))

    with read("serial, 3 parts", PEOPLE, tmp_path) as frame:
        prepared = prepare(
            {"m": Counting()}, frame, protocol_for("regression", weight=None), features=FEATURES
        )
        judge(prepared.ground, [judged_model("m", prepared.models["m"], prepared.ground)])
    assert Counting.asked == 3


@pytest.mark.parametrize("way", ["polars", "serial, 3 parts"])
def test_a_model_that_fails_is_named_on_every_backend(way: str, tmp_path: Path):
    class Failing:
        def predict(self, rows: Any) -> Any:
            raise ValueError("no such month")

    with read(way, PEOPLE, tmp_path) as frame:
        prepared = prepare({"m": Failing()}, frame, protocol_for("regression"), features=FEATURES)
        model = judged_model("m", prepared.models["m"], prepared.ground)
        with pytest.raises(
            ComputeError, match=r"Failing.predict failed on [\d,]+ rows: no such month"
        ):
            judge(prepared.ground, [model])


def test_rows_without_a_valid_prediction_are_counted():
    class Holes:
        def predict(self, rows: Any) -> Any:
            return np.where(rows["x0"] > 1, np.nan, 20.0)

    prepared = prepare(
        {"m": Holes()}, sk.from_polars(PEOPLE), protocol_for("regression"), features=FEATURES
    )
    found = judge(prepared.ground, [judged_model("m", prepared.models["m"], prepared.ground)])
    invalid = sum(tally.invalid("m") for tally in found.scored.tallies.values())
    assert invalid == (PEOPLE["x0"] > 1).sum()


def test_labels_of_any_type_have_the_same_tally():
    wanted = judged(sk.from_polars(PEOPLE), "multiclass")
    for dtype in (pl.Categorical, pl.Enum(["sad", "calm", "glad"])):
        cast = sk.from_polars(PEOPLE.with_columns(pl.col("mood").cast(dtype)))
        assert_same_tallies(judged(cast, "multiclass"), wanted)


def test_the_dummy_learns_from_the_training_rows_alone():
    prepared = prepare(
        {"m": TASKS["regression"][1]},
        sk.from_polars(PEOPLE),
        protocol_for("regression"),
        features=FEATURES,
    )
    train = prepared.ground.rows.of("train").collect()
    mean = (train["spend"] * train["w"]).sum() / train["w"].sum()
    assert dummy(prepared.ground).outputs.values[0] == pytest.approx(mean, rel=1e-11)
    by_median = prepare(
        {"m": TASKS["regression"][1]},
        sk.from_polars(PEOPLE),
        protocol_for("regression", primary="mae"),
        features=FEATURES,
    )
    assert dummy(by_median.ground).outputs.values[0] == pytest.approx(train["spend"].median())


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression", "count"])
def test_the_linear_baseline_reads_numbers_and_texts(task: str):
    holes = PEOPLE.with_columns(is_new=pl.col("x0") > 0)
    frame = sk.from_polars(holes)
    prepared = prepare({"m": TASKS[task][1]}, frame, protocol_for(task), features=FEATURES)
    features = ["x0", "x1", "gap", "region", "is_new"]
    baseline, why = linear(prepared.ground, features)
    assert why == ""
    assert set(baseline.inputs) == set(features)
    found = judge(prepared.ground, [baseline])
    assert found.scored.tallies["test"].invalid("linear") == 0


def test_a_missing_linear_baseline_says_why():
    frame = sk.from_polars(PEOPLE.with_columns(when=pl.lit(0).cast(pl.Datetime)))
    given = prepare(
        {"m": TASKS["regression"][1]},
        frame,
        protocol_for("regression", key=(), group=()),
        features=FEATURES,
    )
    assert linear(given.ground, FEATURES) == (
        None,
        "no linear baseline: there are no training rows; give train=, or a key= to split by",
    )
    split = prepare(
        {"m": TASKS["regression"][1]}, frame, protocol_for("regression"), features=FEATURES
    )
    assert (
        linear(split.ground, ["when"])[1] == "no linear baseline: no feature is a number or a text"
    )


def test_few_rows_and_an_unfitted_estimator_are_cross_validated():
    frame = sk.from_polars(PEOPLE)
    prepared = prepare(
        {"m": LogisticRegression()}, frame, protocol_for("binary"), features=FEATURES
    )
    assert prepared.ground.rows.folds == 5
    model = judged_model("m", prepared.models["m"], prepared.ground)
    found = judge(prepared.ground, [model, dummy(prepared.ground)])
    assert {role: tally.rows for role, tally in found.scored.tallies.items()} == {
        "test": PEOPLE.height
    }
    assert prepared.final["m"].scalekit_fit_.rows < PEOPLE.height
    assert all(one.scalekit_fit_.rows < PEOPLE.height for one in prepared.models["m"].members)


@pytest.mark.parametrize("way", WAYS)
def test_of_many_training_rows_models_are_asked_about_some(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with read(way, PEOPLE, tmp_path) as frame:
        every = judged(frame, "binary")
        monkeypatch.setattr(judging, "TRAINED", 300)
        some = judged(frame, "binary")
    there = every.scored.tallies["train"].rows
    kept = some.scored.tallies["train"].rows
    assert there > 600
    assert abs(kept - 300) < 5 * 300**0.5
    assert SAMPLED_ROWS.setdefault("train", kept) == kept  # the same rows in every way
    for role in ("valid", "test"):
        left, right = every.scored.tallies[role], some.scored.tallies[role]
        for name, array in left.arrays.items():
            np.testing.assert_array_equal(array, right.arrays[name])
    assert some.scored.prints == every.scored.prints  # which say what rows there were


SAMPLED_ROWS: dict[str, int] = {}
