"""Types come from Polars itself: each node is run on zero rows before the query is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

import polars as pl

from scalekit import errors
from scalekit.expr.function import FUNCTIONS
from scalekit.expr.node import Call, Column, ExprNode, Literal
from scalekit.kernels.compile import COMPILERS
from scalekit.kernels.expressions import to_expr
from scalekit.plan.nodes import MapBatches, Persisted, Plan, Scan, Sql, Write
from scalekit.tree import children, memo, walk

WRITTEN = pl.Schema(
    {"path": pl.String(), "rows": pl.Int64(), "bytes": pl.Int64(), "files": pl.Int64()}
)
"""What a write returns: where, and how much."""


def schema_of(plan: Plan) -> pl.Schema:
    """Names and types of the columns that ``plan`` gives, known without running it.

    Raises
    ------
    PlanError
        The subclass that says what is wrong with the topmost node.
    """
    return memo(plan, "_schema", lambda: _infer(plan))


def _infer(plan: Plan) -> pl.Schema:
    for below in walk(plan):
        # From the leaves up, so that a deep plan does not exhaust the interpreter's stack.
        if below is not plan:
            memo(below, "_schema", lambda b=below: _infer_one(b))  # type: ignore[misc]
    return _infer_one(plan)


def _infer_one(plan: Plan) -> pl.Schema:
    if isinstance(plan, Scan):
        schema: pl.Schema = plan.source.schema
        return schema if plan.columns is None else pl.Schema({c: schema[c] for c in plan.columns})
    if isinstance(plan, Persisted):
        return pl.Schema(plan.source.schema)
    if isinstance(plan, Write):
        return WRITTEN
    if isinstance(plan, MapBatches):
        return pl.Schema(plan.schema)
    empty = [pl.LazyFrame(schema=schema_of(child)) for child in children(plan)]
    try:
        rows = COMPILERS[type(plan)](plan, empty)
        if isinstance(plan, Sql) or any(_must_not_run(e) for e in expressions(plan)):
            return rows.collect_schema()
        return rows.collect(engine="in-memory").schema
    except pl.exceptions.PolarsError as error:
        raise plan_error(error) from None
    except pl.exceptions.PanicException as error:  # a BaseException: nothing above would catch it
        raise errors.InvalidOperationError(
            f"Polars cannot plan this: {first_lines(error)}"
        ) from None


def dtype_of(expr: ExprNode, schema: pl.Schema) -> pl.DataType:
    """The type of a bound expression."""
    if isinstance(expr, Column):
        return schema[expr.name]
    if isinstance(expr, Literal):
        schema = pl.Schema()  # it needs no column, and a wide schema takes its time
    try:
        return pl.LazyFrame(schema=schema).select(to_expr(expr).alias("x")).collect_schema()["x"]
    except pl.exceptions.PolarsError as error:
        raise plan_error(error) from None


def expressions(plan: Plan) -> Iterator[ExprNode]:
    """The expressions that stand directly in a plan node."""
    for field in fields(plan):  # type: ignore[arg-type]
        value = getattr(plan, field.name)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, ExprNode):
                yield item


def _must_not_run(expr: ExprNode) -> bool:
    specs = (FUNCTIONS[e.function] for e in walk(expr) if isinstance(e, Call))
    return any(s.user_function or s.needs_rows for s in specs)


_PLAN_ERRORS: dict[str, type[errors.PlanError]] = {
    "ColumnNotFoundError": errors.ColumnNotFoundError,
    "DuplicateError": errors.DuplicateError,
    "SchemaError": errors.SchemaError,
    "SchemaFieldNotFoundError": errors.ColumnNotFoundError,
    "StructFieldNotFoundError": errors.ColumnNotFoundError,
    "InvalidOperationError": errors.InvalidOperationError,
    "ComputeError": errors.InvalidOperationError,
    "ShapeError": errors.InvalidOperationError,
}


def plan_error(error: BaseException) -> errors.PlanError:
    """The error of scalekit's tree for one that Polars raised while a query was built."""
    kind = _PLAN_ERRORS.get(type(error).__name__, errors.PlanError)
    return kind(first_lines(error))


def first_lines(error: BaseException) -> str:
    """Polars' message without the dump of its own plan."""
    return str(error).split("\n\nResolved plan")[0].split("\n\nThis error occurred")[0].strip()


def calls_user_code(plan: Plan) -> bool:
    """Whether a node calls a Python function that the user gave."""
    calls = (e for expr in expressions(plan) for e in walk(expr) if isinstance(e, Call))
    return any(FUNCTIONS[call.function].user_function for call in calls)
