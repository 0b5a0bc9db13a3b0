"""The row hash: 64 bits from the values of a row, the same on every backend, partitioning, type and version.

Splits, samples and folds are assigned by this hash (CONTRACT.md, hashing), so its definition never changes:
``tests/golden/row_hash.json`` pins a thousand of its values. It is no cryptographic hash.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import polars as pl
import pyarrow as pa

from scalekit.errors import ColumnNotFoundError, InvalidOperationError, SchemaError
from scalekit.kernels.value_hash import U64, hash_array, hash_integers, mix

Purpose = Literal["rows", "sample", "split", "fold", "block", "subsample", "order"]
Rows: TypeAlias = "pl.DataFrame | pa.Table | pa.RecordBatch"

_SLICE = 1 << 17
_WORD = 1 << 64


def hash_rows(
    data: Rows,
    columns: Sequence[str] | None = None,
    *,
    seed: int | str = 0,
    purpose: Purpose = "rows",
) -> U64:
    """Hash the rows of a table to 64 bits each.

    The hash depends on the values and the order of ``columns``, and on nothing else: not on the other
    columns, the chunks, the position of the row, the width of an integer, the unit of a timestamp, or whether
    text is plain or categorical.

    Parameters
    ----------
    data
        A Polars frame or an Arrow table.
    columns
        The columns to hash, in this order; by default all.
    seed
        A number or a text; different seeds give independent hashes.
    purpose
        What the hash is for. Hashes for different purposes are independent, so that a fold is not a
        piece of a split.

    Returns
    -------
    numpy.ndarray of uint64
        One hash per row.

    Raises
    ------
    ColumnNotFoundError
        If a column does not exist.
    SchemaError
        If a column holds values that have no hash, such as Python objects.

    Examples
    --------
    >>> import polars as pl
    >>> narrow = pl.DataFrame({"id": [1, 2]}, schema={"id": pl.Int8})
    >>> wide = pl.DataFrame({"id": [1.0, 2.0]})
    >>> bool((hash_rows(narrow) == hash_rows(wide)).all())
    True
    """
    known = data.columns if isinstance(data, pl.DataFrame) else data.schema.names
    names = list(known) if columns is None else list(columns)
    if missing := [name for name in names if name not in known]:
        raise ColumnNotFoundError.missing(missing, known)
    if not names:
        raise InvalidOperationError("a row hash needs at least one column")
    rows = data.height if isinstance(data, pl.DataFrame) else data.num_rows
    out = np.full(rows, salt(purpose, seed), dtype=np.uint64)
    for name in names:
        _fold_in(out, data, name)
    return out


def hash_struct(column: pl.Series, *, seed: int | str = 0, purpose: Purpose = "rows") -> pl.Series:
    """Hash the fields of a struct column, for ``map_batches`` in a Polars query.

    Parameters
    ----------
    column
        A struct whose fields are the columns to hash, in this order.
    seed, purpose
        As in :func:`hash_rows`.
    """
    hashes = hash_rows(column.struct.unnest(), seed=seed, purpose=purpose)
    return pl.Series(column.name, hashes, dtype=pl.UInt64)


def share_struct(column: pl.Series, *, seed: int | str = 0, purpose: Purpose = "rows") -> pl.Series:
    """Hash the fields of a struct column to numbers in [0, 1), as :func:`hash_struct` does to integers.

    Parameters
    ----------
    column
        A struct whose fields are the columns to hash, in this order.
    seed, purpose
        As in :func:`hash_rows`.
    """
    hashes = hash_rows(column.struct.unnest(), seed=seed, purpose=purpose)
    return pl.Series(column.name, unit_interval(hashes), dtype=pl.Float64)


def column_hashes(data: pl.DataFrame, name: str) -> U64:
    """Hash the values of one column, before they are mixed with those of others.

    Raises
    ------
    SchemaError
        If the column holds values that have no hash.
    """
    found = list(_column_hashes(data, name))
    return np.concatenate(found) if found else np.empty(0, dtype=np.uint64)


def salt(purpose: Purpose, seed: int | str = 0) -> np.uint64:
    """Derive the starting value of a hash from what it is for and the user's seed.

    Parameters
    ----------
    purpose
        What the hash is for.
    seed
        A number or a text. A number and its decimal text are the same seed.

    Raises
    ------
    InvalidOperationError
        If the purpose is unknown or the seed is neither a number nor a text.
    """
    if purpose not in get_args(Purpose):
        raise InvalidOperationError(
            f"unknown purpose {purpose!r}; known: {', '.join(get_args(Purpose))}"
        )
    if isinstance(seed, bool) or not isinstance(seed, int | str):
        raise InvalidOperationError(f"a seed is an integer or a text, not {type(seed).__name__}")
    digest = blake2b(f"scalekit/{purpose}/{seed}".encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))


def unit_interval(hashes: U64) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Map hashes to numbers in [0, 1), evenly spread; the top 53 bits decide.

    Parameters
    ----------
    hashes
        What :func:`hash_rows` returned.
    """
    return (hashes >> np.uint64(11)).astype(np.float64) * 2.0**-53


