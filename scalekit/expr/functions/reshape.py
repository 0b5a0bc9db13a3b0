"""Functions whose answer may have another number of rows."""

from __future__ import annotations

from typing import Self

from scalekit.expr.function import ExprBase, window


class ReshapeMethods(ExprBase):
    """Functions that drop, repeat, gather or order rows."""

    @window(resizes=True)
    def drop_nulls(self) -> Self:
        """The non-null values."""

    @window(resizes=True, needs_order=lambda o: bool(o["maintain_order"]))
    def unique(self, *, maintain_order: bool = False) -> Self:
        """The distinct values, in any order unless ``maintain_order`` is set."""
