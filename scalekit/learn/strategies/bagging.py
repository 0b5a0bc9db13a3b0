"""Bags: every member is fitted on a worker, on the rows and columns that scikit-learn's own bag would draw for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.utils import check_random_state
from sklearn.utils.random import sample_without_replacement
from sklearn.utils.validation import has_fit_parameter

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.drawn import find_numbers, rows_at
from scalekit.learn.passes.gathered import Gathered
from scalekit.learn.passes.labels import find_labels
from scalekit.learn.passes.requests import Errands, Steps
from scalekit.learn.passes.template import fitted_on, random_matrix
from scalekit.learn.strategies.forests import GROUPS, MOST_DRAWN, refuses_forest, warn_of_fewer
from scalekit.learn.strategies.strategy import Strategy

MOST_SEED = np.iinfo(np.int32).max


@dataclass(frozen=True)
class Bag:
    """What is sent to fit some members: rows, and each member with its rows among them, as often as it drew them.

    ``fill`` has the numbers of all classes, for members that take weights: they know classes that they did not draw.
    """

    x: Array
    y: Array
    members: tuple[tuple[Any, Array, Array], ...]
    fill: Array | None


def bagging(estimator: Any, data: Data) -> Steps:
    """Draw rows and columns of all members from their seeds; bring the rows here, and send them out."""
    labels = (yield from find_labels(data)) if is_classifier(estimator) else None
    rows = yield from find_numbers(data, weight=data.weighted)
    size = _size(estimator, rows.count, rows.weight)
    seeds = _fit_cheaply(estimator, data, labels)
    features, drawn = _draws(estimator, seeds, data.width, rows, size)
    members = [_member(estimator, seed) for seed in seeds]
    wanted = np.unique(np.concatenate(drawn))
    found: Gathered = yield from rows_at(data, rows, wanted, _as_matrix)
    y = found.y if labels is None else np.searchsorted(labels, found.y)
    fill = None
    if labels is not None and has_fit_parameter(members[0], "sample_weight"):
        fill = np.arange(len(labels))
    bags = []
    for group in np.array_split(np.arange(len(members)), min(GROUPS, len(members))):
        here = np.unique(np.concatenate([drawn[number] for number in group]))
        places = np.searchsorted(wanted, here)
        chosen = tuple((members[n], features[n], np.searchsorted(here, drawn[n])) for n in group)
        bags.append(Bag(found.X[places], y[places], chosen, fill))
    fitted = yield Errands(data.view, fit_members, tuple(bags), what="members")
    estimator.estimators_ = [member for group in fitted for member in group]
    estimator.estimators_features_ = features
    known = {"_n_samples": rows.count, "_max_samples": size}  # private, and of the few rows
    vars(estimator).update(known)
    if rows.weight is not None:
        vars(estimator).pop("_sample_weight", None)  # a number for each row
    return estimator


def _size(estimator: Any, count: int, weight: Array | None) -> int:
    """How many rows a member draws."""
    given = estimator.max_samples
    if given is None:
        if count > MOST_DRAWN:
            warn_of_fewer(estimator, count, "max_samples= says how many")
        return min(count, MOST_DRAWN)
    if isinstance(given, float):
        size = max(int(given * (count if weight is None else float(weight.sum()))), 1)
        if given == 1.0 and size > MOST_DRAWN:
            warn_of_fewer(estimator, count, "max_samples= says how many")
            return MOST_DRAWN
        return size
    return int(given)


def _fit_cheaply(estimator: Any, data: Data, labels: Array | None) -> Array:
    """The genuine fit, with members that cost nothing; gives the seeds of the members, which it draws alike."""
    given = {
        name: getattr(estimator, name) for name in ("estimator", "random_state", "max_samples")
    }
    state = given["random_state"]
    seed = check_random_state(state).randint(MOST_SEED) if state is None else state
    rows = 4 if labels is None else max(2, len(labels))
    y: Any = np.arange(float(rows)) if labels is None else np.resize(labels, rows)
    if data.y_example.ndim > 1:
        y = np.column_stack([y] * data.y_example.shape[1])
    if given["estimator"] is not None:
        estimator.estimator = DummyRegressor() if labels is None else DummyClassifier()
    estimator.random_state, estimator.max_samples = seed, 1.0
    fitted_on(estimator, random_matrix(data, rows), y)
    vars(estimator).update(given)
    if given["estimator"] is not None:
        estimator.estimator_ = clone(given["estimator"])
    return np.asarray(check_random_state(seed).randint(MOST_SEED, size=estimator.n_estimators))


def _draws(
    estimator: Any, seeds: Array, width: int, rows: Any, size: int
) -> tuple[list[Array], list[Array]]:
    """The columns and the rows of each member, as scikit-learn draws them from its seed."""
    share = estimator.max_features
    columns = max(1, int(share * width) if isinstance(share, float) else int(share))
    features, drawn = [], []
    for seed in seeds:
        state = check_random_state(seed)
        features.append(_indices(state, estimator.bootstrap_features, width, columns))
        if rows.weight is None:
            numbers = _indices(state, estimator.bootstrap, rows.count, size)
        else:
            p = rows.weight / np.sum(rows.weight)
            numbers = state.choice(rows.count, size, replace=estimator.bootstrap, p=p)
        drawn.append(numbers)
    return features, drawn


def _indices(state: Any, bootstrap: bool, population: int, size: int) -> Array:  # noqa: FBT001
    found: Array
    if bootstrap:
        found = state.randint(0, population, size)
    else:
        found = sample_without_replacement(population, size, random_state=state)
    return found


def _member(estimator: Any, seed: Any) -> Any:
    """A member with its random states, which scikit-learn draws in the order of their names."""
    member = clone(estimator.estimator_)
    member.set_params(**{name: getattr(estimator, name) for name in estimator.estimator_params})
    state = check_random_state(seed)
    names = sorted(member.get_params(deep=True))
    states = {
        name: state.randint(MOST_SEED)
        for name in names
        if name == "random_state" or name.endswith("__random_state")
    }
    return member.set_params(**states) if states else member


def _as_matrix(batch: Batch) -> list[Gathered]:
    return [Gathered(batch.matrix, batch.y, None, batch.positions)]


def fit_members(bag: Bag) -> list[Any]:
    """Fit the members of a bag, on a worker."""
    return [_fitted(bag, *member) for member in bag.members]


def _fitted(bag: Bag, member: Any, features: Array, drawn: Array) -> Any:
    if not has_fit_parameter(member, "sample_weight"):
        return member.fit(bag.x[drawn][:, features], bag.y[drawn])
    places, counts = np.unique(drawn, return_counts=True)
    x, y = bag.x[places][:, features], bag.y[places]
    if bag.fill is not None:
        x = np.concatenate([x, np.repeat(x[:1], len(bag.fill), axis=0)])
        y = np.concatenate([y, bag.fill])
        counts = np.concatenate([counts, np.zeros_like(bag.fill)])
    return member.fit(x, y, sample_weight=counts)


_BAG = Strategy(
    "sampled", "in_law", "2 and 1 for the rows that are drawn", bagging, refuses=refuses_forest, positions=True,
    note=f"each member is fitted by scikit-learn itself on the rows that it draws, {MOST_DRAWN:,} at the most unless "
    "max_samples says how many",
)  # fmt: skip

STRATEGIES: Mapping[str, Strategy] = {"BaggingClassifier": _BAG, "BaggingRegressor": _BAG}
