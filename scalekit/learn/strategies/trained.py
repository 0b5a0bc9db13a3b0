"""What training rows become behind a transformer that was fitted on them."""

from __future__ import annotations

from typing import Any

from scalekit.learn.passes.data import Data
from scalekit.learn.passes.requests import Steps


def trained(fitted: Any, data: Data) -> Steps:
    """The rows as the next step is fitted on them: ``rows = yield from trained(fitted, rows)``."""
    return data.transformed(fitted)
    yield
