"""Constants from times: the ones, none negative, under which the measured queries are least wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from scalekit.estimate.costs import KINDS, EngineCosts

PULL = 1e-4
"""How much a constant that the measurements say little of is kept near what it was."""

ROUNDS = 2000

ALIKE = 4
"""Fits of which each weighs by the one before it."""

MOST = 4.0
"""How far a prediction may be off before its weight grows no more."""

Numbers = npt.NDArray[np.float64]


def fitted(
    amounts: Sequence[Mapping[str, float]],
    times: Sequence[float],
    before: EngineCosts,
    kinds: Sequence[str] = KINDS,
    slots: int = 1,
    pulls: Mapping[str, float] | None = None,
) -> EngineCosts:
    """The constants of a backend.

    Parameters
    ----------
    amounts
        The work of each query, by kind.
    times
        The seconds that each took.
    before
        What the constants were, for those that the queries say nothing of.
    kinds
        Those that this backend has; the others are nought.
    slots
        The threads or workers with which the queries ran.
    pulls
        How much a kind is kept near what it was: 1 is as much as one query says that is nothing else.
    """
    pull = np.array([(pulls or {}).get(kind, PULL) for kind in kinds])
    seen = np.maximum(np.asarray(times), 1e-4)
    table = np.array([[one.get(kind, 0.0) for kind in kinds] for one in amounts])
    found = np.array([getattr(before, kind) for kind in kinds])
    guess = seen
    for _ in range(ALIKE):
        # Errors count by their share of the time, and twice as much as alike to half: as logarithms do.
        weights = 1.0 / np.sqrt(seen * guess)
        scales = np.maximum(np.abs(table * weights[:, None]).max(axis=0), 1e-30)
        prior = np.array([getattr(before, kind) for kind in kinds]) * scales
        found = _least(table * weights[:, None] / scales, seen * weights, prior, pull) / scales
        guess = np.maximum(table @ found, seen / MOST)
    return EngineCosts(slots=slots, **{k: float(v) for k, v in zip(kinds, found, strict=True)})


def _least(table: Numbers, wanted: Numbers, prior: Numbers, pull: Numbers) -> Numbers:
    """Least squares without negative numbers, one coordinate at a time, drawn a little to ``prior``."""
    square = table.T @ table + np.diag(pull)
    right = table.T @ wanted + pull * prior
    found = prior.copy()
    for _ in range(ROUNDS):
        before = found.copy()
        for place in range(len(found)):
            rest = right[place] - square[place] @ found + square[place, place] * found[place]
            found[place] = max(0.0, rest / square[place, place])
        if np.allclose(found, before, rtol=1e-9, atol=1e-15):
            break
    return found
