"""The namespaces of an expression, gathered from the families that are written in several files."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from scalekit.expr.functions.string import StringMethods
from scalekit.expr.functions.string_parsing import StringParsing
from scalekit.expr.functions.temporal import TemporalMethods
from scalekit.expr.functions.temporal_parts import TemporalParts
from scalekit.expr.other_names import TEXT, TIME, no_attribute


class StringNamespace(StringMethods, StringParsing):
    """Functions of text, behind ``.str``."""

    __slots__ = ()

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            raise no_attribute(self, ".str", name, TEXT)


class TemporalNamespace(TemporalMethods, TemporalParts):
    """Functions of dates, times and durations, behind ``.dt``."""

    __slots__ = ()

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            raise no_attribute(self, ".dt", name, TIME)
