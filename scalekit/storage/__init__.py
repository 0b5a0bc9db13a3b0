"""Where bytes lie: paths and URIs, the names that scalekit gives files, and what a commit left there.

Sources read with it and targets write with it; it knows neither.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from scalekit.storage.location import Location, parse_location
from scalekit.storage.redaction import redact

if TYPE_CHECKING:
    from scalekit.storage.committed import Committed, DataFile, committed_files

__all__ = ["Committed", "DataFile", "Location", "committed_files", "parse_location", "redact"]


def __getattr__(name: str) -> Any:
    """What a commit left: loaded when it is asked for, since ``import scalekit`` needs none of it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("scalekit.storage.committed"), name)
