"""Which sources of a plan a sample cuts, and by what: by the keys that were named, else by those that fit best."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scalekit.plan.nodes import Plan, Scan
from scalekit.sampling.candidates import (
    by_key,
    by_place,
    has_keys_enough,
    is_usable,
    marked,
    size,
)
from scalekit.sampling.cuts import Cut, Cuts, conflicts, thinned
from scalekit.sampling.lineage import Columns, lineage
from scalekit.sampling.universes import Universe, universes
from scalekit.tree import walk

SMALL = 1024**2
"""Bytes up to which tables are left whole where no key is named: nobody waits for them."""


@dataclass(frozen=True)
class Sampling:
    """What a sample does to a plan.

    Parameters
    ----------
    share
        The share of keys, or of rows.
    cuts
        The sources that are sampled, the largest first.
    whole
        Those that are not, the largest first.
    notes
        Where rows lose their matches, in words.
    thinned
        The groups that have some of their rows only, in words.
    is_chosen
        Whether the plan decided by what to cut, as nobody said it.
    """

    share: float
    cuts: tuple[Cut, ...]
    whole: tuple[Scan, ...]
    notes: tuple[str, ...]
    thinned: tuple[str, ...]
    is_chosen: bool


def decide(plan: Plan, share: float, on: Sequence[str]) -> Sampling:
    """Decide what a sample cuts.

    Sources that joins bring together by a key are cut by that key, each by its own column, so that what
    matches is in the sample together. Without ``on`` it is the key of a join or of a group that covers most
    bytes, among those that tear nothing apart and have enough values; where there is none, the largest table
    is cut by the place of its rows. Further sources follow where that tears nothing apart either.

    Parameters
    ----------
    plan
        The plan as it was written.
    share
        The share of keys, or of rows.
    on
        Names of columns by which to sample, the most important first; none leaves it to the plan.
    """
    found = lineage(plan)
    groups = universes(plan, found)
    scans = sorted(
        (node for node in walk(plan) if isinstance(node, Scan)),
        key=lambda s: (-size(s), s.source.describe()),
    )
    search = _Search(plan, share, found, groups, marked(scans, groups))
    cuts = search.cuts(on)
    return Sampling(
        share,
        tuple(cuts[scan] for scan in scans if scan in cuts),
        tuple(scan for scan in scans if scan not in cuts),
        conflicts(plan, cuts, found),
        thinned(plan, cuts, found),
        is_chosen=not on,
    )


@dataclass(frozen=True)
class _Search:
    plan: Plan
    share: float
    found: Mapping[Plan, Columns]
    groups: tuple[Universe, ...]
    already: Cuts

    def cuts(self, on: Sequence[str]) -> Cuts:
        """What is cut; of all rows nothing but what was persisted as a sample."""
        if self.share == 1:
            return self.already
        return self.named(on) if on else self.chosen()

    def named(self, on: Sequence[str]) -> Cuts:
        """Cut by the first name wherever it is, by further ones where they tear nothing apart."""
        cuts = self.already
        for place, name in enumerate(on):
            for universe in self._universes_of(name):
                new = by_key(universe, self.share, self.already)
                if place == 0 or self._goes_with(new, cuts):
                    cuts = {**cuts, **new}
        return cuts

    def _universes_of(self, name: str) -> Iterator[Universe]:
        """Those of sources' columns of this name, and of columns that the plan renamed to it."""
        bases = frozenset().union(
            *(columns.get(name, frozenset()) for columns in self.found.values())
        )
        return (u for u in self.groups if u.bases & bases and is_usable(u))

    def chosen(self) -> Cuts:
        """The cut that covers most, and what can be cut beside it."""
        ranked = sorted(self._candidates(), key=self._rank)
        cuts = self.already
        for place, new in enumerate(ranked):
            if place == 0 or self._goes_with(new, cuts):
                cuts = {**cuts, **new}
        return cuts

    def _candidates(self) -> Iterator[Cuts]:
        for universe in self.groups:
            is_key = universe.is_key and is_usable(universe)
            if is_key and has_keys_enough(universe, self.share):
                yield from self._if_large(by_key(universe, self.share, self.already))
        for cuts in by_place(self.plan, self.already):
            yield from self._if_large(cuts)

    def _if_large(self, cuts: Cuts) -> Iterator[Cuts]:
        if sum(map(size, cuts)) > SMALL:
            yield cuts

    def _rank(self, cuts: Cuts) -> tuple[object, ...]:
        """Fewest conflicts first, then most bytes, then keys before places."""
        torn = len(self._torn({**self.already, **cuts}))
        columns = sorted(cut.column or "" for cut in cuts.values())
        return torn, -sum(map(size, cuts)), not any(columns), columns

    def _goes_with(self, new: Cuts, cuts: Cuts) -> bool:
        taken = [scan for scan in new if scan in cuts and scan not in self.already]
        return not taken and len(self._torn({**cuts, **new})) <= len(self._torn(cuts))

    def _torn(self, cuts: Cuts) -> tuple[str, ...]:
        return conflicts(self.plan, cuts, self.found)
