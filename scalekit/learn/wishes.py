"""What a user asks of a fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

OnUnsupported: TypeAlias = Literal["error", "sample", "gather"]


@dataclass(frozen=True)
class Wishes:
    """How to fit, and what to do with what cannot be fitted over partitions; see :func:`scalekit.fit`."""

    solver: str = "auto"
    on_unsupported: OnUnsupported = "error"
    max_rows: int = 100_000
    verify: bool = False
