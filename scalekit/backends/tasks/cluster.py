"""What an engine provides: to start a task on tables that it holds, and to hand over what a task gave."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, TypeVar

import polars as pl

from scalekit.backends.tasks.members import Gang
from scalekit.backends.tasks.versions import Versions, versions_here
from scalekit.kernels.gang import Parts, Result, Seat, leave, meet, take_part
from scalekit.kernels.task import Facts
from scalekit.sources.base import Source

T = TypeVar("T")

Ref: TypeAlias = Any
"""A value that the engine holds: a future, an object reference, or the value itself."""


@dataclass(frozen=True)
class Resources:
    """What a cluster has: tasks that run at one time, bytes of memory for each, and the machines they are on.

    ``hosts`` are names or addresses; none where all is this process.
    """

    slots: int
    memory: int
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Counts:
    """Tasks that an engine has run again, and bytes that it has on disk; None where it does not tell."""

    retries: int | None = None
    spilled: int | None = None


class Submitted(NamedTuple):
    """A task under way: references to its tables, in order, and to its :class:`~scalekit.kernels.task.Report`."""

    tables: Sequence[Ref]
    report: Ref


class Cluster(ABC):
    """A connection to an engine, which schedules, moves, spills, retries and recovers.

    An engine subclasses it with :meth:`submit` and :meth:`fetch`; everything else has a default that is
    right, if not always quick. A reference keeps its value for as long as it is referred to.
    """

    @abstractmethod
    def submit(self, packed: Ref, facts: Facts, tables: Sequence[Ref], outputs: int) -> Submitted:
        """Start ``run_task(packed, facts, *tables)``, whose tables number ``outputs``; return at once."""

    @abstractmethod
    def fetch(self, refs: Sequence[Ref]) -> list[Any]:
        """Wait for values and bring them here.

        Raises
        ------
        ScalekitError
            That of the task, or an ``ExecutionError`` where the engine failed.
        """

    def put(self, value: Any) -> Ref:
        """Hand a value to the engine once, for many tasks."""
        return value

    def any_done(self, reports: Sequence[Ref]) -> Sequence[int]:
        """Wait until some of ``reports`` are there, and say which; the first, where one cannot look."""
        self.fetch(reports[:1])
        return (0,)

    @property
    @abstractmethod
    def resources(self) -> Resources:
        """Slots and memory as they are now."""

    @property
    def address(self) -> str:
        """Where the engine listens, as a person writes it; nothing where it is this process."""
        return ""

    @property
    def is_encrypted(self) -> bool:
        """Whether nobody on the way to the engine can read what is sent."""
        return True

    def everywhere(self, question: Callable[[], T]) -> Mapping[str, T]:
        """What each worker says, by its name; an exception is the answer of one that could not say it."""
        return {"this process": question()}

    def versions(self) -> Mapping[str, Versions]:
        """What each worker has installed, by its name; nothing is said of what that means."""
        return self.everywhere(versions_here)

    def seats(self) -> Sequence[str]:
        """Where members of a gang can work, by name, one for each that is there now."""
        return ("this process",)

    def holder(self, tables: Sequence[Ref]) -> str | None:  # noqa: ARG002
        """The seat near which tables are; None where that is not known, or makes no difference."""
        return None

    def gang(self, gang: Gang, tell: Callable[[int], None]) -> list[Result]:
        """Run the members of a gang at the same time, and tell how many steps the first has done.

        Returns
        -------
        list of Result
            In the order of the seats; errors of members are among them.

        Raises
        ------
        MemberLostError
            Where a worker went away; the others are stopped then, as after any other error.
        """
        (share,) = gang.shares
        tasks = tuple((facts, tuple(self.fetch(tables))) for facts, tables in share)
        try:
            told = meet(gang.name, gang.meet, Seat())
            (work,) = self.fetch([gang.work])
            return [
                take_part(gang.name, work, Parts(gang.stage, tasks), Seat(told=(told,), tell=tell))
            ]
        finally:
            leave(gang.name)

    def is_here(self, refs: Sequence[Ref]) -> bool:  # noqa: ARG002
        """Whether this process has the values already, so that :meth:`fetch` asks nobody for them."""
        return False

    def counts(self) -> Counts:
        """What was counted until now, asked for by who profiles a query only."""
        return Counts()

    @property
    def session(self) -> object:
        """What references belong to: connections with the very same one read each other's."""
        return self

    @property
    def is_alive(self) -> bool:
        """Whether the engine can be talked to."""
        return True

    def again(self) -> Cluster:
        """A connection to the same session for another query."""
        return self

    def adopt(self, source: Source, columns: Sequence[str]) -> Sequence[Ref] | None:  # noqa: ARG002
        """Tables with ``columns`` of a collection of the engine's own, made where it is; None for another source."""
        return None

    def lend(self, parts: Sequence[Sequence[Ref]], schema: pl.Schema) -> Any | None:  # noqa: ARG002
        """The engine's own collection over tables that it holds; None where it has none for them."""
        return None

    def close(self) -> None:  # noqa: B027 - a connection that started nothing has nothing to stop
        """Stop what this connection started, and nothing else."""
