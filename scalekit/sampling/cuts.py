"""What a sample does to the sources of a plan, as plain data, and where it would tear matches apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from scalekit.expr.analysis import is_scalar
from scalekit.plan.explain import line
from scalekit.plan.nodes import (
    Aggregate,
    AsofJoin,
    DynamicAggregate,
    HorizontalUnion,
    Join,
    Plan,
    Scan,
    Select,
    Sql,
    Union,
)
from scalekit.sampling.lineage import Columns
from scalekit.sampling.universes import Universe, key_pairs
from scalekit.tree import children, walk


@dataclass(frozen=True)
class Mark:
    """What persisted rows are a sample of.

    Parameters
    ----------
    share
        The share of the whole.
    keys
        Those of its columns by which it was cut, so that what joins it is cut by them too.
    text
        The sample in words.
    """

    share: float
    keys: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Cut:
    """How one source is sampled: by the hash of a column, or by that of a row's place where there is none.

    Parameters
    ----------
    scan
        The source.
    column
        Its column, or None.
    universe
        The columns that are cut together with it.
    is_done
        Whether its rows are a sample by this key already, and no larger.
    """

    scan: Scan
    column: str | None = None
    universe: Universe | None = None
    is_done: bool = False

    @property
    def token(self) -> object:
        """What its rows depend on: equal for sources whose rows are in the sample together."""
        return self.scan if self.universe is None else self.universe


Cuts: TypeAlias = Mapping[Scan, Cut]
Tokens: TypeAlias = frozenset[object]

_WHOLE: Tokens = frozenset()


def tokens(plan: Plan, cuts: Cuts) -> dict[Plan, Tokens]:
    """For each node, what decides whether a row is in the sample; nothing where its rows are all there."""
    found: dict[Plan, Tokens] = {}
    for node in walk(plan):
        if isinstance(node, Scan):
            found[node] = frozenset({cuts[node].token}) if node in cuts else _WHOLE
        elif _is_one_row(node):
            found[node] = _WHOLE
        else:
            found[node] = _WHOLE.union(*(found[child] for child in children(node)))
    return found


def _is_one_row(node: Plan) -> bool:
    if isinstance(node, Aggregate):
        return not node.keys
    return isinstance(node, Select) and all(map(is_scalar, node.exprs))


def conflicts(plan: Plan, cuts: Cuts, found: Mapping[Plan, Columns]) -> tuple[str, ...]:
    """Where rows would lose their matches, or meet rows that are there in another share, in words.

    Parameters
    ----------
    plan
        The plan.
    cuts
        What is done to its sources.
    found
        The lineage of its nodes.
    """
    depends = tokens(plan, cuts)
    said: list[str] = []
    for node in walk(plan):
        rule = _CONFLICTS.get(type(node))
        if rule is not None:
            said += rule(node, [depends[child] for child in children(node)], found)
    return tuple(said)


def thinned(plan: Plan, cuts: Cuts, found: Mapping[Plan, Columns]) -> tuple[str, ...]:
    """The groups that have only some of their rows, as the sample is by something else, in words.

    Parameters
    ----------
    plan, cuts, found
        As for :func:`conflicts`.
    """
    depends = tokens(plan, cuts)
    return tuple(
        line(node)
        for node in walk(plan)
        if isinstance(node, Aggregate | DynamicAggregate)
        and node.keys
        and not _has_whole_groups(depends[node], found[node])
    )


def _has_whole_groups(depends: Tokens, keys: Columns) -> bool:
    held = [token for token in depends if isinstance(token, Universe)]
    return len(held) == len(depends) and all(
        any(bases & universe.bases for bases in keys.values()) for universe in held
    )


Said: TypeAlias = Iterator[str]


def _join(node: Join | AsofJoin, below: Sequence[Tokens], found: Mapping[Plan, Columns]) -> Said:
    left, right = below
    how = node.how if isinstance(node, Join) else "left"
    if left and right:
        if not _stay_together(node, left, right, found):
            yield f"{line(node)}: both sides are cut, and not by this key, so that pairs are lost twice"
    elif right and how in ("left", "semi", "anti", "full"):
        yield f"{line(node)}: the left side is whole, and rows of it lose their matches"
    elif left and how in ("right", "full"):
        yield f"{line(node)}: the right side is whole, and rows of it lose their matches"


def _stay_together(
    node: Join | AsofJoin, left: Tokens, right: Tokens, found: Mapping[Plan, Columns]
) -> bool:
    """Whether the rows that match are in the sample together."""
    if left == right and not any(isinstance(token, Universe) for token in left):
        return True  # what is made of the same rows
    cut = [token for token in left & right if isinstance(token, Universe)]
    keys = [one | other for one, other in key_pairs(node, found)]
    return any(bases & universe.bases for universe in cut for bases in keys)


def _union(node: Union, below: Sequence[Tokens], _: Any) -> Said:
    if any(below) and not all(below):
        yield f"{line(node)}: some of the tables are cut and some are whole"


def _beside(node: Plan, below: Sequence[Tokens], _: Any) -> Said:
    if any(below) and len(below) > 1:
        yield f"{line(node)}: its tables go together row by row, or in ways that are not known"


_CONFLICTS: Mapping[type[Plan], Callable[[Any, Sequence[Tokens], Any], Said]] = {
    Join: _join,
    AsofJoin: _join,
    Union: _union,
    HorizontalUnion: _beside,
    Sql: _beside,
}
