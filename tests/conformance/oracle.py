"""What queries mean, once more: plain Python over rows, slow and obvious, and the rows that the suites ask about.

It shares no code with scalekit. Rows are dictionaries. ``None`` is null; NaN equals NaN and is greater than
every number; ``-0.0`` is ``0.0``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import cmp_to_key
from typing import Any

import polars as pl

import scalekit as sk

Row = dict[str, Any]
NAN = float("nan")


def cell(value: Any) -> Any:
    """A value that compares by ``==`` as the contract says, and by type."""
    if isinstance(value, float):
        return ("float", "NaN" if math.isnan(value) else round(value + 0.0, 9))
    if isinstance(value, list):
        return tuple(map(cell, value))
    if isinstance(value, dict):
        return tuple((k, cell(v)) for k, v in value.items())
    return (type(value).__name__, value)


def equal(a: Any, b: Any, *, nulls: bool = False) -> bool:
    """Whether two keys match."""
    if a is None or b is None:
        return nulls and a is b
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b):
        return True
    return bool(a == b)


def compare(a: Any, b: Any) -> int:
    """The order of two values that are not null."""
    if isinstance(a, float) and isinstance(b, float):
        return compare(
            (math.isnan(a), 0.0 if math.isnan(a) else a),
            (math.isnan(b), 0.0 if math.isnan(b) else b),
        )
    return (a > b) - (a < b)


def ordered(
    rows: Iterable[Row],
    by: Sequence[str],
    *,
    descending: Sequence[bool],
    nulls_last: Sequence[bool],
) -> list[Row]:
    """Rows in order; equal ones stay as they are."""

    def one(a: Row, b: Row) -> int:
        for name, down, last in zip(by, descending, nulls_last, strict=True):
            x, y = a[name], b[name]
            if x is None or y is None:
                sign = (y is None) - (x is None)
                sign = -sign if last else sign
            else:
                sign = -compare(x, y) if down else compare(x, y)
            if sign:
                return sign
        return 0

    return sorted(rows, key=cmp_to_key(one))


def join(
    left: Sequence[Row], right: Sequence[Row], keys: Sequence[str], how: str, *, nulls: bool = False
) -> list[Row]:
    """Rows of both that have equal ``keys``; other columns of the right are called ``<name>_right``."""
    names_left = list(left[0])
    others = [n for n in right[0] if n not in keys]

    def pair(a: Row | None, b: Row | None) -> Row:
        known = a if a is not None else b
        assert known is not None
        row = {n: known[n] if n in keys else (None if a is None else a[n]) for n in names_left}
        return row | {f"{n}_right": None if b is None else b[n] for n in others}

    def matches(a: Row, b: Row) -> bool:
        return all(equal(a[k], b[k], nulls=nulls) for k in keys)

    pairs = [(a, b) for a in left for b in right if matches(a, b)]
    lonely_left = [a for a in left if not any(matches(a, b) for b in right)]
    lonely_right = [b for b in right if not any(matches(a, b) for a in left)]
    if how in ("semi", "anti"):
        return [a for a in left if (a in lonely_left) == (how == "anti")]
    out = [pair(a, b) for a, b in pairs]
    out += [pair(a, None) for a in lonely_left if how in ("left", "full")]
    return out + [pair(None, b) for b in lonely_right if how in ("right", "full")]


def asof(
    left: Sequence[Row],
    right: Sequence[Row],
    on: str,
    strategy: str,
    *,
    by: str | None = None,
    tolerance: float | None = None,
    exact: bool = True,
) -> list[list[Any]]:
    """For each left row the ``v`` of every right row that may be its match: several where they are as near."""

    def candidates(a: Row) -> list[tuple[float, Any]]:
        found = []
        for b in right:
            if a[on] is None or b[on] is None or (by is not None and not equal(a[by], b[by])):
                continue
            distance = a[on] - b[on]
            allowed = {"backward": distance >= 0, "forward": distance <= 0, "nearest": True}[
                strategy
            ]
            near = tolerance is None or abs(distance) <= tolerance
            if allowed and near and (exact or distance != 0):
                found.append((abs(distance), b["v"]))
        return found

    answers = []
    for a in left:
        found = candidates(a)
        least = min((d for d, _ in found), default=0)
        answers.append([v for d, v in found if d == least] or [None])
    return answers


def groups(rows: Iterable[Row], by: Sequence[str]) -> list[tuple[tuple[Any, ...], list[Row]]]:
    """Rows by their keys, null and NaN among them, in the order in which they first occur."""
    found: dict[tuple[Any, ...], tuple[tuple[Any, ...], list[Row]]] = {}
    for row in rows:
        keys = tuple(row[k] for k in by)
        found.setdefault(tuple(map(cell, keys)), (keys, []))[1].append(row)
    return list(found.values())


def windows(
    places: Sequence[int], start: Callable[[int], int], stop: Callable[[int], int], closed: str
) -> list[list[int]]:
    """For each place the numbers of the places between its bounds."""
    left, right = closed in ("left", "both"), closed in ("right", "both")
    return [
        [
            i
            for i, q in enumerate(places)
            if (start(p) < q or (left and start(p) == q))
            and (q < stop(p) or (right and q == stop(p)))
        ]
        for p in places
    ]


def quantile(values: Sequence[float], share: float, how: str) -> float | None:
    """The quantile between the two values around its place."""
    known = sorted(v for v in values if v is not None)
    if not known:
        return None
    place = share * (len(known) - 1)
    low, high = known[math.floor(place)], known[math.ceil(place)]
    if how == "nearest":
        return known[int(place + 0.5)]
    return {
        "lower": low,
        "higher": high,
        "midpoint": (low + high) / 2,
        "linear": low + (high - low) * (place - math.floor(place)),
    }[how]


ROWS: list[Row] = [
    {"o": i, "g": g, "f": f, "x": x}
    for i, (g, f, x) in enumerate(
        [
            ("a", NAN, 3),
            (None, 0.0, None),
            ("b", -0.0, 1),
            ("a", None, 3),
            (None, NAN, -2),
            ("b", 1.5, None),
            ("a", None, 7),
            ("c", 1.5, 0),
        ]
    )
]
TYPES = {"o": pl.Int64, "g": pl.String, "f": pl.Float64, "x": pl.Int64}
FRAME = sk.from_polars(pl.DataFrame(ROWS, schema=TYPES))


def rows(frame: sk.Frame, backend: str) -> list[tuple[Any, ...]]:
    """The answer in its order."""
    return [tuple(map(cell, row)) for row in frame.collect(backend=backend).rows()]


def cells(wanted: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows that were written by hand, as :func:`rows` gives them."""
    return [tuple(map(cell, row)) for row in wanted]


def bag(values: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows in any order."""
    return sorted(values, key=repr)


def known(values: list[Any]) -> list[Any]:
    """The values that are not null."""
    return [v for v in values if v is not None]
