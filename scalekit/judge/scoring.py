"""All models to all rows, tallies back: one pass over the parts of a plan, on whatever backend they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import polars as pl

from scalekit import parts
from scalekit.backends.watch import UNWATCHED, Watch
from scalekit.config import Config
from scalekit.judge import statistics
from scalekit.judge.census import ROLE
from scalekit.judge.evidence import ROLES, Summary
from scalekit.judge.judged import OF_CLASSES, Judged, Seen
from scalekit.judge.protocol import fingerprint
from scalekit.judge.protocol.fingerprint import Fingerprint
from scalekit.judge.protocol.slices import Slice
from scalekit.judge.statistics import Layout, Tally
from scalekit.kernels.hashed_rows import HashedRows
from scalekit.learn.matrix import to_weights
from scalekit.plan.nodes import Plan

Array: TypeAlias = "np.ndarray[Any, np.dtype[Any]]"

ASKED = 1 << 17
"""Rows that models are asked about at one time: one-hot columns and splines of a whole part fill a small worker."""


@dataclass(frozen=True)
class Scored:
    """What a pass kept of some rows.

    Attributes
    ----------
    tallies
        By role.
    prints
        Which rows, by role.
    seconds
        Spent in each model.
    found
        What the checks wanted to know, by name.
    """

    tallies: Mapping[str, Tally]
    prints: Mapping[str, Fingerprint]
    seconds: Mapping[str, float]
    found: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Failure:
    """What a part raised; it is raised again where the pass was asked for, the same on every backend."""

    error: Exception


@dataclass(frozen=True, eq=False)
class Scoring:
    """From rows to what is kept of them; it travels once to each worker, with the models.

    Attributes
    ----------
    layout
        What tallies hold.
    models
        In the order of the layout.
    target, weight
        Columns; a weight may be None.
    block
        Columns of what is never torn apart between blocks.
    identity
        Columns that say which row is which, for fingerprints.
    summaries
        What the checks want to know.
    scales
        Of forecasts, the columns of what naive ones are wrong by.
    slices
        In the order of the layout.
    trained
        The share of the training rows that models are asked about.
    """

    layout: Layout
    models: tuple[Judged, ...]
    target: str
    weight: str | None
    block: tuple[str, ...]
    identity: tuple[str, ...]
    summaries: tuple[Summary, ...] = ()
    scales: tuple[str, ...] = ()
    slices: tuple[Slice, ...] = ()
    trained: float = 1.0

    @property
    def __name__(self) -> str:
        """What a plan shows of it."""
        return f"judge {', '.join(model.name for model in self.models)}"

    def __call__(self, rows: pl.DataFrame) -> Scored | Failure | None:
        """Score a part; None where none of its rows has a role."""
        rows = rows.filter(pl.col(ROLE).is_not_null())
        if rows.is_empty():
            return None
        try:
            return self._scored(rows)
        except Exception as error:
            return Failure(error)

    def _scored(self, rows: pl.DataFrame) -> Scored:
        hashed = HashedRows(rows)
        role = rows[ROLE].replace_strict(ROLES, range(len(ROLES)), return_dtype=pl.Int8).to_numpy()
        identity = sorted(self.identity)
        types = {name: rows.schema[name] for name in identity}
        marks = hashed.of(identity)
        prints = {
            ROLES[number]: fingerprint.of_hashes(marks[role == number], types)
            for number in np.unique(role)
        }
        found = {one.name: one.of(hashed, role) for one in self.summaries}
        if self.trained < 1:
            share = hashed.shares(identity, purpose="sample", seed="asked")
            is_asked = (role != ROLES.index("train")) | (share < self.trained)
            hashed, role = HashedRows(rows.filter(pl.Series(is_asked))), role[is_asked]
        tallies, seconds = self._tallies(hashed, role)
        return Scored(tallies, prints, seconds, found)

    def _tallies(
        self, hashed: HashedRows, role: Array
    ) -> tuple[dict[str, Tally], dict[str, float]]:
        """What is counted of the rows that models are asked about, by role, and the time in each model."""
        rows = hashed.rows
        outputs, seconds = self._outputs(rows)
        y, block, weight = self.columns(hashed)
        scale = rows.select(self.scales).to_numpy() if self.scales else None
        tallies = {}
        for number in np.unique(role):
            here = np.flatnonzero(role == number)
            some = {name: values[here] for name, values in outputs.items()}
            heavy = None if weight is None else weight[here]
            scaled = None if scale is None else scale[here]
            layout = layout_of_role(self.layout, ROLES[number])
            levels = self.levels(rows, here) if layout.slices else None
            tallies[ROLES[number]] = statistics.tally(
                layout, y[here], some, block[here], levels, heavy, scaled
            )
        return tallies, seconds

    def _outputs(self, rows: pl.DataFrame) -> tuple[dict[str, Array], dict[str, float]]:
        """Of all models, and how long each took; a model's own copies of the rows are of some at a time."""
        found: dict[str, list[Array]] = {model.name: [] for model in self.models}
        seconds = dict.fromkeys(found, 0.0)
        if rows.is_empty():
            return {}, seconds
        for some in rows.iter_slices(ASKED):
            seen = Seen(some)
            for model in self.models:
                output, spent = model.timed(seen)
                found[model.name].append(output)
                seconds[model.name] += spent
        return {name: np.concatenate(outputs) for name, outputs in found.items()}, seconds

    def columns(self, hashed: HashedRows) -> tuple[Array, Array, Array | None]:
        """Target, blocks and weights of some rows."""
        layout, rows = self.layout, hashed.rows
        if layout.task in OF_CLASSES:
            y = statistics.positions(layout, rows[self.target])
        else:
            y = rows[self.target].cast(pl.Float64).to_numpy()
        hashes = hashed.of(self.block, purpose="block")
        block = (hashes % np.uint64(layout.blocks)).astype(np.int64)
        weight = None if self.weight is None else to_weights(rows[self.weight])
        return y, block, weight

    def levels(self, rows: pl.DataFrame, here: Array) -> Array:
        """(n, slices) the place of the level of some of the rows in each slice."""
        columns = dict.fromkeys(one.column for one in self.slices)
        some = rows.select(*columns)[here]
        codes = [
            one.codes(some, levels)
            for one, (_, levels) in zip(self.slices, self.layout.slices, strict=True)
        ]
        return np.array(codes).T  # column by column, as they are counted


