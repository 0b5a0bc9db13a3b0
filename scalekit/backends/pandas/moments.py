"""Moments of groups around their means: covariance and correlation, in two passes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scalekit.backends.pandas.keys import Groups, Ints, column_of
from scalekit.backends.pandas.native import Column, Site, cast

Floats = np.ndarray[Any, np.dtype[np.float64]]


def _sums(group: Ints, values: Floats, groups: Groups) -> Floats:
    return np.bincount(group, values, groups.count).astype(np.float64)


def cov(groups: Groups, a: Column, b: Column, *, ddof: int = 1) -> Column:
    """How two columns vary together, over the rows in which both have a value; null for too few."""
    n, product, _, _ = _together(groups, a, b)
    with np.errstate(all="ignore"):
        return column_of(product / (n - ddof), n <= ddof)


def corr(groups: Groups, a: Column, b: Column, **_options: Any) -> Column:
    """Covariance in units of both deviations; NaN where there is no variation."""
    _, product, one, two = _together(groups, a, b)
    with np.errstate(all="ignore"):
        return column_of(product / np.sqrt(one * two))


def _together(groups: Groups, a: Column, b: Column) -> tuple[Ints, Floats, Floats, Floats]:
    """Rows in each group, and the sums of products and squares around the means."""
    rows = np.flatnonzero(pc.and_(pc.is_valid(a), pc.is_valid(b)).to_numpy())
    group = groups.of_rows[rows]
    one = cast(a, pa.float64()).take(pa.array(rows)).to_numpy()
    two = cast(b, pa.float64()).take(pa.array(rows)).to_numpy()
    n = np.bincount(group, minlength=groups.count)
    with np.errstate(all="ignore"):
        one = one - (_sums(group, one, groups) / n)[group]
        two = two - (_sums(group, two, groups) / n)[group]
        return (
            n,
            _sums(group, one * two, groups),
            _sums(group, one**2, groups),
            _sums(group, two**2, groups),
        )


def of_values(site: Site) -> str | None:
    """Refuse correlations of ranks."""
    method = site.options.get("method", "pearson")
    return None if method == "pearson" else f"corr(method={method!r})"
