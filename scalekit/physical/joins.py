"""Joins over partitions: rows of equal keys meet, or one side goes to every part of the other.

::

    JOIN left on k, order of the left   becomes   MAP    sort by the places of both sides
                                                  EXCHANGE by ranges of the places
                                                  JOIN PARTITIONS on k
                                                    MAP    left rows, each with its place
                                                    MAP    right rows, each with its place
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from scalekit.estimate import estimate
from scalekit.expr.analysis import columns_read, is_elementwise
from scalekit.expr.expr import Expr
from scalekit.expr.node import Alias, Cast, Column, ExprNode, SortKey
from scalekit.kernels.schema import dtype_of, schema_of
from scalekit.physical.lowering import Lower, leaf, mapped
from scalekit.physical.nodes import JoinPartitions, Physical, RangeExchange, Reduction
from scalekit.physical.places import PLACE
from scalekit.physical.whole import lower_whole
from scalekit.plan.nodes import (
    Among,
    AsofJoin,
    Distinct,
    Filter,
    Join,
    Limit,
    Numbered,
    Plan,
    Scan,
    Select,
    Sort,
    Union,
)
from scalekit.tree import has_memo, memo, walk

_PLACE_RIGHT = f"{PLACE}_of_right"
_KEY = "__scalekit_key_"

Keys = tuple[tuple[ExprNode, ...], tuple[ExprNode, ...]]
Order = tuple[SortKey, ...]


def lower_join(plan: Join, lower: Lower, *, ordered: bool) -> Physical:
    """Bring rows of equal keys together; how, is decided by true sizes while the join runs."""
    if not all(map(_runs_beside_its_row, (*plan.left_on, *plan.right_on))):
        return lower_whole(plan, lower, ordered=ordered)
    if ordered and plan.maintain_order != "none":
        return _in_order(plan, lower)
    return _met(replace(plan, maintain_order="none"), lower)


def lower_asof_join(plan: AsofJoin, lower: Lower, *, ordered: bool) -> Physical:
    """Rows of equal ``by`` columns meet; without any, the right side goes everywhere or ranges of the key meet."""
    if not all(map(_runs_beside_its_row, (plan.left_on, plan.right_on))):
        return lower_whole(plan, lower, ordered=ordered)
    if not ordered:
        return _near(plan, lower)
    by = (SortKey(Column(PLACE)),)
    placed = replace(plan, left=Numbered(plan.left, PLACE, "place"))
    sorted_back = Select(Sort(leaf(placed), by), tuple(map(Column, schema_of(plan))))
    return mapped(RangeExchange(_near(placed, lower, in_order=(by, ())), by), sorted_back)


def _near(plan: AsofJoin, lower: Lower, in_order: tuple[Order, Order] = ((), ())) -> JoinPartitions:
    by = tuple(map(Column, plan.by_left)), tuple(map(Column, plan.by_right))
    nested = any(schema_of(plan.left)[name].is_nested() for name in plan.by_left)
    return JoinPartitions(
        lower(plan.left, ordered=False),
        lower(plan.right, ordered=True),  # of several right rows equally near the order decides
        *by,
        replace(plan, left=leaf(plan.left), right=leaf(plan.right, 1)),
        (False, True),
        _bytes_of(plan.left),
        _bytes_of(plan.right),
        ("meet", "meet") if nested else ("stay", "drop"),
        in_order,
        () if plan.by_left else _ranges(plan),
        None if plan.by_left else _edges(plan),
    )


def _ranges(plan: AsofJoin) -> Order:
    (left,), (right,) = _compared(plan, ((plan.left_on,), (plan.right_on,)))
    return SortKey(left), SortKey(right)


def _edges(plan: AsofJoin) -> Plan:
    """What rows of other ranges may find in a right part: its last row, or its first one, or both.

    Of the rows with its first key, ``"nearest"`` takes the last one.
    """
    key = Expr(plan.right_on)
    rows = Sort(Filter(leaf(plan.right), key.is_not_null()._node), (SortKey(plan.right_on),))
    first, last = Limit(rows, 0, 1), Limit(rows, -1, 1)
    if plan.strategy != "nearest":
        return first if plan.strategy == "forward" else last
    at_first = Filter(rows, (key == key.min())._node)
    return Union((Limit(at_first, -1, 1), last))


def _met(plan: Join, lower: Lower, in_order: tuple[Order, Order] = ((), ())) -> JoinPartitions:
    left_on, right_on = _compared(plan, (plan.left_on, plan.right_on))
    return JoinPartitions(
        lower(plan.left, ordered=False),
        lower(plan.right, ordered=False),
        left_on,
        right_on,
        replace(plan, left=leaf(plan.left), right=leaf(plan.right, 1)),
        _may_broadcast(plan),
        _bytes_of(plan.left),
        _bytes_of(plan.right),
        _nulls(plan, (left_on, right_on)),
        in_order,
        reductions=_reductions(plan, (left_on, right_on)),
        selects=(_has_selected(plan.left), _has_selected(plan.right)),
    )


def sieved(plan: Join, small: int) -> Plan:
    """The join of a fragment without what matches nothing, which one integer tells at a fraction of the cost.

    Parameters
    ----------
    plan
        The join, of which side ``small`` is a small table.
    """
    if (plan.how, small) not in _SIEVED or plan.nulls_equal or plan.validate != "m:m":
        return plan
    sides, on = [plan.left, plan.right], (plan.left_on, plan.right_on)
    types = [
        [dtype_of(key, schema_of(side)) for key in keys]
        for side, keys in zip(sides, on, strict=True)
    ]
    whole = [n for n, (a, b) in enumerate(zip(*types, strict=True)) if a == b and a in _INTEGERS]
    if not whole:
        return plan
    key, keys = on[1 - small][whole[0]], on[small][whole[0]]
    found = Among(sides[1 - small], sides[small], key, keys)
    if plan.how == "semi" and len(plan.left_on) == 1:
        return found
    sides[1 - small] = found
    return replace(plan, left=sides[0], right=sides[1])


_SIEVED = {("inner", 0), ("inner", 1), ("semi", 1)}
"""Joins, and the sides of them which are small, that drop the rows of the other side which match nothing."""

_INTEGERS = {pl.Int16, pl.Int32, pl.Int64, pl.UInt16, pl.UInt32, pl.UInt64}


def _runs_beside_its_row(key: ExprNode) -> bool:
    return is_elementwise(key) and bool(columns_read(key))


def _may_broadcast(plan: Join) -> tuple[bool, bool]:
    """Which sides may go to every task: no row of theirs may be reported as unmatched by each of them.

    Nor may a side stay in parts whose keys are checked to be unique: a part does not see the others.
    """
    left_unique, right_unique = plan.validate[0] == "1", plan.validate[2] == "1"
    return (
        plan.how in ("inner", "right", "cross") and not right_unique,
        plan.how in ("inner", "left", "semi", "anti", "cross") and not left_unique,
    )


def _nulls(plan: Join, keys: Keys) -> tuple[str, str]:
    """Where rows with a null key go, which match nothing: they need not pile up in one part."""
    types = [dtype_of(key, schema_of(plan.left)) for key in keys[0]]
    if plan.nulls_equal or plan.validate != "m:m" or any(dtype.is_nested() for dtype in types):
        return "meet", "meet"
    return (
        "stay" if plan.how in ("left", "full", "anti") else "drop",
        "stay" if plan.how in ("right", "full") else "drop",
    )


def _reductions(plan: Join, keys: Keys) -> tuple[Reduction | None, Reduction | None]:
    """A side whose unmatched rows are dropped may lose them before it moves, unless keys are checked."""
    types = [dtype_of(key, schema_of(plan.left)) for key in keys[0]]
    if plan.validate != "m:m" or any(dtype.is_nested() for dtype in types):
        return None, None
    return (
        _reduction(plan, keys, 0) if plan.how == "right" else None,
        _reduction(plan, keys, 1) if plan.how in ("left", "semi", "anti") else None,
    )


def _reduction(plan: Join, keys: Keys, side: int) -> Reduction:
    own, other = (plan.left, plan.right)[side], (plan.left, plan.right)[1 - side]
    named = tuple(Alias(key, f"{_KEY}{n}") for n, key in enumerate(keys[1 - side]))
    wanted = Distinct(Select(leaf(other), named), None, "any", maintain_order=True)
    matching = Join(
        leaf(own),
        leaf(wanted, 1),
        keys[side],
        tuple(Column(key.name) for key in named),
        how="semi",
        nulls_equal=plan.nulls_equal,
        only_key_is_float=plan.only_key_is_float,
    )
    return Reduction(wanted, matching, _has_selected(other))


def _has_selected(plan: Plan) -> bool:
    """Whether rows were left out of a table, as a rule."""
    return any(map(_selects, walk(plan)))


def _selects(plan: Plan) -> bool:
    if isinstance(plan, Join):
        return plan.how in ("inner", "semi", "anti")
    return isinstance(plan, Filter | Limit) or (isinstance(plan, Scan) and plan.limit is not None)


def _compared(plan: Join | AsofJoin, keys: Keys) -> Keys:
    """The keys in the types in which they are compared: an Int32 and an Int64 would hash apart."""
    lefts, rights = schema_of(plan.left), schema_of(plan.right)
    pairs = []
    for a, b in zip(*keys, strict=True):
        types = dtype_of(a, lefts), dtype_of(b, rights)
        common = _common(*types)
        pairs.append(
            tuple(e if t == common else Cast(e, common) for e, t in zip((a, b), types, strict=True))
        )
    return tuple(a for a, _ in pairs), tuple(b for _, b in pairs)


def _common(one: pl.DataType, two: pl.DataType) -> pl.DataType:
    if one == two:
        return one
    tables = [pl.LazyFrame(schema={"key": dtype}) for dtype in (one, two)]
    return pl.concat(tables, how="vertical_relaxed").collect_schema()["key"]


def _in_order(plan: Join, lower: Lower) -> Physical:
    """Rows carry their places on both sides through the join, which bring back the order that was asked for."""
    left, right = Numbered(plan.left, PLACE, "place"), Numbered(plan.right, _PLACE_RIGHT, "place")
    has_right = plan.how not in ("semi", "anti")
    names = [PLACE, *([_PLACE_RIGHT] if has_right else [])]
    by = tuple(SortKey(Column(name), nulls_last=True) for name in names)
    by = by if plan.maintain_order == "left_right" else by[::-1]
    leads = 1 if by[0].arg == Column(_PLACE_RIGHT) else 0
    placed = replace(
        plan, left=left, right=right if has_right else plan.right, maintain_order="none"
    )
    # Where the side that leads stays in its parts, they are in this order already.
    joined = _met(placed, lower, ((), by) if leads else (by, ()))
    ordered = Select(Sort(leaf(placed), by), tuple(map(Column, schema_of(plan))))
    return mapped(RangeExchange(joined, by), ordered)


def _bytes_of(plan: Plan) -> int | None:
    """A guess of a table's size, found once for all tables below."""
    if not has_memo(plan, "_bytes_guess"):
        for node, found in estimate(plan).items():
            size = None if found.bytes is None else int(found.bytes.guess)
            memo(node, "_bytes_guess", lambda size=size: size)  # type: ignore[misc]
    return memo(plan, "_bytes_guess", lambda: None)
