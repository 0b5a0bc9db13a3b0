"""Bytes that a plan needs at its peak at full size."""

from __future__ import annotations

from scalekit import run
from scalekit.backends.decision import Candidate
from scalekit.config import Config
from scalekit.estimate import Span
from scalekit.estimate.peak import peaks
from scalekit.plan.nodes import Plan


def peak(plan: Plan, config: Config, way: Candidate, result: int) -> Span | None:
    """Bytes at the peak of a run at full size; None where nobody can tell, as of a cluster's machines.

    Parameters
    ----------
    plan, config
        The plan as it was written, and settings without a sample.
    way
        Who would run it, and with which engine.
    result
        Bytes of the result, as they were forecast: it is held in any case.
    """
    found = peaks(run.optimized_plan(plan, config))
    here = {"polars": found.polars, "pandas": found.pandas}
    known = found.memory if way.engine == "in-memory" else here.get(way.backend)
    if known is None:
        return None
    return Span(max(known.low, result), max(known.guess, result), max(known.high, result))
