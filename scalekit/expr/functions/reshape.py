"""Functions that drop, repeat, gather or order rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

import polars as pl

from scalekit.errors import InvalidOperationError
from scalekit.expr.checks import at_least, every
from scalekit.expr.checks import fraction as fraction_of
from scalekit.expr.constants import literal
from scalekit.expr.counter import drawn, mixed
from scalekit.expr.function import (
    ExprBase,
    IntoExpr,
    aggregate,
    elementwise,
    flatten,
    to_node,
    window,
)
from scalekit.expr.node import Column

_COUNT = pl.Int64()
_is_part = fraction_of("fraction")
_PLACES = pl.List(pl.Int64())


def _value_counts(
    x: pl.Expr, *, sort: bool, parallel: bool, name: str | None, normalize: bool
) -> pl.Expr:
    """Count values, in the order of the values so that every run gives the same rows."""
    field = name or ("proportion" if normalize else "count")
    counts = x.value_counts(name=field, normalize=normalize, parallel=parallel).sort()
    if sort:
        counts = counts.sort_by(counts.struct.field(field), descending=True, maintain_order=True)
    # Polars 2.1 counts in UInt32, from which a subtraction underflows.
    return counts if normalize else counts.struct.with_fields(pl.field(field).cast(_COUNT))


def _sample(
    x: pl.Expr,
    *,
    n: pl.Expr | None = None,
    fraction: pl.Expr | None = None,
    with_replacement: bool,
    shuffle: bool | None,
    seed: int,
) -> pl.Expr:
    """Choose rows by the hash of their place: a larger sample of the same seed holds the smaller one."""
    size = x.len()
    wanted = n if fraction is None else (size * fraction).floor().cast(pl.Int64)
    assert wanted is not None
    if with_replacement:
        return x.gather(mixed(pl.int_range(0, wanted), seed) % size)
    drawing = mixed(pl.int_range(0, size), seed)
    if shuffle:
        return x.gather(drawing.arg_sort().head(wanted))
    return x.filter(drawing.rank("ordinal") <= wanted)


def _extremes(name: str, *, descending: bool) -> Any:
    """The kernel of ``top_k`` and ``bottom_k``, whose order Polars leaves open."""
    return lambda x, k: getattr(x, name)(k).sort(descending=descending, nulls_last=True)


class ReshapeMethods(ExprBase):
    """Functions that drop, repeat, gather or order rows."""

    @window(resizes=True, selects_rows=True)
    def drop_nulls(self) -> Self:
        """The non-null values.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, None]})
        >>> frame.select(sk.col("x").drop_nulls()).collect().to_series().to_list()
        [1]
        """

    @window(resizes=True, selects_rows=True)
    def drop_nans(self) -> Self:
        """The values that are not NaN; nulls stay.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1.0, float("nan"), None]})
        >>> frame.select(sk.col("x").drop_nans()).collect().to_series().to_list()
        [1.0, None]
        """

    @window(
        resizes=True,
        kernel=lambda x, **_: x.unique(maintain_order=True),
        needs_order=lambda options: bool(options["maintain_order"]),
    )
    def unique(self, *, maintain_order: bool = False) -> Self:
        """The distinct values, null among them.

        Parameters
        ----------
        maintain_order
            Give them in the order in which they first occur; otherwise the answer is a set.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [2, 1, 2]})
        >>> frame.select(sk.col("x").unique(maintain_order=True)).collect().to_series().to_list()
        [2, 1]
        """

    @window(resizes=True, needs_order=True, result=_COUNT)
    def unique_counts(self) -> Self:
        """How often each distinct value occurs, in the order in which it first does, as Int64.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [2, 1, 2]})
        >>> frame.select(sk.col("x").unique_counts()).collect().to_series().to_list()
        [2, 1]
        """

    @window(
        resizes=True,
        kernel=lambda x, **_: x.mode(maintain_order=True),
        needs_order=lambda options: bool(options["maintain_order"]),
    )
    def mode(self, *, maintain_order: bool = False) -> Self:
        """The values that occur most often, null among them.

        Parameters
        ----------
        maintain_order
            Give them in the order in which they first occur; otherwise the answer is a set.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [2, 1, 2]})
        >>> frame.select(sk.col("x").mode()).collect().to_series().to_list()
        [2]
        """

    @window(resizes=True, kernel=_value_counts)
    def value_counts(
        self,
        *,
        sort: bool = False,
        parallel: bool = False,
        name: str | None = None,
        normalize: bool = False,
    ) -> Self:
        """Each distinct value with the number of its rows, as structs.

        Parameters
        ----------
        sort
            Give the most frequent first, and equally frequent ones in their own order; otherwise the answer
            is a set.
        parallel
            Count on several threads.
        name
            The field of the numbers, ``"count"`` or ``"proportion"`` unless given.
        normalize
            Give each number as a part of all rows instead of an Int64.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": ["b", "a", "b"]})
        >>> frame.select(sk.col("x").value_counts(sort=True)).collect().to_series().to_list()
        [{'x': 'b', 'count': 2}, {'x': 'a', 'count': 1}]
        """

    @window("filter", resizes=True, selects_rows=True)
    def _filter(self, predicate: IntoExpr) -> Self:
        """The values in the rows for which a predicate is true."""

    def filter(self, *predicates: IntoExpr | Iterable[IntoExpr], **constraints: Any) -> Self:
        """The values in the rows for which every predicate is true; null is not true.

        Parameters
        ----------
        predicates
            Boolean expressions; a string names a column.
        constraints
            ``name=value``, for a column that must equal a value.

        Raises
        ------
        InvalidOperationError
            Where there is no predicate.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 2, 3], "g": ["a", "b", "a"]})
        >>> frame.select(sk.col("x").filter(sk.col("g") == "a").sum()).collect().item()
        4
        """
        conditions: list[Any] = [
            self._wrap(to_node(p, strings_are_columns=True)) for p in flatten(predicates)
        ]
        conditions += [self._wrap(Column(name)) == value for name, value in constraints.items()]
        if not conditions:
            raise InvalidOperationError("filter() needs at least one condition")
        every = conditions[0]
        for condition in conditions[1:]:
            every = every & condition
        return self._filter(every)

    @window(resizes=True, needs_order=True)
    def head(self, n: IntoExpr = 10) -> Self:
        """The first values in the order of rows.

        Parameters
        ----------
        n
            How many; a string names a column whose value says it. Negative leaves out that many at the end.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 2, 3]})
        >>> frame.select(sk.col("x").head(2)).collect().to_series().to_list()
        [1, 2]
        """

    @window(resizes=True, needs_order=True)
    def tail(self, n: IntoExpr = 10) -> Self:
        """The last values in the order of rows.

        Parameters
        ----------
        n
            How many; a string names a column whose value says it. Negative leaves out that many at the start.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 2, 3]})
        >>> frame.select(sk.col("x").tail(2)).collect().to_series().to_list()
        [2, 3]
        """

    @window(resizes=True, needs_order=True)
    def slice(self, offset: IntoExpr, length: IntoExpr | None = None) -> Self:
        """The values from a place on, in the order of rows.

        Parameters
        ----------
        offset
            The first place; negative counts from the end.
        length
            How many; all, if None.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 2, 3]})
        >>> frame.select(sk.col("x").slice(1)).collect().to_series().to_list()
        [2, 3]
        """

    @window(resizes=True, needs_order=True, check=every(at_least("n", 1), at_least("offset", 0)))
    def gather_every(self, n: int, offset: int = 0) -> Self:
        """Every n-th value in the order of rows.

        Parameters
        ----------
        n
            The distance.
        offset
            The first place.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 2, 3]})
        >>> frame.select(sk.col("x").gather_every(2)).collect().to_series().to_list()
        [1, 3]
        """

    @window(
        "gather",
        resizes=True,
        needs_order=True,
        needs_rows=True,
        raises=lambda options: not options["null_on_oob"],
    )
    def _gather(self, indices: IntoExpr, *, null_on_oob: bool = False) -> Self:
        """The values at some places."""

    def gather(self, indices: Any, *, null_on_oob: bool = False) -> Self:
        """The values at some places in the order of rows.

        Parameters
        ----------
        indices
            Places, as a list or an expression; negative ones count from the end.
        null_on_oob
            Give null for a place that does not exist; otherwise ``ComputeError`` is raised.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": ["a", "b", "c"]})
        >>> frame.select(sk.col("x").gather([2, 0])).collect()["x"].to_list()
        ['c', 'a']
        """
        if isinstance(indices, pl.Series) or hasattr(indices, "__array__"):
            indices = indices.tolist() if hasattr(indices, "tolist") else indices.to_list()
        if isinstance(indices, list | tuple | range):
            indices = self._wrap(literal(list(indices), _PLACES)).explode()
        return self._gather(indices, null_on_oob=null_on_oob)

    @aggregate(needs_order=True, needs_rows=True, raises=lambda options: not options["null_on_oob"])
    def get(self, index: IntoExpr, *, null_on_oob: bool = False) -> Self:
        """The value at a place in the order of rows.

        Parameters
        ----------
        index
            The place; negative counts from the end.
        null_on_oob
            Give null where the place does not exist; otherwise ``ComputeError`` is raised.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, 2, 3]}).select(sk.col("x").get(-1)).collect().item()
        3
        """

    @window(needs_order=True)
    def reverse(self) -> Self:
        """The values from the last row to the first.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 2, 3]})
        >>> frame.select(sk.col("x").reverse()).collect().to_series().to_list()
        [3, 2, 1]
        """

    @window(gives_order=True)
    def sort(self, *, descending: bool = False, nulls_last: bool = False) -> Self:
        """The values in order: nulls first, NaN greatest.

        Parameters
        ----------
        descending
            From the greatest to the smallest.
        nulls_last
            Put nulls last.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [2, None, 1]})
        >>> frame.select(sk.col("x").sort(nulls_last=True)).collect().to_series().to_list()
        [1, 2, None]
        """

    @window(
        "sort_by",
        gives_order=True,
        variadic=True,
        kernel=lambda x, *by, **options: x.sort_by(by, **options),
    )
    def _sort_by(
        self,
        *by: IntoExpr,
        descending: bool | tuple[bool, ...],
        nulls_last: bool | tuple[bool, ...],
        maintain_order: bool = True,
    ) -> Self:
        """The values in the order of other expressions."""

    def sort_by(
        self,
        by: IntoExpr | Iterable[IntoExpr],
        *more_by: IntoExpr,
        descending: bool | Iterable[bool] = False,
        nulls_last: bool | Iterable[bool] = False,
        multithreaded: bool = True,
        maintain_order: bool = False,
    ) -> Self:
        """The values in the order of other expressions; always stable.

        Parameters
        ----------
        by, more_by
            Keys; strings name columns.
        descending, nulls_last
            For all keys, or one for each.
        multithreaded, maintain_order
            Accepted for Polars' sake: the backend decides on threads, and sorting is stable.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": ["a", "b", "c"], "y": [2, 3, 1]})
        >>> frame.select(sk.col("x").sort_by("y", descending=True)).collect()["x"].to_list()
        ['b', 'a', 'c']
        """
        keys = flatten((by, *more_by))
        if not keys:
            raise InvalidOperationError("sort_by() needs at least one key")
        return self._sort_by(*keys, descending=_flags(descending), nulls_last=_flags(nulls_last))

    @window(resizes=True, gives_order=True, kernel=_extremes("top_k", descending=True))
    def top_k(self, k: IntoExpr = 5) -> Self:
        """The largest values, largest first; NaN is greatest, and nulls come where values run out.

        Parameters
        ----------
        k
            How many; a string names a column whose value says it.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 3, None, 2]})
        >>> frame.select(sk.col("x").top_k(2)).collect().to_series().to_list()
        [3, 2]
        """

    @window(resizes=True, gives_order=True, kernel=_extremes("bottom_k", descending=False))
    def bottom_k(self, k: IntoExpr = 5) -> Self:
        """The smallest values, smallest first; NaN is greatest, and nulls come where values run out.

        Parameters
        ----------
        k
            How many; a string names a column whose value says it.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 3, None, 2]})
        >>> frame.select(sk.col("x").bottom_k(2)).collect().to_series().to_list()
        [1, 2]
        """

    @window(resizes=True, selects_rows=True)
    def explode(self, *, empty_as_null: bool = False, keep_nulls: bool = True) -> Self:
        """The elements of lists, one after the other.

        Parameters
        ----------
        empty_as_null
            Give a null for an empty list; otherwise nothing.
        keep_nulls
            Give a null for a null; otherwise nothing.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [[1, 2], [3]]})
        >>> frame.select(sk.col("x").explode()).collect().to_series().to_list()
        [1, 2, 3]
        """

    @elementwise(raises=True)
    def repeat_by(self, by: IntoExpr) -> Self:
        """A list that holds the value several times.

        Parameters
        ----------
        by
            How often; a string names a column.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": ["a", "b"]})
        >>> frame.select(sk.col("x").repeat_by(2)).collect().to_series().to_list()
        [['a', 'a'], ['b', 'b']]
        """

    @window("sample", resizes=True, needs_order=True, kernel=_sample)
    def _sample(
        self,
        n: IntoExpr | None = None,
        fraction: IntoExpr | None = None,
        with_replacement: bool = False,
        shuffle: bool | None = None,
        seed: int = 0,
    ) -> Self:
        """Some of the values."""

    def sample(
        self,
        n: Any = None,
        *,
        fraction: Any = None,
        with_replacement: bool = False,
        shuffle: bool | None = None,
        seed: int | None = None,
    ) -> Self:
        """Some of the values, chosen by a hash of the seed and the row's place.

        All columns of a frame that are sampled with one seed are sampled in the same rows, on every
        backend, and a larger sample holds the smaller one.

        Parameters
        ----------
        n
            How many, 1 unless given; all, where there are fewer. A string names a column.
        fraction
            How many, as a part of all; rounded down.
        with_replacement
            Whether a row can be chosen again; gives null where there are no rows.
        shuffle
            Give the values in the order in which they are drawn; otherwise in that of the rows. It makes no
            difference with replacement.
        seed
            Which sample it is; a random one, drawn here, if None.

        Raises
        ------
        InvalidOperationError
            Where both ``n`` and ``fraction`` are given, or more than there is without replacement.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": list(range(10))})
        >>> frame.select(sk.col("x").sample(3, seed=1)).collect()["x"].to_list()
        [2, 3, 9]
        """
        if n is not None and fraction is not None:
            raise InvalidOperationError("sample() takes either n or fraction")
        if n is None and fraction is None:
            n = 1
        at_least("n", 0)(n=n)
        at_least("fraction", 0)(fraction=fraction)
        if not with_replacement:
            _is_part(fraction=fraction)
        return self._sample(n, fraction, with_replacement, shuffle, drawn(seed))


def _flags(given: bool | Iterable[bool]) -> bool | tuple[bool, ...]:
    return given if isinstance(given, bool) else tuple(given)
