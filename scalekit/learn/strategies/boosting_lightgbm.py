"""LightGBM by gangs: every member cuts the values alike, so that their number makes no difference."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np
from sklearn.base import is_classifier

from scalekit.errors import NotDistributableError
from scalekit.learn.passes.batch import rows_of
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.requests import Gang, Steps
from scalekit.learn.passes.template import fitted_on
from scalekit.learn.strategies.common_cuts import Reference, Totals, both, reference, totals
from scalekit.learn.strategies.strategy import Refused, Strategy

OBJECTIVES = (
    None, "regression", "regression_l2", "l2", "mse", "binary", "multiclass", "softmax", "poisson", "gamma",
    "tweedie",
)  # fmt: skip
"""Losses whose first guess and leaves are sums over rows."""

OURS = (
    "tree_learner", "pre_partition", "num_machines", "machines", "local_listen_port", "time_out", "num_threads",
    "deterministic", "force_row_wise", "bin_construct_sample_cnt",
    "boost_from_average",
)  # fmt: skip
"""Settings of a gang, which a model would tell: those of the estimator take their place."""


def boosted(estimator: Any, data: Data) -> Steps:
    """A pass of totals, one or two of rows for the cuts, and trees that are grown by all workers together."""
    _refuse_categories(estimator, data)
    found: Totals = yield data.ask(
        totals, both, is_classifier(estimator), what="totals of the target"
    )
    _begin(estimator, data, found)
    cuts: Reference = yield from reference(data, found.rows, precision="f8")
    member = import_module("scalekit.learn.strategies.lightgbm_member")  # with LightGBM
    params = {k: v for k, v in estimator.booster_.params.items() if k != "num_iterations"}
    work = member.Boosting(
        params | {"deterministic": True, "force_row_wise": True}, estimator.n_estimators, cuts, data.names,
        estimator.classes_ if is_classifier(estimator) else None, _base(estimator, found),
    )  # fmt: skip
    model: str = yield Gang(
        data.view, member.meet, work, member.is_torn, estimator.n_estimators, "growing trees"
    )
    own = estimator.booster_.model_to_string()
    estimator.booster_.model_from_string(_with_settings_of(own, model))
    return estimator


def _begin(estimator: Any, data: Data, found: Totals) -> None:
    """Fit the estimator itself on few rows: it refuses what it does not take, and learns names and classes."""
    few = np.arange(max(2, len(found.classes), len(data.y_example))) % len(data.y_example)
    y = data.y_example[few]
    if is_classifier(estimator):
        classes = np.array(list(found.classes), dtype=data.y_example.dtype)
        y = classes[np.arange(len(few)) % len(classes)]
    trees, estimator.n_estimators = estimator.n_estimators, 1
    fitted_on(estimator, rows_of(data.example, few), y)
    estimator.n_estimators = trees


def _base(estimator: Any, found: Totals) -> float | None:
    """Where the trees begin that predict a number: at the mean, or at its logarithm."""
    if is_classifier(estimator) or not estimator.booster_.params.get("boost_from_average", True):
        return None
    mean = float(found.means[0])
    is_log = estimator.objective in ("poisson", "gamma", "tweedie")
    return float(np.log(mean)) if is_log else mean


def _with_settings_of(own: str, model: str) -> str:
    for name in OURS:
        line = re.compile(rf"^\[{name}: .*\]$", flags=re.MULTILINE)
        if found := line.search(own):
            model = line.sub(found.group(), model)
    return model


def _refuse_categories(estimator: Any, data: Data) -> None:
    types = getattr(data.example, "dtypes", None)
    if types is not None and "category" in {str(dtype) for dtype in np.atleast_1d(types)}:
        raise NotDistributableError(
            f"{type(estimator).__name__} cannot be fitted on categories over partitions, of which each knows its own "
            "only: make numbers of them before, with OneHotEncoder or TargetEncoder in a Pipeline, or fit on rows "
            "brought to one machine: sk.fit(..., on_unsupported='gather')"
        )


def refuses(estimator: Any) -> str:
    """Why the parameters of an estimator have no such fit, and the way out; an empty text where they have."""
    return next((reason for applies, reason in _REFUSALS if applies(estimator)), "")


_DRAWS = {"bagging_fraction", "bagging_freq", "data_sample_strategy", "pos_bagging_fraction"}
_CHANGES = {"tree_learner", "device_type", "device", "linear_tree", "use_quantized_grad"}


def _extra(names: set[str]) -> Callable[[Any], bool]:
    return lambda estimator: bool(names & set(getattr(estimator, "_other_params", None) or ()))


_REFUSALS: tuple[tuple[Callable[[Any], bool], str], ...] = (
    (lambda e: e.boosting_type != "gbdt", "only boosting_type='gbdt' gives the same model on any number of workers"),
    (lambda e: e.objective not in OBJECTIVES, "its objective looks at the order of all rows, or is a function that may: choose 'regression', 'poisson', 'gamma', 'tweedie', 'binary' or 'multiclass'"),
    (lambda e: e.subsample < 1 and e.subsample_freq > 0, "each worker would draw rows of its own: set subsample=1"),
    (lambda e: e.class_weight is not None, "class_weight counts all rows: give weights by sample_weight="),
    (_extra(_DRAWS), "each worker would draw rows of its own: leave these parameters out"),
    (_extra(_CHANGES), "parameters that change how trees are grown have no such fit: leave them out"),
)  # fmt: skip

_NOTE = (
    "cuts are made by 200,000 rows that their values choose: the same trees with any number of workers but one, which "
    "counts the rows of a leaf where several estimate it: equal to LightGBM's own to rounding with min_child_samples=1"
)

_BOOSTED = Strategy("gang", "approximate", "3", boosted, refuses, note=_NOTE)

STRATEGIES: Mapping[str, Strategy] = {"LGBMClassifier": _BOOSTED, "LGBMRegressor": _BOOSTED}

REFUSED: Mapping[str, Refused] = {
    "LGBMRanker": Refused(
        "the rows of one query have to be together, and sk.fit cannot say which belong to it",
        ("LGBMRegressor or LGBMClassifier on the relevance of each row",),
    ),
}
