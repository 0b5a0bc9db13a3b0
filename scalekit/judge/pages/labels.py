"""Where a line's name stands beside it: near its own line, away from every other, or nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from scalekit.judge.pages.lettering import width

Place = tuple[float, float]
Path = Sequence[Place]

SIZE = 11.0
"""Size of the letters, in units of the picture."""
_AWAY = 9.0
"""How far a name stays from lines that are not its own."""
_EVERY = 9.0
"""Distance of the places that are tried along a line."""


@dataclass(frozen=True)
class Box:
    """A rectangle, by its edges."""

    left: float
    top: float
    right: float
    bottom: float

    def holds(self, place: Place, around: float = 0.0) -> bool:
        """Whether a place is within it, or at most ``around`` off."""
        x, y = place
        return (
            self.left - around < x < self.right + around
            and self.top - around < y < self.bottom + around
        )

    def meets(self, other: Box) -> bool:
        """Whether they have a place in common."""
        apart = self.right < other.left or other.right < self.left
        return not (apart or self.bottom < other.top or other.bottom < self.top)


def places(names: Sequence[str], paths: Sequence[Path], area: Box) -> list[Place | None]:
    """Where the name of each line begins (left end, base line); None where it has no room or no name.

    Examples
    --------
    >>> places(["up"], [[(0.0, 100.0), (100.0, 0.0)]], Box(0, 0, 100, 100))
    [(58.5, 59.5)]
    """
    dense = [_dense(path) for path in paths]
    taken: list[Box] = []
    found: list[Place | None] = []
    for number, name in enumerate(names):
        others = [place for n, path in enumerate(dense) if n != number for place in path]
        box = _room(width(name, SIZE), dense[number], others, taken, area) if name else None
        taken += [box] if box else []
        found.append((round(box.left, 1), round(box.bottom - 3, 1)) if box else None)
    return found


def _dense(path: Path) -> list[Place]:
    """Places along a path, no two further apart than a name's distance from it."""
    found: list[Place] = []
    known = [(x, y) for x, y in path if x == x and y == y]
    for (x, y), (to_x, to_y) in pairwise(known):
        steps = max(1, round(max(abs(to_x - x), abs(to_y - y)) / 3))
        found += [(x + (to_x - x) * n / steps, y + (to_y - y) * n / steps) for n in range(steps)]
    return found + known[-1:]


def _room(wide: float, own: Path, others: Path, taken: Sequence[Box], area: Box) -> Box | None:
    for x, y in _tried(own):
        for box in _around(x, y, wide):
            if _is_free(box, own, others, taken, area):
                return box
    return None


def _tried(own: Path) -> list[Place]:
    """Places along a line, its middle first."""
    each = max(1, round(_EVERY / 3))
    some = list(own)[::each]
    middle = len(some) / 2
    return [some[n] for n in sorted(range(len(some)), key=lambda n: abs(n - middle))]


def _around(x: float, y: float, wide: float) -> list[Box]:
    """Boxes beside a place: below right, above left, above right, below left, above, below."""
    high, off = SIZE + 2, 4.0
    corners = [
        (x + off, y + off),
        (x - off - wide, y - off - high),
        (x + off, y - off - high),
        (x - off - wide, y + off),
        (x - wide / 2, y - 2 * off - high),
        (x - wide / 2, y + 2 * off),
    ]
    return [Box(left, top, left + wide, top + high) for left, top in corners]


def _is_free(box: Box, own: Path, others: Path, taken: Sequence[Box], area: Box) -> bool:
    return (
        area.left <= box.left
        and box.right <= area.right
        and area.top <= box.top
        and box.bottom <= area.bottom
        and not any(box.meets(other) for other in taken)
        and not any(box.holds(place, 1.5) for place in own)
        and not any(box.holds(place, _AWAY) for place in others)
    )
