"""Parts of a table for an exchange: by the hash of keys, or by ranges of an order; the same rows on every run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from scalekit.expr.node import ExprNode, SortKey
from scalekit.kernels.expressions import to_expr

_BUCKET = "__scalekit_bucket"
_BOUND = "__scalekit_bound"
_SEED = 20_011


def hash_split(frame: pl.DataFrame, keys: Sequence[ExprNode], parts: int) -> list[pl.DataFrame]:
    """Rows of equal keys into the same of ``parts`` tables, which keep the order of rows.

    Parameters
    ----------
    frame
        The rows.
    keys
        What has to be equal, in the types in which it is compared: NaN equals NaN and -0.0 equals 0.0.
    parts
        The number of tables.
    """
    exprs = [_hashed(to_expr(key), place) for place, key in enumerate(keys)]
    hashes = frame.select(exprs)
    combined = pl.sum_horizontal(hashes.columns) if len(exprs) > 1 else pl.col(hashes.columns[0])
    return _by_bucket(frame, hashes.select(_BUCKET_OF(combined, parts)).to_series(), parts)


def _hashed(key: pl.Expr, place: int) -> pl.Expr:
    # Another seed for each key, so that (1, 2) and (2, 1) part ways; halved, so that sums do not overflow.
    return (key.hash(_SEED + place) // 64).alias(str(place))


def _BUCKET_OF(hashed: pl.Expr, parts: int) -> pl.Expr:
    return (hashed % parts).cast(pl.UInt32).alias(_BUCKET)


def range_split(
    frame: pl.DataFrame, by: Sequence[SortKey], bounds: pl.DataFrame
) -> list[pl.DataFrame]:
    """Rows into ranges of an order, one more than there are ``bounds``; equal keys stay together.

    Parameters
    ----------
    frame
        The rows.
    by
        The order.
    bounds
        Values of the keys, as :func:`key_sample` names them, in order.
    """
    keys = frame.select(_named_keys(by)).with_columns(pl.lit(value=False).alias(_BOUND))
    marks = bounds.with_columns(pl.lit(value=True).alias(_BOUND))
    both = pl.concat([keys, marks.select(keys.columns)]).with_row_index("__scalekit_row")
    # A bound stands before the rows that are equal to it: descending on the mark puts it first.
    ordered = both.sort(
        [*(c for c in keys.columns if c != _BOUND), _BOUND],
        descending=[*(k.descending for k in by), True],
        nulls_last=[*(k.nulls_last for k in by), False],
        maintain_order=True,
    ).with_columns(pl.col(_BOUND).cast(pl.UInt32).cum_sum().alias(_BUCKET))
    found = ordered.filter(~pl.col(_BOUND)).sort("__scalekit_row").get_column(_BUCKET)
    return _by_bucket(frame, found, bounds.height + 1)


def key_sample(frame: pl.DataFrame, by: Sequence[SortKey], size: int) -> pl.DataFrame:
    """The keys of rows at even distances."""
    keys = frame.select(_named_keys(by))
    return keys.gather_every(max(1, frame.height // size))


def bounds_of(samples: Sequence[pl.DataFrame], by: Sequence[SortKey], parts: int) -> pl.DataFrame:
    """Bounds that part the sampled keys into ``parts`` ranges of about equal size; none twice."""
    keys = pl.concat(samples)
    ordered = keys.sort(
        keys.columns,
        descending=[k.descending for k in by],
        nulls_last=[k.nulls_last for k in by],
        maintain_order=True,
    )
    if not ordered.height:
        return ordered
    places = [ordered.height * part // parts for part in range(1, parts)]
    return ordered[places].unique(maintain_order=True)


def _named_keys(by: Sequence[SortKey]) -> list[pl.Expr]:
    return [to_expr(key.arg).alias(f"key_{place}") for place, key in enumerate(by)]


def _by_bucket(frame: pl.DataFrame, bucket: pl.Series, parts: int) -> list[pl.DataFrame]:
    if parts == 1:
        return [frame]
    placed = frame.with_columns(bucket.alias(_BUCKET)).sort(_BUCKET, maintain_order=True)
    counts = bucket.value_counts(sort=False, name="__scalekit_n")
    sizes = dict(counts.iter_rows())
    return list(_cut(placed.drop(_BUCKET), [sizes.get(part, 0) for part in range(parts)]))


def _cut(frame: pl.DataFrame, sizes: Sequence[int]) -> Iterator[pl.DataFrame]:
    start = 0
    for size in sizes:
        yield frame.slice(start, size)
        start += size
