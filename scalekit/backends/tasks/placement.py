"""Where rows are: what was exchanged once by a key is not exchanged again by it, above joins and groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

from scalekit.backends.tasks.parts import Feed, Pending, Placement
from scalekit.expr.analysis import is_elementwise, output_name
from scalekit.expr.node import Alias, Column, ExprNode
from scalekit.kernels.schema import dtype_of, schema_of
from scalekit.plan.nodes import (
    Aggregate,
    AsofJoin,
    Distinct,
    Filter,
    Input,
    Join,
    Numbered,
    Plan,
    RowIndex,
    Select,
    Sort,
    WithColumns,
)
from scalekit.tree import map_children

Origin = tuple[int, ExprNode]
"""An input of a fragment, and an expression over its columns."""


def placed(pending: Pending, placement: Placement | None) -> Pending:
    """A stored table of which is known how its rows came to their parts."""
    (feed,) = pending.feeds
    return replace(pending, feeds=(replace(feed, placed=placement),))


def is_placed(pending: Pending, keys: Sequence[ExprNode]) -> bool:
    """Whether rows of equal ``keys`` are in one part as it is."""
    return any(p.nulls != "stay" for p, _ in placements(pending, keys))


def placements(
    pending: Pending, keys: Sequence[ExprNode]
) -> list[tuple[Placement, tuple[int, ...]]]:
    """How rows were placed by some of ``keys``, and by which of them."""
    origins = [origins_of(pending.fragment, key) for key in keys]
    found = []
    for number, feed in enumerate(pending.feeds):
        if feed.placed is not None and not feed.shared:
            places = [_place((number, key), origins) for key in feed.placed.keys]
            known = tuple(place for place in places if place is not None)
            if len(known) == len(places):
                found.append((feed.placed, known))
    return found


def _place(origin: Origin, origins: Sequence[Sequence[Origin]]) -> int | None:
    return next((n for n, known in enumerate(origins) if origin in known), None)


def carried(pending: Pending) -> Placement | None:
    """How the rows that ``pending`` gives will be placed, by its own columns."""
    if not any(_is_placed_feed(feed) for feed in pending.feeds):
        return None
    columns = [Column(name) for name in schema_of(pending.fragment)]
    for placement, places in placements(pending, columns):
        return replace(placement, keys=tuple(columns[place] for place in places))
    return None


def _is_placed_feed(feed: Feed) -> bool:
    return feed.placed is not None and not feed.shared


def origins_of(fragment: Plan, expr: ExprNode) -> list[Origin]:
    """Expressions over the inputs of a fragment that have the values which ``expr`` has over its rows."""
    if isinstance(expr, Alias):
        return origins_of(fragment, expr.arg)
    if isinstance(expr, Column):
        return _column_origins(fragment, expr.name)
    if not is_elementwise(expr):
        return []
    operands: list[list[Origin]] = []
    map_children(expr, lambda e: operands.append(origins_of(fragment, e)) or e)  # type: ignore[func-returns-value]
    made = []
    for chosen in product(*operands):
        if len({index for index, _ in chosen}) == 1:
            values = iter([value for _, value in chosen])
            made.append((chosen[0][0], map_children(expr, lambda _, v=values: next(v))))  # type: ignore[misc]
    return made


def _column_origins(plan: Plan, name: str) -> list[Origin]:
    match plan:
        case Input(index):
            return [(index, Column(name))]
        case Select(exprs=exprs) | WithColumns(exprs=exprs) | Aggregate(keys=exprs):
            made = next((e for e in exprs if output_name(e) == name), None)
            if made is not None:
                return origins_of(plan.input, made)
            return _column_origins(plan.input, name) if isinstance(plan, WithColumns) else []
        case Filter() | Sort() | Distinct():
            return _column_origins(plan.input, name)
        case Numbered() | RowIndex():
            return [] if name == plan.name else _column_origins(plan.input, name)
        case AsofJoin() if name in schema_of(plan.left):
            return _column_origins(plan.left, name)
        case Join():
            return _join_origins(plan, name)
    return []


def _join_origins(plan: Join, name: str) -> list[Origin]:
    """Unmatched rows have null in the columns of the other side; where all are matched, keys are equal."""
    lefts, rights = schema_of(plan.left), schema_of(plan.right)
    if name not in lefts:
        return _column_origins(plan.right, name) if plan.how == "inner" and name in rights else []
    if plan.how not in ("inner", "left", "semi", "anti"):
        return []
    found = _column_origins(plan.left, name)
    if plan.how == "inner":
        for a, b in zip(plan.left_on, plan.right_on, strict=True):
            if a == Column(name) and dtype_of(b, rights) == lefts[name]:
                found = [*found, *origins_of(plan.right, b)]
    return found
