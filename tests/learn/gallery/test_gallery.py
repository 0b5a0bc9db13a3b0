"""Models as they are built in scikit-learn's gallery score the same where ``.fit(X, y)`` becomes ``sk.fit``."""

from __future__ import annotations

import warnings

import pytest

from tests.learn.gallery.scores import (
    GALLERY,
    assert_close,
    example,
    plain_scores,
    scores_in_memory,
)


@pytest.mark.parametrize("name", GALLERY)
def test_a_fit_in_memory_scores_what_plain_scikit_learn_scores(name: str) -> None:
    assert_close(scores_in_memory(name), plain_scores(name), example(name).apart)


@pytest.mark.parametrize("name", GALLERY)
def test_each_learns_something_and_none_warns(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = plain_scores.__wrapped__(name)
    assert 0.05 < next(iter(scores.values())) <= 1.0, scores
