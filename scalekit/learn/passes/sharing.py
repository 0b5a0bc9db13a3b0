"""Which steps are the same, so that work behind them is done once, and which tables are kept already."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

import numpy as np

from scalekit.learn.passes.requests import Keep
from scalekit.learn.passes.steps import Selected
from scalekit.learn.passes.views import Columns, Step, Table, Target, View, Where

SMALL = 1 << 16
"""Bytes of an array that is compared by what it holds; a larger one is the same only if it is the same object."""


class Sharing:
    """What the adapters of one fit can share, although each made its own view of the rows."""

    def __init__(self) -> None:
        self._steps: dict[Any, Step] = {}
        self._kept: WeakKeyDictionary[Table, WeakValueDictionary[Any, Table]] = WeakKeyDictionary()
        self._sizes: WeakKeyDictionary[Table, int] = WeakKeyDictionary()

    def view(self, view: View) -> View:
        """The view with one object for each step that is the same."""
        return View(view.table, tuple(self._steps.setdefault(_key(s), s) for s in view.steps))

    @property
    def bytes(self) -> int:
        """What the tables that are kept take, by what was known of them."""
        return sum(self._sizes.values())

    def kept(self, request: Keep) -> View | None:
        """The table that was kept for the same view, if somebody still has it."""
        table = self._kept.get(request.view.table, {}).get(_place(request))
        return None if table is None else View(table)

    def keep(self, request: Keep, found: View, size: int) -> None:
        """Note a table that is kept, as long as somebody has it."""
        tables = self._kept.setdefault(request.view.table, WeakValueDictionary())
        tables[_place(request)] = found.table
        self._sizes[found.table] = size


def _place(request: Keep) -> Any:
    return (tuple(map(id, request.view.steps)), request.hashed)


def _key(step: Step) -> Any:
    """What makes a step the same as another one."""
    match step:
        case Target() | Where():
            key = (type(step), step.function, *map(_content, step.arguments))
        case Columns() | Selected():
            key = (type(step), repr(step.columns))
        case _:
            return id(step)
    try:
        hash(key)
    except TypeError:
        return id(step)
    return key


def _content(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return (type(value), value)
    if value.nbytes > SMALL or value.dtype == object:
        return (id(value), value.shape)
    return (value.dtype.str, value.shape, value.tobytes())
