"""Scores of an estimator on folds, over partitions: what cross_validate asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.model_selection import cross_validate

from scalekit.errors import NotDistributableError
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.folds import find_splits, refuses_splitter
from scalekit.learn.passes.requests import Steps
from scalekit.learn.strategies.evaluation import evaluate
from scalekit.learn.strategies.replay import Player, played_rows, played_scoring
from scalekit.learn.strategies.scorers import find_scoring, refuses_scoring


@dataclass(frozen=True)
class CrossValidated:
    """An adapter whose answer is the dictionary of scikit-learn's ``cross_validate``.

    Attributes
    ----------
    cv, scoring
        As scikit-learn takes them.
    settings
        ``return_train_score``, ``return_estimator`` and ``error_score``.
    """

    cv: Any
    scoring: Any
    settings: dict[str, Any]

    def check(self, estimator: Any) -> None:
        """Raise where that cannot be done over partitions.

        Raises
        ------
        NotDistributableError
            With the way out.
        """
        if reason := refuses_splitter(self.cv) or refuses_scoring(estimator, self.scoring):
            raise NotDistributableError(f"no cross-validation over partitions: {reason}")

    def __call__(self, estimator: Any, data: Data) -> Steps:
        """Fit and score on all folds in lockstep; scikit-learn's own function makes the result of the scores."""
        scoring = find_scoring(estimator, self.scoring)
        splits = yield from find_splits(data, self.cv, classifier=is_classifier(estimator))
        train = self.settings["return_train_score"]
        found = yield from evaluate([estimator], data, splits, scoring, train=train)
        outcomes = found.outcomes[0]
        x, y, rows = played_rows(splits.count)
        result = cross_validate(
            Player(outcomes), x, y, cv=rows, scoring=played_scoring(scoring), **self.settings
        )
        result["fit_time"] = np.full(splits.count, found.fit_seconds)
        result["score_time"] = np.full(splits.count, found.score_seconds)
        if self.settings["return_estimator"]:
            failed = [isinstance(outcome.fitted, Exception) for outcome in outcomes]
            result["estimator"] = [
                estimator if bad else outcome.fitted
                for bad, outcome in zip(failed, outcomes, strict=True)
            ]
        return result
