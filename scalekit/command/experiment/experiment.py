"""An experiment: data, features, models and a protocol, as one file says it; read and checked before anything runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from scalekit.command.experiment.data import Data, data_of, function_of
from scalekit.command.experiment.document import read_document
from scalekit.command.experiment.estimators import estimator_of
from scalekit.command.experiment.grid import MOST, variants_of
from scalekit.command.experiment.section import Section, nearest
from scalekit.config import Config, config
from scalekit.errors import ConfigError
from scalekit.frame.frame import Frame
from scalekit.judge.report import BASELINES

SECTIONS = (
    "name",
    "description",
    "data",
    "features",
    "protocol",
    "models",
    "fit",
    "checks",
    "compare",
    "track",
    "settings",
)

_OTHERS = ("models", "protocol", "fit", "checks", "compare", "track", "settings")
"""Tables that are read by whom they concern, too."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True)
class Model:
    """A model of an experiment.

    Attributes
    ----------
    name
        Of the table, and of the variant: ``"forest:max_depth=4"``.
    estimator
        Unfitted.
    features
        The columns that it learns from; none where they are those of the experiment.
    changed
        What a variant has of its own, as text.
    """

    name: str
    estimator: Any
    features: tuple[str, ...] = ()
    changed: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Features:
    """What is made of the rows before anything learns from them.

    Attributes
    ----------
    section
        The table that says so, for messages.
    function
        From a frame to a frame; None where rows are used as they are.
    parameters
        What it is called with beside the frame.
    columns
        The columns that models learn from; none where they are all but the protocol's.
    """

    section: Section
    function: Callable[..., Any] | None
    parameters: Mapping[str, Any]
    columns: tuple[str, ...]

    def of(self, frame: Frame) -> Frame:
        """The frame with its features.

        Raises
        ------
        ConfigError
            Where the function gives no frame.
        """
        if self.function is None:
            return frame
        made = self.function(frame, **self.parameters)
        if not isinstance(made, Frame):
            raise self.section.wrong(
                "function",
                f"it gave {type(made).__name__}: it has to return the Frame that it makes of the one it is given",
            )
        return made


@dataclass(frozen=True)
class Experiment:
    """What an experiment file says.

    Attributes
    ----------
    path
        The file.
    name
        Its name; that of the file where it gives none.
    data, features, models
        The rows, what is made of them, and who learns from it.
    sections
        The tables that are read by whom they concern: protocol, checks, fit, compare, track, settings.
    """

    path: Path
    name: str
    data: Data
    features: Features
    models: tuple[Model, ...]
    sections: Mapping[str, Section]

    def only(self, patterns: Sequence[str]) -> Experiment:
        """The same experiment with the models of some names, tables or patterns.

        Raises
        ------
        ConfigError
            Where a pattern fits none; the message lists the names.
        """
        names = [model.name for model in self.models]
        for pattern in patterns:
            if not any(_fits(name, pattern) for name in names):
                raise ConfigError(
                    f"--only {pattern!r} fits no model of {self.path.name}{nearest(pattern, names)}; "
                    f"there is {', '.join(names[:40])}"
                )
        kept = [m for m in self.models if not patterns or any(_fits(m.name, p) for p in patterns)]
        return replace(self, models=tuple(kept))

    def settings(self, **given: Any) -> AbstractContextManager[Config]:
        """A ``with`` block that has the settings of the file, and above them those that are ``given``."""
        section = self.sections["settings"]
        given = {name: value for name, value in given.items() if value is not None}
        try:
            with config(**section.values):
                pass
        except ConfigError as error:
            raise section.wrong(_named(error, section.values), str(error)) from error
        return config(**{**section.values, **given})


def _named(error: Exception, keys: Iterable[str]) -> str:
    """The key that a message names first."""
    text = str(error)
    places = {key: place for key in keys if (place := text.find(key)) >= 0}
    return min(places, key=places.__getitem__, default="")


def _fits(name: str, pattern: str) -> bool:
    return name == pattern or name.partition(":")[0] == pattern or fnmatchcase(name, pattern)


def read_experiment(path: str | Path) -> Experiment:
    """Read an experiment file, import what it names, and build its estimators; no row is read.

    To be called within :func:`~scalekit.command.experiment.imports.importing_from` the file's folder.

    Parameters
    ----------
    path
        The file, such as ``"experiment.toml"``.

    Raises
    ------
    PathNotFoundError
        Where there is no such file.
    ConfigError
        For anything in it that has no meaning: with file, line, key, value, and what would have one.
    MissingDependencyError
        Where it names a package that is not installed.
    """
    document = read_document(path)
    root = Section(document, (), document.values)
    root.only(*SECTIONS)
    for needed, example in (("data", "path = ..."), ("models.NAME", "estimator = ...")):
        if needed.partition(".")[0] not in root:
            raise root.wrong("", f"the table [{needed}] is missing, with {example}")
    return Experiment(
        document.path,
        root.text("name") or document.path.stem,
        data_of(root.section("data")),
        _features(root.section("features")),
        _models(root.section("models")),
        {name: root.section(name) for name in _OTHERS},
    )


def _features(section: Section) -> Features:
    section.only("function", "parameters", "columns")
    columns = section.texts("columns")
    if "function" not in section:
        if "parameters" in section:
            raise section.wrong("parameters", "without a function to call with them")
        return Features(section, None, {}, columns)
    function, parameters = function_of(section, "function", given=1)
    return Features(section, function, parameters, columns)


def _models(section: Section) -> tuple[Model, ...]:
    found: list[Model] = []
    for name, table in section.sections():
        if not _NAME.fullmatch(name):
            raise section.wrong(
                name,
                "a model's name has letters, digits, '_', '-' and '.', begins with a letter or digit, "
                "and has at most 64 characters",
            )
        if name in BASELINES:
            raise section.wrong(
                name, f"{name!r} is the name of a baseline: call the model otherwise"
            )
        table.only("estimator", "parameters", "steps", "grid", "features")
        estimator, features = estimator_of(table), table.texts("features")
        for variant, (made, changed) in variants_of(table, name, estimator).items():
            found.append(Model(variant, made, features, changed))
    if not found:
        raise section.wrong("", "there is no model: add [models.NAME] with estimator = ...")
    if len(found) > MOST:
        raise section.wrong("", f"{len(found)} models: at most {MOST}")
    return tuple(found)
