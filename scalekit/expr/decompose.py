"""How bound functions of many rows split over partitions, looked up in the function table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

from scalekit.expr.constants import thaw
from scalekit.expr.expr import Expr
from scalekit.expr.function import FUNCTIONS, Decomposition, Reach
from scalekit.expr.node import Arg, Call, ExprNode


def decomposition(call: Call, dtypes: tuple[pl.DataType, ...]) -> Decomposition | None:
    """Find the partial aggregates of a call, and the final one over their results.

    Parameters
    ----------
    call
        A bound aggregate.
    dtypes
        The types of its operands.

    Returns
    -------
    Decomposition or None
        Partials to bind to the rows of one partition, and a function of columns with their results, one
        row for each partition in the order of rows. What it gives is exact but for the last bits of
        floats, and still has to be cast to the type of ``call``. None where the rows have to stay together.
    """
    spec = FUNCTIONS[call.function]
    if spec.decompose is None or (spec.decomposes is not None and not spec.decomposes(dtypes)):
        return None
    found: Decomposition | None = _given(spec.decompose, call)
    return found


def reach(call: Call) -> Reach | None:
    """Which rows beside some of them a window function has to see; None where it needs all."""
    rule = FUNCTIONS[call.function].reach
    found: Reach | None = None if rule is None else _given(rule, call)
    return found


def meaning(call: Call) -> ExprNode | None:
    """The same by other functions, still to be bound; None where there is nothing to know."""
    rule = FUNCTIONS[call.function].means
    found: Expr | None = None if rule is None else _given(rule, call)
    return None if found is None else found._node


def options_of(call: Call) -> dict[str, Any]:
    """A call's options, and the operands that were given for optional parameters."""
    return {k: call.args[v] if isinstance(v, Arg) else thaw(v) for k, v in call.options}


def _given(rule: Callable[..., Any], call: Call) -> Any:
    """What a rule of the function table says of a call's operands and options."""
    operands = [Expr(arg) for arg in call.args]
    named = {k: operands[v] if isinstance(v, Arg) else thaw(v) for k, v in call.options}
    by_position = len(operands) - sum(isinstance(v, Arg) for _, v in call.options)
    return rule(*operands[:by_position], **named)
