"""The rows that models are judged on: each with its role, and with its fold where models are cross-validated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from scalekit.errors import InvalidOperationError, SchemaError
from scalekit.expr.builders import col, lit
from scalekit.frame.frame import Frame
from scalekit.io.combine import concat
from scalekit.judge.census import ROLE, Census
from scalekit.judge.forecast.judged import with_history
from scalekit.judge.judged import FOLD
from scalekit.judge.protocol.protocol import Protocol
from scalekit.judge.protocol.rows import role_of
from scalekit.kernels.hash_function import row_share
from scalekit.kernels.row_hash import check_hashable
from scalekit.learn.arguments import check_frame, schema

FEW_ROWS = 10_000
"""Test rows below which an unfitted estimator is cross-validated instead, for intervals that say something."""

FEW_EVENTS = 300
"""The same of test rows of the rarest class."""

FOLDS = 5
"""Folds where the protocol says nothing."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows and what they are for.

    Attributes
    ----------
    frame
        With the column :data:`~scalekit.judge.census.ROLE`, and :data:`~scalekit.judge.judged.FOLD` of folds.
    columns
        Of the user's frame.
    origin
        How rows were given their roles, for readers.
    folds
        Number of folds; 0 where there are none.
    """

    frame: Frame
    columns: tuple[str, ...]
    origin: str
    folds: int = 0

    def of(self, role: str) -> Frame:
        """The rows of one role, with the user's columns."""
        return self.frame.filter(col(ROLE) == role).select(*self.columns)


def rows_of(frame: Frame, protocol: Protocol, train: Frame | None, valid: Frame | None) -> Rows:
    """All rows, each with its role: by the protocol, or as they are brought.

    Raises
    ------
    SchemaError
        Where the columns of the frames do not go together.
    """
    columns = tuple(schema(frame))
    if train is None and valid is None:
        with_role = frame.with_columns(role_of(protocol, frame).alias(ROLE))
        if protocol.task == "forecast":
            with_role = _with_history(with_role, protocol)
        return Rows(with_role, columns, _origin(protocol))
    given = {"test": frame, "train": train, "valid": valid}
    there = {role: rows for role, rows in given.items() if rows is not None}
    for role, rows in there.items():
        check_frame(rows, f"evaluate, as {role}=,")
    shared = tuple(name for name in columns if all(name in schema(rows) for rows in there.values()))
    if protocol.target not in shared:
        raise SchemaError(f"train= or valid= has no column {protocol.target!r}, the target")
    parts = [
        rows.select(*shared).with_columns(lit(role).alias(ROLE)) for role, rows in there.items()
    ]
    together = concat(parts, how="vertical_relaxed")
    if protocol.task == "forecast":
        together = _with_history(together, protocol)
    return Rows(together, shared, "as they were given")


def _with_history(frame: Frame, protocol: Protocol) -> Frame:
    """What was known of each series before the row's window, the first of which begins with the test rows."""
    tests = frame.filter(col(ROLE) == "test")
    first = tests.select(col(str(protocol.time)).min()).collect().item()
    return frame if first is None else with_history(frame, protocol, test_from=first)


def in_folds(frame: Frame, protocol: Protocol) -> Rows:
    """All rows as test rows, each in one fold by the hash of its group or key, else of all its values."""
    columns = tuple(schema(frame))
    unit = protocol.unit or hashable(frame)
    folds = protocol.split.folds or FOLDS
    share = row_share(*unit, seed=protocol.split.salt, purpose="fold")
    number = (share * folds).floor().cast(pl.Int64)
    by = ", ".join(protocol.unit) or "all columns"
    return Rows(
        frame.with_columns(lit("test").alias(ROLE), number.alias(FOLD)),
        columns,
        f"{folds}-fold cross-validation by hash of {by}: each row is predicted by a model that was fitted without it",
        folds,
    )


def is_small(census: Census, protocol: Protocol) -> bool:
    """Whether the test rows are too few for intervals that say something."""
    is_of_classes = protocol.task in ("binary", "multiclass")
    few = is_of_classes and census.minority("test") < FEW_EVENTS
    return census.rows.get("test", 0) < FEW_ROWS or few


def check_has_test(census: Census, rows: Rows) -> None:
    """Raise where there is nothing to judge on.

    Raises
    ------
    InvalidOperationError
        That says which rows there are.
    """
    if census.rows.get("test"):
        return
    counts = ", ".join(f"{n:,} {role}" for role, n in sorted(census.rows.items())) or "none"
    raise InvalidOperationError(
        f"there are no test rows ({rows.origin}; rows: {counts}): give the frame that the protocol splits, not a "
        "part of it, a larger share test=, or the test rows themselves together with train="
    )


def hashable(frame: Frame) -> tuple[str, ...]:
    """The columns whose values have a hash, in the order of their names."""
    known = schema(frame)
    return tuple(sorted(name for name in known if _has_hash(known, name)))


def identity_of(protocol: Protocol, frame: Frame) -> tuple[str, ...]:
    """The columns that say which row is which: the protocol's, whatever features there are; all where it has none."""
    names = (*protocol.key, *protocol.group, *protocol.series, protocol.time)
    named = tuple(dict.fromkeys(name for name in names if name is not None))
    if not named:
        return hashable(frame)
    return tuple(
        dict.fromkeys((*named, protocol.target, *((protocol.weight,) if protocol.weight else ())))
    )


def _has_hash(known: Any, name: str) -> bool:
    try:
        check_hashable(known, [name])
    except SchemaError:
        return False
    return True


def _origin(protocol: Protocol) -> str:
    match protocol.split.kind:
        case "hash":
            return f"split by hash of {', '.join(protocol.unit) or 'all columns'}"
        case "time":
            return f"split by {protocol.time}, the latest for the test"
    return "all rows that were given are test rows"
