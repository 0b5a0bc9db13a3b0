"""What travels to the workers of Ray: functions by value, so that a worker loads what it needs in the right order."""

from __future__ import annotations

import os
import pickle
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import ray

from scalekit.kernels.task import Facts

RETRIES = 3
"""How often a task is tried again whose worker died: four attempts, then it is named and given up."""


def task() -> Any:
    """``run_task`` as a remote function; the report comes after the tables."""

    def scalekit_task(packed: bytes, facts: Facts, *tables: Any) -> tuple[Any, ...]:
        # Before Polars is loaded: otherwise each task would use all cores of its machine.
        os.environ.setdefault("POLARS_MAX_THREADS", "1")
        # A user's function on a worker starts no cluster of its own.
        os.environ["SCALEKIT_BACKEND"] = "polars"
        kernels = import_module("scalekit.kernels.task")
        made, report = kernels.run_task(packed, facts, *tables)
        return *made, report

    return _remote(scalekit_task)


def adoption() -> Any:
    """What makes a table of a block of Ray Data, as a remote function."""

    def scalekit_adopt(block: Any, facts: tuple[Any, ...]) -> Any:
        os.environ.setdefault("POLARS_MAX_THREADS", "1")
        rows = import_module("scalekit.sources.native_ray").block_rows(block, *facts)
        return import_module("scalekit.kernels.tables").to_table(rows)

    return _remote(scalekit_adopt)


def versions() -> Any:
    """What a worker has of Python, Polars and scalekit, as a remote function."""

    def scalekit_versions() -> tuple[str | None, ...]:
        os.environ.setdefault("POLARS_MAX_THREADS", "1")
        try:
            import_module("scalekit.kernels.task")  # for the tasks that come after
            here = import_module("scalekit.backends.tasks.versions")
        except ModuleNotFoundError as error:
            python = ".".join(map(str, sys.version_info[:3]))
            there = None if find_spec("polars") is None else "another"
            return python, there, None if error.name == "scalekit" else "another"
        found = here.versions_here()
        return found.python, found.polars, found.scalekit, found.pyarrow, found.cloudpickle

    return _remote(scalekit_versions)


def asked() -> Any:
    """What a worker says to a question of scalekit's own, as a remote function."""

    def scalekit_asked(question: bytes) -> Any:
        os.environ.setdefault("POLARS_MAX_THREADS", "1")
        return pickle.loads(question)()

    return _remote(scalekit_asked)


def _remote(function: Any) -> Any:
    return ray.remote(num_cpus=1, max_retries=RETRIES, retry_exceptions=False)(function)


def shipped() -> dict[str, Any]:
    """An environment in which workers have this process's copy of scalekit; Ray takes it for a whole session."""
    return {"py_modules": [str(Path(__file__).parents[2])], "excludes": ["**/__pycache__"]}
