"""One attempt at a gang: who sits where, and the rows of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from scalekit.errors import ExecutionError
from scalekit.kernels.task import Facts

Tasks: TypeAlias = "tuple[tuple[Facts, tuple[Any, ...]], ...]"
"""What a member is told of each of its parts, and references to the tables of each."""


@dataclass(frozen=True)
class Gang:
    """Members that are to work at the same time.

    Attributes
    ----------
    name
        Another one for each attempt.
    seats
        Where each member works: names that :meth:`~scalekit.backends.tasks.cluster.Cluster.seats` gave.
    shares
        The parts of each member, none without one.
    stage
        What is run on a part, packed.
    meet
        What is called in the process of each member before they begin, packed.
    work
        What they do: a reference to it, packed.
    """

    name: str
    seats: tuple[str, ...]
    shares: tuple[Tasks, ...]
    stage: bytes
    meet: bytes
    work: Any


class MemberLostError(ExecutionError):
    """A worker went away while a member of a gang worked on it: those that are left can try again."""
