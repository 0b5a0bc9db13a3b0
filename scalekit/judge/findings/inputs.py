"""The features: those that identify rows (SKL05), and those that drift from train to test (SKL09)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from scalekit.checks.distance import psi, psi_by_chance, rate_by_chance
from scalekit.checks.profile import COUNTED, is_binned, is_counted
from scalekit.judge.findings.leaks import TEST, TRAIN
from scalekit.judge.findings.look import Look, Said, fine, not_applicable, raised
from scalekit.judge.findings.summaries import DISTINCT, ROWS

UNIQUE = 0.95
"""The share of rows with a value of their own from which a feature identifies rows."""
LEAST_ROWS = 100
WIDE = 1 << 40
"""Integers beyond this are hashes or numbers of something, not amounts."""
DENSE = 0.5
"""Integers that are all different and take so much of their range were counted up."""

DRIFTS, IS_ANOTHER = 0.2, 1.0
"""PSI of a feature: from the first on a warning, from the second on a failure."""
NEW = 0.01
"""The share of test rows with values that no training row has, from which it is a warning."""
JUMP = 0.05
"""The rise of the share of nulls from which it is a warning."""
BINS = 10


def identifiers(look: Look) -> Said:
    """SKL05: texts and whole numbers of which nearly each row has one of its own.

    Whole numbers are identifiers where they were counted up (they fill their range) or are as wide as hashes: amounts
    may be all different too.
    """
    found = look.found(DISTINCT)
    rows = look.found(ROWS)
    if found is None or rows is None:
        return not_applicable("no feature is text or a whole number")
    features = look.evidence.features
    shares = _distinct_shares({name: found[name] for name in features if name in found})
    if not shares:
        return not_applicable("too few rows to tell")
    suspects = {
        name: share
        for name, share in shares.items()
        if share > UNIQUE and _is_identifier(rows["sample"][name], look)
    }
    if not suspects:
        name, share = max(shares.items(), key=lambda one: one[1])
        return fine(share, f"{name} has most values: {100 * share:.3g} % as many as rows")
    worst = max(suspects.values())
    message = f"{', '.join(suspects)}: {100 * worst:.3g} % as many values as rows"
    fix = "leave it out of features=: what it says of a training row, no other row has"
    return raised(worst, message, fix, fails=False)


def _distinct_shares(found: Mapping[str, pl.DataFrame]) -> dict[str, float]:
    """Distinct values as a share of rows, by feature."""
    counts = {name: (int(kept["n"].sum()), kept.height) for name, kept in found.items()}
    return {name: distinct / n for name, (n, distinct) in counts.items() if n >= LEAST_ROWS}


def _is_identifier(column: pl.Series, look: Look) -> bool:
    if not column.dtype.is_integer():
        return True
    low, high = column.min(), column.max()
    assert isinstance(low, int)
    assert isinstance(high, int)
    rows = sum(look.report.provenance.get("rows", {}).values()) or column.len()
    return max(abs(low), abs(high)) >= WIDE or rows / (high - low + 1) >= DENSE


def drift(look: Look) -> Said:
    """SKL09: features whose distribution, values or nulls are others in the test rows than in the training rows.

    A feature is raised where chance gives as much in one of a thousand comparisons only.
    """
    found = look.found(ROWS)
    if found is None:
        return not_applicable("there are no rows to compare")
    sample: pl.DataFrame = found["sample"]
    train, test = (sample.filter(pl.col("role") == role) for role in (TRAIN, TEST))
    if train.height < LEAST_ROWS or test.height < LEAST_ROWS:
        return not_applicable("too few training or test rows to compare")
    largest, reasons = 0.0, {}
    for name in (n for n in look.evidence.features if n in sample.columns):
        index, reason = _drift_of(train[name], test[name])
        largest = max(largest, index)
        if reason:
            reasons[name] = reason
    if not reasons:
        return fine(largest, f"the largest PSI of a feature from train to test is {largest:.3g}")
    shown = "; ".join(f"{name}: {reason}" for name, reason in [*reasons.items()][:5])
    fix = (
        "look at what changed between the rows; where it is the passing of time, judge by a split by time and expect "
        "these figures to drift on"
    )
    return raised(largest, shown, fix, fails=largest >= IS_ANOTHER)


def _drift_of(train: pl.Series, test: pl.Series) -> tuple[float, str]:
    """The PSI of a feature, and what drifts of it."""
    jump = test.null_count() / test.len() - train.null_count() / train.len()
    counts = train.null_count(), train.len(), test.null_count(), test.len()
    if jump >= JUMP and jump > rate_by_chance(*counts):
        return 0.0, f"{100 * jump:.3g} % more nulls in the test rows"
    known, seen = train.drop_nulls(), test.drop_nulls()
    if known.is_empty() or seen.is_empty():
        return 0.0, ""
    if is_counted(train.dtype):
        return _drift_of_values(known.cast(pl.String), seen.cast(pl.String))
    if not is_binned(train.dtype):
        return 0.0, ""
    before, now = (one.to_physical().cast(pl.Float64).to_numpy() for one in (known, seen))
    edges = np.unique(np.quantile(before, np.arange(1, BINS) / BINS, method="nearest"))
    p, q = (np.bincount(np.searchsorted(edges, x), minlength=len(edges) + 1) for x in (before, now))
    return _by_index(p.tolist(), q.tolist())


def _drift_of_values(train: pl.Series, test: pl.Series) -> tuple[float, str]:
    counts = train.value_counts(sort=True).head(COUNTED)
    values = counts.to_series(0)
    p = counts.to_series(1).to_list()
    there = dict(test.value_counts().iter_rows())
    q = [there.get(value, 0) for value in values]
    index, reason = _by_index([*p, train.len() - sum(p)], [*q, test.len() - sum(q)])
    new = test.len() - int(test.is_in(train.unique().implode()).sum())
    share = new / test.len()
    if not reason and share >= NEW and (1 - share) ** train.len() < 0.001:
        return index, f"{100 * share:.3g} % of the test rows have values that no training row has"
    return index, reason


def _by_index(p: list[int], q: list[int]) -> tuple[float, str]:
    index = psi(p, q)
    drifts = index >= DRIFTS and index > psi_by_chance(p, q)
    return index, f"PSI {index:.2f}" if drifts else ""
