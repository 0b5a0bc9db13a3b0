"""Windows of a fixed number of rows, or of a span of another column."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Self

from scalekit.expr.checks import CLOSED, QUANTILES, at_least, every, fraction
from scalekit.expr.function import ExprBase, IntoExpr, Reach, window
from scalekit.expr.operands import MEASURE, takes
from scalekit.expr.widening import widen_first

_SIZE = every(at_least("window_size", 1), at_least("min_samples", 0))
_BY = every(CLOSED, at_least("min_samples", 0))


def _window(_: Any, *, window_size: int, center: bool, **__: Any) -> Reach:
    """The rows of a window besides the row itself; around its middle, at most as many on each side."""
    beside = window_size - 1
    return Reach(before=beside, after=beside if center else 0)


class RollingMethods(ExprBase):
    """Functions over a window that moves with the rows, or with the values of another column."""

    @window(needs_order=True, check=_SIZE, reach=_window, resolve=widen_first)
    def rolling_sum(
        self,
        window_size: int,
        weights: list[float] | None = None,
        *,
        min_samples: int | None = None,
        center: bool = False,
    ) -> Self:
        """Sum of the non-null values in a window of rows. Integers are added in 64 bits.

        Parameters
        ----------
        window_size
            How many rows a window has, the row itself being its last.
        weights
            One for each row of a window; a window's values are multiplied by them. The column may hold no
            nulls then.
        min_samples
            How many non-null values a window needs; null otherwise. All its rows, if None.
        center
            Put the row in the middle of its window.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 2, 4]})
        >>> frame.select(sk.col("x").rolling_sum(2)).collect().to_series().to_list()
        [None, 3, 6]
        """

    @window(needs_order=True, check=_SIZE, reach=_window, resolve=takes(MEASURE))
    def rolling_mean(
        self,
        window_size: int,
        weights: list[float] | None = None,
        *,
        min_samples: int | None = None,
        center: bool = False,
    ) -> Self:
        """Mean of the non-null values in a window of rows.

        Parameters
        ----------
        window_size
            How many rows a window has, the row itself being its last.
        weights
            One for each row of a window; a window's values are multiplied by them. The column may hold no
            nulls then.
        min_samples
            How many non-null values a window needs; null otherwise. All its rows, if None.
        center
            Put the row in the middle of its window.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 2, 4]})
        >>> frame.select(sk.col("x").rolling_mean(2)).collect().to_series().to_list()
        [None, 1.5, 3.0]
        """

    @window(needs_order=True, check=_SIZE, reach=_window, resolve=takes(MEASURE))
    def rolling_min(
        self,
        window_size: int,
        weights: list[float] | None = None,
        *,
        min_samples: int | None = None,
        center: bool = False,
    ) -> Self:
        """Smallest non-null value in a window of rows.

        Parameters
        ----------
        window_size
            How many rows a window has, the row itself being its last.
        weights
            One for each row of a window; a window's values are multiplied by them. The column may hold no
            nulls then.
        min_samples
            How many non-null values a window needs; null otherwise. All its rows, if None.
        center
            Put the row in the middle of its window.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 2, 4]})
        >>> frame.select(sk.col("x").rolling_min(2)).collect().to_series().to_list()
        [None, 1, 2]
        """

    @window(needs_order=True, check=_SIZE, reach=_window, resolve=takes(MEASURE))
    def rolling_max(
        self,
        window_size: int,
        weights: list[float] | None = None,
        *,
        min_samples: int | None = None,
        center: bool = False,
    ) -> Self:
        """Largest non-null value in a window of rows.

        Parameters
        ----------
        window_size
            How many rows a window has, the row itself being its last.
        weights
            One for each row of a window; a window's values are multiplied by them. The column may hold no
            nulls then.
        min_samples
            How many non-null values a window needs; null otherwise. All its rows, if None.
        center
            Put the row in the middle of its window.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 2, 4]})
        >>> frame.select(sk.col("x").rolling_max(2)).collect().to_series().to_list()
        [None, 2, 4]
        """

    @window(needs_order=True, check=_SIZE, reach=_window, resolve=takes(MEASURE))
    def rolling_median(
        self,
        window_size: int,
        weights: list[float] | None = None,
        *,
        min_samples: int | None = None,
        center: bool = False,
    ) -> Self:
        """Median of the non-null values in a window of rows.

        Parameters
        ----------
        window_size
            How many rows a window has, the row itself being its last.
        weights
            One for each row of a window; a window's values are multiplied by them. The column may hold no
            nulls then.
        min_samples
            How many non-null values a window needs; null otherwise. All its rows, if None.
        center
            Put the row in the middle of its window.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 2, 4]})
        >>> frame.select(sk.col("x").rolling_median(2)).collect().to_series().to_list()
        [None, 1.5, 3.0]
        """

    @window(needs_order=True, check=_SIZE, reach=_window, resolve=takes(MEASURE))
    def rolling_std(
        self,
        window_size: int,
        weights: list[float] | None = None,
        *,
        min_samples: int | None = None,
        center: bool = False,
        ddof: int = 1,
    ) -> Self:
        """Standard deviation of the non-null values in a window of rows.

        Parameters
        ----------
        window_size
            How many rows a window has, the row itself being its last.
        weights
            One for each row of a window; a window's values are multiplied by them. The column may hold no
            nulls then.
        min_samples
            How many non-null values a window needs; null otherwise. All its rows, if None.
        center
            Put the row in the middle of its window.
        ddof
            What is taken off the number of values to divide by.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1.0, 2.0, 3.0]})
        >>> frame.select(sk.col("x").rolling_std(2)).collect().to_series().to_list()
        [None, 0.7071067811865476, 0.7071067811865476]
        """

    @window(needs_order=True, check=_SIZE, reach=_window, resolve=takes(MEASURE))
    def rolling_var(
        self,
        window_size: int,
        weights: list[float] | None = None,
        *,
        min_samples: int | None = None,
        center: bool = False,
        ddof: int = 1,
    ) -> Self:
        """Variance of the non-null values in a window of rows.

        Parameters
        ----------
        window_size
            How many rows a window has, the row itself being its last.
        weights
            One for each row of a window; a window's values are multiplied by them. The column may hold no
            nulls then.
        min_samples
            How many non-null values a window needs; null otherwise. All its rows, if None.
        center
            Put the row in the middle of its window.
        ddof
            What is taken off the number of values to divide by.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 2, 4]})
        >>> frame.select(sk.col("x").rolling_var(2)).collect().to_series().to_list()
        [None, 0.5, 2.0]
        """

    @window(
        needs_order=True,
        reach=_window,
        check=every(_SIZE, QUANTILES, fraction("quantile")),
        resolve=takes(MEASURE),
    )
    def rolling_quantile(
        self,
        quantile: float,
        interpolation: str = "nearest",
        window_size: int = 2,
        weights: list[float] | None = None,
        *,
        min_samples: int | None = None,
        center: bool = False,
    ) -> Self:
        """Quantile of the non-null values in a window of rows.

        Parameters
        ----------
        quantile
            A number from 0 to 1.
        interpolation
            ``"nearest"``, ``"higher"``, ``"lower"``, ``"midpoint"``, ``"linear"`` or ``"equiprobable"``, for
            a quantile between two values.
        window_size
            How many rows a window has, the row itself being its last.
        weights
            One for each row of a window; a window's values are multiplied by them. The column may hold no
            nulls then.
        min_samples
            How many non-null values a window needs; null otherwise. All its rows, if None.
        center
            Put the row in the middle of its window.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1.0, 2.0, 4.0]})
        >>> frame.select(sk.col("x").rolling_quantile(0.9, window_size=2)).collect().to_series().to_list()
        [None, 2.0, 4.0]
        """

    @window(check=_BY, resolve=widen_first)
    def rolling_sum_by(
        self,
        by: IntoExpr,
        window_size: timedelta | str,
        *,
        min_samples: int = 0,
        closed: str = "right",
    ) -> Self:
        """Sum of the non-null values whose ``by`` lies in a span that ends at the row's. Integers are added in 64 bits.

        Parameters
        ----------
        by
            The column of numbers, dates or times whose values say where windows are; rows may be in any order.
            It may not hold nulls.
        window_size
            The span, as ``"3d"``, ``"2h30m"``, a ``timedelta``, or ``"10i"`` for integers.
        min_samples
            How many non-null values a window needs; null otherwise.
        closed
            Which ends belong to the window: ``"right"``, ``"left"``, ``"both"`` or ``"none"``.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 2, 4], "t": [1, 2, 9]})
        >>> frame.select(sk.col("x").rolling_sum_by("t", "2i")).collect().to_series().to_list()
        [1, 3, 4]
        """

    @window(check=_BY, resolve=takes(MEASURE))
    def rolling_mean_by(
        self,
        by: IntoExpr,
        window_size: timedelta | str,
        *,
        min_samples: int = 1,
        closed: str = "right",
    ) -> Self:
        """Mean of the non-null values whose ``by`` lies in a span that ends at the row's.

        Parameters
        ----------
        by
            The column of numbers, dates or times whose values say where windows are; rows may be in any order.
            It may not hold nulls.
        window_size
            The span, as ``"3d"``, ``"2h30m"``, a ``timedelta``, or ``"10i"`` for integers.
        min_samples
            How many non-null values a window needs; null otherwise.
        closed
            Which ends belong to the window: ``"right"``, ``"left"``, ``"both"`` or ``"none"``.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 2, 4], "t": [1, 2, 9]})
        >>> frame.select(sk.col("x").rolling_mean_by("t", "2i")).collect().to_series().to_list()
        [1.0, 1.5, 4.0]
        """

    @window(check=_BY, resolve=takes(MEASURE))
    def rolling_min_by(
        self,
        by: IntoExpr,
        window_size: timedelta | str,
        *,
        min_samples: int = 1,
        closed: str = "right",
    ) -> Self:
        """Smallest non-null value whose ``by`` lies in a span that ends at the row's.

        Parameters
        ----------
        by
            The column of numbers, dates or times whose values say where windows are; rows may be in any order.
            It may not hold nulls.
        window_size
            The span, as ``"3d"``, ``"2h30m"``, a ``timedelta``, or ``"10i"`` for integers.
        min_samples
            How many non-null values a window needs; null otherwise.
        closed
            Which ends belong to the window: ``"right"``, ``"left"``, ``"both"`` or ``"none"``.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 2, 4], "t": [1, 2, 9]})
        >>> frame.select(sk.col("x").rolling_min_by("t", "2i")).collect().to_series().to_list()
        [1, 1, 4]
        """

    @window(check=_BY, resolve=takes(MEASURE))
    def rolling_max_by(
        self,
        by: IntoExpr,
        window_size: timedelta | str,
        *,
        min_samples: int = 1,
        closed: str = "right",
    ) -> Self:
        """Largest non-null value whose ``by`` lies in a span that ends at the row's.

        Parameters
        ----------
        by
            The column of numbers, dates or times whose values say where windows are; rows may be in any order.
            It may not hold nulls.
        window_size
            The span, as ``"3d"``, ``"2h30m"``, a ``timedelta``, or ``"10i"`` for integers.
        min_samples
            How many non-null values a window needs; null otherwise.
        closed
            Which ends belong to the window: ``"right"``, ``"left"``, ``"both"`` or ``"none"``.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 2, 4], "t": [1, 2, 9]})
        >>> frame.select(sk.col("x").rolling_max_by("t", "2i")).collect().to_series().to_list()
        [1, 2, 4]
        """

    @window(check=_BY, resolve=takes(MEASURE))
    def rolling_median_by(
        self,
        by: IntoExpr,
        window_size: timedelta | str,
        *,
        min_samples: int = 1,
        closed: str = "right",
    ) -> Self:
        """Median of the non-null values whose ``by`` lies in a span that ends at the row's.

        Parameters
        ----------
        by
            The column of numbers, dates or times whose values say where windows are; rows may be in any order.
            It may not hold nulls.
        window_size
            The span, as ``"3d"``, ``"2h30m"``, a ``timedelta``, or ``"10i"`` for integers.
        min_samples
            How many non-null values a window needs; null otherwise.
        closed
            Which ends belong to the window: ``"right"``, ``"left"``, ``"both"`` or ``"none"``.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 2, 4], "t": [1, 2, 9]})
        >>> frame.select(sk.col("x").rolling_median_by("t", "2i")).collect().to_series().to_list()
        [1.0, 1.5, 4.0]
        """

    @window(check=_BY, resolve=takes(MEASURE))
    def rolling_std_by(
        self,
        by: IntoExpr,
        window_size: timedelta | str,
        *,
        min_samples: int = 1,
        closed: str = "right",
        ddof: int = 1,
    ) -> Self:
        """Standard deviation of the non-null values whose ``by`` lies in a span that ends at the row's.

        Parameters
        ----------
        by
            The column of numbers, dates or times whose values say where windows are; rows may be in any order.
            It may not hold nulls.
        window_size
            The span, as ``"3d"``, ``"2h30m"``, a ``timedelta``, or ``"10i"`` for integers.
        min_samples
            How many non-null values a window needs; null otherwise.
        closed
            Which ends belong to the window: ``"right"``, ``"left"``, ``"both"`` or ``"none"``.
        ddof
            What is taken off the number of values to divide by.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 2, 4], "t": [1, 2, 9]})
        >>> frame.select(sk.col("x").rolling_std_by("t", "2i")).collect().to_series().to_list()
        [None, 0.7071067811865476, None]
        """

    @window(check=_BY, resolve=takes(MEASURE))
    def rolling_var_by(
        self,
        by: IntoExpr,
        window_size: timedelta | str,
        *,
        min_samples: int = 1,
        closed: str = "right",
        ddof: int = 1,
    ) -> Self:
        """Variance of the non-null values whose ``by`` lies in a span that ends at the row's.

        Parameters
        ----------
        by
            The column of numbers, dates or times whose values say where windows are; rows may be in any order.
            It may not hold nulls.
        window_size
            The span, as ``"3d"``, ``"2h30m"``, a ``timedelta``, or ``"10i"`` for integers.
        min_samples
            How many non-null values a window needs; null otherwise.
        closed
            Which ends belong to the window: ``"right"``, ``"left"``, ``"both"`` or ``"none"``.
        ddof
            What is taken off the number of values to divide by.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 2, 4], "t": [1, 2, 9]})
        >>> frame.select(sk.col("x").rolling_var_by("t", "2i")).collect().to_series().to_list()
        [None, 0.5, None]
        """
