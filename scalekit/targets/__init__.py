"""Where rows go: files and folders on a disk or in an object store, Delta tables, databases.

A target knows no plan and no backend. It takes rows that are already computed, part by part, and makes
them visible all at once or not at all.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scalekit.targets.attempts import Attempt, StagedFile, Staging
    from scalekit.targets.base import FileTarget, Mode, Part, Target, WriteResult
    from scalekit.targets.check import check_target
    from scalekit.targets.commit import begin, write_attempt, write_files
    from scalekit.targets.database import DatabaseTarget, write_database
    from scalekit.targets.delta import DeltaTarget, write_delta
    from scalekit.targets.files import CsvTarget, IpcTarget, NdjsonTarget, ParquetTarget
    from scalekit.targets.session import WriteSession
    from scalekit.targets.writing import write

__all__ = [
    "Attempt",
    "CsvTarget",
    "DatabaseTarget",
    "DeltaTarget",
    "FileTarget",
    "IpcTarget",
    "Mode",
    "NdjsonTarget",
    "ParquetTarget",
    "Part",
    "StagedFile",
    "Staging",
    "Target",
    "WriteResult",
    "WriteSession",
    "begin",
    "check_target",
    "write",
    "write_attempt",
    "write_database",
    "write_delta",
    "write_files",
]

_MODULES = {
    "attempts": ("Attempt", "StagedFile", "Staging"),
    "base": ("FileTarget", "Mode", "Part", "Target", "WriteResult"),
    "check": ("check_target",),
    "commit": ("begin", "write_attempt", "write_files"),
    "database": ("DatabaseTarget", "write_database"),
    "delta": ("DeltaTarget", "write_delta"),
    "files": ("CsvTarget", "IpcTarget", "NdjsonTarget", "ParquetTarget"),
    "session": ("WriteSession",),
    "writing": ("write",),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}
"""Where each name is: whoever only reads never loads what writes."""


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value
