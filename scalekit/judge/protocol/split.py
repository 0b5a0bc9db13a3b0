"""How rows are split, and how intervals are made: the two parts of a protocol that have keys of their own."""

from __future__ import annotations

from dataclasses import dataclass

from scalekit.judge.protocol import accepted

KINDS = ("hash", "time", "given")
UNITS = ("row", "group")


@dataclass(frozen=True)
class Split:
    """How rows become train, valid and test rows; the same rows on every backend.

    Attributes
    ----------
    kind
        ``"hash"`` of the group or key; ``"time"``: earlier rows train, the latest test; or ``"given"``: whoever
        evaluates brings test rows. By default ``"time"`` where a protocol names a time, ``"hash"`` where
        it names a key or group, else ``"given"``.
    train, valid, test
        Shares of the whole, of sum 1.
    salt
        Another one gives another, independent split by hash.
    gap
        With a split by time: how much time before each cut-off to leave out, such as ``"1mo"``.
    folds
        Number of folds where models are cross-validated; by default 5.
    valid_from, test_from
        With a split by time: fixed cut-offs, both or none, instead of the shares. As ISO text, or as
        numbers where time is one. Fixed ones stay where they are when rows are added or left out.

    Raises
    ------
    ConfigError
        Naming the key, its value and what is allowed.

    Examples
    --------
    >>> import scalekit as sk
    >>> sk.Protocol("binary", "late", key="id").split.kind
    'hash'
    """

    kind: str | None = None
    train: float = 0.7
    valid: float = 0.15
    test: float = 0.15
    salt: str = "v1"
    gap: str | int | float | None = None
    folds: int | None = None
    valid_from: str | int | float | None = None
    test_from: str | int | float | None = None

    def __post_init__(self) -> None:
        """Check each value, then how they go together."""
        if self.kind is not None:
            accepted.one_of("split.kind", self.kind, KINDS)
        for key in ("train", "valid", "test"):
            share = accepted.number(
                f"split.{key}", getattr(self, key), 0, 1, "a share between 0 and 1"
            )
            object.__setattr__(self, key, share)
        if isinstance(self.salt, bool) or not isinstance(self.salt, str | int):
            raise accepted.refused("split.salt", self.salt, "a text or a whole number")
        settled = {
            "salt": str(self.salt),
            "gap": accepted.duration("split.gap", self.gap),
            "folds": accepted.optional_count("split.folds", self.folds, 2),
            "valid_from": accepted.moment("split.valid_from", self.valid_from),
            "test_from": accepted.moment("split.test_from", self.test_from),
        }
        for key, value in settled.items():
            object.__setattr__(self, key, value)
        _check_together(self)


@dataclass(frozen=True)
class Intervals:
    """How confidence intervals are made: from statistics of blocks of rows, one of which is left out in turn.

    Attributes
    ----------
    level
        Confidence level, between 0.5 and 1.
    blocks
        Number of blocks of the whole, 10 to 10,000.
    unit
        What is never torn apart between blocks: a ``"row"`` (of one key) or a ``"group"``. By default the group
        where a protocol names one; intervals that ignore groups are too narrow.

    Raises
    ------
    ConfigError
        Naming the key, its value and what is allowed.
    """

    level: float = 0.95
    blocks: int = 200
    unit: str | None = None

    def __post_init__(self) -> None:
        """Check each value."""
        accepted.number("ci.level", self.level, 0.5, 1, "a level between 0.5 and 1, such as 0.95")
        if accepted.count("ci.blocks", self.blocks, 10) > 10_000:
            raise accepted.refused("ci.blocks", self.blocks, "a whole number, 10 to 10,000")
        if self.unit is not None:
            accepted.one_of("ci.unit", self.unit, UNITS)


def _check_together(split: Split) -> None:
    total = split.train + split.valid + split.test
    if abs(total - 1) > 1e-9:
        raise accepted.refused(
            "split.train, split.valid, split.test",
            (split.train, split.valid, split.test),
            f"shares sum to 1, not {total:.6g}",
        )
    starts = (split.valid_from, split.test_from)
    if starts == (None, None):
        return
    if None in starts:
        key = "valid_from" if split.valid_from is None else "test_from"
        raise accepted.refused(f"split.{key}", None, "give both cut-offs, or none")
    if isinstance(starts[0], str) != isinstance(starts[1], str):
        raise accepted.refused(
            "split.valid_from, split.test_from", starts, "two times, or two numbers"
        )
    if not starts[0] < starts[1]:  # type: ignore[operator]
        raise accepted.refused(
            "split.test_from", split.test_from, f"later than split.valid_from={split.valid_from!r}"
        )
