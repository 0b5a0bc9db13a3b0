"""Functions of a row's neighbours: shifts, running totals, ranks."""

from __future__ import annotations

from typing import Self

from scalekit.expr.function import ExprBase, IntoExpr, window


class WindowMethods(ExprBase):
    """Functions that follow the order of rows, or need the whole group."""

    @window(needs_order=True)
    def shift(self, n: int = 1, *, fill_value: IntoExpr | None = None) -> Self:
        """The value ``n`` rows before; null, or ``fill_value``, where there is none."""
