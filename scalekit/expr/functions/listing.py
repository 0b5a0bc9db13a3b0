"""Functions of lists."""

from __future__ import annotations

from scalekit.expr.function import Namespace


class ListNamespace(Namespace):
    """Functions of lists."""
