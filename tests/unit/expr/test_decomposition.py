from __future__ import annotations

from collections.abc import Callable, Iterator

import polars as pl
import pytest

from scalekit.expr.builders import col
from scalekit.expr.decompose import decomposition
from scalekit.expr.expr import Expr
from scalekit.expr.function import FUNCTIONS
from scalekit.expr.node import Call, Cast
from scalekit.frame.base import bind_over
from scalekit.frame.frame import Frame
from scalekit.kernels.schema import dtype_of
from scalekit.plan.nodes import Scan
from scalekit.sources.memory import MemorySource
from scalekit.testing.compare import assert_equal
from scalekit.testing.data import DATASETS, dataset

NUMBERS = ("i", "i32", "i8", "u8", "f", "f32", "b", "dec")
ANY = (*NUMBERS, "s", "d", "t", "tz", "dur", "tm", "e", "c")

# function, its use, and the columns that it is used on
USES: tuple[tuple[str, Callable[[Expr], Expr], tuple[str, ...]], ...] = (
    ("sum", lambda x: x.sum(), (*NUMBERS, "dur")),
    ("product", lambda x: x.product(), ("i", "i32", "i8", "u8", "b")),
    ("mean", lambda x: x.mean(), (*NUMBERS, "t", "d", "tm", "dur")),
    ("min", lambda x: x.min(), ANY),
    ("max", lambda x: x.max(), ANY),
    ("nan_min", lambda x: x.nan_min(), NUMBERS),
    ("nan_max", lambda x: x.nan_max(), NUMBERS),
    ("std", lambda x: x.std(), NUMBERS),
    ("std", lambda x: x.std(0), ("f", "i")),
    ("var", lambda x: x.var(), NUMBERS),
    ("var", lambda x: x.var(ddof=3), ("f", "i")),
    ("count", lambda x: x.count(), ANY),
    ("len", lambda x: x.len(), ANY),
    ("null_count", lambda x: x.null_count(), ANY),
    ("has_nulls", lambda x: x.has_nulls(), ANY),
    ("is_empty", lambda x: x.is_empty(), ("i", "s")),
    ("is_empty", lambda x: x.is_empty(ignore_nulls=True), ("i", "s")),
    ("any", lambda x: x.any(), ("b",)),
    ("any", lambda x: x.any(ignore_nulls=False), ("b",)),
    ("all", lambda x: x.all(), ("b",)),
    ("all", lambda x: x.all(ignore_nulls=False), ("b",)),
    ("first", lambda x: x.first(), (*ANY, "li", "st")),
    ("first", lambda x: x.first(ignore_nulls=True), (*ANY, "li", "st")),
    ("last", lambda x: x.last(), (*ANY, "li", "st")),
    ("last", lambda x: x.last(ignore_nulls=True), (*ANY, "li", "st")),
    ("any_value", lambda x: x.any_value(), (*ANY, "li", "st")),
    ("min_by", lambda x: x.min_by("o"), (*ANY, "li")),
    ("max_by", lambda x: x.max_by("o"), (*ANY, "li")),
    ("max_by", lambda x: col("o").max_by(x), ("i", "d", "s")),
    ("dot", lambda x: x.dot(x), ("i32", "i8", "u8", "f32")),
    ("dot", lambda x: x.dot("i32"), ("i", "f", "u8")),
    ("bitwise_and", lambda x: x.bitwise_and(), ("i", "u8", "b")),
    ("bitwise_or", lambda x: x.bitwise_or(), ("i", "u8", "b")),
    ("bitwise_xor", lambda x: x.bitwise_xor(), ("i", "u8", "b")),
    ("implode", lambda x: x.implode(), (*ANY, "li", "st")),
)
PARTS = (1, 2, 3, 7)
WITHOUT_A_COLUMN = {"pl.len"}


def frame_of(table: pl.DataFrame) -> Frame:
    return Frame(Scan(MemorySource(table)))


