"""Windows of a fixed number of rows, or of a span of another column."""

from __future__ import annotations

from scalekit.expr.function import ExprBase


class RollingMethods(ExprBase):
    """Functions over a window that moves with the rows."""
