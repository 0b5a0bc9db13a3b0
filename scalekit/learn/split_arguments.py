"""What a split is asked for: by keywords, or by a protocol, and which of them go together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

from scalekit.errors import InvalidOperationError

if TYPE_CHECKING:
    from datetime import timedelta

Columns: TypeAlias = "str | Sequence[str]"
Gap: TypeAlias = "str | timedelta | float"

SHARES = (0.7, 0.15, 0.15)
"""Of train, valid and test rows, by default."""


@runtime_checkable
class HasSplit(Protocol):
    """What says how to split: a protocol of :mod:`scalekit.judge`, which stands above this layer."""

    def split_arguments(self) -> Mapping[str, Any]:
        """The keywords of :func:`scalekit.split`."""


@dataclass(frozen=True)
class SplitArguments:
    """The keywords of :func:`scalekit.split`, with their defaults."""

    key: Columns | None = None
    group: Columns | None = None
    stratify: Columns | None = None
    time: str | None = None
    train: float = SHARES[0]
    valid: float = SHARES[1]
    test: float = SHARES[2]
    folds: int | None = None
    gap: Gap | None = None
    valid_from: Any = None
    test_from: Any = None
    sample: float | None = None
    salt: str | int = "v1"


_BESIDE = ("stratify", "folds", "sample")


def of_protocol(protocol: object, given: SplitArguments) -> SplitArguments:
    """What a protocol says, and what is given beside it.

    Raises
    ------
    InvalidOperationError
        Where it is no protocol, or something is given that the protocol says.
    """
    if not isinstance(protocol, HasSplit):
        raise InvalidOperationError(
            f"sk.split takes a Protocol after the frame, got {type(protocol).__name__}: make one with "
            "sk.Protocol(...) or sk.Protocol.from_file(path), or name the argument, as in key='id'"
        )
    nothing = SplitArguments()
    changed = {
        f.name: getattr(given, f.name)
        for f in fields(given)
        if getattr(given, f.name) != getattr(nothing, f.name)
    }
    if twice := [name for name in changed if name not in _BESIDE]:
        raise InvalidOperationError(
            f"{twice[0]}= beside a protocol, which says it already: leave it out, or change the protocol "
            "with protocol.with_()"
        )
    said = SplitArguments(**protocol.split_arguments())
    if given.folds is not None:  # of all rows: shares and cut-offs have no meaning
        train, valid, test = SHARES
        said = replace(said, train=train, valid=valid, test=test, valid_from=None, test_from=None)
    return replace(said, **changed)


def check_combination(given: SplitArguments) -> None:
    """Raise where arguments exclude each other.

    Raises
    ------
    InvalidOperationError
        That says which, and why.
    """
    if given.time is not None and not isinstance(given.time, str):
        raise InvalidOperationError(f"time= names one column, got {type(given.time).__name__}")
    torn = [n for n in ("group", "stratify") if getattr(given, n) is not None]
    if given.time is not None and torn:
        raise InvalidOperationError(
            f"time= and {torn[0]}= exclude each other: a cut in time tears groups and classes apart; "
            f"leave one of them out"
        )
    if len(torn) == 2:
        raise InvalidOperationError(
            "group= and stratify= exclude each other: whole groups cannot give exact shares of classes; "
            "with group= alone, the classes have their shares on average"
        )
    if given.gap is not None and given.time is None:
        raise InvalidOperationError("gap= needs time=, the column that it is measured on")
    share = given.sample
    if share is not None and not (_is_share(share) and 0 < share <= 1):
        raise InvalidOperationError(
            f"sample={share!r}: give a share of the rows, above 0 and at most 1"
        )
    _check_starts(given)


def _check_starts(given: SplitArguments) -> None:
    """Cut-offs come as two, with a time, and in the place of shares."""
    starts = [name for name in ("valid_from", "test_from") if getattr(given, name) is not None]
    if not starts:
        return
    if given.time is None:
        raise InvalidOperationError(f"{starts[0]}= needs time=, the column that it is a value of")
    if len(starts) == 1:
        raise InvalidOperationError(
            f"{starts[0]}= alone: give both cut-offs, valid_from= and test_from="
        )
    if given.folds is not None:
        raise InvalidOperationError("folds= takes the place of valid_from= and test_from=")


def cut_shares(given: SplitArguments) -> tuple[float, ...]:
    """Where the next split or fold begins, as shares of the whole.

    Raises
    ------
    InvalidOperationError
        Where shares do not sum to 1.
    """
    shares = {"train": given.train, "valid": given.valid, "test": given.test}
    if given.folds is not None:
        return _fold_cuts(given.folds, tuple(shares.values()))
    for name, share in shares.items():
        if not _is_share(share) or not share > 0:
            raise InvalidOperationError(
                f"{name}={share!r}: each share is a number above 0; for fewer splits, leave one of them "
                "aside, and for cross-validation say folds="
            )
    train, valid, test = shares.values()
    total = train + valid + test
    if abs(total - 1) > 1e-9:
        raise InvalidOperationError(
            f"train={train!r}, valid={valid!r} and test={test!r} sum to {total:.6g}, not 1; "
            f"with train={1 - valid - test:.6g} they would"
            if valid + test < 1
            else f"valid={valid!r} and test={test!r} leave nothing for train={train!r}: the shares sum to 1"
        )
    return (round(train, 12), round(train + valid, 12))


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _fold_cuts(folds: int, shares: tuple[float, ...]) -> tuple[float, ...]:
    if isinstance(folds, bool) or not isinstance(folds, int) or folds < 2:
        raise InvalidOperationError(f"folds={folds!r}: give a whole number, 2 or more")
    if shares != SHARES:
        raise InvalidOperationError(
            "folds= takes the place of train=, valid= and test=: split first, then fold the train part"
        )
    return tuple(round(i / folds, 12) for i in range(1, folds))
