"""Checks of what split, fit and predict are called with, before anything runs."""

from __future__ import annotations

from typing import Any

import polars as pl

from scalekit.errors import InvalidOperationError, MissingDependencyError, PlanError
from scalekit.frame.base import columns_of
from scalekit.frame.frame import Frame
from scalekit.kernels.schema import schema_of


def check_frame(frame: object, function: str) -> None:
    """Raise unless ``frame`` is a Frame.

    Raises
    ------
    PlanError
        That says how to make one of it.
    """
    if not isinstance(frame, Frame):
        raise PlanError(
            f"sk.{function} takes a scalekit Frame, got {type(frame).__name__}: wrap data in memory with "
            "sk.from_pandas, sk.from_polars or sk.from_dict"
        )


def column_names(frame: Frame, selected: Any, parameter: str) -> tuple[str, ...]:
    """The names that a name, a selector, or a list of these stands for.

    Raises
    ------
    ColumnNotFoundError
        Where a name does not exist; the message has the nearest that does.
    InvalidOperationError
        Where nothing is selected.
    """
    if isinstance(selected, tuple):
        selected = list(selected)
    names = columns_of(frame._plan, selected)
    if not names:
        raise InvalidOperationError(f"{parameter}= selects no column")
    return names


def check_method(model: Any, method: str, function: str) -> None:
    """Raise unless ``model`` is an object, not a class, that has ``method``.

    Raises
    ------
    InvalidOperationError
        That says what the object can do instead.
    """
    if isinstance(model, type):
        raise InvalidOperationError(
            f"sk.{function} takes an instance, not the class {model.__name__}: write {model.__name__}()"
        )
    if callable(getattr(model, method, None)):
        return
    known = ("fit", "predict", "predict_proba", "decision_function", "transform", "score_samples")
    has = [name for name in known if callable(getattr(model, name, None))]
    listed = f"; it has {', '.join(has)}" if has else ""
    raise InvalidOperationError(f"{type(model).__name__} has no method {method!r}{listed}")


def check_choice(value: object, known: tuple[str, ...], parameter: str) -> None:
    """Raise ``InvalidOperationError`` where a value is not among those that exist."""
    if value not in known:
        raise InvalidOperationError(f"unknown {parameter}={value!r}; known: {', '.join(known)}")


def schema(frame: Frame) -> pl.Schema:
    """Names and types of a frame's columns."""
    return schema_of(frame._plan)


def missing_package(error: ImportError, function: str) -> MissingDependencyError:
    """The error that names the extra to install, for a package that ``function`` could not import."""
    module = (error.name or "sklearn").partition(".")[0]
    package = {"sklearn": "scikit-learn"}.get(module, module)
    return MissingDependencyError.for_extra(package, "ml", purpose=f"sk.{function}")
