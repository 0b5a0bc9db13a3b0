"""Functions of dates, times and durations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scalekit.expr.function import Namespace, elementwise

if TYPE_CHECKING:
    from scalekit.expr.expr import Expr


class TemporalNamespace(Namespace):
    """Functions of dates, times and durations, behind ``.dt``."""

    @elementwise("dt.year")
    def year(self) -> Expr:
        """Calendar year."""
