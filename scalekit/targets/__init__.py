"""Where rows go: files and folders on a disk or in an object store, Delta tables, databases.

A target knows no plan and no backend. It takes rows that are already computed, part by part, and makes
them visible all at once or not at all.
"""

from __future__ import annotations

from scalekit.targets.attempts import Attempt, StagedFile, Staging
from scalekit.targets.base import FileTarget, Mode, Part, Target, WriteResult
from scalekit.targets.commit import begin, write_attempt, write_files
from scalekit.targets.files import CsvTarget, IpcTarget, NdjsonTarget, ParquetTarget
from scalekit.targets.session import WriteSession

__all__ = [
    "Attempt",
    "CsvTarget",
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
    "write_attempt",
    "write_files",
]
