"""Predictions: lazy, aligned with their keys, of a type that is known before any row is read."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingRegressor, IsolationForest, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import SVC

import scalekit as sk
from scalekit import col
from scalekit.errors import (
    ColumnNotFoundError,
    DuplicateError,
    ExecutionError,
    InvalidOperationError,
    PlanError,
    ShapeError,
)
from scalekit.learn.fit import fit
from scalekit.learn.predict import Predictor, predict

each_backend = pytest.mark.parametrize("backend", ["polars", "pandas"])


def table(rows: int = 300) -> pl.DataFrame:
    n = pl.int_range(0, rows, eager=True).alias("id")
    return pl.DataFrame({"id": n}).with_columns(
        a=(pl.col("id") * 0.7).sin(),
        b=(pl.col("id") * 1.3).cos(),
        kind=pl.Series([("red", "green", "blue")[i * 5 % 3] for i in range(rows)]),
        level=pl.col("id") * 5 % 3,
        y=pl.col("id") * 0.5 - 7,
    )


def frame() -> sk.Frame:
    return sk.from_polars(table())


def linear() -> Any:
    return fit(LinearRegression(), frame(), target="y", features=["a", "b"])


def classifier(target: str = "kind", **columns: pl.Expr) -> Any:
    rows = sk.from_polars(table().with_columns(**columns))
    return fit(LogisticRegression(), rows, target=target, features=["a", "b"])


# ---------------------------------------------------------------------------- values and alignment


@each_backend
def test_predictions_stand_beside_their_keys(backend: str) -> None:
    model = linear()
    result = predict(model, frame().sort("b"), keep=["id"]).collect(backend=backend)
    rows = table().sort("b")
    assert result["id"].to_list() == rows["id"].to_list()
    expected = model.predict(rows.select("a", "b").to_pandas())
    np.testing.assert_allclose(result["prediction"].to_numpy(), expected, rtol=1e-12)
    assert result.columns == ["id", "prediction"]


@each_backend
def test_it_is_lazy_and_a_frame_like_any_other(backend: str) -> None:
    predicted = predict(linear(), frame(), out="guess")
    assert predicted.columns == [*table().columns, "guess"]
    error = (col("guess") - col("y")).abs().mean()
    by_kind = predicted.group_by("kind").agg(mae=error).sort("kind").collect(backend=backend)
    assert by_kind["mae"].null_count() == 0
    few = predicted.filter(col("id") < 5).select("guess").collect(backend=backend)
    assert few.height == 5


@each_backend
def test_many_batches_keep_their_order(backend: str) -> None:
    rows = table(30_000).rechunk()
    chunks = pl.concat([rows[i : i + 977] for i in range(0, rows.height, 977)], rechunk=False)
    result = predict(linear(), sk.from_polars(chunks), keep=["id", "a", "b"]).collect(
        backend=backend
    )
    assert result["id"].to_list() == list(range(30_000))
    expected = linear().predict(rows.select("a", "b").to_pandas())
    np.testing.assert_allclose(result["prediction"].to_numpy(), expected, rtol=1e-12)


def test_columns_are_found_by_name_in_any_order() -> None:
    backwards = frame().select("y", "b", "id", "a")
    result = predict(linear(), backwards, keep=[]).collect()
    assert result.equals(predict(linear(), frame(), keep=[]).collect())


def test_a_pipeline_on_text_and_nulls() -> None:
    rows = table().with_columns(
        a=pl.when(pl.col("id") % 7 != 0).then("a"), kind=pl.when(pl.col("id") % 5 != 0).then("kind")
    )
    pipeline = make_pipeline(
        ColumnTransformer(
            [
                ("n", SimpleImputer(), make_column_selector(dtype_include="number")),
                (
                    "t",
                    make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder()),
                    ["kind"],
                ),
            ]
        ),
        LogisticRegression(),
    )
    model = fit(pipeline, sk.from_polars(rows), target="level", features=["a", "b", "kind"])
    result = predict(model, sk.from_polars(rows), keep="id").collect()
    assert result.schema["prediction"] == pl.Int64
    expected = model.predict(rows.select("a", "b", "kind").to_pandas())
    assert result["prediction"].to_list() == expected.tolist()


# -------------------------------------------------------------------------------- names and types


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (pl.col("kind"), pl.String),
        (pl.col("kind").cast(pl.Categorical), pl.String),
        (pl.col("level").cast(pl.Int8), pl.Int8),
        (pl.col("level") > 1, pl.Boolean),
        (pl.col("level").cast(pl.UInt16), pl.UInt16),
    ],
    ids=str,
)
@each_backend
def test_predicted_classes_have_the_type_of_the_target(
    target: pl.Expr, expected: pl.DataType, backend: str
) -> None:
    predicted = predict(classifier("t", t=target), frame(), keep=[])
    assert predicted.schema == pl.Schema({"prediction": expected})
    result = predicted.collect(backend=backend)
    assert result.schema == predicted.schema
    values = table().select(target.cast(expected).alias("t"))["t"]
    assert set(result["prediction"]) <= set(values)


@each_backend
def test_probabilities_are_one_column_for_each_class(backend: str) -> None:
    predicted = predict(classifier(), frame(), method="predict_proba", out="p", keep="id")
    assert predicted.columns == ["id", "p_blue", "p_green", "p_red"]
    result = predicted.collect(backend=backend)
    np.testing.assert_allclose(result.drop("id").sum_horizontal(), np.ones(300))
    two = predict(classifier("t", t=pl.col("level") > 0), frame(), method="predict_proba", keep=[])
    assert two.columns == ["probability_false", "probability_true"]


def test_methods_and_what_they_are_called() -> None:
    def columns(model: Any, **arguments: Any) -> list[tuple[str, str]]:
        predicted = predict(model, frame(), keep=[], **arguments)
        assert predicted.collect().schema == predicted.schema
        return [(name, str(dtype)) for name, dtype in predicted.schema.items()]

    two = classifier("t", t=pl.col("level") > 0)
    assert columns(two, method="decision_function") == [("decision", "Float64")]
    assert columns(classifier(), method="decision_function", out="d") == [
        ("d_blue", "Float64"), ("d_green", "Float64"), ("d_red", "Float64"),
    ]  # fmt: skip
    assert columns(two, method="predict_log_proba")[1] == ("log_probability_true", "Float64")
    ovo = fit(SVC(decision_function_shape="ovo"), sk.from_polars(table().with_columns(k=pl.col("id") % 4)), target="k", features=["a", "b"])  # fmt: skip
    assert [name for name, _ in columns(ovo, method="decision_function")] == [
        f"decision_{i}" for i in range(6)
    ]
    clusters = fit(KMeans(3, n_init=1, random_state=0), frame(), features=["a", "b"])
    assert columns(clusters) == [("prediction", "Int64")]
    assert columns(clusters, method="transform") == [(f"kmeans{i}", "Float64") for i in range(3)]
    outliers = fit(IsolationForest(n_estimators=5, random_state=0), frame(), features=["a", "b"])
    assert columns(outliers) == [("prediction", "Int64")]
    assert columns(outliers, method="score_samples") == [("score_samples", "Float64")]
    assert columns(linear(), out="guess") == [("guess", "Float64")]


def test_several_targets_are_named_by_their_target() -> None:
    model = fit(LinearRegression(), frame(), target=["y", "level"], features=["a", "b"])
    assert predict(model, frame(), keep=[]).columns == ["prediction_y", "prediction_level"]
    both = fit(
        KNeighborsClassifier(3),
        frame().with_columns(half=col("id") % 2),
        target=["level", "half"],
        features=["a", "b"],
    )
    names = predict(both, frame(), method="predict_proba", keep=[]).columns
    assert names[:4] == [
        "probability_level_0", "probability_level_1", "probability_level_2", "probability_half_0",
    ]  # fmt: skip


@each_backend
def test_transformers_name_their_own_columns(backend: str) -> None:
    scaler = fit(StandardScaler(), frame(), features=["a", "b"])
    with pytest.raises(DuplicateError, match=r"'a', 'b'.*out=.*keep="):
        predict(scaler, frame(), method="transform")
    scaled = predict(scaler, frame(), method="transform", keep="id").collect(backend=backend)
    assert scaled.columns == ["id", "a", "b"]
    assert abs(scaled["a"].mean()) < 1e-12
    named = predict(scaler, frame(), method="transform", out="scaled", keep=[])
    assert named.columns == ["scaled_a", "scaled_b"]


def test_sparse_framed_and_textual_outputs() -> None:
    encoder = fit(OneHotEncoder(), frame(), features="kind")
    sparse = predict(encoder, frame(), method="transform", keep=[]).collect()
    assert sparse.columns == ["kind_blue", "kind_green", "kind_red"]
    assert sparse.sum_horizontal().to_list() == [1.0] * 300
    framed = make_pipeline(StandardScaler(), PCA(1)).set_output(transform="pandas")
    reduced = predict(
        fit(framed, frame(), features=["a", "b"]), frame(), method="transform", keep=[]
    )
    assert reduced.collect().columns == ["pca0"]
    holes = sk.from_polars(table().with_columns(kind=pl.when(pl.col("id") % 2 == 0).then("kind")))
    filler = fit(SimpleImputer(strategy="constant", fill_value="?"), holes, features="kind")
    text = predict(filler, holes, method="transform", keep=[]).collect()
    assert text.schema == pl.Schema({"kind": pl.String})
    assert text["kind"][1] == "?"


def test_a_model_that_refuses_a_made_up_row_is_tried_on_a_real_one() -> None:
    encoder = make_pipeline(OrdinalEncoder(), LinearRegression())
    model = fit(encoder, frame(), target="y", features="kind")
    assert predict(model, frame(), keep=[]).schema == pl.Schema({"prediction": pl.Float64})
    with pytest.raises(InvalidOperationError, match="cannot find out what the model gives"):
        predict(model, frame().filter(col("id") < 0))


# ------------------------------------------------------------------------------------ other models


def test_models_fitted_elsewhere() -> None:
    pandas = table().to_pandas()
    named = LinearRegression().fit(pandas[["a", "b"]], pandas["y"])
    assert (
        predict(named, frame(), keep=[])
        .collect()
        .equals(predict(linear(), frame(), keep=[]).collect())
    )
    unnamed = LinearRegression().fit(pandas[["a", "b"]].to_numpy(), pandas["y"])
    assert predict(unnamed, frame().select("a", "b"), keep=[]).collect().height == 300
    with pytest.raises(
        InvalidOperationError, match="fitted on 2 unnamed columns, and the frame has 6"
    ):
        predict(unnamed, frame())


class Doubler(BaseEstimator):
    """Anything that has the method."""

    def predict(self, x: pd.DataFrame) -> pd.Series:
        return x["a"] * 2


def test_any_object_with_the_method() -> None:
    result = predict(Doubler(), frame().select("a")).collect()
    assert result["prediction"].to_list() == (table()["a"] * 2).to_list()


class Fickle(BaseEstimator):
    """Gives another number of columns for one row than for many."""

    n_features_in_ = 2

    def transform(self, x: np.ndarray) -> np.ndarray:
        return x if len(x) == 1 else x[:, :1]


def test_a_model_that_breaks_its_promise_is_an_error() -> None:
    predicted = predict(Fickle(), frame().select("a", "b"), method="transform", keep=[])
    with pytest.raises((ExecutionError, ShapeError), match="1 columns, and 2 were promised"):
        predicted.collect()


# ------------------------------------------------------------------------------------- edges, errors


@each_backend
def test_no_rows_give_no_predictions_of_the_right_type(backend: str) -> None:
    nothing = frame().filter(col("id") < 0)
    result = predict(classifier(), nothing, keep="id").collect(backend=backend)
    assert result.schema == pl.Schema({"id": pl.Int64, "prediction": pl.String})
    assert result.height == 0


def test_missing_columns_are_named() -> None:
    with pytest.raises(ColumnNotFoundError, match="column 'b' not found"):
        predict(linear(), frame().drop("b"))
    with pytest.raises(ColumnNotFoundError, match="did you mean 'kind'"):
        predict(linear(), frame(), keep=["kindd"])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"method": "predict_proba"},
            InvalidOperationError,
            "no method 'predict_proba'; it has fit, predict",
        ),
        ({"model": LinearRegression}, InvalidOperationError, "not the class LinearRegression"),
        ({"frame": table()}, PlanError, "takes a scalekit Frame"),
        ({"out": 3}, InvalidOperationError, "out= is a name, got int"),
        ({"out": "y"}, DuplicateError, "'y'.*out="),
        ({"model": LinearRegression()}, InvalidOperationError, "not fitted yet"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_mistakes_are_named(arguments: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        predict(**({"model": linear(), "frame": frame()} | arguments))


@each_backend
def test_rows_that_the_model_refuses_are_an_execution_error(backend: str) -> None:
    holes = frame().with_columns(a=sk.when(col("id") > 5).then(col("a")))
    with pytest.raises(
        ExecutionError, match=r"LinearRegression\.predict failed on .* rows: Input X contains NaN"
    ):
        predict(linear(), holes).collect(backend=backend)


def test_the_node_travels_to_workers_and_shows_what_it_does() -> None:
    plan = predict(classifier(), frame(), keep=[])._plan
    function = plan.function.value
    assert isinstance(function, Predictor)
    assert repr(plan.function) == "LogisticRegression.predict"
    copy = pickle.loads(pickle.dumps(function))
    rows = table().select("a", "b")
    assert copy(rows).equals(function(rows))
    assert plan.keeps_rows
    assert not plan.whole


def test_only_what_is_needed_is_read() -> None:
    fails_if_read = frame().with_columns(bad=col("kind").cast(sk.Int64))
    assert predict(linear(), fails_if_read, keep="id").collect().height == 300


def test_a_forest_with_threads_of_its_own() -> None:
    model = fit(
        RandomForestClassifier(4, n_jobs=2, random_state=0),
        frame(),
        target="kind",
        features=["a", "b"],
    )
    result = predict(model, frame(), keep=[]).collect()
    assert (
        result["prediction"].to_list()
        == model.predict(table().select("a", "b").to_pandas()).tolist()
    )


def test_a_category_is_its_text_whatever_else_is_in_the_batch() -> None:
    rows = table().with_columns(pl.col("kind").cast(pl.Categorical))
    boosting = HistGradientBoostingRegressor(max_iter=3, random_state=0, min_samples_leaf=2)
    model = fit(boosting, sk.from_polars(rows), target="level", features=["a", "kind"])
    assert model.is_categorical_.tolist() == [False, True]
    everything = predict(model, sk.from_polars(rows), keep="kind").collect()
    reds = predict(model, sk.from_polars(rows).filter(col("kind") == "red"), keep=[]).collect()
    expected = everything.filter(pl.col("kind") == "red")["prediction"]
    assert reds["prediction"].to_list() == expected.to_list()
