"""What a plan takes at full size, from runs of it on a sample."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scalekit.forecast.ahead import forecast
    from scalekit.forecast.outcome import Forecast, Step

__all__ = ["Forecast", "Step", "forecast"]

_MODULE_OF = {"Forecast": "outcome", "Step": "outcome", "forecast": "ahead"}
"""Where each name is: it is loaded when a forecast is asked for."""


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
