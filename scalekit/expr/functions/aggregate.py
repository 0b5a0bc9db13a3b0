"""Aggregates, each with its own split over partitions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

import polars as pl

from scalekit.expr.checks import QUANTILES, choice, every, fraction
from scalekit.expr.function import Decomposition, ExprBase, IntoExpr, Operand, aggregate
from scalekit.expr.node import Call, Case, Cast, ExprNode, Literal
from scalekit.expr.operands import MEASURE, NUMBER, takes
from scalekit.expr.widening import widened

_COUNT = pl.Int64()
_EPSILON = 2.0**-52


def _summed(call: Call, dtypes: tuple[pl.DataType, ...]) -> ExprNode:
    """Add integers in 64 bits (Polars' Int32 sums wrap), in 128 where an overflow is to be found."""
    options = dict(call.options)
    strict = options.pop("strict", False)
    (arg,), plain = call.args, tuple(options.items())
    dtype = dtypes[0]
    if dtype == pl.Boolean:
        return Cast(Call(call.function, (arg,), plain), _COUNT)
    wide = widened(dtype)
    if strict and dtype.is_integer() and dtype not in (pl.Int128, pl.UInt128):
        total = Call(call.function, (Cast(arg, pl.Int128()),), plain)
        return Cast(total, wide or dtype, strict=True)
    return Call(call.function, (arg if wide is None else Cast(arg, wide),), plain)


def _multiplied(call: Call, dtypes: tuple[pl.DataType, ...]) -> ExprNode:
    """Widen the factors of a dot product, whose products Polars adds in their own type."""
    wide = [widened(d) for d in dtypes]
    pairs = zip(call.args, wide, strict=True)
    return Call(
        call.function, tuple(a if w is None else Cast(a, w) for a, w in pairs), call.options
    )


def _merges_with(name: str) -> Any:
    """The split of an aggregate that merges with itself, as a sum of sums."""

    def decompose(x: Any, **options: Any) -> Decomposition:
        return Decomposition(
            {"part": getattr(x, name)(**options)}, lambda p: getattr(p["part"], name)(**options)
        )

    return decompose


def _counts(marked: Callable[[Any], Any]) -> Any:
    """The split of a count of the rows that are ``marked``, whose parts are added."""
    return lambda x: Decomposition({"part": _number(marked(x))}, lambda p: p["part"].sum())


def _lengths(x: Any) -> Decomposition:
    return Decomposition({"part": x.len()}, lambda p: p["part"].sum())


def _number(marked: Any) -> Any:
    """How many are true: within groups Polars 2.1 adds in a third of the time in which it counts."""
    return marked.cast(pl.Int64).sum()


def _mean(x: Any) -> Decomposition:
    # Polars adds in Float64 too: a sum in the column's own type would overflow.
    return Decomposition(
        {"sum": x.cast(pl.Float64).sum(), "n": _number(x.is_not_null())},
        lambda p: _where(p["n"].sum() > 0, p["sum"].sum() / p["n"].sum()),
    )


def _has_float_mean(dtypes: tuple[pl.DataType, ...]) -> bool:
    """Whether a mean is one of floats; those of dates and times need all of an Int64's digits."""
    return dtypes[0].is_numeric() or dtypes[0] == pl.Boolean


def _var(x: Any, ddof: int = 1) -> Decomposition:
    """Merge (n, mean, M2) as Chan et al. 1979: sums of squares would cancel."""
    wide = x.cast(pl.Float64)

    def final(p: Any) -> Any:
        n = p["n"].sum()
        mean = (p["n"] * p["mean"]).sum() / n
        squares = p["m2"].sum() + (p["n"] * (p["mean"] - mean) ** 2).sum()
        return _where(n > ddof, squares / (n - ddof))

    n = _number(wide.is_not_null())
    return Decomposition({"n": n, "mean": wide.mean(), "m2": wide.var(0) * n}, final)


def _std(x: Any, ddof: int = 1) -> Decomposition:
    parts = _var(x, ddof)
    return Decomposition(parts.partials, lambda p: parts.final(p).sqrt())


def _moments(x: Any, highest: int) -> Mapping[str, Any]:
    """Count, mean, and sums of powers of the deviations from the mean."""
    wide = x.cast(pl.Float64)
    away = wide - wide.mean()
    sums = {f"m{power}": (away**power).sum() for power in range(2, highest + 1)}
    return {"n": _number(x.is_not_null()), "mean": wide.mean(), **sums}


def _merged(p: Any) -> Any:
    """Count, mean, and sums of powers, of all parts (Pébay 2008): powers of raw values would cancel."""
    n = p["n"].sum().cast(pl.Float64)
    mean = (p["n"] * p["mean"]).sum() / n
    away = p["mean"] - mean
    second = (p["m2"] + p["n"] * away**2).sum()
    third = (p["m3"] + 3 * away * p["m2"] + p["n"] * away**3).sum()
    return n, mean, away, second, third


def _is_level(n: Any, mean: Any, second: Any) -> Any:
    """Whether values differ by no more than rounding, as in Polars: what is divided by their spread is NaN then."""
    return second / n <= (mean * _EPSILON) ** 2


def _skew(x: Any, *, bias: bool = True) -> Decomposition:
    def final(p: Any) -> Any:
        n, mean, _, second, third = _merged(p)
        plain = (third / n) / (second / n) ** 1.5
        found = _nan_where(_is_level(n, mean, second), plain)
        if bias:
            return _where(n > 0, found)
        return _where(n > 2, found * (n * (n - 1)).sqrt() / (n - 2))

    return Decomposition(_moments(x, 3), final)


def _kurtosis(x: Any, *, fisher: bool = True, bias: bool = True) -> Decomposition:
    def final(p: Any) -> Any:
        n, mean, away, second, _ = _merged(p)
        terms = p["m4"] + 4 * away * p["m3"] + 6 * away**2 * p["m2"] + p["n"] * away**4
        plain = (terms.sum() / n) / (second / n) ** 2
        found = _nan_where(_is_level(n, mean, second), plain)
        normal = 3.0 if fisher else 0.0
        if bias:
            return _where(n > 0, found - normal)
        unbiased = ((n**2 - 1) * found - 3 * (n - 1) ** 2) / ((n - 2) * (n - 3)) + 3
        return _where(n > 3, unbiased - normal)

    return Decomposition(_moments(x, 4), final)


def _at_end(name: str) -> Any:
    """The split of ``first`` and ``last``: that of the first (last) part which has rows."""

    def decompose(x: Any, *, ignore_nulls: bool = False) -> Decomposition:
        end = getattr(x, name)(ignore_nulls=ignore_nulls)
        if ignore_nulls:
            return Decomposition({"end": end}, lambda p: getattr(p["end"], name)(ignore_nulls=True))
        return Decomposition(
            {"end": end, "n": x.len()}, lambda p: getattr(p["end"].filter(p["n"] > 0), name)()
        )

    return decompose


def _any_value(x: Any) -> Decomposition:
    return Decomposition({"part": x.any_value()}, lambda p: p["part"].any_value())


def _by_extreme(name: str, extreme: str) -> Any:
    """The split of ``max_by`` and ``min_by``, which keeps the extreme beside its value."""
    return lambda x, by: Decomposition(
        {"value": getattr(x, name)(by), "by": getattr(by, extreme)()},
        lambda p: getattr(p["value"], name)(p["by"]),
    )


def _at_extreme(name: str) -> Any:
    """The split of ``arg_max`` and ``arg_min``: the place in the first part that has the extreme, after all before."""

    def final(p: Any) -> Any:
        place = p["place"] + p["n"].cum_sum() - p["n"]
        return place.filter(p["value"] == getattr(p["value"], name)()).first()

    return lambda x: Decomposition(
        {"place": getattr(x, f"arg_{name}")(), "value": getattr(x, name)(), "n": x.len()}, final
    )


def _implode(x: Any, *, maintain_order: bool = True) -> Decomposition:
    return Decomposition(
        {"part": x.implode(maintain_order=maintain_order)},
        lambda p: p["part"].explode().implode(maintain_order=maintain_order),
    )


def _dot(x: Any, other: Any) -> Decomposition:
    return Decomposition({"part": x.dot(other)}, lambda p: p["part"].sum())


def _empty(x: Any, *, ignore_nulls: bool = False) -> Decomposition:
    return Decomposition({"part": x.is_empty(ignore_nulls=ignore_nulls)}, lambda p: p["part"].all())


def _has_nulls(x: Any) -> Decomposition:
    return Decomposition({"part": x.has_nulls()}, lambda p: p["part"].any())


def _place(extreme: str) -> Any:
    """The first place of an extreme: Polars' streaming engine gives that of any of equal values."""
    return lambda x: (x == getattr(x, extreme)()).arg_true().first()


def _bits(name: str) -> Any:
    """Bits of non-null values: of none, Polars' in-memory engine gives true or false within groups."""
    return lambda x: pl.when(x.count() > 0).then(getattr(x, name)())


def _entropy(x: pl.Expr, *, base: float, normalize: bool) -> pl.Expr:
    """By its definition: Polars' in-memory engine gives 0 for any single value."""
    p = x / x.sum() if normalize else x
    return (p * p.log(base)).sum() * -1.0 + 0.0  # no zero below zero


def _exact_dates(call: Call, dtypes: tuple[pl.DataType, ...]) -> ExprNode:
    """Find a quantile of dates among points in time, as Polars does, which panics where there are none."""
    if dtypes[0] != pl.Date:
        return call
    return Call(
        call.function, (Cast(call.args[0], pl.Datetime("us")), *call.args[1:]), call.options
    )


def _nan_where(condition: Any, value: Any) -> Any:
    """NaN where the condition is true, else the value."""
    nan = Literal(float("nan"), pl.Float64())
    return value._wrap(Case((condition._node,), (nan,), value._node))


def _where(condition: Any, value: Any) -> Any:
    """The value where the condition is true, else null."""
    return value._wrap(Case((condition._node,), (value._node,), Literal(None)))


class AggregateMethods(ExprBase):
    """Many rows to one."""

    @aggregate(decompose=_merges_with("sum"), resolve=_summed, kernel=lambda x, **_: x.sum())
    def sum(self, *, strict: bool = False) -> Self:
        """Sum of the non-null values; 0 where there are none. Integers are added in 64 bits.

        Parameters
        ----------
        strict
            Raise ``ComputeError`` where a sum of integers does not fit 64 bits; otherwise it wraps.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, None, 2]}).select(sk.col("x").sum()).collect().item()
        3
        """

    @aggregate(decompose=_merges_with("product"))
    def product(self) -> Self:
        """Product of the non-null values; 1 where there are none. Integers are multiplied in 64 bits.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [2, None, 3]}).select(sk.col("x").product()).collect().item()
        6
        """

    @aggregate(decompose=_mean, decomposes=_has_float_mean)
    def mean(self) -> Self:
        """Arithmetic mean of the non-null values; null where there are none.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, None, 2]}).select(sk.col("x").mean()).collect().item()
        1.5
        """

    @aggregate()
    def median(self) -> Self:
        """Median of the non-null values: the mean of the two in the middle where their number is even.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, 2, 4, 9]}).select(sk.col("x").median()).collect().item()
        3.0
        """

    @aggregate(decompose=_merges_with("min"))
    def min(self) -> Self:
        """Smallest non-null value; NaN counts only where there is nothing else.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [float("nan"), 2.0, 1.0]}).select(sk.col("x").min()).collect().item()
        1.0
        """

    @aggregate(decompose=_merges_with("max"))
    def max(self) -> Self:
        """Largest non-null value; NaN counts only where there is nothing else.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [float("nan"), 2.0, 1.0]}).select(sk.col("x").max()).collect().item()
        2.0
        """

    @aggregate(decompose=_merges_with("nan_min"))
    def nan_min(self) -> Self:
        """Smallest non-null value, or NaN where there is one.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [float("nan"), 2.0, 1.0]}).select(sk.col("x").nan_min()).collect().item()
        nan
        """

    @aggregate(decompose=_merges_with("nan_max"))
    def nan_max(self) -> Self:
        """Largest non-null value, or NaN where there is one.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [float("nan"), 2.0, 1.0]}).select(sk.col("x").nan_max()).collect().item()
        nan
        """

    @aggregate(decompose=_std)
    def std(self, ddof: int = 1) -> Self:
        """Standard deviation of the non-null values; null for fewer than ``ddof + 1``.

        Parameters
        ----------
        ddof
            What is taken off the number of values to divide by.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1.0, 2.0, 3.0]}).select(sk.col("x").std()).collect().item()
        1.0
        """

    @aggregate(decompose=_var)
    def var(self, ddof: int = 1) -> Self:
        """Variance of the non-null values; null for fewer than ``ddof + 1``.

        Parameters
        ----------
        ddof
            What is taken off the number of values to divide by.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1.0, 2.0, 3.0]}).select(sk.col("x").var()).collect().item()
        1.0
        """

    @aggregate(resolve=takes(MEASURE), decompose=_skew)
    def skew(self, *, bias: bool = True) -> Self:
        """Skewness of the non-null values; null where there are none.

        Parameters
        ----------
        bias
            Leave the estimate of a sample uncorrected.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1.0, 2.0, 3.0]}).select(sk.col("x").skew()).collect().item()
        0.0
        """

    @aggregate(resolve=takes(MEASURE), decompose=_kurtosis)
    def kurtosis(self, *, fisher: bool = True, bias: bool = True) -> Self:
        """Kurtosis of the non-null values; null where there are none.

        Parameters
        ----------
        fisher
            Subtract 3, so that a normal distribution has 0.
        bias
            Leave the estimate of a sample uncorrected.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1.0, 1.0, 3.0, 3.0]}).select(sk.col("x").kurtosis()).collect().item()
        -2.0
        """

    @aggregate(kernel=_entropy, resolve=takes(NUMBER))
    def entropy(self, base: float = 2.718281828459045, *, normalize: bool = True) -> Self:
        """Entropy of probabilities, ``-sum(p * log(p))``, the nulls left out.

        Parameters
        ----------
        base
            Of the logarithm.
        normalize
            Divide the values by their sum first, so that they are probabilities.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, 1, 1, 1]}).select(sk.col("x").entropy(base=2)).collect().item()
        2.0
        """

    @aggregate(check=every(QUANTILES, fraction("quantile")), resolve=_exact_dates)
    def quantile(self, quantile: Operand, interpolation: str = "nearest") -> Self:
        """Quantile of the non-null values: exact on every backend and any number of partitions.

        Parameters
        ----------
        quantile
            A number from 0 to 1, a list of such numbers (the answer is a list then) or an expression.
        interpolation
            ``"nearest"``, ``"higher"``, ``"lower"``, ``"midpoint"``, ``"linear"`` or ``"equiprobable"``, for
            a quantile between two values.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, 2, 3, 4]}).select(sk.col("x").quantile(0.9)).collect().item()
        4.0
        """

    @aggregate(
        check=every(
            fraction("quantile"),
            choice("method", "auto", "kll", "req_lo", "req_hi", "req_both"),
            choice("error_tightness", "empirical", "formal"),
        )
    )
    def approx_quantile(
        self,
        quantile: Operand,
        *,
        method: str = "auto",
        error: float = 0.001,
        error_tightness: str = "empirical",
    ) -> Self:
        """Quantile of the non-null values, within an error of rank.

        Parameters
        ----------
        quantile
            A number from 0 to 1, a list of such numbers (the answer is a list then) or an expression.
        method
            The sketch: ``"kll"``, ``"req_lo"``, ``"req_hi"``, ``"req_both"``, or ``"auto"`` to choose by the quantile.
        error
            How far the rank of the answer may be off, as a fraction of the number of values; kept with a
            probability above 99.7 %.
        error_tightness
            ``"empirical"``, calibrated on shuffled values, or ``"formal"``, proven for all.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1.0, 2.0, 3.0]}).select(sk.col("x").approx_quantile(0.5)).collect().item()
        2.0
        """

    @aggregate(decompose=_counts(lambda x: x.is_not_null()), result=_COUNT)
    def count(self) -> Self:
        """Number of non-null values, as Int64.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, None]}).select(sk.col("x").count()).collect().item()
        1
        """

    @aggregate(decompose=_lengths, result=_COUNT)
    def len(self) -> Self:
        """Number of rows, nulls included, as Int64.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, None]}).select(sk.col("x").len()).collect().item()
        2
        """

    @aggregate(decompose=_counts(lambda x: x.is_null()), result=_COUNT)
    def null_count(self) -> Self:
        """Number of nulls, as Int64.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, None]}).select(sk.col("x").null_count()).collect().item()
        1
        """

    @aggregate(result=_COUNT, of_distinct=lambda x: x.len())
    def n_unique(self) -> Self:
        """Number of distinct values, null counting as one, as Int64.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, 1, None]}).select(sk.col("x").n_unique()).collect().item()
        2
        """

    @aggregate(result=_COUNT, of_distinct=lambda x: x.len())
    def approx_n_unique(self) -> Self:
        """Number of distinct values, within about 1 %, as Int64: a HyperLogLog++ sketch.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, 1, 2]}).select(sk.col("x").approx_n_unique()).collect().item()
        2
        """

    @aggregate(decompose=_has_nulls)
    def has_nulls(self) -> Self:
        """Whether there is a null.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, None]}).select(sk.col("x").has_nulls()).collect().item()
        True
        """

    @aggregate(decompose=_empty)
    def is_empty(self, *, ignore_nulls: bool = False) -> Self:
        """Whether there are no rows.

        Parameters
        ----------
        ignore_nulls
            Whether there are no non-null values.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, None]}).select(sk.col("x").is_empty()).collect().item()
        False
        """

    @aggregate(decompose=_merges_with("any"), resolve=takes(NUMBER))
    def any(self, *, ignore_nulls: bool = True) -> Self:
        """Whether any value is true; False where there are none.

        Parameters
        ----------
        ignore_nulls
            Leave nulls out, which is the default; otherwise Kleene's logic makes an answer that depends on a
            null null.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [False, None]}).select(sk.col("x").any()).collect().item()
        False
        """

    @aggregate(decompose=_merges_with("all"), resolve=takes(NUMBER))
    def all(self, *, ignore_nulls: bool = True) -> Self:
        """Whether all values are true; True where there are none.

        Parameters
        ----------
        ignore_nulls
            Leave nulls out, which is the default; otherwise Kleene's logic makes an answer that depends on a
            null null.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [True, None]}).select(sk.col("x").all()).collect().item()
        True
        """

    @aggregate(needs_order=True, decompose=_at_end("first"))
    def first(self, *, ignore_nulls: bool = False) -> Self:
        """First value in the order of rows; null where there are none.

        Parameters
        ----------
        ignore_nulls
            Skip nulls.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [None, 2, 1]}).select(sk.col("x").first(ignore_nulls=True)).collect().item()
        2
        """

    @aggregate(needs_order=True, decompose=_at_end("last"))
    def last(self, *, ignore_nulls: bool = False) -> Self:
        """Last value in the order of rows; null where there are none.

        Parameters
        ----------
        ignore_nulls
            Skip nulls.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, 2, None]}).select(sk.col("x").last(ignore_nulls=True)).collect().item()
        2
        """

    @aggregate(decompose=_any_value, kernel=lambda x: x.first(ignore_nulls=True))
    def any_value(self) -> Self:
        """One of the non-null values, null where there are none: the first where the frame has an order.

        On a frame without an order it may be another one on each run; ``min`` is not.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [None, 2, 1]}).select(sk.col("x").any_value()).collect().item()
        2
        """

    @aggregate(needs_rows=True, raises=True)
    def item(self, *, allow_empty: bool = False) -> Self:
        """The only value; ``ComputeError`` where there are none or several.

        Parameters
        ----------
        allow_empty
            Give null where there are none.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [3]}).select(sk.col("x").item()).collect().item()
        3
        """

    @aggregate(needs_order=True, result=_COUNT, kernel=_place("min"), decompose=_at_extreme("min"))
    def arg_min(self) -> Self:
        """Place of the first smallest value, as Int64; null where there are none.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [3, 1, 2]}).select(sk.col("x").arg_min()).collect().item()
        1
        """

    @aggregate(needs_order=True, result=_COUNT, kernel=_place("max"), decompose=_at_extreme("max"))
    def arg_max(self) -> Self:
        """Place of the first largest value, as Int64; null where there are none.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [3, 1, 2]}).select(sk.col("x").arg_max()).collect().item()
        0
        """

    @aggregate(decompose=_by_extreme("min_by", "min"))
    def min_by(self, by: IntoExpr) -> Self:
        """Value in the row in which another expression is smallest.

        Parameters
        ----------
        by
            An expression; a string names a column. Where several rows have its extreme, any of their values is
            given.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, 2], "y": [7, 5]}).select(sk.col("x").min_by("y")).collect().item()
        2
        """

    @aggregate(decompose=_by_extreme("max_by", "max"))
    def max_by(self, by: IntoExpr) -> Self:
        """Value in the row in which another expression is largest.

        Parameters
        ----------
        by
            An expression; a string names a column. Where several rows have its extreme, any of their values is
            given.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, 2], "y": [7, 5]}).select(sk.col("x").max_by("y")).collect().item()
        1
        """

    @aggregate(decompose=_dot, resolve=_multiplied)
    def dot(self, other: IntoExpr) -> Self:
        """Sum of the products with another expression; rows with a null in either are left out.

        Parameters
        ----------
        other
            An expression; a string names a column. Integers are added in 64 bits.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, 2], "y": [3, 4]}).select(sk.col("x").dot("y")).collect().item()
        11
        """

    @aggregate(decompose=_merges_with("bitwise_and"), kernel=_bits("bitwise_and"))
    def bitwise_and(self) -> Self:
        """Bits that are set in all values; null where there are none. For Booleans, the logical one.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [6, 3, None]}).select(sk.col("x").bitwise_and()).collect().item()
        2
        """

    @aggregate(decompose=_merges_with("bitwise_or"), kernel=_bits("bitwise_or"))
    def bitwise_or(self) -> Self:
        """Bits that are set in any value; null where there are none. For Booleans, the logical one.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [6, 3, None]}).select(sk.col("x").bitwise_or()).collect().item()
        7
        """

    @aggregate(decompose=_merges_with("bitwise_xor"), kernel=_bits("bitwise_xor"))
    def bitwise_xor(self) -> Self:
        """Bits that are set in an odd number of values; null where there are none. For Booleans, the logical one.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [6, 3, None]}).select(sk.col("x").bitwise_xor()).collect().item()
        5
        """

    @aggregate(decompose=_implode, needs_order=lambda options: bool(options["maintain_order"]))
    def implode(self, *, maintain_order: bool = True) -> Self:
        """All values as one list.

        Parameters
        ----------
        maintain_order
            In the order of rows; otherwise in any.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, None]}).select(sk.col("x").implode()).collect()["x"].to_list()
        [[1, None]]
        """
