"""Models as they are built in scikit-learn's gallery score the same where ``.fit(X, y)`` becomes ``sk.fit``."""

from __future__ import annotations

import warnings

import pytest

import scalekit as sk
from tests.learn.gallery.scores import GALLERY, assert_same_scores, example, fitted, plain_scores


@pytest.mark.parametrize("name", GALLERY)
def test_a_fit_in_memory_scores_what_plain_scikit_learn_scores(name: str) -> None:
    one = example(name)
    model = fitted(one, sk.from_polars(one.rows))
    assert_same_scores(one.score(model, one.test), plain_scores(name))


@pytest.mark.parametrize("name", GALLERY)
def test_each_learns_something_and_none_warns(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = plain_scores.__wrapped__(name)
    assert 0.05 < next(iter(scores.values())) <= 1.0, scores
