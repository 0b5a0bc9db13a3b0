"""XGBoost by gangs: every member cuts the values alike, so that the trees are the same wherever the rows are."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np
from sklearn.base import is_classifier

from scalekit.learn.passes.batch import Array, rows_of
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.requests import Gang, Steps
from scalekit.learn.strategies.common_cuts import (
    Kind,
    Reference,
    Totals,
    both,
    is_sparse,
    reference,
    totals,
)
from scalekit.learn.strategies.drawn_rows import GRADIENTS, Draws
from scalekit.learn.strategies.strategy import Refused, Strategy

BY_MEAN = (
    "reg:squarederror", "binary:logistic", "binary:logitraw", "binary:hinge", "multi:softprob",
    "multi:softmax", "count:poisson", "reg:gamma", "reg:tweedie",
)  # fmt: skip
"""Losses whose first guess is the same for all rows and for their means, or for one row of each class with its weight."""


RATE = 0.3
"""XGBoost's own learning rate."""


def boosted(estimator: Any, data: Data) -> Steps:
    """A pass of totals, one or two of rows for the cuts, and trees that are grown by all workers together."""
    found: Totals = yield data.ask(
        totals, both, is_classifier(estimator), what="totals of the target"
    )
    begun = _begun(estimator, data, found)
    params = _params(estimator, begun)
    cuts: Reference = yield from reference(data, found.rows)
    raw: bytes = yield from _grown(estimator, data, params, cuts, _filler(estimator, data, found))
    booster = estimator.get_booster()
    booster.load_model(bytearray(raw))
    booster.set_param({k: v for k, v in params.items() if k != "base_score"})  # a model has none
    return estimator


def _begun(estimator: Any, data: Data, found: Totals) -> dict[str, Any]:
    """Fit the estimator itself on few rows: it refuses what it does not take, and says where the trees begin.

    The rows are real ones for their names and types; the targets have the classes and means of all rows.

    Returns
    -------
    dict
        Parameters as XGBoost understood them: the first guess, and constraints by the places of columns.
    """
    y, weight = _targets(estimator, data, found)
    x = rows_of(data.example, np.arange(len(y)) % len(data.y_example))
    trees, estimator.n_estimators = estimator.n_estimators, 1
    estimator.fit(x, y, sample_weight=weight)
    estimator.n_estimators = trees
    learned = json.loads(estimator.get_booster().save_config())["learner"]
    base = json.loads(learned["learner_model_param"]["base_score"])
    is_known = estimator.base_score is None and estimator.objective in BY_MEAN
    is_known = is_known and not (is_classifier(estimator) and data.y_example.ndim > 1)
    trained = learned["gradient_booster"]["tree_train_param"]
    constraints = {k: v for k, v in trained.items() if k.endswith("_constraints") and v.strip("()")}
    return constraints | ({"base_score": base[0] if len(base) == 1 else base} if is_known else {})


def _targets(estimator: Any, data: Data, found: Totals) -> tuple[Array, Array]:
    """Targets that stand for all rows, and their weights."""
    if not is_classifier(estimator):
        means = found.means if data.y_example.ndim > 1 else found.means[:1]
        return (means.reshape(1, -1) if data.y_example.ndim > 1 else means), np.ones(1)
    classes = np.array(list(found.classes), dtype=data.y_example.dtype)
    weights = np.array(list(found.classes.values())) / found.weight
    if data.y_example.ndim > 1:
        classes = np.repeat(classes[:, np.newaxis], data.y_example.shape[1], axis=1)
    return classes, weights


def _params(estimator: Any, begun: dict[str, Any]) -> dict[str, Any]:
    """What the estimator's own ``fit`` gives to ``xgboost.train``."""
    params = {k: v for k, v in estimator.get_xgb_params().items() if v is not None}
    params.pop("n_jobs", None)
    params["objective"] = estimator.objective
    if is_classifier(estimator) and estimator.n_classes_ > 2:
        params["num_class"] = estimator.n_classes_
    if estimator.n_jobs is not None:
        params["nthread"] = estimator.n_jobs
    return params | begun


def _grown(
    estimator: Any, data: Data, params: dict[str, Any], cuts: Reference, filler: Array
) -> Steps:
    """The model, as XGBoost writes it."""
    member = import_module("scalekit.learn.strategies.xgboost_member")  # with XGBoost
    draws = _draws(params, data.view.table.roles.columns)
    is_forest = draws is not None and draws.is_forest
    to_grow, rounds = params, estimator.get_num_boosting_rounds()
    if draws is not None:
        to_grow = params | {"subsample": 1}
    if is_forest:  # one tree after the other, of other rows each, and put together again
        rounds = params["num_parallel_tree"]
        rate = params.get("learning_rate", RATE) / rounds
        to_grow = to_grow | {"num_parallel_tree": 1, "learning_rate": rate}
    work = member.Boosting(
        to_grow,
        rounds,
        cuts,
        _facts(estimator),
        Kind(is_sparse(data)),
        estimator.missing,
        filler,
        draws,
    )
    raw: bytes = yield Gang(data.view, member.meet, work, member.is_torn, rounds, "growing trees")
    if not is_forest:
        return raw
    return import_module("scalekit.learn.strategies.forest_model").as_forest(raw, params)