def check_hashable(schema: pl.Schema, columns: Sequence[str]) -> None:
    """Raise where a column's type has no row hash, before any row is read.

    Raises
    ------
    SchemaError
        Naming the column and its type.
    """
    for name in columns:
        if _has_no_hash(schema[name], nested=False):
            raise SchemaError(
                f"column {name!r} of type {schema[name]} has no row hash: name other columns as the key"
            )


def _has_no_hash(dtype: pl.DataType, *, nested: bool) -> bool:
    if isinstance(dtype, pl.List | pl.Array):
        return _has_no_hash(dtype.inner, nested=True)  # type: ignore[arg-type]
    if isinstance(dtype, pl.Struct):
        return any(_has_no_hash(field.dtype, nested=True) for field in dtype.fields)  # type: ignore[arg-type]
    return dtype in (pl.Object, pl.Unknown) or (nested and dtype in (pl.Int128, pl.UInt128))


def _fold_in(out: U64, data: Rows, name: str) -> None:
    """Mix one column into the hashes of its rows; the order of the calls matters."""
    start = 0
    for hashes in _column_hashes(data, name):
        part = out[start : start + len(hashes)]
        part ^= hashes
        mix(part)
        start += len(hashes)


def _column_hashes(data: Rows, name: str) -> Iterator[U64]:
    if isinstance(data, pl.DataFrame):
        yield from _series_hashes(data.get_column(name))
        return
    column = data.column(name)
    for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
        yield hash_array(chunk)


def _series_hashes(series: pl.Series) -> Iterator[U64]:
    if series.dtype in (pl.Int128, pl.UInt128):
        yield _hash_wide(series)
    elif series.dtype in (pl.Categorical, pl.Enum):
        yield hash_array(series.to_arrow())  # whole: every slice would carry all the categories
    else:
        check_hashable(pl.Schema({series.name: series.dtype}), [series.name])
        for start in range(0, len(series), _SLICE):
            yield hash_array(series.slice(start, _SLICE).to_arrow())


def _hash_wide(series: pl.Series) -> U64:
    """128-bit integers: pyarrow has no such type, so Polars cuts them into two words."""
    word = pl.lit(_WORD, dtype=series.dtype)
    value = pl.col(series.name).fill_null(0)
    high = (value // word).cast(pl.UInt64 if series.dtype == pl.UInt128 else pl.Int64)
    cut = series.to_frame().select(low=(value % word).cast(pl.UInt64), high=high)
    high_word = cut["high"].to_numpy().view(np.int64)
    hashes = hash_integers(cut["low"].to_numpy(), high_word)
    if series.dtype == pl.UInt128:
        huge = high_word < 0  # the words of a negative Int128
        hashes[huge] = mix(hashes[huge])
    if series.null_count():
        hashes[series.is_null().to_numpy()] = hash_array(pa.nulls(1))[0]
    return hashes
