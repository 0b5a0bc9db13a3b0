"""The ways to run a plan, each with the time and the memory that it would take."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec

from scalekit.backends.admission import Admission, Engine, Kind, admit, admit_result
from scalekit.backends.budget import budget_of
from scalekit.backends.decision import Candidate
from scalekit.backends.reachable import Reachable, reachable
from scalekit.config import Config
from scalekit.estimate.costs import Costs, load_costs
from scalekit.estimate.peak import Peaks, peaks
from scalekit.estimate.rows import relations, shown
from scalekit.estimate.seconds import sizes_of, total
from scalekit.estimate.work import Limits, Work, work_of
from scalekit.plan.nodes import Plan

STARTED = 0.5
"""Seconds that a process of its own takes to begin with."""

_COSTS = {"streaming": "polars", "in-memory": "memory", "pandas": "pandas"}
"""Engine of this machine to the name under which its costs are kept."""


def weighed(plan: Plan, config: Config, kind: Kind) -> tuple[Candidate, ...]:
    """All ways to run an optimized plan: on this machine, and on the clusters that are there.

    Parameters
    ----------
    plan
        The plan.
    config
        Settings: the budget, the cluster and how it divides a plan.
    kind
        What becomes of the rows.
    """
    known = relations(plan)
    found, sizes = peaks(plan, known), sizes_of(shown(known))
    budget, costs = budget_of(config), load_costs()
    work = work_of(plan, sizes, Limits(config.partition_bytes, config.broadcast_bytes))
    here = [_here(e, admit(found, budget, kind, e), found, work, costs) for e in _engines()]
    admission = admit_result(found, budget, kind)
    there = [_there(one, admission, found, work, costs) for one in reachable(config)]
    return (*here, *there)


def alone(plan: Plan, config: Config, kind: Kind) -> Candidate:
    """The one way that was asked for, of which only the memory matters."""
    name = config.backend
    budget, found = budget_of(config), peaks(plan)
    if name not in _LOCAL:
        return Candidate(name, name, admission=admit_result(found, budget, kind))
    engine = "in-memory" if name == "polars" and config.deterministic else _LOCAL[name]
    return Candidate(name, engine, None, found.of(engine), admit(found, budget, kind, engine))


_LOCAL: dict[str, Engine] = {"polars": "streaming", "pandas": "pandas"}


def _here(
    engine: Engine, admission: Admission, found: Peaks, work: tuple[Work, ...], costs: Costs
) -> Candidate:
    seconds = total(work, costs.of(_COSTS[engine]))
    if admission.place == "child":
        seconds += STARTED
    backend = "pandas" if engine == "pandas" else "polars"
    return Candidate(backend, engine, seconds, found.of(engine), admission)


def _there(
    cluster: Reachable,
    admission: Admission | None,
    found: Peaks,
    work: tuple[Work, ...],
    costs: Costs,
) -> Candidate:
    name, own = cluster.backend, costs.of(cluster.backend)
    seconds = total(work, own, cluster.slots or own.slots)
    return Candidate(name, name, seconds, found.result, admission, cluster.origin)


@lru_cache(maxsize=1)
def _engines() -> tuple[Engine, ...]:
    """The engines of this machine that are installed."""
    local: tuple[Engine, ...] = ("streaming", "in-memory")
    return (*local, "pandas") if find_spec("pandas") is not None else local
