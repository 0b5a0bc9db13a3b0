"""Votes: all members on the same rows, in lockstep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from scalekit.learn.passes.batch import rows_of
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.labels import encoded, find_labels
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.template import fitted_on
from scalekit.learn.strategies.members import fit_all, named, standing_in, thawed
from scalekit.learn.strategies.strategy import SHARED, Strategy


def voting_classifier(estimator: Any, data: Data) -> Steps:
    """Members learn the numbers of the classes."""
    labels = yield from find_labels(data)
    yield from _vote(estimator, data, data.with_target(encoded, labels), labels)
    return estimator


def voting_regressor(estimator: Any, data: Data) -> Steps:
    """Members learn the target as it is."""
    yield from _vote(estimator, data, data, data.y_example[:1])
    return estimator


def _vote(estimator: Any, data: Data, rows: Data, y: Any) -> Steps:
    members = [member for _, member in named(estimator.estimators)]
    found = yield from fit_all((member, rows) for member in members)
    with standing_in(zip(members, found, strict=True)):
        fitted_on(estimator, rows_of(data.example, np.zeros(len(y), dtype=int)), y)
    thaw_members(estimator)


def thaw_members(estimator: Any) -> None:
    """Put the fitted members into their places."""
    estimator.estimators_ = [thawed(member) for member in estimator.estimators_]
    for name, member in estimator.named_estimators_.items():
        estimator.named_estimators_[name] = thawed(member)


def members_of(estimator: Any) -> list[tuple[str, Any]]:
    """Those that are estimators."""
    return named(estimator.estimators)


STRATEGIES: Mapping[str, Strategy] = {
    "VotingClassifier": Strategy(
        "composed", "exact", "1, then as its members, shared", voting_classifier, members=members_of
    ),
    "VotingRegressor": Strategy("composed", "exact", SHARED, voting_regressor, members=members_of),
}
