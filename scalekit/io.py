"""Where frames begin: data in memory, files, databases, and several frames made one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from scalekit.errors import DuplicateError, PlanError, SchemaError
from scalekit.expr.function import flatten
from scalekit.frame.base import as_plan
from scalekit.frame.frame import Frame
from scalekit.frame.reshaping import sql_plan
from scalekit.kernels.schema import schema_of
from scalekit.plan.nodes import HorizontalUnion, Plan, Scan, Union
from scalekit.sources.python_values import dict_source, dicts_source, numpy_source, polars_source

if TYPE_CHECKING:
    import polars as pl

CONCATENATIONS = ("vertical", "vertical_relaxed", "diagonal", "diagonal_relaxed", "horizontal")


def from_dict(
    data: Mapping[str, Any], schema: Any = None, *, schema_overrides: Any = None
) -> Frame:
    """Build a frame from a dictionary of columns.

    Parameters
    ----------
    data
        Names to lists, arrays or Series of one length.
    schema
        Names and types, where the values do not say them.
    schema_overrides
        Types of some columns.

    Raises
    ------
    SchemaError
        For a column whose values are of several types.
    ShapeError
        Where columns differ in length.

    Examples
    --------
    >>> import scalekit as sk
    >>> sk.from_dict({"x": [1, 2]}).schema
    Schema([('x', Int64)])
    """
    return Frame(Scan(dict_source(data, schema, schema_overrides=schema_overrides)))


def from_dicts(
    data: Iterable[Mapping[str, Any]], schema: Any = None, *, schema_overrides: Any = None
) -> Frame:
    """Build a frame from rows, each a dictionary; a key that a row lacks is null there.

    Examples
    --------
    >>> import scalekit as sk
    >>> sk.from_dicts([{"x": 1}, {"x": 2, "y": "b"}]).collect().rows()
    [(1, None), (2, 'b')]
    """
    return Frame(Scan(dicts_source(data, schema, schema_overrides=schema_overrides)))


def from_numpy(
    data: Any, schema: Any = None, *, schema_overrides: Any = None, orient: str | None = None
) -> Frame:
    """Build a frame from a NumPy array of one or two dimensions, or a structured one.

    Examples
    --------
    >>> import numpy as np
    >>> import scalekit as sk
    >>> sk.from_numpy(np.zeros((2, 2)), schema=["a", "b"]).columns
    ['a', 'b']
    """
    return Frame(Scan(numpy_source(data, schema, schema_overrides=schema_overrides, orient=orient)))


def from_polars(frame: pl.DataFrame | pl.LazyFrame) -> Frame:
    """Build a frame from one of Polars'; a lazy one stays lazy.

    Examples
    --------
    >>> import polars as pl
    >>> import scalekit as sk
    >>> sk.from_polars(pl.DataFrame({"x": [1]})).collect().item()
    1
    """
    return Frame(Scan(polars_source(frame)))


def concat(items: Iterable[Frame], *, how: str = "vertical") -> Frame:
    """Put frames below or beside each other.

    Parameters
    ----------
    items
        The frames.
    how
        ``"vertical"`` (same names and types), ``"vertical_relaxed"`` (types go to their common one),
        ``"diagonal"`` (missing columns become null), ``"diagonal_relaxed"``, or ``"horizontal"``
        (frames of one length, side by side).

    Raises
    ------
    SchemaError
        Where the columns do not go together; the message lists the differences.

    Examples
    --------
    >>> import scalekit as sk
    >>> one, two = sk.from_dict({"x": [1]}), sk.from_dict({"x": [2]})
    >>> sk.concat([one, two]).collect()["x"].to_list()
    [1, 2]
    """
    plans = tuple(as_plan(item, "concat") for item in flatten((items,)))
    if not plans:
        raise PlanError("concat() needs at least one frame")
    if how not in CONCATENATIONS:
        raise PlanError(f"unknown how={how!r}; known: {', '.join(CONCATENATIONS)}")
    if how == "horizontal":
        names = [name for plan in plans for name in schema_of(plan)]
        if len(set(names)) < len(names):
            twice = dict.fromkeys(n for n in names if names.count(n) > 1)
            raise DuplicateError.columns(twice, way_out="rename them before concat")
        return Frame(HorizontalUnion(plans))
    if how.startswith("vertical"):
        _check_same_columns(plans, types=how == "vertical")
    return Frame(Union(plans, how))


def _check_same_columns(plans: tuple[Plan, ...], *, types: bool) -> None:
    first = schema_of(plans[0])
    for place, plan in enumerate(plans[1:], 1):
        other = schema_of(plan)
        if list(other) != list(first):
            missing = [n for n in first if n not in other]
            extra = [n for n in other if n not in first]
            raise SchemaError(
                f"concat(): frame {place} has other columns than frame 0: missing {missing}, extra {extra}"
                f"{'' if missing or extra else ', another order'}; "
                "select the same columns, or use how='diagonal'"
            )
        differing = [f"{n}: {first[n]} and {other[n]}" for n in first if first[n] != other[n]]
        if types and differing:
            raise SchemaError(
                f"concat(): frame {place} has other types than frame 0: {'; '.join(differing)}; "
                "cast them, or use how='vertical_relaxed'"
            )


def sql(query: str, **frames: Frame) -> Frame:
    """Run a query in Polars' SQL over named frames.

    Parameters
    ----------
    query
        The query. It sees the frames that it is given and nothing else.
    frames
        ``name=frame``.

    Examples
    --------
    >>> import scalekit as sk
    >>> sk.sql("SELECT MAX(x) AS top FROM t", t=sk.from_dict({"x": [1, 2]})).collect().item()
    2
    """
    if not frames:
        raise PlanError("sql() needs the frames that the query names: sk.sql(query, name=frame)")
    return Frame(sql_plan(query, frames))
