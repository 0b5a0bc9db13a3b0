"""Rows beside the one row of another table that is theirs: of their group, or of their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scalekit.expr.node import Column, ExprNode, SortKey
from scalekit.kernels.schema import dtype_of, schema_of
from scalekit.physical.lowering import leaf, mapped
from scalekit.physical.nodes import JoinPartitions, Physical, RangeExchange
from scalekit.physical.places import PLACE
from scalekit.plan.nodes import Join, Plan, Select, Sort


@dataclass(frozen=True)
class Table:
    """A table, how it is made, and the keys by which its rows are found."""

    plan: Plan
    physical: Physical
    keys: tuple[ExprNode, ...]


def looked_up(rows: Table, found: Table, columns: Sequence[ExprNode], *, ordered: bool) -> Physical:
    """All of ``rows`` in their parts where ``found`` is small; ``columns`` are over both.

    Parameters
    ----------
    rows, found
        The tables; ``found`` has one row for each key, and null is one.
    columns
        What is wanted of both.
    ordered
        Whether rows come in the order of their places.
    """
    joined = Join(
        leaf(rows.plan),
        leaf(found.plan, 1),
        rows.keys,
        found.keys,
        "left",
        nulls_equal=True,
        coalesce=False,
        only_key_is_float=_is_float(rows),
    )
    by = (SortKey(Column(PLACE)),) if ordered else ()
    fragment = joined if ordered else Select(joined, tuple(columns))
    met = JoinPartitions(
        rows.physical,
        found.physical,
        rows.keys,
        found.keys,
        fragment,
        (False, True),
        in_order=(by, ()),
    )
    if not ordered:
        return met
    return mapped(RangeExchange(met, by), Select(Sort(leaf(joined), by), tuple(columns)))


def _is_float(table: Table) -> bool:
    return len(table.keys) == 1 and dtype_of(table.keys[0], schema_of(table.plan)).is_float()
