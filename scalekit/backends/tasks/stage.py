"""One stage: its tasks are started a few at a time, watched, and what they gave is taken up."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, TypeAlias

from scalekit.backends.tasks.cluster import Cluster, Ref, Submitted
from scalekit.backends.tasks.parts import Feed, Freed, Part, Pending, Splits
from scalekit.kernels.outputs import ByBucket, ByHash, ByRange, ByRows, Handed, Output
from scalekit.kernels.schema import schema_of
from scalekit.kernels.task import Facts, ReadSlot, Report, Stage, counted_slot, pack, run_task
from scalekit.optimize import pin_order
from scalekit.plan.explain import title
from scalekit.plan.nodes import Input, Numbered
from scalekit.tree import walk

if TYPE_CHECKING:
    import pyarrow as pa

AHEAD = 3
"""Tasks under way for each slot: the next one waits while one runs, and no more of them hold memory."""

Starts: TypeAlias = Mapping[int, Sequence[int]]
"""The rows before each part, and all of them last, by the slots of the tables whose rows are counted."""


class Done:
    """What one task gave: references to its tables, the sizes of each, and what else its report says.

    An exchange of thousands of tasks has millions of these tables: no object is made for any of them.
    """

    __slots__ = ("answer", "bytes", "rows", "sample", "tables")

    def __init__(self, tables: Sequence[Ref], report: Report) -> None:
        self.tables = tables
        self.rows = array("I", report.rows)
        self.bytes = array("Q", report.bytes)
        self.sample = report.sample
        self.answer = report.answer

    def part(self, number: int) -> Part:
        """One of the tables as a part."""
        return Part((self.tables[number],), self.rows[number], self.bytes[number])


def joined(tasks: Sequence[Done], number: int) -> Part:
    """One table of each of several tasks as one part, without those that have no rows."""
    filled = [done for done in tasks if done.rows[number]]
    # Lists: generators would take twice as long, and there are millions of tables.
    return Part(
        tuple([done.tables[number] for done in filled]),
        sum([done.rows[number] for done in filled]),
        sum([done.bytes[number] for done in filled]),
    )


def run_stage(
    cluster: Cluster,
    stage: Stage,
    pending: Pending,
    tasks: Sequence[int],
    landed: Callable[[Report], None] = lambda _: None,
) -> list[Done]:
    """Run ``stage``, made of ``pending``, on the parts that ``tasks`` number.

    Returns
    -------
    list of Done
        In the order of ``tasks``, whichever finished first.
    """
    packed = cluster.put(pack(stage))
    starts = starts_of(pending)
    found: dict[int, Done] = {}
    todo = iter(tasks)
    flying: dict[int, Submitted] = {}
    limit = max(2, AHEAD * cluster.resources.slots)
    while True:
        for task in _up_to(todo, limit - len(flying)):
            flying[task] = _start(cluster, packed, pending, task, starts, stage.output.parts)
        if not flying:
            return [found[task] for task in tasks]
        for task, done in _landed(cluster, flying, landed):
            found[task] = done
            _free(pending, task)


def stage_of(pending: Pending, output: Output) -> Stage:
    """What all tasks of a stage share."""
    # In order, so that a task that runs again gives the same bytes (DESIGN.md, section 5).
    return Stage(
        stage_name(pending, output),
        pin_order(pending.fragment),
        tuple(feed.slot for feed in pending.feeds),
        output,
        tuple(schema_of(pending.fragment).items()),
        pending.apart,
    )


def _up_to(todo: Iterator[int], count: int) -> Iterable[int]:
    return [task for _, task in zip(range(count), todo, strict=False)]


def _start(
    cluster: Cluster,
    packed: Ref,
    pending: Pending,
    task: int,
    starts: Starts,
    outputs: int,
) -> Submitted:
    facts, tables = facts_of(pending, task, starts)
    return cluster.submit(packed, facts, tables, outputs)


def facts_of(pending: Pending, task: int, starts: Starts) -> tuple[Facts, list[Ref]]:
    """What a task is told, and the tables that it reads."""
    tables: list[Ref] = []
    feeds: list[int | tuple[object, ...]] = []
    for feed in pending.feeds:
        content = feed.at(task)
        if isinstance(content, Splits):
            feeds.append(content.splits)
        else:
            feeds.append(len(content.tables))
            tables += content.tables
    counts = {
        slot: (rows[0 if pending.feeds[slot].shared else task], rows[-1])
        for slot, rows in starts.items()
    }
    return Facts(task, tuple(feeds), counts), tables


def run_here(cluster: Cluster, stage: Stage, pending: Pending) -> tuple[pa.Table, Report]:
    """Run the only task of ``pending`` in this process, which has all that it reads."""
    facts, tables = facts_of(pending, 0, starts_of(pending))
    (made,), report = run_task(pack(stage), facts, *cluster.fetch(tables))
    return made, report


def _landed(
    cluster: Cluster, flying: dict[int, Submitted], landed: Callable[[Report], None]
) -> Iterator[tuple[int, Done]]:
    tasks = list(flying)
    which = [tasks[i] for i in cluster.any_done([flying[task].report for task in tasks])]
    reports = cluster.fetch([flying[task].report for task in which])
    for task, report in zip(which, reports, strict=True):
        landed(report)
        yield task, Done(flying.pop(task).tables, report)


def _free(pending: Pending, task: int) -> None:
    for feed in pending.feeds:
        content = feed.contents[0 if feed.shared else task]
        if not feed.kept and not feed.shared and isinstance(content, Part):
            feed.contents[task] = Freed(content.rows)


def starts_of(pending: Pending) -> Starts:
    """The first row of each part, and the number of all, of each table whose rows the fragment counts."""
    counted = [p for p in walk(pending.fragment) if isinstance(p, Numbered) and p.by != "place"]
    slots = {counted_slot(plan) for plan in counted}
    return {slot: _first_rows(pending.feeds[slot]) for slot in slots}


def _first_rows(feed: Feed) -> list[int]:
    rows = (0 if content is None else content.rows or 0 for content in feed.contents)
    return [0, *accumulate(rows)]


def stage_name(pending: Pending, output: Output) -> str:
    """What a stage does, in the order in which it does it."""
    reads = [f.slot.source.describe() for f in pending.feeds if isinstance(f.slot, ReadSlot)]
    steps = [title(node).lower() for node in walk(pending.fragment) if not isinstance(node, Input)]
    handed = _HANDED.get(type(output), "")
    return " > ".join(filter(None, [*reads, *steps, handed])) or "look"


_HANDED: Mapping[type[Output], str] = {
    ByHash: "split by keys",
    ByRange: "split by order",
    ByRows: "split by place",
    ByBucket: "split again",
    Handed: "hand over",
}
"""How rows are handed on, where they are."""
