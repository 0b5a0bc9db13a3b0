"""How aggregates are computed: elementary ones by pandas, through Narwhals, in one pass over the groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa

from scalekit.backends.pandas.columns import Table, assemble, column
from scalekit.backends.pandas.keys import Groups, take
from scalekit.backends.pandas.native import Column, Refusal, anywhere, cast


@dataclass(frozen=True)
class Part:
    """An elementary aggregate that pandas computes for all groups at once."""

    values: Column
    by: str
    options: tuple[tuple[str, Any], ...] = ()

    @property
    def identity(self) -> tuple[Any, ...]:
        """What makes two parts the same."""
        return id(self.values), self.by, self.options


@dataclass(frozen=True)
class Reduction:
    """Elementary aggregates, and the answer for each group from these."""

    parts: tuple[Part, ...]
    finish: Callable[..., Column]


@dataclass(frozen=True)
class Aggregate:
    """A function from the rows of a group to one value.

    Attributes
    ----------
    reduce
        The answer's Arrow type, the groups, the operands' rows, constants and options to a reduction.
    refuses
        Why a use is not native.
    columns
        How many operands are columns; the others must be constants.
    """

    reduce: Callable[..., Reduction]
    refuses: Refusal = anywhere
    columns: int = 1


def known(answer: Callable[..., Column]) -> Callable[..., Reduction]:
    """An aggregate that needs no pass of pandas."""

    def reduce(to: pa.DataType, groups: Groups, *operands: Any, **options: Any) -> Reduction:
        found = answer(groups, *operands, **options)
        return Reduction((), lambda: cast(found, to))

    return reduce


def run_reductions(reductions: Sequence[Reduction], groups: Groups) -> list[Column]:
    """The answers of several aggregates, with one pass of pandas over the groups."""
    parts = {part.identity: part for reduction in reductions for part in reduction.parts}
    found = dict(zip(parts, _elementary(list(parts.values()), groups), strict=True))
    return [r.finish(*(found[part.identity] for part in r.parts)) for r in reductions]


def _elementary(parts: Sequence[Part], groups: Groups) -> list[Column]:
    if not parts:
        return []
    names = [f"part {i}" for i in range(len(parts))]
    rows = assemble(
        {name: part.values for name, part in zip(names, parts, strict=True)}
    ).to_native()
    rows["group"] = pd.Series(groups.of_rows, copy=False)
    aggs = [getattr(nw.col(n), p.by)(**dict(p.options)) for n, p in zip(names, parts, strict=True)]
    found = nw.from_native(rows, eager_only=True).group_by("group").agg(*aggs)
    present = found["group"].to_numpy()
    answers = [_as_arrow(found, name) for name in names]
    if len(present) == groups.count and bool((present == np.arange(groups.count)).all()):
        return answers
    place = np.full(groups.count, -1, dtype=np.int64)
    place[present] = np.arange(len(present))
    return [take(answer, place) for answer in answers]


def _as_arrow(table: Table, name: str) -> Column:
    series = table[name].to_native()
    return (
        column(table, name)
        if isinstance(series.dtype, pd.ArrowDtype)
        else pa.chunked_array([pa.array(series)])
    )
