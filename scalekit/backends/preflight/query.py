"""A query that is looked at before it runs: its plan, who would run it, and what is known of the cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from scalekit.backends.tasks.cluster import Cluster, Resources
from scalekit.backends.tasks.preflight import other_hosts
from scalekit.config import Config
from scalekit.plan.nodes import Plan, Scan
from scalekit.sources.base import Source
from scalekit.targets.base import Target
from scalekit.tree import walk

T = TypeVar("T")


@dataclass(frozen=True)
class Query:
    """What the checks look at.

    Attributes
    ----------
    plan, optimized
        As it was written, and as it is lowered.
    backend
        The name of who would run it.
    config
        Its settings.
    is_split
        Whether it runs as tasks of a cluster.
    program
        What the backend made of it; None where it cannot.
    cluster
        The one that is there; None where a query would start one, or none can be used.
    can_ask
        Whether those who would run it can be asked: not where a cluster is named that cannot be used.
    resources
        What it has, or what one that is started would have; None where that is not known.
    target
        Where the rows would go; None where they come here.
    """

    plan: Plan
    optimized: Plan
    backend: str
    config: Config
    is_split: bool = False
    program: Any = None
    cluster: Cluster | None = None
    can_ask: bool = True
    resources: Resources | None = None
    target: Target | None = None

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """What it reads, each once."""
        found = (node.source for node in walk(self.optimized) if isinstance(node, Scan))
        return tuple(dict.fromkeys(found))

    @cached_property
    def hosts(self) -> tuple[str, ...]:
        """Machines other than this one that would run tasks."""
        is_known = self.cluster is not None and self.resources is not None
        return tuple(other_hosts(self.cluster)) if is_known and self.cluster is not None else ()

    def everywhere(self, question: Callable[[], T]) -> Mapping[str, T]:
        """What each worker says: of a cluster that is not there yet, this process, whose copies they would be."""
        if self.cluster is None:
            return {"this process": question()}
        answers = self.cluster.everywhere(question)
        return {name: said for name, said in answers.items() if not isinstance(said, BaseException)}


def whom(workers: list[str]) -> str:
    """Workers as a message names them.

    Examples
    --------
    >>> whom(["tcp://a:1"]), whom(["b:1", "a:1", "c:1"])
    ('worker tcp://a:1', 'worker a:1 and 2 more')
    """
    first, *rest = sorted(workers)
    name = first if first.startswith(("this ", "node ")) else f"worker {first}"
    return f"{name} and {len(rest)} more" if rest else name
