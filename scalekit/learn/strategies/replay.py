"""Outcomes of a cross-validation, played to scikit-learn's own code, which makes its results of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from scalekit.learn.passes.batch import Array
from scalekit.learn.strategies.evaluation import Outcome
from scalekit.learn.strategies.scorers import Scoring


class Player(BaseEstimator):  # type: ignore[misc]
    """A model whose fits are, one after the other, those of some outcomes."""

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        self.outcomes = outcomes
        self.count = [0]
        self.outcome: Any = None

    def __sklearn_clone__(self) -> Player:
        copy = Player(self.outcomes)
        copy.count = self.count
        return copy

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002, FBT001, FBT002
        """None: whatever is searched over belongs to the model that is played."""
        return {}

    def set_params(self, **_: Any) -> Player:
        """Take any."""
        return self

    def fit(self, x: Any, y: Any = None) -> Player:  # noqa: ARG002
        """Become the next outcome, or raise what its fit raised; after the last a refit comes, of which nobody asks."""
        number = self.count[0]
        self.count[0] += 1
        if number < len(self.outcomes):
            self.outcome = self.outcomes[number]
            if isinstance(self.outcome.fitted, Exception):
                raise self.outcome.fitted
        return self


class PlayedScorer:
    """Gives a score that was made; rows of the numbers of splits test, those of their negatives train."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, model: Player, x: Any, y: Any = None) -> float:  # noqa: ARG002
        """Give it, or raise what raised when it was made."""
        scores = model.outcome.test if x[0, 0] >= 0 else model.outcome.train
        found = scores[self.name]
        if isinstance(found, Exception):
            raise found
        return found  # type: ignore[no-any-return]


def played_scoring(scoring: Scoring) -> Any:
    """What takes the place of a user's ``scoring``."""
    played = {name: PlayedScorer(name) for name in scoring.scorers}
    return played if scoring.several else played["score"]


def played_rows(count: int) -> tuple[Array, Array, list[tuple[list[int], list[int]]]]:
    """X, y and splits of as few rows as there are splits: one that trains and one that tests for each."""
    numbers = np.concatenate([np.arange(count), -1 - np.arange(count)])
    splits = [([count + number], [number]) for number in range(count)]
    return numbers[:, np.newaxis], np.zeros(2 * count), splits
