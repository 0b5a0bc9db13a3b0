"""The row hash as functions of expressions, so that a plan can filter by it."""

from __future__ import annotations

from functools import partial

import polars as pl

from scalekit.expr.expr import Expr
from scalekit.expr.function import IntoExpr, elementwise
from scalekit.expr.node import Call, Column, ExprNode
from scalekit.expr.show import show_expr
from scalekit.kernels.row_hash import Purpose, check_hashable, hash_struct, share_struct


def _hash_kernel(*columns: pl.Expr, seed: int | str, purpose: Purpose) -> pl.Expr:
    function = partial(hash_struct, seed=seed, purpose=purpose)
    hashes = _fields(columns).map_batches(function, return_dtype=pl.UInt64(), is_elementwise=True)
    return hashes.alias("row_hash")


def _share_kernel(*columns: pl.Expr, seed: int | str, purpose: Purpose) -> pl.Expr:
    function = partial(share_struct, seed=seed, purpose=purpose)
    shares = _fields(columns).map_batches(function, return_dtype=pl.Float64(), is_elementwise=True)
    return shares.alias("row_share")


def _fields(columns: tuple[pl.Expr, ...]) -> pl.Expr:
    """Name the fields by their place: one column may stand twice, and names are no part of the hash."""
    return pl.struct(column.alias(str(place)) for place, column in enumerate(columns))


def _check_types(call: Call, dtypes: tuple[pl.DataType, ...]) -> ExprNode:
    """Refuse what has no hash in the method that the user called, not while running."""
    names = [arg.name if isinstance(arg, Column) else show_expr(arg) for arg in call.args]
    types = pl.Schema(dict(zip(names, dtypes, strict=True)))
    check_hashable(types, names)
    return call


@elementwise(
    owner=Expr,
    variadic=True,
    kernel=_hash_kernel,
    resolve=_check_types,
    output_name=lambda _: "row_hash",
)
def row_hash(*columns: IntoExpr, seed: int | str = 0, purpose: Purpose = "rows") -> Expr:  # type: ignore[empty-body]
    """Hash rows to 64 bits, the same on every backend, partitioning, type and version.

    Equal values have equal hashes whatever carries them: integers of any width and integral floats,
    timestamps of any unit, plain text and categories. It is no cryptographic hash.

    Parameters
    ----------
    columns
        What to hash; their order matters.
    seed
        A number or a text; different seeds give independent hashes.
    purpose
        ``"rows"``, ``"sample"``, ``"split"``, ``"fold"``, ``"block"``, ``"subsample"`` or ``"order"``:
        hashes for different purposes are independent.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit.kernels.hash_function import row_hash
    >>> narrow = sk.from_dict({"id": [1, 2]}).select(row_hash(sk.col("id").cast(sk.Int8)))
    >>> wide = sk.from_dict({"id": [1.0, 2.0]}).select(row_hash("id"))
    >>> narrow.collect().equals(wide.collect())
    True
    """


@elementwise(
    owner=Expr,
    variadic=True,
    kernel=_share_kernel,
    resolve=_check_types,
    output_name=lambda _: "row_share",
)
def row_share(*columns: IntoExpr, seed: int | str = 0, purpose: Purpose = "rows") -> Expr:  # type: ignore[empty-body]
    """Give each row a number in [0, 1) by its hash, evenly spread; see :func:`row_hash`.

    The rows below 0.1 are a tenth of the table, and part of the rows below 0.2.

    Parameters
    ----------
    columns
        What to hash; their order matters.
    seed, purpose
        As for :func:`row_hash`.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit.kernels.hash_function import row_share
    >>> frame = sk.from_dict({"id": list(range(1000))})
    >>> frame.filter(row_share("id") < 0.1).select(sk.len()).collect().item()
    101
    """
