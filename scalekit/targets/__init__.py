"""Where rows go: files and folders on a disk or in an object store, Delta tables, databases.

A target knows no plan and no backend. It takes rows that are already computed, part by part, and makes
them visible all at once or not at all.
"""

from __future__ import annotations

from scalekit.targets.attempts import Attempt, StagedFile, Staging
from scalekit.targets.base import FileTarget, Mode, Part, Target, WriteResult
from scalekit.targets.check import check_target
from scalekit.targets.commit import begin, write_attempt, write_files
from scalekit.targets.database import DatabaseTarget, write_database
from scalekit.targets.delta import DeltaTarget, write_delta
from scalekit.targets.files import CsvTarget, IpcTarget, NdjsonTarget, ParquetTarget
from scalekit.targets.session import WriteSession
from scalekit.targets.write import write

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
