"""Exact ranks by a further pass: the bins that leave something open are divided, as finely as it takes.

The first pass knows the area under a ROC curve to about 0.0001. How much each bin leaves open says how finely it
is to be divided: in proportion to the root of that, which takes the fewest counters for a given error. Tied scores
are told from different ones, so that what is left open is closed for them altogether.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scalekit.errors import InvalidOperationError
from scalekit.judge.metrics.arrays import Array
from scalekit.judge.metrics.bins import score_bins, score_edges
from scalekit.judge.metrics.ranking import open_parts
from scalekit.judge.statistics.layout import Layout
from scalekit.judge.statistics.tally import Tally, join_exemplars, note_exemplars

_MOST_STEPS = 1 << 22


@dataclass(frozen=True, eq=False)
class Division:
    """How the places of one model's scores are divided: the fine bins, or the steps of a division before.

    Attributes
    ----------
    steps
        (places,) into how many steps of equal numbers of floats; 0 for places that leave nothing open.
    low, span
        (places,) the bits of the smallest float of a place, and how many floats it holds.
    before
        The division whose steps are divided here; None where fine bins are.
    """

    steps: Array
    low: Array
    span: Array
    before: Division | None = None

    @property
    def total(self) -> int:
        """How many steps there are in all places."""
        return int(self.steps.sum())

    @cached_property
    def start(self) -> Array:
        """The first step of each place."""
        return np.asarray(np.cumsum(self.steps) - self.steps)

    @cached_property
    def parent(self) -> Array:
        """The place that each step is in."""
        return np.repeat(np.arange(len(self.steps)), self.steps)

    def places(self, score: Array) -> tuple[Array, Array]:
        """Which scores are in a divided place, and the steps that they are in."""
        if self.before is None:
            rows, place = np.arange(len(score)), score_bins(score, len(self.steps))
        else:
            rows, place = self.before.places(score)
        is_inside = self.steps[place] > 0
        rows, place = rows[is_inside], place[is_inside]
        bits = np.ascontiguousarray(score[rows]).view(np.int64)
        share = (bits - self.low[place]).astype(np.float64) / self.span[place]
        steps = self.steps[place]
        return rows, self.start[place] + np.clip((share * steps).astype(np.int64), 0, steps - 1)


@dataclass(frozen=True, eq=False)
class Refinement:
    """What a further pass counts: fixed before it, and the same on every worker.

    Attributes
    ----------
    is_needed
        Whether bounds are still wider than the error allows.
    """

    layout: Layout
    divisions: Mapping[str, Division]
    is_needed: bool


@dataclass(frozen=True, eq=False)
class Refined:
    """What further passes have counted: of each model rows by class and step, and the one score of each step."""

    refinement: Refinement
    counts: Mapping[str, Array]
    exemplars: Mapping[str, Array]
    before: Refined | None = None


def refinement(tally: Tally, refined: Refined | None = None, *, error: float = 1e-6) -> Refinement:
    """Say what a further pass has to count for ranks to be known to an error.

    One further pass is enough for most scores. Those that differ in their last digits alone take another one or
    two: go on while ``is_needed``.

    Parameters
    ----------
    tally
        Of all rows, from the first pass over a binary task.
    refined
        What further passes have counted so far.
    error
        How far the area under the ROC curve and the average precision may be from scikit-learn's, at most.

    Returns
    -------
    Refinement
        To be sent to every worker, for :func:`refine`.

    Raises
    ------
    InvalidOperationError
        Where the task is not binary.

    Examples
    --------
    >>> from scalekit.judge.statistics import Layout, results, tally
    >>> y, score = np.array([0, 1, 1]), np.array([0.500001, 0.500002, 0.500003])
    >>> layout = Layout("binary", ("model",), classes=(0, 1), metrics=("roc_auc",))
    >>> counted = tally(layout, y, {"model": score}, block=np.arange(3))
    >>> plan = refinement(counted)
    >>> found = refine(plan, y, {"model": score})
    >>> [results(counted, refined=r)["value"][0] for r in (None, found)]
    [0.5, 1.0]
    >>> refinement(counted, found).is_needed
    False
    """
    if tally.layout.task != "binary":
        raise InvalidOperationError(
            f"a {tally.layout.task} task has no ranks to refine: exact= is for binary tasks"
        )
    divisions, widths = {}, []
    for model, name in enumerate(tally.layout.models):
        divisions[name], width = _division(tally, refined, model, error)
        widths.append(width)
    return Refinement(tally.layout, divisions, max(widths) > error)


def refine(
    plan: Refinement,
    y: Array,
    outputs: Mapping[str, Array],
    weight: Array | None = None,
    *,
    before: Refined | None = None,
) -> Refined:
    """Count some rows in the steps of a refinement.

    Parameters
    ----------
    plan
        From :func:`refinement`.
    y, outputs, weight
        As of ``tally``.
    before
        What the passes before this one have counted of all rows, where the plan was made of it.

    Returns
    -------
    Refined
        To be joined with those of other parts by :func:`joined_refined`.
    """
    is_target = np.asarray(y) >= 0
    counts, exemplars = {}, {}
    for name, division in plan.divisions.items():
        score = np.asarray(outputs[name]).astype(np.float64, copy=False)
        with np.errstate(invalid="ignore"):
            rows = np.flatnonzero(is_target & (score >= -1e-6) & (score <= 1.0 + 1e-6))
        score = np.clip(score[rows], 0.0, 1.0)
        inside, place = division.places(score)
        true = np.asarray(y)[rows][inside].astype(np.int64)
        given = None if weight is None else np.asarray(weight, dtype=np.float64)[rows][inside]
        total = division.total
        counted = np.bincount(true * total + place, given, 2 * total).reshape(2, total)
        counts[name] = counted.astype(np.float64 if plan.layout.is_weighted else np.int64)
        exemplars[name] = np.full(total, np.nan)
        note_exemplars(exemplars[name], place, score[inside])
    return Refined(plan, counts, exemplars, before)


def joined_refined(left: Refined, right: Refined) -> Refined:
    """What was counted of the rows of both, by one plan."""
    return Refined(
        left.refinement,
        {name: counts + right.counts[name] for name, counts in left.counts.items()},
        {name: join_exemplars(one, right.exemplars[name]) for name, one in left.exemplars.items()},
        left.before,
    )


def refined_scores(tally: Tally, refined: Refined, model: int) -> tuple[Array, Array]:
    """(1, 1, 2, n) rows by class and score from low to high, and (1, n) whether all scores of a place are one."""
    counts, exemplar, _, _ = _ordered(tally, refined, model)
    return counts[None, None], ~np.isinf(exemplar)[None]


def _ordered(
    tally: Tally, refined: Refined | None, model: int
) -> tuple[Array, Array, Array, Array]:
    """Counts and exemplars of all places as finely as they are known; see ``_expanded``."""
    chain: list[Refined] = []
    while refined is not None:
        chain.insert(0, refined)
        refined = refined.before
    fine = tally.arrays["scores"][model, 0], tally.arrays["score_exemplar"][model, 0]
    return _expanded(tally.layout.models[model], *fine, chain)


def _expanded(
    name: str, counts: Array, exemplar: Array, chain: list[Refined]
) -> tuple[Array, Array, Array, Array]:
    """With steps instead of divided places: counts, exemplars, places, and which are of the last division."""
    if not chain:
        return counts, exemplar, np.arange(len(exemplar)), np.ones(len(exemplar), dtype=bool)
    division = chain[0].refinement.divisions[name]
    own, inside = chain[0].counts[name].sum(), counts[:, division.steps > 0].sum()
    if not np.isclose(own, inside):
        raise InvalidOperationError(
            f"a further pass counted {own:,.0f} rows of {name!r} where the one before had {inside:,.0f}: "
            "all passes are over the same rows and scores"
        )
    inner = _expanded(name, chain[0].counts[name], chain[0].exemplars[name], chain[1:])
    outside = np.flatnonzero(division.steps == 0)
    places = np.r_[outside, division.parent[inner[2]]]
    order = np.argsort(places, kind="stable")
    both = np.concatenate([counts[:, outside], inner[0]], axis=1)[:, order]
    is_last = np.r_[np.zeros(len(outside), dtype=bool), inner[3]][order]
    return both, np.r_[exemplar[outside], inner[1]][order], places[order], is_last


def _division(
    tally: Tally, refined: Refined | None, model: int, error: float
) -> tuple[Division, float]:
    """Steps in proportion to the root of what a place leaves open, and how much all leave open now."""
    counts, exemplar, _, is_last = _ordered(tally, refined, model)
    parts = open_parts(counts, np.isinf(exemplar))[is_last]
    if refined is None:
        before, low, span = None, *_floats(counts.shape[1])
    else:
        before = refined.refinement.divisions[tally.layout.models[model]]
        low, span = _within(before)
    root = np.sqrt(parts)
    steps = np.ceil(2.0 * root * root.sum() / error)
    steps *= min(1.0, _MOST_STEPS / max(steps.sum(), 1.0))
    steps = np.where(parts > 0, np.maximum(steps, 2), 0).astype(np.int64)
    return Division(steps, low, span, before), float(parts.sum())


def _floats(bins: int) -> tuple[Array, Array]:
    """The bits of the smallest score of each fine bin, and how many floats a bin holds."""
    low = score_edges(bins).view(np.int64)
    end = np.r_[low[1:], np.nextafter(np.array([1.0]), 2.0).view(np.int64)]
    return low, np.maximum(end - low, 1).astype(np.float64)


def _within(before: Division) -> tuple[Array, Array]:
    """The same of each step of a division; a float to either side, for the steps' ends are rounded."""
    parent = before.parent
    size = before.span[parent] / before.steps[parent]
    low = before.low[parent] + (size * (np.arange(before.total) - before.start[parent])).astype(
        np.int64
    )
    return low - 1, np.maximum(size + 2.0, 1.0)
