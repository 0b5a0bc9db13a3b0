"""What of a plan's answer is fixed, and so has to be the same whoever computes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from scalekit.expr.analysis import output_name
from scalekit.expr.node import Column, SortKey
from scalekit.kernels.schema import expressions, schema_of
from scalekit.plan.nodes import (
    Filter,
    HorizontalUnion,
    Limit,
    Plan,
    RowIndex,
    Sample,
    Select,
    Sort,
    WithColumns,
)
from scalekit.plan.order import has_order, has_total_order, order_dependent
from scalekit.proof.inexact import inexact_columns, is_inexact
from scalekit.tree import children, rewrite, walk

ULPS = 9007
"""CONTRACT.md, floats in sums: 1e-12 of a value is at most so many steps from one Float64 to the next (2**53 * 1e-12)."""


@dataclass(frozen=True)
class Terms:
    """How two answers are compared.

    Attributes
    ----------
    schema
        Names, order and types of the columns.
    ordered
        Whether the rows are a sequence; otherwise they are a multiset.
    sorted_by
        Columns that follow a sort, and so are a sequence whatever rows tie.
    inexact
        Columns whose floats may differ, by at most ``ulps`` steps.
    """

    schema: pl.Schema
    ordered: bool
    sorted_by: tuple[str, ...]
    inexact: frozenset[str]
    ulps: int = ULPS

    def __str__(self) -> str:
        rows = "in their order" if self.ordered else "in any order"
        return (
            rows if self.ordered or not self.sorted_by else f"sorted by {', '.join(self.sorted_by)}"
        )


def terms_of(plan: Plan, ulps: int = ULPS) -> Terms:
    """What is fixed of the answer of ``plan``."""
    ordered = has_total_order(plan) and not _sorts_by_inexact(plan)
    inexact = inexact_columns(plan) if ulps else frozenset()
    return Terms(schema_of(plan), ordered, _sorted_by(plan), inexact, ulps)


def leaves_ties_open(plan: Plan) -> bool:
    """Whether a step takes rows by their place among rows that a sort left in any order where they tie."""
    steps = list(walk(plan))
    ties = any(isinstance(step, Sort) and not has_total_order(step) for step in steps)
    return ties and any(map(_takes_places, steps))


def without_ties(plan: Plan) -> Plan:
    """``plan`` with every sort going on by all other columns, so that rows tie only where they are equal."""
    return rewrite(plan, _decided)


def _takes_places(step: Plan) -> bool:
    if isinstance(step, Limit | RowIndex | Sample | HorizontalUnion):
        return True
    if getattr(step, "whole", False) or getattr(step, "keep", "") in ("first", "last"):
        return True
    return any(next(order_dependent(e), None) is not None for e in expressions(step))


def _decided(step: Plan) -> Plan:
    if not isinstance(step, Sort) or has_total_order(step):
        return step
    keys = {key.arg.name for key in step.by if isinstance(key.arg, Column)}
    inexact = inexact_columns(step)
    rest = sorted(
        (n for n, t in schema_of(step).items() if n not in keys and not t.is_nested()),
        key=lambda name: name in inexact,
    )
    return replace(step, by=(*step.by, *(SortKey(Column(name)) for name in rest)))


def _sorts_by_inexact(plan: Plan) -> bool:
    """Whether the last bits of a float may decide where a row stands."""
    return any(
        is_inexact(key.arg, inexact_columns(step.input), step.input)
        for step in walk(plan)
        if isinstance(step, Sort)
        for key in step.by
    )


_KEEPS_ORDER = (Filter, Limit, Select, WithColumns, RowIndex, Sample)


def _sorted_by(plan: Plan) -> tuple[str, ...]:
    """Columns whose values stand in one order whatever rows tie."""
    if isinstance(plan, Sort):
        names: list[str] = []
        for key in plan.by:
            if not isinstance(key.arg, Column):
                break
            names.append(key.arg.name)
        return tuple(names)
    if not isinstance(plan, _KEEPS_ORDER) or not has_order(plan):
        return ()
    below = _sorted_by(children(plan)[0])
    kept = _carried(plan)
    found: list[str] = []
    for name in below:
        if name not in kept:
            break
        found.append(kept[name])
    return tuple(found)


def _carried(plan: Any) -> Mapping[str, str]:
    """The input's columns that a step hands on unchanged, and what they are called then."""
    names = schema_of(plan.input).names()
    if not isinstance(plan, Select | WithColumns):
        return {name: name for name in names}
    made = {output_name(e): e for e in plan.exprs}
    plain = {e.name: name for name, e in made.items() if isinstance(e, Column) and e.name == name}
    rest = (
        {name: name for name in names if name not in made} if isinstance(plan, WithColumns) else {}
    )
    return {**plain, **rest}
