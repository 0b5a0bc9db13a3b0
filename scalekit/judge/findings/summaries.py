"""What checks want to know of the rows, kept small in the pass that scores the models, whatever the number of rows.

Samples are drawn by hashes of values, not by chance: the twins of a row are in the sample together, wherever they
are, and the sample is the same on every backend.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import polars as pl

from scalekit.errors import SchemaError
from scalekit.judge.evidence import ROLES, Summary
from scalekit.judge.judged import FOLD
from scalekit.judge.protocol.protocol import Protocol
from scalekit.kernels.hashed_rows import HashedRows, Shares
from scalekit.kernels.row_hash import check_hashable, hash_rows

Roles: TypeAlias = "np.ndarray[Any, np.dtype[np.int8]]"
Moment: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"

ROWS, GROUPS, TIMES, MOMENTS, DISTINCT = "rows", "groups", "times", "moments", "distinct"
"""Under which name each summary is found."""

TWINS = 100_000
"""Rows, about, whose hashes are kept; of fewer rows all are."""
SAMPLED = 20_000
"""Rows of each role, about, that are kept with their features and target."""
VALUES = 5_000
"""Rows, about, whose value is kept of each column that may be an identifier."""

COARSER = 20
"""So many times more rows than are kept are looked at in full."""
FIRST = 2
"""Columns that decide which these are."""
DRAWN = 3
"""Columns by which the sample is drawn where the protocol has no key."""

_WORD = float(1 << 64)
_PART = "part"


@dataclass(frozen=True)
class RowSketch:
    """Hashes of rows by part, and a sample of the rows themselves.

    Hashing a whole row takes as long as asking a model about it. So a few columns decide first which rows may be kept:
    the twins of a row have the same values there too.

    Attributes
    ----------
    columns
        Features and target, the fold where there are folds, and what ``drawn`` names.
    hashed
        Those of them whose values make a row the same as another.
    first
        A few of those, by which rows are chosen of which all values are looked at.
    drawn
        By whose values rows are in the sample.
    share
        Of all hashes that are kept.
    sampled
        Of the rows of each role that are kept; by place in :data:`~scalekit.judge.evidence.ROLES`.
    """

    columns: tuple[str, ...]
    hashed: tuple[str, ...]
    first: tuple[str, ...]
    drawn: tuple[str, ...]
    share: float
    sampled: tuple[float, ...]
    name: str = ROWS

    def of(self, hashed: HashedRows, role: Roles) -> dict[str, pl.DataFrame]:
        """What is kept of some rows."""
        kept = self._shares(hashed, self.drawn, "sample") < np.asarray(self.sampled)[role]
        sample = hashed.rows.select(self.columns).filter(pl.Series(kept))
        twins = self._twins(hashed, role)
        return {"twins": twins, "sample": sample.with_columns(role=pl.Series(role[kept]))}

    def _twins(self, hashed: HashedRows, role: Roles) -> pl.DataFrame:
        coarse = min(1.0, COARSER * self.share)
        rows = hashed.rows.select(self.columns)
        part = _part(rows, role)
        if coarse < 1:
            chosen = pl.Series(self._shares(hashed, self.first, "first") < coarse)
            rows, part = rows.filter(chosen), part.filter(chosen)
        numbers = hash_rows(rows, self.hashed, purpose="sample", seed="rows")
        kept = numbers / _WORD < self.share / coarse
        return _counted(pl.Series("hash", numbers[kept]), part.filter(pl.Series(kept)))

    def _shares(self, hashed: HashedRows, columns: tuple[str, ...], seed: str) -> Shares:
        """A number in [0, 1) for each row, by its values; nothing is hashed where all rows are kept."""
        if seed == "sample" and min(self.sampled) >= 1:
            return np.zeros(hashed.rows.height)
        return hashed.shares(columns, purpose="sample", seed=seed)

    def joined(self, left: Any, right: Any) -> Any:
        """What is kept of both."""
        return {
            "twins": _summed(left["twins"], right["twins"]),
            "sample": pl.concat([left["sample"], right["sample"]], how="vertical_relaxed"),
        }


@dataclass(frozen=True)
class GroupSketch:
    """Hashes of groups by part."""

    columns: tuple[str, ...]
    hashed: tuple[str, ...]
    share: float
    name: str = GROUPS

    def of(self, hashed: HashedRows, role: Roles) -> pl.DataFrame:
        """What is kept of some rows."""
        numbers = hashed.of(self.hashed, purpose="sample", seed="findings")
        kept = numbers / _WORD < self.share
        part = _part(hashed.rows, role).filter(pl.Series(kept))
        return _counted(pl.Series("hash", numbers[kept]), part)

    def joined(self, left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
        """What is kept of both."""
        return _summed(left, right)


@dataclass(frozen=True)
class TimeRange:
    """The first and the last time of each role."""

    columns: tuple[str, ...]
    name: str = TIMES

    def of(self, hashed: HashedRows, role: Roles) -> pl.DataFrame:
        """What is kept of some rows."""
        time = hashed.rows[self.columns[0]].alias("first")
        found = pl.DataFrame({_PART: pl.Series(role), "first": time, "last": time})
        return self._least(found.drop_nulls())

    def joined(self, left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
        """What is kept of both."""
        return self._least(pl.concat([left, right]))

    def _least(self, found: pl.DataFrame) -> pl.DataFrame:
        return found.group_by(_PART).agg(pl.col("first").min(), pl.col("last").max())


@dataclass(frozen=True)
class Moments:
    """Count, sum and sum of squares of each column of numbers, by role."""

    columns: tuple[str, ...]
    name: str = MOMENTS

    def of(self, hashed: HashedRows, role: Roles) -> dict[str, Moment]:
        """What is kept of some rows, by column: (roles, 3)."""
        places = [np.flatnonzero(role == place) for place in range(len(ROLES))]
        found = {}
        for name in self.columns:
            x = hashed.rows[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
            found[name] = np.array([_moments(x[here]) for here in places])
        return found

    def joined(self, left: Any, right: Any) -> Any:
        """What is kept of both."""
        return {name: left[name] + right[name] for name in left}


@dataclass(frozen=True)
class DistinctSketch:
    """Of each column that may be an identifier, the values with a low hash, and how often each is there."""

    columns: tuple[str, ...]
    share: float
    name: str = DISTINCT

    def of(self, hashed: HashedRows, role: Roles) -> dict[str, pl.DataFrame]:  # noqa: ARG002 - of all roles alike
        """What is kept of some rows."""
        found = {}
        for column in self.columns:
            # Counted before they are hashed: a column that is no identifier has far fewer values than rows.
            values = hashed.rows.select(column).drop_nulls().group_by(column).len("n")
            numbers = hash_rows(values.select(column), purpose="sample", seed="values")
            counted = pl.DataFrame({"hash": numbers}).with_columns(
                pl.lit(0, pl.Int64).alias(_PART), values["n"].cast(pl.Int64)
            )
            found[column] = counted.filter(pl.Series(numbers / _WORD < self.share))
        return found

    def joined(self, left: Any, right: Any) -> Any:
        """What is kept of both."""
        return {column: _summed(left[column], right[column]) for column in self.columns}


def _moments(x: Moment) -> tuple[float, float, float]:
    """Count, sum and sum of squares of what is finite."""
    total = float(x.sum())
    if not np.isfinite(total):
        x = x[np.isfinite(x)]
        total = float(x.sum())
    return float(len(x)), total, float(x @ x)


def _part(rows: pl.DataFrame, role: Roles) -> pl.Series:
    """What a row is compared across: its fold where there are folds, else its role."""
    part = rows[FOLD] if FOLD in rows.columns else pl.Series(role)
    return part.cast(pl.Int64).alias(_PART)


def _counted(hashes: pl.Series, part: pl.Series) -> pl.DataFrame:
    found = pl.DataFrame({"hash": hashes.cast(pl.UInt64)}).with_columns(part)
    return found.group_by("hash", _PART).agg(n=pl.len().cast(pl.Int64))


def _summed(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([left, right]).group_by("hash", _PART).agg(pl.col("n").sum())


def summaries_for(
    protocol: Protocol,
    schema: Mapping[str, pl.DataType],
    features: Sequence[str],
    rows: Mapping[str, int],
) -> tuple[Summary, ...]:
    """What the checks want to be kept in the pass.

    Parameters
    ----------
    protocol
        By what is judged.
    schema
        Of the rows; the column of folds is among them where models are cross-validated.
    features
        The columns that the judged model reads.
    rows
        How many there are, by role or by fold.
    """
    folded = (FOLD,) if FOLD in schema else ()
    total = sum(rows.values()) or 1
    read = _hashable(schema, features)
    found: list[Any] = []
    if read:
        sampled = tuple(_share(SAMPLED, rows.get(role, total if folded else 0)) for role in ROLES)
        about = _hashable(schema, [*read, protocol.target])
        first = sorted(read, key=lambda name: _variety(schema[name]))
        drawn = _hashable(schema, protocol.key) or tuple(first[:DRAWN])
        columns = tuple(dict.fromkeys((*about, *folded, *drawn)))
        share = _share(TWINS, total)
        found.append(RowSketch(columns, about, tuple(first[:FIRST]), drawn, share, sampled))
    if protocol.group:
        found.append(GroupSketch((*protocol.group, *folded), protocol.group, _share(TWINS, total)))
    if protocol.time is not None:
        found.append(TimeRange((protocol.time,)))
    numbers = tuple(name for name in read if schema[name].is_float())
    if numbers:
        found.append(Moments(numbers))
    names = tuple(name for name in read if schema[name] == pl.String or schema[name].is_integer())
    if names:
        found.append(DistinctSketch(names, _share(VALUES, total)))
    return tuple(found)


def _variety(dtype: pl.DataType) -> int:
    """Floats before times, whole numbers and texts: those of most values, most likely, come first."""
    kinds = (dtype.is_float(), dtype.is_temporal(), dtype.is_integer(), dtype == pl.String)
    return kinds.index(True) if True in kinds else len(kinds)


def _share(wanted: int, there: int) -> float:
    return min(1.0, wanted / there) if there else 1.0


def _hashable(schema: Mapping[str, pl.DataType], names: Sequence[str]) -> tuple[str, ...]:
    """Those of some columns whose values have a hash."""
    found = []
    for name in names:
        try:
            check_hashable(pl.Schema({name: schema[name]}), [name])
        except SchemaError:
            continue
        found.append(name)
    return tuple(dict.fromkeys(found))
