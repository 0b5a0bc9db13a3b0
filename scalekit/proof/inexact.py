"""Which columns of a plan hold floats that may differ in their last bits, by what they were computed from.

Values that are only carried, chosen or put through one operation of IEEE 754 are the same to the last bit
on every engine. Sums are not, as the order of additions is open, nor are logarithms and their like, which
every mathematical library rounds in its own way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from scalekit.expr.analysis import columns_read, nodes, output_name
from scalekit.expr.function import FUNCTIONS
from scalekit.expr.labels import OWN_ROW
from scalekit.expr.node import Call, ExprNode
from scalekit.kernels.schema import expressions, schema_of
from scalekit.optimize.labels import has_label
from scalekit.plan.nodes import (
    Aggregate,
    AsofJoin,
    DynamicAggregate,
    HorizontalUnion,
    Join,
    MapBatches,
    Pivot,
    Plan,
    RollingAggregate,
    Select,
    Sql,
    Union,
    Unpivot,
    WithColumns,
)
from scalekit.tree import children, walk

_ROUNDED_ONCE = frozenset(
    word
    for words in (
        "add sub mul truediv neg abs sqrt ceil floor sign clip and_ or_ xor not_ eq ne lt le gt ge",
        "eq_missing ne_missing is_in is_between is_null is_not_null is_nan is_not_nan is_finite",
        "is_infinite fill_nan fill_null fill_null_constant coalesce replace replace_strict",
        "max_horizontal min_horizontal struct struct.field struct.fields struct.unnest concat_list",
        "list.first list.last list.get list.len list.min list.max list.sort list.reverse list.slice",
        "list.head list.tail list.unique list.drop_nulls element field",
    )
    for word in words.split()
)
"""Functions of a row's own floats that give the same bits everywhere."""


def inexact_columns(plan: Plan) -> frozenset[str]:
    """Names of the columns whose floats may differ in the last bits."""
    found: dict[Plan, frozenset[str]] = {}
    for step in walk(plan):
        below = [found[child] for child in children(step)]
        names = _STEPS.get(type(step), _carried)(step, below)
        found[step] = frozenset(
            n for n, t in schema_of(step).items() if n in names and has_float(t)
        )
    return found[plan]


def is_inexact(expr: ExprNode, inexact: frozenset[str], rows: Plan) -> bool:
    """Whether an expression over ``rows``, of which some columns are inexact, is so too."""
    return bool(columns_read(expr) & inexact) or any(
        _rounds(e, rows) for e in nodes(expr) if isinstance(e, Call)
    )


def has_float(dtype: pl.DataType) -> bool:
    """Whether values of a type hold floats."""
    match dtype:
        case pl.List(inner=inner) | pl.Array(inner=inner):
            return has_float(inner)  # type: ignore[arg-type]
        case pl.Struct(fields=fields):
            return any(has_float(f.dtype) for f in fields)  # type: ignore[arg-type]
    return dtype.is_float()


def _rounds(call: Call, rows: Plan) -> bool:
    spec = FUNCTIONS[call.function]
    if spec.kind in OWN_ROW:
        return call.function not in _ROUNDED_ONCE
    return spec.user_function or has_label(call, rows)


def _carried(_: Plan, below: list[frozenset[str]]) -> frozenset[str]:
    """Columns keep their names, as under a filter or a sort."""
    return below[0] if below else frozenset()


def _computed(step: Any, below: list[frozenset[str]]) -> frozenset[str]:
    rows = children(step)[0]
    return frozenset(output_name(e) for e in expressions(step) if is_inexact(e, below[0], rows))


def _with_columns(step: WithColumns, below: list[frozenset[str]]) -> frozenset[str]:
    return (below[0] - {output_name(e) for e in step.exprs}) | _computed(step, below)


def _joined(step: Join | AsofJoin, below: list[frozenset[str]]) -> frozenset[str]:
    left, right = below
    return left | right | {f"{name}{step.suffix}" for name in right}


def _united(_: Plan, below: list[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*below)


def _unpivoted(step: Unpivot, below: list[frozenset[str]]) -> frozenset[str]:
    return below[0] | ({step.value_name} if below[0] & set(step.on) else set())


def _pivoted(step: Pivot, below: list[frozenset[str]]) -> frozenset[str]:
    return (below[0] & set(step.index)) | (set(schema_of(step)) - set(step.index))


def _unknown(step: Plan, _: list[frozenset[str]]) -> frozenset[str]:
    """Whatever a text or a user's function computes."""
    return frozenset(schema_of(step))


_STEPS: Mapping[type[Plan], Callable[[Any, list[frozenset[str]]], frozenset[str]]] = {
    Select: _computed,
    Aggregate: _computed,
    DynamicAggregate: _computed,
    RollingAggregate: _computed,
    WithColumns: _with_columns,
    Join: _joined,
    AsofJoin: _joined,
    Union: _united,
    HorizontalUnion: _united,
    Unpivot: _unpivoted,
    Pivot: _pivoted,
    MapBatches: _unknown,
    Sql: _unknown,
}
