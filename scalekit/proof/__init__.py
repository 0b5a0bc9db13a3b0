"""Whether a plan's answer depends on who computes it: samples, comparisons, and the smallest difference.

Nothing of it is loaded before the first verification.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scalekit.proof.sample import Bound
    from scalekit.proof.shadowing import shadow
    from scalekit.proof.verification import Limits, Verified, verify
    from scalekit.proof.ways import choose_ways, listed

__all__ = ["Bound", "Limits", "Verified", "choose_ways", "listed", "shadow", "verify"]

_MODULE_OF = {
    "Bound": "sample",
    "Limits": "verification",
    "Verified": "verification",
    "choose_ways": "ways",
    "listed": "ways",
    "shadow": "shadowing",
    "verify": "verification",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value
