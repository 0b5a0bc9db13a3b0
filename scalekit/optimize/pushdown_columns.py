"""Read only the columns that something above needs, and compute only those.

::

    SELECT a <- WITH_COLUMNS b = x + 1 <- SCAN (a, x, z)     becomes  SELECT a <- SCAN columns: a
    AGGREGATE by k: sum(x) <- JOIN (L, R)                    becomes  the same over SCANs of k and x alone
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from scalekit.expr.analysis import columns_read, is_elementwise, is_scalar, output_name
from scalekit.expr.node import Column, ExprNode
from scalekit.kernels.schema import schema_of
from scalekit.plan.nodes import (
    Aggregate,
    AsofJoin,
    Distinct,
    Explode,
    Filter,
    Join,
    Limit,
    Plan,
    RowIndex,
    Sample,
    Scan,
    Select,
    Sort,
    Union,
    WithColumns,
)
from scalekit.tree import children, map_children, updated, walk

Names = frozenset[str]


def pushdown_columns(plan: Plan) -> Plan:
    """Prune every column that no step above reads."""
    return _pruned(plan, narrows=())


def narrow_moves(plan: Plan) -> Plan:
    """Drop the columns that only filters below read, wherever rows move between tasks of a cluster.

    ::

        JOIN (FILTER s = 'x' <- SCAN (k, v, s), R)   becomes   JOIN (SELECT k, v <- FILTER <- SCAN, R)

    Not among the rules of ``optimize``: Polars does so itself within a query.
    """
    return _pruned(plan, narrows=(Join, AsofJoin, Sort))


def _pruned(plan: Plan, narrows: tuple[type[Plan], ...]) -> Plan:
    order = list(walk(plan))
    needed: dict[Plan, Names] = {plan: frozenset(schema_of(plan))}
    pruned: dict[Plan, Plan] = {}
    for node in reversed(order):
        wanted = needed.get(node, frozenset())
        pruned[node] = _PRUNES.get(type(node), _keep)(node, wanted)
        for child, names in zip(children(node), _needs(pruned[node], wanted), strict=True):
            needed[child] = needed.get(child, frozenset()) | names
    return _rebuild(order, pruned, needed, narrows)


def _rebuild(
    order: Iterable[Plan],
    pruned: Mapping[Plan, Plan],
    needed: Mapping[Plan, Names],
    narrows: tuple[type[Plan], ...],
) -> Plan:
    done: dict[Plan, Plan] = {}
    for node in order:
        if isinstance(node, Union) and node.how == "vertical":
            columns = tuple(Column(c) for c in schema_of(node) if c in needed[node]) or _first(node)
            rebuilt: Plan = map_children(node, lambda c, cols=columns: _exactly(done[c], cols))  # type: ignore[misc]
        elif isinstance(node, narrows):
            needs: dict[Plan, Names] = {}
            for child, names in zip(
                children(node), _needs(pruned[node], needed[node]), strict=True
            ):
                needs[child] = needs.get(child, frozenset()) | names  # a table may meet itself
            rebuilt = map_children(pruned[node], lambda c, n=needs: _only(done[c], n[c]))  # type: ignore[misc]
        else:
            rebuilt = map_children(pruned[node], lambda c: done[c])
        if isinstance(rebuilt, WithColumns):
            rebuilt = _in_place(rebuilt, node, needed) if rebuilt.exprs else rebuilt.input
        done[node] = rebuilt
    return rebuilt


def _in_place(rebuilt: WithColumns, node: Plan, needed: Mapping[Plan, Names]) -> Plan:
    """Keep the order of columns where one is replaced whose old values nobody reads."""
    (below,) = children(node)
    replaced = {output_name(e) for e in rebuilt.exprs} & set(schema_of(below))
    if replaced <= needed[below]:
        return rebuilt
    return Select(rebuilt, tuple(Column(c) for c in schema_of(node) if c in needed[node]))


def _first(node: Plan) -> tuple[Column, ...]:
    return tuple(Column(c) for c in list(schema_of(node))[:1])


def _only(plan: Plan, wanted: Names) -> Plan:
    columns = tuple(Column(c) for c in schema_of(plan) if c in wanted)
    return _exactly(plan, columns) if columns else plan


def _exactly(plan: Plan, columns: tuple[Column, ...]) -> Plan:
    if list(schema_of(plan)) == [c.name for c in columns]:
        return plan
    return Select(plan, columns)


def _keep(node: Plan, _: Names) -> Plan:
    return node


def _prune_scan(node: Scan, wanted: Names) -> Plan:
    names = tuple(schema_of(node))
    columns = tuple(n for n in names if n in wanted) or names[:1]
    return node if columns == names else updated(node, columns=columns)


def _prune_select(node: Select, wanted: Names) -> Plan:
    keep = {output_name(e) for e in node.exprs} & wanted
    if not any(_has_all_rows(e) for e in node.exprs if output_name(e) in keep):
        # Scalars alone would give one row: some column must keep the number of rows.
        tall = [e for e in node.exprs if _has_all_rows(e)][:1]
        keep |= {output_name(e) for e in tall or node.exprs if not is_scalar(e)}
    kept = tuple(e for e in node.exprs if output_name(e) in keep)
    return updated(node, exprs=kept or node.exprs[:1])


def _prune_with_columns(node: WithColumns, wanted: Names) -> Plan:
    return updated(node, exprs=tuple(e for e in node.exprs if output_name(e) in wanted))


def _prune_aggregate(node: Aggregate, wanted: Names) -> Plan:
    kept = tuple(e for e in node.aggs if output_name(e) in wanted)
    return updated(node, aggs=kept or (() if node.keys else node.aggs[:1]))


def _has_all_rows(expr: ExprNode) -> bool:
    """Whether ``expr`` surely gives a value for each row of the table."""
    return bool(columns_read(expr)) and is_elementwise(expr)


_PRUNES: Mapping[type[Plan], Callable[[Any, Names], Plan]] = {
    Scan: _prune_scan,
    Select: _prune_select,
    WithColumns: _prune_with_columns,
    Aggregate: _prune_aggregate,
}


def _needs(node: Plan, wanted: Names) -> list[Names]:
    """For each child, the columns that ``node`` needs of it to give ``wanted``."""
    rule = _NEEDS.get(type(node))
    if rule is None:
        return [frozenset(schema_of(child)) for child in children(node)]
    return rule(node, wanted)


def _read(exprs: Iterable[ExprNode]) -> Names:
    return frozenset(name for e in exprs for name in columns_read(e))


def _needs_with_columns(node: WithColumns, wanted: Names) -> list[Names]:
    made = {output_name(e) for e in node.exprs}
    return [(wanted - made) | _read(node.exprs)]


def _needs_join(node: Join | AsofJoin, wanted: Names) -> list[Names]:
    left, right = map(schema_of, children(node))
    keys_left, keys_right = _join_keys(node)
    if isinstance(node, Join) and node.how in ("semi", "anti"):
        return [wanted | keys_left, keys_right]
    suffixed = {n for n in right if n + node.suffix in wanted and n in left}
    # A suffix is only added where both sides have the name: both must keep it.
    from_left = frozenset(n for n in left if n in wanted or n in suffixed) | keys_left
    from_right = frozenset(n for n in right if n in suffixed or (n in wanted)) | keys_right
    return [from_left, from_right]


def _join_keys(node: Join | AsofJoin) -> tuple[Names, Names]:
    if isinstance(node, Join):
        return _read(node.left_on), _read(node.right_on)
    lefts, rights = columns_read(node.left_on), columns_read(node.right_on)
    return lefts | set(node.by_left), rights | set(node.by_right)


def _needs_distinct(node: Distinct, wanted: Names) -> list[Names]:
    subset = schema_of(node) if node.subset is None else node.subset
    return [wanted | frozenset(subset)]


def _needs_union(node: Union, wanted: Names) -> list[Names]:
    if node.how != "vertical":
        return [frozenset(schema_of(child)) for child in node.inputs]
    kept = wanted & frozenset(schema_of(node)) or frozenset(c.name for c in _first(node))
    return [kept] * len(node.inputs)


_NEEDS: Mapping[type[Plan], Callable[[Any, Names], list[Names]]] = {
    Scan: lambda _, __: [],
    Select: lambda n, _: [_read(n.exprs)],
    WithColumns: _needs_with_columns,
    Filter: lambda n, w: [w | columns_read(n.predicate)],
    Aggregate: lambda n, _: [_read((*n.keys, *n.aggs))],
    Join: _needs_join,
    AsofJoin: _needs_join,
    Sort: lambda n, w: [w | _read(n.by)],
    Limit: lambda _, w: [w],
    Sample: lambda _, w: [w],
    Distinct: _needs_distinct,
    Explode: lambda n, w: [w | frozenset(n.columns)],
    RowIndex: lambda n, w: [w - {n.name}],
    Union: _needs_union,
}
