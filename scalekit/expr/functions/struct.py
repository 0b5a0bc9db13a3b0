"""Functions of structs and maps."""

from __future__ import annotations

from scalekit.expr.function import Namespace


class StructNamespace(Namespace):
    """Functions of structs, behind ``.struct``."""


class MapNamespace(Namespace):
    """Functions of maps, behind ``.map``."""
