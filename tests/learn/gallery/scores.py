"""The scripts of the gallery, and what each scores in plain scikit-learn and through scalekit."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

from sklearn.base import clone

import scalekit as sk
from tests.learn.gallery.example import Example

GALLERY = (
    "mixed_types",
    "cyclical_time",
    "hashed_text",
    "imbalanced_classes",
    "poisson_counts",
    "gamma_amounts",
    "target_encoding",
    "clustering",
    "principal_components",
    "nested_search",
)


APART = 1e-6
"""How far scores of about 1 may lie apart where a fit is exact, or converged to its solver's tolerance."""


@cache
def example(name: str) -> Example:
    build: Any = import_module(f"tests.learn.gallery.{name}").build
    return build()


@cache
def plain_scores(name: str) -> Mapping[str, float]:
    """Those of scikit-learn alone, as its gallery would have it."""
    one = example(name)
    model = clone(one.estimator)
    y = [] if one.target is None else [one.rows[one.target].to_numpy()]
    weights = {}
    if one.weight is not None:
        weights = {f"{model.steps[-1][0]}__sample_weight": one.rows[one.weight].to_numpy()}
    model.fit(one.rows.select(one.features).to_pandas(), *y, **weights)
    return one.score(model, one.test)


def fitted(one: Example, frame: sk.Frame, **settings: Any) -> Any:
    """The one change."""
    return sk.fit(
        one.estimator, frame, target=one.target, features=list(one.features), sample_weight=one.weight,
        **settings,
    )  # fmt: skip


def assert_same_scores(found: Mapping[str, float], wanted: Mapping[str, float]) -> None:
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        assert abs(found[name] - value) <= APART, (name, found[name], value)
