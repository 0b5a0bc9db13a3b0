"""How a bound aggregate splits over partitions, looked up in the function table."""

from __future__ import annotations

import polars as pl

from scalekit.expr.constants import thaw
from scalekit.expr.expr import Expr
from scalekit.expr.function import FUNCTIONS, Decomposition
from scalekit.expr.node import Arg, Call


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
    operands = [Expr(arg) for arg in call.args]
    named = {k: operands[v] if isinstance(v, Arg) else thaw(v) for k, v in call.options}
    by_position = len(operands) - sum(isinstance(v, Arg) for _, v in call.options)
    return spec.decompose(*operands[:by_position], **named)
