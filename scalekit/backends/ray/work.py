"""What travels to the workers of Ray: functions by value, so that a worker loads what it needs in the right order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ray

from scalekit.backends.tasks.versions import versions_here
from scalekit.kernels.task import Facts

RETRIES = 3
"""How often a task is tried again whose worker died: four attempts, then it is named and given up."""


def task(*, ship: bool) -> Any:
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

    return _remote(scalekit_task, ship=ship)


def versions(*, ship: bool) -> Any:
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

    return _remote(scalekit_versions, ship=ship)


def _remote(function: Any, *, ship: bool) -> Any:
    options: dict[str, Any] = {"runtime_env": shipped()} if ship else {}
    return ray.remote(num_cpus=1, max_retries=RETRIES, retry_exceptions=False, **options)(function)


def shipped() -> dict[str, Any]:
    """An environment for workers that lack scalekit: this process's copy of it, and the Polars that it uses."""
    import scalekit

    here = versions_here()
    return {
        "py_modules": [str(Path(scalekit.__file__).parent)],
        "pip": [f"polars=={here.polars}"],
    }
