"""Writes by tasks: each writes its part where nobody reads it, and this process commits one attempt of each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import polars as pl

from scalekit.backends.base import WriteRequest
from scalekit.backends.tasks.driver import evaluate
from scalekit.backends.tasks.results import pinned
from scalekit.backends.tasks.run import Run
from scalekit.kernels.outputs import Handed
from scalekit.physical.nodes import WritePartitions
from scalekit.targets.attempts import Attempt, Staging, check_keys
from scalekit.targets.base import FileTarget, WriteResult
from scalekit.targets.check import check_target
from scalekit.targets.commit import begin, write_attempt


def write_parts(node: WritePartitions, request: WriteRequest, run: Run) -> WriteResult:
    """Run a program whose tasks write, and commit what they wrote: all of it, or nothing.

    A task that is repeated writes another attempt, under another name. One of each part is recorded,
    the others go with the staging.
    """
    target: FileTarget = node.target
    check_target(target, request.inputs)
    target.check_schema(request.schema)
    check_keys(request.schema, target.partition_by)
    with begin(target, write_id=request.write_id) as session:
        if session.done is not None:
            return session.done
        pending = pinned(evaluate(node.input, run), request.schema)
        output = Handed(partial(write_part, session.staging))
        written = [done.answer for done in run.tasks(pending, output, range(pending.count))]
        for attempt in _attempts(written, session.staging, request.schema):
            session.record(attempt)
        return session.commit(rows=sum(rows for rows, _ in written), parts=pending.count)


def write_part(staging: Staging, part: int, frame: pl.DataFrame) -> tuple[int, Attempt]:
    """In a task: the rows that it has, and the files that it wrote, none where it has no rows."""
    if not frame.height:
        return 0, Attempt(part, 0, frame.schema, ())
    return frame.height, write_attempt(staging, part, frame)


def _attempts(
    written: Sequence[tuple[int, Attempt]], staging: Staging, schema: pl.Schema
) -> list[Attempt]:
    """One attempt of each part; a result without any row has one file, which keeps its schema."""
    attempts = [attempt for _, attempt in written]
    if not any(attempt.files for attempt in attempts):
        attempts[0] = write_attempt(staging, attempts[0].index, pl.DataFrame(schema=schema))
    return attempts
