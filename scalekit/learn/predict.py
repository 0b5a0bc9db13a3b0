"""Predictions as lazy columns: a plan node that runs the model on whatever rows a backend hands it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from scalekit.errors import (
    ColumnNotFoundError,
    ComputeError,
    DuplicateError,
    InvalidOperationError,
)
from scalekit.expr.node import Opaque
from scalekit.frame.frame import Frame
from scalekit.frame.tracebacks import folded
from scalekit.learn.arguments import (
    check_frame,
    check_method,
    column_names,
    missing_package,
    schema,
)
from scalekit.learn.inputs import fitted_names, takes_names
from scalekit.learn.matrix import to_features
from scalekit.learn.one_column import as_given
from scalekit.learn.outputs import (
    Schema,
    as_outputs,
    first_success,
    known_outputs,
    observed_outputs,
    sample_rows,
)
from scalekit.plan.nodes import MapBatches

_TRIED_ROWS = 50


@folded
def predict(
    model: Any,
    frame: Frame,
    *,
    method: str = "predict",
    out: str | None = None,
    keep: Any = None,
) -> Frame:
    """Add a model's predictions to a frame, lazily: nothing is computed before the result is asked for.

    Rows keep their order and their other columns, so predictions stay aligned with their keys. The
    columns of the model are found by name, whatever their order in the frame.

    Names and types of the new columns are known at once. They follow from the fitted model where that
    says enough (classifiers); otherwise the model is tried on one made-up row, and only where it refuses
    that one (an encoder that knows no such category), on the first rows of the frame, which are read.

    Parameters
    ----------
    model
        A fitted model: from :func:`scalekit.fit`, or any object that has ``method``.
    frame
        The rows to predict for.
    method
        What to call: ``"predict"``, ``"predict_proba"``, ``"decision_function"``, ``"transform"``, or any
        other method that takes X and gives one value or row for each row.
    out
        Name of the new column, or what the names of several begin with:

        =====================  ==========================================  ============================
        method                 new columns                                 default ``out``
        =====================  ==========================================  ============================
        predict                ``out``; ``out_<target>`` for several       ``prediction``
        predict_proba          ``out_<class>`` for each class, also of two  ``probability``
        predict_log_proba      ``out_<class>``                             ``log_probability``
        decision_function      ``out``; ``out_<class>`` above two classes  ``decision``
        transform              names of the transformer, after ``out_``    none: the names alone
        others                 ``out``; ``out_0``, ``out_1``... of several  the method's name
        =====================  ==========================================  ============================
    keep
        Which columns of the frame to keep beside the predictions: names, selectors, a list of these, or
        ``[]`` for none. All of them by default.

    Returns
    -------
    Frame
        The kept columns, then the predictions. Predicted classes have the type of the target that was
        fitted; all other numbers are Float64, and cluster labels Int64.

    Raises
    ------
    ColumnNotFoundError
        Where the frame lacks columns that the model was fitted on.
    DuplicateError
        Where a prediction would have the name of a kept column.
    InvalidOperationError
        Where the model has no such method, or its columns are not known.
    ExecutionError
        While running, where the model refuses the rows.

    Examples
    --------
    >>> import scalekit as sk
    >>> from sklearn.linear_model import LinearRegression
    >>> frame = sk.from_dict({"id": ["a", "b"], "x": [0.0, 1.0], "y": [1.0, 3.0]})
    >>> model = sk.fit(LinearRegression(), frame, target="y", features="x")
    >>> sk.predict(model, frame, keep="id").collect()["prediction"].round(6).to_list()
    [1.0, 3.0]
    """
    check_frame(frame, "predict")
    check_method(model, method, "predict")
    if out is not None and not isinstance(out, str):
        raise InvalidOperationError(f"out= is a name, got {type(out).__name__}")
    inputs = _inputs(model, frame)
    kept = _kept(frame, keep)
    call = _Call(model, method, inputs, takes_names(model))
    outputs = _outputs(call, frame, out)
    _check_names(kept, outputs)
    predictor = Predictor(call, kept, outputs)
    used = frame.select(*dict.fromkeys((*kept, *inputs)))
    known = schema(frame)
    result = (*((name, known[name]) for name in kept), *outputs)
    return Frame(MapBatches(used._plan, Opaque(predictor), result, whole=False, keeps_rows=True))


@dataclass(frozen=True, eq=False)
class _Call:
    """A method of a model, and the columns that it takes."""

    model: Any
    method: str
    inputs: tuple[str, ...]
    by_name: bool

    def __call__(self, rows: pl.DataFrame) -> Any:
        try:
            features = as_given(self.model, to_features(rows.select(self.inputs)))
        except ImportError as error:
            raise missing_package(error, "predict") from error
        try:
            return getattr(self.model, self.method)(
                features if self.by_name else features.to_numpy()
            )
        except Exception as error:
            raise ComputeError(f"{self} failed on {rows.height:,} rows: {error}") from error

    def __str__(self) -> str:
        return f"{type(self.model).__name__}.{self.method}"


@dataclass(frozen=True, eq=False)
class Predictor:
    """The function of the plan node: from a batch of rows to its kept columns and predictions.

    It is picklable where the model is, and equal only to itself.
    """

    call: _Call
    kept: tuple[str, ...]
    outputs: Schema

    @property
    def __name__(self) -> str:
        """What a plan shows of it."""
        return str(self.call)

    def __call__(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Run the model on one batch; on none it is not run, as scikit-learn refuses empty arrays."""
        if rows.is_empty():
            return rows.select(self.kept).hstack(pl.DataFrame(schema=dict(self.outputs)))
        kept = [rows.get_column(name) for name in self.kept]
        return pl.DataFrame([*kept, *as_outputs(self.call(rows), self.outputs)])


