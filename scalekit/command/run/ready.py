"""Rows, roles and features of an experiment, found before anything is fitted: types are read, and no rows but few."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scalekit.command.experiment.experiment import Experiment
from scalekit.command.experiment.section import Section
from scalekit.errors import (
    ColumnNotFoundError,
    ConfigError,
    PathNotFoundError,
    PlanError,
    ScalekitError,
)
from scalekit.frame.frame import Frame
from scalekit.judge.fitting import default_features
from scalekit.judge.protocol.inferred import protocol_of
from scalekit.judge.protocol.protocol import Protocol
from scalekit.learn.split import split


@dataclass(frozen=True)
class Ready:
    """An experiment whose rows, protocol and columns go together.

    Attributes
    ----------
    experiment
        What the file says.
    protocol
        Whose columns the rows have.
    judged
        The rows that models are judged on: all of them where the protocol splits, else the test rows.
    train
        The rows that models are fitted on.
    given
        Frames for ``train=`` and ``valid=`` of :func:`scalekit.evaluate`, where the data has parts of its own.
    features
        By name of the model, the columns that it learns from.
    columns
        Of the rows before features were made.
    """

    experiment: Experiment
    protocol: Protocol
    judged: Frame
    train: Frame
    given: Mapping[str, Frame]
    features: Mapping[str, tuple[str, ...]]
    columns: tuple[str, ...]

    @property
    def sample_on(self) -> tuple[str, ...]:
        """What rows are sampled by where nobody says it: what the protocol keeps together, if the rows come with it.

        All fits and scores of an experiment are then of the same sample, which each plan would choose for itself.
        """
        return tuple(name for name in self.protocol.unit if name in self.columns)[:1]


def make_ready(experiment: Experiment) -> Ready:
    """Open the rows, make the features, and find protocol and columns.

    Raises
    ------
    ConfigError
        Where the protocol, the columns and the rows do not go together.
    """
    raw = experiment.data.open()
    opened = {name: experiment.features.of(rows) for name, rows in raw.items()}
    judged = opened.get("all", opened.get("test"))
    assert judged is not None  # the data says one of them
    protocol = _protocol(experiment.sections["protocol"], judged, has_parts="all" not in opened)
    given = {name: rows for name, rows in opened.items() if name in ("train", "valid")}
    train = given["train"] if given else _train(experiment, judged, protocol)
    features = _features(experiment, train, protocol)
    columns = tuple(next(iter(raw.values())).columns)
    return Ready(experiment, protocol, judged, train, given, features, columns)


def _protocol(section: Section, frame: Frame, *, has_parts: bool) -> Protocol:
    """The protocol of a file, or of the keys of the table."""
    if not section.values:
        raise section.wrong(
            "",
            'it is missing: give file = "protocol.yaml", or target = ... with the protocol\'s keys',
        )
    asked = section.text("file")
    if asked is not None:
        section.only("file")
    path = None if asked is None else section.document.folder / asked
    keys = {} if asked is not None else dict(section.values)
    try:
        protocol = protocol_of(frame, path, **keys)
        return protocol.with_(split="given") if has_parts else protocol
    except (ConfigError, PlanError, PathNotFoundError) as error:
        raise _at(section, "file" if asked else _named_key(error, keys), error) from error


def _named_key(error: Exception, keys: Iterable[str]) -> str:
    """The key that a message names first."""
    text = str(error)
    places = {
        key: found.start() for key in keys if (found := re.search(rf"\b{re.escape(key)}\b", text))
    }
    return min(places, key=places.__getitem__, default="")


def _train(experiment: Experiment, judged: Frame, protocol: Protocol) -> Frame:
    section = experiment.sections["protocol"]
    if protocol.split.kind == "given":
        raise section.wrong(
            "",
            "it has no key, group or time to split by, and the data has no parts: give one of them, or "
            "[data.train] and [data.test]",
        )
    return split(judged, protocol).train


def _features(
    experiment: Experiment, train: Frame, protocol: Protocol
) -> Mapping[str, tuple[str, ...]]:
    columns = train.columns
    shared = experiment.features.columns or default_features(columns, protocol)
    if not shared:
        raise experiment.features.section.wrong(
            "", "no feature is left: the rows have no column but those of the protocol"
        )
    models = experiment.sections["models"]
    _check(shared, columns, protocol, experiment.features.section, "columns")
    for model in experiment.models:
        table = models.section(model.name.partition(":")[0])
        _check(model.features, columns, protocol, table, "features")
    return {model.name: model.features or shared for model in experiment.models}


def _check(
    names: Sequence[str], columns: Sequence[str], protocol: Protocol, section: Section, key: str
) -> None:
    """Raise where features are no columns, or give the answer away."""
    if missing := [name for name in names if name not in columns]:
        raise _at(section, key, ColumnNotFoundError.missing(missing, columns))
    for name in (protocol.target, protocol.weight):
        if name in names:
            raise section.wrong(key, f"{name!r} is the protocol's target or weight, and no feature")


def _at(section: Section, key: str, error: ScalekitError) -> ScalekitError:
    """The same error with the place in the file before it."""
    path = (*section.path, key) if key else section.path
    found: Any = type(error)(f"{section.document.where(path)}: {error}")
    return found  # type: ignore[no-any-return]
