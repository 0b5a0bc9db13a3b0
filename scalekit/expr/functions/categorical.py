"""Functions of categoricals and enums."""

from __future__ import annotations

from scalekit.expr.function import Namespace


class CategoricalNamespace(Namespace):
    """Functions of categoricals and enums."""
