"""Tables in parts while a query runs: what is stored on the cluster, and fragments that did not run yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from scalekit.backends.tasks.cluster import Ref
from scalekit.expr.node import ExprNode, SortKey
from scalekit.kernels.schema import has_user_code, schema_of
from scalekit.kernels.task import Slot, TableSlot
from scalekit.plan.nodes import Input, Join, Plan
from scalekit.tree import children, rewrite, walk

SMALL = 4 * 1024**2
"""Bytes up to which one task is quicker than several."""

_FEW_NODES = 100
"""Nodes of a fragment, as a tree, up to which it may be planned again by each of its readers."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows that the cluster holds, as tables one after the other."""

    tables: tuple[Ref, ...]
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Splits:
    """Some rows of a source that nobody has read yet, a guess of their size, and their number if it is known."""

    splits: tuple[Any, ...]
    bytes: int
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Freed:
    """Some rows that the cluster held, until their only reader was done."""

    rows: int
    bytes: int = 0


Content: TypeAlias = Part | Splits | Freed


@dataclass(frozen=True)
class Placement:
    """How rows came to their parts: by the hash of ``keys``, expressions over the table's columns.

    ``groups`` are the buckets of each part, ``nulls`` says where rows with a null key are, as in ``ByHash``.
    """

    keys: tuple[ExprNode, ...]
    groups: tuple[tuple[int, ...], ...]
    nulls: str


@dataclass(frozen=True)
class Feed:
    """One input of a fragment: its contents for each task, or one for all of them.

    ``kept`` tells that others read the contents too: a stage frees those that are its own, task by task.
    """

    slot: Slot
    contents: list[Content | None]
    shared: bool = False
    kept: bool = False
    placed: Placement | None = None

    def at(self, task: int) -> Part | Splits:
        """What a task receives."""
        content = self.contents[0 if self.shared else task]
        assert not isinstance(content, Freed | None), "a part was read after it was freed"
        return content

    @property
    def bytes(self) -> int:
        """Bytes of all contents, measured or guessed."""
        return sum(content.bytes for content in self.contents if content is not None)


@dataclass(frozen=True)
class Pending:
    """A table in parts of which each is a fragment over its feeds, which has not run.

    ``in_order`` is an order in which the parts are already, if it is known. Where they are ``apart``, the fragment runs on each
    table of a part by itself.
    """

    fragment: Plan
    feeds: tuple[Feed, ...]
    in_order: tuple[SortKey, ...] = ()
    apart: bool = False

    @property
    def count(self) -> int:
        """The number of parts."""
        return max((len(feed.contents) for feed in self.feeds if not feed.shared), default=1)

    @property
    def is_stored(self) -> bool:
        """Whether the parts are on the cluster as they are."""
        return isinstance(self.fragment, Input) and isinstance(self.feeds[0].slot, TableSlot)

    @property
    def bytes(self) -> int:
        """Bytes that its tasks receive: what it gives is rarely more."""
        return sum(feed.bytes for feed in self.feeds)

    @property
    def parts(self) -> Sequence[Part]:
        """The stored parts."""
        assert self.is_stored
        return [part for part in self.feeds[0].contents if isinstance(part, Part)]


def stored(parts: Sequence[Part], plan: Plan) -> Pending:
    """Parts that are on the cluster, with the columns of ``plan``."""
    schema = tuple(schema_of(plan).items())
    return Pending(Input(0, schema), (Feed(TableSlot(schema), list(parts)),))


def fused(inputs: Sequence[Pending], fragment: Plan) -> Pending:
    """A fragment over tables, as one fragment over all that they are made from, each of it once."""
    feeds: list[Feed] = []
    fragments: list[Plan] = []
    for pending in inputs:
        places = [_place_of(feed, feeds) for feed in pending.feeds]
        fragments.append(_moved(pending.fragment, places))
    counts = {len(feed.contents) for feed in feeds if not feed.shared}
    assert len(counts) <= 1, f"parts that do not go together: {counts}"
    whole = rewrite(fragment, lambda p: fragments[p.index] if isinstance(p, Input) else p)
    return Pending(whole, tuple(feeds))


def _place_of(feed: Feed, feeds: list[Feed]) -> int:
    """Where a feed is among those that a fragment has already; added to them, if it is not."""
    for place, other in enumerate(feeds):
        same = (other.slot, other.shared, other.kept) == (feed.slot, feed.shared, feed.kept)
        if same and other.contents is feed.contents:
            return place
    feeds.append(feed)
    return len(feeds) - 1


def _moved(fragment: Plan, places: Sequence[int]) -> Plan:
    if list(places) == list(range(len(places))):
        return fragment
    return rewrite(
        fragment, lambda p: Input(places[p.index], p.schema) if isinstance(p, Input) else p
    )


def size_as_tree(plan: Plan) -> int:
    """The nodes of a plan, each as often as others read it: Polars takes that long to plan it."""
    sizes: dict[Plan, int] = {}
    for node in walk(plan):
        sizes[node] = 1 + sum(sizes[child] for child in children(node))
    return sizes[plan]


def is_quick(pending: Pending) -> bool:
    """Whether a table is so small that every reader may compute it: then all may go into one task.

    By what it reads; all pairs of rows may be far more.
    """
    return (
        pending.count == 1
        and pending.bytes <= SMALL
        and size_as_tree(pending.fragment) <= _FEW_NODES
        and not has_user_code(pending.fragment)
        and not any(
            isinstance(plan, Join) and plan.how == "cross" for plan in walk(pending.fragment)
        )
    )


def gathered(pending: Pending) -> Pending:
    """The stored parts as one, without moving them."""
    parts = pending.parts
    filled = [part for part in parts if part.rows] or parts[:1]
    tables = tuple(table for part in filled for table in part.tables)
    whole = Part(tables, sum(p.rows for p in parts), sum(p.bytes for p in parts))
    (feed,) = pending.feeds
    return Pending(pending.fragment, (Feed(feed.slot, [whole], kept=feed.kept),))


def shared(pending: Pending) -> Pending:
    """A table of one part that goes to every task."""
    assert pending.count == 1
    feeds = tuple(Feed(f.slot, f.contents, shared=True, kept=True) for f in pending.feeds)
    return Pending(pending.fragment, feeds)


def kept(pending: Pending) -> Pending:
    """The table for one of several readers, of which none may free its parts."""
    return Pending(pending.fragment, tuple(replace(feed, kept=True) for feed in pending.feeds))
