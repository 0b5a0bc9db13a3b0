"""How two columns vary together."""

from __future__ import annotations

from typing import Any

import polars as pl

from scalekit.expr.builders import when
from scalekit.expr.checks import choice
from scalekit.expr.expr import Expr
from scalekit.expr.function import Decomposition, IntoExpr, aggregate

_METHODS = ("pearson", "spearman")


def _cov(a: Expr, b: Expr, ddof: int = 1) -> Decomposition:
    """Merge means and products of deviations, as Schubert and Gertz 2018; sums of products would cancel."""

    def final(p: Any) -> Any:
        n, products = _merged(p)["n"], _merged(p)["ab"]
        return when(n > ddof).then(products / (n - ddof))

    return Decomposition(_partials(a, b, squares=False), final)


def _pearson(a: Expr, b: Expr, **_: Any) -> Decomposition:
    def final(p: Any) -> Any:
        merged = _merged(p)
        return merged["ab"] / (merged["aa"] * merged["bb"]).sqrt()

    return Decomposition(_partials(a, b, squares=True), final)


def _partials(a: Expr, b: Expr, *, squares: bool) -> dict[str, Expr]:
    """Number, means and products of deviations of the rows in which both have a value."""
    both = a.is_not_null() & b.is_not_null()
    x: Expr = when(both).then(a.cast(pl.Float64))
    y: Expr = when(both).then(b.cast(pl.Float64))
    dx, dy = x - x.mean(), y - y.mean()
    parts: dict[str, Expr] = {"n": x.count(), "a": x.mean(), "b": y.mean(), "ab": (dx * dy).sum()}
    return {**parts, "aa": (dx * dx).sum(), "bb": (dy * dy).sum()} if squares else parts


def _merged(p: Any) -> dict[str, Any]:
    n = p["n"].sum()
    da = p["a"] - (p["n"] * p["a"]).sum() / n
    db = p["b"] - (p["n"] * p["b"]).sum() / n
    between = {"ab": da * db, "aa": da * da, "bb": db * db}
    return {"n": n, **{k: p[k].sum() + (p["n"] * v).sum() for k, v in between.items() if k in p}}


@aggregate(
    owner=Expr,
    # For no rows, Polars' streaming engine gives null and its in-memory engine NaN.
    kernel=lambda a, b, **options: pl.corr(a, b, **options).fill_null(float("nan")),
    check=choice("method", *_METHODS),
    decompose=lambda a, b, method, **_: _pearson(a, b) if method == "pearson" else None,
)
def corr(
    a: IntoExpr, b: IntoExpr, *, method: str = "pearson", propagate_nans: bool = False
) -> Expr:
    """Correlation of two columns over the rows in which both have a value; NaN for fewer than two.

    Parameters
    ----------
    a, b
        Expressions; strings name columns.
    method
        ``"pearson"``, or ``"spearman"`` for that of their ranks.
    propagate_nans
        Whether a NaN makes the rank correlation NaN; otherwise it is the greatest value.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [1, 2, 3], "y": [2, 4, 7]})
    >>> frame.select(sk.corr("x", "y", method="spearman")).collect().item()
    1.0
    """


@aggregate(owner=Expr, kernel=pl.cov, decompose=_cov)
def cov(a: IntoExpr, b: IntoExpr, *, ddof: int = 1) -> Expr:
    """Covariance of two columns over the rows in which both have a value; null for too few.

    Parameters
    ----------
    a, b
        Expressions; strings name columns.
    ddof
        What is taken off the number of rows to divide by.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [1, 2, 3], "y": [2, 4, 6]})
    >>> frame.select(sk.cov("x", "y")).collect().item()
    2.0
    """
