"""Gangs on a cluster: members that work at the same time, one to a worker, tried again by those that are left."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from scalekit.backends.tasks.cluster import Cluster, Ref
from scalekit.backends.tasks.members import Gang, MemberLostError
from scalekit.backends.tasks.parts import Feed, Part, Pending
from scalekit.backends.tasks.run import Run
from scalekit.backends.tasks.stage import facts_of, stage_of, starts_of
from scalekit.errors import ExecutionError
from scalekit.kernels.gang import Result, Work
from scalekit.kernels.outputs import Whole
from scalekit.kernels.task import Facts, pack
from scalekit.plan.nodes import Filter, Input, Limit, MapBatches, Select, WithColumns
from scalekit.tree import walk

ATTEMPTS = 3
"""How often a gang is formed anew, the first time included, where workers go away."""

AWAITED = 30.0
"""Seconds to wait for a worker where none is left."""

MOVED = 0.5
"""What it costs to move a byte to another worker, next to working on it there."""

NOTICE = 0.1
"""Seconds after which an interrupt is noticed at the latest."""

_turn = threading.Lock()
"""Gangs of this process run one after the other: members of two that wait for each other would wait for ever."""


def run_gang(pending: Pending, run: Run, work: Work) -> Result:
    """Let a gang work on the rows of ``pending``: what its first member made, or the first cause why it failed.

    Raises
    ------
    ExecutionError
        Where workers go away again and again.
    """
    packed = _Packed(pending, run.cluster, work)

    def tell(done: int) -> None:
        run.watch.stage(work.name, 1, done, work.steps, 0)

    with _own_turn():
        for attempt in range(ATTEMPTS):
            seats = _awaited_seats(run.cluster)
            try:
                return _told(run.cluster.gang(packed.gang(seats), tell))
            except MemberLostError as error:
                if attempt == ATTEMPTS - 1:
                    raise ExecutionError(_LOST.format(times=ATTEMPTS, error=error)) from None
    raise AssertionError


_LOST = (
    "{error}; {times} attempts ended like that; memory is the usual reason: give workers more of it "
    "(worker_memory=), or use more of them"
)

_TORN = "the members of a distributed fit lost their connections to each other, though no worker died: {error}"


class _Packed:
    """What all attempts share."""

    def __init__(self, pending: Pending, cluster: Cluster, work: Work) -> None:
        self._pending = pending
        self._cluster = cluster
        self._starts = starts_of(pending)
        self._stage = pack(stage_of(pending, Whole()))
        self._meet = pack(work.meet)
        self._work = cluster.put(pack(work))

    def gang(self, seats: Sequence[str]) -> Gang:
        """Deal the parts to members, in a fixed order, to each what is at its place if that is about as much."""
        todo = _with_rows(self._pending)
        hands = dealt(todo, seats[: len(todo)], self._bytes, self._holder)
        taken = [(seat, hand) for seat, hand in zip(seats, hands, strict=False) if hand]
        shares = [tuple(self._task(number) for number in hand) for _, hand in taken]
        name = f"scalekit-gang-{uuid.uuid4().hex}"
        places = tuple(seat for seat, _ in taken)
        return Gang(name, places, tuple(shares), self._stage, self._meet, self._work)

    def _task(self, number: int) -> tuple[Facts, tuple[Ref, ...]]:
        facts, tables = facts_of(self._pending, number, self._starts)
        return facts, tuple(tables)

    def _bytes(self, number: int) -> int:
        return sum(feed.at(number).bytes for feed in self._own)

    def _holder(self, number: int) -> str | None:
        contents = [feed.at(number) for feed in self._own]
        tables = [table for part in contents if isinstance(part, Part) for table in part.tables]
        return self._cluster.holder(tables) if tables else None

    @property
    def _own(self) -> list[Feed]:
        return [feed for feed in self._pending.feeds if not feed.shared]


def dealt(
    tasks: Sequence[int],
    seats: Sequence[str],
    size: Callable[[int], int],
    holder: Callable[[int], str | None],
) -> list[list[int]]:
    """The tasks of each seat: in their order, each to where it is done first, its way there included."""
    hands: list[list[int]] = [[] for _ in seats]
    load = [0.0] * len(seats)
    for task in tasks:
        size_, at = max(1, size(task)), holder(task)
        ways = [0 if at is None or at == seat else MOVED * size_ for seat in seats]
        place = min(range(len(seats)), key=lambda n: (load[n] + ways[n], n))
        load[place] += size_
        hands[place].append(task)
    return hands


def _with_rows(pending: Pending) -> list[int]:
    """The parts of which it is not known that they have no rows; one, if all are like that."""
    own = [feed for feed in pending.feeds if not feed.shared]
    is_by_row = all(isinstance(node, _BY_ROW) for node in walk(pending.fragment))
    if len(own) != 1 or not is_by_row:
        return list(range(pending.count))
    return [n for n in range(pending.count) if own[0].at(n).rows != 0] or [0]


_BY_ROW = (Input, Select, Filter, WithColumns, MapBatches, Limit)


def _told(results: Sequence[Result]) -> Result:
    """What the first member made; where some failed, the first error that is not another member's fault."""
    failed = [result for result in results if result.error is not None]
    own = [result for result in failed if not result.torn]
    if failed and not own:
        error = str(failed[0].error).partition("\n")[0]
        return Result(error=ExecutionError(_TORN.format(error=error)))
    return own[0] if own else results[0]


@contextmanager
def _own_turn() -> Iterator[None]:
    while not _turn.acquire(timeout=NOTICE):
        pass  # short waits: only those notice an interrupt
    try:
        yield
    finally:
        _turn.release()


def _awaited_seats(cluster: Cluster) -> Sequence[str]:
    deadline = time.monotonic() + AWAITED
    while not (seats := cluster.seats()):
        if time.monotonic() > deadline:
            raise ExecutionError(f"no worker came within {AWAITED:.0f} s")
        time.sleep(NOTICE)
    return seats
