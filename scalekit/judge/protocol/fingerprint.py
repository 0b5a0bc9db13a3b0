"""Fingerprints: whether two tests were made on the same rows, whoever read them, in whatever order and parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import reduce
from hashlib import sha256
from typing import Any, Self

import numpy as np
import polars as pl

from scalekit import parts, run
from scalekit.config import resolve
from scalekit.display.progress import progress
from scalekit.errors import InvalidOperationError
from scalekit.frame.frame import Frame
from scalekit.kernels.row_hash import hash_rows
from scalekit.kernels.value_hash import U64
from scalekit.learn.arguments import schema

_WORD = 1 << 64


@dataclass(frozen=True)
class Fingerprint:
    """What is kept of rows to tell whether others are the same ones.

    Attributes
    ----------
    rows
        How many.
    xor, sum
        Of the hashes of all rows, the sum modulo 2^64: neither depends on the order, and rows that stand there twice
        cancel in the first but not in the second.
    schema
        A hash of the columns' names and of what they hold: numbers, text, truth values, times. As in the row hash,
        the width of a number and the unit of a timestamp are no part of it.
    """

    rows: int
    xor: int
    sum: int
    schema: str

    @property
    def id(self) -> str:
        """All of it as one short text."""
        return f"{self.rows}-{self.xor:016x}-{self.sum:016x}-{self.schema}"

    @classmethod
    def from_dict(cls, mapping: Mapping[str, Any]) -> Self:
        """From what :meth:`to_dict` made."""
        return cls(
            mapping["rows"], int(mapping["xor"], 16), int(mapping["sum"], 16), mapping["schema"]
        )

    def to_dict(self) -> dict[str, Any]:
        """For stores; the hashes as hexadecimal text, since JSON has no 64-bit integers everywhere."""
        return {**asdict(self), "xor": f"{self.xor:016x}", "sum": f"{self.sum:016x}"}


@dataclass(frozen=True)
class OfRows:
    """The fingerprint of one part of a frame, by columns: a function that travels to the rows."""

    columns: tuple[str, ...]

    def __call__(self, rows: pl.DataFrame) -> Fingerprint:
        """Hash the rows."""
        return of_rows(rows, self.columns)


def of_rows(rows: pl.DataFrame, columns: Sequence[str]) -> Fingerprint:
    """The fingerprint of rows in memory, by some of their columns; their order does not matter.

    Parameters
    ----------
    rows
        A part of a frame, or all.
    columns
        What is hashed.
    """
    names = sorted(columns)
    return of_hashes(hash_rows(rows, names), {name: rows.schema[name] for name in names})


def of_hashes(hashes: U64, types: Mapping[str, pl.DataType]) -> Fingerprint:
    """The fingerprint of rows by the hashes of their columns in the order of their names.

    Parameters
    ----------
    hashes
        One for each row.
    types
        Of these columns.
    """
    xor = int(np.bitwise_xor.reduce(hashes, initial=0))
    return Fingerprint(len(hashes), xor, int(hashes.sum()), schema_hash(types))


def joined(left: Fingerprint, right: Fingerprint) -> Fingerprint:
    """The fingerprint of the rows of both, in any order.

    Raises
    ------
    InvalidOperationError
        Where the columns are not the same.
    """
    if left.schema != right.schema:
        raise InvalidOperationError("fingerprints of other columns cannot be joined")
    total = (left.sum + right.sum) % _WORD
    return Fingerprint(left.rows + right.rows, left.xor ^ right.xor, total, left.schema)


def nothing(types: Mapping[str, pl.DataType]) -> Fingerprint:
    """The fingerprint of no rows with these columns."""
    return Fingerprint(0, 0, 0, schema_hash(types))


def of_frame(frame: Frame, columns: Sequence[str] | None = None, **settings: Any) -> Fingerprint:
    """The fingerprint of a frame's rows, in one pass on whatever backend.

    Parameters
    ----------
    frame
        The rows.
    columns
        What is hashed; by default all columns. Computed floats may differ in their last bit between backends; leave
        them out where that matters.
    settings
        As for :meth:`Frame.collect`.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit.judge.protocol.fingerprint import of_frame
    >>> frame = sk.from_dict({"id": [1, 2, 3]})
    >>> of_frame(frame) == of_frame(frame.sort("id", descending=True))
    True
    """
    types = schema(frame)
    names = list(types) if columns is None else list(columns)
    plan = frame.select(*names)._plan
    config = resolve(**settings)
    config = config.given("a fingerprint", backend=run.decide(plan, config).backend)
    with progress(config) as watch:
        found = parts.answers(plan, OfRows(tuple(names)), config, watch)
        return reduce(joined, found, nothing({name: types[name] for name in names}))


def schema_hash(types: Mapping[str, pl.DataType]) -> str:
    """Eight hexadecimal digits of names and kinds, whatever their order."""
    text = "\n".join(sorted(f"{name}\t{_kind(dtype)}" for name, dtype in types.items()))
    return sha256(text.encode()).hexdigest()[:8]


def _kind(dtype: pl.DataType) -> str:
    """What values there are, by what the row hash tells apart."""
    if dtype.is_numeric():
        return "number"
    if isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
        return "text"
    if isinstance(dtype, pl.Datetime | pl.Date):
        return "time"
    if isinstance(dtype, pl.List | pl.Array):
        return f"list of {_kind(dtype.inner)}"  # type: ignore[arg-type]
    if isinstance(dtype, pl.Struct):
        return f"({', '.join(f'{field.name} {_kind(field.dtype)}' for field in dtype.fields)})"  # type: ignore[arg-type]
    return str(dtype.base_type())
