"""The namespaces of an expression, gathered from the families that are written in several files."""

from __future__ import annotations

from scalekit.expr.functions.string import StringMethods
from scalekit.expr.functions.string_parsing import StringParsing
from scalekit.expr.functions.temporal import TemporalMethods
from scalekit.expr.functions.temporal_parts import TemporalParts


class StringNamespace(StringMethods, StringParsing):
    """Functions of text, behind ``.str``."""

    __slots__ = ()


class TemporalNamespace(TemporalMethods, TemporalParts):
    """Functions of dates, times and durations, behind ``.dt``."""

    __slots__ = ()
