"""What a member of a gang runs: tasks that work at the same time and talk to each other, each on a share of the rows."""

from __future__ import annotations

import pickle
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import polars as pl

from scalekit.kernels.tables import from_table
from scalekit.kernels.task import Facts, run_task

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Seat:
    """What a member knows of its gang.

    Attributes
    ----------
    number, size
        Which member it is, from 0, and how many there are.
    host
        The address at which the others reach it.
    threads
        How many it may use; 0 for all of its machine.
    told
        What each member said before they began, in order: where to meet.
    is_stopped
        Whether nobody waits for the gang any more; to be asked now and then.
    tell
        Is told how many steps are done.
    """

    number: int = 0
    size: int = 1
    host: str = "127.0.0.1"
    threads: int = 0
    told: tuple[Any, ...] = ()
    is_stopped: Callable[[], bool] = lambda: False
    tell: Callable[[int], None] = lambda _: None


Share: TypeAlias = Iterable[pl.DataFrame]
"""The rows of a member in frames, which may be read as often as it likes."""


@dataclass(frozen=True)
class Meeting:
    """What a member says to the others before they begin, and how to undo what it did for that."""

    told: Any = None
    close: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Work:
    """What a gang does; it travels.

    Attributes
    ----------
    name
        What a progress bar shows.
    meet
        ``meet(seat)`` in the process of each member, before any of them begins.
    run
        ``run(share, seat)``: what each of them does. It is not called before all have met.
    is_torn
        Whether an error says no more than that another member is gone.
    steps
        How many steps a member will tell of.
    """

    name: str
    meet: Callable[[Seat], Meeting]
    run: Callable[[Share, Seat], Any]
    is_torn: Callable[[Exception], bool]
    steps: int = 0


@dataclass(frozen=True)
class Result:
    """What a member made, or why it failed; ``torn`` where that is the fault of another one."""

    value: Any = None
    error: Exception | None = None
    torn: bool = False


@dataclass(frozen=True)
class Parts:
    """Parts of a query as a share: each is computed when it is its turn, and again when the share is read again."""

    stage: bytes
    tasks: tuple[tuple[Facts, tuple[pa.Table, ...]], ...]

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """Run the stage on each part."""
        for facts, tables in self.tasks:
            (made,), _ = run_task(self.stage, facts, *tables)
            yield from_table(made)


_open: defaultdict[str, list[Callable[[], None]]] = defaultdict(list)
"""How to undo what was done for members of gangs in this process, by the gangs' names."""

_stopped: deque[str] = deque(maxlen=1000)
"""Gangs for which nobody waits any more, the latest ones: a member of one may still run here."""


def meet(gang: str, work: bytes, seat: Seat) -> Any:
    """Prepare this process for a member; what it has to say to the others."""
    unpacked: Callable[[Seat], Meeting] = pickle.loads(work)
    meeting = unpacked(seat)
    _open[gang].append(meeting.close)
    return meeting.told


def take_part(gang: str, work: bytes, share: Share, seat: Seat) -> Result:
    """Be a member, and say what came of it: an error too, so that the others are asked as well."""
    unpacked: Work = pickle.loads(work)
    seat = replace(seat, is_stopped=lambda: gang in _stopped)
    try:
        return Result(unpacked.run(share, seat))
    except Exception as error:
        return Result(error=_portable(error), torn=unpacked.is_torn(error))


def leave(gang: str) -> None:
    """Undo what was done for a gang, and have a member of it stop that still runs."""
    _stopped.append(gang)
    for close in _open.pop(gang, ()):
        close()


def alone(work: Work, share: Share, tell: Callable[[int], None]) -> Any:
    """A gang of one, in this process."""
    return work.run(share, Seat(tell=tell))


def _portable(error: Exception) -> Exception:
    """The error as it travels: some cannot be pickled, or not made again."""
    error.__traceback__ = None
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
