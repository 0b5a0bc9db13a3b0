"""What a process that runs tasks is told by its environment, before it loads Polars."""

from __future__ import annotations

import os
from collections.abc import Mapping

ROOMY = 4 * 1024**3
"""Bytes of memory for one task at a time, from which on memory that was freed is kept for the next one."""

_ALLOCATOR = "_RJEM_MALLOC_CONF"

_OF_POLARS = "dirty_decay_ms:500,muzzy_decay_ms:1000"
"""What Polars puts there when it is loaded; what a user says stands behind it."""


_KEPT = 2**26
"""Bytes of an array up to which the memory of the last one is taken again, rather than asked of the system and zeroed."""


def allocator(memory: int) -> Mapping[str, str]:
    """What the C library of a worker is told before it starts: NumPy's arrays are its, as Polars' are not.

    Notes
    -----
    Each pass of a fit makes the same large arrays as the one before. By itself glibc learns to keep their memory; where
    only the first of these is set, as Dask sets it, it asks the system for every one of them. That took a third of the time
    of k-means, and a quarter of that of judging models.
    """
    kept = str(min(_KEPT, memory // 32))
    variables = {"MALLOC_TRIM_THRESHOLD_": kept, "MALLOC_MMAP_THRESHOLD_": kept}
    return {name: value for name, value in variables.items() if name not in os.environ}


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
