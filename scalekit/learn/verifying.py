"""Is a fit over partitions what scikit-learn itself would have learned? Both fit a sample, and are compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from warnings import catch_warnings, simplefilter, warn

import numpy as np
import polars as pl
from sklearn.base import clone

from scalekit.backends.watch import UNWATCHED
from scalekit.config import Config
from scalekit.errors import VerificationWarning
from scalekit.io.memory import from_polars
from scalekit.learn.local import fit_here
from scalekit.learn.matrix import to_features
from scalekit.learn.one_column import as_given
from scalekit.learn.over_parts import fit_over_parts, opened
from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.drive import Driver
from scalekit.learn.passes.requests import Steps
from scalekit.learn.record import Exactness
from scalekit.learn.roles import Roles
from scalekit.learn.strategies.choice import Chosen
from scalekit.learn.wishes import Wishes
from scalekit.plan.nodes import Plan

ROWS = 50_000
"""Rows of the sample, at the most."""

PARTS = 3
"""Parts in which the sample is fitted over partitions."""

TOLERANCES: Mapping[Exactness, float] = {"exact": 1e-8, "converged": 1e-4}
"""How far outputs may differ, relative to their largest; of other fits nobody can ask that."""

OUTPUTS = ("decision_function", "predict_proba", "predict", "transform", "score_samples")
"""What is compared: the first of these that the model has."""


@dataclass(frozen=True)
class Verified:
    """What two fits of one sample have in common.

    Attributes
    ----------
    rows
        Rows of the sample.
    output
        The method whose outputs were compared; empty where the model has none.
    difference
        The largest difference of an output, relative to the largest output.
    missing, extra
        Attributes that only the plain fit, or only the one over partitions, has.
    """

    rows: int
    output: str
    difference: float
    missing: tuple[str, ...]
    extra: tuple[str, ...]


def verify_fit(
    estimator: Any, chosen: Chosen, plan: Plan, roles: Roles, config: Config, wishes: Wishes
) -> Verified | None:
    """Fit a sample in both ways and compare; warn where they differ by more than the strategy allows.

    Returns
    -------
    Verified or None
        None for fits that are not equal to scikit-learn's by their nature.
    """
    tolerance = TOLERANCES.get(chosen.exactness)
    if tolerance is None:
        return None
    driver = Driver(config, UNWATCHED)
    sample: pl.DataFrame = driver.run(_sample(opened(plan, roles, config)))
    here = config.given("verify=True", backend="polars", partition_bytes=_part_bytes(sample))
    frame = from_polars(sample)
    with catch_warnings():
        simplefilter("ignore")
        ours, _ = fit_over_parts(chosen, frame._plan, roles, here, UNWATCHED, wishes)
        plain = fit_here(clone(estimator, safe=False), frame, roles, here, UNWATCHED)
        features = as_given(estimator, to_features(sample.select(roles.features)))
        found = _compared(ours, plain, features)
    if found.difference > tolerance or found.missing or found.extra:
        warn(_words(type(estimator).__name__, found, tolerance), VerificationWarning, stacklevel=5)
    return found


def _part_bytes(sample: pl.DataFrame) -> int:
    """The size of a part of which there are a few: batches are a fraction of it."""
    return max(1, 4 * 8 * sample.width * sample.height // PARTS)


def _sample(data: Data) -> Steps:
    columns = data.view.table.roles.columns
    rows: tuple[Array, pl.DataFrame] = yield data.ask(_drawn, _least, columns, what="sampling")
    return rows[1]


def _drawn(batch: Batch, columns: tuple[str, ...]) -> tuple[Array, pl.DataFrame]:
    return _first(batch.hash(columns), batch.rows.select(columns))


def _least(
    left: tuple[Array, pl.DataFrame], right: tuple[Array, pl.DataFrame]
) -> tuple[Array, pl.DataFrame]:
    return _first(np.concatenate([left[0], right[0]]), pl.concat([left[1], right[1]]))


def _first(hashes: Array, rows: pl.DataFrame) -> tuple[Array, pl.DataFrame]:
    order = np.argsort(hashes, kind="stable")[:ROWS]
    return hashes[order], rows[order]


def _compared(ours: Any, plain: Any, features: Any) -> Verified:
    rows = len(features)
    mine, theirs = _attributes(ours, rows), _attributes(plain, rows)
    output = next((name for name in OUTPUTS if hasattr(plain, name)), "")
    difference = 0.0
    if output:
        difference = _difference(getattr(ours, output)(features), getattr(plain, output)(features))
    return Verified(
        rows, output, difference, tuple(sorted(theirs - mine)), tuple(sorted(mine - theirs))
    )


def _attributes(model: Any, rows: int) -> set[str]:
    """Those that a model has, but for what has a value for each row."""
    known = {n: v for n, v in vars(model).items() if n != "scalekit_fit_"}
    return {name for name, value in known.items() if np.shape(value)[:1] != (rows,)}


def _difference(ours: Any, plain: Any) -> float:
    a, b = (np.asarray(x.toarray() if hasattr(x, "toarray") else x) for x in (ours, plain))
    if a.shape != b.shape:
        return np.inf
    if b.dtype.kind not in "biufc":
        return float(np.mean(a != b))
    a, b = a.astype(np.float64), b.astype(np.float64)
    if not np.array_equal(np.isnan(a), np.isnan(b)):
        return np.inf
    scale = np.nanmax(np.abs(b), initial=0.0) or 1.0
    return float(np.nanmax(np.abs(a - b), initial=0.0) / scale)


def _words(name: str, found: Verified, tolerance: float) -> str:
    told = []
    if found.difference > tolerance:
        told.append(
            f"{found.output} differs by {found.difference:.2g} (expected at most {tolerance:g})"
        )
    if found.missing:
        told.append(f"{', '.join(found.missing)} is not set")
    if found.extra:
        told.append(f"{', '.join(found.extra)} is set and should not be")
    return (
        f"{name}, fitted over partitions on a sample of {found.rows:,} rows, is not what scikit-learn fits: "
        f"{'; '.join(told)}; fit with solver='memory', and report it with the versions in scalekit_fit_"
    )
