"""The door for libraries that take dataframes through Narwhals: its plugin, found by entry point.

Narwhals loads this module when it meets an object that it does not know, so what it needs of Narwhals is
imported only for a frame of ours: an unfamiliar version of Narwhals then fails here, and nobody else.

>>> import narwhals as nw
>>> import scalekit as sk
>>> frame = nw.from_native(sk.from_dict({"x": [1, 2, 3]}))
>>> frame.filter(nw.col("x") > 1).select(nw.col("x").sum()).collect().item()
5
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from scalekit.frame.frame import Frame

NATIVE_PACKAGE = "scalekit"
"""Where the classes come from that :func:`is_native` may accept."""


def is_native(native_object: object) -> bool:
    """Whether Narwhals should hand ``native_object`` to this plugin."""
    return isinstance(native_object, Frame)


def __narwhals_namespace__(version: Any) -> Any:
    """What Narwhals builds expressions and frames with, for a version of its own interface."""
    return import_module("scalekit.interop.namespace").ScalekitNamespace(version=version)
