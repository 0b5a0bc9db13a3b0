"""Pipelines and unions: steps of the one are fitted one after the other, members of the other in lockstep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scalekit.learn.passes.data import Data
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.steps import unweighted
from scalekit.learn.strategies.members import (
    StandIn,
    fit_all,
    fit_whole,
    is_estimator,
    named,
    thawed,
)
from scalekit.learn.strategies.strategy import SHARED, Strategy
from scalekit.learn.strategies.trained import trained


def pipeline(estimator: Any, data: Data) -> Steps:
    """Each step on what the ones before it give; weights go to the last, as scikit-learn hands them on by its name."""
    steps = list(estimator.steps)
    rows = data
    for place, (name, step) in enumerate(steps):
        if not is_estimator(step):
            continue
        if place == len(steps) - 1:
            steps[place] = (name, (yield from rows.fit(step)))
        else:
            fitted = yield from unweighted(rows).fit(step)
            steps[place] = (name, fitted)
            rows = yield from trained(fitted, rows)
    estimator.steps = steps
    return estimator


def feature_union(estimator: Any, data: Data) -> Steps:
    """All members on the same rows."""
    members = named(estimator.transformer_list)
    found = yield from fit_all((member, data) for _, member in members)
    fitted = dict(zip((name for name, _ in members), found, strict=True))
    estimator.transformer_list = [
        (name, StandIn(fitted[name]) if name in fitted else member)
        for name, member in estimator.transformer_list
    ]
    fit_whole(estimator, data)
    estimator.transformer_list = [
        (name, thawed(member)) for name, member in estimator.transformer_list
    ]
    return estimator


def frozen(estimator: Any, data: Data) -> Steps:  # noqa: ARG001
    """What is fitted already stays as it is."""
    return estimator
    yield


STRATEGIES: Mapping[str, Strategy] = {
    "FeatureUnion": Strategy(
        "composed", "exact", SHARED, feature_union,
        members=lambda union: named(union.transformer_list),
    ),
    "FrozenEstimator": Strategy("stateless", "exact", "0", frozen),
    "Pipeline": Strategy(
        "composed", "exact", "the sum of its steps", pipeline,
        members=lambda whole: named(whole.steps),
        note="memory= is not used: nothing is fitted twice",
    ),
}  # fmt: skip
