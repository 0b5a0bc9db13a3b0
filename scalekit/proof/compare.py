"""Whether two answers are the same, whole columns at a time, and if not, which rows differ.

Rows without an order are paired by a hash of their values, in which floats that may differ are replaced by the
number of a cluster of values within their allowance; every pair is then compared value by value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from scalekit.proof.flat import Flat, flattened
from scalekit.proof.floats import agree, clusters, floor_of
from scalekit.proof.terms import Terms

_HASH, _ROW, _TURN = "__scalekit_hash", "__scalekit_row", "__scalekit_turn"
_OTHER = "__scalekit_other"
_TRIES = 4
"""Inexact columns by which rows that agree in all others are put in pairs, one after the other."""


@dataclass(frozen=True)
class Mismatch:
    """How an answer differs from the expected one.

    Attributes
    ----------
    text
        In one line.
    columns
        The columns that differ, as far as rows could be put beside each other; all of them otherwise.
    missing, extra
        Rows of the expected answer that are not in the other, and the other way round.
    """

    text: str
    columns: tuple[str, ...] = ()
    missing: pl.DataFrame = field(default_factory=pl.DataFrame)
    extra: pl.DataFrame = field(default_factory=pl.DataFrame)


@dataclass(frozen=True)
class Compared:
    """What differs, and the largest distance of floats that do not count as different."""

    mismatch: Mismatch | None
    ulps: int = 0


def compare(answer: pl.DataFrame, expected: pl.DataFrame, terms: Terms) -> Compared:
    """Compare an answer with the expected one as ``terms`` say."""
    wrong = _wrong_columns(answer.schema, expected.schema)
    if wrong is not None:
        return Compared(wrong)
    flat = flattened(answer, expected, terms.inexact)
    if answer.height == expected.height and (terms.ordered or not answer.height):
        same, ulps = _same_rows(flat, terms.ulps)
        if same.all():
            return Compared(None, ulps)
    pairs, ulps = _pairs(flat, terms.ulps)
    if pairs.height == answer.height == expected.height:
        return Compared(_wrong_order(answer, expected, terms), ulps)
    extra = answer[_without(answer.height, pairs[_ROW])]
    missing = expected[_without(expected.height, pairs[_OTHER])]
    return Compared(_wrong_rows(answer, expected, missing, extra), ulps)


def _wrong_columns(got: pl.Schema, wanted: pl.Schema) -> Mismatch | None:
    if got.names() != wanted.names():
        return Mismatch(f"its columns are {got.names()}, not {wanted.names()}", tuple(wanted))
    types = [f"{n} is {t}, not {wanted[n]}" for n, t in got.items() if t != wanted[n]]
    if not types:
        return None
    names = tuple(n for n, t in got.items() if t != wanted[n])
    return Mismatch(f"types differ: {', '.join(types)}", names)


def _same_rows(flat: Flat, ulps: int) -> tuple[np.ndarray[tuple[int], np.dtype[np.bool_]], int]:
    """Whether rows at the same place are the same, and the largest distance of floats."""
    same = np.ones(flat.one.height, dtype=np.bool_)
    largest = 0
    for x, y in zip(flat.one.iter_columns(), flat.other.iter_columns(), strict=True):
        equal = x.eq_missing(y)
        if x.name in flat.inexact and not equal.all():
            floor = floor_of(pl.concat([x, y]), x.dtype, ulps)
            places = (~equal & x.is_not_null() & y.is_not_null()).arg_true()
            near, steps = agree(x.gather(places), y.gather(places), ulps, floor)
            equal = equal.scatter(places.filter(pl.Series(near)), values=True)
            largest = max(largest, steps)
        same &= equal.to_numpy()
    return same, largest


def _pairs(flat: Flat, ulps: int) -> tuple[pl.DataFrame, int]:
    """Places of rows of both tables that are the same, each row at most once; the largest distance of floats."""
    a, b, inexact = flat.one, flat.other, flat.inexact
    hashes = at_start = _hashes(flat, ulps)
    found: list[pl.DataFrame] = []
    largest = 0
    for first in range(max(1, min(len(inexact), _TRIES))):
        order = [*inexact[first:], *inexact[:first]]
        left, right = (_in_turn(t, h, order) for t, h in zip((a, b), hashes, strict=True))
        met = _met(left, right)
        same, steps = _same_rows(Flat(a[met[_ROW]], b[met[_OTHER]], inexact), ulps)
        largest = max(largest, steps)
        found.append(met.filter(pl.Series(same, dtype=pl.Boolean)))
        if same.all():
            break
        used = pl.concat(found)
        left_over = _without(a.height, used[_ROW]), _without(b.height, used[_OTHER])
        hashes = at_start[0][left_over[0]], at_start[1][left_over[1]]
    return pl.concat(found), largest


def _hashes(flat: Flat, ulps: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A hash of each row's values, the same for rows that may be the same, beside the row's place."""
    both = pl.concat([flat.one, flat.other])
    coded = both.with_columns(
        clusters(both[n], ulps, floor_of(both[n], both.schema[n], ulps)).alias(n)
        for n in flat.inexact
    )
    hashed = coded.hash_rows() if coded.width else pl.repeat(0, both.height, eager=True)
    table = pl.DataFrame({_HASH: hashed})
    start = flat.one.height
    return table[:start].with_row_index(_ROW), table[start:].with_row_index(_ROW)


