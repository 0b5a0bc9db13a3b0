"""Estimators from tables: an import path with parameters, which may be tables of the same kind themselves.

::

    estimator = "sklearn.linear_model.LogisticRegression"         a class, with
    parameters = { C = 0.1 }                                      what it is called with
    steps = [{ name = "scale", estimator = "..." }, ...]          a Pipeline; names may be left out
    { name = "n", estimator = "...", columns = ["x"] }            a tuple, as steps and transformers are
    { value = "numpy:log1p" }                                     an object as it is
    { none = true }                                               None, which TOML lacks
    { pairs = [[0, 1.0], [1, 5.0]] }                              a dictionary whose keys are no texts
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from scalekit.command.experiment.imports import imported, is_from
from scalekit.command.experiment.section import Section, nearest, shown
from scalekit.errors import ConfigError, MissingDependencyError

_WORDS = ("passthrough", "drop")
"""Steps that scikit-learn has a word for."""

_USES = ("fit", "split", "transform", "get_params", "score", "__call__")
"""What an object is that an estimator takes as a parameter: it has one of these."""

_OWN = ("estimator", "parameters", "steps")

DEEPEST = 20
"""Tables within tables: a file that nests more is a mistake, or meant to break something."""


def estimator_of(section: Section) -> Any:
    """The unfitted estimator of a table with ``estimator`` and ``parameters``, or ``steps``.

    Raises
    ------
    ConfigError
        Where a class or a parameter does not exist, or a value has no meaning; with file, line and key.
    MissingDependencyError
        Where a package is not installed that an extra brings.
    """
    found = _made(section, 0)
    if not callable(getattr(found, "fit", None)):
        raise section.wrong("estimator", f"{type(found).__name__} has no fit(): it is no estimator")
    check_values(section, found)
    return found


def value_of(section: Section, key: str, value: Any, depth: int = 0) -> Any:
    """A value of a parameter: as it is, or what its table stands for."""
    if depth > DEEPEST:
        raise section.wrong(key, f"more than {DEEPEST} tables within each other")
    if isinstance(value, list):
        return [_item(section, key, place, item, depth) for place, item in enumerate(value)]
    if isinstance(value, dict):
        return _table(Section(section.document, (*section.path, key), value), depth)
    return value


def _item(section: Section, key: str, place: int, value: Any, depth: int) -> Any:
    if isinstance(value, dict):
        return _table(section.item(key, place, value), depth)
    return value_of(section, key, value, depth + 1)


def _table(section: Section, depth: int) -> Any:
    """What a table in a parameter stands for."""
    if depth > DEEPEST:
        raise section.wrong("", f"more than {DEEPEST} tables within each other")
    values = section.values
    if "none" in values:
        return _none(section)
    if "value" in values:
        section.only("value")
        return imported(section, "value", section.needed("value", '"numpy:log1p"'))
    if "pairs" in values:
        return _pairs(section, depth)
    if "name" in values and ("estimator" in values or "steps" in values):
        return _named(section, depth)
    if "estimator" in values or "steps" in values:
        section.only(*_OWN)
        return _made(section, depth + 1)
    return {key: value_of(section, key, value, depth + 1) for key, value in values.items()}


def _none(section: Section) -> None:
    section.only("none")
    if section.values["none"] is not True:
        raise section.unexpected("none", "true: the table stands for None")


def _pairs(section: Section, depth: int) -> dict[Any, Any]:
    section.only("pairs")
    pairs = section.values["pairs"]
    if not isinstance(pairs, list) or not all(isinstance(p, list) and len(p) == 2 for p in pairs):
        raise section.unexpected("pairs", "a list of lists of two: [[0, 1.0], [1, 5.0]]")
    try:
        return {key: value_of(section, "pairs", value, depth + 1) for key, value in pairs}
    except TypeError:
        raise section.unexpected("pairs", "keys that are texts or numbers") from None


def _named(section: Section, depth: int) -> tuple[Any, ...]:
    """A step of a Pipeline, or a transformer of a ColumnTransformer."""
    section.only("name", *_OWN, "columns")
    name = section.needed("name", '"scale"')
    made = _step(section, depth)
    if "columns" not in section:
        return name, made
    return name, made, value_of(section, "columns", section.values["columns"], depth + 1)


def _step(section: Section, depth: int) -> Any:
    word = section.values.get("estimator")
    return word if word in _WORDS else _made(section, depth + 1)


def _made(section: Section, depth: int) -> Any:
    if "steps" in section:
        return _pipeline(section, depth)
    text = section.needed("estimator", '"sklearn.linear_model.LogisticRegression"')
    kind = imported(section, "estimator", text)
    _check_kind(section, text, kind)
    given = section.section("parameters")
    _check_names(given, kind, text)
    parameters = {
        key: value_of(given, key, value, depth + 1) for key, value in given.values.items()
    }
    try:
        return kind(**parameters)
    except Exception as error:
        raise section.wrong(
            "parameters", f"{text} refused them: {type(error).__name__}: {error}"
        ) from error


def _pipeline(section: Section, depth: int) -> Any:
    if "estimator" in section:
        raise section.wrong(
            "steps", "a table has estimator= or steps=, which makes a Pipeline, not both"
        )
    steps = section.values["steps"]
    if not isinstance(steps, list) or not steps or not all(isinstance(s, dict) for s in steps):
        raise section.unexpected("steps", "a list of tables, each with an estimator")
    made = [_pipeline_step(section.item("steps", n, step), depth) for n, step in enumerate(steps)]
    names = [name for name, _ in made]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise section.item("steps", place, {}).wrong(
                "", f"a second step {name!r}: give it a name"
            )
    given = section.section("parameters")
    pipeline = _sklearn(section, "sklearn.pipeline").Pipeline
    _check_names(given, pipeline, "Pipeline")
    parameters = {
        key: value_of(given, key, value, depth + 1) for key, value in given.values.items()
    }
    return pipeline(made, **parameters)


def _pipeline_step(section: Section, depth: int) -> tuple[str, Any]:
    """A step, named as ``make_pipeline`` does where it has no name."""
    section.only("name", *_OWN)
    if depth > DEEPEST:
        raise section.wrong("", f"more than {DEEPEST} tables within each other")
    step = _step(section, depth)
    name = section.text("name") or (step if isinstance(step, str) else type(step).__name__.lower())
    if "__" in name:
        raise section.wrong(
            "name", f"{name!r} holds two underscores, which separate steps from parameters"
        )
    return name, step


def _sklearn(section: Section, module: str) -> Any:
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        where = section.document.where((*section.path, "steps"))
        raise MissingDependencyError.for_extra("scikit-learn", "ml", purpose=where) from error


def _check_kind(section: Section, text: str, kind: Any) -> None:
    """Raise unless it is a class of something that estimators are or take, or a function of the experiment's own."""
    if isinstance(kind, type):
        if not any(_defines(kind, name) for name in _USES):
            raise section.wrong(
                "estimator",
                f"{text} is a class without any of {', '.join(_USES)}: it is no estimator",
            )
        return
    is_own = is_from(inspect.getmodule(kind), section.document.folder)
    if not (is_own and callable(kind)):
        raise section.wrong(
            "estimator",
            f"{text} is {_described(kind)}: give a class, or a function of a module beside {section.document.path.name}",
        )


