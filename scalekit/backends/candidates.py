"""The ways to run a plan, each with the time and the memory that it would take."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec

from scalekit.backends.admission import Engine, Kind, admit, admit_result
from scalekit.backends.budget import Budget, budget_of
from scalekit.backends.decision import Candidate
from scalekit.backends.reachable import Reachable, reachable
from scalekit.config import Config
from scalekit.estimate import Span
from scalekit.estimate.costs import load_costs
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
    budget = budget_of(config)
    work = work_of(plan, sizes, Limits(config.partition_bytes, config.broadcast_bytes))
    here = [_here(engine, found, budget, kind, work) for engine in _engines()]
    there = [_there(cluster, found, budget, kind, work) for cluster in reachable(config)]
    return (*here, *there)


def alone(plan: Plan, config: Config, kind: Kind) -> Candidate:
    """The one way that was asked for, of which only the memory matters."""
    name = config.backend
    budget, found = budget_of(config), peaks(plan)
    if name not in _LOCAL:
        return Candidate(name, name, admission=admit_result(found, budget, kind))
    engine = "in-memory" if name == "polars" and config.deterministic else _LOCAL[name]
    return Candidate(name, engine, None, _peak(engine, found), admit(found, budget, kind, engine))


_LOCAL: dict[str, Engine] = {"polars": "streaming", "pandas": "pandas"}


def _here(
    engine: Engine, found: Peaks, budget: Budget | None, kind: Kind, work: tuple[Work, ...]
) -> Candidate:
    admission = admit(found, budget, kind, engine)
    name = _COSTS[engine]
    seconds = total(work, load_costs().of(name))
    if admission.place == "child":
        seconds += STARTED
    backend = "pandas" if engine == "pandas" else "polars"
    return Candidate(backend, engine, seconds, _peak(engine, found), admission)


def _there(
    cluster: Reachable, found: Peaks, budget: Budget | None, kind: Kind, work: tuple[Work, ...]
) -> Candidate:
    costs = load_costs().of(cluster.backend)
    seconds = total(work, costs, cluster.slots or costs.slots)
    admission = admit_result(found, budget, kind)
    return Candidate(
        cluster.backend, cluster.backend, seconds, found.result, admission, cluster.origin
    )


def _peak(engine: Engine, found: Peaks) -> Span | None:
    return {"streaming": found.polars, "in-memory": found.memory, "pandas": found.pandas}[engine]


@lru_cache(maxsize=1)
def _engines() -> tuple[Engine, ...]:
    """The engines of this machine that are installed."""
    local: tuple[Engine, ...] = ("streaming", "in-memory")
    return (*local, "pandas") if find_spec("pandas") is not None else local
