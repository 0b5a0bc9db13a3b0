"""Changes to the output's name."""

from __future__ import annotations

from scalekit.expr.function import Namespace


class NameNamespace(Namespace):
    """Changes to the output's name, applied once the columns are known."""