def _defines(kind: type, name: str) -> bool:
    """Whether its instances have it; what ``type`` gives to every class does not count."""
    return any(name in vars(base) for base in kind.__mro__)


def _described(value: Any) -> str:
    if inspect.ismodule(value):
        return "a module"
    if callable(value):
        return "a function of another module" if inspect.isroutine(value) else "an object"
    return shown(value)


def _check_names(given: Section, kind: Callable[..., Any], text: str) -> None:
    """Raise where a parameter does not exist; of a class that takes any, whoever wrote it will say."""
    try:
        known = inspect.signature(kind).parameters
    except (TypeError, ValueError):  # written in C without a signature
        return
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in known.values()):
        return
    name = text.rpartition(".")[2].rpartition(":")[2]
    for key in given.values:
        if key not in known:
            listed = ", ".join(known) or "none"
            raise given.wrong(
                key, f"unknown parameter of {name}{nearest(key, known)}; known: {listed}"
            )


def check_values(section: Section, estimator: Any) -> None:
    """Raise where scikit-learn would refuse a value when it fits: now, before anything is read.

    Raises
    ------
    ConfigError
        With the step, the parameter, and what it may be.
    """
    for path, part in _parts(estimator).items():
        check = getattr(part, "_validate_params", None)
        if not callable(check):
            continue
        try:
            check()
        except (ValueError, TypeError) as error:
            where = f"{path}: " if path else ""
            raise section.wrong("", f"{where}{error}") from error
        except Exception:  # it was not meant to be asked alone; the fit will
            continue


def _parts(estimator: Any) -> Mapping[str, Any]:
    """The estimator, and those in it by the names of their parameters."""
    try:
        inner = estimator.get_params(deep=True)
    except Exception as error:
        if isinstance(error, ConfigError):
            raise
        return {"": estimator}
    return {
        "": estimator,
        **{name: value for name, value in inner.items() if hasattr(value, "fit")},
    }
