"""Sorts over partitions: rows go to the range of keys that is theirs, and every part sorts its own.

::

    SORT k                  becomes   MAP    sort k
                                      EXCHANGE by ranges of k
"""

from __future__ import annotations

from scalekit.expr.node import Alias, Column
from scalekit.kernels.schema import schema_of
from scalekit.physical.lowering import Lower, leaf, mapped, row_by_row
from scalekit.physical.nodes import Physical, RangeExchange
from scalekit.plan.nodes import Plan, Select, Sort, WithColumns
from scalekit.tree import updated

_KEY = "__scalekit_key_"


def lower_sort(plan: Sort, lower: Lower, *, ordered: bool) -> Physical:
    """Ranges of keys, each sorted by itself; the order of the input decides among equal keys."""
    if not has_plain_keys(plan):
        return lower(_by_columns(plan), ordered=ordered)
    exchange = RangeExchange(lower(plan.input, ordered=True), plan.by, splits_ties=True)
    return mapped(exchange, updated(plan, input=leaf(plan.input)))


def has_plain_keys(plan: Sort) -> bool:
    """Whether every row's keys come from that row alone."""
    return row_by_row(key.arg for key in plan.by)


def _by_columns(plan: Sort) -> Plan:
    """The same sort by columns, which hold what keys take from other rows, as ranks do."""
    names = [f"{_KEY}{place}" for place in range(len(plan.by))]
    keys = [Alias(key.arg, name) for key, name in zip(plan.by, names, strict=True)]
    by = [updated(key, arg=Column(name)) for key, name in zip(plan.by, names, strict=True)]
    rows = Sort(WithColumns(plan.input, tuple(keys)), tuple(by))
    return Select(rows, tuple(map(Column, schema_of(plan))))
