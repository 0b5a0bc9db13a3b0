"""Expression nodes: a closed set of eight, and one that exists only until a frame is known.

The open set of functions lives in the table of :mod:`scalekit.expr.function`; a :class:`Call` names a
row of it.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from scalekit.tree import Node, node


class ExprNode(Node):
    """A column computation."""


ExprNode.family = ExprNode


@node
class Column(ExprNode):
    """An input column."""

    name: str


@node
class Literal(ExprNode):
    """A constant; ``dtype`` None leaves the type to the operands around it, as Polars does."""

    value: Any
    dtype: pl.DataType | None = None


@node
class Call(ExprNode):
    """A row of the function table, applied.

    ``options`` are frozen arguments in the order of the signature; a value :class:`Arg` points at the
    operand that was given for an optional parameter.
    """

    function: str
    args: tuple[ExprNode, ...]
    options: tuple[tuple[str, Any], ...] = ()


@node
class Cast(ExprNode):
    """A change of type; strict raises where a value does not fit."""

    arg: ExprNode
    dtype: pl.DataType
    strict: bool = True


@node
class Alias(ExprNode):
    """An output name."""

    arg: ExprNode
    name: str


@node
class Case(ExprNode):
    """The first of ``thens`` whose condition in ``whens`` is true, else ``otherwise``."""

    whens: tuple[ExprNode, ...]
    thens: tuple[ExprNode, ...]
    otherwise: ExprNode


@node
class SortKey(ExprNode):
    """One key of an order."""

    arg: ExprNode
    descending: bool = False
    nulls_last: bool = False


@node
class Over(ExprNode):
    """``arg`` computed within each group of ``partition_by``, in the order of ``order_by``."""

    arg: ExprNode
    partition_by: tuple[ExprNode, ...]
    order_by: tuple[SortKey, ...] = ()
    mapping_strategy: str = "group_to_rows"


@node
class Selection(ExprNode):
    """A set of columns that is known once a frame is; binding replaces it, so no plan contains it.

    It is built from a selector of Polars, which is kept by identity: ``==`` of two is an expression.
    """

    chosen: Any

    def __post_init__(self) -> None:
        if not isinstance(self.chosen, Opaque):
            object.__setattr__(self, "chosen", Opaque(self.chosen))

    @property
    def selector(self) -> Any:
        """The selector of Polars."""
        return self.chosen.value


class Arg(int):
    """The position of an operand within ``Call.args``, standing in for an optional argument."""


class Opaque:
    """A value compared by identity: a function, a series, a model."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return getattr(self.value, "__name__", type(self.value).__name__)
