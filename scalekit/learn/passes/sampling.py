"""Samples of rows that the rows' own values decide: the same on every backend, in any partitions and order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from scalekit.learn.passes.batch import Array, Batch, rows_of
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.gathered import Gathered, gathered, stacked
from scalekit.learn.passes.requests import Steps


@dataclass(frozen=True)
class Drawn:
    """Rows of the least hashes, in the order of these."""

    hashes: Array
    rows: Gathered


def sampled(data: Data, rows: int, seed: int | str = 0, what: str = "sampling") -> Steps:
    """The ``rows`` rows of the least hashes, or all: ``found = yield from sampled(data, 10_000)``.

    Another ``seed`` draws other rows; a larger sample of the same seed holds the smaller one. Rows come in the order
    of their hashes, which looks random. Returns a :class:`~scalekit.learn.passes.gathered.Gathered`.
    """
    columns = data.view.table.roles.columns
    pass_ = data.ask(draw, _Least(rows), columns, rows, seed, what=what)
    found: Drawn = yield pass_
    return found.rows


def draw(batch: Batch, columns: tuple[str, ...], rows: int, seed: int | str) -> Drawn:
    """Those of one batch."""
    hashes = batch.hash(columns, seed)
    return _least(Drawn(hashes, gathered(batch)), rows)


@dataclass(frozen=True)
class _Least:
    rows: int

    def __call__(self, left: Drawn, right: Drawn) -> Drawn:
        hashes = np.concatenate([left.hashes, right.hashes])
        return _least(Drawn(hashes, stacked([left.rows, right.rows])), self.rows)


def _least(drawn: Drawn, rows: int) -> Drawn:
    """The rows of the least hashes; rows of equal hashes, which are alike, in their order."""
    order = np.argsort(drawn.hashes, kind="stable")[:rows]
    return Drawn(drawn.hashes[order], chosen(drawn.rows, order))


def chosen(rows: Gathered, places: Array) -> Gathered:
    """Some of the rows, by their places."""

    def some(values: Any) -> Any:
        return None if values is None else values[places]

    return Gathered(rows_of(rows.X, places), some(rows.y), some(rows.weight), some(rows.positions))