def _in_turn(table: pl.DataFrame, hashes: pl.DataFrame, order: Sequence[str]) -> pl.DataFrame:
    """The hashes in their order, with the how many-th row of its hash each row is, counted along ``order``."""
    keys = {name: f"__scalekit_{place}" for place, name in enumerate(order)}
    beside = hashes.hstack(table.select(order)[hashes[_ROW]].rename(keys)) if order else hashes
    rows = beside.sort(_HASH, *keys.values()).select(_ROW, _HASH)
    hashed = rows[_HASH].to_numpy()
    places = np.arange(rows.height)
    begins = np.ones(rows.height, dtype=np.bool_)
    begins[1:] = hashed[1:] != hashed[:-1]
    turns = places - np.maximum.accumulate(np.where(begins, places, 0)) if rows.height else places
    return rows.with_columns(pl.Series(_TURN, turns))


def _met(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """The places of rows of one hash and turn."""
    if left.height == right.height and (left[_HASH] == right[_HASH]).all():
        return left.select(_ROW).hstack([right[_ROW].alias(_OTHER)])
    return left.join(right.rename({_ROW: _OTHER}), on=[_HASH, _TURN]).select(_ROW, _OTHER)


def _without(height: int, places: pl.Series) -> pl.Series:
    """The places up to ``height`` that are not among these."""
    left = np.ones(height, dtype=np.bool_)
    left[places.to_numpy()] = False
    return pl.Series(np.flatnonzero(left), dtype=pl.UInt32)


def _wrong_order(answer: pl.DataFrame, expected: pl.DataFrame, terms: Terms) -> Mismatch | None:
    """What is wrong with the order of an answer that has the right rows."""
    names = answer.columns if terms.ordered else list(terms.sorted_by)
    inexact = terms.inexact & set(names)
    flat = flattened(answer.select(names), expected.select(names), inexact)
    same, _ = _same_rows(flat, terms.ulps)
    if same.all():
        return None
    places = pl.Series(np.flatnonzero(~same), dtype=pl.UInt32)
    text = f"the same rows in another order, from row {places[0]:,} on"
    return Mismatch(text, tuple(names), expected[places], answer[places])


def _wrong_rows(
    answer: pl.DataFrame, expected: pl.DataFrame, missing: pl.DataFrame, extra: pl.DataFrame
) -> Mismatch:
    text = f"it has {_rows(answer.height)}, not {_rows(expected.height)}: "
    if answer.height == expected.height:
        text = f"of {_rows(expected.height)} "
    text += f"{missing.height:,} {'is' if missing.height == 1 else 'are'} missing, and {extra.height:,} "
    text += "is there instead" if extra.height == 1 else "are there instead"
    return Mismatch(text, _columns_that_differ(missing, extra), missing, extra)


def _rows(number: int) -> str:
    return f"{number:,} row{'' if number == 1 else 's'}"


def _columns_that_differ(missing: pl.DataFrame, extra: pl.DataFrame) -> tuple[str, ...]:
    """The columns whose values are others, where there are as many rows on both sides."""
    if missing.height != extra.height:
        return tuple(missing.columns)
    found = tuple(
        n for n in missing.columns if not _same_values(missing.select(n), extra.select(n))
    )
    return found or tuple(missing.columns)


def _same_values(a: pl.DataFrame, b: pl.DataFrame) -> bool:
    return bool((a.hash_rows().sort() == b.hash_rows().sort()).all())
