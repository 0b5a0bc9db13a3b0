"""The smallest difference that can be found in some time: the first step, its expressions, and few rows of input."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import polars as pl

from scalekit.errors import ScalekitError
from scalekit.expr.analysis import output_name
from scalekit.plan.explain import line
from scalekit.plan.nodes import Aggregate, Plan, Scan, Select, WithColumns
from scalekit.proof.compare import Mismatch
from scalekit.proof.difference import Difference, side_by_side
from scalekit.proof.sample import tables_of, with_tables
from scalekit.proof.trial import Deadline, Trial
from scalekit.tree import walk

Tables = Mapping[Scan, pl.DataFrame]


def shrunk(
    plan: Plan, found: Mismatch, trial: Trial, rows: int | None, seconds: float
) -> Difference:
    """The difference of a plan at its first step, on as few rows as there is time to find."""
    deadline = Deadline(seconds)
    step, seen = _first_step(plan, found, trial, deadline)
    step, seen = _narrowed(step, seen, trial)
    inputs: dict[str, pl.DataFrame] = {}
    tables = _tables(step, trial)
    if tables is not None and trial.mismatch(with_tables(step, tables)) is not None:
        least = _least(tables, lambda t: trial.mismatch(with_tables(step, t)) is not None, deadline)
        seen = trial.mismatch(with_tables(step, least)) or seen
        inputs = {scan.source.describe(): table for scan, table in least.items()}
    return Difference(
        way=trial.way,
        reference=trial.reference,
        text=found.text,
        step=line(step),
        columns=seen.columns,
        rows=side_by_side(seen, trial.way, trial.reference),
        inputs=inputs,
        rows_before=rows,
    )


def _first_step(
    plan: Plan, found: Mismatch, trial: Trial, deadline: Deadline
) -> tuple[Plan, Mismatch]:
    """The first step, from the sources on, whose output differs by itself."""
    for step in walk(plan):
        if not deadline or step is plan:
            break
        seen = trial.mismatch(step)
        if seen is not None and not trial.is_tie(step):
            return step, seen
    return plan, found


def _narrowed(step: Plan, seen: Mismatch, trial: Trial) -> tuple[Plan, Mismatch]:
    """The step with only those of its expressions that differ, where it still does."""
    name = "aggs" if isinstance(step, Aggregate) else "exprs"
    if not isinstance(step, Select | WithColumns | Aggregate):
        return step, seen
    exprs = getattr(step, name)
    few = tuple(e for e in exprs if output_name(e) in seen.columns)
    if not few or len(few) == len(exprs):
        return step, seen
    changes: dict[str, Any] = {name: few}
    narrow: Plan = replace(step, **changes)
    still = trial.mismatch(narrow)
    return (step, seen) if still is None else (narrow, still)


def _tables(step: Plan, trial: Trial) -> Tables | None:
    """The rows of the step's sources, where the reference can read them."""

    def read(plan: Plan) -> pl.DataFrame:
        rows = trial.run(plan, trial.reference)
        if isinstance(rows, ScalekitError):
            raise rows
        return rows

    try:
        return tables_of(step, read)
    except ScalekitError:
        return None


def _least(tables: Tables, differs: Callable[[Tables], bool], deadline: Deadline) -> Tables:
    """As few rows of each table as still differ, the largest table first, until none gets smaller."""
    before = -1
    while deadline and before != (now := sum(t.height for t in tables.values())):
        before = now
        for scan in sorted(tables, key=lambda s: -tables[s].height):
            tables = _with_less(tables, scan, differs, deadline)
    return tables


def _with_less(
    tables: Tables, scan: Scan, differs: Callable[[Tables], bool], deadline: Deadline
) -> Tables:
    """Leave out pieces of one table, halves first, then ever smaller ones, as long as the rest still differs."""
    pieces = 2
    while deadline and tables[scan].height:
        for rest in _rests(tables[scan], pieces):
            if not deadline:
                return tables
            if differs(smaller := {**tables, scan: rest}):
                tables, pieces = smaller, max(pieces - 1, 2)
                break
        else:
            if pieces >= tables[scan].height:
                return tables
            pieces = min(2 * pieces, tables[scan].height)
    return tables


def _rests(table: pl.DataFrame, pieces: int) -> Iterator[pl.DataFrame]:
    """What is left of a table without each of its pieces; without all of it first."""
    if pieces == 2:
        yield table.clear()
    bounds = [table.height * place // pieces for place in range(pieces + 1)]
    for start, stop in pairwise(bounds):
        if stop > start:
            yield pl.concat([table[:start], table[stop:]])
