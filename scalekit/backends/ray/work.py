"""What travels to the workers of Ray: functions by value, so that a worker loads what it needs in the right order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ray

from scalekit.kernels.task import Facts

RETRIES = 3
"""How often a task is tried again whose worker died: four attempts, then it is named and given up."""


def task() -> Any:
    """``run_task`` as a remote function; the report comes after the tables."""

    def scalekit_task(packed: bytes, facts: Facts, *tables: Any) -> tuple[Any, ...]:
        import os

        # Before Polars is loaded: otherwise each task would use all cores of its machine.
        os.environ.setdefault("POLARS_MAX_THREADS", "1")
        # A user's function on a worker starts no cluster of its own.
        os.environ["SCALEKIT_BACKEND"] = "polars"
        from scalekit.kernels.task import run_task

        made, report = run_task(packed, facts, *tables)
        return *made, report

    return _remote(scalekit_task)


def adoption() -> Any:
    """What makes a table of a block of Ray Data, as a remote function."""

    def scalekit_adopt(block: Any, facts: tuple[Any, ...]) -> Any:
        import os

        os.environ.setdefault("POLARS_MAX_THREADS", "1")
        from scalekit.kernels.tables import to_table
        from scalekit.sources.native_ray import block_rows

        return to_table(block_rows(block, *facts))

    return _remote(scalekit_adopt)


def versions() -> Any:
    """What a worker has of Python, Polars and scalekit, as a remote function."""

    def scalekit_versions() -> tuple[str, str | None, str | None]:
        import os
        import sys

        os.environ.setdefault("POLARS_MAX_THREADS", "1")
        try:
            import scalekit.kernels.task  # noqa: F401 - whoever is asked first has it loaded then
            from scalekit.backends.tasks.versions import versions_here
        except ModuleNotFoundError as error:
            from importlib.util import find_spec

            python = ".".join(map(str, sys.version_info[:3]))
            there = None if find_spec("polars") is None else "another"
            return python, there, None if error.name == "scalekit" else "another"
        found = versions_here()
        return found.python, found.polars, found.scalekit

    return _remote(scalekit_versions)


def _remote(function: Any) -> Any:
    return ray.remote(num_cpus=1, max_retries=RETRIES, retry_exceptions=False)(function)


def shipped() -> dict[str, Any]:
    """An environment in which workers have this process's copy of scalekit; Ray takes it for a whole session."""
    import scalekit

    return {"py_modules": [str(Path(scalekit.__file__).parent)], "excludes": ["**/__pycache__"]}
