"""What a plan will take before it runs: rows, bytes, memory, each as a span from the least to the most."""

from __future__ import annotations

from scalekit.estimate.rows import Estimate, estimate
from scalekit.estimate.span import Span

__all__ = ["Estimate", "Span", "estimate"]
