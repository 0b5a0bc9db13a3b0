"""The sample of a plan: which of its sources are cut, by which columns, and the plan that does so."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from scalekit.errors import MissingDependencyError

if TYPE_CHECKING:
    from scalekit.sampling.apply import marked_scan, sampled
    from scalekit.sampling.describe import in_full, in_short, surprises
    from scalekit.sampling.search import Sampling, decide

__all__ = ["Sampling", "decide", "in_full", "in_short", "marked_scan", "sampled", "surprises"]

_MODULES = {
    "apply": ("marked_scan", "sampled"),
    "describe": ("in_full", "in_short", "surprises"),
    "search": ("Sampling", "decide"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}
"""Where each name is: whoever takes no sample loads neither this nor NumPy, which hashes keys."""


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name != "numpy":
            raise
        raise MissingDependencyError.for_extra("numpy", "ml", purpose="a sample") from error
    globals()[name] = value
    return value
