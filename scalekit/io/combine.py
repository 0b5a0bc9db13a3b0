"""One frame from several: concatenation and SQL."""

from __future__ import annotations

from collections.abc import Iterable

from scalekit.errors import DuplicateError, PlanError
from scalekit.expr.function import flatten
from scalekit.frame.base import as_plan, check_same_columns
from scalekit.frame.frame import Frame
from scalekit.frame.reshaping import sql_plan
from scalekit.frame.tracebacks import folded
from scalekit.kernels.schema import schema_of
from scalekit.plan.nodes import HorizontalUnion, Union
from scalekit.plan.order import require_order

CONCATENATIONS = ("vertical", "vertical_relaxed", "diagonal", "diagonal_relaxed", "horizontal")


@folded
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
        for plan in plans:
            require_order(plan, "concat(how='horizontal'), which pairs rows by their place,")
        names = [name for plan in plans for name in schema_of(plan)]
        if len(set(names)) < len(names):
            twice = dict.fromkeys(n for n in names if names.count(n) > 1)
            raise DuplicateError.columns(twice, way_out="rename them before concat")
        return Frame(HorizontalUnion(plans))
    if how.startswith("vertical"):
        relaxed = (", or use how='diagonal'", ", or use how='vertical_relaxed'")
        check_same_columns(plans, "concat", types=how == "vertical", or_else=relaxed)
    return Frame(Union(plans, how))


@folded
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
