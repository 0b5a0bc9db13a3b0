"""Types come from Polars itself: each node is run on zero rows before the query is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from functools import lru_cache

import polars as pl

from scalekit import errors
from scalekit.expr.analysis import nodes
from scalekit.expr.function import FUNCTIONS
from scalekit.expr.node import Call, Column, ExprNode, Literal
from scalekit.kernels.compile import COMPILERS
from scalekit.kernels.expressions import to_expr
from scalekit.plan.nodes import (
    Distinct,
    Filter,
    Input,
    Limit,
    MapBatches,
    Plan,
    Sample,
    Scan,
    Sort,
    Sql,
)
from scalekit.tree import children, has_memo, memo, walk


def schema_of(plan: Plan) -> pl.Schema:
    """Names and types of the columns that ``plan`` gives, known without running it.

    Raises
    ------
    PlanError
        The subclass that says what is wrong with the topmost node.
    """
    for below in _unknown(plan):
        # From the leaves up, so that a deep plan does not exhaust the interpreter's stack.
        memo(below, "_schema", lambda b=below: _infer(b))  # type: ignore[misc]
    return memo(plan, "_schema", lambda: _infer(plan))


def check_runs(plan: Plan) -> None:
    """Run the topmost node of ``plan`` on zero rows, which finds types that do not go together.

    Raises
    ------
    PlanError
        The subclass that says what is wrong.
    """
    schema_of(plan)
    if isinstance(plan, _NOT_RUN) or all(isinstance(e, Column) for e in expressions(plan)):
        return
    if any(_must_not_run(e) for e in expressions(plan)):
        return
    with plan_errors():
        # Types are what matters: an optimizer's work on no row only takes time.
        nothing = _query(plan).collect(engine="in-memory", optimizations=pl.QueryOptFlags.none())
    memo(plan, "_empty", nothing.lazy)


_NOT_RUN = (Scan, Input, MapBatches, Sql)
_KEEP_COLUMNS = (Filter, Sort, Limit, Sample, Distinct)


def _unknown(plan: Plan) -> list[Plan]:
    """The nodes below ``plan`` whose schema is not known yet, inputs first."""
    found: list[Plan] = []
    stack = [child for child in children(plan) if not has_memo(child, "_schema")]
    while stack:
        current = stack.pop()
        found.append(current)
        stack.extend(child for child in children(current) if not has_memo(child, "_schema"))
    return found[::-1]


def _infer(plan: Plan) -> pl.Schema:
    if isinstance(plan, Scan):
        schema: pl.Schema = plan.source.schema
        return schema if plan.columns is None else pl.Schema({c: schema[c] for c in plan.columns})
    if isinstance(plan, MapBatches | Input):
        return pl.Schema(plan.schema)
    if isinstance(plan, _KEEP_COLUMNS):
        return schema_of(plan.input)
    with plan_errors():
        return _query(plan).collect_schema()


def _query(plan: Plan) -> pl.LazyFrame:
    """The topmost node over tables without rows."""
    return COMPILERS[type(plan)](plan, [_empty(child) for child in children(plan)])


def _empty(plan: Plan) -> pl.LazyFrame:
    """A table without rows and with the columns of ``plan``."""
    if isinstance(plan, _KEEP_COLUMNS):
        return memo(plan, "_empty", lambda: _empty(plan.input))
    return memo(plan, "_empty", lambda: _no_rows(tuple(schema_of(plan).items())))


@lru_cache(maxsize=512)
def _no_rows(columns: tuple[tuple[str, pl.DataType], ...]) -> pl.LazyFrame:
    return pl.LazyFrame(schema=dict(columns))


@contextmanager
def plan_errors() -> Iterator[None]:
    """Turn what Polars raises about a query into ``PlanError`` and its kind."""
    try:
        yield
    except pl.exceptions.PolarsError as error:
        raise plan_error(error) from None
    except pl.exceptions.PanicException as error:  # a BaseException: nothing above would catch it
        raise errors.InvalidOperationError(
            f"Polars cannot plan this: {first_lines(error)}"
        ) from None
    except errors.ScalekitError:
        raise
    except (TypeError, ValueError, OverflowError) as error:  # what Polars' Python side refuses
        raise errors.InvalidOperationError(f"an argument does not fit: {error}") from error


def dtype_of(expr: ExprNode, schema: pl.Schema) -> pl.DataType:
    """The type of a bound expression."""
    if isinstance(expr, Column):
        return schema[expr.name]
    if isinstance(expr, Literal):
        schema = pl.Schema()  # it needs no column, and a wide schema takes its time
    with plan_errors():
        return (
            _no_rows(tuple(schema.items())).select(to_expr(expr).alias("x")).collect_schema()["x"]
        )


def expressions(plan: Plan) -> Iterator[ExprNode]:
    """The expressions that stand directly in a plan node."""
    for field in fields(plan):  # type: ignore[arg-type]
        value = getattr(plan, field.name)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, ExprNode):
                yield item


def _must_not_run(expr: ExprNode) -> bool:
    specs = (FUNCTIONS[e.function] for e in nodes(expr) if isinstance(e, Call))
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
    text = first_lines(error)
    if any(words in text for words in _OTHER_LENGTHS):
        text = f"columns of other lengths ({text}): {_MATCH_ROWS}"
    return kind(text)


_OTHER_LENGTHS = (
    "broadcast Series",
    "differs from that of the series",
    "Series of different lengths",
    "doesn't match the DataFrame height",
)
_MATCH_ROWS = (
    "nothing says which row belongs to which value of a Series, array or range; make a frame of it with sk.from_dict, "
    "then join, or sk.concat(how='horizontal')"
)


def first_lines(error: BaseException) -> str:
    """Polars' message without the dump of its own plan."""
    return str(error).split("\n\nResolved plan")[0].split("\n\nThis error occurred")[0].strip()


def calls_user_code(plan: Plan) -> bool:
    """Whether a node calls a Python function that the user gave."""
    calls = (e for expr in expressions(plan) for e in nodes(expr) if isinstance(e, Call))
    return any(FUNCTIONS[call.function].user_function for call in calls)


def has_user_code(fragment: Plan) -> bool:
    """Whether anything of a fragment calls a Python function that the user gave."""
    return any(isinstance(plan, MapBatches) or calls_user_code(plan) for plan in walk(fragment))
