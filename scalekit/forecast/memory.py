"""Bytes that a plan needs at its peak at full size."""

from __future__ import annotations

from scalekit import run
from scalekit.config import Config
from scalekit.estimate import Span
from scalekit.estimate.peak import peaks
from scalekit.plan.nodes import Plan


def peak(plan: Plan, config: Config, backend: str, result: int) -> Span | None:
    """Bytes at the peak of a run at full size; None where nobody can tell, as of a cluster's machines.

    Parameters
    ----------
    plan, config
        The plan as it was written, and settings without a sample.
    backend
        Who would run it.
    result
        Bytes of the result, as they were forecast: it is held in any case.
    """
    found = peaks(run.optimized_plan(plan, config))
    known = {"polars": found.polars, "pandas": found.pandas}.get(backend)
    if known is None:
        return None
    return Span(max(known.low, result), max(known.guess, result), max(known.high, result))
