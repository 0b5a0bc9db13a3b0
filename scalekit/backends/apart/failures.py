"""The end of a process that ran a query, in scalekit's own words."""

from __future__ import annotations

import re
import signal

from scalekit.backends.budget import Budget
from scalekit.errors import ExecutionError, MemoryBudgetError, ScalekitError
from scalekit.sources.sizes import size_text

_OUT_OF_MEMORY = re.compile(
    r"memory allocation|out of memory|cannot allocate memory|os error 12|bad_alloc|MemoryError"
    r"|unable to allocate|malloc of size|realloc of size|failed to spawn thread|can't start new thread"
    r"|returned null pointer when creating"
    r"|POLARS_OOMKILL",
    re.IGNORECASE,
)
_OUT_OF_DISK = re.compile(r"out-of-core disk budget|no space left on device", re.IGNORECASE)

_CLOSE = 0.8
"""Share of the budget at which the death of a process is put down to it."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that there is no memory left."""
    return isinstance(error, MemoryError) or bool(_OUT_OF_MEMORY.search(str(error)))


def is_out_of_disk(error: BaseException) -> bool:
    """Whether what a query writes to the disk meanwhile found no room there."""
    return bool(_OUT_OF_DISK.search(str(error)))


def stopped(budget: Budget, reached: int, how: str = "was stopped") -> MemoryBudgetError:
    """The error for a query that took more than it may."""
    size = f" at {size_text(reached)}" if reached else ""
    return MemoryBudgetError.over(f"the query {how}{size}, in a process of its own", str(budget))


def too_large(budget: Budget, size: int) -> MemoryBudgetError:
    """The error for a result that turned out to be larger than the budget."""
    return MemoryBudgetError.over(
        f"the result takes more than {size_text(size)}", str(budget), result=True
    )


def ended(code: int, said: str, reached: int, budget: Budget) -> ScalekitError:
    """The error for a process that ended before it had answered.

    Parameters
    ----------
    code
        Its exit code, negative for a signal.
    said
        What it wrote before it ended.
    reached
        The most memory that it was seen with.
    budget
        What it may use.
    """
    if _OUT_OF_MEMORY.search(said):
        return stopped(budget, reached, "ran out of memory")
    if code == -signal.SIGKILL:
        return stopped(budget, reached, "was ended by the system, which is short of memory,")
    if code < 0 and reached > _CLOSE * budget.bytes:
        return stopped(budget, reached, f"ended with {_name(code)}")
    last = said.strip().splitlines()[-1:] or ["it said nothing"]
    return ExecutionError(
        f"the process that ran the query ended with {_name(code)} at {size_text(reached)}; the session goes on. Its "
        f"last words: {last[0]}"
    )


def stalled(said: str, reached: int, budget: Budget) -> ScalekitError:
    """The error for a process that failed inside and did not end."""
    if _OUT_OF_MEMORY.search(said):
        return stopped(budget, reached, "ran out of memory")
    failed = next((row for row in said.splitlines() if "panicked at" in row), "").strip()
    return ExecutionError(f"Polars stopped unexpectedly, in a process of its own: {failed}")


def _name(code: int) -> str:
    if code >= 0:
        return f"code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
