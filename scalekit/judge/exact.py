"""``exact=True``: areas under curves as the rows themselves give them, by further passes that look inside of bins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite

import numpy as np
import polars as pl

from scalekit import parts
from scalekit.display.progress import progress
from scalekit.expr.builders import col
from scalekit.judge.census import ROLE
from scalekit.judge.judged import OF_CLASSES, Judged, Seen
from scalekit.judge.judging import Ground, columns_of, scoring_of
from scalekit.judge.metrics.arrays import Array
from scalekit.judge.report import DUMMY, Report, Skill
from scalekit.judge.scoring import Failure, Scoring
from scalekit.judge.statistics import Tally
from scalekit.judge.statistics.estimates import Estimates
from scalekit.judge.statistics.pairing import skill_between
from scalekit.judge.statistics.ranks import (
    ROOM,
    Counted,
    Ranks,
    RanksFilling,
    block_cuts,
    counted,
    finer_edges,
    first_ranks,
    is_fine_by_block,
    places,
    score_bits,
)
from scalekit.judge.statistics.refined import RANKING, Refined
from scalekit.judge.statistics.results import rows_of
from scalekit.kernels.hashed_rows import HashedRows

MOST_PASSES = 8
"""A pass tells a million times more scores apart, and floats have 64 bits: three are enough."""

Place = tuple[str, int]
"""A model, and one of its classes that have scores."""


@dataclass(frozen=True, eq=False)
class Refining:
    """From test rows to counts in finer bins; it travels once to each worker, with the models.

    Attributes
    ----------
    scoring
        Models and columns.
    edges, cuts
        Where bins of all rows and bins by block begin, of each model and class.
    """

    scoring: Scoring
    edges: Mapping[Place, Array]
    cuts: Mapping[Place, Array]

    @property
    def __name__(self) -> str:
        """What a plan shows of it."""
        return f"rank {', '.join(model.name for model in self.scoring.models)}"

    def __call__(self, rows: pl.DataFrame) -> dict[Place, _Part] | Failure:
        """Count a part."""
        try:
            return dict(self._counted(rows))
        except Exception as error:
            return Failure(error)

    def _counted(self, rows: pl.DataFrame) -> Iterator[tuple[Place, _Part]]:
        y, block, weight = self.scoring.columns(HashedRows(rows))
        here, seen = np.flatnonzero(y >= 0), Seen(rows)
        if not len(here):
            return
        y, block, weight = y[here], block[here], None if weight is None else weight[here]
        for model in self.scoring.models:
            scores = model.outputs(seen)[here]
            for place in [place for place in self.edges if place[0] == model.name]:
                one = scores if scores.ndim == 1 else scores[:, place[1]]
                is_positive = y == (1 if scores.ndim == 1 else place[1])
                bits = score_bits(one)
                found = counted(self.edges[place], bits, is_positive, weight)
                code = (block * 2 + is_positive) * len(self.cuts[place])
                code += places(self.cuts[place], bits)
                yield place, _Part(found, *_sparse(code, weight))


@dataclass(frozen=True, eq=False)
class _Part:
    """Counts of a part, and those by block with rows: their places in the flat table, and what is there."""

    bins: Counted
    code: Array
    weight: Array


def _sparse(code: Array, weight: Array | None) -> tuple[Array, Array]:
    found, inverse = np.unique(code, return_inverse=True)
    return found, np.bincount(inverse, weight, len(found))


@dataclass(frozen=True, eq=False)
class _State:
    """What is known so far of a model and class."""

    ranks: Ranks
    cuts: Array
    by_block: Array

    @property
    def is_done(self) -> bool:
        return self.ranks.is_exact and is_fine_by_block(self.ranks, self.cuts)


class _Filling:
    """Counts of a model and class that parts are added to as they come."""

    def __init__(self, bins: int, cuts: Array, blocks: int, *, is_weighted: bool) -> None:
        self._ranks = RanksFilling(bins, is_weighted=is_weighted)
        self._cuts = cuts
        self._by_block = np.zeros((blocks, 2, len(cuts)))

    def add(self, part: _Part) -> None:
        self._ranks.add(part.bins)
        self._by_block.reshape(-1)[part.code] += part.weight

    def state(self) -> _State:
        return _State(self._ranks.ranks(), self._cuts, self._by_block)


def refined(report: Report, ground: Ground, models: Sequence[Judged]) -> Report:
    """The report with areas under curves, average precision and what else is made of ranks as the rows give them.

    Bins that hold rows of both kinds, and more than one score, are cut into finer ones, in as many further passes as it
    takes until value and bounds are within 1e-6 (mostly one). Intervals are made of blocks in bins of equal size, so
    that they hold for scores that are crowded too. Figures of slices stay those of their bins, with bounds.

    Parameters
    ----------
    report
        Of the pass.
    ground, models
        Those of the first pass.

    Returns
    -------
    Report
        With new ``results`` of the whole, ``skill`` where the primary metric is one of these, and in its provenance ``"refined"``,
        the metrics that are exact.
    """
    if ground.protocol.task not in OF_CLASSES:
        return _noted(report, [f"exact=True is for areas under curves: {ground.protocol.task} has none"])  # fmt: skip
    tally = report.tallies["test"]
    states, passes = _refined(ground, models, tally)
    about = {
        **report.provenance,
        "passes": report.provenance.get("passes", 1) + passes,
        "refined": [name for name in tally.layout.metrics if name in RANKING],
    }
    found = replace(report, provenance=about)
    estimates = {
        name: Refined(tally, tally.layout.model(name), None, report.threshold, *_together(states, name))
        for name in dict.fromkeys(name for name, _ in states)
    }  # fmt: skip
    found = replace(found, results=_results(found, estimates), skill=_skill(found, estimates))
    far = [name for (name, _), state in states.items() if not state.ranks.is_exact]
    return _noted(found, [f"{name}: not exact after {passes} passes" for name in dict.fromkeys(far)])  # fmt: skip


def _refined(
    ground: Ground, models: Sequence[Judged], tally: Tally
) -> tuple[dict[Place, _State], int]:
    """Passes until all is known, of models whose areas are not."""
    layout = tally.layout
    known = {
        (name, place): first_ranks(tally, layout.model(name), place)
        for name in layout.models
        if not tally.invalid(name)
        for place in range(layout.scored)
    }
    is_open = {name for (name, _), ranks in known.items() if not ranks.is_exact}
    ranks = {place: one for place, one in known.items() if place[0] in is_open}
    states: dict[Place, _State] = {}
    passes = 0
    while ranks and passes < MOST_PASSES:
        states |= _passed(ground, models, tally, ranks)
        passes += 1
        undone = {name for (name, _), state in states.items() if not state.is_done}
        ranks = {place: state.ranks for place, state in states.items() if place[0] in undone}
    return states, passes


def _passed(
    ground: Ground, models: Sequence[Judged], tally: Tally, ranks: Mapping[Place, Ranks]
) -> dict[Place, _State]:
    """One pass over the test rows, in finer bins."""
    names = {name for name, _ in ranks}
    layout = replace(tally.layout, slices=())
    scoring = scoring_of(ground, layout, [model for model in models if model.name in names])
    edges = {place: finer_edges(one, ROOM // layout.scored) for place, one in ranks.items()}
    cuts = {place: block_cuts(one, layout.scored) for place, one in ranks.items()}
    refining = Refining(scoring, edges, cuts)
    tests = ground.rows.frame.filter(col(ROLE) == "test").select(*columns_of(ground, scoring))
    found = {
        place: _Filling(
            len(edges[place]), cuts[place], layout.blocks, is_weighted=layout.is_weighted
        )
        for place in ranks
    }
    with progress(ground.config) as watch:
        watch.step(refining.__name__)
        for answer in parts.answers(tests._plan, refining, ground.config, watch):
            if isinstance(answer, Failure):
                raise answer.error
            for place, part in answer.items():
                found[place].add(part)
    return {place: one.state() for place, one in found.items()}


def _together(
    states: Mapping[Place, _State], name: str
) -> tuple[tuple[Ranks, ...], tuple[Array, ...]]:
    """All classes of a model."""
    own = [state for (model, _), state in states.items() if model == name]
    return tuple(one.ranks for one in own), tuple(one.by_block for one in own)


def _results(report: Report, estimates: Mapping[str, Refined]) -> pl.DataFrame:
    """The table with the exact figures in the place of those that were made of bins."""
    layout, level = report.layout, report.protocol.ci.level
    metrics = [layout.metric(name) for name in layout.metrics if name in RANKING]
    exact = {
        row[:2]: row
        for name, one in estimates.items()
        for row in rows_of(one, metrics, level)
    }  # fmt: skip
    rows = [
        exact.get(row[:2], row) if row[2] is None else row for row in report.results.iter_rows()
    ]
    return pl.DataFrame(rows, schema=report.results.schema, orient="row")


def _skill(report: Report, estimates: Mapping[str, Refined]) -> Skill | None:
    """Skill against the dummy where it is one of ranks."""
    tally, primary = report.tallies["test"], report.primary
    if report.skill is None or primary not in RANKING or report.name not in estimates:
        return report.skill
    dummy = estimates.get(DUMMY) or Estimates(tally, tally.layout.model(DUMMY))
    metric = tally.layout.metric(primary)
    found = skill_between(estimates[report.name], dummy, metric, report.protocol.ci.level)
    return Skill(*found) if isfinite(found[0]) else None


def _noted(report: Report, notes: list[str]) -> Report:
    return replace(report, provenance={**report.provenance, "notes": [*report.notes, *notes]})
