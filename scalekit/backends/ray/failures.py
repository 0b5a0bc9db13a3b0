"""What goes wrong on Ray, in scalekit's own words: the first cause, and what can be done."""

from __future__ import annotations

from ray.exceptions import (
    NodeDiedError,
    ObjectLostError,
    OutOfMemoryError,
    RayError,
    RayTaskError,
    WorkerCrashedError,
)

from scalekit.backends.ray.work import RETRIES
from scalekit.errors import ExecutionError, ScalekitError

_SMALLER = "give tasks more of it (fewer workers=), or make parts smaller (partition_bytes=)"

REASONS: tuple[tuple[type[RayError], str], ...] = (
    (
        WorkerCrashedError,
        f"the worker process died each of the {RETRIES + 1} times that Ray tried the task, and it is not tried again; "
        f"memory is the usual reason: {_SMALLER}",
    ),
    (
        OutOfMemoryError,
        f"Ray ended the worker each time that it tried the task, since its machine had too little memory left: {_SMALLER}",
    ),
    (
        NodeDiedError,
        "Ray lost the machine that ran the task, and found no other: run the query again",
    ),
    (
        ObjectLostError,
        "Ray lost a table of this query, and could not make it again: run the query again",
    ),
)
"""What each failure of Ray means; the first that fits is told."""


def reason(error: RayError) -> str:
    """A failure of Ray itself in words."""
    for kind, text in REASONS:
        if isinstance(error, kind):
            return text
    return f"Ray failed: {type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"


def own_error(error: RayTaskError) -> ScalekitError:
    """What a task raised, without the frames of Ray; what scalekit did not raise has those of the worker in a note."""
    cause = error.cause
    if isinstance(cause, ScalekitError):
        return cause.with_traceback(None)
    if isinstance(cause, MemoryError):
        return ExecutionError(f"a worker of Ray ran out of memory: {_SMALLER}")
    found = ExecutionError(f"{type(cause).__name__} on a worker of Ray: {cause}")
    found.add_note(str(error))  # the frames of the worker
    return found
