"""Faults to plant into one backend, each a wrong answer that a real system has given, and a plan that shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import polars as pl
import pytest

import scalekit as sk
from scalekit import col
from scalekit.backends.pandas import execution, lowering
from scalekit.backends.tasks import scan
from scalekit.expr.decompose import Decomposition
from scalekit.expr.expr import Expr
from scalekit.expr.function import FUNCTIONS, Reach
from scalekit.expr.node import Call, Cast, ExprNode
from scalekit.kernels import outputs
from scalekit.kernels import split as splitting
from scalekit.kernels.schema import schema_of
from scalekit.physical import joins
from scalekit.plan.nodes import Aggregate, Filter, Plan, WithColumns
from scalekit.tree import rewrite

Patch = pytest.MonkeyPatch

LARGE = 2**53 + 1
START = datetime(2024, 1, 1)
ROWS = sk.from_polars(
    pl.DataFrame(
        {
            "id": range(60),
            "k": [None if i % 7 == 0 else f"k{i % 5}" for i in range(60)],
            "word": ["Ann" if i % 2 else "ann" for i in range(60)],
            "x": [None if i % 11 == 3 else i * 0.25 for i in range(60)],
            "nan": [float("nan") if i % 13 == 5 else i * 0.5 for i in range(60)],
            "zero": [(-0.0 if i % 2 else 0.0) if i % 3 else 1.5 for i in range(60)],
            "big": [None if i % 9 == 4 else LARGE + i for i in range(60)],
            "i32": pl.Series([2**31 - 1 - i % 4 for i in range(60)], dtype=pl.Int32),
            "at": pl.Series([START + timedelta(hours=i) for i in range(60)]).dt.replace_time_zone("Europe/Berlin"),
        }
    )
)  # fmt: skip
OTHERS = sk.from_polars(pl.DataFrame({"i64": range(60), "y": range(60)}))


@dataclass(frozen=True)
class Fault:
    """What is wrong, how it is planted, a plan that shows it, and what has to be found.

    Attributes
    ----------
    name
        What goes wrong.
    plant
        Plants it.
    frame
        A plan in which it shows.
    backend
        Where it is planted: only ways of this backend may be found to differ.
    step
        How the line of the first step that differs begins.
    only_in
        A value that stands in the rows that differ, as they are shown.
    most
        Rows of input that are enough to see it, at most.
    """

    name: str
    plant: Callable[[Patch], None]
    frame: sk.Frame
    backend: str
    step: str
    only_in: str
    most: int = 4


def rows_lost_between_parts(patch: Patch) -> None:
    right = scan.to_table

    def all_but_one(part: pl.DataFrame) -> object:
        return right(part if part.height == 60 else part[:-1])

    patch.setattr(scan, "to_table", all_but_one)


def rows_doubled_between_parts(patch: Patch) -> None:
    right = outputs.split

    def split(frame, buckets, parts, *, over=1):
        tables = right(frame, buckets, parts, over=over)
        first, *others = tables
        return [first, *(pl.concat([other, first.head(1)]) for other in others)]

    patch.setattr(outputs, "split", split)


def from_pandas(change: Callable[[pl.DataFrame], pl.DataFrame]) -> Callable[[Patch], None]:
    """Change what comes back from pandas, as a conversion does that goes by NumPy."""

    def plant(patch: Patch) -> None:
        right = execution.to_polars
        patch.setattr(execution, "to_polars", lambda table, schema: change(right(table, schema)))

    return plant


def in_plans_of_pandas(change: Callable[[Plan], Plan]) -> Callable[[Patch], None]:
    """Give steps another meaning on one backend."""

    def plant(patch: Patch) -> None:
        right = lowering.lower
        patch.setattr(lowering, "lower", lambda plan: right(rewrite(plan, change)))

    return plant


def without_null_keys(step: Plan) -> Plan:
    if not isinstance(step, Aggregate) or not step.keys:
        return step
    known = Call("is_not_null", (step.keys[0],))
    return replace(step, input=Filter(step.input, known))


def exprs_changed(change: Callable[[ExprNode, pl.Schema], ExprNode]) -> Callable[[Plan], Plan]:
    def changed(step: Plan) -> Plan:
        if not isinstance(step, WithColumns | Aggregate):
            return step
        schema = schema_of(step.input)
        name = "exprs" if isinstance(step, WithColumns) else "aggs"
        new = tuple(rewrite(e, lambda e: change(e, schema)) for e in getattr(step, name))
        return replace(step, **{name: new})

    return changed


def folded_case(expr: ExprNode, schema: pl.Schema) -> ExprNode:
    if not isinstance(expr, Call) or expr.function != "eq":
        return expr
    return replace(expr, args=tuple(Call("str.to_lowercase", (arg,)) for arg in expr.args))


def wrapping_sum(expr: ExprNode, schema: pl.Schema) -> ExprNode:
    if not isinstance(expr, Call) or expr.function != "sum":
        return expr
    narrow = (Expr(expr) % 2**32).cast(pl.Int64)._node
    return Cast(narrow, pl.Int64())


def first_that_is_known(expr: ExprNode, schema: pl.Schema) -> ExprNode:
    if not isinstance(expr, Call) or expr.function != "first":
        return expr
    return Expr(expr.args[0]).any_value()._node


def no_order_between_parts(patch: Patch) -> None:
    right = outputs.range_buckets
    patch.setattr(outputs, "range_buckets", lambda *a, **k: right(*a, **k).reverse())


def sums_in_float32(patch: Patch) -> None:
    narrow = lambda x, **_: Decomposition(  # noqa: E731
        {"part": x.cast(pl.Float32).sum()}, lambda p: p["part"].sum()
    )
    patch.setitem(FUNCTIONS, "sum", replace(FUNCTIONS["sum"], decompose=narrow))


def keys_hashed_by_their_type(patch: Patch) -> None:
    right = splitting._hashed

    def hashed(name: str, dtype: pl.DataType, place: int) -> pl.Expr:
        return right(name, dtype, place) + (1 if dtype == pl.Int32 else 0)

    patch.setattr(splitting, "_hashed", hashed)
    patch.setattr(joins, "_common", lambda one, two: one)  # nobody casts them to a common type
    patch.setattr(joins, "Cast", lambda e, dtype: e)


def keys_hashed_by_their_bits(patch: Patch) -> None:
    def hashed(name: str, dtype: pl.DataType, place: int) -> pl.Expr:
        return pl.col(name).cast(pl.String).hash(place) // 64

    patch.setattr(splitting, "_hashed", hashed)


def one_neighbour_too_few(patch: Patch) -> None:
    right = FUNCTIONS["rolling_sum"].reach

    def reach(*args, **options) -> Reach:
        found = right(*args, **options)
        return replace(found, before=found.before - 1)

    patch.setitem(FUNCTIONS, "rolling_sum", replace(FUNCTIONS["rolling_sum"], reach=reach))


def nan_for_null(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col(pl.Float64).fill_null(float("nan")))


def null_for_nan(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col(pl.Float64).fill_nan(None))


def integers_by_floats(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col(pl.Int64).cast(pl.Float64).cast(pl.Int64))


def wide_integers(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col(pl.Int32).cast(pl.Int64))


def zone_dropped(rows: pl.DataFrame) -> pl.DataFrame:
    zone = "Europe/Berlin"
    times = pl.col(pl.Datetime("us", zone)).dt.convert_time_zone("UTC")
    return rows.with_columns(times.dt.replace_time_zone(zone))


def unit_changed(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col(pl.Datetime("us", "Europe/Berlin")).dt.cast_time_unit("ms"))


FAULTS = (
    Fault(
        "rows lost between parts",
        rows_lost_between_parts,
        ROWS.filter(col("id") >= 0).select("id", z=col("id") * 2),
        "serial", "SCAN", "polars", most=1,
    ),
    Fault(
        "rows doubled between parts",
        rows_doubled_between_parts,
        ROWS.group_by("word").agg(m=col("id").median()),
        "serial", "AGGREGATE by col('word')", "serial in",
    ),
    Fault(
        "null becomes NaN", from_pandas(nan_for_null),
        ROWS.with_columns(y=col("x") + 1).filter(col("id") > 2),
        "pandas", "WITH COLUMNS (col('x') + 1)", "NaN", most=1,
    ),
    Fault(
        "NaN becomes null", from_pandas(null_for_nan),
        ROWS.select("id", y=col("nan") * 2),
        "pandas", "SELECT (col('nan') * 2)", "NaN", most=1,
    ),
    Fault(
        "integers go by floats", from_pandas(integers_by_floats),
        ROWS.with_columns(b=col("big") + 0).filter(col("id") < 50),
        "pandas", "WITH COLUMNS (col('big') + 0)", "90071992547", most=1,
    ),
    Fault(
        "a promoted type", from_pandas(wide_integers),
        ROWS.select("i32", j=col("i32") + 1).filter(col("j") > 0),
        "pandas", "SELECT", "", most=0,
    ),
    Fault(
        "an order assumed", no_order_between_parts,
        ROWS.with_columns(v=(col("id") * 37) % 60).sort("v").select("id", "v"),
        "serial", "SORT col('v')", "serial in", most=12,
    ),
    Fault(
        "sums in Float32", sums_in_float32,
        ROWS.with_columns(f=col("id") * 0.1 + 0.123).group_by("word").agg(f=col("f").sum(), n=sk.len()),
        "serial", "AGGREGATE by col('word'): col('f').sum()", "serial in", most=1,
    ),
    Fault(
        "keys of other types do not meet", keys_hashed_by_their_type,
        ROWS.select(a=col("id").cast(sk.Int32)).join(OTHERS, left_on="a", right_on="i64").filter(col("y") >= 0),
        "serial", "JOIN inner on col('a') = col('i64')", "polars", most=2,
    ),
    Fault(
        "-0.0 and 0.0 are two groups", keys_hashed_by_their_bits,
        ROWS.group_by("zero").agg(m=col("id").median()),
        "serial", "AGGREGATE by col('zero')", "serial in", most=2,
    ),
    Fault(
        "no group of null", in_plans_of_pandas(without_null_keys),
        ROWS.group_by("k").agg(n=sk.len(), m=col("id").max()).filter(col("n") > 0),
        "pandas", "AGGREGATE by col('k')", "null", most=1,
    ),
    Fault(
        "a sum that wraps", in_plans_of_pandas(exprs_changed(wrapping_sum)),
        ROWS.group_by("word").agg(s=col("i32").sum(), m=col("i32").max()),
        "pandas", "AGGREGATE by col('word'): col('i32').cast(Int64).sum()", "polars", most=3,
    ),
    Fault(
        "a zone dropped", from_pandas(zone_dropped),
        ROWS.with_columns(next=col("at")).filter(col("id") > 2),
        "pandas", "", "2024", most=1,
    ),
    Fault(
        "a unit changed", from_pandas(unit_changed),
        ROWS.with_columns(next=col("id") + 1).filter(col("id") > 2),
        "pandas", "WITH COLUMNS", "", most=0,
    ),
    Fault(
        "text compared without its case", in_plans_of_pandas(exprs_changed(folded_case)),
        ROWS.with_columns(is_ann=col("word") == "Ann"),
        "pandas", "WITH COLUMNS (col('word') == 'Ann')", "ann", most=1,
    ),
    Fault(
        "one row too few before a part", one_neighbour_too_few,
        ROWS.with_columns(r=col("id").rolling_sum(3), c=col("id") * 2),
        "serial", "WITH COLUMNS col('id').rolling_sum", "serial in", most=12,
    ),
    Fault(
        "first skips nulls", in_plans_of_pandas(exprs_changed(first_that_is_known)),
        ROWS.group_by("word").agg(f=col("k").first()),
        "pandas", "AGGREGATE by col('word'): col('k').first()", "null", most=2,
    ),
)  # fmt: skip
