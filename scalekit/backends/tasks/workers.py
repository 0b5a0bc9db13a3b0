"""What a process that runs tasks is told by its environment, before it loads Polars."""

from __future__ import annotations

import os
from collections.abc import Mapping

ROOMY = 4 * 1024**3
"""Bytes of memory for one task at a time, from which on memory that was freed is kept for the next one."""

_ALLOCATOR = "_RJEM_MALLOC_CONF"

_OF_POLARS = "dirty_decay_ms:500,muzzy_decay_ms:1000"
"""What Polars puts there when it is loaded; what a user says stands behind it."""


def environment(memory: int) -> Mapping[str, str]:
    """The variables of a worker that runs one task at a time in ``memory`` bytes.

    Notes
    -----
    Polars returns freed memory to the system within half a second, and each task asks for much of it again: on a
    virtual machine that is up to a fifth of a query's time. Where there is room it is kept for five.
    """
    variables = {
        "POLARS_MAX_THREADS": "1",  # otherwise each worker would use all cores of its machine
        "SCALEKIT_BACKEND": "polars",  # a user's function on a worker starts no cluster of its own
    }
    if memory >= ROOMY and os.environ.get(_ALLOCATOR, _OF_POLARS) == _OF_POLARS:
        variables[_ALLOCATOR] = "dirty_decay_ms:5000,muzzy_decay_ms:5000"
    return variables
