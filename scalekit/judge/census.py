"""What has to be known of the target before a pass: its classes and how many rows have each, or its mean, by role."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

import polars as pl

from scalekit.errors import ColumnNotFoundError, InvalidOperationError
from scalekit.expr.builders import col, lit
from scalekit.expr.expr import Expr
from scalekit.expr.shortcuts import len as count_rows
from scalekit.frame.frame import Frame
from scalekit.judge.protocol.protocol import Protocol
from scalekit.learn.arguments import schema

ROLE = "__scalekit_role"
"""The column that says what a row is for."""

MOST_CLASSES = 1000
"""A target of more values is no class: it is a number, or a name."""

_Y, _WEIGHT = "__scalekit_y", "__scalekit_w"


@dataclass(frozen=True)
class Numbers:
    """A target of numbers in some rows: its weighted mean, standard deviation, and the least of it."""

    weight: float
    mean: float
    deviation: float
    least: float


@dataclass(frozen=True)
class Census:
    """Rows by role, and what the target is there.

    Attributes
    ----------
    rows
        By role; those of roles alone that have any.
    weights
        Of classifications: role -> label -> sum of weights, of rows where there are none.
    counts
        Of classifications: role -> label -> rows.
    numbers
        Of numbers: what they are like, by role.
    """

    rows: Mapping[str, int]
    weights: Mapping[str, Mapping[Any, float]] = field(default_factory=dict)
    counts: Mapping[str, Mapping[Any, int]] = field(default_factory=dict)
    numbers: Mapping[str, Numbers] = field(default_factory=dict)

    @property
    def labels(self) -> tuple[Any, ...]:
        """The classes of all rows, sorted."""
        return tuple(sorted({label for counts in self.counts.values() for label in counts}))

    def minority(self, role: str) -> int:
        """Rows of the rarest class there is; all rows where the target is a number."""
        counts = self.counts.get(role)
        return min(counts.values(), default=0) if counts else self.rows.get(role, 0)

    def merged(self, roles: Sequence[str]) -> Census:
        """The census of several roles together, as the role ``"all"``."""
        here = [role for role in roles if role in self.rows]
        rows = sum(self.rows[role] for role in here)
        counts: Counter[Any] = Counter()
        weights: Counter[Any] = Counter()
        for role in here:
            counts.update(self.counts.get(role, {}))
            weights.update(self.weights.get(role, {}))
        numbers = {"all": _pooled([self.numbers[role] for role in here])} if self.numbers else {}
        return Census({"all": rows}, {"all": weights}, {"all": counts}, numbers)


def _pooled(parts: Sequence[Numbers]) -> Numbers:
    weight = sum(part.weight for part in parts) or 1.0
    mean = sum(part.weight * part.mean for part in parts) / weight
    square = sum(part.weight * (part.deviation**2 + (part.mean - mean) ** 2) for part in parts)
    return Numbers(weight, mean, sqrt(square / weight), min(part.least for part in parts))


def census_of(frame: Frame, protocol: Protocol, by: str = ROLE) -> Census:
    """Count the target of a frame that has a column of roles, by one query of the columns that it takes.

    Parameters
    ----------
    frame
        The rows; those whose role is null are left out.
    protocol
        Names the target and the weights.
    by
        The column of roles, or of folds, which are named by their numbers.

    Raises
    ------
    ColumnNotFoundError
        Where the target or the weights are not there.
    InvalidOperationError
        Where the target or the weights are null somewhere, or a target of classes has more than a thousand.
    """
    known = schema(frame)
    wanted = [name for name in (protocol.target, protocol.weight) if name is not None]
    if missing := [name for name in wanted if name not in known]:
        raise ColumnNotFoundError.missing(missing, known)
    weight = lit(1.0) if protocol.weight is None else _weight(protocol.weight, known)
    rows = frame.filter(col(by).is_not_null()).select(
        col(by).cast(pl.String).alias(ROLE),
        _label(protocol.target, known[protocol.target]),
        weight.alias(_WEIGHT),
    )
    if protocol.task in ("binary", "multiclass"):
        return _of_classes(rows, protocol)
    return _of_numbers(rows, protocol, known[protocol.target])


def _weight(name: str, known: pl.Schema) -> Expr:
    if not known[name].is_numeric():
        raise InvalidOperationError(
            f"weight={name!r} is of type {known[name]}: weights are numbers"
        )
    return col(name).cast(pl.Float64)


def _label(name: str, dtype: pl.DataType) -> Expr:
    expr = col(name)
    if dtype in (pl.Categorical, pl.Enum):
        expr = expr.cast(pl.String)
    elif dtype.is_decimal() or dtype in (pl.Int128, pl.UInt128):
        expr = expr.cast(pl.Float64)
    return expr.alias(_Y)


def _of_classes(rows: Frame, protocol: Protocol) -> Census:
    found = (
        rows.group_by(ROLE, _Y)
        .agg(
            n=count_rows(),
            w=col(_WEIGHT).sum(),
            unweighted=col(_WEIGHT).is_null().sum(),
        )
        .collect()
    )
    _check_complete(protocol.target, int(found.filter(pl.col(_Y).is_null())["n"].sum()), found["n"])
    _check_complete(protocol.weight, int(found["unweighted"].sum()), found["n"])
    if found[_Y].n_unique() > MOST_CLASSES:
        raise InvalidOperationError(
            f"target={protocol.target!r} has {found[_Y].n_unique():,} different values: task={protocol.task!r} is for "
            "classes; give task='regression' where it is a number"
        )
    counts: dict[str, dict[Any, int]] = {}
    weights: dict[str, dict[Any, float]] = {}
    for role, label, n, w, _ in found.iter_rows():
        counts.setdefault(role, {})[label] = n
        weights.setdefault(role, {})[label] = w
    rows_by = {role: sum(of.values()) for role, of in counts.items()}
    return Census(rows_by, weights, counts)


def _of_numbers(rows: Frame, protocol: Protocol, dtype: pl.DataType) -> Census:
    if not (dtype.is_numeric() or dtype == pl.Boolean):
        raise InvalidOperationError(
            f"target={protocol.target!r} is of type {dtype}: task={protocol.task!r} is for numbers; "
            "give task='multiclass' for classes"
        )
    y = col(_Y).cast(pl.Float64)
    found = (
        rows.group_by(ROLE)
        .agg(
            n=count_rows(),
            missing=col(_Y).is_null().sum(),
            nan=y.is_nan().sum(),
            unweighted=col(_WEIGHT).is_null().sum(),
            total=(y * col(_WEIGHT)).sum(),
            w=col(_WEIGHT).sum(),
            deviation=y.std(ddof=0),
            least=y.min(),
        )
        .collect()
    )
    missing = found.select(pl.col("missing") + pl.col("nan").fill_null(0)).to_series()
    _check_complete(protocol.target, int(missing.sum()), found["n"])
    _check_complete(protocol.weight, int(found["unweighted"].sum()), found["n"])
    records = {record[ROLE]: record for record in found.to_dicts()}
    numbers = {role: _numbers(record) for role, record in records.items()}
    least = min((one.least for one in numbers.values()), default=0.0)
    if protocol.task == "count" and least < 0:
        raise InvalidOperationError(
            f"target={protocol.target!r} is {least:g} somewhere: counts are not negative; give task='regression'"
        )
    return Census({role: record["n"] for role, record in records.items()}, numbers=numbers)


def _numbers(record: Mapping[str, Any]) -> Numbers:
    weight = float(record["w"])
    return Numbers(weight, record["total"] / (weight or 1.0), record["deviation"], record["least"])


def _check_complete(name: str | None, missing: int, counts: pl.Series) -> None:
    if missing:
        raise InvalidOperationError(
            f"{name!r} is null or NaN in {missing:,} of {int(counts.sum()):,} rows: a row without it cannot be "
            f"judged; leave those rows out with frame.drop_nulls({name!r})"
        )
