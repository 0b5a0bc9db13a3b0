"""Gangs on Ray: an actor for each member, placed all at once, watched until all are done or one of them is gone."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from itertools import accumulate, pairwise
from typing import Any

import ray
from ray.exceptions import GetTimeoutError, RayError, RayTaskError
from ray.util.placement_group import placement_group, remove_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from scalekit.backends.ray.failures import own_error
from scalekit.backends.ray.session import Session
from scalekit.backends.tasks.members import Gang, MemberLostError
from scalekit.errors import ExecutionError, MissingDependencyError
from scalekit.kernels.gang import Result

STARTING = 300.0
"""Seconds until there is room for all members at once: other tasks may be before them."""

MEETING = 120.0
"""Seconds for their processes to start, and to load a package."""

LOOK = 0.5
"""Seconds between two looks at the members."""

GRACE = 5.0
"""Seconds for the others to end by themselves when a member failed, or to be seen to be gone."""


class Members:
    """One attempt at a gang."""

    def __init__(self, session: Session, gang: Gang, tell: Callable[[int], None]) -> None:
        self._session = session
        self._gang = gang
        self._tell = tell
        self._stopped = threading.Event()
        self._actors: list[Any] = []

    def stop(self) -> None:
        """End it from another thread."""
        self._stopped.set()

    def run(self) -> list[Result]:
        """What each member gives, as :meth:`~scalekit.backends.tasks.cluster.Cluster.gang` says."""
        size = len(self._gang.seats)
        room = placement_group([{"CPU": 1}] * size, strategy="PACK")
        try:
            self._await_room(room)
            member = _member()
            self._actors = [
                member.options(
                    scheduling_strategy=PlacementGroupSchedulingStrategy(room, number)
                ).remote(self._gang.name, number, size)
                for number in range(size)
            ]
            return self._watched(self._started(self._met()))
        finally:
            for actor in self._actors:
                with suppress(RayError):
                    ray.kill(actor)
            with suppress(RayError):
                remove_placement_group(room)

    def _await_room(self, room: Any) -> None:
        deadline = time.monotonic() + STARTING
        while not room.wait(LOOK):
            self._look()
            if time.monotonic() > deadline:
                raise ExecutionError(
                    f"Ray had no room for all {len(self._gang.seats)} members of a distributed fit at once for "
                    f"{STARTING:.0f} s: other work holds its cores"
                )

    def _met(self) -> list[Any]:
        """What the members have to say to each other, in order."""
        refs = [actor.meet.remote(self._gang.meet) for actor in self._actors]
        deadline = time.monotonic() + MEETING
        try:
            while len(ray.wait(refs, num_returns=len(refs), timeout=LOOK)[0]) < len(refs):
                self._look()
                if time.monotonic() > deadline:
                    raise ExecutionError(f"workers of Ray did not start within {MEETING:.0f} s")
            return list(ray.get(refs, timeout=MEETING))
        except RayTaskError as error:
            if isinstance(error.cause, ImportError):
                raise MissingDependencyError(
                    f"the workers of Ray cannot load what this fit needs: {error.cause}"
                ) from None
            raise own_error(error) from None
        except RayError as error:
            raise _lost(error) from None

    def _started(self, told: Sequence[Any]) -> list[Any]:
        gang = self._gang
        refs = []
        for actor, share in zip(self._actors, gang.shares, strict=True):
            facts = [one for one, _ in share]
            counts = [len(tables) for _, tables in share]
            tables = [table for _, several in share for table in several]
            given = (gang.stage, facts, counts, tuple(told))
            refs.append(actor.take_part.remote(gang.work, given, *tables))
        return refs

    def _watched(self, refs: Sequence[Any]) -> list[Result]:
        """The results of all members, or of those that have one when others do not answer any more."""
        found: dict[int, Result] = {}
        failed: float | None = None
        while len(found) < len(refs):
            waiting = [ref for number, ref in enumerate(refs) if number not in found]
            ready = set(ray.wait(waiting, num_returns=len(waiting), timeout=LOOK)[0])
            for number, ref in enumerate(refs):
                if ref in ready:
                    found[number] = _result(ref)
            self._look()
            self._tell_steps()
            if failed is None and any(result.error for result in found.values()):
                failed = time.monotonic()
            if failed is not None and time.monotonic() - failed > GRACE:
                break
        return [found[number] for number in sorted(found)]

    def _tell_steps(self) -> None:
        with suppress(RayError, GetTimeoutError):
            self._tell(ray.get(self._actors[0].steps.remote(), timeout=LOOK))

    def _look(self) -> None:
        if self._stopped.is_set():
            raise ExecutionError("the fit was stopped")
        if failure := self._session.failure():
            raise ExecutionError(f"Ray stopped during a distributed fit ({failure}); run it again")


def _result(ref: Any) -> Result:
    """What a member gave.

    Raises
    ------
    MemberLostError
        Where its process is gone.
    """
    try:
        found: Result = ray.get(ref)
    except RayTaskError as error:
        return Result(error=own_error(error))
    except RayError as error:
        raise _lost(error) from None
    return found


def _lost(error: RayError) -> MemberLostError:
    return MemberLostError(
        f"a worker of Ray went away during a distributed fit ({type(error).__name__})"
    )


def _member() -> Any:
    """A member as an actor; it travels by value, so that a worker loads what it needs in the right order."""

    class ScalekitMember:
        def __init__(self, gang: str, number: int, size: int) -> None:
            # Before Polars is loaded: otherwise each member would use all cores of its machine.
            os.environ.setdefault("POLARS_MAX_THREADS", "1")
            os.environ["SCALEKIT_BACKEND"] = "polars"
            self.gang = gang
            self.done = 0
            host = import_module("ray").util.get_node_ip_address()
            self.seat = import_module("scalekit.kernels.gang").Seat(number, size, host, threads=1)

        def meet(self, packed: bytes) -> Any:
            return import_module("scalekit.kernels.gang").meet(self.gang, packed, self.seat)

        def steps(self) -> int:
            return self.done

        def tell(self, done: int) -> None:
            self.done = done

        def take_part(self, work: bytes, given: tuple[Any, ...], *tables: Any) -> Any:
            kernels = import_module("scalekit.kernels.gang")
            stage, facts, counts, told = given
            ends = pairwise(accumulate(counts, initial=0))
            tasks = tuple(
                (one, tables[start:end]) for one, (start, end) in zip(facts, ends, strict=True)
            )
            seat = kernels.replace(self.seat, told=told, tell=self.tell)
            return kernels.take_part(self.gang, work, kernels.Parts(stage, tasks), seat)

    # Two at a time: it is asked how far it is while it takes part.
    actor = ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0, max_concurrency=2)
    return actor(ScalekitMember)
