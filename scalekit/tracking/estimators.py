"""What an estimator says of itself: its class, its parameters, and those that somebody chose."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from scalekit.tracking.plain import hidden, plain, text_of

_TEXT = 2000


def describe_estimator(estimator: Any) -> Mapping[str, Any]:
    """Class, text, all parameters, and those that are not the default, of any object that predicts.

    Parameters of the estimators inside (steps of a Pipeline, transformers) come as ``step__parameter``; the
    estimators themselves are named by their class.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> found = describe_estimator(Ridge(alpha=2.0))
    >>> found["class"], found["changed"]
    ('sklearn.linear_model._ridge.Ridge', {'alpha': 2.0})
    """
    text = hidden(" ".join(text_of(estimator).split()))[:_TEXT]
    found = {"class": class_of(estimator), "text": text}
    deep = _parameters(estimator)
    shown = {name: value for name, value in deep.items() if not _is_structure(value)}
    changed = [name for name, value in shown.items() if _is_changed(estimator, deep, name, value)]
    parameters = {name: plain(_flat(value), name) for name, value in shown.items()}
    return found | {
        "parameters": parameters,
        "changed": {name: parameters[name] for name in changed},
    }


def class_of(estimator: Any) -> str:
    """The path that imports an object's class."""
    kind = type(estimator)
    return f"{kind.__module__}.{kind.__qualname__}"


def parts_of(estimator: Any) -> Iterator[Any]:
    """The estimator, and every estimator among its parameters."""
    yield estimator
    yield from (value for value in _parameters(estimator).values() if hasattr(value, "get_params"))


def _parameters(estimator: Any) -> Mapping[str, Any]:
    if not hasattr(estimator, "get_params"):
        return {}
    try:
        return dict(estimator.get_params(deep=True))
    except (
        Exception
    ):  # a third party's estimator whose parameters cannot be asked for is tracked all the same
        return {}


def _is_structure(value: Any) -> bool:
    """Whether a value is a list of named estimators: each of them has its own parameters beside it."""
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(isinstance(item, tuple) and isinstance(item[0], str) for item in value)
    )


def _flat(value: Any) -> Any:
    return (
        class_of(value) if hasattr(value, "get_params") and not isinstance(value, type) else value
    )


def _is_changed(estimator: Any, deep: Mapping[str, Any], name: str, value: Any) -> bool:
    above, _, leaf = name.rpartition("__")
    owner = deep.get(above, estimator) if above else estimator
    try:
        parameter = inspect.signature(type(owner).__init__).parameters.get(leaf)
    except (TypeError, ValueError):
        return True
    default = (
        None if parameter is None else parameter.default
    )  # a step's name is no parameter of its Pipeline
    return repr(default) != repr(value)
