"""What an array is called in annotations."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = "np.ndarray[Any, Any]"


def divided(top: Array, bottom: Array) -> Array:
    """A ratio; NaN where nothing is divided by nothing, infinite where something is, without a warning."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.asarray(top, dtype=np.float64) / bottom)


def ratio_or(top: Array, bottom: Array, otherwise: float) -> Array:
    """A ratio, and ``otherwise`` where nothing stands below the line."""
    quotient = divided(top, bottom)
    return np.where(np.asarray(bottom) == 0, otherwise, quotient)
