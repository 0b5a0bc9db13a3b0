"""What a function says of each part, in the order of the parts: those that a worker holds are asked by one task.

A step of an iterative fit takes milliseconds on a part, which is as long as an engine takes to start a task.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import ceil

import polars as pl

from scalekit.backends.tasks.parts import Content, Freed, Part, Pending
from scalekit.backends.tasks.run import Run
from scalekit.kernels.said import Said
from scalekit.kernels.tables import from_table
from scalekit.kernels.task import TableSlot
from scalekit.plan.nodes import MapBatches, Numbered
from scalekit.tree import walk

AHEAD = 16
"""Parts for each slot that are asked before their answers are brought: workers do not hold all of those."""


def is_said(result: Pending) -> bool:
    """Whether all that is left to do is to ask a function about each part."""
    root = result.fragment
    return isinstance(root, MapBatches) and isinstance(root.function.value, Said)


def answers_of(result: Pending, run: Run) -> Iterator[pl.DataFrame]:
    """The answers, as a frame of one row for each part."""
    at_once = max(2, AHEAD * run.slots)
    is_held = _is_held(result)
    for numbers in _in_runs(range(result.count), at_once):
        if is_held:
            yield from _asked_together(result, numbers, run)
        else:
            parts = run.parts(result, numbers)
            yield from map(from_table, run.cluster.fetch([part.tables[0] for part in parts]))


def _is_held(result: Pending) -> bool:
    """Whether the cluster has each part as one table, and nothing is asked that goes by the number of a task."""
    (*others, feed) = result.feeds
    return (
        not others
        and not feed.shared
        and isinstance(feed.slot, TableSlot)
        and not any(isinstance(node, Numbered) for node in walk(result.fragment))
        and all(isinstance(part, Part) and len(part.tables) == 1 for part in feed.contents)
    )


def _asked_together(result: Pending, numbers: Sequence[int], run: Run) -> Iterator[pl.DataFrame]:
    """The answers of some parts that the cluster holds."""
    (feed,) = result.feeds
    parts = {n: part for n in numbers if isinstance(part := feed.contents[n], Part)}
    hands = _hands(parts, run)
    if not feed.kept:  # nobody else reads them
        feed.contents[numbers[0] : numbers[-1] + 1] = [Freed(part.rows) for part in parts.values()]
    contents: list[Content | None] = [_one([parts[number] for number in hand]) for hand in hands]
    together = replace(result, feeds=(replace(feed, contents=contents),), apart=True)
    made = run.parts(together, range(len(hands)))
    told = run.cluster.fetch([part.tables[0] for part in made])
    answers: dict[int, pl.DataFrame] = {}
    for hand, table in zip(hands, told, strict=True):
        answers |= zip(hand, from_table(table).iter_slices(1), strict=True)
    for number in numbers:
        yield answers[number]


def _hands(parts: dict[int, Part], run: Run) -> list[Sequence[int]]:
    """The parts of each task: those near one worker, in their order, as many tasks as there are slots."""
    held: dict[str | None, list[int]] = {}
    for number, part in parts.items():
        held.setdefault(run.cluster.holder(part.tables), []).append(number)
    if None in held and len(run.cluster.resources.hosts) > 1:  # who knows how far they would travel
        return [[number] for number in parts]
    tasks = max(1, run.slots // len(held))
    return [
        hand for numbers in held.values() for hand in _in_runs(numbers, ceil(len(numbers) / tasks))
    ]


def _in_runs(numbers: Sequence[int], size: int) -> list[Sequence[int]]:
    return [numbers[start : start + size] for start in range(0, len(numbers), size)]


def _one(parts: Sequence[Part]) -> Part:
    """Several parts as one, whose tables they are."""
    tables = tuple(table for part in parts for table in part.tables)
    return Part(tables, sum(part.rows for part in parts), sum(part.bytes for part in parts))
