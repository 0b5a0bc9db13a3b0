"""The columns that a protocol names, and whether a frame has them."""

from __future__ import annotations

from collections.abc import Iterable

from scalekit.errors import ColumnNotFoundError
from scalekit.frame.frame import Frame
from scalekit.judge.protocol.protocol import Protocol
from scalekit.learn.arguments import schema

NAMING = ("target", "key", "group", "time", "weight", "series")
"""The keys whose values are names of columns."""


def check_columns(protocol: Protocol, frame: Frame, keys: Iterable[str] = NAMING) -> None:
    """Raise where a frame lacks a column that a protocol names.

    Raises
    ------
    ColumnNotFoundError
        Naming the key of the protocol, and the nearest column that exists.
    """
    known = list(schema(frame))
    for key in keys:
        value = getattr(protocol, key)
        names = (value,) if isinstance(value, str) else value or ()
        if missing := [name for name in names if name not in known]:
            raise ColumnNotFoundError.missing(missing, known, what=f"{key} column")


def named_columns(protocol: Protocol) -> tuple[str, ...]:
    """All columns that a protocol names but the target: what a model is not given as a feature unless it asks."""
    values = [getattr(protocol, key) for key in NAMING if key != "target"]
    names = [
        name for value in values for name in ((value,) if isinstance(value, str) else value or ())
    ]
    return tuple(dict.fromkeys(names))
