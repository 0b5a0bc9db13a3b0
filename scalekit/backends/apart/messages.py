"""What a process of its own is asked to do, and what it tells while it does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

from scalekit.backends.base import WriteRequest
from scalekit.config import Config
from scalekit.plan.nodes import Plan

Name: TypeAlias = Literal["step", "stage", "printed", "warning", "batch", "done", "failed"]


class Message(NamedTuple):
    """One thing that is told: a word, and what belongs to it."""

    name: Name
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Job:
    """A query, and what becomes of its rows.

    Attributes
    ----------
    plan
        The optimized plan.
    backend
        The name of who runs it.
    config
        The settings of the query.
    schema
        The columns that the plan promised.
    rows
        Rows in a batch, where rows are wanted in batches.
    request
        The write, where rows are written.
    """

    plan: Plan
    backend: str
    config: Config
    schema: tuple[tuple[str, Any], ...]
    rows: int = 0
    request: WriteRequest | None = None


@dataclass(frozen=True)
class Start:
    """The first message that goes to the process."""

    job: bytes
    folder: Path
    limit: int


def result_of(folder: Path) -> Path:
    """Where a result goes that is wanted whole."""
    return folder / "result.arrow"
