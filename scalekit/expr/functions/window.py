"""Functions of a row's neighbours: shifts, running totals, ranks."""

from __future__ import annotations

from typing import Any, Self

import polars as pl

from scalekit.errors import InvalidOperationError
from scalekit.expr.checks import choice
from scalekit.expr.counter import drawn, mixed
from scalekit.expr.function import ExprBase, IntoExpr, Reach, elementwise, window
from scalekit.expr.node import Case, Literal
from scalekit.expr.operands import MEASURE, takes
from scalekit.expr.widening import widen_first

_COUNT = pl.Int64()
_RANKS = ("average", "min", "max", "dense", "ordinal", "random")
_BY_PLACE = ("ordinal", "random")


def _rank(x: pl.Expr, *, method: str, descending: bool, seed: int | None) -> pl.Expr:
    """Rank, as Int64 where ranks are whole; ties at random go by a hash of the row's place."""
    if method == "average":
        return x.rank(descending=descending)
    if method == "random":
        # In the order of the hash, ties are in random order; then everything goes back to its place.
        order = mixed(pl.int_range(0, x.len()), seed or 0).arg_sort()
        ranks = x.gather(order).rank("ordinal", descending=descending).gather(order.arg_sort())
    else:
        ranks = x.rank(method, descending=descending)  # type: ignore[arg-type]
    return ranks.cast(_COUNT)


def _neighbours(_: Any, n: Any, *, fill_value: Any = None) -> Reach | None:
    """As many rows before, or after where ``n`` is negative, as it says."""
    steps = n._node.value if isinstance(n._node, Literal) else None
    is_constant = fill_value is None or isinstance(fill_value._node, Literal)
    if type(steps) is not int or not is_constant:
        return None
    return Reach(before=max(steps, 0), after=max(-steps, 0))


def _difference(x: Any, n: Any, null_behavior: str) -> Reach | None:
    return _neighbours(x, n) if null_behavior == "ignore" else None


def _running(name: str) -> Any:
    """All rows so far, for which their aggregate stands."""
    return lambda x, reverse: Reach(carry=getattr(x, name)(), backwards=reverse)


def _count_so_far(x: Any, reverse: bool) -> Any:
    return x.is_not_null().cast(_COUNT).cum_sum(reverse=reverse)


def _nth_of_its_kind(x: Any) -> Any:
    return x.is_null().cum_count().over(x)


def _nth_from_the_end(x: Any) -> Any:
    return x.is_null().cum_count(reverse=True).over(x)


def _rank_along_the_order(x: Any, *, method: str, descending: bool, **_: Any) -> Any:
    """Ranks of sorted values: how many there are so far, or runs of equal values, whose ends give the others."""

    def along(made: Any) -> Any:
        return made.over(order_by=x, descending=descending, nulls_last=True)

    def there(condition: Any, value: Any) -> Any:
        return x._wrap(Case((condition._node,), (value._node,), Literal(None)))

    begins, place = x.ne_missing(x.shift()), x.cum_count()
    lowest = there(begins, place).forward_fill()
    highest = there(x.ne_missing(x.shift(-1)), place).backward_fill()
    ranks = {
        "ordinal": place,
        "dense": begins.cast(_COUNT).cum_sum(),
        "min": lowest,
        "max": highest,
        "average": (lowest + highest) / 2,
    }
    return there(x.is_not_null(), along(ranks[method])) if method in ranks else None


def _one_decay(**arguments: Any) -> None:
    """Check that exactly one of the ways to say the decay is used."""
    given = [n for n in ("com", "span", "half_life", "alpha") if arguments[n] is not None]
    if len(given) != 1:
        raise InvalidOperationError(
            f"say the decay with exactly one of com, span, half_life, alpha; got {given or 'none'}"
        )


