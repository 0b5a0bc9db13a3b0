"""Expressions that mix levels, taken apart: what needs other rows becomes a column first, the rest goes row by row.

::

    WITH_COLUMNS x - mean(x)          becomes  WITH_COLUMNS x - m <- WITH_COLUMNS m = mean(x)
    FILTER x > sum(x) over k          becomes  FILTER x > s <- WITH_COLUMNS s = sum(x) over k
    AGGREGATE sum(abs(x - mean(x)))   becomes  AGGREGATE sum(abs(x - m)) <- WITH_COLUMNS m = mean(x)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

import polars as pl

from scalekit.expr.analysis import columns_read, output_name
from scalekit.expr.decompose import meaning, reach
from scalekit.expr.function import FUNCTIONS, Kind, resizes
from scalekit.expr.node import Alias, Call, Cast, Column, ExprNode, Over, SortKey
from scalekit.kernels.bind import bind
from scalekit.kernels.schema import dtype_of, schema_of
from scalekit.physical.lowering import goes_by_row, row_by_row
from scalekit.plan.nodes import Plan, WithColumns
from scalekit.tree import children, map_children

_LEVEL = "__scalekit_level_"


@dataclass(frozen=True)
class Staged:
    """A table with further columns, and expressions over it that give what was asked for."""

    plan: Plan
    exprs: tuple[ExprNode, ...]


def staged(plan: Plan, exprs: Sequence[ExprNode]) -> Staged | None:
    """Compute what needs other rows as columns, in as many steps as it takes, until all goes row by row.

    Returns
    -------
    Staged or None
        None where an expression changes the number of rows, or calls a user's function.
    """
    while not row_by_row(exprs):
        if not all(map(_keeps_rows, exprs)):
            return None
        lifted = _Lifted(schema_of(plan))
        exprs = tuple(_named(lifted.lift(e), output_name(e)) for e in exprs)
        if not lifted.found or not lifted.fits_into_rows():
            return None
        plan = _with_steps(plan, lifted.found)
    return Staged(plan, tuple(exprs))


def staged_operands(plan: Plan, exprs: Sequence[ExprNode]) -> Staged:
    """The same for aggregates, of which only the operands are to go row by row, as far as they can."""
    while True:
        lifted = _Lifted(schema_of(plan))
        new = tuple(_named(lifted.lift_operands(e), output_name(e)) for e in exprs)
        if not lifted.found or not lifted.fits_into_rows():
            return Staged(plan, tuple(exprs))
        plan, exprs = _with_steps(plan, lifted.found), new


def _named(expr: ExprNode, name: str) -> ExprNode:
    return expr if output_name(expr) == name else Alias(expr, name)


def _with_steps(plan: Plan, found: dict[ExprNode, Column]) -> Plan:
    for step in _steps(list(found)):
        plan = WithColumns(plan, tuple(Alias(unit, found[unit].name) for unit in step))
    return plan


def _steps(units: Sequence[ExprNode]) -> Iterator[list[ExprNode]]:
    """Units that are computed together: all aggregates, what is over the same keys, what goes along the rows."""
    overs: dict[object, list[ExprNode]] = {}
    for unit in units:
        overs.setdefault(_together(unit), []).append(unit)
    yield from overs.values()


def _together(unit: ExprNode) -> object:
    if isinstance(unit, Over):
        return frozenset(unit.partition_by), () if unit.partition_by else unit.order_by
    assert isinstance(unit, Call)
    return FUNCTIONS[unit.function].kind, reach(unit) is None


def _keeps_rows(expr: ExprNode) -> bool:
    """Whether an expression gives a value for each row, or one for all."""
    if goes_by_row(expr):
        return True
    match expr:
        case Over():
            return expr.mapping_strategy != "explode"
        case Call(function, args):
            spec = FUNCTIONS[function]
            if spec.kind is Kind.AGGREGATE:
                return not spec.user_function
            if resizes(expr) or (spec.user_function and spec.kind is Kind.WINDOW):
                return False
            if spec.scope and not all(map(goes_by_row, args[1:])):
                return (
                    False  # it aggregates what only its own operands see, as the fields of a struct
                )
    return all(map(_keeps_rows, children(expr)))


@dataclass
class _Lifted:
    """The lowest parts of expressions that need other rows, each of which reads columns only, as columns."""

    schema: pl.Schema
    found: dict[ExprNode, Column] = field(default_factory=dict)

    def lift(self, expr: ExprNode) -> ExprNode:
        """An expression with columns in the place of its lowest parts that need other rows."""
        if goes_by_row(expr):
            return expr
        match expr:
            case Over():
                below = self._keys(expr)
                return self._column(expr) if below is expr else below
            case Call(function) if FUNCTIONS[function].kind is Kind.AGGREGATE:
                below = self.lift_operands(expr)
                return self._column(expr) if below is expr else below
            case Call(function) if FUNCTIONS[function].kind is Kind.WINDOW:
                return self._window(expr)
        return map_children(expr, self.lift)

    def lift_operands(self, expr: ExprNode) -> ExprNode:
        """An expression with lifted operands of its aggregates."""
        match expr:
            case Over():
                return expr
            case Call(function) if FUNCTIONS[function].kind is Kind.AGGREGATE:
                return map_children(expr, self._operand)
            case Call(function) if FUNCTIONS[function].kind is Kind.WINDOW:
                return expr
        return map_children(expr, self.lift_operands)

    def fits_into_rows(self) -> bool:
        """Whether the columns may stand beside every row: a list of all values would do so again and again."""
        return not any(
            isinstance(unit, Call)
            and FUNCTIONS[unit.function].kind is Kind.AGGREGATE
            and dtype_of(unit, self.schema).is_nested()
            for unit in self.found
        )

    def _operand(self, expr: ExprNode) -> ExprNode:
        """What is aggregated: beside what has another number of rows nothing may become a column."""
        if _keeps_rows(expr):
            return self.lift(expr)
        if isinstance(expr, Call) and FUNCTIONS[expr.function].selects_rows:
            return map_children(expr, self._operand)
        if len([e for e in children(expr) if columns_read(e)]) == 1 and _is_plain(expr):
            return map_children(expr, self._operand)
        return expr

    def _keys(self, expr: Over) -> ExprNode:
        keys = tuple(map(self.lift, expr.partition_by))
        order = tuple(map_children(key, self.lift) for key in expr.order_by)
        if _all_same(keys, expr.partition_by) and _all_same(order, expr.order_by):
            return expr
        return replace(expr, partition_by=keys, order_by=order)

    def _window(self, expr: Call) -> ExprNode:
        known = meaning(expr)
        if known is not None:
            (bound,) = bind((known,), self.schema)
            return self.lift(bound)
        first, *rest = expr.args
        below = self.lift(first)
        if below is not first:
            return replace(expr, args=(below, *rest))
        return self._column(expr)

    def _column(self, unit: ExprNode) -> ExprNode:
        return self.found.setdefault(unit, Column(self._free_name()))

    def _free_name(self) -> str:
        taken = {*self.schema, *(column.name for column in self.found.values())}
        return next(name for name in map(f"{_LEVEL}{{}}".format, count()) if name not in taken)


def _is_plain(expr: ExprNode) -> bool:
    """Whether a node itself treats its operands row by row, whatever they are."""
    if isinstance(expr, Call):
        spec = FUNCTIONS[expr.function]
        return spec.kind is Kind.ELEMENTWISE and spec.scope is None and not spec.user_function
    return isinstance(expr, Cast | Alias)


def _all_same(new: Iterable[ExprNode | SortKey], old: Iterable[ExprNode | SortKey]) -> bool:
    return all(a is b for a, b in zip(new, old, strict=True))
