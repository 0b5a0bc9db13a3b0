"""Tables side by side while they run: parts that hold the same rows, by place, of every table."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from scalekit.backends.tasks.parts import Part, Pending, fused, gathered, stored
from scalekit.backends.tasks.run import Run
from scalekit.kernels.outputs import ByRows
from scalekit.physical.nodes import AlignedPartitions


def align(node: AlignedPartitions, tables: Sequence[Pending], run: Run) -> Pending:
    """Run a fragment on tables side by side; only parts whose rows are not in line are cut.

    Tables of several lengths meet in one task, which fails as it would on one machine.
    """
    if all(table.count == 1 for table in tables):
        return fused(tables, node.fragment)
    parted = [run.store(table) for table in tables]
    if len({sum(_rows(table)) for table in parted}) > 1:
        return fused([gathered(table) for table in parted], node.fragment)
    wanted = _rows(max(parted, key=lambda table: table.bytes))
    return fused([_in_line(table, wanted, run) for table in parted], node.fragment)


def _rows(table: Pending) -> list[int]:
    return [part.rows for part in table.parts]


def _in_line(table: Pending, wanted: Sequence[int], run: Run) -> Pending:
    """The table in parts of ``wanted`` rows; a task leaves as many pieces as one of its parts is cut into."""
    if _rows(table) == list(wanted):
        return table
    pieces = _cuts(_rows(table), wanted)
    most = max(map(len, pieces))
    ends = tuple(tuple(accumulate(rows for _, rows in cut)) for cut in pieces)
    done = run.tasks(table, ByRows(ends, most), range(table.count))
    parts: list[list[Part]] = [[] for _ in wanted]
    for cut, task in zip(pieces, done, strict=True):
        for number, (place, _) in enumerate(cut):
            parts[place].append(task.part(number))
    return stored([_joined(found) for found in parts], table.fragment)


def _cuts(rows: Sequence[int], wanted: Sequence[int]) -> list[list[tuple[int, int]]]:
    """For each part the wanted parts that its rows go to, and how many to each."""
    found: list[list[tuple[int, int]]] = []
    place, room = 0, wanted[0]
    for count in rows:
        cut: list[tuple[int, int]] = []
        left = count
        while left:
            while not room:
                place, room = place + 1, wanted[place + 1]
            taken = min(left, room)
            cut.append((place, taken))
            left, room = left - taken, room - taken
        found.append(cut)
    return found


def _joined(pieces: Sequence[Part]) -> Part:
    return Part(
        tuple(table for piece in pieces for table in piece.tables),
        sum(piece.rows for piece in pieces),
        sum(piece.bytes for piece in pieces),
    )
