"""What a fit leaves on the model: how, on what, and with which versions it was fitted."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from platform import python_version
from types import SimpleNamespace
from typing import Any, Literal, TypeAlias

Exactness: TypeAlias = Literal["exact", "converged", "in_law", "approximate", "sampled"]

EXACTNESS: tuple[Exactness, ...] = ("exact", "converged", "in_law", "approximate", "sampled")
"""From equal to weakest: a model of several steps is as exact as the weakest of them."""

_PACKAGES = {
    "scalekit": "scalekit",
    "scikit-learn": "sklearn",
    "numpy": "numpy",
    "pandas": "pandas",
    "polars": "polars",
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
}


@dataclass(frozen=True)
class FitRecord:
    """The attribute ``scalekit_fit_`` of a fitted model.

    It is pickled as a plain namespace of texts and numbers, so that a model loads, with its record, where
    scalekit is not installed.

    Attributes
    ----------
    strategy
        How the rows were brought to the estimator; ``"local"`` is its own ``fit`` on one machine, other names are
        those of docs/estimators.md.
    exactness
        How the model relates to one fitted in memory by scikit-learn itself; ``"exact"`` is equal to it.
    rows
        Number of rows fitted on.
    features
        Columns that the model was given, in this order.
    feature_types
        Their types in the frame, as text.
    target
        The column, or columns, to predict; None for an estimator that has none.
    sample_weight
        The column of weights, if any.
    order
        What put the rows in order: ``"frame"``, or ``"row hash"`` where the frame had no order.
    backend
        Who ran the query that gave the rows.
    solver
        What was asked for.
    passes
        How often the rows were read.
    verified
        How far outputs of the same fit on a sample were from those of scikit-learn's own, relative to the largest;
        None where ``verify=True`` was not asked for, or nothing can be compared.
    versions
        Versions of the packages that took part, by name.
    """

    strategy: str
    exactness: Exactness
    rows: int
    features: tuple[str, ...]
    feature_types: tuple[str, ...]
    target: str | tuple[str, ...] | None
    sample_weight: str | None
    order: Literal["frame", "row hash"]
    backend: str
    solver: str
    versions: dict[str, str]
    passes: int = 1
    verified: float | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return SimpleNamespace, (), vars(self)


def package_versions() -> dict[str, str]:
    """Versions of Python and of the packages that took part in a fit: those that are loaded."""
    loaded = {name: sys.modules.get(module) for name, module in _PACKAGES.items()}
    found = {name: str(module.__version__) for name, module in loaded.items() if module is not None}
    return {"python": python_version(), **found}
