"""Cross products of the rows of each cell, of which those of every training and test set are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

from scalekit.learn.passes.batch import Batch
from scalekit.learn.passes.blocks import blocks
from scalekit.learn.passes.by_class import by_code
from scalekit.learn.passes.cells import CellOf
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.gram import Cross, check_width, gram_of, joined
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.tsqr import Triangle, triangle_of


class Cells:
    """Those of all cells that have rows.

    Parameters
    ----------
    found
        Cross products of X and y by the number of the cell.
    """

    def __init__(self, found: dict[int, Cross]) -> None:
        self.found = found

    def of(self, cells: Sequence[int] | None = None) -> Triangle:
        """Those of some cells, or all, together, with their factor, of which many fits are made."""
        chosen = self.found if cells is None else [cell for cell in cells if cell in self.found]
        total = reduce(joined, [self.found[cell] for cell in chosen])
        return Triangle(total.rows, total.weight, total.mean, total.factor())


def asked_cells(estimator: Any, data: Data, cell_of: CellOf, *, accurate: bool = False) -> Steps:
    """The cross products of all cells, from one pass: ``cells = yield from asked_cells(...)``."""
    who = type(estimator).__name__
    check_width(data, who)
    found: dict[int, Cross] = yield data.ask(
        cell_crosses, joined_cells, who, cell_of, accurate, what="cross products by fold"
    )
    return Cells(dict(sorted(found.items())))


def cell_crosses(batch: Batch, who: str, cell_of: CellOf, accurate: bool) -> dict[int, Cross]:  # noqa: FBT001
    """Those of a batch."""
    of: Callable[..., Cross] = triangle_of if accurate else gram_of
    codes = cell_of(batch)
    found: dict[int, Cross] = {}
    start = 0
    for rows, weight in blocks(batch, who, target=True):
        for code, chosen in by_code(codes[start : start + len(rows)]):
            part = of(rows[chosen], None if weight is None else weight[chosen])
            found = joined_cells(found, {code: part})
        start += len(rows)
    return found


def joined_cells(left: dict[int, Cross], right: dict[int, Cross]) -> dict[int, Cross]:
    """Those of the rows of both."""
    known = dict(left)
    for code, cross in right.items():
        known[code] = joined(known[code], cross) if code in known else cross
    return known
