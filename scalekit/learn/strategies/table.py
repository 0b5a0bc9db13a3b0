"""The table: every estimator that scalekit knows, and how it is fitted over partitions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

from scalekit.learn.strategies.strategy import Refused, Strategy

FAMILIES = (
    "bagging",
    "binning",
    "bisecting",
    "boosting",
    "boosting_lightgbm",
    "calibration",
    "column_scores",
    "columns",
    "covariance",
    "cross_decomposition",
    "decomposition",
    "discriminants",
    "dummies",
    "encoding",
    "forests",
    "generalized",
    "imputing",
    "independent",
    "isotonic",
    "kmeans",
    "landmarks",
    "least_squares",
    "linear_cv",
    "logistic",
    "logistic_cv",
    "margins",
    "minibatches",
    "mixture",
    "naive_bayes",
    "order_scaling",
    "pipeline",
    "power",
    "projections",
    "refused",
    "relevance",
    "ridge_classifier",
    "scaling",
    "search",
    "selection",
    "several",
    "splines",
    "stacking",
    "stochastic",
    "target_encoding",
    "texts",
    "transformed_target",
    "voting",
)
"""Modules of this package, each with a table ``STRATEGIES`` or ``REFUSED`` of its own, by the names of classes."""

PACKAGES = ("sklearn", "xgboost", "lightgbm", "catboost")
"""Where classes of those names come from: a user's class of the same name is another one."""


@cache
def strategies() -> Mapping[str, Strategy | Refused]:
    """The whole table by class name; its modules are loaded by the first fit over partitions."""
    found: dict[str, Strategy | Refused] = {}
    for family in FAMILIES:
        module = import_module(f"scalekit.learn.strategies.{family}")
        for name, entry in (*_of(module, "STRATEGIES"), *_of(module, "REFUSED")):
            assert name not in found, f"{name} is in two families"
            found[name] = entry
    return found


def _of(module: Any, table: str) -> tuple[tuple[str, Any], ...]:
    return tuple(getattr(module, table, {}).items())


def strategy_of(estimator: Any) -> Strategy | Refused | None:
    """The entry for an estimator, by its very class; None where the table has none."""
    kind = type(estimator)
    if kind.__module__.partition(".")[0] not in PACKAGES:
        return None
    return strategies().get(kind.__name__)
