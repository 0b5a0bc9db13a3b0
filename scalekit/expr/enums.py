"""An enum beside text: constants become categories, or are refused; columns of text make text of the enum."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from scalekit.errors import SchemaError
from scalekit.expr.node import Call, Cast, ExprNode, Literal
from scalekit.expr.show import show_expr


def as_one_kind(call: Call, dtypes: tuple[pl.DataType, ...]) -> ExprNode:
    """Say which of the two an answer is: Polars announces text and gives an enum, without other values.

    Parameters
    ----------
    call
        A function whose answer is one of its operands, such as ``fill_null``.
    dtypes
        Their types.

    Raises
    ------
    SchemaError
        For a constant that is no category; the message lists them.
    """
    enum = next((d for d in dtypes if isinstance(d, pl.Enum)), None)
    if enum is None or pl.String not in dtypes:
        return call
    texts = [a for a, d in zip(call.args, dtypes, strict=True) if d == pl.String]
    if not all(isinstance(a, Literal) for a in texts):
        as_text = [
            Cast(a, pl.String()) if d == enum else a for a, d in zip(call.args, dtypes, strict=True)
        ]
        return replace(call, args=tuple(as_text))
    return replace(call, args=tuple(_category(a, enum) if a in texts else a for a in call.args))


def _category(constant: ExprNode, enum: pl.Enum) -> ExprNode:
    assert isinstance(constant, Literal)
    if constant.value not in enum.categories:
        known = ", ".join(map(repr, enum.categories[:20]))
        raise SchemaError(
            f"{show_expr(constant)} is none of the enum's categories {known}: cast the enum to sk.String first"
        )
    return Cast(constant, enum)
