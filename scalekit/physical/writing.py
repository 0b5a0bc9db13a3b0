"""Writes: which of them tasks do, part by part, and which leave the cluster first."""

from __future__ import annotations

from scalekit.physical.nodes import Physical, WritePartitions
from scalekit.targets.base import FileTarget, Target


def lower_write(program: Physical, target: Target) -> WritePartitions | None:
    """The program with its parts written by the tasks that make them.

    None where a target is one file, a transaction of a database or a log: its rows come from one process.
    """
    if isinstance(target, FileTarget) and target.is_dataset:
        return WritePartitions(program, target)
    return None
