"""The physical plan: one node for each way in which rows reach a task; planning never names a backend.

Between two moves of data everything is one fragment, a logical plan over ``Input`` leaves, that is run as
one Polars query in one task. Parts have an order, and rows within a part: an operator that says nothing
else keeps both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scalekit.expr.node import ExprNode, SortKey
from scalekit.plan.nodes import Plan
from scalekit.tree import Node, node


class Physical(Node):
    """A table in parts."""


Physical.family = Physical


@node
class ScanPartitions(Physical):
    """The splits of a source; never a task of its own, what follows reads them.

    ``predicate`` is what follows asks of each row: splits that cannot hold one are left out.
    """

    source: Any
    columns: tuple[str, ...] | None
    limit: int | None
    predicate: ExprNode | None = None


@node
class MapPartitions(Physical):
    """A fragment over the parts of its inputs.

    The first part of every input goes to the first task and so on; inputs that are one table, by
    :class:`Broadcast` or :class:`Gather`, go to every task.
    """

    inputs: tuple[Physical, ...]
    fragment: Plan


@node
class HashExchange(Physical):
    """Rows of equal keys in one part. Rows of one key keep their order, those of different keys do not.

    The keys are expressions over the columns of the input, cast to the type in which they are compared.
    """

    input: Physical
    keys: tuple[ExprNode, ...]


@node
class RangeExchange(Physical):
    """Parts in the order of the keys: no row of a part comes after one of the next; not sorted within.

    Rows of equal keys are in one part and keep their order; with ``splits_ties`` those that are too many
    for one part go to several, in their order.
    """

    input: Physical
    by: tuple[SortKey, ...]
    splits_ties: bool = False


@node
class Gather(Physical):
    """All rows in one part, in order."""

    input: Physical


@node
class Broadcast(Physical):
    """All rows as one table that every task receives."""

    input: Physical


@node
class Concat(Physical):
    """The parts of several tables of the same columns, one table after the other."""

    inputs: tuple[Physical, ...]


@node
class Head(Physical):
    """The first parts that hold at least ``rows`` rows, or the ``last`` ones; others need not run at all."""

    input: Physical
    rows: int
    last: bool = False


@node
class Counted(Physical):
    """The same parts, computed, so that the rows before each are known to what numbers them."""

    input: Physical


@node
class AlignedPartitions(Physical):
    """A fragment over tables side by side, of which the rows of one place have to meet.

    Parts that agree in their rows stay as they are; others are cut where those of the largest table end.
    """

    inputs: tuple[Physical, ...]
    fragment: Plan


@dataclass(frozen=True)
class Reduction:
    """What leaves of one side of a join only rows whose keys the other side has.

    ``keys`` are those of the other side, ``matching`` are the rows with one of them, and ``is_likely`` says
    that there will be others: rows of the other side were selected.
    """

    keys: Plan
    matching: Plan
    is_likely: bool


@node
class JoinPartitions(Physical):
    """A fragment over two tables, of which rows of equal keys have to meet.

    While it runs, the true sizes decide: one side goes to every task, where ``may_broadcast`` allows it for
    (left, right), or both are exchanged by hash, or all is small and runs as one task. Without keys
    it is a matter of broadcasting, or of one task.

    ``left_bytes`` and ``right_bytes`` are estimates, which only say which side to look at first. ``nulls``
    says for both sides where rows go that have a null among their keys: to ``"meet"`` as others do, to
    ``"stay"`` in any part, or to be dropped. ``in_order`` is the order in which the rows are, part by
    part, if the left or the right side is the one that stays where it is.

    Where the left rows look for the nearest right ones, ``ranges`` are the keys of both sides: both may be
    exchanged by the same ranges, and every task then has besides what ``edges`` takes of each right part.

    ``reductions`` of the left and the right side spare a large side to be moved whole where the other one is
    small, but may not go to every task. ``selects`` says of the left and the right side whether rows were left
    out of it, so that rows of the other one will often match nothing.
    """

    left: Physical
    right: Physical
    left_on: tuple[ExprNode, ...]
    right_on: tuple[ExprNode, ...]
    fragment: Plan
    may_broadcast: tuple[bool, bool]
    left_bytes: int | None = None
    right_bytes: int | None = None
    nulls: tuple[str, str] = ("meet", "meet")
    in_order: tuple[tuple[SortKey, ...], tuple[SortKey, ...]] = ((), ())
    ranges: tuple[SortKey, ...] = ()
    edges: Plan | None = None
    reductions: tuple[Reduction | None, Reduction | None] = (None, None)
    selects: tuple[bool, bool] = (False, False)


@node
class WritePartitions(Physical):
    """Every part to files of its own, which one commit makes visible together; always the last node."""

    input: Physical
    target: Any
