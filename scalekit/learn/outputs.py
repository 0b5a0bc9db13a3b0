"""What a model gives, as columns: their names and types, and the values of each batch."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, TypeAlias

import polars as pl

from scalekit.errors import InvalidOperationError, ShapeError

Schema: TypeAlias = tuple[tuple[str, pl.DataType], ...]

_PER_CLASS = {"predict_proba": "probability", "predict_log_proba": "log_probability"}
_SAMPLES: dict[type[pl.DataType], Any] = {
    pl.Boolean: False,
    pl.String: "a",
    pl.Binary: b"a",
    pl.Date: date(2000, 1, 1),
    pl.Datetime: datetime(2000, 1, 1),
    pl.Duration: timedelta(hours=1),
    pl.Time: time(12),
}


def known_outputs(model: Any, method: str, out: str | None) -> Schema | None:
    """Names and types that follow from the fitted model alone, without running it; else None."""
    classes = getattr(model, "classes_", None)
    has_classes = getattr(classes, "ndim", 0) == 1
    if method in _PER_CLASS and has_classes:
        return tuple(
            (f"{out or _PER_CLASS[method]}_{label}", pl.Float64()) for label in labels(classes)
        )
    if method == "predict" and has_classes:
        return ((out or "prediction", _type_of_classes(classes)),)
    return None


def observed_outputs(result: Any, model: Any, method: str, out: str | None) -> Schema:
    """Names and types of the columns in what ``method`` returned for some rows."""
    columns = to_columns(result)
    names = _names(columns, result, model, method, out)
    numeric = pl.Int64() if _gives_labels(model, method) else pl.Float64()
    return tuple(
        (name, _output_type(column, numeric)) for name, column in zip(names, columns, strict=True)
    )


def as_outputs(result: Any, outputs: Schema) -> list[pl.Series]:
    """The columns of a batch's result, with the names and types that were promised.

    Raises
    ------
    ShapeError
        Where the model gave another number of columns than for the row that it was tried on.
    """
    columns = to_columns(result)
    if len(columns) != len(outputs):
        raise ShapeError(f"the model gave {len(columns)} columns, and {len(outputs)} were promised")
    return [
        column.cast(dtype).alias(name)
        for column, (name, dtype) in zip(columns, outputs, strict=True)
    ]


def to_columns(result: Any) -> list[pl.Series]:
    """Turn what an estimator's method returns into columns: arrays, sparse matrices, frames, lists of arrays."""
    if isinstance(result, pl.DataFrame):
        return result.get_columns()
    if isinstance(result, list):  # one array for each output of a multi-output classifier
        return [column for part in result for column in to_columns(part)]
    if hasattr(result, "toarray"):
        result = result.toarray()
    if hasattr(result, "columns"):  # a pandas frame, whose index means nothing here
        return [_series(result.iloc[:, place].to_numpy()) for place in range(result.shape[1])]
    if hasattr(result, "to_numpy"):
        result = result.to_numpy()
    if getattr(result, "ndim", 1) == 1:
        return [_series(result)]
    return [_series(result[:, place]) for place in range(result.shape[1])]


def labels(classes: Any) -> list[str]:
    """Class labels as text: those of booleans are ``true`` and ``false``, as in a cast."""
    texts = _series(classes).cast(pl.String)
    return [str(text) for text in texts]


def sample_rows(schema: pl.Schema) -> pl.DataFrame:
    """One made-up row, to ask a model for the shape of its answer."""
    return pl.DataFrame(
        {name: pl.Series([_sample(dtype)], dtype=dtype) for name, dtype in schema.items()}
    )


def first_success(candidates: Sequence[Callable[[], Any]]) -> Any:
    """The result of the first candidate that does not raise; the last error where all do."""
    failure: Exception | None = None
    for candidate in candidates:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return candidate()
        except Exception as error:
            failure = error
    raise InvalidOperationError(
        f"cannot find out what the model gives: it fails on the first row already: {failure}"
    ) from failure


def _sample(dtype: pl.DataType) -> Any:
    if dtype.is_numeric():
        return 1
    if isinstance(dtype, pl.Enum):
        return next(iter(dtype.categories), None)
    if isinstance(dtype, pl.Categorical):
        return "a"
    return _SAMPLES.get(type(dtype))


def _series(values: Any) -> pl.Series:
    kind = getattr(getattr(values, "dtype", None), "kind", "O")
    if kind == "O":  # in an array of objects, NaN stands for what is missing
        return pl.Series([None if v is None or v != v else v for v in values])
    return pl.Series(values)


def _type_of_classes(classes: Any) -> pl.DataType:
    dtype = _series(classes).dtype
    return pl.String() if dtype in (pl.Null, pl.Object) else dtype


def _gives_labels(model: Any, method: str) -> bool:
    """Whether ``predict`` gives the number of a cluster, or 1 and -1 for inliers and outliers."""
    if method != "predict" or not hasattr(model, "__sklearn_tags__"):
        return False
    from sklearn.utils import get_tags

    return get_tags(model).estimator_type in ("clusterer", "outlier_detector", "classifier")


def _output_type(column: pl.Series, numeric: pl.DataType) -> pl.DataType:
    if column.dtype.is_float():
        return pl.Float64()  # whatever the width: a batch of float32 must not change the schema
    if column.dtype.is_numeric():
        return numeric
    return pl.String() if column.dtype in (pl.Null, pl.Object) else column.dtype


def _names(
    columns: list[pl.Series], result: Any, model: Any, method: str, out: str | None
) -> list[str]:
    if method == "transform":
        return [
            f"{out}_{name}" if out else name for name in _feature_names_out(columns, result, model)
        ]
    stem = out or {"predict": "prediction", "decision_function": "decision"}.get(method, method)
    stem = out or _PER_CLASS.get(method, stem)
    suffixes = _suffixes(len(columns), model, method)
    return [stem] if suffixes is None else [f"{stem}_{suffix}" for suffix in suffixes]


def _suffixes(count: int, model: Any, method: str) -> list[str] | None:
    """What tells several columns apart: the class, the target, or the place."""
    classes = getattr(model, "classes_", None)
    targets = getattr(getattr(model, "scalekit_fit_", None), "target", None)
    if isinstance(classes, list) and method in _PER_CLASS:
        names = targets if isinstance(targets, tuple) else range(len(classes))
        return [
            f"{n}_{label}" for n, one in zip(names, classes, strict=True) for label in labels(one)
        ]
    if count == 1:
        return None
    if classes is not None and getattr(classes, "ndim", 0) == 1 and len(classes) == count:
        return labels(classes)
    if isinstance(targets, tuple) and len(targets) == count:
        return list(targets)
    return [str(place) for place in range(count)]


def _feature_names_out(columns: list[pl.Series], result: Any, model: Any) -> list[str]:
    if hasattr(result, "columns"):
        return [str(name) for name in result.columns]
    if hasattr(model, "get_feature_names_out"):
        try:
            return [str(name) for name in model.get_feature_names_out()]
        except (AttributeError, ValueError):  # a step of a pipeline that does not name its outputs
            pass
    return [f"x{place}" for place in range(len(columns))]
