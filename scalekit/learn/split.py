"""Train, valid and test: which row belongs where is decided by the row's values alone, or by time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, overload
from warnings import warn

from scalekit.expr.builders import col
from scalekit.expr.expr import Expr
from scalekit.expr.shortcuts import len as count_rows
from scalekit.frame.frame import Frame
from scalekit.frame.tracebacks import folded
from scalekit.kernels.hash_function import row_share
from scalekit.kernels.row_hash import check_hashable
from scalekit.kernels.row_hash import salt as check_salt
from scalekit.learn.arguments import check_frame, column_names, schema
from scalekit.learn.split_arguments import (
    SHARES,
    Columns,
    Gap,
    HasSplit,
    SplitArguments,
    check_combination,
    cut_shares,
    of_protocol,
)
from scalekit.learn.time_split import cut_offs, fixed_cut_offs, time_folds, time_split

_POSITION = "__scalekit_position"


class Splits(NamedTuple):
    """Three lazy frames that share no row and together hold every row (but for a gap in time)."""

    train: Frame
    valid: Frame
    test: Frame


class Fold(NamedTuple):
    """One round of cross-validation: the rows to fit on, and those to predict."""

    train: Frame
    valid: Frame


@overload
def split(
    frame: Frame, protocol: HasSplit | None = ..., *, key: Columns | None = ..., group: Columns | None = ..., stratify: Columns | None = ...,
    time: str | None = ..., train: float = ..., valid: float = ..., test: float = ...,
    folds: None = ..., gap: Gap | None = ..., valid_from: Any = ..., test_from: Any = ..., sample: float | None = ...,
    salt: str | int = ...,
) -> Splits: ...  # fmt: skip


@overload
def split(
    frame: Frame, protocol: HasSplit | None = ..., *, key: Columns | None = ..., group: Columns | None = ..., stratify: Columns | None = ...,
    time: str | None = ..., train: float = ..., valid: float = ..., test: float = ...,
    folds: int, gap: Gap | None = ..., valid_from: Any = ..., test_from: Any = ..., sample: float | None = ...,
    salt: str | int = ...,
) -> tuple[Fold, ...]: ...  # fmt: skip


@folded
def split(
    frame: Frame,
    protocol: HasSplit | None = None,
    *,
    key: Columns | None = None,
    group: Columns | None = None,
    stratify: Columns | None = None,
    time: str | None = None,
    train: float = SHARES[0],
    valid: float = SHARES[1],
    test: float = SHARES[2],
    folds: int | None = None,
    gap: Gap | None = None,
    valid_from: Any = None,
    test_from: Any = None,
    sample: float | None = None,
    salt: str | int = "v1",
) -> Splits | tuple[Fold, ...]:
    """Split rows into train, valid and test, or into folds; the same rows on every backend.

    A row is assigned by a hash of its key, so the answer does not depend on the backend, the
    partitioning, the order of the rows, the width of an integer or the unit of a timestamp, and a row
    stays where it is when others come or go: the test rows of a sample are test rows of the whole.

    Parameters
    ----------
    frame
        The rows to split.
    protocol
        A :class:`Protocol`, which says all of this; with it, only ``stratify``, ``folds`` and ``sample`` are given here.
    key
        The columns that identify a row, such as ``"flight_id"``. Rows of equal key stay together. Without
        it (and without ``group`` or ``time``) all columns are hashed, with a warning: a row whose value
        changes then moves, and a sum of floats may change in its last bit between backends.
    group
        The columns of what must not be torn apart, such as ``"customer_id"``: all rows of a group go to
        the same split. Shares are then shares of groups. It takes the place of ``key``.
    stratify
        The columns whose classes each get the shares exactly, rounded, rather than on average. Worth it
        below some 5,000 rows; a row's place then depends on the other rows of its class. Not together
        with ``group``.
    time
        A column of dates, timestamps or numbers: earlier rows train, later ones are for validation, the
        latest for the test. The cut-offs are exact quantiles, found by two small queries **when split is
        called** (everything else is lazy); rows of equal time stay together. Not together with ``group``
        or ``stratify``.
    train, valid, test
        Shares, all positive, of sum 1. A larger test share contains the smaller one.
    folds
        A number of folds for cross-validation, instead of the shares: every row is in exactly one
        ``valid``. With ``time``, the rows are cut into ``folds + 1`` periods of equal size and each fold
        validates on one period and trains on all before it. Folds are independent of splits, so
        ``split(split(frame, key=k).train, key=k, folds=5)`` is sound.
    gap
        With ``time``: how much time before each cut-off to leave out of the earlier side, such as
        ``"1mo"``, a timedelta, or a number for a numeric time. As in scikit-learn's ``TimeSeriesSplit``,
        it keeps what was not yet known at the cut-off out of the training rows.
    valid_from, test_from
        With ``time``: the cut-offs themselves, both of them, instead of the shares: values of the column's type, or
        text such as ``"2024-03-01"``. Nothing moves when rows are added, and a split may then be empty.
    sample
        A share of all keys (or groups) to keep in each of the splits or folds, in (0, 1]; by default all. Samples are
        nested, 1 % within 10 % within all, and cut after the split: the test rows of a sample are test rows
        of the whole.
    salt
        A text or number; another one gives another, independent split.

    Returns
    -------
    Splits or tuple of Fold
        ``(train, valid, test)``, or a ``(train, valid)`` for each fold; all are lazy frames.

    Raises
    ------
    ColumnNotFoundError
        Where a column does not exist.
    SchemaError
        Where a key has a type without a hash, or ``time`` one without an order.
    InvalidOperationError
        Where shares do not sum to 1, arguments exclude each other, or a split by time would be empty.

    Warns
    -----
    UserWarning
        Where neither ``key`` nor ``group`` nor ``time`` says what a row is.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"id": list(range(1000)), "x": list(range(1000))})
    >>> train, valid, test = sk.split(frame, key="id")
    >>> [part.collect().height for part in (train, valid, test)]
    [691, 144, 165]
    """
    check_frame(frame, "split")
    given = SplitArguments(
        key,
        group,
        stratify,
        time,
        train,
        valid,
        test,
        folds,
        gap,
        valid_from,
        test_from,
        sample,
        salt,
    )
    return _split(frame, given if protocol is None else of_protocol(protocol, given))


def _split(frame: Frame, given: SplitArguments) -> Splits | tuple[Fold, ...]:
    check_combination(given)
    cuts = cut_shares(given)
    unit = _Unit.of(frame, given)
    if given.time is not None:
        return _by_time(frame, given, cuts, unit)
    purpose: Literal["split", "fold"] = "split" if given.folds is None else "fold"
    check_salt(purpose, given.salt)
    classes = () if given.stratify is None else column_names(frame, given.stratify, "stratify")
    number = row_share(*unit.columns, seed=given.salt, purpose=purpose)
    place = _Place(frame, number, classes)
    if given.folds is None:
        found = [place.between(low, high) for low, high in _intervals(cuts)]
        return Splits(*map(unit.sampled, found))
    pairs = [(place.outside(low, high), place.between(low, high)) for low, high in _intervals(cuts)]
    return tuple(Fold(*map(unit.sampled, pair)) for pair in pairs)


def _by_time(
    frame: Frame, given: SplitArguments, cuts: tuple[float, ...], unit: _Unit
) -> Splits | tuple[Fold, ...]:
    (name,) = column_names(frame, [given.time], "time")
    if given.folds is not None:
        pairs = time_folds(frame, name, given.folds, given.gap)
        return tuple(Fold(*map(unit.sampled, pair)) for pair in pairs)
    if given.valid_from is None:
        found = time_split(frame, name, cut_offs(frame, name, cuts, given.gap))
    else:
        starts = (given.valid_from, given.test_from)
        found = time_split(frame, name, fixed_cut_offs(frame, name, starts, given.gap))
    return Splits(*map(unit.sampled, found))


@dataclass(frozen=True)
class _Unit:
    """What is split and sampled as a whole: the rows of a group, or of a key, or of equal values."""

    names: tuple[str, ...]
    share: float | None
    seed: str | int

    @classmethod
    def of(cls, frame: Frame, given: SplitArguments) -> _Unit:
        """By the columns that were named, else by all; by none where nothing depends on it."""
        unit = given.key if given.group is None else given.group
        if unit is None and given.time is not None and given.sample is None:
            return cls((), None, given.salt)
        names = _all_columns(frame) if unit is None else column_names(frame, unit, "key")
        check_hashable(schema(frame), names)
        return cls(names, given.sample, given.salt)

    @property
    def columns(self) -> list[Expr]:
        """The columns that tell one from another."""
        return [col(name) for name in self.names]

    def sampled(self, frame: Frame) -> Frame:
        """The share of a split that was asked for."""
        if self.share is None or self.share >= 1:
            return frame
        number = row_share(*self.columns, seed=self.seed, purpose="sample")
        return frame.filter(number < self.share)


@dataclass(frozen=True)
class _Place:
    """A frame, and the number in [0, 1) that decides where each of its rows goes."""

    frame: Frame
    number: Expr
    classes: tuple[str, ...]

    def between(self, low: float, high: float) -> Frame:
        """The rows from ``low`` to before ``high``."""
        return self._where(lambda number: _is_between(number, low, high))

    def outside(self, low: float, high: float) -> Frame:
        """All other rows."""
        return self._where(lambda number: ~_is_between(number, low, high))

    def _where(self, condition: Any) -> Frame:
        if not self.classes:
            return self.frame.filter(condition(self.number))
        # The middle of each row's share of its class, by rank: a class of three has 1/6, 1/2 and 5/6.
        placed = self.frame.with_columns(self.number.alias(_POSITION))
        rank = col(_POSITION).rank("min").over(*self.classes)
        size = count_rows().over(*self.classes)
        placed = placed.with_columns(((rank - 0.5) / size).alias(_POSITION))
        return placed.filter(condition(col(_POSITION))).drop(_POSITION)


def _is_between(number: Expr, low: float, high: float) -> Expr:
    if low <= 0:
        return number < high
    return number >= low if high >= 1 else (number >= low) & (number < high)


def _intervals(cuts: tuple[float, ...]) -> list[tuple[float, float]]:
    return list(zip((0.0, *cuts), (*cuts, 1.0), strict=True))


def _all_columns(frame: Frame) -> tuple[str, ...]:
    names = tuple(schema(frame))
    warn(
        f"sk.split without key= hashes all {len(names)} columns: rows move when any value changes, if only "
        "in the last bit of a computed float; name the columns that identify a row, as in key='id'",
        UserWarning,
        stacklevel=6,
    )
    return names