def score(plan: Plan, scoring: Scoring, config: Config, watch: Watch = UNWATCHED) -> Scored | None:
    """Run a scoring over the rows of a plan; the answers are folded from the left. None of no rows.

    Parameters
    ----------
    plan
        With the columns of all models, the target, :data:`~scalekit.judge.census.ROLE` and the slices.
    scoring
        What is kept.
    config
        Settings; ``backend`` names who works.
    watch
        Is told how far it is.

    Raises
    ------
    ComputeError
        Where a model fails on some rows; it names the model.
    """
    watch.step(scoring.__name__)
    found: Scored | None = None
    for answer in parts.answers(plan, scoring, config, watch):
        if isinstance(answer, Failure):
            raise answer.error
        found = answer if found is None else _joined(found, answer, scoring)
    return found


def _joined(left: Scored, right: Scored | None, scoring: Scoring) -> Scored:
    """What was kept of both; the tallies of the left one, which came from a part, become those of both."""
    if right is None:
        return left
    summaries = {one.name: one for one in scoring.summaries}
    return Scored(
        _merged(left.tallies, right.tallies, statistics.absorbed),
        _merged(left.prints, right.prints, fingerprint.joined),
        _merged(left.seconds, right.seconds, float.__add__),
        {name: one.joined(left.found[name], right.found[name]) for name, one in summaries.items()},
    )


def _merged(left: Mapping[str, Any], right: Mapping[str, Any], join: Any) -> dict[str, Any]:
    both = dict(left)
    for name, value in right.items():
        both[name] = join(both[name], value) if name in both else value
    return both


def layout_of_role(layout: Layout, role: str) -> Layout:
    """What is counted of a role's rows: slices are of test rows alone, nobody asks for those of others."""
    return layout if role == "test" else replace(layout, slices=())
