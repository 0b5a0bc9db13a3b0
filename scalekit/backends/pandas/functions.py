"""The tables of functions that run in pandas, gathered from their families."""

from __future__ import annotations

from collections.abc import Mapping

from scalekit.backends.pandas import (
    arithmetic,
    horizontal,
    logic,
    nested,
    replacing,
    running,
    text,
    times,
    windows,
)
from scalekit.backends.pandas.native import Elementwise, Window

ELEMENTWISE: Mapping[str, Elementwise] = {
    **arithmetic.ARITHMETIC,
    **logic.LOGIC,
    **horizontal.HORIZONTAL,
    **text.TEXT,
    **times.TIMES,
    **nested.NESTED,
    **replacing.REPLACING,
}
"""Functions of rows that need only themselves, by the name in the function table."""

WINDOWS: Mapping[str, Window] = {**windows.NEIGHBOURS, **running.RUNNING}
"""Functions of a group's rows with one answer for each of them, by the name in the function table."""
