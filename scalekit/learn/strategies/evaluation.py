"""Models fitted on the training rows of splits and scored on the others: all of them in lockstep, over shared passes."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sklearn.base import clone
from sklearn.pipeline import Pipeline

from scalekit.errors import NotDistributableError
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.folds import Splits
from scalekit.learn.passes.requests import Steps, together
from scalekit.learn.passes.steps import unweighted
from scalekit.learn.strategies.members import is_estimator
from scalekit.learn.strategies.scorers import Scoring, combined, evidence
from scalekit.learn.strategies.table import strategy_of
from scalekit.learn.strategies.trained import trained

MOST_VALUES = 1 << 27
"""Predictions that are brought here at one time, for metrics that need all of them."""


@dataclass
class Outcome:
    """What became of a model on a split.

    Attributes
    ----------
    fitted
        The model, or the exception that its fit raised.
    test, train
        Its scores by the names of the scorers; an exception for a score that could not be made.
    """

    fitted: Any
    test: dict[str, Any] = field(default_factory=dict)
    train: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluated:
    """The outcomes of each model on each split, and the seconds that fits and scores took, for one of them."""

    outcomes: list[list[Outcome]]
    fit_seconds: float
    score_seconds: float


def evaluate(
    models: Sequence[Any], data: Data, splits: Splits, scoring: Scoring, *, train: bool
) -> Generator[Any, Any, Evaluated]:
    """Fit each model on each split, and score it."""
    start = time.perf_counter()
    rows = yield from _kept(models, data)
    by_split = yield from together(
        [fit_alike(models, splits.train(rows, number)) for number in range(splits.count)]
    )
    outcomes = [[Outcome(fitted[place]) for fitted in by_split] for place in range(len(models))]
    between = time.perf_counter()
    yield from _score(outcomes, data, splits, scoring, train=train)
    count = len(models) * splits.count
    fit_seconds, score_seconds = between - start, time.perf_counter() - between
    return Evaluated(outcomes, fit_seconds / count, score_seconds / count)


def _kept(models: Sequence[Any], data: Data) -> Steps:
    """The matrix of all rows, of which splits choose, where every model would keep one of its own rows."""
    found = [strategy_of(model) for model in models]
    if all(getattr(strategy, "kind", "") == "iterative" for strategy in found):
        data = yield from data.kept()
    return data


# fits


def fit_alike(models: Sequence[Any], data: Data) -> Generator[Any, Any, list[Any]]:
    """Fit models on the same rows; steps that Pipelines have in common are fitted once, and copied.

    A model whose fit raises is answered by the exception.
    """
    results: list[Any] = [None] * len(models)
    groups: dict[Any, list[int]] = {}
    for place, model in enumerate(models):
        groups.setdefault(_beginning(model), []).append(place)
    found = yield from together(
        [_fit_group([models[place] for place in places], data) for places in groups.values()]
    )
    for places, fitted in zip(groups.values(), found, strict=True):
        for place, one in zip(places, fitted, strict=True):
            results[place] = one
    return results


def _beginning(model: Any) -> Any:
    """What Pipelines begin alike with; each other model stands alone."""
    if type(model) is not Pipeline or len(model.steps) < 2:
        return id(model)
    name, first = model.steps[0]
    return (name, repr_of(first))


def repr_of(estimator: Any) -> str:
    """What tells an estimator from others: its class and all its parameters."""
    if not is_estimator(estimator):
        return repr(estimator)
    known = {
        name: repr_of(value) if hasattr(value, "get_params") else _content(value)
        for name, value in estimator.get_params(deep=False).items()
    }
    output = vars(estimator).get("_sklearn_output_config")
    return f"{type(estimator).__module__}.{type(estimator).__qualname__}({known}, {output})"


def _content(value: Any) -> str:
    if isinstance(value, list | tuple):
        return repr(
            [repr_of(one) if hasattr(one, "get_params") else _content(one) for one in value]
        )
    if hasattr(value, "tobytes"):
        return f"{value.dtype} {value.shape} {value.tobytes()!r}"
    return repr(value)


def _fit_group(models: list[Any], data: Data) -> Generator[Any, Any, list[Any]]:
    if type(models[0]) is not Pipeline or len(models[0].steps) < 2:
        return (yield from together([_guarded(data.fit(model)) for model in models]))
    (name, first), rows, fitted = models[0].steps[0], data, None
    if is_estimator(first):
        fitted = yield from _guarded(unweighted(data).fit(first))
        if isinstance(fitted, Exception):
            return [fitted] * len(models)
        rows = yield from trained(fitted, data)
    rest = yield from fit_alike([Pipeline(model.steps[1:]) for model in models], rows)
    return [_joined(model, name, fitted, found) for model, found in zip(models, rest, strict=True)]


def _joined(model: Any, name: str, fitted: Any, rest: Any) -> Any:
    """A Pipeline of its first step and the others, as it is fitted."""
    if isinstance(rest, Exception):
        return rest
    found = clone(model)
    first = found.steps[0][1] if fitted is None else fitted
    found.steps = [(name, first), *rest.steps]
    return found


def _guarded(steps: Steps) -> Steps:
    """The fitted model, or what its fit raised; not what a whole search cannot do."""
    try:
        return (yield from steps)
    except NotDistributableError:
        raise
    except Exception as error:
        return error


# scores


def _score(
    outcomes: list[list[Outcome]], data: Data, splits: Splits, scoring: Scoring, *, train: bool
) -> Steps:
    """Score all models, as many at one time as have room for what their metrics need."""
    wanted = []
    for by_split in outcomes:
        for number, outcome in enumerate(by_split):
            if isinstance(outcome.fitted, Exception):
                continue
            wanted.append((outcome.fitted, outcome.test, splits.test(data, number)))
            if train:
                wanted.append((outcome.fitted, outcome.train, splits.train(data, number)))
    at_once = len(wanted)
    if wanted and not scoring.is_small(wanted[0][0]):
        at_once = max(1, MOST_VALUES // splits.codes.shape[-1])
    for start in range(0, len(wanted), max(1, at_once)):
        some = wanted[start : start + at_once]
        yield from together([_score_one(*one, scoring) for one in some])
    return None


def _score_one(model: Any, scores: dict[str, Any], rows: Data, scoring: Scoring) -> Steps:
    found = yield rows.ask(evidence, combined, model, scoring, what="scores")
    for (name, scorer), one in zip(scoring.scorers.items(), found, strict=True):
        try:
            scores[name] = one.score(scorer)
        except Exception as error:
            scores[name] = error


def failures(outcomes: Iterable[Outcome]) -> list[Exception]:
    """What fits raised."""
    return [outcome.fitted for outcome in outcomes if isinstance(outcome.fitted, Exception)]
