"""What more rows are worth: the same estimator on nested samples of the training rows, judged on the same test rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from scalekit.errors import InvalidOperationError, ScalekitError
from scalekit.expr.builders import col, lit, when
from scalekit.frame.frame import Frame
from scalekit.judge import statistics
from scalekit.judge.census import ROLE, census_of
from scalekit.judge.differences import whole_row
from scalekit.judge.fitting import fitted_on
from scalekit.judge.judged import FOLD
from scalekit.judge.judging import Ground, judge, judged_model
from scalekit.judge.rows import Rows, hashable
from scalekit.kernels.hash_function import row_share
from scalekit.learn.asked import unfitted_clone

SHARES = (0.01, 0.03, 0.1, 0.3, 1.0)
"""Of the training rows; each sample holds the smaller ones."""

LEAST_ROWS = 100
"""Samples of fewer rows, about, are left out."""

SCHEMA = {
    "share": pl.Float64,
    "rows": pl.Int64,
    "metric": pl.String,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
}


def shares_of(learning_curve: Any) -> tuple[float, ...]:
    """The shares that were asked for, from small to large; none where no curve was.

    Parameters
    ----------
    learning_curve
        Whether there is one, or its shares.

    Raises
    ------
    InvalidOperationError
        Where one is not above 0 and at most 1.

    Examples
    --------
    >>> shares_of(True), shares_of([1, 0.5]), shares_of(False)
    ((0.01, 0.03, 0.1, 0.3, 1.0), (0.5, 1.0), ())
    """
    if isinstance(learning_curve, bool):
        return SHARES if learning_curve else ()
    try:
        found = tuple(sorted({float(share) for share in learning_curve}))
    except (TypeError, ValueError):
        found = ()
    if not found or not all(0.0 < share <= 1.0 for share in found):
        raise InvalidOperationError(
            f"learning_curve={learning_curve!r}: give True, or shares of the training rows above 0 and up to 1, "
            f"such as {list(SHARES)}"
        )
    return found


def learning_curve_of(
    ground: Ground, model: Any, features: Sequence[str], wanted: Sequence[float] = SHARES
) -> pl.DataFrame:
    """The primary metric by rows of training, on the same test rows, in one pass for all samples.

    Where models are cross-validated, the first fold holds the test rows.

    Parameters
    ----------
    ground
        Rows and protocol.
    model
        An estimator, fitted or not; it is cloned.
    features
        Columns that it reads.
    wanted
        Shares of the training rows, from small to large; those of fewer than 100 rows are left out, but for the largest.

    Returns
    -------
    polars.DataFrame
        ``share``, ``rows``, ``metric``, ``value``, ``low``, ``high``.

    Raises
    ------
    InvalidOperationError
        Where there are no training rows, or the model is no estimator that can be fitted again.
    """
    ground = _with_test(ground)
    if not ground.has_train:
        raise InvalidOperationError(
            "learning_curve= fits on samples of training rows, and there are none: give train=, or a key= to split by"
        )
    estimator = _unfitted(model)
    train = ground.rows.of("train")
    rows = ground.census.rows["train"]
    shares = [s for s in wanted if s * rows >= LEAST_ROWS] or [max(wanted)]
    fits = {share: _fitted(estimator, train, ground, features, share) for share in shares}
    done = {share: one for share, one in fits.items() if one is not None}
    judged = [judged_model(_name(share), one, ground) for share, one in done.items()]
    tally = judge(ground, judged).scored.tallies["test"]
    return _table(tally, ground, done)


def _with_test(ground: Ground) -> Ground:
    """The ground with training and test rows, of folds too."""
    if not ground.rows.folds:
        return _without_others(ground, ground.rows.frame.filter(col(ROLE).is_in(["train", "test"])))
    role = when(col(FOLD) == 0).then(lit("test")).otherwise(lit("train")).alias(ROLE)
    return _without_others(ground, ground.rows.frame.with_columns(role).drop(FOLD))


def _without_others(ground: Ground, frame: Frame) -> Ground:
    rows = Rows(frame, ground.rows.columns, ground.rows.origin)
    census = census_of(frame, ground.protocol)
    by = ground.protocol.with_(
        metrics=(str(ground.protocol.primary),), guards={}, slices=(), baselines=()
    )
    return Ground(rows, by, census, ground.features, ground.classes, ground.config)


def _unfitted(model: Any) -> Any:
    if isinstance(model, Mapping):
        return {q: _unfitted(one) for q, one in model.items()}
    if not hasattr(model, "get_params") or not hasattr(model, "fit"):
        raise InvalidOperationError(
            f"learning_curve= fits the model again, and {type(model).__name__} is no estimator that can be"
        )
    return unfitted_clone(model)


def _fitted(
    estimator: Any, train: Frame, ground: Ground, features: Sequence[str], share: float
) -> Any:
    """The estimator fitted on a share of the training rows; None where these are too few for it."""
    if share < 1:
        unit = ground.protocol.unit or hashable(train)
        seed = (
            f"{ground.protocol.split.salt}/learning curve"  # the rows may be a sample by the salt
        )
        number = row_share(*unit, seed=seed, purpose="sample")
        train = train.filter(number < share)
    try:
        return fitted_on(estimator, train, ground.protocol, features)
    except (ScalekitError, ValueError):
        if share == 1:
            raise
        return None  # a class that no row of a small sample has


def _table(tally: statistics.Tally, ground: Ground, fits: Mapping[float, Any]) -> pl.DataFrame:
    metric = str(ground.protocol.primary)
    found = statistics.results(tally, level=ground.protocol.ci.level, metrics=[metric])
    rows = []
    for share, model in fits.items():
        row = whole_row(found, _name(share), metric)
        assert row is not None
        rows.append((share, _rows_of(model), metric, row["value"], row["low"], row["high"]))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _rows_of(model: Any) -> int:
    first = next(iter(model.values())) if isinstance(model, Mapping) else model
    return int(first.scalekit_fit_.rows)


def _name(share: float) -> str:
    return f"{share:g}"
