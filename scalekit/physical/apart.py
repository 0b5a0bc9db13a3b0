"""What has to see whole columns: one task is given these columns and no others, and its answer goes back by place.

::

    WITH_COLUMNS ewm_mean(x)      becomes  JOIN place = place (T, SELECT place, ewm_mean(x) <- GATHER place, x)
"""

from __future__ import annotations

from scalekit.expr.analysis import columns_read, output_name
from scalekit.expr.function import FUNCTIONS, Kind, resizes
from scalekit.expr.node import Alias, Call, Column, ExprNode
from scalekit.kernels.schema import schema_of
from scalekit.physical.lookup import Table, looked_up
from scalekit.physical.lowering import Lower, goes_by_row, leaf, mapped
from scalekit.physical.nodes import Gather, Physical
from scalekit.physical.places import PLACE, with_place
from scalekit.plan.nodes import Plan, Select, WithColumns

_VALUE = "__scalekit_value_"
_PLACE = f"{PLACE}_apart"


def is_apart(plan: WithColumns) -> bool:
    """Whether all expressions are functions of whole columns that give a value for each row."""
    return all(map(_keeps_rows, plan.exprs))


def _keeps_rows(expr: ExprNode) -> bool:
    call = expr.arg if isinstance(expr, Alias) else expr
    if not isinstance(call, Call) or not all(map(goes_by_row, call.args[:1])):
        return False
    spec = FUNCTIONS[call.function]
    return spec.kind is Kind.WINDOW and not resizes(call) and not spec.user_function


def lower_apart(plan: WithColumns, lower: Lower, *, ordered: bool) -> Physical:
    """Functions of whole columns."""
    placed = plan.input if PLACE in schema_of(plan.input) else with_place(plan.input)
    below = lower(placed, ordered=True)
    needed, computed = _computed(plan, placed)
    answers = mapped(Gather(mapped(below, needed)), computed)
    names = [output_name(e) for e in plan.exprs]
    made = {name: Alias(Column(_value(at)), name) for at, name in enumerate(names)}
    columns = tuple(made.get(name, Column(name)) for name in schema_of(plan))
    rows = Table(placed, below, (Column(PLACE),))
    found = Table(computed, answers, (Column(_PLACE),))
    return looked_up(rows, found, columns, ordered=ordered)


def _computed(plan: WithColumns, placed: Plan) -> tuple[Plan, Plan]:
    """The columns that the functions read, beside the places of rows; and what the functions make of them."""
    read = frozenset[str]().union(*map(columns_read, plan.exprs)) - {PLACE}
    needed = Select(leaf(placed), (Alias(Column(PLACE), _PLACE), *map(Column, sorted(read))))
    values = (Alias(e, _value(at)) for at, e in enumerate(plan.exprs))
    return needed, Select(leaf(needed), (Column(_PLACE), *values))


def _value(at: int) -> str:
    return f"{_VALUE}{at}"
