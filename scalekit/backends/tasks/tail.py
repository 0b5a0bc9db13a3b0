"""The tail of a query: where little is left, of which all is on the cluster, one task does the rest."""

from __future__ import annotations

from dataclasses import replace

from scalekit.backends.tasks.parts import Feed, Part, Pending
from scalekit.backends.tasks.run import Run
from scalekit.kernels.task import TableSlot
from scalekit.plan.nodes import Numbered
from scalekit.tree import walk


def as_one_task(pending: Pending, run: Run) -> Pending:
    """The same rows by one task, if all that the tasks would read fits one; else as it is.

    For tables whose parts nobody has seen: what meets in one of several parts meets in the only one too.
    """
    moving = [feed for feed in pending.feeds if not feed.shared]
    if run.config.partitions is not None or pending.count <= 1:
        return pending
    if pending.bytes > run.part_bytes // 2 or not all(map(_may_be_one, moving)):
        return pending
    if any(isinstance(plan, Numbered) for plan in walk(pending.fragment)):
        return pending
    feeds = tuple(feed if feed.shared else _as_one(feed) for feed in pending.feeds)
    return Pending(pending.fragment, feeds)


def _may_be_one(feed: Feed) -> bool:
    """Whether the parts are on the cluster, and each of them goes to one task only."""
    parts = [content for content in feed.contents if isinstance(content, Part)]
    alone = len(set(map(id, parts))) == len(feed.contents)
    return isinstance(feed.slot, TableSlot) and alone


def _as_one(feed: Feed) -> Feed:
    parts = [content for content in feed.contents if isinstance(content, Part)]
    filled = [part for part in parts if part.rows] or parts[:1]
    tables = tuple(table for part in filled for table in part.tables)
    whole = Part(tables, sum(p.rows for p in parts), sum(p.bytes for p in parts))
    return replace(feed, contents=[whole], placed=None)
