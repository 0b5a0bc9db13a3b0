"""``learning_curve=``: shares that are given, and shares of rows that are a sample themselves."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.linear_model import LinearRegression

import scalekit as sk
from scalekit.errors import InvalidOperationError
from tests.judge.rows import FEATURES, people

FRAME = sk.from_polars(people(12_000))
KEYS: dict[str, Any] = {"target": "spend", "key": "id", "baselines": ["dummy"]}


@pytest.fixture(autouse=True)
def untracked() -> Any:
    with sk.config(track=False):
        yield


def fitted(frame: sk.Frame) -> Any:
    return sk.fit(LinearRegression(), frame, target="spend", features=FEATURES)


def test_shares_of_a_sample_are_shares_of_its_rows():
    sample = sk.split(FRAME, key="id", sample=0.2)
    rows = sample.train.collect().height
    report = sk.evaluate(
        fitted(sample.train), sample.test, train=sample.train, learning_curve=True, **KEYS
    )
    found = report.learning_curve
    assert found["share"].to_list() == [0.1, 0.3, 1.0]
    assert found["rows"].to_list() == pytest.approx([0.1 * rows, 0.3 * rows, rows], rel=0.15)


def test_shares_may_be_given():
    model = fitted(sk.split(FRAME, key="id").train)
    report = sk.evaluate(model, FRAME, learning_curve=[1, 0.25], **KEYS)
    assert report.learning_curve["share"].to_list() == [0.25, 1.0]
    small = sk.evaluate(model, FRAME, learning_curve=[0.001, 0.002], **KEYS)
    assert small.learning_curve["share"].to_list() == [0.002]
    for wrong in (0.3, [], [0, 1], [2.0], ["a"]):
        with pytest.raises(InvalidOperationError, match="above 0 and up to 1"):
            sk.evaluate(model, FRAME, learning_curve=wrong, **KEYS)
