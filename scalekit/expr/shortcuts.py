"""Functions named as Python's builtins, kept apart so that no other module shadows those."""

from __future__ import annotations

import polars as pl
import polars.selectors as cs

from scalekit.expr.expr import Expr
from scalekit.expr.function import Decomposition, aggregate
from scalekit.expr.node import Selection


@aggregate(
    "pl.len",
    owner=Expr,
    kernel=lambda: pl.len(),
    result=pl.Int64(),
    output_name=lambda _: "len",
    decompose=lambda: Decomposition({"part": len()}, lambda p: p["part"].sum()),
)
def len() -> Expr:
    """Count rows, as Int64.

    Examples
    --------
    >>> import scalekit as sk
    >>> sk.from_dict({"x": [1, None]}).select(sk.len()).collect().item()
    2
    """


def all() -> Expr:
    """Select every column.

    Examples
    --------
    >>> import scalekit as sk
    >>> sk.from_dict({"x": [1], "y": [2]}).select(sk.all() + 1).collect().row(0)
    (2, 3)
    """
    return Expr(Selection(cs.all()))
