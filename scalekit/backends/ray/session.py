"""A connection to Ray: what it has, whether it answers, and what its workers run."""

from __future__ import annotations

import pickle
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias, TypeVar

import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from scalekit.backends.ray import work
from scalekit.backends.tasks.cluster import Resources
from scalekit.backends.tasks.versions import Versions, check_versions
from scalekit.errors import ExecutionError, MissingDependencyError

PATIENCE = 15.0
"""Seconds for Ray's own processes to answer."""

STARTING = 120.0
"""Seconds for a worker to start that is asked for its versions."""

FRESH = 1.0
"""Seconds for which the list of nodes is believed."""

Kind: TypeAlias = Literal["found", "joined", "started"]
Address: TypeAlias = tuple[str, int]
T = TypeVar("T")


class Session:
    """A connection to Ray that was there already, was joined by its address, or was started here.

    Parameters
    ----------
    kind
        Which of the three.
    asked
        The settings by which it came about: others need another session.
    listeners
        Where the processes of Ray listen on which this connection depends, by their names.
    """

    def __init__(self, kind: Kind, asked: object, listeners: Mapping[str, Address]) -> None:
        self.kind = kind
        self.asked = asked
        self._identity = _identity()
        self.task = work.task()
        self._versions = work.versions()
        self._listeners = listeners
        self._checked: set[str] = set()
        if kind == "started":
            self._checked |= {
                node["NodeID"] for node in nodes()
            }  # they run the Python that runs this
            slots = int(ray.cluster_resources()["CPU"])
            self._warming = [self._versions.remote() for _ in range(slots)]
        self._looked = float("-inf")
        self._resources = Resources(0, 0)

    def is_current(self) -> bool:
        """Whether this process still has this connection, and no other."""
        return ray.is_initialized() and _identity() == self._identity

    def failure(self) -> str:
        """What does not answer any more, or nothing."""
        if not self.is_current():
            return "it was shut down"
        silent = [name for name, address in self._listeners.items() if not answers(address)]
        return f"{silent[0]} does not answer" if silent else ""

    def resources(self) -> Resources:
        """Cores of all nodes and the least memory for one of them; versions of new nodes are compared."""
        if time.monotonic() - self._looked > FRESH:
            self._look()
        return self._resources

    def _look(self) -> None:
        able = {node["NodeID"]: node for node in _able()}
        if new := able.keys() - self._checked:
            self._check([able[node] for node in new])
            self._checked |= new
        given = [node["Resources"] for node in able.values()]
        shares = [int(r["memory"] / r["CPU"]) for r in given if "memory" in r]
        slots = int(sum(resources["CPU"] for resources in given))
        hosts = tuple({str(node["NodeManagerAddress"]) for node in able.values()})
        self._resources = Resources(slots, min(shares, default=2 * 1024**3), hosts)
        self._looked = time.monotonic()

    def everywhere(self, question: Callable[[], T]) -> dict[str, T]:
        """What a worker of each node says."""
        return self._told(_able(), work.asked(), pickle.dumps(question))

    def versions(self) -> dict[str, Versions]:
        """What the workers of each node have installed."""
        return self._said(_able())

    def _said(self, found: Sequence[Mapping[str, Any]]) -> dict[str, Versions]:
        return {name: Versions(*said) for name, said in self._told(found, self._versions).items()}

    def _told(self, found: Sequence[Mapping[str, Any]], remote: Any, *given: Any) -> dict[str, Any]:
        """What a remote function gives on each of some nodes, by their addresses."""
        asked = [
            remote.options(
                scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=True)
            ).remote(*given)
            for node in found
        ]
        try:
            told = ray.get(asked, timeout=STARTING)
        except RayError as error:
            raise ExecutionError(
                f"the workers of Ray did not start within {STARTING:.0f} s, or could not say what they have: {error}"
            ) from None
        names = [f"node {node['NodeManagerAddress']}" for node in found]
        return dict(zip(names, told, strict=True))

    def _check(self, found: Sequence[Mapping[str, Any]]) -> None:
        workers = self._said(found)
        try:
            check_versions("Ray", "ray", workers)
        except MissingDependencyError as error:
            if self.kind != "found":
                raise
            raise MissingDependencyError(
                f"{error}; on a session that is there already that is ray.init(runtime_env={{'py_modules': [scalekit]}})"
            ) from None


def _able() -> list[dict[str, Any]]:
    """The nodes that run tasks."""
    return [node for node in nodes() if node["Alive"] and node["Resources"].get("CPU")]


def _identity() -> tuple[str, str]:
    """Which connection this process has: the first one to any cluster has the same number."""
    context = ray.get_runtime_context()
    return str(context.gcs_address), str(context.get_job_id())


def nodes() -> list[dict[str, Any]]:
    """What Ray knows of its nodes."""
    return asked_in_time(ray.nodes, "its control plane")


def answers(address: Address) -> bool:
    """Whether someone listens there."""
    try:
        socket.create_connection(address, timeout=PATIENCE).close()
    except OSError:
        return False
    return True


def asked_in_time(question: Callable[[], T], whom: str) -> T:
    """The answer to a question that Ray itself asks for as long as it takes.

    Raises
    ------
    ExecutionError
        Where there is none in time.
    """
    answer: list[T] = []
    failure: list[BaseException] = []

    def ask() -> None:
        try:
            answer.append(question())
        except BaseException as error:  # raised below, in the thread that asked
            failure.append(error)

    thread = threading.Thread(target=ask, daemon=True, name="scalekit-ray-question")
    thread.start()
    thread.join(PATIENCE)
    if failure:
        raise failure[0]
    if not answer:
        raise ExecutionError(f"Ray does not answer ({whom} says nothing for {PATIENCE:.0f} s)")
    return answer[0]
