"""The logical plan: what to compute, as plain data without schema, I/O or backend.

Expressions inside a plan are bound: every selection is expanded, every name final, every type checked.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from scalekit.expr.node import ExprNode, SortKey
from scalekit.tree import Node, node


class Plan(Node):
    """A table to compute."""


Plan.family = Plan


@node
class Scan(Plan):
    """The rows of a source; ``columns`` and ``limit`` are what the optimizer found to be enough.

    ``sampled`` says of persisted rows what they are a sample of, see ``scalekit.sampling.cuts.Mark``.
    """

    source: Any
    columns: tuple[str, ...] | None = None
    limit: int | None = None
    sampled: Any = None


@node
class Input(Plan):
    """The table that a fragment receives at a position."""

    index: int
    schema: tuple[tuple[str, pl.DataType], ...]


@node
class Select(Plan):
    """Exactly these columns."""

    input: Plan
    exprs: tuple[ExprNode, ...]


@node
class WithColumns(Plan):
    """The input's columns and these, which replace those of their name."""

    input: Plan
    exprs: tuple[ExprNode, ...]


@node
class Filter(Plan):
    """The rows for which the predicate is true."""

    input: Plan
    predicate: ExprNode


@node
class Aggregate(Plan):
    """One row for each distinct combination of the keys; one row where there are no keys.

    ``may_sort`` is for fragments: groups may come in another order than that of their first rows, as long
    as it is the same on every run.
    """

    input: Plan
    keys: tuple[ExprNode, ...]
    aggs: tuple[ExprNode, ...]
    maintain_order: bool = False
    may_sort: bool = False


@node
class DynamicAggregate(Plan):
    """One row for each window of time that starts at a multiple of ``every``."""

    input: Plan
    index: ExprNode
    keys: tuple[ExprNode, ...]
    aggs: tuple[ExprNode, ...]
    every: Any
    period: Any
    offset: Any
    include_boundaries: bool
    closed: str
    label: str
    start_by: str


@node
class RollingAggregate(Plan):
    """One row for each input row, over the window of the index that ends there."""

    input: Plan
    index: ExprNode
    keys: tuple[ExprNode, ...]
    aggs: tuple[ExprNode, ...]
    period: Any
    offset: Any
    closed: str


@node
class Join(Plan):
    """Rows of two tables whose keys are equal; all pairs for ``how="cross"``."""

    left: Plan
    right: Plan
    left_on: tuple[ExprNode, ...]
    right_on: tuple[ExprNode, ...]
    how: str = "inner"
    suffix: str = "_right"
    validate: str = "m:m"
    nulls_equal: bool = False
    coalesce: bool | None = None
    maintain_order: str = "none"
    only_key_is_float: bool = False


@node
class AsofJoin(Plan):
    """Each left row with the nearest right row by a sorted key."""

    left: Plan
    right: Plan
    left_on: ExprNode
    right_on: ExprNode
    by_left: tuple[str, ...]
    by_right: tuple[str, ...]
    strategy: str
    suffix: str
    tolerance: Any
    coalesce: bool
    allow_exact_matches: bool


@node
class Sort(Plan):
    """Rows in the order of the keys; stable."""

    input: Plan
    by: tuple[SortKey, ...]


@node
class Limit(Plan):
    """``length`` rows from ``offset``; a negative offset counts from the end, None is to the end."""

    input: Plan
    offset: int
    length: int | None


@node
class Distinct(Plan):
    """One row for each distinct combination of ``subset``, or of all columns."""

    input: Plan
    subset: tuple[str, ...] | None
    keep: str
    maintain_order: bool


@node
class Union(Plan):
    """The rows of several tables, one after the other."""

    inputs: tuple[Plan, ...]
    how: str = "vertical"


@node
class HorizontalUnion(Plan):
    """The columns of several tables of the same length, side by side."""

    inputs: tuple[Plan, ...]


@node
class Explode(Plan):
    """One row for each element of the list columns."""

    input: Plan
    columns: tuple[str, ...]
    empty_as_null: bool = False
    keep_nulls: bool = True


@node
class Unpivot(Plan):
    """Columns as rows: their name and their value."""

    input: Plan
    on: tuple[str, ...]
    index: tuple[str, ...]
    variable_name: str
    value_name: str


@node
class Pivot(Plan):
    """Rows as columns: one for each combination in ``on_columns``."""

    input: Plan
    on: tuple[str, ...]
    on_columns: Any
    index: tuple[str, ...]
    values: tuple[str, ...]
    aggregate: ExprNode | str | None
    maintain_order: bool
    separator: str


@node
class RowIndex(Plan):
    """A first column that counts the rows."""

    input: Plan
    name: str
    offset: int


@node
class Sample(Plan):
    """Rows chosen by a hash of the seed and the row's place."""

    input: Plan
    n: int | None
    fraction: float | None
    seed: int


@node
class MapBatches(Plan):
    """A function of Polars frames, applied to partitions, or to the whole table if ``whole``."""

    input: Plan
    function: Any
    schema: tuple[tuple[str, pl.DataType], ...]
    whole: bool = False
    keeps_rows: bool = False


@node
class Sql(Plan):
    """A query in Polars' SQL over named tables."""

    inputs: tuple[Plan, ...]
    names: tuple[str, ...]
    query: str


@node
class Numbered(Plan):
    """A first column that numbers the rows of all parts; found in fragments only, see ``kernels.task``.

    ``by="row"`` counts the rows from ``offset``, ``by="end"`` so that the last one is -1. ``by="place"`` gives
    each row a number that grows in the order of rows and leaves gaps, for which nobody needs to know how many
    rows other parts have.
    """

    input: Plan
    name: str
    by: str
    offset: int = 0


@node
class Among(Plan):
    """Rows whose ``key`` is among the ``keys`` of another table, which is small; found in fragments only.

    What a semi join on one integer gives, in a fifth of the time; before an inner join it spares that the rows
    which match nothing.
    """

    input: Plan
    others: Plan
    key: ExprNode
    keys: ExprNode


@node
class Beside(Plan):
    """Every row of a table beside the one row of another; found in fragments only.

    A cross join, but one that Polars' optimizer leaves alone: with a filter above it would make an inequality
    join of it, which loses the order of rows and takes ten times as long.
    """

    input: Plan
    values: Plan