def split(table: pl.DataFrame, parts: int) -> Iterator[pl.DataFrame]:
    """Contiguous parts of uneven sizes, some of them empty where there are many."""
    cuts = sorted({(i * i * table.height) // (parts * parts) for i in range(parts)})
    cuts = [0] * (parts - len(cuts)) + cuts
    for start, stop in zip(cuts, [*cuts[1:], table.height], strict=True):
        yield table[start:stop]


def bound_call(expr: Expr, frame: Frame) -> tuple[Call, pl.DataType]:
    """The aggregate within a bound expression, and the type that the whole of it has."""
    (bound,) = bind_over(frame._plan, [expr])
    dtype = dtype_of(bound, frame.schema)
    call = bound.arg if isinstance(bound, Cast) else bound
    assert isinstance(call, Call)
    return call, dtype


@pytest.mark.parametrize("parts", PARTS)
@pytest.mark.parametrize("data", DATASETS)
@pytest.mark.parametrize(("function", "use", "columns"), USES, ids=[u[0] for u in USES])
def test_parts_give_the_answer_of_the_whole(function, use, columns, data, parts):
    table = dataset(data)
    whole = frame_of(table)
    for column in columns:
        call, dtype = bound_call(use(col(column)), whole)
        assert call.function == function
        found = decomposition(call, tuple(dtype_of(a, whole.schema) for a in call.args))
        if found is None:
            assert dtype.is_temporal()
            continue
        partial = [frame_of(part).select(**found.partials).collect() for part in split(table, parts)]
        names = {name: col(name) for name in found.partials}
        merged = frame_of(pl.concat(partial)).select(x=found.final(names).cast(dtype)).collect()
        direct = whole.select(x=use(col(column))).collect()
        assert_equal(merged, direct, ordered=True)


@pytest.mark.parametrize("data", DATASETS)
@pytest.mark.parametrize(("function", "use", "columns"), USES, ids=[u[0] for u in USES])
def test_parts_give_the_answer_of_each_group(function, use, columns, data):
    table = dataset(data)
    whole = frame_of(table)
    column = columns[0]
    call, dtype = bound_call(use(col(column)), whole)
    found = decomposition(call, tuple(dtype_of(a, whole.schema) for a in call.args))
    assert found is not None
    partial = [
        frame_of(part).group_by("k", maintain_order=True).agg(**found.partials).collect()
        for part in split(table, 3)
    ]
    names = {name: col(name) for name in found.partials}
    groups = frame_of(pl.concat(partial)).group_by("k", maintain_order=True)
    merged = groups.agg(x=found.final(names).cast(dtype)).collect()
    direct = whole.group_by("k", maintain_order=True).agg(x=use(col(column))).collect()
    assert_equal(merged, direct, ordered=True)


def test_every_decomposition_is_tested():
    declared = {name for name, spec in FUNCTIONS.items() if spec.decompose is not None}
    assert declared - WITHOUT_A_COLUMN == {use[0] for use in USES}


def test_a_variance_is_merged_without_sums_of_squares():
    values = [1e9 + i / 7 for i in range(7)]
    table = pl.DataFrame({"x": values})
    found = decomposition(*call_and_types(col("x").var(), table))
    assert found is not None
    partial = [frame_of(part).select(**found.partials).collect() for part in split(table, 3)]
    final = found.final({name: col(name) for name in found.partials})
    merged = frame_of(pl.concat(partial)).select(final.alias("x")).collect().item()
    assert merged == pytest.approx(sum((i - 3) ** 2 / 49 for i in range(7)) / 6, rel=1e-6)


def test_a_mean_of_nothing_is_null_and_not_nan():
    table = pl.DataFrame({"x": [None, None]}, schema={"x": pl.Float64})
    found = decomposition(*call_and_types(col("x").mean(), table))
    assert found is not None
    partial = frame_of(table).select(**found.partials)
    assert partial.select(found.final({n: col(n) for n in found.partials})).collect().item() is None


def call_and_types(expr: Expr, table: pl.DataFrame) -> tuple[Call, tuple[pl.DataType, ...]]:
    frame = frame_of(table)
    call, _ = bound_call(expr, frame)
    return call, tuple(dtype_of(a, frame.schema) for a in call.args)
