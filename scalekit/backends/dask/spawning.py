"""Workers that are started as processes of their own do not run the user's script a second time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import spawn
from typing import Any

_NAME = "Dask Worker process"
"""How the names of those processes begin."""


@contextmanager
def without_script() -> Iterator[None]:
    """Keep the script of this process out of workers that Dask starts in the block, or starts again.

    Python loads the main script into every process that it spawns. A script that runs a query at its top
    would start the query again in each worker, and with it further workers. Dask's workers need nothing of
    it: functions of the main script travel by value.
    """
    prepared = spawn.get_preparation_data

    def prepared_without(name: str) -> dict[str, Any]:
        found = prepared(name)
        if not name.startswith(_NAME):
            return found
        return {key: value for key, value in found.items() if not key.startswith("init_main_from")}

    spawn.get_preparation_data = prepared_without
    try:
        yield
    finally:
        if spawn.get_preparation_data is prepared_without:
            spawn.get_preparation_data = prepared
