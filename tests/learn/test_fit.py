"""Fits: genuine scikit-learn objects, equal to a plain fit, on every backend (LEARN.md, acceptance A)."""

from __future__ import annotations

import pickle
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.cluster import Birch
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    StackingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

import scalekit as sk
from scalekit.errors import ColumnNotFoundError, InvalidOperationError, PlanError
from scalekit.learn.fit import fit
from scalekit.learn.matrix import to_features, to_target
from scalekit.learn.record import FitRecord


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Boosting on as many threads as a busy machine has cores takes seconds for what takes none."""
    with threadpool_limits(1):
        yield


each_backend = pytest.mark.parametrize("backend", ["polars", "pandas"])


def table(rows: int = 240) -> pl.DataFrame:
    """Numbers, text and flags, with nulls, and targets of several types; made by arithmetic alone."""
    n = pl.int_range(0, rows, eager=True).alias("n")
    place = n.cast(pl.Float64)
    return pl.DataFrame(
        {
            "a": (place * 0.7).sin(),
            "b": (place * 1.3).cos() * 1e3,
            "c": n * 37 % 11,
            "kind": pl.Series([("red", "green", "blue")[i * 5 % 3] for i in range(rows)]),
            "flag": n % 7 < 3,
        }
    ).with_columns(
        hole=pl.when(n % 6 != 1).then(pl.col("a") + pl.col("c")),
        word=pl.when(n % 9 != 2).then(pl.col("kind")),
        y=3 * pl.col("a") + pl.col("b") / 500 + pl.col("c") / 4,
        weight=1.0 + n % 3,
        answer=pl.when(pl.col("a") + pl.col("b") / 1e3 > 0)
        .then(pl.lit("yes"))
        .otherwise(pl.lit("no")),
        level=n * 5 % 3,
    )


NUMBERS = ["a", "b", "c"]
MIXED = ["a", "hole", "word", "flag"]


def mixed_pipeline() -> Pipeline:
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    words = make_pipeline(
        SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")
    )
    columns = ColumnTransformer(
        [("numbers", numbers, ["hole", "a"]), ("words", words, ["word"])], remainder="passthrough"
    )
    return Pipeline([("columns", columns), ("model", LogisticRegression())])


ESTIMATORS: dict[str, tuple[Callable[[], Any], list[str], Any]] = {
    "scaler": (StandardScaler, NUMBERS, None),
    "encoder": (OneHotEncoder, ["kind", "word", "c"], None),
    "pca": (lambda: PCA(2), NUMBERS, None),
    "clusters": (lambda: Birch(n_clusters=3), NUMBERS, None),
    "isolation": (lambda: IsolationForest(n_estimators=8, random_state=0), NUMBERS, None),
    "linear": (LinearRegression, NUMBERS, "y"),
    "neighbours": (lambda: KNeighborsRegressor(3), NUMBERS, "y"),
    "transformed": (lambda: TransformedTargetRegressor(Ridge()), NUMBERS, "y"),
    "stacking": (lambda: StackingRegressor([("r", Ridge())], Ridge(), cv=3), NUMBERS, "y"),
    "several": (Ridge, NUMBERS, ["y", "weight"]),
    "search": (lambda: GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, cv=3), NUMBERS, "y"),
    "bayes": (GaussianNB, NUMBERS, "answer"),
    "svc": (lambda: SVC(random_state=0), NUMBERS, "level"),
    "forest": (lambda: RandomForestClassifier(5, random_state=0), [*NUMBERS, "flag"], "answer"),
    "boosting": (
        lambda: HistGradientBoostingClassifier(max_iter=3, random_state=0),
        ["a", "hole", "flag"],
        "level",
    ),
    "shuffled": (lambda: SGDClassifier(random_state=0, max_iter=5, tol=None), NUMBERS, "flag"),
    "pipeline": (mixed_pipeline, MIXED, "answer"),
}

each_estimator = pytest.mark.parametrize("case", ESTIMATORS)


def plain(case: str) -> Any:
    """What scikit-learn itself gives on pandas data."""
    make, features, target = ESTIMATORS[case]
    data = table().to_pandas()
    data["hole"] = data["hole"].astype("float64")
    if target is None:
        return make().fit(data[features])
    return make().fit(data[features], data[target].to_numpy())


def fitted(case: str, backend: str) -> Any:
    make, features, target = ESTIMATORS[case]
    with sk.config(backend=backend):
        return fit(make(), sk.from_polars(table()), target=target, features=features)


def answer(model: Any, features: list[str]) -> np.ndarray:
    data = table().to_pandas()[features]
    method = "predict" if hasattr(model, "predict") else "transform"
    result = getattr(model, method)(data)
    return result.toarray() if hasattr(result, "toarray") else result


def assert_same_state(ours: Any, theirs: Any, where: str = "model") -> None:
    """Compare fitted objects down to their arrays, ``scalekit_fit_`` aside."""
    assert type(ours) is type(theirs), where
    if isinstance(ours, BaseEstimator):
        mine = {k: v for k, v in vars(ours).items() if k != "scalekit_fit_"}
        assert set(mine) == set(vars(theirs)) - {"scalekit_fit_"}, where
        for name, value in mine.items():
            if not name.endswith("time_") and "time" not in name:
                assert_same_state(value, vars(theirs)[name], f"{where}.{name}")
    elif isinstance(ours, np.ndarray):
        assert ours.dtype == theirs.dtype, where
        if ours.dtype == object:
            assert_same_state(ours.tolist(), theirs.tolist(), where)
        elif ours.dtype.names is None:
            np.testing.assert_array_equal(ours, theirs, err_msg=where)
    elif isinstance(ours, list | tuple):
        assert len(ours) == len(theirs), where
        for place, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            assert_same_state(one, other, f"{where}[{place}]")
    elif isinstance(ours, str | int | float | bool | np.generic):
        assert ours == theirs or (ours != ours and theirs != theirs), where


@each_backend
@each_estimator
def test_the_model_is_what_scikit_learn_itself_gives(case: str, backend: str) -> None:
    ours, theirs = fitted(case, backend), plain(case)
    assert ours.get_params().keys() == theirs.get_params().keys()
    assert repr(ours) == repr(theirs)
    assert set(vars(ours)) - {"scalekit_fit_"} == set(vars(theirs))
    if case != "search":  # its results hold the seconds that were measured
        assert_same_state(ours, theirs)
    features = ESTIMATORS[case][1]
    np.testing.assert_array_equal(answer(ours, features), answer(theirs, features))


@each_estimator
def test_it_pickles_clones_and_names_its_outputs(case: str) -> None:
    ours, theirs = fitted(case, "polars"), plain(case)
    check_is_fitted(ours)
    features = ESTIMATORS[case][1]
    copy = pickle.loads(pickle.dumps(ours))
    assert vars(copy.scalekit_fit_) == vars(ours.scalekit_fit_)
    np.testing.assert_array_equal(answer(copy, features), answer(ours, features))
    assert not hasattr(clone(ours), "scalekit_fit_")
    assert list(ours.feature_names_in_) == features
    if case in ("scaler", "encoder", "pca", "clusters", "stacking"):
        assert list(ours.get_feature_names_out()) == list(theirs.get_feature_names_out())


@pytest.mark.parametrize("case", ["pipeline", "forest", "scaler"])
def test_it_predicts_on_pandas_and_polars(case: str) -> None:
    model, features = fitted(case, "polars"), ESTIMATORS[case][1]
    method = "predict" if hasattr(model, "predict") else "transform"
    rows = table().drop_nulls().select(features)
    on_polars, on_pandas = getattr(model, method)(rows), getattr(model, method)(rows.to_pandas())
    np.testing.assert_array_equal(on_polars, on_pandas)


def test_the_callers_object_is_not_touched() -> None:
    pipeline = mixed_pipeline()
    before = pickle.dumps(pipeline)
    model = fit(pipeline, sk.from_polars(table()), target="answer", features=MIXED)
    assert pickle.dumps(pipeline) == before
    assert model is not pipeline
    assert model.named_steps["model"] is not pipeline.named_steps["model"]


def test_the_record_says_how_it_was_fitted() -> None:
    record = fitted("linear", "polars").scalekit_fit_
    assert isinstance(record, FitRecord)
    assert record.features == ("a", "b", "c")
    assert record.feature_types == ("Float64", "Float64", "Int64")
    assert (record.strategy, record.exactness, record.rows) == ("local", "exact", 240)
    assert (record.target, record.backend, record.order) == ("y", "polars", "frame")
    assert record.versions["scikit-learn"]
    assert fitted("several", "polars").scalekit_fit_.target == ("y", "weight")
    assert fitted("scaler", "pandas").scalekit_fit_.backend == "pandas"
    with pytest.raises(AttributeError):
        record.rows = 1


def test_a_pickled_model_loads_without_scalekit_and_predicts_with_it() -> None:
    model = fitted("linear", "polars")
    stored = pickle.dumps(model)
    assert b"scalekit." not in stored
    loaded = pickle.loads(stored)
    assert loaded.scalekit_fit_.rows == 240
    scored = sk.predict(loaded, sk.from_polars(table()), keep=[]).collect()
    assert scored.equals(sk.predict(model, sk.from_polars(table()), keep=[]).collect())


def test_by_default_every_other_column_is_a_feature_and_only_they_are_read() -> None:
    frame = sk.from_polars(table()).select(*NUMBERS, "y", "weight")
    model = fit(LinearRegression(), frame, target="y", sample_weight="weight")
    assert list(model.feature_names_in_) == NUMBERS
    fails_if_read = sk.from_polars(table()).with_columns(bad=sk.col("kind").cast(sk.Int64))
    model = fit(StandardScaler(), fails_if_read, features=["b", "a"])
    assert list(model.feature_names_in_) == ["b", "a"]


def test_features_by_selector_and_order() -> None:
    frame = sk.from_polars(table())
    model = fit(StandardScaler(), frame, features=[sk.col("c"), sk.col("^[ab]$")])
    assert list(model.feature_names_in_) == ["c", "a", "b"]


# ------------------------------------------------------------------------------------------ order


def unordered(rows: pl.DataFrame) -> sk.Frame:
    """A frame without an order: its rows as they come out of a group_by."""
    return sk.from_polars(rows.with_columns(n=pl.int_range(0, rows.height))).group_by("n").agg(
        sk.col(name).max() for name in rows.columns
    ).select(*rows.columns)  # fmt: skip


@each_backend
def test_a_frame_without_an_order_gives_one_model(backend: str) -> None:
    rows = table().select(*NUMBERS, "flag")
    models = []
    for seed in (1, 2, 3):
        shuffled = rows.sample(fraction=1, shuffle=True, seed=seed)
        with sk.config(backend=backend):
            models.append(
                fit(
                    SGDClassifier(random_state=0, max_iter=3, tol=None),
                    unordered(shuffled),
                    target="flag",
                )
            )
    assert {model.scalekit_fit_.order for model in models} == {"row hash"}
    assert_same_state(models[0], models[1])
    assert_same_state(models[0], models[2])


def test_the_last_bit_of_a_float_moves_no_row() -> None:
    rows = table().select(*NUMBERS, "flag")
    nudged = rows.with_columns(pl.Series("b", np.nextafter(rows["b"].to_numpy(), np.inf)))
    first, second = (
        fit(KNeighborsRegressor(1), unordered(r), target="flag")._y for r in (rows, nudged)
    )
    np.testing.assert_array_equal(first, second)


def test_a_sorted_frame_keeps_its_order() -> None:
    frame = unordered(table().select("a", "y")).sort("a")
    model = fit(KNeighborsRegressor(1), frame, target="y")
    assert model.scalekit_fit_.order == "frame"
    assert (np.diff(model._fit_X[:, 0]) >= 0).all()


# ------------------------------------------------------------------------------ what X and y are


def test_every_type_has_one_form_in_x() -> None:
    rows = pl.DataFrame(
        {
            "i8": pl.Series([1, 2], dtype=pl.Int8),
            "i_null": [1, None],
            "f32": pl.Series([1.5, None], dtype=pl.Float32),
            "flag": [True, False],
            "flag_null": [True, None],
            "text": ["a", None],
            "money": [Decimal("1.50"), None],
            "big": pl.Series([1, 2], dtype=pl.Int128),
            "day": [date(2024, 1, 1), None],
            "moment": [datetime(2024, 1, 1), None],
            "span": [timedelta(days=1), None],
            "nothing": [None, None],
            "kind": pl.Series(["z", "a"], dtype=pl.Categorical),
            "size": pl.Series(["s", None], dtype=pl.Enum(["s", "m", "l"])),
            "items": [[1], None],
        }
    ).with_columns(zoned=pl.col("moment").dt.replace_time_zone("Europe/Paris"))
    got = to_features(rows)
    types = {name: str(dtype) for name, dtype in got.dtypes.items()}
    assert types == {
        "i8": "int8", "i_null": "float64", "f32": "float32", "flag": "bool", "flag_null": "float64",
        "text": "str", "money": "float64", "big": "float64", "day": "datetime64[us]",
        "moment": "datetime64[us]", "span": "timedelta64[us]", "nothing": "float64",
        "kind": "category", "size": "category", "items": "object",
        "zoned": "datetime64[us, Europe/Paris]",
    }  # fmt: skip
    assert list(got["kind"].cat.categories) == ["a", "z"]
    assert list(got["size"].cat.categories) == ["s", "m", "l"]
    assert got["text"].isna().tolist() == [False, True]
    assert got["flag_null"].tolist()[0] == 1.0
    assert isinstance(got.index, pd.RangeIndex)


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        (["b", "a"], pl.String, "O"),
        (["b", "a"], pl.Categorical, "O"),
        (["b", "a"], pl.Enum(["b", "a"]), "O"),
        ([True, False], pl.Boolean, "b"),
        ([1, 2], pl.Int16, "i"),
        ([Decimal("0.5"), Decimal(1)], pl.Decimal(5, 1), "f"),
    ],
)
def test_every_type_of_target_has_one_form(values: list, dtype: pl.DataType, expected: str) -> None:
    rows = pl.DataFrame({"y": pl.Series(values, dtype=dtype)})
    target = to_target(rows)
    assert target.dtype.kind == expected
    assert target.tolist() == [float(v) if isinstance(v, Decimal) else v for v in values]
    assert target.flags.writeable


@each_backend
def test_classes_keep_the_type_of_the_target(backend: str) -> None:
    frame = sk.from_polars(table().with_columns(pl.col("level").cast(pl.Int8)))
    with sk.config(backend=backend):
        model = fit(GaussianNB(), frame, target="level", features=NUMBERS)
    assert model.classes_.dtype == np.int8
    assert fitted("bayes", backend).classes_.tolist() == ["no", "yes"]


def test_functions_in_a_pipeline_see_a_pandas_frame() -> None:
    seen = []

    def remember(x: pd.DataFrame) -> pd.DataFrame:
        seen.append(type(x))
        return x.assign(twice=x["a"] * 2)

    model = make_pipeline(FunctionTransformer(remember), LinearRegression())
    fit(model, sk.from_polars(table()), target="y", features=["a", "b"])
    assert seen == [pd.DataFrame]


# ---------------------------------------------------------------------------------------- weights


def test_weights_reach_the_estimator() -> None:
    frame = sk.from_polars(table())
    data = table().to_pandas()
    ours = fit(LinearRegression(), frame, target="y", features=["a", "c"], sample_weight="weight")
    theirs = LinearRegression().fit(
        data[["a", "c"]], data["y"].to_numpy(), data["weight"].to_numpy()
    )
    assert_same_state(ours, theirs)
    assert ours.scalekit_fit_.sample_weight == "weight"


@pytest.mark.parametrize(
    "wrap", [lambda p: p, lambda p: GridSearchCV(p, {"ridge__alpha": [1.0]}, cv=3)]
)
def test_weights_go_to_the_last_step_of_a_pipeline(wrap: Callable[[Any], Any]) -> None:
    frame = sk.from_polars(table())
    pipeline = make_pipeline(StandardScaler(), Ridge())
    ours = fit(wrap(pipeline), frame, target="y", features=NUMBERS, sample_weight="weight")
    best = getattr(ours, "best_estimator_", ours)
    data = table().to_pandas()
    theirs = clone(pipeline).fit(data[NUMBERS], data["y"], ridge__sample_weight=data["weight"])
    np.testing.assert_array_equal(best[-1].coef_, theirs[-1].coef_)


def test_weights_that_are_none() -> None:
    frame = sk.from_polars(table().with_columns(gap=pl.when(pl.col("a") > 0).then("weight")))
    with pytest.raises(
        InvalidOperationError, match=r"KNeighborsRegressor\.fit takes no sample_weight"
    ):
        fit(KNeighborsRegressor(), frame, target="y", features=NUMBERS, sample_weight="weight")
    with pytest.raises(InvalidOperationError, match="sample_weight='gap' is null in 1"):
        fit(Ridge(), frame, target="y", features=NUMBERS, sample_weight="gap")
    with pytest.raises(InvalidOperationError, match="sample_weight='kind' is of type String"):
        fit(Ridge(), frame, target="y", features=NUMBERS, sample_weight="kind")
    with pytest.raises(ColumnNotFoundError, match="did you mean 'weight'"):
        fit(Ridge(), frame, target="y", features=NUMBERS, sample_weight="wieght")


# ----------------------------------------------------------------------------------------- errors


class OnlyFit:
    """A stranger that has ``fit`` and nothing else."""

    def fit(self, x: Any) -> None:
        self.rows_ = len(x)


def test_an_object_that_only_fits_is_fitted() -> None:
    stranger = OnlyFit()
    model = fit(stranger, sk.from_polars(table()), features=NUMBERS)
    assert (model.rows_, model.scalekit_fit_.rows) == (240, 240)
    assert not hasattr(stranger, "rows_")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"target": "answr"}, ColumnNotFoundError, "did you mean 'answer'"),
        ({"features": ["a", "bb"]}, ColumnNotFoundError, "'bb' not found"),
        ({"features": ["a", "y"]}, InvalidOperationError, "'y' cannot be a feature and the target"),
        ({"features": []}, InvalidOperationError, "features= selects no column"),
        (
            {"target": "hole"},
            InvalidOperationError,
            r"target='hole' is null in 40 of 240.*drop_nulls\('hole'\)",
        ),
        (
            {"target": None},
            InvalidOperationError,
            "Ridge learns to predict a column: name it with target=",
        ),
        ({"solver": "lbfgs"}, InvalidOperationError, "unknown solver='lbfgs'; known: auto"),
        ({"on_unsupported": "pray"}, InvalidOperationError, "known: error, sample, gather"),
        ({"estimator": Ridge}, InvalidOperationError, r"not the class Ridge: write Ridge\(\)"),
        ({"estimator": object()}, InvalidOperationError, "object has no method 'fit'"),
        ({"frame": table()}, PlanError, r"sk\.fit takes a scalekit Frame, got DataFrame"),
        ({"frame": sk.from_polars(table(0))}, InvalidOperationError, "no rows to fit on"),
        (
            {"frame": sk.from_polars(table().select("y")), "features": None},
            InvalidOperationError,
            "no feature",
        ),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_mistakes_are_named_with_the_way_out(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    given = {
        "estimator": Ridge(),
        "frame": sk.from_polars(table()),
        "target": "y",
        "features": NUMBERS,
    }
    with pytest.raises(error, match=message):
        fit(**(given | arguments))


def test_what_the_estimator_refuses_is_its_own_error_with_a_note() -> None:
    with pytest.raises(ValueError, match="could not convert string to float") as caught:
        fit(Ridge(), sk.from_polars(table()), target="y", features=["a", "kind"])
    assert (
        "while fitting Ridge on 240 rows of 'a' (Float64), 'kind' (String)"
        in caught.value.__notes__
    )


def test_without_scikit_learn_the_extra_is_named() -> None:
    code = """
        import sys
        sys.modules["sklearn"] = None
        import scalekit as sk
        from scalekit.learn.fit import fit
        class Model:
            def fit(self, x): pass
        try:
            fit(Model(), sk.from_dict({"x": [1]}))
        except sk.exceptions.MissingDependencyError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=True,
    )
    assert "scikit-learn" in done.stdout
    assert "scalekit[ml]" in done.stdout
