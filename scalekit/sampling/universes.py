"""Universes: the columns of sources that joins bring together, so that cutting all of them keeps every match."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from scalekit.expr.node import Column
from scalekit.plan.nodes import Aggregate, AsofJoin, Join, Plan, Scan
from scalekit.sampling.lineage import Base, Bases, Columns, bases_of
from scalekit.tree import walk


@dataclass(frozen=True)
class Universe:
    """Columns that hold the same kind of key, by the source that has them.

    Parameters
    ----------
    bases
        The columns.
    is_key
        Whether a join or a group is by them.
    """

    bases: Bases
    is_key: bool = False

    @property
    def scans(self) -> frozenset[Scan]:
        """The sources that have the key."""
        return frozenset(base.scan for base in self.bases)

    @property
    def is_ambiguous(self) -> bool:
        """Whether a source has the key twice, as a table of employees and their managers has."""
        return len(self.scans) < len(self.bases)

    def column(self, scan: Scan) -> str:
        """The column of a source that has the key."""
        return min(base.column for base in self.bases if base.scan == scan)

    @property
    def names(self) -> tuple[str, ...]:
        """The names that the key has."""
        return tuple(sorted({base.column for base in self.bases}))


def universes(plan: Plan, found: Mapping[Plan, Columns]) -> tuple[Universe, ...]:
    """Every set of columns that joins and unions hold to be the same; each column is in one of them.

    Parameters
    ----------
    plan
        The plan.
    found
        The lineage of its nodes.
    """
    groups = _Groups()
    used: set[Base] = set()
    for node in walk(plan):
        if isinstance(node, Aggregate):
            used.update(*found[node].values())
        for bases in found[node].values():
            groups.add(bases)
        for left, right in key_pairs(node, found):
            if left and right:
                groups.add(left | right)
                used |= left | right
    return tuple(Universe(bases, not bases.isdisjoint(used)) for bases in groups)


def key_pairs(node: Plan, found: Mapping[Plan, Columns]) -> Iterator[tuple[Bases, Bases]]:
    """For each pair of keys of a join, the columns of sources that they are."""
    if isinstance(node, Join):
        left, right = found[node.left], found[node.right]
        for a, b in zip(node.left_on, node.right_on, strict=True):
            yield bases_of(a, left), bases_of(b, right)
    elif isinstance(node, AsofJoin):
        left, right = found[node.left], found[node.right]
        for one, other in zip(node.by_left, node.by_right, strict=True):
            yield bases_of(Column(one), left), bases_of(Column(other), right)


class _Groups:
    """Sets that grow together where they share a member."""

    def __init__(self) -> None:
        self._of: dict[Base, set[Base]] = {}

    def add(self, bases: Iterable[Base]) -> None:
        """Say that these belong together."""
        together: set[Base] = set()
        for base in bases:
            if base not in together:
                together |= self._of.get(base, {base})
        for base in together:
            self._of[base] = together

    def __iter__(self) -> Iterator[Bases]:
        seen: set[int] = set()
        for group in self._of.values():
            if id(group) not in seen:
                seen.add(id(group))
                yield frozenset(group)