def _draws(params: Mapping[str, Any], columns: tuple[str, ...]) -> Draws | None:
    """How rows are drawn for each tree: by their hash, where XGBoost would draw others on each worker."""
    if params.get("subsample", 1) >= 1:
        return None
    seed = f"subsample {params.get('random_state', 0)}"
    return Draws(params["subsample"], columns, seed, params.get("num_parallel_tree", 1) > 1)


def _facts(estimator: Any) -> dict[str, Any]:
    """What is known of the columns."""
    booster = estimator.get_booster()
    facts = {
        "feature_names": booster.feature_names, "feature_types": booster.feature_types,
        "feature_weights": estimator.feature_weights,
    }  # fmt: skip
    return {name: fact for name, fact in facts.items() if fact is not None}


def _filler(estimator: Any, data: Data, found: Totals) -> Array:
    """A label that the loss takes."""
    shape = data.y_example.shape[1:]
    return np.zeros(shape) if is_classifier(estimator) else found.means.reshape(shape)


def refuses(estimator: Any) -> str:
    """Why the parameters of an estimator have no such fit, and the way out; an empty text where they have."""
    return next((reason for applies, reason in _REFUSALS if applies(estimator)), "")


def _draws_unknown(estimator: Any) -> bool:
    return _subsample(estimator) < 1 and estimator.objective not in GRADIENTS


def _draws_in_forests(estimator: Any) -> bool:
    is_forest = type(estimator).__name__.startswith("XGBRF")
    return _subsample(estimator) < 1 and (estimator.num_parallel_tree or 1) > 1 and not is_forest


def _subsample(estimator: Any) -> float:
    return 1.0 if estimator.subsample is None else float(estimator.subsample)


def _sets(name: str) -> Callable[[Any], bool]:
    return lambda estimator: getattr(estimator, name) is not None


def _other_than(name: str, *values: Any) -> Callable[[Any], bool]:
    return lambda estimator: getattr(estimator, name) not in (None, *values)


_EXTRA = {"updater", "process_type", "sample_type", "refresh_leaf"}

_REFUSALS: tuple[tuple[Callable[[Any], bool], str], ...] = (
    (_other_than("booster", "gbtree"), "only booster='gbtree' gives the same model on any number of workers"),
    (_other_than("tree_method", "auto", "hist"), "tree_method='hist' is the one whose cuts all workers can share"),
    (_other_than("device", "cpu"), "its common cuts are made for device='cpu'"),
    (_other_than("multi_strategy", "one_output_per_tree"), "multi_strategy='one_output_per_tree' is the one that has such a fit"),
    (_other_than("sampling_method", "uniform"), "rows are drawn with sampling_method='uniform' only"),
    (_sets("early_stopping_rounds"), "early_stopping_rounds needs an eval_set, which sk.fit has none of: choose n_estimators by GridSearchCV, or leave it out"),
    (_sets("callbacks"), "callbacks would run on workers, each with a part of the model's rows: leave them out"),
    (lambda e: callable(e.objective), "a function as objective may look at all rows: name one of XGBoost's own"),
    (_other_than("objective", "reg:squarederror", "reg:squaredlogerror", "reg:logistic", "reg:pseudohubererror", "binary:logistic", "binary:logitraw", "binary:hinge", "multi:softprob", "multi:softmax", "count:poisson", "reg:gamma", "reg:tweedie"), "its objective looks at the order of all rows, as medians and quantiles do: choose another, such as 'reg:pseudohubererror'"),
    (lambda e: e.enable_categorical or "c" in (e.feature_types or ()), "each part knows its own categories only: make numbers of them before, with OneHotEncoder or TargetEncoder in a Pipeline, and leave enable_categorical out"),
    (_draws_unknown, f"rows are drawn for {', '.join(GRADIENTS)} only: set subsample=1"),
    (_draws_in_forests, "rows that are drawn for each of num_parallel_tree trees differ from worker to worker: set subsample=1, or use XGBRFClassifier or XGBRFRegressor"),
    (lambda e: bool(_EXTRA & set(getattr(e, "kwargs", None) or ())), "parameters that change how trees are updated have no such fit: leave them out"),
)  # fmt: skip

_NOTE = (
    "cuts are quantiles of 200,000 rows that their values choose, the first guess is that of all rows: the same trees "
    "on any backend, in any partitions, with any number of workers and threads; with no more rows, in an order of their "
    "own, they are those of XGBoost itself"
)

_BOOSTED = Strategy("gang", "in_law", "3", boosted, refuses, everywhere=True, note=_NOTE)

STRATEGIES: Mapping[str, Strategy] = {
    "XGBClassifier": _BOOSTED,
    "XGBRegressor": _BOOSTED,
    "XGBRFClassifier": _BOOSTED,
    "XGBRFRegressor": _BOOSTED,
}

REFUSED: Mapping[str, Refused] = {
    "XGBRanker": Refused(
        "the rows of one query have to be together, and sk.fit cannot say which belong to it",
        ("XGBRegressor or XGBClassifier on the relevance of each row",),
    ),
}