def _inputs(model: Any, frame: Frame) -> tuple[str, ...]:
    """The columns that the model was fitted on."""
    known = list(schema(frame))
    names = fitted_names(model)
    if names is None:
        width = getattr(model, "n_features_in_", None)
        if width is not None and width != len(known):
            raise InvalidOperationError(
                f"{type(model).__name__} was fitted on {width} unnamed columns, and the frame has "
                f"{len(known)}: select those columns first, in the order of the fit, or fit with sk.fit"
            )
        return tuple(known)
    if missing := [name for name in names if name not in known]:
        raise ColumnNotFoundError.missing(missing, known)
    return names


def _kept(frame: Frame, keep: Any) -> tuple[str, ...]:
    if keep is None:
        return tuple(schema(frame))
    if isinstance(keep, list | tuple) and not keep:
        return ()
    return column_names(frame, keep, "keep")


def _outputs(call: _Call, frame: Frame, out: str | None) -> Schema:
    known = known_outputs(call.model, call.method, out)
    if known is not None:
        return known
    types = schema(frame)
    made_up = sample_rows(pl.Schema({name: types[name] for name in call.inputs}))
    result = first_success([lambda: call(made_up), lambda: call(_first_row(frame, call.inputs))])
    return observed_outputs(result, call.model, call.method, out)


def _first_row(frame: Frame, columns: tuple[str, ...]) -> pl.DataFrame:
    """A row of the frame, one without nulls if there is one near the start."""
    rows = frame.select(*columns).head(_TRIED_ROWS).collect()
    if rows.is_empty():
        raise InvalidOperationError("the frame has no rows to try the model on")
    complete = rows.drop_nulls()
    return (complete if complete.height else rows).head(1)


def _check_names(kept: tuple[str, ...], outputs: Schema) -> None:
    names = [*kept, *(name for name, _ in outputs)]
    if twice := {name for name in names if names.count(name) > 1}:
        raise DuplicateError.columns(
            sorted(twice), way_out="name the predictions with out=, or say which columns to keep="
        )
