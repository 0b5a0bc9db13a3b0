"""Methods that make one row of all: a frame's aggregates, and its description."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

import polars as pl
import polars.selectors as cs

from scalekit import run
from scalekit.config import resolve
from scalekit.display.progress import progress
from scalekit.expr.expr import Expr
from scalekit.expr.node import Alias, Column, ExprNode, Literal, Selection
from scalekit.frame.base import FrameBase
from scalekit.kernels.schema import schema_of
from scalekit.plan.nodes import Select


class SummaryMethods(FrameBase):
    """One aggregate of every column."""

    __slots__ = ()

    def sum(self) -> Self:
        """Sum of every numeric, Boolean and duration column; null for the others."""
        return self._aggregate(lambda e: e.sum(), cs.numeric() | cs.boolean() | cs.duration())

    def mean(self) -> Self:
        """Mean of every numeric, Boolean and temporal column; null for the others."""
        return self._aggregate(lambda e: e.mean(), cs.numeric() | cs.boolean() | cs.temporal())

    def median(self) -> Self:
        """Median of every numeric, Boolean and temporal column; null for the others."""
        return self._aggregate(lambda e: e.median(), cs.numeric() | cs.boolean() | cs.temporal())

    def min(self) -> Self:
        """Smallest value of every column that can be ordered; null for the others."""
        return self._aggregate(lambda e: e.min(), ~(cs.nested() | cs.object()))

    def max(self) -> Self:
        """Largest value of every column that can be ordered; null for the others."""
        return self._aggregate(lambda e: e.max(), ~(cs.nested() | cs.object()))

    def std(self, ddof: int = 1) -> Self:
        """Standard deviation of every numeric and Boolean column; null for the others."""
        return self._aggregate(lambda e: e.std(ddof), cs.numeric() | cs.boolean())

    def var(self, ddof: int = 1) -> Self:
        """Variance of every numeric and Boolean column; null for the others."""
        return self._aggregate(lambda e: e.var(ddof), cs.numeric() | cs.boolean())

    def quantile(self, quantile: float, interpolation: str = "nearest") -> Self:
        """Exact quantile of every numeric and temporal column; null for the others."""
        return self._aggregate(
            lambda e: e.quantile(quantile, interpolation), cs.numeric() | cs.temporal()
        )

    def count(self) -> Self:
        """Number of non-null values of every column."""
        return self._aggregate(lambda e: e.count(), cs.all())

    def null_count(self) -> Self:
        """Number of nulls of every column."""
        return self._aggregate(lambda e: e.null_count(), cs.all())

    def n_unique(self) -> Self:
        """Number of distinct values of every column."""
        return self._aggregate(lambda e: e.n_unique(), cs.all())

    def approx_n_unique(self) -> Self:
        """Approximate number of distinct values of every column, by HyperLogLog++."""
        return self._aggregate(lambda e: e.approx_n_unique(), ~cs.nested())

    def describe(
        self,
        percentiles: Sequence[float] | float | None = (0.25, 0.50, 0.75),
        *,
        interpolation: str = "nearest",
        **settings: Any,
    ) -> pl.DataFrame:
        """Run one aggregate query and give a summary of every column.

        Parameters
        ----------
        percentiles
            Which quantiles to include.
        interpolation
            How quantiles between two values are taken.
        settings
            As in :meth:`collect`.

        Returns
        -------
        polars.DataFrame
            A row for each statistic; numbers of numeric columns, text of others.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, 2, None]}).describe()["statistic"].to_list()
        ['count', 'null_count', 'mean', 'std', 'min', '25%', '50%', '75%', 'max']
        """
        schema = schema_of(self._plan)
        wanted = _statistics(percentiles, interpolation)
        exprs = [
            function(Expr(Column(name))).alias(f"{place}:{statistic}")
            for place, (name, dtype) in enumerate(schema.items())
            for statistic, (function, has) in wanted.items()
            if has(dtype)
        ]
        plan = Select(self._plan, self._bind(exprs))
        config = resolve(**settings)
        with progress(config) as watch:
            row = run.collect(plan, config, watch).row(0, named=True) if exprs else {}
        columns: dict[str, Any] = {"statistic": list(wanted)}
        for place, (name, dtype) in enumerate(schema.items()):
            values = [row.get(f"{place}:{statistic}") for statistic in wanted]
            columns[name] = _column(values, dtype)
        return pl.DataFrame(columns)

    def _aggregate(self, function: Callable[[Any], Any], fits: Any) -> Self:
        """Apply an aggregate to the columns that it fits; null keeps the place of the others."""
        schema = schema_of(self._plan)
        chosen = set(cs.expand_selector(schema, fits))
        bound = self._bind([function(Expr(Selection(fits)))])
        done = dict(zip((n for n in schema if n in chosen), bound, strict=True))
        out = tuple(done[n] if n in done else _null(n, dtype) for n, dtype in schema.items())
        return self._derive(Select(self._plan, out))


def _null(name: str, dtype: pl.DataType) -> ExprNode:
    """A null in the place of a column that an aggregate does not fit."""
    return Alias(Literal(None, dtype), name)


def _statistics(
    percentiles: Any, interpolation: str
) -> dict[str, tuple[Callable[[Any], Any], Any]]:
    if percentiles is None:
        shares: list[float] = []
    else:
        shares = [percentiles] if isinstance(percentiles, int | float) else sorted(percentiles)
    quantiles = {
        f"{share * 100:g}%": (lambda e, q=share: e.quantile(q, interpolation), _is_measured)
        for share in shares
    }
    return {
        "count": (lambda e: e.count(), lambda _: True),
        "null_count": (lambda e: e.null_count(), lambda _: True),
        "mean": (lambda e: e.mean(), lambda d: _is_measured(d) or d == pl.Boolean),
        "std": (lambda e: e.std(), lambda d: d.is_numeric()),
        "min": (lambda e: e.min(), lambda d: not d.is_nested()),
        **quantiles,
        "max": (lambda e: e.max(), lambda d: not d.is_nested()),
    }


def _is_measured(dtype: pl.DataType) -> bool:
    return dtype.is_numeric() or dtype.is_temporal()


def _column(values: list[Any], dtype: pl.DataType) -> pl.Series:
    if dtype.is_numeric() or dtype == pl.Boolean:
        return pl.Series([None if v is None else float(v) for v in values], dtype=pl.Float64)
    return pl.Series([None if v is None else str(v) for v in values], dtype=pl.String)
