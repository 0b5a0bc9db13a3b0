"""What the stages of a query took: totals of each, and when some of its tasks ran; no table is held by it."""

from __future__ import annotations

from typing import NamedTuple

from scalekit.backends.tasks.cluster import Counts
from scalekit.kernels.task import Report

SPANS = 500
"""Tasks of a stage whose times are kept, at least, where it has as many; twice that is the most."""


class Span(NamedTuple):
    """When and where one task ran, and what it made; times in seconds since the epoch."""

    worker: str
    started: float
    seconds: float
    rows: int
    bytes: int


class StageHistory:
    """The totals of one stage so far.

    Attributes
    ----------
    name
        What it does.
    tasks, done
        How many tasks it has, and how many have ended.
    rows, bytes
        What they made.
    seconds
        Of all tasks together.
    retries, spilled
        Tasks that ran once more, and bytes on disk at its end; None where the engine does not tell.
    spans
        When tasks ran: all of them, or every ``step``-th where they are many.
    """

    __slots__ = (
        "bytes",
        "done",
        "ended",
        "name",
        "retries",
        "rows",
        "seconds",
        "spans",
        "spilled",
        "started",
        "step",
        "tasks",
    )

    def __init__(self, name: str, tasks: int) -> None:
        self.name = name
        self.tasks = tasks
        self.done = 0
        self.rows = 0
        self.bytes = 0
        self.seconds = 0.0
        self.started = float("inf")
        self.ended = 0.0
        self.retries: int | None = None
        self.spilled: int | None = None
        self.step = 1
        self.spans: list[Span] = []

    def add(self, report: Report) -> None:
        """Take up what one task says."""
        rows, size = sum(report.rows), sum(report.bytes)
        if self.done % self.step == 0:
            self.spans.append(Span(report.worker, report.started, report.seconds, rows, size))
            if len(self.spans) > 2 * SPANS:
                del self.spans[1::2]
                self.step *= 2
        self.done += 1
        self.rows += rows
        self.bytes += size
        self.seconds += report.seconds
        self.started = min(self.started, report.started)
        self.ended = max(self.ended, report.started + report.seconds)

    def count(self, before: Counts, after: Counts) -> None:
        """Take up what the engine counted before and after the stage."""
        if before.retries is not None and after.retries is not None:
            self.retries = after.retries - before.retries
        self.spilled = after.spilled
