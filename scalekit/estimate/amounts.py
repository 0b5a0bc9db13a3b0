"""How much work of each kind one node of a plan is, whoever does it: rows, values and bytes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import polars as pl

from scalekit.expr.analysis import columns_read
from scalekit.expr.analysis import nodes as within
from scalekit.expr.node import Call, Case, Cast, Column, ExprNode, Over
from scalekit.kernels.schema import schema_of
from scalekit.plan.nodes import (
    Aggregate,
    AsofJoin,
    Distinct,
    DynamicAggregate,
    Filter,
    Join,
    Limit,
    MapBatches,
    Plan,
    RollingAggregate,
    Scan,
    Select,
    Sort,
    Union,
    WithColumns,
)
from scalekit.tree import children, memo, walk

Amount: TypeAlias = tuple[str, float]
"""A kind of work, as in ``EngineCosts``, and how much of it."""

TOP = 1 / 16
"""The share of rows up to which a limit above a sort is a search for the first ones, not a sort."""


@dataclass(frozen=True)
class Size:
    """Rows and bytes that a node gives, about."""

    rows: float
    bytes: float


@dataclass(frozen=True)
class Context:
    """What the amounts of a node depend on besides the node."""

    sizes: Mapping[Plan, Size]
    filters: Mapping[Plan, Filter]
    """The filter right above a scan, which readers apply while they decode."""
    tops: frozenset[Plan]
    """Sorts of which few rows are wanted."""

    def below(self, node: Plan) -> list[Size]:
        """Of the inputs."""
        return [self.sizes[child] for child in children(node)]


def context_of(plan: Plan, sizes: Mapping[Plan, Size]) -> Context:
    """What :func:`amounts_of` has to know of the plan as a whole."""
    filters: dict[Plan, Filter] = {}
    readers: Counter[Plan] = Counter()
    tops = set()
    for node in walk(plan):
        readers.update(children(node))
        if isinstance(node, Filter) and isinstance(node.input, Scan):
            filters[node.input] = node
        if isinstance(node, Limit) and isinstance(node.input, Sort) and _is_top(node, sizes):
            tops.add(node.input)
    alone = {scan: one for scan, one in filters.items() if readers[scan] == 1}
    return Context(sizes, alone, frozenset(tops))


def _is_top(node: Limit, sizes: Mapping[Plan, Size]) -> bool:
    """Whether few of the rows below are wanted, from the first one on."""
    if node.length is None or node.offset < 0:
        return False
    return node.offset + node.length <= TOP * sizes[node.input].rows


def amounts_of(node: Plan, known: Context) -> Iterator[Amount]:
    """The work of one node, that of its inputs left out."""
    yield "node", 1
    yield from _AMOUNTS.get(type(node), _moved)(node, known)


def _scan(node: Scan, known: Context) -> Iterator[Amount]:
    source, size = node.source, known.sizes[node]
    form = source.form
    if form == "frame":
        yield "frame_byte", size.bytes
        return
    yield "convert_byte", size.bytes
    if form in _PER_FILE_BYTE:
        stored = sum(piece.file.size or 0 for piece in source.pieces)
        yield _PER_FILE_BYTE[form], stored or source.statistics().bytes or size.bytes
        yield "csv_value", size.rows * len(schema_of(node))
        return
    yield from _decoded(node, known)


_PER_FILE_BYTE = {"csv": "csv_byte", "ndjson": "ndjson_byte"}


def _decoded(node: Scan, known: Context) -> Iterator[Amount]:
    """Columns of a format that is read column by column, of which a filter reads its own ones first."""
    size, above = known.sizes[node], known.filters.get(node)
    wanted = columns_read(above.predicate) if above else frozenset()
    share = known.sizes[above].rows / max(1.0, size.rows) if above else 1.0
    sizes = dict(node.source.statistics().column_bytes)
    whole = node.source.statistics().rows or size.rows
    for name, dtype in schema_of(node).items():
        kind, amount = "value", size.rows
        if dtype in _LONG:
            kind = "text"
            amount = sizes.get(name, 24 * whole) * size.rows / max(1, whole)
        kept = amount if name in wanted else amount * min(1.0, share)
        yield f"parquet_{kind}", kept
        yield f"skipped_{kind}", amount - kept


_LONG = (pl.String, pl.Binary, pl.List, pl.Struct, pl.Array)


def _rows_of(exprs: Iterable[ExprNode], rows: float) -> Iterator[Amount]:
    """What expressions are for so many rows."""
    for expr in exprs:
        for kind, times in memo(expr, "_amounts", lambda e=expr: _calls(e)):  # type: ignore[misc]
            yield kind, times * rows


def _calls(expr: ExprNode) -> tuple[tuple[str, int], ...]:
    found: Counter[str] = Counter()
    for one in within(expr):
        match one:
            case Call(function):
                found["text" if function.startswith("str.") else "arithmetic"] += 1
            case Case() | Cast():
                found["arithmetic"] += 1
            case Over():
                found["window_row"] += 1
    return tuple(found.items())


def _exprs(node: Select | WithColumns, known: Context) -> Iterator[Amount]:
    return _rows_of(node.exprs, known.sizes[node.input].rows)


def _filter(node: Filter, known: Context) -> Iterator[Amount]:
    yield from _rows_of((node.predicate,), known.sizes[node.input].rows)
    yield "copied_byte", known.sizes[node].bytes


def _aggregate(node: Any, known: Context) -> Iterator[Amount]:
    rows, groups = known.sizes[node.input].rows, known.sizes[node].rows
    yield from _rows_of((*node.keys, *node.aggs), rows)
    if node.keys:
        yield from _keyed(node.keys, schema_of(node.input), rows)
        yield "group_row", rows
        yield "group_new", groups


def _by_time(node: DynamicAggregate | RollingAggregate, known: Context) -> Iterator[Amount]:
    yield from _aggregate(node, known)
    yield "window_row", known.sizes[node.input].rows


def _keyed(
    keys: Sequence[ExprNode], schema: Mapping[str, pl.DataType], rows: float
) -> Iterator[Amount]:
    texts = [key for key in keys if isinstance(key, Column) and schema.get(key.name) == pl.String]
    yield "key_text", rows * len(texts)


def _distinct(node: Distinct, known: Context) -> Iterator[Amount]:
    schema, rows = schema_of(node.input), known.sizes[node.input].rows
    keys = [Column(name) for name in (schema if node.subset is None else node.subset)]
    yield from _keyed(keys, schema, rows)
    yield "group_row", rows
    yield "group_new", known.sizes[node].rows
    yield "copied_byte", known.sizes[node].bytes


def _join(node: Join, known: Context) -> Iterator[Amount]:
    left, right = (known.sizes[side].rows for side in (node.left, node.right))
    yield "join_build", min(left, right)
    yield "join_probe", max(left, right)
    yield from _keyed(node.left_on, schema_of(node.left), left + right)
    yield "copied_byte", known.sizes[node].bytes


def _asof(node: AsofJoin, known: Context) -> Iterator[Amount]:
    left, right = (known.sizes[side].rows for side in (node.left, node.right))
    yield "join_build", right
    yield "join_probe", left
    yield "copied_byte", known.sizes[node].bytes


def _sort(node: Sort, known: Context) -> Iterator[Amount]:
    rows = known.sizes[node.input].rows
    yield from _rows_of([key.arg for key in node.by], rows)
    compared = rows * math.log2(max(2.0, rows))
    if node in known.tops:
        yield "top_row", compared
        return
    yield "sort_row", compared
    yield from _keyed([key.arg for key in node.by], schema_of(node.input), rows)
    yield "copied_byte", known.sizes[node].bytes


def _function(node: MapBatches, known: Context) -> Iterator[Amount]:
    """Nobody knows what a user's function takes; it is the same for all but for the rows it needs at once."""
    yield "copied_byte", known.sizes[node.input].bytes + known.sizes[node].bytes


def _moved(node: Plan, known: Context) -> Iterator[Amount]:
    yield "copied_byte", known.sizes[node].bytes


def _nothing(_node: Plan, _known: Context) -> Iterator[Amount]:
    return iter(())


_AMOUNTS: Mapping[type[Plan], Callable[[Any, Context], Iterator[Amount]]] = {
    Scan: _scan,
    Select: _exprs,
    WithColumns: _exprs,
    Filter: _filter,
    Aggregate: _aggregate,
    DynamicAggregate: _by_time,
    RollingAggregate: _by_time,
    Distinct: _distinct,
    Join: _join,
    AsofJoin: _asof,
    Sort: _sort,
    MapBatches: _function,
    Limit: _nothing,
    Union: _nothing,
}
"""What is not here copies its rows."""
