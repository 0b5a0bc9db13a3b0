"""One model in a pass: the columns that it reads, what it is asked, and its answers as the outputs of a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, TypeAlias

import numpy as np
import polars as pl

from scalekit.errors import ColumnNotFoundError, ComputeError, InvalidOperationError
from scalekit.learn.arguments import missing_package
from scalekit.learn.inputs import fitted_names, takes_names
from scalekit.learn.matrix import to_features
from scalekit.learn.one_column import as_given

Array: TypeAlias = "np.ndarray[Any, np.dtype[Any]]"

FOLD = "__scalekit_fold"
"""The column that says which fold a row is in, where models were fitted without it."""

OF_CLASSES = ("binary", "multiclass")
"""The tasks that judge probabilities of classes."""


class Seen:
    """Some rows as models take them; what several models read alike is made once.

    Parameters
    ----------
    rows
        With the columns of all models.
    """

    def __init__(self, rows: pl.DataFrame) -> None:
        self.rows = rows
        self._features: dict[tuple[str, ...], Any] = {}

    def features(self, inputs: tuple[str, ...]) -> Any:
        """X of a model that reads these columns."""
        if inputs not in self._features:
            try:
                self._features[inputs] = to_features(self.rows.select(inputs))
            except ImportError as error:
                raise missing_package(error, "evaluate") from error
        return self._features[inputs]


Outputs: TypeAlias = Callable[[Seen], Array]
"""From rows to P(positive), to a column for each class or quantile, or to one number for each row."""


@dataclass(frozen=True, eq=False)
class Judged:
    """A model under a name; picklable where the model is."""

    name: str
    outputs: Outputs
    inputs: tuple[str, ...] = ()

    def timed(self, seen: Seen) -> tuple[Array, float]:
        """Its outputs, and how many seconds they took; rows are made ready for models before."""
        if isinstance(self.outputs, Asked | Probabilities):
            seen.features(self.inputs)
        began = perf_counter()
        return self.outputs(seen), perf_counter() - began


@dataclass(frozen=True, eq=False)
class Constant:
    """The same outputs for every row: a number, or one for each class or quantile."""

    values: tuple[float, ...]

    def __call__(self, seen: Seen) -> Array:
        """The values, once for each row."""
        values = np.asarray(self.values, dtype=np.float64)
        shape = (seen.rows.height, *values.shape)
        return np.broadcast_to(values, shape) if len(values) > 1 else np.full(shape[0], values[0])


@dataclass(frozen=True, eq=False)
class FromColumn:
    """A forecast that stands beside the rows, and a constant where there is none."""

    column: str
    otherwise: Constant

    def __call__(self, seen: Seen) -> Array:
        """The values of the column."""
        values = seen.rows[self.column].cast(pl.Float64).to_numpy()
        return np.where(np.isfinite(values), values, self.otherwise(seen))


@dataclass(frozen=True, eq=False)
class Asked:
    """A method of a model; what it gives, as floats."""

    model: Any
    method: str
    inputs: tuple[str, ...]
    by_name: bool

    def __call__(self, seen: Seen) -> Array:
        """Ask the model."""
        features = as_given(self.model, seen.features(self.inputs))
        given = features if self.by_name else features.to_numpy()
        height = seen.rows.height
        try:
            found = getattr(self.model, self.method)(given)
            answer = np.asarray(found.toarray() if hasattr(found, "toarray") else found, np.float64)
        except Exception as error:
            raise ComputeError(f"{self} failed on {height:,} rows: {error}") from error
        if answer.ndim not in (1, 2) or len(answer) != height:
            raise ComputeError(
                f"{self} gave an array of shape {answer.shape} for {height:,} rows: one value, or one row, "
                "for each is wanted"
            )
        return answer[:, 0] if answer.ndim == 2 and answer.shape[1] == 1 else answer

    def __str__(self) -> str:
        return f"{type(self.model).__name__}.{self.method}"


@dataclass(frozen=True, eq=False)
class Probabilities:
    """A column for each class of the layout; P(positive) alone of two."""

    asked: Asked
    places: tuple[int, ...]
    classes: int

    def __call__(self, seen: Seen) -> Array:
        """Ask the model, and put its columns where the layout has them."""
        answer = self.asked(seen)
        columns = 1 if answer.ndim == 1 else answer.shape[1]
        if columns != len(self.places):
            raise ComputeError(
                f"{self.asked} gave {columns} columns, and the model has {len(self.places)} classes"
            )
        found = np.zeros((len(answer), self.classes))
        found[:, self.places] = answer.reshape(len(answer), columns)
        return found[:, 1] if self.classes == 2 else found


@dataclass(frozen=True, eq=False)
class Beside:
    """A column of each of several models: one for every quantile."""

    members: tuple[Outputs, ...]

    def __call__(self, seen: Seen) -> Array:
        """Ask all of them."""
        return np.column_stack([member(seen) for member in self.members])


@dataclass(frozen=True, eq=False)
class ByFold:
    """To the rows of each fold, the model that was fitted without them."""

    members: tuple[Outputs, ...]

    def __call__(self, seen: Seen) -> Array:
        """Ask each about the rows of its fold."""
        fold = seen.rows[FOLD].to_numpy()
        found: Array | None = None
        for number in np.unique(fold):
            is_here = fold == number
            answer = self.members[number](Seen(seen.rows.filter(is_here)))
            if found is None:
                found = np.empty((len(fold), *answer.shape[1:]))
            found[is_here] = answer
        assert found is not None  # a pass is asked about no empty part
        return found


def outputs_of(
    model: Any, task: str, classes: Sequence[Any], columns: Sequence[str], features: Sequence[str]
) -> tuple[Outputs, tuple[str, ...]]:
    """How a fitted model's outputs are had, and which columns that takes.

    Parameters
    ----------
    model
        Anything with ``predict_proba``, or ``predict``; for quantiles also a mapping from each to a model.
    task
        Of the protocol.
    classes
        Of the layout: the negative one first, of two.
    columns
        Of the frame.
    features
        What a model reads that does not say.

    Raises
    ------
    InvalidOperationError
        Where the model has no such method, or other classes; before anything is read.
    ColumnNotFoundError
        Where the frame lacks columns that the model was fitted on.
    """
    if isinstance(model, Mapping):
        found = [outputs_of(one, task, (), columns, features) for _, one in sorted(model.items())]
        inputs = tuple(dict.fromkeys(name for _, names in found for name in names))
        return Beside(tuple(outputs for outputs, _ in found)), inputs
    method = "predict_proba" if task in OF_CLASSES else "predict"
    _check_method(model, method)
    inputs = _inputs(model, columns, features)
    asked = Asked(model, method, inputs, takes_names(model))
    if task not in OF_CLASSES:
        return asked, inputs
    return Probabilities(asked, _places(model, classes), len(classes)), inputs


def classes_of(model: Any) -> tuple[Any, ...] | None:
    """The classes of a classifier as Python values, in its order; None where it does not say."""
    classes = getattr(model, "classes_", None)
    if classes is None or getattr(classes, "ndim", 1) != 1 or isinstance(classes, str):
        return None
    return tuple(one.item() if isinstance(one, np.generic) else one for one in classes)


def _check_method(model: Any, method: str) -> None:
    if isinstance(model, type):
        raise InvalidOperationError(
            f"a model is an instance, not the class {model.__name__}: write {model.__name__}()"
        )
    if callable(getattr(model, method, None)):
        return
    name = type(model).__name__
    if method == "predict_proba" and callable(getattr(model, "predict", None)):
        raise InvalidOperationError(
            f"{name} has no predict_proba, and classes are judged by their probabilities: wrap it, as in "
            f"CalibratedClassifierCV({name}()), or set probability=True where it has that"
        )
    raise InvalidOperationError(f"{name} has no method {method!r}: a model is asked by it")


def _inputs(model: Any, columns: Sequence[str], features: Sequence[str]) -> tuple[str, ...]:
    names = fitted_names(model)
    if names is None:
        width = getattr(model, "n_features_in_", None)
        if width is not None and width != len(features):
            raise InvalidOperationError(
                f"{type(model).__name__} was fitted on {width} unnamed columns, and there are {len(features)} "
                f"features, {', '.join(map(repr, list(features)[:40]))}: name those of the fit with features=, in "
                "its order, or fit with sk.fit"
            )
        return tuple(features)
    if missing := [name for name in names if name not in columns]:
        raise ColumnNotFoundError.missing(missing, columns)
    return names


def _places(model: Any, classes: Sequence[Any]) -> tuple[int, ...]:
    """Where each class of a model is in the layout."""
    own = classes_of(model)
    if own is None:
        return _sorted_places(classes)
    where = {label: place for place, label in enumerate(classes)}
    if strangers := [label for label in own if label not in where]:
        raise InvalidOperationError(
            f"{type(model).__name__} has the classes {list(own)!r}, and the target has {list(classes)!r}: "
            f"{strangers[0]!r} is none of them; bring both to the same labels"
        )
    return tuple(where[label] for label in own)


def _sorted_places(classes: Sequence[Any]) -> tuple[int, ...]:
    """Of a model that does not name its classes: they are in sorted order, whichever is the positive one."""
    return tuple(sorted(range(len(classes)), key=lambda place: classes[place]))
