"""What every lowering is given and gives, and the fragments that they build."""

from __future__ import annotations

from typing import Any, Protocol

from scalekit.kernels.schema import schema_of
from scalekit.physical.nodes import MapPartitions, Physical
from scalekit.plan.nodes import Input, Plan


class Lower(Protocol):
    """Lowers an input of a node."""

    def __call__(self, node: Plan, *, ordered: bool) -> Physical:
        """The physical plan of ``node``, its rows in its order where ``ordered`` asks for it."""
        ...


class Lowering(Protocol):
    """Lowers one kind of node."""

    def __call__(self, plan: Any, lower: Lower, *, ordered: bool) -> Physical:
        """The physical plan of ``plan``; ``ordered`` tells whether someone sees the order of its rows."""
        ...


def leaf(plan: Plan, index: int = 0) -> Input:
    """The input of a fragment that stands for the rows of ``plan``."""
    return Input(index, tuple(schema_of(plan).items()))


def mapped(below: Physical, fragment: Plan) -> MapPartitions:
    """A fragment over the parts of one table."""
    return MapPartitions((below,), fragment)
