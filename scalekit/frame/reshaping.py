"""Methods that turn rows into columns and columns into rows, and functions of whole tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Self

import polars as pl

from scalekit.errors import InvalidOperationError, PlanError, SchemaError
from scalekit.expr.dtypes import to_dtype
from scalekit.expr.function import flatten, to_node
from scalekit.expr.node import ExprNode, Opaque
from scalekit.frame.base import FrameBase
from scalekit.kernels.bind import bind
from scalekit.kernels.schema import schema_of
from scalekit.plan.nodes import Explode, MapBatches, Pivot, Sql, Unpivot
from scalekit.plan.order import check_order, require_order

_READS_FILES = re.compile(r"\bread_\w+\s*\(", re.IGNORECASE)

PIVOT_AGGREGATES = ("min", "max", "first", "last", "sum", "mean", "median", "len", "item")


class ReshapeFrameMethods(FrameBase):
    """Explode, pivot and unpivot; functions of Polars frames; SQL."""

    __slots__ = ()

    def explode(
        self, columns: Any, *more_columns: Any, empty_as_null: bool = False, keep_nulls: bool = True
    ) -> Self:
        """Give one row for each element of list columns.

        Parameters
        ----------
        columns, more_columns
            List columns whose lists have the same length in each row.
        empty_as_null
            Keep a row with an empty list, as null.
        keep_nulls
            Keep a row whose list is null.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [[1, 2], [3]]}).explode("x").collect()["x"].to_list()
        [1, 2, 3]
        """
        names = self._columns([*flatten((columns,)), *more_columns])
        schema = schema_of(self._plan)
        for name in names:
            if not isinstance(schema[name], pl.List | pl.Array):
                raise InvalidOperationError(
                    f"explode() takes list columns; {name!r} is {schema[name]}"
                )
        return self._derive(Explode(self._plan, names, empty_as_null, keep_nulls))

    def unpivot(
        self,
        on: Any = None,
        *,
        index: Any = None,
        variable_name: str | None = None,
        value_name: str | None = None,
    ) -> Self:
        """Turn columns into rows: one for each of their names and values.

        Parameters
        ----------
        on
            The columns to turn; all but ``index`` if None. Their types must have a common one.
        index
            Columns that stay.
        variable_name, value_name
            Names of the new columns, ``"variable"`` and ``"value"`` if None.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"k": ["a"], "x": [1], "y": [2]}).unpivot(index="k").collect().rows()
        [('a', 'x', 1), ('a', 'y', 2)]
        """
        kept = () if index is None else self._columns(index)
        turned = (
            tuple(c for c in schema_of(self._plan) if c not in kept)
            if on is None
            else self._columns(on)
        )
        return self._derive(
            Unpivot(self._plan, turned, kept, variable_name or "variable", value_name or "value")
        )

    def pivot(
        self,
        on: Any,
        on_columns: Any = None,
        *,
        index: Any = None,
        values: Any = None,
        aggregate_function: Any = None,
        maintain_order: bool = False,
        separator: str = "_",
    ) -> Self:
        """Turn rows into columns: one for each value of ``on``.

        Parameters
        ----------
        on
            The column whose values become names.
        on_columns
            Those values, which a lazy plan must know: a list, a Series or a frame.
        index
            Columns that stay; those not used otherwise if None.
        values
            Columns whose values fill the new ones; those not used otherwise if None.
        aggregate_function
            What to do with several values: ``"min"``, ``"max"``, ``"first"``, ``"last"``, ``"sum"``,
            ``"mean"``, ``"median"``, ``"len"``, ``"item"``, or an expression of ``sk.element()``. None
            raises where there are several.
        maintain_order
            Keep the order in which the index first occurs.
        separator
            Between names, where there are several of ``values``.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"k": ["a", "a"], "on": ["x", "y"], "v": [1, 2]})
        >>> frame.pivot("on", ["x", "y"], index="k", values="v").collect().rows()
        [('a', 1, 2)]
        """
        on_names = self._columns(on)
        if on_columns is None:
            raise InvalidOperationError(
                "pivot() needs on_columns=, the values that become columns, since a schema must be known before "
                f"anything runs: frame.select({on_names[0]!r}).unique().sort({on_names[0]!r}).collect()"
            )
        schema = schema_of(self._plan)
        kept, filled = self._index_and_values(on_names, index, values)
        how: ExprNode | str | None
        if isinstance(aggregate_function, str) or aggregate_function is None:
            if aggregate_function not in (None, *PIVOT_AGGREGATES):
                raise InvalidOperationError(
                    f"unknown aggregate_function={aggregate_function!r}; known: {', '.join(PIVOT_AGGREGATES)}"
                )
            if aggregate_function in ("first", "last"):
                require_order(self._plan, f"pivot(aggregate_function={aggregate_function!r})")
            how = aggregate_function
        else:
            (how,) = bind((to_node(aggregate_function),), schema)
            check_order((how,), self._plan)
        wanted = Opaque(list(on_columns) if isinstance(on_columns, tuple) else on_columns)
        return self._derive(
            Pivot(self._plan, on_names, wanted, kept, filled, how, maintain_order, separator)
        )

    def _index_and_values(
        self, on: tuple[str, ...], index: Any, values: Any
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        rest = [c for c in schema_of(self._plan) if c not in on]
        if index is None and values is None:
            raise InvalidOperationError("pivot() needs index= or values=, or both")
        kept = None if index is None else self._columns(index)
        filled = None if values is None else self._columns(values)
        return (
            kept if kept is not None else tuple(c for c in rest if c not in (filled or ())),
            filled if filled is not None else tuple(c for c in rest if c not in (kept or ())),
        )

    def map_batches(
        self,
        function: Callable[[pl.DataFrame], pl.DataFrame],
        *,
        schema: Mapping[str, Any] | None = None,
        whole: bool = True,
    ) -> Self:
        """Apply a Python function of Polars frames.

        Parameters
        ----------
        function
            From a Polars frame to a Polars frame.
        schema
            Names and types of its output; those of the input if None. An output that differs raises.
        whole
            Give it the whole table at once (the default), or, for functions whose answer for a row does
            not depend on others, any parts of it.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, 2]}).map_batches(lambda t: t.reverse()).collect()["x"].to_list()
        [2, 1]
        """
        if not callable(function):
            raise InvalidOperationError(
                f"map_batches() takes a function, got {type(function).__name__}"
            )
        known = (
            schema_of(self._plan) if schema is None else {n: to_dtype(d) for n, d in schema.items()}
        )
        return self._derive(MapBatches(self._plan, Opaque(function), tuple(known.items()), whole))

    def sql(self, query: str, *, table_name: str = "self") -> Self:
        """Run a query in Polars' SQL over this frame.

        Parameters
        ----------
        query
            The query; it names this frame by ``table_name``.
        table_name
            That name.

        Raises
        ------
        SchemaError
            Where the query is no valid SQL for this frame.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, 2]}).sql("SELECT SUM(x) AS total FROM self").collect().item()
        3
        """
        return self._derive(sql_plan(query, {table_name: self}))


def sql_plan(query: str, frames: Mapping[str, FrameBase]) -> Sql:
    """The plan of a query over named frames."""
    if _READS_FILES.search(query):
        # Polars' SQL can open local files by name; a query text must not reach beyond the frames it was given.
        raise SchemaError(
            "SQL may not read files: scan them with sk.scan_* and name the frames in the query"
        )
    plan = Sql(tuple(f._plan for f in frames.values()), tuple(frames), query)
    try:
        schema_of(plan)
    except PlanError as error:
        if "relation" not in str(error):
            raise
        known = ", ".join(map(repr, frames))
        raise PlanError(f"{error}: the frames of this query are called {known}") from None
    return plan
