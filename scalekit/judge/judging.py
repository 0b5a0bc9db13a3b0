"""Models and baselines over rows with roles: the one pass that evaluations and comparisons are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from scalekit import run
from scalekit.config import Config
from scalekit.display.progress import progress
from scalekit.errors import InvalidOperationError, ScalekitError
from scalekit.expr.builders import col
from scalekit.judge.baselines import dummy_of_classes, dummy_of_numbers, linear_baseline
from scalekit.judge.census import ROLE, Census
from scalekit.judge.evidence import Summary
from scalekit.judge.forecast.naive import NAIVE, SCALE, SQUARED_SCALE
from scalekit.judge.judged import (
    FOLD,
    OF_CLASSES,
    ByFold,
    Constant,
    FromColumn,
    Judged,
    Outputs,
    classes_of,
    outputs_of,
)
from scalekit.judge.layout import layout_of
from scalekit.judge.protocol.protocol import Protocol
from scalekit.judge.protocol.slices import levels, slices_of
from scalekit.judge.report import DUMMY, LINEAR
from scalekit.judge.rows import Rows, hashable, identity_of
from scalekit.judge.scoring import Scored, Scoring, score
from scalekit.judge.statistics import Layout
from scalekit.plan.nodes import Plan

TRAINED = 1_000_000
"""Training rows, about, that models are asked about: how much less they know of test rows is clear from these to a thousandth."""


@dataclass(frozen=True, eq=False)
class Folded:
    """For each fold an estimator that was fitted without its rows."""

    members: tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Ground:
    """What models are judged on: rows with roles, the protocol, and what is known of the target.

    Attributes
    ----------
    rows, protocol, census
        See there; the census is of roles, or of folds (``"0"``, ``"1"``...) where there are folds.
    features
        What a model reads that does not say.
    classes
        Of the layout; the negative one first, of two.
    config
        Settings, whose backend is decided.
    """

    rows: Rows
    protocol: Protocol
    census: Census
    features: tuple[str, ...]
    classes: tuple[Any, ...]
    config: Config

    @property
    def has_train(self) -> bool:
        """Whether there are rows that baselines can learn from."""
        return bool(self.rows.folds) or bool(self.census.rows.get("train"))


@dataclass(frozen=True, eq=False)
class Judgement:
    """What a pass has kept, and of which models."""

    layout: Layout
    models: tuple[Judged, ...]
    scored: Scored


def classes_for(protocol: Protocol, census: Census, models: Sequence[Any]) -> tuple[Any, ...]:
    """The classes of the target and of the models, sorted; of two, the negative one first. None for numbers.

    Raises
    ------
    InvalidOperationError
        Where labels do not go together, where a binary target has not two, or the positive one is none of them.
    """
    if protocol.task not in OF_CLASSES:
        return ()
    known = [label for model in models for label in _labels(model)]
    try:
        labels = sorted({*census.labels, *known})
    except TypeError:
        raise InvalidOperationError(
            f"the target has the labels {list(census.labels)!r}, and the models have {sorted(set(known), key=str)!r}: "
            "bring both to the same type"
        ) from None
    if protocol.task == "multiclass":
        return tuple(labels)
    if len(labels) != 2:
        raise InvalidOperationError(
            f"target={protocol.target!r} has {len(labels)} classes, {labels[:20]!r}, and task='binary' is for two"
            + (
                "; give task='multiclass'"
                if len(labels) > 2
                else "; there is nothing to tell apart"
            )
        )
    if protocol.positive is not None and protocol.positive not in labels:
        raise InvalidOperationError(
            f"positive={protocol.positive!r} is no class of {protocol.target!r}: {labels!r}"
        )
    positive = labels[-1] if protocol.positive is None else protocol.positive
    return tuple(sorted(labels, key=lambda label: label == positive))


def _labels(model: Any) -> tuple[Any, ...]:
    if isinstance(model, Folded):
        return tuple(label for member in model.members for label in _labels(member))
    return classes_of(model) or ()


def judged_model(name: str, model: Any, ground: Ground) -> Judged:
    """A fitted model, or one for each fold, as it is asked in a pass; it is checked before anything is read."""
    members = model.members if isinstance(model, Folded) else (model,)
    about = (ground.protocol.task, ground.classes, ground.rows.columns, ground.features)
    found = [outputs_of(member, *about) for member in members]
    outputs: Outputs = found[0][0]
    if isinstance(model, Folded):
        outputs = ByFold(tuple(one for one, _ in found))
    return Judged(name, outputs, tuple(dict.fromkeys(c for _, inputs in found for c in inputs)))


def dummy(ground: Ground) -> Judged:
    """The best constant: of the training rows, or of the test rows where there are none; of forecasts the better naive one."""
    if not ground.rows.folds:
        role = "train" if ground.has_train else "test"
        constant = _dummy(ground, ground.census, role, col(ROLE) == role)
        if is_forecast(ground):
            return _naive(DUMMY, best_naive(ground.protocol), constant)
        return Judged(DUMMY, constant)
    every = tuple(ground.census.rows)
    members = []
    for fold in range(ground.rows.folds):
        others = [role for role in every if role != str(fold)]
        census = ground.census.merged(others)
        members.append(_dummy(ground, census, "all", col(FOLD) != fold))
    return Judged(DUMMY, ByFold(tuple(members)))


def is_forecast(ground: Ground) -> bool:
    """Whether rows have what naive forecasts say of them."""
    return ground.protocol.task == "forecast"


def best_naive(protocol: Protocol) -> str:
    """The forecast that is the dummy: the seasonal one where there is a season, else the last value."""
    return "seasonal_naive" if protocol.season else "last_value"


def naive_baselines(ground: Ground) -> list[Judged]:
    """The naive forecasts that the protocol names beside the dummy, which is the better one; none of other tasks."""
    if not is_forecast(ground):
        return []
    wanted = ground.protocol.baselines or ()
    best = best_naive(ground.protocol)
    role = "train" if ground.has_train else "test"
    names = [name for name in NAIVE if name in wanted and name != best]
    if not names:
        return []
    constant = _dummy(ground, ground.census, role, col(ROLE) == role)
    return [_naive(name, name, constant) for name in names]


def _naive(name: str, forecast: str, otherwise: Constant) -> Judged:
    """A naive forecast, and a constant for the rows of a series of which nothing was known."""
    column = NAIVE[forecast]
    return Judged(name, FromColumn(column, otherwise), (column,))


def _dummy(ground: Ground, census: Census, role: str, condition: Any) -> Constant:
    if ground.protocol.task in OF_CLASSES:
        return dummy_of_classes(census.weights.get(role, {}), ground.classes)
    rows = ground.rows.frame.filter(condition)
    return dummy_of_numbers(rows, census.numbers[role].mean, ground.protocol)


def linear(ground: Ground, features: Sequence[str]) -> tuple[Judged | None, str]:
    """The linear baseline, or why there is none."""
    if not ground.has_train:
        return (
            None,
            "no linear baseline: there are no training rows; give train=, or a key= to split by",
        )
    frame, protocol = ground.rows.frame, ground.protocol
    try:
        if ground.rows.folds:
            fits = [
                linear_baseline(frame.filter(col(FOLD) != fold), protocol, features)
                for fold in range(ground.rows.folds)
            ]
            return judged_model(LINEAR, Folded(tuple(fits)), ground), ""
        fitted = linear_baseline(ground.rows.of("train"), protocol, features)
        return judged_model(LINEAR, fitted, ground), ""
    except (ScalekitError, ValueError) as error:
        return None, f"no linear baseline: {error}"


def judge(
    ground: Ground,
    models: Sequence[Judged],
    summaries: Sequence[Summary] = (),
) -> Judgement:
    """One pass: all models to all rows.

    Parameters
    ----------
    ground
        The rows, and by what models are judged.
    models
        Baselines too.
    summaries
        What the checks want to know of the rows.
    """
    protocol, frame = ground.protocol, ground.rows.frame
    sliced = slices_of(protocol, frame, sum(ground.census.rows.values()))
    tests = frame.filter(col(ROLE) == "test")
    there = levels(tests, sliced)
    layout = layout_of(protocol, [m.name for m in models], ground.classes, there, ground.census)
    scoring = replace(
        scoring_of(ground, layout, models, summaries),
        slices=tuple(sliced.values()),
        trained=min(1.0, TRAINED / max(1, ground.census.rows.get("train", 0))),
    )
    plan = ground.rows.frame.select(*columns_of(ground, scoring))._plan
    with progress(ground.config) as watch:
        scored = score(plan, scoring, ground.config, watch)
    assert scored is not None  # the census has seen test rows
    return Judgement(layout, tuple(models), scored)


def scoring_of(
    ground: Ground, layout: Layout, models: Sequence[Judged], summaries: Sequence[Summary] = ()
) -> Scoring:
    """What a pass with some layout keeps of the rows of a ground."""
    protocol, frame = ground.protocol, ground.rows.frame.select(*ground.rows.columns)
    return Scoring(
        layout,
        tuple(models),
        protocol.target,
        protocol.weight,
        protocol.block or hashable(frame),
        identity_of(protocol, frame),
        tuple(summaries),
        (SCALE, SQUARED_SCALE) if is_forecast(ground) else (),
    )


def columns_of(ground: Ground, scoring: Scoring) -> tuple[str, ...]:
    """The columns that a pass reads."""
    wanted = [name for model in scoring.models for name in model.inputs]
    wanted += [name for summary in scoring.summaries for name in summary.columns]
    wanted += [one.column for one in scoring.slices]
    wanted += [*scoring.block, *scoring.identity, scoring.target, *scoring.scales]
    wanted += [scoring.weight] if scoring.weight else []
    wanted += [ROLE, *((FOLD,) if ground.rows.folds else ())]
    return tuple(dict.fromkeys(wanted))


def decided(plan: Plan, config: Config) -> Config:
    """The settings with the backend that will work."""
    return config.given("sk.evaluate", backend=run.decide(plan, config).backend)