class WindowMethods(ExprBase):
    """Functions that follow the order of rows, or need the whole group."""

    @window(needs_order=True, reach=_neighbours)
    def shift(self, n: IntoExpr = 1, *, fill_value: IntoExpr | None = None) -> Self:
        """The value some rows before; null where there is none.

        Parameters
        ----------
        n
            How many rows; negative looks ahead.
        fill_value
            What stands where there is no such row.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 2, 3]})
        >>> frame.select(sk.col("x").shift()).collect().to_series().to_list()
        [None, 1, 2]
        """

    @window(
        needs_order=True,
        resizes=lambda options: options["null_behavior"] == "drop",
        check=choice("null_behavior", "ignore", "drop"),
        reach=_difference,
    )
    def diff(self, n: IntoExpr = 1, null_behavior: str = "ignore") -> Self:
        """The difference to the value some rows before.

        Parameters
        ----------
        n
            How many rows; negative looks ahead.
        null_behavior
            ``"ignore"`` gives null where there is no such row, ``"drop"`` leaves these rows out.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 4, 9]})
        >>> frame.select(sk.col("x").diff()).collect().to_series().to_list()
        [None, 3, 5]
        """

    @window(needs_order=True, resolve=takes(MEASURE))
    def pct_change(self, n: IntoExpr = 1) -> Self:
        """The relative difference to the non-null value some rows before.

        Parameters
        ----------
        n
            How many rows; negative looks ahead.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1.0, 2.0, 3.0]})
        >>> frame.select(sk.col("x").pct_change()).collect().to_series().to_list()
        [None, 1.0, 0.5]
        """

    @window(needs_order=True, reach=_running("sum"), resolve=widen_first)
    def cum_sum(self, *, reverse: bool = False) -> Self:
        """Sum of the values so far; null at a null. Integers are added in 64 bits.

        Parameters
        ----------
        reverse
            Go from the last row to the first.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, None, 2]})
        >>> frame.select(sk.col("x").cum_sum()).collect().to_series().to_list()
        [1, None, 3]
        """

    @window(needs_order=True, reach=_running("product"))
    def cum_prod(self, *, reverse: bool = False) -> Self:
        """Product of the values so far; null at a null. Integers are multiplied in 64 bits.

        Parameters
        ----------
        reverse
            Go from the last row to the first.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [2, None, 3]})
        >>> frame.select(sk.col("x").cum_prod()).collect().to_series().to_list()
        [2, None, 6]
        """

    @window(needs_order=True, reach=_running("min"))
    def cum_min(self, *, reverse: bool = False) -> Self:
        """Smallest value so far; null at a null.

        Parameters
        ----------
        reverse
            Go from the last row to the first.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [2, 1, 3]})
        >>> frame.select(sk.col("x").cum_min()).collect().to_series().to_list()
        [2, 1, 1]
        """

    @window(needs_order=True, reach=_running("max"))
    def cum_max(self, *, reverse: bool = False) -> Self:
        """Largest value so far; null at a null.

        Parameters
        ----------
        reverse
            Go from the last row to the first.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [2, 1, 3]})
        >>> frame.select(sk.col("x").cum_max()).collect().to_series().to_list()
        [2, 2, 3]
        """

    @window(needs_order=True, result=_COUNT, means=_count_so_far)
    def cum_count(self, *, reverse: bool = False) -> Self:
        """Number of the non-null values so far, as Int64.

        Parameters
        ----------
        reverse
            Go from the last row to the first.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": ["a", None, "b"]})
        >>> frame.select(sk.col("x").cum_count()).collect().to_series().to_list()
        [1, 1, 2]
        """

    @window(
        "rank",
        kernel=_rank,
        needs_order=lambda options: options["method"] in _BY_PLACE,
        check=choice("method", *_RANKS),
        means=_rank_along_the_order,
    )
    def _rank(
        self, method: str = "average", *, descending: bool = False, seed: int | None = None
    ) -> Self:
        """Place in the order of values."""

    def rank(
        self, method: str = "average", *, descending: bool = False, seed: int | None = None
    ) -> Self:
        """Place in the order of values, from 1; null at a null.

        Parameters
        ----------
        method
            What equal values get: ``"average"`` the mean of their places, as Float64, ``"min"`` the first
            place, ``"max"`` the last, ``"dense"`` as ``"min"`` but without gaps, ``"ordinal"`` different
            places in the order of rows, ``"random"`` different places in an order of chance. These are
            Int64.
        descending
            Start with the greatest value.
        seed
            The chance of ``"random"``; if None, one is drawn here.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [3, 6, 1, 6]})
        >>> frame.select(sk.col("x").rank("dense")).collect()["x"].to_list()
        [2, 3, 1, 3]
        """
        return self._rank(
            method, descending=descending, seed=drawn(seed) if method == "random" else None
        )

    @window(needs_order=True, result=_COUNT)
    def rle_id(self) -> Self:
        """Number of the run of equal values that the row is in, from 0, as Int64.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 1, 2, 1]})
        >>> frame.select(sk.col("x").rle_id()).collect().to_series().to_list()
        [0, 0, 1, 2]
        """

    @window(means=lambda x: x.len().over(x) == 1)
    def is_unique(self) -> Self:
        """Whether the value occurs once; null is a value.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 1, 2]})
        >>> frame.select(sk.col("x").is_unique()).collect().to_series().to_list()
        [False, False, True]
        """

    @window(means=lambda x: x.len().over(x) > 1)
    def is_duplicated(self) -> Self:
        """Whether the value occurs more than once; null is a value.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 1, 2]})
        >>> frame.select(sk.col("x").is_duplicated()).collect().to_series().to_list()
        [True, True, False]
        """

    @window(needs_order=True, means=lambda x: _nth_of_its_kind(x) == 1)
    def is_first_distinct(self) -> Self:
        """Whether the row is the first with its value; null is a value.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 1, 2]})
        >>> frame.select(sk.col("x").is_first_distinct()).collect().to_series().to_list()
        [True, False, True]
        """

    @window(needs_order=True, means=lambda x: _nth_from_the_end(x) == 1)
    def is_last_distinct(self) -> Self:
        """Whether the row is the last with its value; null is a value.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 1, 2]})
        >>> frame.select(sk.col("x").is_last_distinct()).collect().to_series().to_list()
        [False, True, True]
        """

    @elementwise()
    def hash(self, seed: int = 0) -> Self:
        """A 64-bit hash of the value, for use within one run only.

        It changes between versions of Polars. Splits, samples and folds do not use it: they go by scalekit's
        own hash, which is the same on every backend and in every version (see :func:`scalekit.split`).

        Parameters
        ----------
        seed
            Another seed gives another hash.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 1]})
        >>> frame.select(sk.col("x").hash().is_duplicated()).collect().to_series().to_list()
        [True, True]
        """

    @window(needs_order=True, check=_one_decay, resolve=takes(MEASURE))
    def ewm_mean(
        self,
        *,
        com: float | None = None,
        span: float | None = None,
        half_life: float | None = None,
        alpha: float | None = None,
        adjust: bool = True,
        min_samples: int = 1,
        ignore_nulls: bool = False,
    ) -> Self:
        """Exponentially weighted mean of the values so far.

        Parameters
        ----------
        com, span, half_life, alpha
            How fast weights decay; exactly one of these.
        adjust
            Divide by the weights that there are, so that the first rows are not too small.
        min_samples
            How many non-null values have to be there; null otherwise.
        ignore_nulls
            Leave nulls out when weights are counted.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1.0, 2.0]})
        >>> frame.select(sk.col("x").ewm_mean(alpha=0.5)).collect()["x"].to_list()
        [1.0, 1.6666666666666665]
        """

    @window(needs_order=True, check=_one_decay, resolve=takes(MEASURE))
    def ewm_std(
        self,
        *,
        com: float | None = None,
        span: float | None = None,
        half_life: float | None = None,
        alpha: float | None = None,
        adjust: bool = True,
        bias: bool = False,
        min_samples: int = 1,
        ignore_nulls: bool = False,
    ) -> Self:
        """Exponentially weighted standard deviation of the values so far.

        Parameters
        ----------
        com, span, half_life, alpha
            How fast weights decay; exactly one of these.
        adjust
            Divide by the weights that there are, so that the first rows are not too small.
        bias
            Leave the estimate of a sample uncorrected.
        min_samples
            How many non-null values have to be there; null otherwise.
        ignore_nulls
            Leave nulls out when weights are counted.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1.0, 2.0]})
        >>> frame.select(sk.col("x").ewm_std(alpha=0.5)).collect()["x"].to_list()
        [None, 0.7071067811865476]
        """

    @window(needs_order=True, check=_one_decay, resolve=takes(MEASURE))
    def ewm_var(
        self,
        *,
        com: float | None = None,
        span: float | None = None,
        half_life: float | None = None,
        alpha: float | None = None,
        adjust: bool = True,
        bias: bool = False,
        min_samples: int = 1,
        ignore_nulls: bool = False,
    ) -> Self:
        """Exponentially weighted variance of the values so far.

        Parameters
        ----------
        com, span, half_life, alpha
            How fast weights decay; exactly one of these.
        adjust
            Divide by the weights that there are, so that the first rows are not too small.
        bias
            Leave the estimate of a sample uncorrected.
        min_samples
            How many non-null values have to be there; null otherwise.
        ignore_nulls
            Leave nulls out when weights are counted.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1.0, 2.0]})
        >>> frame.select(sk.col("x").ewm_var(alpha=0.5)).collect()["x"].to_list()
        [None, 0.5]
        """
