"""Scorers over partitions: which there are of what a user asked for, and what one of them asks a model for."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin, RegressorMixin, is_classifier
from sklearn.metrics import (
    accuracy_score,
    check_scoring,
    get_scorer,
    log_loss,
    make_scorer,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_gamma_deviance,
    mean_pinball_loss,
    mean_poisson_deviance,
    mean_squared_error,
    mean_squared_log_error,
    r2_score,
    root_mean_squared_error,
)

from scalekit.learn.passes.batch import Batch
from scalekit.learn.strategies.evidence import Evidence, Failed, Mean, Pairs, Rows, Spread, Surprise

MEANS = (
    mean_absolute_error, mean_absolute_percentage_error, mean_gamma_deviance, mean_pinball_loss,
    mean_poisson_deviance, mean_squared_error, mean_squared_log_error,
)  # fmt: skip
"""Metrics that are means over rows: those of parts, weighted, make that of the whole."""


@dataclass(frozen=True, eq=False)
class Scoring:
    """What models are scored by.

    Attributes
    ----------
    given
        What the user gave.
    scorers
        scikit-learn's scorers by name: ``"score"`` where there is one without a name.
    weighted
        Whether the weights of rows go to them.
    several
        Whether scores have names.
    """

    given: Any
    scorers: Mapping[str, Any]
    weighted: bool = False
    several: bool = False

    def is_small(self, estimator: Any) -> bool:
        """Whether what they ask for is small, however many rows there are."""
        return all(_kind(scorer, estimator) != "rows" for scorer in self.scorers.values())


def find_scoring(estimator: Any, scoring: Any, *, weighted: bool = False) -> Scoring:
    """The scorers that a user asked for.

    Raises
    ------
    ValueError
        In scikit-learn's words, where there is no such scorer.
    """
    if scoring is None:
        return Scoring(None, {"score": _default(estimator)}, weighted)
    if isinstance(scoring, str) or callable(scoring):
        return Scoring(scoring, {"score": check_scoring(estimator, scoring)}, weighted)
    check_scoring(estimator, scoring)
    named = scoring if isinstance(scoring, Mapping) else {name: name for name in scoring}
    scorers = {name: get_scorer(one) for name, one in named.items()}
    return Scoring(scoring, scorers, weighted, several=True)


def refuses_scoring(estimator: Any, scoring: Any) -> str:
    """Why a model cannot be scored so over partitions; an empty text where it can."""
    if scoring is None:
        if _default(estimator) is not None:
            return ""
        return (
            f"{type(estimator).__name__}.score wants all rows at once; name a metric with scoring="
        )
    several = isinstance(scoring, Mapping | list | tuple | set)
    wanted = scoring.values() if isinstance(scoring, Mapping) else scoring if several else [scoring]
    for one in wanted:
        if callable(one) and not hasattr(one, "_score_func"):
            return (
                f"scoring={getattr(one, '__name__', one)!r} is a function that is given X, which is not here; "
                "make_scorer(metric) makes a scorer of any metric of y and predictions"
            )
    return ""


def _default(estimator: Any) -> Any:
    """The scorer that stands for the ``score`` of an estimator; None for one that scores in a way of its own."""
    if hasattr(estimator, "steps"):
        return _default(estimator.steps[-1][1])
    if hasattr(estimator, "_run_search"):
        return _default_of_search(estimator)
    score = getattr(type(estimator), "score", None)
    if score is ClassifierMixin.score:
        return make_scorer(accuracy_score)
    return make_scorer(r2_score) if score is RegressorMixin.score else None


def _default_of_search(search: Any) -> Any:
    if search.scoring is None:
        return _default(search.estimator)
    if isinstance(search.scoring, str):
        return get_scorer(search.scoring)
    named = search.scoring if isinstance(search.scoring, Mapping) else {}
    found = (
        named.get(search.refit, search.refit) if isinstance(search.refit, str) else search.scoring
    )
    return get_scorer(found) if isinstance(found, str) or hasattr(found, "_score_func") else None


# what a pass does


def evidence(batch: Batch, model: Any, scoring: Scoring) -> list[Evidence]:
    """What each scorer needs of some rows; a failure stands for itself, and is told when the scores are made."""
    found: list[Evidence] = []
    for scorer in scoring.scorers.values():
        try:
            weight = batch.weight if scoring.weighted and _takes_weight(scorer) else None
            found.append(_evidence(scorer, model, batch, weight))
        except Exception as error:
            found.append(Failed(error))
    return found


def combined(left: list[Evidence], right: list[Evidence]) -> list[Evidence]:
    """That of the rows of both."""
    return [
        b if isinstance(b, Failed) and not isinstance(a, Failed) else a.joined(b)
        for a, b in zip(left, right, strict=True)
    ]


def _evidence(scorer: Any, model: Any, batch: Batch, weight: Any) -> Evidence:
    y_true, y_pred = _asked(scorer, model, batch)
    total = float(len(y_true) if weight is None else weight.sum())
    kind = _kind(scorer, model) if y_true.ndim == 1 else "rows"
    match kind:
        case "mean":
            metric = scorer._score_func
            if metric is root_mean_squared_error:
                metric = mean_squared_error
            value = metric(y_true, y_pred, sample_weight=weight, **scorer._kwargs)
            return Mean(value * total, total)
        case "surprise":
            return Surprise.of(y_true, y_pred, weight)
        case "spread":
            return Spread.of(y_true, y_pred, weight)
        case "pairs":
            codes = pd.DataFrame({"true": y_true, "said": y_pred, "weight": 1 if weight is None else weight})  # fmt: skip
            return Pairs.of(codes)
        case _:
            return Rows([(y_true, y_pred, weight)])


def _asked(scorer: Any, model: Any, batch: Batch) -> tuple[Any, Any]:
    """What a scorer hands to its metric: whichever method of the model and column of it that is, it says itself."""
    said: list[tuple[Any, Any]] = []

    def note(y_true: Any, y_pred: Any, **_: Any) -> float:
        said.append((np.asarray(y_true), np.asarray(y_pred)))
        return 0.0

    note.__signature__ = signature(scorer._score_func)  # type: ignore[attr-defined]
    spy = copy(scorer)
    spy._score_func = note
    spy(model, batch.X, batch.y)
    return said[0]


def _kind(scorer: Any, model: Any) -> str:
    metric = scorer._score_func
    if metric in MEANS or (metric is root_mean_squared_error and not scorer._kwargs):
        return "mean"
    if metric is log_loss and not scorer._kwargs:
        return "surprise"
    if metric is r2_score and not scorer._kwargs:
        return "spread"
    is_label = scorer._response_method == "predict" and is_classifier(model)
    return "pairs" if is_label and _takes_weight(scorer) else "rows"


def _takes_weight(scorer: Any) -> bool:
    return "sample_weight" in signature(scorer._score_func).parameters
